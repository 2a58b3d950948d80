#include "ctst-image/choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/store.h"

#define MAX_DEPTH 4
#define MAX_CANDIDATES 1000

struct candidate {
	struct platform platform;
	struct chosen chosen;
};

struct choosing {
	const struct choice *choice;
	int blobs;
	struct candidate *candidates;
	size_t count;
	size_t documents; /* indexes that were read */
};

/* ---- names ---- */

bool choose_fits(const char *name, const char *wanted)
{
	size_t length = strlen(wanted);
	const char *tag;

	if (strncmp(name, "docker.io/", 10) == 0 && strncmp(wanted, "docker.io/", 10) != 0) {
		name += 10;
		if (strncmp(name, "library/", 8) == 0 && strncmp(wanted, "library/", 8) != 0)
			name += 8;
	}
	if (strncmp(name, wanted, length) != 0)
		return false;
	tag = name + length;
	return !*tag || strcmp(tag, ":latest") == 0;
}

bool choose_is_named(const struct ct_json *descriptor, const char *name)
{
	static const char *const annotations[] = { CHOOSE_CONTAINERD_NAME, STORE_REF_NAME };
	const struct ct_json *notes = ct_json_get(descriptor, "annotations");

	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++) {
		const char *text = ct_json_get_string(notes, annotations[i]);

		if (text && choose_fits(text, name))
			return true;
	}
	return false;
}

/* NULL for one that has none. */
static const char *name_of(const struct ct_json *descriptor)
{
	const struct ct_json *notes = ct_json_get(descriptor, "annotations");
	const char *name = ct_json_get_string(notes, CHOOSE_CONTAINERD_NAME);

	return name ? name : ct_json_get_string(notes, STORE_REF_NAME);
}

static bool is_attestation(const struct ct_json *descriptor)
{
	const struct ct_json *platform = ct_json_get(descriptor, "platform");
	const char *kind = ct_json_get_string(ct_json_get(descriptor, "annotations"), "vnd.docker.reference.type");
	const char *os = ct_json_get_string(platform, "os");

	return (kind && strcmp(kind, "attestation-manifest") == 0) || (os && strcmp(os, "unknown") == 0);
}

