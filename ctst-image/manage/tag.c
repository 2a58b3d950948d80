/* `ctst-image tag`: one more name for an image of the store. */
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/choose.h"
#include "ctst-image/index_write.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/manage/lookup.h"
#include "ctst-image/manage/store_edit.h"
#include "ctst-image/reference.h"
#include "ctst-image/store.h"

static const char *project_file;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image tag",
	.synopsis = "[-f FILE] IMAGE NAME",
	.summary = "give an image of the store one more name, for image://NAME",
	.options = options,
};

static bool is_called(const struct ct_json *descriptor, const char *name)
{
	const char *its = ct_json_get_string(ct_json_get(descriptor, "annotations"), STORE_REF_NAME);

	return its && (choose_fits(its, name) || choose_fits(name, its));
}

/* What an import has named after its source keeps that name. */
static int check_free(const struct ct_json *manifests, const char *name, struct ct_err *err)
{
	ct_json_each(descriptor, manifests) {
		const char *source = ct_json_get_string(ct_json_get(descriptor, "annotations"), STORE_SOURCE);

		if (source && is_called(descriptor, name)) {
			ct_fail(err, CT_NO_CODE, "'%s' is the name of what was imported from '%s'", name, source);
			return ct_err_hint(err, "choose another name");
		}
	}
	return 0;
}

static bool is_own_annotation(const char *key)
{
	static const char *const keys[] = { STORE_REF_NAME, STORE_SOURCE, STORE_SOURCE_DIGEST, CHOOSE_CONTAINERD_NAME };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

/* The same descriptor under another name. It is not that source's image any more when the source changes. */
static void write_named(struct ct_json_writer *writer, const struct ct_json *descriptor, const char *name)
{
	ct_json_open_object(writer);
	ct_json_each(member, descriptor) {
		if (strcmp(member->key, "annotations") != 0)
			ct_json_member_value(writer, member->key, member);
	}
	ct_json_key(writer, "annotations");
	ct_json_open_object(writer);
	ct_json_member_string(writer, STORE_REF_NAME, name);
	ct_json_each(member, ct_json_get_typed(descriptor, "annotations", CT_JSON_OBJECT)) {
		if (!is_own_annotation(member->key))
			ct_json_member_value(writer, member->key, member);
	}
	ct_json_close_object(writer);
	ct_json_close_object(writer);
}

static int write_index(const struct store_edit *store, const struct lookup *found, const char *name, struct ct_err *err)
{
	struct index_write index;

	index_write_begin(&index, ct_json_root(store->index));
	ct_json_each(descriptor, store_edit_manifests(store)) {
		if (!is_called(descriptor, name))
			ct_json_value(index.writer, descriptor);
	}
	for (size_t i = 0; i < found->count; i++) {
		/* Found by its digest, an image is there under all of its names. */
		if (i == 0 || !found->by_digest)
			write_named(index.writer, found->descriptors[i], name);
	}
	return index_write_end(&index, store->images_fd, true, err);
}

static int tag(const struct ct_project *project, const char *word, const char *name, struct ct_err *err)
{
	auto_store_edit store = STORE_EDIT_INIT;
	auto_lookup found = LOOKUP_INIT;

	if (reference_check_name(name, err) < 0 || store_edit_begin(&store, project, err) < 0 ||
	    lookup_image(&found, store_edit_manifests(&store), word, err) < 0 ||
	    check_free(store_edit_manifests(&store), name, err) < 0)
		return -1;
	return write_index(&store, &found, name, err);
}

int command_tag(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autoproject project = { 0 };
	int first = ct_options_parse(&program, argc, argv);
	const char *name;

	if (argc - first != 2)
		ct_usage_error(&program, "expected an image and the name it gets");
	name = argv[first + 1];
	if (strncmp(name, "image://", 8) == 0)
		name += 8;
	if (command_find_store(&project, project_file, &err) < 0 || tag(&project, argv[first], name, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}
