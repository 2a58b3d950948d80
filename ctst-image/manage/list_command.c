/* `ctst-image ls`, and as `ctst images` also what docker's users look for there: removing. */
#include "ctst-image/list.h"

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/presets.h"

static const char *output, *project_file;
static struct ct_option_list removed;
static bool presets, prune;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "a table or a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_FLAG, 0, "presets", NULL, "list the presets instead", &presets },
	{ CT_OPTION_LIST, 0, "remove", "IMAGE", "remove an image instead, as `ctst-image rm` does", &removed },
	{ CT_OPTION_FLAG, 0, "prune", NULL, "remove what no image needs instead, as `ctst-image prune` does", &prune },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image ls",
	.synopsis = "[-o text|json] [-f FILE] [--presets | --remove IMAGE… | --prune]",
	.summary = "list the images of the project's store",
	.options = options,
};

static int list(const struct ct_project *project, bool json, struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;

	if ((presets ? image_presets_list(json, &out, err) : list_images(project->images, json, &out, err)) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

static int carry_out(bool json, struct ct_err *err)
{
	ct_autoproject project = { 0 };

	if (command_find_store(&project, project_file, err) < 0)
		return -1;
	if (removed.count > 0)
		return remove_images(&project, (char **)removed.items, (size_t)removed.count, json, err);
	if (prune)
		return prune_images(&project, false, json, err);
	return list(&project, json, err);
}

int command_list(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int first = ct_options_parse(&program, argc, argv);
	bool json = ct_output_is_json(&program, output);
	int result;

	if (first < argc)
		ct_usage_error(&program, "unexpected operand '%s'", argv[first]);
	if (presets + prune + (removed.count > 0) > 1)
		ct_usage_error(&program, "only one of --presets, --remove and --prune can be done at a time");
	result = carry_out(json, &err);
	free(removed.items);
	return result < 0 ? ct_err_report("ctst-image", &err) : CT_EXIT_OK;
}
