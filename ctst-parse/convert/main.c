/* ctst-convert: compose files to .ctst, ctst-convert(1). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "common/utf8.h"
#include "ctst-parse/convert/convert.h"
#include "ctst-parse/convert/discover.h"
#include "ctst-parse/convert/documents.h"
#include "ctst-parse/convert/files.h"

struct settings {
	const char *output;
	const char *images;
	const char *diagnostics;
	struct ct_option_list profiles;
	struct ct_option_list env_files;
	bool strict;
	bool as_json;
};

static struct settings settings;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "FILE", "write there instead of to standard output", &settings.output },
	{ CT_OPTION_TEXT, 0, "images", "tar|oci", "how images of a registry are spelled", &settings.images },
	{ CT_OPTION_LIST, 0, "profile", "NAME", "take in the services of this profile", &settings.profiles },
	{ CT_OPTION_LIST, 0, "env-file", "FILE", "take variables from FILE instead of .env", &settings.env_files },
	{ CT_OPTION_FLAG, 0, "strict", NULL, "fail when anything was left out", &settings.strict },
	{ CT_OPTION_TEXT, 0, "diagnostics", "text|json", "how losses and notes are printed on standard error",
	  &settings.diagnostics },
	{ 0 },
};

static const struct ct_program program = {
	.name = "ctst-convert",
	.synopsis = "[FILE...] [-o FILE] [--images tar|oci] [--profile NAME] [--env-file FILE] [--strict]",
	.summary = "make a .ctst file of compose files",
	.details = "FILE is the compose file of this directory and its override file when none is given, - is standard "
		   "input.\n"
		   "Several are merged in their order. What cannot be carried over is named on standard error.",
	.options = options,
};

/* A run: what was read, what comes of it. */
struct run {
	struct ct_arena arena;
	struct report report;
	struct convert_source *sources;
	size_t count;
	struct convert_options options;
	struct switches switches;
	struct ct_buf out;
	struct place place; /* of the error */
};

static int real_directory(struct run *run, const char *path, const char **directory, struct ct_err *err)
{
	char resolved[PATH_MAX];

	if (!realpath(path_directory(&run->arena, path), resolved)) {
		int saved = errno;

		ct_fail_errno(err, CT_NO_CODE, "cannot resolve the directory of '%s'", path);
		if (saved == ENOENT || saved == ENOTDIR)
			err->exit_status = CT_EXIT_NOT_FOUND;
		return -1;
	}
	if (!ct_utf8_is_valid(resolved, strlen(resolved)))
		return ct_fail(err, CT_NO_CODE, "the directory of '%s' is not valid UTF-8", path);
	*directory = ct_arena_copy(&run->arena, resolved, strlen(resolved));
	return 0;
}

static int read_source(struct run *run, const char *path, struct convert_source *source, struct ct_err *err)
{
	bool is_input = strcmp(path, "-") == 0;
	ct_autobuf text = CT_BUF_INIT;

	if (!ct_utf8_is_valid(path, strlen(path)))
		return ct_fail(err, CT_NO_CODE, "the path '%s' is not valid UTF-8", path);
	if (file_read(path, YAML_MAX_BYTES, "a compose file", true, &text, err) < 0 ||
	    real_directory(run, is_input ? "." : path, &source->directory, err) < 0)
		return -1;
	source->shown = is_input ? "<stdin>" : path;
	source->path = is_input ? "<stdin>" : path_absolute(&run->arena, source->directory, path_name(path));
	source->length = text.length;
	source->text = ct_arena_take(&run->arena, &text);
	/* Paths in a file that overrides another begin where those of the first one do. */
	if (source > run->sources)
		source->directory = run->sources[0].directory;
	return 0;
}

static int read_sources(struct run *run, char **paths, int count, struct ct_err *err)
{
	const char **found = NULL, *ignored = NULL;
	bool named = count > 0;

	if (!named)
		count = discover(&run->switches, &found, &ignored, err);
	if (count < 0)
		return -1;
	run->sources = ct_arena_array(&run->arena, (size_t)count, sizeof(*run->sources));
	for (; run->count < (size_t)count; run->count++) {
		const char *path = named ? paths[run->count] : found[run->count];

		if (read_source(run, path, &run->sources[run->count], err) < 0)
			return -1;
	}
	if (ignored)
		report_note(&run->report, (struct subject){ 0 }, (struct cause){ 0 },
			    "'%s' is converted; '%s' is there, too, and is not looked at", found[0], ignored);
	return 0;
}

