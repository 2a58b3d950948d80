/* `ctst-image diff`: which files two images have different, or what an image adds to its lowest layer. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/manage/compare.h"
#include "ctst-image/manage/pick.h"
#include "ctst-image/manage/unpacked.h"
#include "ctst-image/text.h"

#define FLUSH_AT ((size_t)64 << 10)

static const char *output, *project_file, *platform;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "lines, or a document", &output },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of images for several platforms compare those", &platform },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image diff",
	.synopsis = "[-o text|json] [--platform OS/ARCH] [-f FILE] IMAGE [IMAGE]",
	.summary = "list the files that differ between two images, or between an image and its lowest layer",
	.options = options,
};

struct printer {
	struct ct_buf out;
	struct ct_json_writer *writer; /* NULL: text */
};

static int flush(struct printer *printer, struct ct_err *err)
{
	if (printer->out.length < FLUSH_AT)
		return 0;
	if (ct_write_all(STDOUT_FILENO, printer->out.data, printer->out.length) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output");
	ct_buf_clear(&printer->out);
	return 0;
}

/* ---- text ---- */

static const struct {
	enum difference difference;
	const char *name;
} differences[] = {
	{ DIFFERENT_TYPE, "type" },     { DIFFERENT_MODE, "mode" },       { DIFFERENT_OWNER, "owner" },
	{ DIFFERENT_TARGET, "target" }, { DIFFERENT_CONTENT, "content" },
};

#define DIFFERENCE_COUNT (sizeof(differences) / sizeof(differences[0]))

static void print_line(struct printer *printer, const struct change *change)
{
	const char *separator = "  (";

	ct_buf_puts(&printer->out, !change->before ? "+ /" : !change->after ? "- /" : "~ /");
	text_plain(&printer->out, change->path, 0);
	for (size_t i = 0; i < DIFFERENCE_COUNT; i++) {
		if (!(change->differences & (int)differences[i].difference))
			continue;
		ct_buf_printf(&printer->out, "%s%s", separator, differences[i].name);
		separator = ", ";
	}
	ct_buf_puts(&printer->out, change->differences ? ")\n" : "\n");
}

/* ---- a document ---- */

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	default:
		return "other";
	}
}

static void print_member(struct printer *printer, const struct change *change)
{
	const struct stat *status = change->after ? change->after : change->before;
	ct_autobuf path = CT_BUF_INIT;

	if (!status)
		return;
	ct_buf_putc(&path, '/');
	text_valid(&path, change->path);
	ct_json_open_object(printer->writer);
	ct_json_member_string(printer->writer, "path", path.data);
	ct_json_member_string(printer->writer, "change",
			      !change->before  ? "added"
			      : !change->after ? "removed"
					       : "changed");
	ct_json_member_string(printer->writer, "type", type_name(status->st_mode));
	if (S_ISREG(status->st_mode))
		ct_json_member_int(printer->writer, "size", status->st_size);
	if (change->differences) {
		ct_json_key(printer->writer, "differences");
		ct_json_open_array(printer->writer);
		for (size_t i = 0; i < DIFFERENCE_COUNT; i++) {
			if (change->differences & (int)differences[i].difference)
				ct_json_string(printer->writer, differences[i].name);
		}
		ct_json_close_array(printer->writer);
	}
	ct_json_close_object(printer->writer);
}

static int print_change(void *data, const struct change *change, struct ct_err *err)
{
	struct printer *printer = data;

	if (printer->writer)
		print_member(printer, change);
	else
		print_line(printer, change);
	return flush(printer, err);
}

static void begin(struct printer *printer, const struct pick *before, const struct pick *after)
{
	if (!printer->writer)
		return;
	ct_json_open_object(printer->writer);
	ct_json_member_string(printer->writer, "format", "ctst.image-diff/1");
	ct_json_member_string(printer->writer, "from",
			      before ? before->chosen.manifest : after->manifest.layers[0].diff_id);
	ct_json_member_string(printer->writer, "to", after->chosen.manifest);
	ct_json_key(printer->writer, "changes");
	ct_json_open_array(printer->writer);
}

static int end(struct printer *printer, int result, struct ct_err *err)
{
	struct ct_err write_err = CT_ERR_INIT;

	if (printer->writer) {
		ct_json_close_array(printer->writer);
		ct_json_close_object(printer->writer);
		if (ct_json_writer_finish(printer->writer, &write_err) < 0 && result == 0) {
			*err = write_err;
			result = -1;
		}
	}
	/* Half a document is none: without its end nobody takes it for whole. */
	if (result == 0)
		result = ct_write_stdout(printer->out.data ? printer->out.data : "", printer->out.length, err);
	ct_buf_free(&printer->out);
	return result;
}

/* ---- the command ---- */

static int print_diff(const struct ct_project *project, const struct pick *before, const struct pick *after, bool json,
		      struct ct_err *err)
{
	struct merged left = { .count = 0 }, right = { .count = 0 };
	struct printer printer = { .out = CT_BUF_INIT };
	int result = before ? merged_open(&left, project, &before->manifest, before->manifest.layer_count, err)
			    : merged_open(&left, project, &after->manifest, 1, err);

	if (result == 0)
		result = merged_open(&right, project, &after->manifest, after->manifest.layer_count, err);
	if (result == 0) {
		printer.writer = json ? ct_json_writer_new(&printer.out, true) : NULL;
		begin(&printer, before, after);
		result = compare_trees(&left, &right, print_change, &printer, err);
		result = end(&printer, result, err);
	}
	merged_close(&left);
	merged_close(&right);
	return result;
}

static int diff(const struct ct_project *project, char **words, int count, bool json, struct ct_err *err)
{
	auto_pick before = PICK_INIT;
	auto_pick after = PICK_INIT;

	if ((count == 2 && pick_image(&before, project, words[0], platform, err) < 0) ||
	    pick_image(&after, project, words[count - 1], platform, err) < 0)
		return -1;
	if ((count == 2 && unpacked_ensure(&before, project, err) < 0) || unpacked_ensure(&after, project, err) < 0)
		return -1;
	return print_diff(project, count == 2 ? &before : NULL, &after, json, err);
}

int command_diff(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autoproject project = { 0 };
	int first = ct_options_parse(&program, argc, argv);
	bool json = ct_output_is_json(&program, output);

	command_check_platform(&program, platform);
	if (argc - first != 1 && argc - first != 2)
		ct_usage_error(&program, "expected one or two images");
	if (command_find_store(&project, project_file, &err) < 0 ||
	    diff(&project, argv + first, argc - first, json, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}
