/* The commands that show one image: `inspect` and `history`. */
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/manage/commands.h"

static const char *output, *project_file, *platform;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "for people, or a document", &output },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of an image for several platforms look at that one", &platform },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static int show(const char *word, show_fn describe, bool json, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	auto_pick pick = PICK_INIT;
	ct_autobuf out = CT_BUF_INIT;

	if (command_find_store(&project, project_file, err) < 0 ||
	    pick_image(&pick, &project, word, platform, err) < 0 || describe(&pick, &project, json, &out, err) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

int command_show(int argc, char **argv, const char *name, const char *summary, show_fn describe)
{
	const struct ct_program program = { .name = name,
					    .synopsis = "[-o text|json] [--platform OS/ARCH] [-f FILE] IMAGE",
					    .summary = summary,
					    .options = options };
	struct ct_err err = CT_ERR_INIT;
	int first = ct_options_parse(&program, argc, argv);
	bool json = ct_output_is_json(&program, output);

	command_check_platform(&program, platform);
	if (argc - first != 1)
		ct_usage_error(&program, "expected one image");
	return show(argv[first], describe, json, &err) < 0 ? ct_err_report("ctst-image", &err) : CT_EXIT_OK;
}
