/* ctst-image-slim: an image of programs and what they need, out of this machine, a directory or another image. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst-image/image_config.h"
#include "ctst-image/resolve.h"
#include "ctst-image/slim/image.h"
#include "ctst-image/slim/report.h"
#include "ctst-image/slim/request.h"
#include "ctst-image/slim/request_serve.h"
#include "ctst-image/slim/root.h"

static const char *name, *from, *directory, *report_format_word, *project_file;
static struct ct_option_list includes, locales;
static bool runtimes, zoneinfo, gconv;
/* Of the request of another tool. */
static bool from_request;
static const char *images, *layers, *as, *subject;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "NAME", "store the image as image://NAME", &name },
	{ CT_OPTION_TEXT, 0, "from", "IMAGE", "take the files of this image, not of this machine", &from },
	{ CT_OPTION_TEXT, 0, "root", "DIR", "take the files below this directory", &directory },
	{ CT_OPTION_LIST, 0, "include", "PATH", "take this file or directory too", &includes },
	{ CT_OPTION_FLAG, 0, "runtimes", NULL, "take the libraries of python, perl, node and ruby when they are taken",
	  &runtimes },
	{ CT_OPTION_LIST, 0, "locale", "NAME", "take this locale, and set the first one", &locales },
	{ CT_OPTION_FLAG, 0, "zoneinfo", NULL, "take the time zones", &zoneinfo },
	{ CT_OPTION_FLAG, 0, "gconv", NULL, "take the character sets of iconv", &gconv },
	{ CT_OPTION_TEXT, 0, "report", "text|json", "print every file, why it is there, and what may be missing",
	  &report_format_word },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_FLAG, 0, "request", NULL, "read from standard input what to make (ctst-image build)",
	  &from_request },
	{ CT_OPTION_TEXT, 0, "images", "DIR", "with --request: the store", &images },
	{ CT_OPTION_TEXT, 0, "layers", "DIR", "with --request: where layers are unpacked", &layers },
	{ CT_OPTION_TEXT, 0, "as", "URI", "with --request: what to call the image; without it only sizes are told",
	  &as },
	{ CT_OPTION_TEXT, 0, "subject", "TEXT", "with --request: put TEXT in front of error messages", &subject },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = SLIM_PROGRAM,
	.synopsis = "BINARY... -o NAME [--from IMAGE|--root DIR] [--include PATH]... [--report text|json]",
	.summary = "make an image of programs and all they need, and nothing else",
	.details =
		"The first BINARY becomes the image's entrypoint. Without -o nothing is stored and --report is needed.",
	.options = options,
};

static int find_store(struct ct_project *project, struct ct_err *err)
{
	if (ct_project_find(project, project_file, err) == 0)
		return 0;
	ct_project_release(project);
	if (project_file)
		return -1;
	*err = (struct ct_err)CT_ERR_INIT;
	return ct_project_of_directory(project, ".", err);
}

/* annotations.md: what a reference name is made of. */
static bool is_image_name(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+-");

	return length > 0 && length < 256 && text[length] == '\0' && text[0] != '-' && text[0] != '/' &&
	       text[0] != '.' && !strstr(text, "//");
}

