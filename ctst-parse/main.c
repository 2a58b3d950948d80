/* ctst-parse: .ctst text to composition JSON, ctst-parse(1). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/emit.h"
#include "ctst-parse/render.h"

struct settings {
	bool strict;
	bool strict_env;
	bool werror;
	const char *diagnostics;
	bool as_json; /* what `diagnostics` means */
};

static struct settings settings;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 0, "strict", NULL, "warn about extensions of the language", &settings.strict },
	{ CT_OPTION_FLAG, 0, "strict-env", NULL, "an undefined ${env.NAME} is an error", &settings.strict_env },
	{ CT_OPTION_FLAG, 0, "werror", NULL, "fail when there are warnings", &settings.werror },
	{ CT_OPTION_TEXT, 0, "diagnostics", "text|json", "how problems are printed on standard error",
	  &settings.diagnostics },
	{ 0 },
};

static const struct ct_program program = {
	.name = "ctst-parse",
	.synopsis = "[FILE] [--strict] [--strict-env] [--werror] [--diagnostics text|json]",
	.summary = "check a .ctst file and print its composition as JSON",
	.details = "FILE is " CT_DEFAULT_FILE " when it is not given, - is standard input.",
	.options = options,
};

static void write_to_stderr(const struct ct_buf *text)
{
	/* A reader that went away is no reason to fail in another way. */
	if (text->length > 0 && ct_write_all(STDERR_FILENO, text->data, text->length) < 0)
		return;
}

static void note_dropped(struct ct_buf *out, const struct diagnostic_list *list, const char *what)
{
	size_t dropped = list->total - list->kept;

	if (dropped > 0)
		ct_buf_printf(out, "%s: %zu more %s%s not shown\n", program.name, dropped, what,
			      dropped == 1 ? " is" : "s are");
}

static void print_diagnostics(const struct diagnostics *all)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(all, sorted);
	bool colour = ct_colour(STDERR_FILENO);
	ct_autobuf out = CT_BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		if (sorted[i]->severity == SEVERITY_WARNING && ct_quiet() && !settings.werror)
			continue;
		if (settings.as_json) {
			render_json(&out, all, sorted[i]);
			continue;
		}
		if (out.length > 0)
			ct_buf_putc(&out, '\n');
		render_text(&out, all, sorted[i], colour);
	}
	if (!settings.as_json) {
		note_dropped(&out, &all->errors, "error");
		if (!ct_quiet() || settings.werror)
			note_dropped(&out, &all->warnings, "warning");
	}
	write_to_stderr(&out);
}

/* What went wrong as the rest of the pipeline hears of it: the first error of the file. False: nothing did. */
static bool has_failed(const struct diagnostics *all, struct ct_err *err)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(all, sorted);

	for (size_t i = 0; i < count; i++) {
		if (sorted[i]->severity != SEVERITY_ERROR)
			continue;
		ct_fail(err, sorted[i]->code, "%s", sorted[i]->message);
		return true;
	}
	if (!settings.werror || all->warnings.total == 0)
		return false;
	ct_fail(err, CT_NO_CODE, "%zu warning%s, and --werror is given", all->warnings.total,
		all->warnings.total == 1 ? "" : "s");
	if (!settings.as_json)
		ct_err_report(program.name, err);
	return true;
}

/* Nobody asks where a component has gone before it is missed; -v tells. */
static void tell_templates(const struct composition *composition)
{
	for (size_t i = 0; i < composition->component_count; i++) {
		const struct component *component = &composition->components[i];

		if (component->is_template)
			ct_info(program.name, "component '%.*s' is a template and is not deployed",
				SHOWN(component->name));
	}
}

/* 0, or -1 with the error that the next stage is told of; it has been printed. */
static int compile_and_emit(struct source *source, struct ct_err *err)
{
	const struct compile_options compile_options = {
		.strict = settings.strict,
		.offline = ct_offline(),
		.strict_env = settings.strict_env,
	};
	struct compilation compilation;
	int result = 0;

	compile(&compilation, source, &compile_options);
	print_diagnostics(&compilation.diagnostics);
	tell_templates(&compilation.composition);
	if (has_failed(&compilation.diagnostics, err)) {
		result = -1;
	} else if (emit_composition(STDOUT_FILENO, &compilation) < 0) {
		result = ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output");
		ct_err_report(program.name, err);
	}
	compilation_release(&compilation);
	return result;
}

static int read_and_compile(const char *path, struct ct_err *err)
{
	struct source source;

	if (source_read(&source, path, err) == 0)
		return compile_and_emit(&source, err);
	ct_err_report(program.name, err);
	source_release(&source);
	return -1;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first > 1)
		ct_usage_error(&program, "unexpected operand '%s'", argv[first + 1]);
	if (settings.diagnostics) {
		settings.as_json = strcmp(settings.diagnostics, "json") == 0;
		if (!settings.as_json && strcmp(settings.diagnostics, "text") != 0)
			ct_usage_error(&program, "--diagnostics is text or json, not '%s'", settings.diagnostics);
	}
	if (read_and_compile(first < argc ? argv[first] : CT_DEFAULT_FILE, &err) < 0) {
		ct_json_pass_failure(program.name, &err);
		return ct_err_exit_status(&err);
	}
	if (ct_write_stdout("", 0, &err) < 0)
		return ct_err_report(program.name, &err);
	return CT_EXIT_OK;
}
