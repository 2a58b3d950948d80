/* `ctst-image rm`: names go, and an image goes with its last one. */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/index_write.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/manage/lookup.h"
#include "ctst-image/manage/removal.h"
#include "ctst-image/manage/usage.h"
#include "ctst-image/store.h"

static const char *output, *project_file;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "what was removed as text or as a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image rm",
	.synopsis = "[-o text|json] [-f FILE] IMAGE…",
	.summary = "remove names of images, and images with their last name",
	.options = options,
};

struct work {
	struct store_edit store;
	struct usage usage;
	bool *dropped;        /* for each descriptor of the index, in its order */
	struct reach needed;  /* by what stays */
	struct reach removed; /* what the dropped ones consist of */
	bool may_sweep;
	struct removal removal;
};

/* What was found stands in the order of the index, too. */
static void drop_found(struct work *work, const struct lookup *found)
{
	size_t next = 0, place = 0;

	ct_json_each(descriptor, store_edit_manifests(&work->store)) {
		if (next < found->count && found->descriptors[next] == descriptor) {
			next++;
			if (!work->dropped[place])
				removal_add(&work->removal, lookup_name(descriptor));
			work->dropped[place] = true;
		}
		place++;
	}
}

static int find_all(struct work *work, char **words, size_t count, struct ct_err *err)
{
	const struct ct_json *manifests = store_edit_manifests(&work->store);

	work->dropped = ct_alloc_array(manifests ? manifests->length : 0, sizeof(*work->dropped));
	for (size_t i = 0; i < count; i++) {
		auto_lookup found = LOOKUP_INIT;

		if (lookup_image(&found, manifests, words[i], err) < 0)
			return -1;
		drop_found(work, &found);
	}
	return 0;
}

/* A damaged image hides what it needs: then only names go, for what else goes might be needed. */
static void find_needed(struct work *work)
{
	struct ct_err reach_err = CT_ERR_INIT;
	size_t place = 0;

	work->may_sweep = true;
	ct_json_each(descriptor, store_edit_manifests(&work->store)) {
		if (work->dropped[place++] ||
		    reach_image(&work->needed, work->store.blobs_fd, descriptor, &reach_err) == 0)
			continue;
		if (work->may_sweep)
			ct_warn("ctst-image",
				"%s; so that nothing is lost that it needs, names are removed and content stays",
				reach_err.message);
		work->may_sweep = false;
	}
}

static bool has_name_left(const struct work *work, const char *digest)
{
	size_t place = 0;

	ct_json_each(descriptor, store_edit_manifests(&work->store)) {
		const char *its = ct_json_get_string(descriptor, "digest");

		if (!work->dropped[place++] && its && strcmp(its, digest) == 0)
			return true;
	}
	return false;
}

/* Of two images with the same layers the digest tells which one it was; where none stays, either. */
static bool is_used_by(const struct work *work, const struct ct_json *descriptor, const struct reach *image,
		       const struct used_image *used)
{
	const char *source = ct_json_get_string(ct_json_get(descriptor, "annotations"), STORE_SOURCE_DIGEST);

	if (ct_names_find(&image->stacks, used->stack) == CT_NAME_UNKNOWN)
		return false;
	return strcmp(used->digest, ct_json_get_string(descriptor, "digest")) == 0 ||
	       (source && strcmp(used->digest, source) == 0) ||
	       ct_names_find(&work->needed.stacks, used->stack) == CT_NAME_UNKNOWN;
}

static int fail_in_use(const struct ct_json *descriptor, const struct used_image *used, size_t more, struct ct_err *err)
{
	ct_autofree char *name = lookup_name(descriptor);

	if (more > 0)
		ct_fail(err, "I007", "image '%s' is used by the container '%s' and %zu more", name, used->container,
			more);
	else
		ct_fail(err, "I007", "image '%s' is used by the container '%s'", name, used->container);
	if (used->own)
		return ct_err_hint(err, "remove the container first: `ctst rm %s`", used->container);
	return ct_err_hint(err, "remove the container first, in its project");
}