static bool same_name(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

/* Manifests without a name that say for which platform they are can be one image; others cannot. */
static bool are_one_image(const struct ct_json *left, const struct ct_json *right)
{
	return same_name(name_of(left), name_of(right)) &&
	       ((ct_json_get(left, "platform") && ct_json_get(right, "platform")) ||
		strcmp(ct_json_get_string(left, "digest"), ct_json_get_string(right, "digest")) == 0);
}

static void list_names(const struct ct_json *manifests, struct ct_buf *out)
{
	const char *before = NULL;
	size_t count = 0;

	ct_json_each(descriptor, manifests) {
		const char *name = name_of(descriptor);

		if (is_attestation(descriptor) || (count > 0 && same_name(name, before)))
			continue;
		before = name;
		if (++count > 20) {
			ct_buf_puts(out, ", …");
			return;
		}
		ct_buf_printf(out, "%s%s", count > 1 ? ", " : "", name ? name : "one without a name");
	}
}

static int fail_with_names(const struct choosing *choosing, const struct ct_json *manifests, const char *what,
			   struct ct_err *err)
{
	ct_autobuf names = CT_BUF_INIT;

	list_names(manifests, &names);
	if (names.length == 0)
		return ct_fail(err, "I001", "it holds no image");
	ct_fail(err, "I001", "%s: %s", what, names.data);
	return ct_err_hint(err, "say which one, as in %sNAME", choosing->choice->spelling);
}

/* ---- platforms ---- */

static bool is_index_type(const char *type)
{
	return strcmp(type, TYPE_INDEX) == 0 || strcmp(type, TYPE_DOCKER_LIST) == 0;
}

static struct ct_json_doc *read_document(const struct choosing *choosing, const struct descriptor *descriptor,
					 struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_doc *doc;

	if (layout_read(choosing->blobs, descriptor, &text, err) < 0)
		return NULL;
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", err);
	if (!doc)
		ct_err_context(err, "blob %s", descriptor->digest);
	return doc;
}

/* Of a manifest that does not say it: from its config. */
static int find_platform(const struct choosing *choosing, const struct ct_json *manifest, struct platform *platform,
			 struct ct_err *err)
{
	const struct ct_json *object = ct_json_get(manifest, "config");
	struct descriptor descriptor;
	ct_autojson *config = NULL;

	if (!object)
		return ct_fail(err, "I004", "a manifest names no config");
	if (descriptor_read(&descriptor, object, "a manifest", err) < 0)
		return -1;
	config = read_document(choosing, &descriptor, err);
	if (!config)
		return -1;
	platform_read(platform, ct_json_root(config));
	/* Images from before there was a choice do not say it. */
	if (!platform->os[0] && !platform->architecture[0])
		*platform = *choosing->choice->wanted;
	return 0;
}

static int add_candidate(struct choosing *choosing, const struct descriptor *descriptor,
			 const struct platform *platform, const char *top, struct ct_err *err)
{
	struct candidate *candidate;

	if (choosing->count == MAX_CANDIDATES)
		return ct_fail(err, "I004", "it has manifests for more than %d platforms", MAX_CANDIDATES);
	choosing->candidates = ct_realloc_array(choosing->candidates, choosing->count + 1,
						sizeof(*choosing->candidates));
	candidate = &choosing->candidates[choosing->count++];
	*candidate = (struct candidate){ .platform = *platform };
	strcpy(candidate->chosen.digest, top);
	strcpy(candidate->chosen.manifest, descriptor->digest);
	snprintf(candidate->chosen.manifest_type, sizeof(candidate->chosen.manifest_type), "%s",
		 descriptor->type[0] ? descriptor->type : TYPE_MANIFEST);
	candidate->chosen.manifest_size = descriptor->size;
	return 0;
}

/* Depth is bounded, so the recursion is. */
static int gather(struct choosing *choosing, const struct ct_json *object, const char *top, int depth,
		  struct ct_err *err);

static int gather_document(struct choosing *choosing, const struct descriptor *descriptor, const char *top, int depth,
			   struct ct_err *err)
{
	ct_autojson *doc = read_document(choosing, descriptor, err);
	const struct ct_json *root, *manifests;
	struct platform platform;

	if (!doc)
		return -1;
	root = ct_json_root(doc);
	manifests = ct_json_get_typed(root, "manifests", CT_JSON_ARRAY);
	if (!manifests && is_index_type(descriptor->type))
		return ct_fail(err, "I002", "the index %s lists no manifests", descriptor->digest);
	if (!manifests)
		return find_platform(choosing, root, &platform, err) < 0
			       ? -1
			       : add_candidate(choosing, descriptor, &platform, top, err);
	if (depth == MAX_DEPTH || ++choosing->documents > MAX_CANDIDATES)
		return ct_fail(err, "I004", "its indexes are nested too deeply");
	ct_json_each(child, manifests) {
		if (gather(choosing, child, top, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

/* What is for another platform need not even be there. */
static bool says_platform(const struct ct_json *object, struct platform *platform)
{
	const char *type = ct_json_get_string(object, "mediaType");

	platform_read(platform, ct_json_get_typed(object, "platform", CT_JSON_OBJECT));
	return platform->os[0] && platform->architecture[0] && !(type && is_index_type(type));
}

bool choose_reads(const struct ct_json *descriptor)
{
	struct platform platform;

	return !is_attestation(descriptor) && !says_platform(descriptor, &platform);
}

static int gather(struct choosing *choosing, const struct ct_json *object, const char *top, int depth,
		  struct ct_err *err)
{
	struct descriptor descriptor;
	struct platform platform;

	if (is_attestation(object))
		return 0;
	if (descriptor_read(&descriptor, object, "the index", err) < 0)
		return -1;
	if (says_platform(object, &platform))
		return add_candidate(choosing, &descriptor, &platform, top[0] ? top : descriptor.digest, err);
	return gather_document(choosing, &descriptor, top[0] ? top : descriptor.digest, depth, err);
}

int choose_fail_platform(const char *wanted, const char *offered, struct ct_err *err)
{
	ct_fail(err, "I001", "it has nothing for %s, only for %s", wanted, offered);
	return ct_err_hint(err, "`ctst-image build --platform OS/ARCH` takes another one");
}

static int fail_with_platforms(const struct choosing *choosing, struct ct_err *err)
{
	ct_autobuf list = CT_BUF_INIT;
	char text[PLATFORM_TEXT];

	for (size_t i = 0; i < choosing->count && i < 20; i++) {
		platform_format(&choosing->candidates[i].platform, text);
		ct_buf_printf(&list, "%s%s", i > 0 ? ", " : "", text);
	}
	if (choosing->count > 20)
		ct_buf_puts(&list, ", …");
	platform_format(choosing->choice->wanted, text);
	if (choosing->count == 0)
		return ct_fail(err, "I001", "it holds no image");
	return choose_fail_platform(text, list.data, err);
}

static int choose_platform(struct chosen *chosen, const struct choosing *choosing, struct ct_err *err)
{
	int best = -1;

	for (size_t i = 0; i < choosing->count; i++) {
		int rank = platform_rank(choosing->choice->wanted, &choosing->candidates[i].platform);

		if (rank <= best)
			continue;
		best = rank;
		*chosen = choosing->candidates[i].chosen;
	}
	return best < 0 ? fail_with_platforms(choosing, err) : 0;
}

static bool is_wanted(const struct choosing *choosing, const struct ct_json *descriptor)
{
	return !is_attestation(descriptor) && ct_json_get_string(descriptor, "digest") &&
	       (!choosing->choice->name || choose_is_named(descriptor, choosing->choice->name));
}

static int gather_named(struct choosing *choosing, const struct ct_json *manifests, struct ct_err *err)
{
	const struct ct_json *first = NULL;

	ct_json_each(descriptor, manifests) {
		if (!is_wanted(choosing, descriptor))
			continue;
		if (first && !choosing->choice->name && !are_one_image(first, descriptor))
			return fail_with_names(choosing, manifests, "it holds several images", err);
		first = first ? first : descriptor;
		if (gather(choosing, descriptor, "", 0, err) < 0)
			return -1;
	}
	if (first)
		return 0;
	return fail_with_names(choosing, manifests, "it holds no image of that name, but", err);
}

int choose_image(struct chosen *chosen, const struct ct_json *index, int blobs, const struct choice *choice,
		 struct ct_err *err)
{
	struct choosing choosing = { .choice = choice, .blobs = blobs };
	const struct ct_json *manifests = ct_json_get_typed(index, "manifests", CT_JSON_ARRAY);
	int result;

	if (!manifests)
		return ct_fail(err, "I002", "its index.json lists no manifests");
	result = gather_named(&choosing, manifests, err);
	if (result == 0)
		result = choose_platform(chosen, &choosing, err);
	free(choosing.candidates);
	return result;
}
