/* `ctst-image inspect`: what is known of one image. */
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/manage/describe.h"

static const char *output, *project_file, *platform;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "for people, or a document", &output },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of an image for several platforms look at that one", &platform },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image inspect",
	.synopsis = "[-o text|json] [--platform OS/ARCH] [-f FILE] IMAGE",
	.summary = "show an image's names, settings and layers",
	.options = options,
};

static int inspect(const struct ct_project *project, const char *word, bool json, struct ct_err *err)
{
	auto_pick pick = PICK_INIT;
	ct_autobuf out = CT_BUF_INIT;

	if (pick_image(&pick, project, word, platform, err) < 0)
		return -1;
	if (!json)
		describe_text(&pick, project, &out);
	else if (describe_document(&pick, project, &out, err) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

int command_inspect(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autoproject project = { 0 };
	int first = ct_options_parse(&program, argc, argv);
	bool json = ct_output_is_json(&program, output);

	command_check_platform(&program, platform);
	if (argc - first != 1)
		ct_usage_error(&program, "expected one image");
	if (command_find_store(&project, project_file, &err) < 0 || inspect(&project, argv[first], json, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}
