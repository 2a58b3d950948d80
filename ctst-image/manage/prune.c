/* `ctst-image prune`: blobs and layers go that neither an image of the index nor a container needs. */
#include "common/cleanup.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/manage/lookup.h"
#include "ctst-image/manage/removal.h"
#include "ctst-image/manage/usage.h"

static const char *output, *project_file;
static bool dry_run;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'n', "dry-run", NULL, "say what would be freed, remove nothing", &dry_run },
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "what was removed as text or as a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image prune",
	.synopsis = "[--dry-run] [-o text|json] [-f FILE]",
	.summary = "remove blobs and layers that no image and no container needs",
	.options = options,
};

/* One that is damaged does not say what it needs. */
static int find_needed(struct reach *needed, const struct store_edit *store, struct ct_err *err)
{
	ct_json_each(descriptor, store_edit_manifests(store)) {
		ct_autofree char *name = lookup_name(descriptor);

		if (reach_image(needed, store->blobs_fd, descriptor, err) == 0)
			continue;
		ct_err_context(err, "image '%s'", name);
		return ct_err_hint(err, "build it again, or remove it with `ctst-image rm`; until then nobody knows "
					"what it needs");
	}
	return 0;
}

static int check_no_import(const struct store_edit *store, struct ct_err *err)
{
	if (!store->importing)
		return 0;
	ct_fail(err, "S002", "an import into the store is going on");
	return ct_err_hint(err, "try again when it has ended");
}

static int prune(const struct ct_project *project, struct removal *removal, struct ct_err *err)
{
	auto_usage usage = USAGE_INIT;
	auto_store_edit store = STORE_EDIT_INIT;
	auto_reach needed = REACH_INIT;
	struct sweep sweep = {
		.store = &store, .needed = &needed, .in_use = &usage.layers, .dry_run = removal->dry_run
	};
	int result;

	if (usage_find(&usage, project, !removal->dry_run, err) < 0 || store_edit_begin(&store, project, err) < 0 ||
	    check_no_import(&store, err) < 0 || find_needed(&needed, &store, err) < 0)
		return -1;
	if (!removal->dry_run) {
		usage_forget_gone(store.images_fd);
		if (sweep_records(&store, store_edit_manifests(&store), NULL, err) < 0)
			return -1;
	}
	result = sweep_content(&sweep, err);
	removal->blobs = sweep.blobs;
	removal->layers = sweep.layers;
	removal->bytes = sweep.bytes;
	return result;
}

static bool is_there(const struct ct_project *project)
{
	return access(project->images, F_OK) == 0;
}

int prune_images(const struct ct_project *project, bool only_tell, bool json, struct ct_err *err)
{
	struct removal removal = { .dry_run = only_tell };

	/* No store, nothing to remove. */
	if (is_there(project) && prune(project, &removal, err) < 0)
		return -1;
	return removal_write(&removal, json, err);
}

int command_prune(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autoproject project = { 0 };
	int first = ct_options_parse(&program, argc, argv);
	bool json = ct_output_is_json(&program, output);

	if (first < argc)
		ct_usage_error(&program, "unexpected operand '%s'", argv[first]);
	if (command_find_store(&project, project_file, &err) < 0 || prune_images(&project, dry_run, json, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}
