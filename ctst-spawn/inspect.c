/* ctst-inspect: all that is known of containers. */
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-spawn/inspect.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/select.h"

static const char *file, *output;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "for people or as a document (default: json in a pipe)",
	  &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-inspect",
	.synopsis = "[-o text|json] [-f FILE] NAME…",
	.summary = "show all that is known of containers",
	.options = options,
};

static int write_document(const struct ct_state_entry *const *entries, size_t count, struct ct_buf *text,
			  struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(text, true);
	struct ct_err ignored = CT_ERR_INIT;
	int status = 0;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.inspect/1");
	ct_json_key(writer, "containers");
	ct_json_open_array(writer);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = inspect_write(writer, entries[i], err);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (status < 0) {
		(void)ct_json_writer_finish(writer, &ignored);
		return -1;
	}
	return ct_json_writer_finish(writer, err);
}

static int print_text(const struct ct_buf *document, struct ct_err *err)
{
	ct_autojson *doc = ct_json_parse(document->data, document->length, "S001", err);
	ct_autobuf text = CT_BUF_INIT;
	bool colour = ct_colour(STDOUT_FILENO);

	if (!doc)
		return -1;
	ct_json_each(container, ct_json_get(ct_json_root(doc), "containers")) {
		if (text.length)
			ct_buf_putc(&text, '\n');
		inspect_append_text(&text, container, colour);
	}
	return ct_write_stdout(text.data, text.length, err);
}

static int run(char **names, size_t name_count, bool json, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	ct_autobuf document = CT_BUF_INIT;
	const struct ct_state_entry **entries;
	size_t count;
	int status;

	if (ct_project_find(&project, file, err) < 0 || reconcile_if_free(&project, &state, err) < 0)
		return -1;
	entries = select_entries(&state, names, name_count, &count, err);
	if (!entries)
		return -1;
	status = write_document(entries, count, &document, err);
	if (status == 0)
		status = json ? ct_write_stdout(document.data, document.length, err) : print_text(&document, err);
	free(entries);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	if (operand == argc)
		ct_usage_error(&program, "expected the name of a container");
	return run(argv + operand, (size_t)(argc - operand), ct_output_is_json(&program, output), &err) < 0
		       ? ct_err_report(program.name, &err)
		       : CT_EXIT_OK;
}