/* What is set of an image without one: what is needed to be started anywhere. */
static void write_new_config(struct ct_json_writer *writer, const struct slim *slim, const char *program_path)
{
	ct_json_open_object(writer);
	ct_json_key(writer, "entrypoint");
	ct_json_open_array(writer);
	ct_json_string(writer, program_path);
	ct_json_close_array(writer);
	ct_json_key(writer, "env");
	ct_json_open_array(writer);
	ct_json_string(writer, "PATH=" SLIM_PATH);
	if (slim->locale_count > 0) {
		ct_autofree char *lang = ct_asprintf("LANG=%s", slim->locales[0].name);

		ct_json_string(writer, lang);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
}

/* The image's own settings, but for the program where another one was named. */
static void write_from_config(struct ct_json_writer *writer, const struct ct_json *config, const char *program_path)
{
	static const char *const replaced[] = { "entrypoint", "cmd", "healthcheck" };

	ct_json_open_object(writer);
	ct_json_each(member, config) {
		bool keep = true;

		for (size_t i = 0; program_path && i < sizeof(replaced) / sizeof(replaced[0]); i++)
			keep = keep && strcmp(member->key, replaced[i]) != 0;
		if (keep)
			ct_json_member_value(writer, member->key, member);
	}
	if (program_path) {
		ct_json_key(writer, "entrypoint");
		ct_json_open_array(writer);
		ct_json_string(writer, program_path);
		ct_json_close_array(writer);
	}
	ct_json_close_object(writer);
}

struct job {
	struct ct_project project;
	struct resolved_image resolved; /* with --from */
	struct ct_json_doc *config;     /* likewise: what that image sets */
	struct request request;
	struct slim slim;
	int root;
	char workdir[PATH_MAX];
};

static int open_image_root(struct job *job, struct ct_err *err)
{
	static const struct build_options build = { .dry_run = false };
	const struct store_image *image = &job->resolved.image;

	if (resolve_image(&job->resolved, from, "--from", &job->project, &build, err) < 0)
		return -1;
	job->config = image_config_read(image->config, err);
	return job->config ? root_open_layers(image->layers, image->layer_count, err) : -1;
}

static int open_root(struct job *job, struct ct_err *err)
{
	ct_autofree char *what = from ? ct_asprintf("image '%s'", from) : ct_asprintf("'%s'", directory);

	job->root = from ? open_image_root(job, err) : root_open_directory(directory ? directory : "/", err);
	if (job->root < 0)
		return -1;
	slim_start(&job->slim, job->root);
	job->slim.host = !from && !directory;
	job->slim.what = job->slim.host ? "this machine" : slim_text(&job->slim, "%s", what);
	return 0;
}

/* Of this machine the names mean what they mean to the person who types them. */
static void describe_group(struct job *job, struct request_group *group)
{
	const struct ct_json *config = job->config ? ct_json_root(job->config) : NULL;

	group->environment = ct_json_get_typed(config, "env", CT_JSON_ARRAY);
	group->workdir = ct_json_get_string(config, "workdir");
	if (job->slim.host && getcwd(job->workdir, sizeof(job->workdir)))
		job->slim.workdir = job->workdir;
}

static void add_program(struct request *request, struct request_group *group, const char *path, const char *whose)
{
	struct request_command *command = &group->commands[group->command_count++];

	*command = (struct request_command){ .whose = whose, .count = 1 };
	command->argv = ct_arena_array(&request->arena, 1, sizeof(*command->argv));
	command->argv[0] = path;
}

/* An image brings the command along that is to stay as it is, and its health check. */
static void add_own_commands(struct job *job, struct request_group *group)
{
	const struct ct_json *config = ct_json_root(job->config);
	const struct ct_json *health = ct_json_get_typed(ct_json_get(config, "healthcheck"), "command", CT_JSON_ARRAY);
	const struct ct_json *lists[] = { ct_json_get_typed(config, "entrypoint", CT_JSON_ARRAY),
					  ct_json_get_typed(config, "cmd", CT_JSON_ARRAY) };
	struct request_command *command = &group->commands[group->command_count++];
	struct request_command parts[2];

	*command = (struct request_command){ .whose = "the image's command" };
	for (size_t i = 0; i < 2; i++)
		request_command_of_list(&job->request, &parts[i], lists[i], "");
	command->argv = ct_arena_array(&job->request.arena, parts[0].count + parts[1].count, sizeof(*command->argv));
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < parts[i].count; j++)
			command->argv[command->count++] = parts[i].argv[j];
	}
	request_command_of_list(&job->request, &group->commands[group->command_count++], health,
				"the image's health check");
}

static int resolve_program(struct job *job, const char *word, const char **path, struct ct_err *err)
{
	const char *search = getenv("PATH");
	ct_autofree char *found = NULL;

	if (job->slim.host && search && search[0])
		job->slim.path = search;
	else
		request_set_environment(&job->slim, &job->request.groups[0]);
	found = slim_program_path(&job->slim, word);
	if (!found) {
		ct_fail(err, "I001", "%s: there is no program '%.300s'", job->slim.what, word);
		return ct_err_hint(err, "it was looked for in %s", job->slim.path);
	}
	*path = slim_text(&job->slim, "%s", found);
	return 0;
}

static int describe_request(struct job *job, char **binaries, int count, const char **first, struct ct_err *err)
{
	struct request *request = &job->request;
	struct request_group *group;

	request->groups = ct_arena_array(&request->arena, 1, sizeof(*request->groups));
	request->group_count = 1;
	group = &request->groups[0];
	group->commands = ct_arena_array(&request->arena, (size_t)count + 2, sizeof(*group->commands));
	describe_group(job, group);
	for (int i = 0; i < count; i++) {
		const char *path = NULL;

		if (resolve_program(job, binaries[i], &path, err) < 0)
			return -1;
		if (i == 0)
			*first = path;
		add_program(request, group, path, slim_text(&job->slim, "'%s'", binaries[i]));
	}
	if (count == 0)
		add_own_commands(job, group);
	request->includes = includes.items;
	request->include_count = (size_t)includes.count;
	return 0;
}