/* Where no file is named, the current directory's .env may name them. */
static int read_switches(struct run *run, bool named, struct ct_err *err)
{
	struct switches *switches = &run->switches;

	switches_begin(switches, &run->arena, settings.env_files.items, (size_t)settings.env_files.count);
	run->options.env_files = switches->env_files;
	run->options.env_file_count = switches->env_file_count;
	run->options.no_dotenv = switches->no_dotenv;
	if (named)
		return 0;
	run->options.dotenv_before = ".env";
	return switches_read(switches, "", err);
}

static int read_project_switches(struct run *run, struct ct_err *err)
{
	return switches_read(&run->switches, ct_arena_printf(&run->arena, "%s/", run->sources[0].directory), err);
}

/* --profile, and COMPOSE_PROFILES, a list with commas, where none is given. */
static void read_profiles(struct run *run)
{
	const char *list = switches_get(&run->switches, "COMPOSE_PROFILES");

	run->options.profiles = settings.profiles.items;
	run->options.profile_count = (size_t)settings.profiles.count;
	if (run->options.profile_count == 0 && list)
		run->options.profiles = switches_split(&run->arena, list, ",", &run->options.profile_count);
}

static int convert(struct run *run, char **paths, int count, struct ct_err *err)
{
	run->options.oci = settings.images && strcmp(settings.images, "oci") == 0;
	run->options.files = true;
	run->options.process = true;
	if (settings.output && real_directory(run, settings.output, &run->options.directory, err) < 0)
		return -1;
	if (read_switches(run, count > 0, err) < 0 || read_sources(run, paths, count, err) < 0 ||
	    read_project_switches(run, err) < 0)
		return -1;
	read_profiles(run);
	return convert_text(run->sources, run->count, &run->options, &run->report, &run->out, &run->place, err);
}

static int write_file(const char *path, const struct ct_buf *text, struct ct_err *err)
{
	ct_autofree char *parent = ct_strdup(path);
	char *slash = strrchr(parent, '/');
	ct_autoclose int directory = -1;

	if (slash)
		slash[slash == parent] = '\0';
	directory = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || ct_replace_file_at(directory, path_name(path), text->data, text->length, 0644, false) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot write '%s'", path);
	return 0;
}

static int write_result(struct run *run, struct ct_err *err)
{
	if (settings.output && strcmp(settings.output, "-") != 0)
		return write_file(settings.output, &run->out, err);
	return ct_write_stdout(run->out.data, run->out.length, err);
}

static void append_error(struct ct_buf *out, const struct run *run, const struct ct_err *failure)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, false);
	struct ct_err err = CT_ERR_INIT;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "severity", "error");
	if (failure->code[0])
		ct_json_member_string(writer, "code", failure->code);
	ct_json_member_string(writer, "reason", failure->message);
	if (failure->hint[0])
		ct_json_member_string(writer, "hint", failure->hint);
	if (run->place.file) {
		ct_json_member_string(writer, "file", run->place.file->shown);
		ct_json_member_int(writer, "line", run->place.line);
		ct_json_member_int(writer, "column", run->place.column);
	}
	ct_json_close_object(writer);
	ct_json_writer_finish(writer, &err);
	ct_buf_putc(out, '\n');
}

/* All that is to be said goes out in one piece, losses before the error that ended it. */
static int finish(struct run *run, bool failed, const struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;

	if (settings.as_json) {
		report_write_json(&run->report, ct_quiet(), &text);
		if (failed)
			append_error(&text, run, err);
	} else {
		report_write_text(&run->report, ct_quiet(), &text);
	}
	/* A reader that went away is no reason to fail in another way. */
	if (text.length > 0 && ct_write_all(STDERR_FILENO, text.data, text.length) < 0)
		failed |= false;
	if (failed)
		return settings.as_json ? ct_err_exit_status(err) : ct_err_report(program.name, err);
	return settings.strict && run->report.losses > 0 ? CT_EXIT_FAILED : CT_EXIT_OK;
}

static void check_word(const char *option, const char *word, const char *one, const char *other)
{
	if (word && strcmp(word, one) != 0 && strcmp(word, other) != 0)
		ct_usage_error(&program, "%s is %s or %s, not '%s'", option, one, other, word);
}

int main(int argc, char **argv)
{
	struct run run = { .arena = CT_ARENA_INIT };
	struct ct_err err = CT_ERR_INIT;
	int first, status;
	bool failed;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	check_word("--images", settings.images, "tar", "oci");
	check_word("--diagnostics", settings.diagnostics, "text", "json");
	settings.as_json = settings.diagnostics && strcmp(settings.diagnostics, "json") == 0;
	run.report.arena = &run.arena;
	failed = convert(&run, argv + first, argc - first, &err) < 0 || write_result(&run, &err) < 0;
	status = finish(&run, failed, &err);
	report_release(&run.report);
	switches_release(&run.switches);
	ct_buf_free(&run.out);
	ct_arena_release(&run.arena);
	return status;
}