static int check_unused(struct work *work, const struct ct_json *descriptor, struct ct_err *err)
{
	auto_reach image = REACH_INIT;
	struct ct_err damage = CT_ERR_INIT;
	const struct used_image *first = NULL;
	size_t count = 0;

	/* What is damaged names fewer layers, but those of containers stay anyway. */
	(void)reach_image(&image, work->store.blobs_fd, descriptor, &damage);
	(void)reach_image(&work->removed, work->store.blobs_fd, descriptor, &damage);
	if (has_name_left(work, ct_json_get_string(descriptor, "digest")))
		return 0;
	for (size_t i = 0; i < work->usage.count; i++) {
		if (!is_used_by(work, descriptor, &image, &work->usage.images[i]))
			continue;
		first = first ? first : &work->usage.images[i];
		count++;
	}
	return first ? fail_in_use(descriptor, first, count - 1, err) : 0;
}

static int check_all_unused(struct work *work, struct ct_err *err)
{
	size_t place = 0;

	ct_json_each(descriptor, store_edit_manifests(&work->store)) {
		if (work->dropped[place++] && check_unused(work, descriptor, err) < 0)
			return -1;
	}
	return 0;
}

static int write_index(struct work *work, struct ct_err *err)
{
	struct index_write index;
	size_t place = 0;

	index_write_begin(&index, ct_json_root(work->store.index));
	ct_json_each(descriptor, store_edit_manifests(&work->store)) {
		if (!work->dropped[place++])
			ct_json_value(index.writer, descriptor);
	}
	return index_write_end(&index, work->store.images_fd, true, err);
}

/* The names are gone by now; whatever is left if this ends early, the next prune removes. */
static int sweep(struct work *work, struct ct_err *err)
{
	struct sweep sweep = { .store = &work->store,
			       .needed = &work->needed,
			       .in_use = &work->usage.layers,
			       .candidates = &work->removed };
	int result = 0;

	if (work->may_sweep && work->store.importing)
		ct_warn("ctst-image", "an import is going on, so content stays; `ctst-image prune` removes it");
	else if (work->may_sweep)
		result = sweep_content(&sweep, err);
	work->removal.blobs = sweep.blobs;
	work->removal.layers = sweep.layers;
	work->removal.bytes = sweep.bytes;
	return result;
}

static int carry_out(struct work *work, const struct ct_project *project, char **words, size_t count,
		     struct ct_err *err)
{
	if (usage_find(&work->usage, project, true, err) < 0 || store_edit_begin(&work->store, project, err) < 0 ||
	    find_all(work, words, count, err) < 0)
		return -1;
	find_needed(work);
	if (check_all_unused(work, err) < 0 ||
	    sweep_records(&work->store, store_edit_manifests(&work->store), work->dropped, err) < 0 ||
	    write_index(work, err) < 0)
		return -1;
	return sweep(work, err);
}

int remove_images(const struct ct_project *project, char **words, size_t count, bool json, struct ct_err *err)
{
	struct work work = {
		.store = STORE_EDIT_INIT, .usage = USAGE_INIT, .needed = REACH_INIT, .removed = REACH_INIT
	};
	int result = carry_out(&work, project, words, count, err);

	store_edit_end(&work.store);
	usage_release(&work.usage);
	if (result == 0)
		result = removal_write(&work.removal, json, err);
	free(work.dropped);
	reach_release(&work.needed);
	reach_release(&work.removed);
	removal_release(&work.removal);
	return result;
}

int command_remove(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autoproject project = { 0 };
	int first = ct_options_parse(&program, argc, argv);
	bool json = ct_output_is_json(&program, output);

	if (first == argc)
		ct_usage_error(&program, "expected the name of an image");
	if (command_find_store(&project, project_file, &err) < 0 ||
	    remove_images(&project, argv + first, (size_t)(argc - first), json, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}