static void set_wishes(struct slim *slim)
{
	slim->runtimes = runtimes;
	slim->zoneinfo = zoneinfo;
	slim->gconv = gconv;
	for (int i = 0; i < locales.count && slim->locale_count < SLIM_MAX_LOCALES; i++)
		slim->locales[slim->locale_count++] = (struct slim_locale){ locales.items[i], true };
}

static int write_config(const struct job *job, const char *first, struct ct_buf *config, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(config, false);

	if (job->config)
		write_from_config(writer, ct_json_root(job->config), first);
	else
		write_new_config(writer, &job->slim, first);
	return ct_json_writer_finish(writer, err);
}

/* The reference on stdout, or the report that has it. */
static int print(const struct job *job, const char *reference, struct ct_err *err)
{
	struct report report = { .image = reference, .whole = -1 };
	struct ct_err ignored = CT_ERR_INIT;
	ct_autobuf out = CT_BUF_INIT;

	if (report_format_word && !job->slim.host)
		report.whole = report_count_root(job->root, &ignored);
	if (report_format_word) {
		if (report_format(&out, &job->slim, &report, ct_output_is_json(&program, report_format_word), err) < 0)
			return -1;
	} else {
		report_warn(&job->slim);
		ct_buf_printf(&out, "%s\n", reference);
	}
	return ct_write_stdout(out.data, out.length, err);
}

static int work(struct job *job, char **binaries, int count, struct ct_err *err)
{
	ct_autofree char *uri = name ? ct_asprintf("image://%s", name) : NULL;
	ct_autofree char *reference = NULL;
	ct_autobuf config = CT_BUF_INIT;
	const char *first = NULL;
	char manifest[CT_DIGEST_LENGTH + 1];

	if (find_store(&job->project, err) < 0 || open_root(job, err) < 0)
		return -1;
	set_wishes(&job->slim);
	if (describe_request(job, binaries, count, &first, err) < 0 ||
	    request_carry_out(&job->request, &job->slim, err) < 0 || write_config(job, first, &config, err) < 0)
		return -1;
	if (uri) {
		struct image_place place = { job->project.images, job->project.layers, uri, NULL, NULL };

		if (image_make(&job->slim, &config, &place, manifest, err) < 0)
			return -1;
		reference = ct_asprintf("%s@%s", uri, manifest);
	}
	return print(job, reference, err);
}

static int run_for_person(char **binaries, int count, struct ct_err *err)
{
	struct job job = { .root = -1 };
	int result;

	if (count == 0 && !from)
		ct_usage_error(&program, "name the programs the image is for");
	if (from && directory)
		ct_usage_error(&program, "--from and --root exclude each other");
	if (!name && !report_format_word)
		ct_usage_error(&program, "-o NAME or --report is needed");
	if (name && !is_image_name(name))
		ct_usage_error(&program, "'%s' cannot be the name of an image", name);
	result = work(&job, binaries, count, err);
	slim_release(&job.slim);
	request_release(&job.request);
	ct_json_free(job.config);
	resolved_image_release(&job.resolved);
	ct_cleanup_close(&job.root);
	ct_project_release(&job.project);
	return result;
}

int main(int argc, char **argv)
{
	struct image_place place;
	struct ct_err err = CT_ERR_INIT;
	int first, result;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (from_request && (first < argc || !images || !layers || images[0] != '/' || layers[0] != '/'))
		ct_usage_error(&program, "--request takes --images and --layers, absolute paths, and no BINARY");
	if (!from_request && (images || layers || as || subject))
		ct_usage_error(&program, "--images, --layers, --as and --subject go with --request");
	place = (struct image_place){ images, layers, as, NULL, subject };
	image_catch_signals();
	result = from_request ? request_serve(&place, &err) : run_for_person(argv + first, argc - first, &err);
	if (result == 0)
		return CT_EXIT_OK;
	image_die_of_signal();
	/* What a whole image could save is no error of the build that asks. */
	if (from_request && !as) {
		ct_info(SLIM_PROGRAM, "no slim image: %s", err.message);
		return CT_EXIT_FAILED;
	}
	if (subject && subject[0])
		ct_err_context(&err, "%s", subject);
	return ct_err_report(program.name, &err);
}
