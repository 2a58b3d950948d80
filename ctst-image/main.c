/* ctst-image: the image stage of the pipeline, and what the store holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "common/process.h"
#include "common/project.h"
#include "common/suggest.h"
#include "ctst-image/build.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/platform.h"
#include "ctst-image/pull_command.h"

static struct build_options build_options;
static const char *project_file;

static const struct ct_option build_table[] = {
	{ CT_OPTION_FLAG, 0, "locked", NULL, "refuse a source that is not what was imported before",
	  &build_options.locked },
	{ CT_OPTION_FLAG, 'n', "dry-run", NULL, "import nothing, mark what would be imported", &build_options.dry_run },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of images for several platforms take that one",
	  &build_options.platform },
	{ CT_OPTION_FLAG, 0, "distroless", NULL, "take of every image only what its components need",
	  &build_options.distroless },
	{ CT_OPTION_FLAG, 0, "savings", NULL, "say what that would save", &build_options.savings },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "use http:// for registries of this host",
	  &build_options.insecure_loopback },
	{ CT_OPTION_END },
};

static const struct ct_option verify_table[] = {
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program build_program = {
	.name = "ctst-image build",
	.synopsis = "[--locked] [--dry-run] [--platform OS/ARCH[/VARIANT]] [--distroless] [--savings] "
		    "[--insecure-loopback] < COMPOSITION",
	.summary = "import the images of a composition and write it with every image resolved",
	.options = build_table,
};

static const struct ct_program verify_program = {
	.name = "ctst-image verify",
	.synopsis = "[-f FILE]",
	.summary = "compare what the store holds with the digests it is stored under",
	.options = verify_table,
};

static const struct ct_program main_program = {
	.name = "ctst-image",
	.synopsis = "COMMAND [OPTION]... [IMAGE]...",
	.summary = "images: resolve those of a composition, pull some, look at those of the store, change it",
	.details = "commands:\n"
		   "  build    filter a composition: import its images and resolve them\n"
		   "  pull     bring an image of a registry into the store\n"
		   "  ls       list the images of the store\n"
		   "  inspect  show an image's names, settings and layers\n"
		   "  history  show the steps that made an image\n"
		   "  diff     list the files that differ between two images\n"
		   "  tag      give an image one more name\n"
		   "  export   write an image as an archive for other tools\n"
		   "  slim     make an image of programs and what they need\n"
		   "  rm       remove names, and images with their last name\n"
		   "  prune    remove what no image and no container needs\n"
		   "  verify   compare the store with its digests\n"
		   "An image is called by its URI, its name, its digest, or the first 8 or more digits of that.",
	.stop_at_operand = true,
};

static void refuse_operands(const struct ct_program *program, int argc, char **argv, int first)
{
	if (first < argc)
		ct_usage_error(program, "unexpected operand '%s'", argv[first]);
}

static int fail_in_pipeline(const struct ct_err *err)
{
	int status = ct_err_report("ctst-image", err);

	ct_json_pass_failure("ctst-image", err);
	return status;
}

static int run_build(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf document = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	struct platform platform;

	refuse_operands(&build_program, argc, argv, ct_options_parse(&build_program, argc, argv));
	if (build_options.platform && !platform_parse(&platform, build_options.platform))
		ct_usage_error(&build_program, "'%s' is not a platform such as linux/amd64", build_options.platform);
	if (isatty(STDIN_FILENO))
		ct_usage_error(&build_program,
			       "a composition is read from standard input, as in `ctst-parse FILE | ctst-image build`");
	doc = ct_json_read_document(STDIN_FILENO, "ctst.composition", 1, "P001", &err);
	if (!doc || build_composition(ct_json_root(doc), &build_options, &document, &err) < 0)
		return fail_in_pipeline(&err);
	if (ct_write_stdout(document.data, document.length, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}

static int run_verify(int argc, char **argv)
{
	ct_autofree char *helper = ct_asprintf("%s/ctst-image-import", ct_libexec_directory());
	struct ct_err err = CT_ERR_INIT;
	ct_autoproject project = { 0 };
	struct stat status;

	refuse_operands(&verify_program, argc, argv, ct_options_parse(&verify_program, argc, argv));
	if (command_find_store(&project, project_file, &err) < 0)
		return ct_err_report("ctst-image", &err);
	if (stat(project.images, &status) < 0)
		return CT_EXIT_OK;
	execl(helper, helper, "--verify", "--images", project.images, "--layers", project.layers, (char *)NULL);
	ct_fail_errno(&err, CT_NO_CODE, "cannot execute '%s'", helper);
	return ct_err_report("ctst-image", &err);
}

/* A program of its own: its command line is its own matter. */
static int run_slim(int argc, char **argv)
{
	ct_autofree char *helper = ct_asprintf("%s/ctst-image-slim", ct_libexec_directory());
	struct ct_err err = CT_ERR_INIT;

	(void)argc;
	argv[0] = helper;
	execv(helper, argv);
	ct_fail_errno(&err, CT_NO_CODE, "cannot execute '%s'", helper);
	return ct_err_report("ctst-image", &err);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "build", run_build },         { "diff", command_diff },       { "export", command_export },
	{ "history", command_history }, { "inspect", command_inspect }, { "ls", command_list },
	{ "prune", command_prune },     { "pull", pull_command },       { "rm", command_remove },
	{ "slim", run_slim },           { "tag", command_tag },         { "verify", run_verify },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void unknown_command(const char *word) __attribute__((noreturn));

static void unknown_command(const char *word)
{
	const char *names[COMMAND_COUNT];
	const char *close;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	close = ct_suggest(word, names, COMMAND_COUNT);
	if (close)
		ct_usage_error(&main_program, "unknown command '%s', did you mean '%s'?", word, close);
	ct_usage_error(&main_program, "unknown command '%s'", word);
}

int main(int argc, char **argv)
{
	char name[] = "ctst-image", option[] = "--help";
	char *help[] = { name, option, NULL };
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&main_program, argc, argv);
	if (first == argc)
		ct_options_parse(&main_program, 2, help);
	for (size_t i = 0; i < COMMAND_COUNT && first < argc; i++) {
		if (strcmp(argv[first], commands[i].name) == 0)
			return commands[i].run(argc - first, argv + first);
	}
	unknown_command(argv[first]);
}
