/* ctst-fmt: .ctst files in their canonical layout, ctst-fmt(1). */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst-parse/fmt/format.h"
#include "ctst-parse/fmt/problems.h"
#include "ctst-parse/fmt/rewrite.h"

static bool check_only;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 0, "check", NULL, "write nothing; exit 1 when a file is not formatted", &check_only },
	{ 0 },
};

static const struct ct_program program = {
	.name = "ctst-fmt",
	.synopsis = "[FILE...] [--check]",
	.summary = "rewrite .ctst files in their canonical layout",
	.details = "The name of every FILE that was changed (with --check: would be) is printed.\n"
		   "FILE - is standard input, written to standard output, and so is a pipe on it when no FILE\n"
		   "is given. Otherwise FILE is " CT_DEFAULT_FILE " when it is not given.",
	.options = options,
};

struct work {
	struct ct_buf out; /* for standard output */
	int status;        /* of the first file that failed */
};

static void note_status(struct work *work, int status)
{
	if (work->status == CT_EXIT_OK)
		work->status = status;
}

/* A terminal gets no control characters; a script gets the name as it is. */
static void print_name(struct work *work, const char *name)
{
	bool is_terminal = isatty(STDOUT_FILENO);

	for (; *name; name++) {
		unsigned char byte = (unsigned char)*name;

		ct_buf_putc(&work->out, is_terminal && (byte < 0x20 || byte == 0x7f) ? '?' : *name);
	}
	ct_buf_putc(&work->out, '\n');
}

/* The problems of a text that follows no grammar; they are printed here, each with its line. */
static void report_syntax(struct source *source)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;

	if (problems_describe(source, ct_colour(STDERR_FILENO), &text) == 0) {
		ct_fail(&err, CT_NO_CODE, "'%s' is left alone: ctst-fmt does not understand what ctst-parse accepts",
			source->shown);
		ct_err_hint(&err, "this is a fault of ctst-fmt; please report it with the file");
		ct_err_report(program.name, &err);
		return;
	}
	/* A reader that went away is no reason to fail in another way. */
	if (ct_write_all(STDERR_FILENO, text.data, text.length) < 0)
		return;
}

static int fail(struct source *source, enum format_outcome outcome, struct ct_err *err)
{
	switch (outcome) {
	case FORMAT_NO_SYNTAX:
		report_syntax(source);
		ct_fail(err, "E001", "'%s' cannot be parsed", source->shown);
		err->reported = true;
		return -1;
	case FORMAT_TOO_LARGE:
		ct_fail(err, "E020", "'%s' would be larger than 16 MiB once it is formatted", source->shown);
		return ct_err_hint(err, "split the file");
	default:
		ct_fail(err, CT_NO_CODE, "'%s' is left alone: formatted, it would not mean the same", source->shown);
		return ct_err_hint(err, "this is a fault of ctst-fmt; please report it with the file");
	}
}

/* A job without a terminal may have an empty pipe there; that the file has been checked must not be what it believes. */
static int check_input(const char *path, const struct source *source, struct ct_err *err)
{
	if (path || source->length > 0)
		return 0;
	ct_fail(err, CT_NO_CODE, "nothing on standard input");
	return ct_err_hint(err, "name the file, e.g. " CT_DEFAULT_FILE ", or write '-' when this is no mistake");
}

/* What came of a good text goes to its place. */
static int put(struct work *work, const char *path, const struct source *source, enum format_outcome outcome,
	       const struct ct_buf *text, struct ct_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;

	if (is_stdin && !check_only) {
		ct_buf_append(&work->out, text->data, text->length);
		return 0;
	}
	if (outcome == FORMAT_UNCHANGED)
		return 0;
	if (check_only)
		note_status(work, CT_EXIT_FAILED);
	else if (rewrite_file(path, source, text, err) < 0)
		return -1;
	print_name(work, source->shown);
	return 0;
}

/* NULL: standard input, which was not asked for by name. */
static int format_file(struct work *work, const char *path, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct source source;
	enum format_outcome outcome;
	const char *place = path ? path : "-";
	int result = source_read(&source, place, err);

	if (result == 0)
		result = check_input(path, &source, err);
	if (result == 0) {
		outcome = format_source(&source, &text);
		if (outcome == FORMAT_UNCHANGED || outcome == FORMAT_CHANGED)
			result = put(work, place, &source, outcome, &text, err);
		else
			result = fail(&source, outcome, err);
	}
	source_release(&source);
	return result;
}

/* One bad file does not keep the others from being done. */
static void work_on(struct work *work, const char *path)
{
	struct ct_err err = CT_ERR_INIT;

	if (format_file(work, path, &err) < 0)
		note_status(work, ct_err_report(program.name, &err));
}

/* What is formatted when no FILE is given: what comes through a pipe, as with the other commands that are filters. */
static const char *default_path(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 && !S_ISCHR(status.st_mode) ? NULL : CT_DEFAULT_FILE;
}

int main(int argc, char **argv)
{
	struct work work = { .out = CT_BUF_INIT };
	struct ct_err err = CT_ERR_INIT;
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	for (int i = first; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0 && argc - first > 1)
			ct_usage_error(&program, "'-' stands alone: it writes text to where the names of files go");
	}
	if (first == argc)
		work_on(&work, default_path());
	for (int i = first; i < argc; i++)
		work_on(&work, argv[i]);
	if (ct_write_stdout(work.out.data, work.out.length, &err) < 0)
		note_status(&work, ct_err_report(program.name, &err));
	ct_buf_free(&work.out);
	return work.status;
}
