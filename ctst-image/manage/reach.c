#include "ctst-image/manage/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-image/choose.h"
#include "ctst-image/layout.h"
#include "ctst-image/store.h"

#define MAX_DOCUMENTS 1000000 /* per image */

/* What a blob is, by who names it. */
enum role { ROLE_MANIFEST, ROLE_CONFIG, ROLE_OTHER };

struct work {
	char digest[CT_DIGEST_LENGTH + 1];
	enum role role;
};

struct walk {
	struct reach *reach;
	int blobs;
	struct work *pending;
	size_t count;
	size_t capacity;
	size_t documents;
};

bool reach_has(const struct ct_names *names, const char *hex)
{
	return ct_names_find(names, ct_slice_of(hex)) != CT_NAME_UNKNOWN;
}

static bool add_name(struct reach *reach, struct ct_names *names, const char *text)
{
	if (reach_has(names, text))
		return false;
	return ct_names_add(names, ct_slice_of(ct_arena_copy(&reach->arena, text, strlen(text))), 0, NULL);
}

/* What has no digest, or another than SHA-256, lies elsewhere and is nobody's concern here. */
static void follow(struct walk *walk, const struct ct_json *descriptor, enum role role)
{
	const char *digest = ct_json_get_string(descriptor, "digest");

	if (!digest || !ct_digest_is_valid(digest) || !add_name(walk->reach, &walk->reach->blobs, digest_hex(digest)) ||
	    role == ROLE_OTHER)
		return;
	if (walk->count == walk->capacity) {
		walk->capacity = walk->capacity ? 2 * walk->capacity : 16;
		walk->pending = ct_realloc_array(walk->pending, walk->capacity, sizeof(*walk->pending));
	}
	strcpy(walk->pending[walk->count].digest, digest);
	walk->pending[walk->count++].role = role;
}

static void follow_all(struct walk *walk, const struct ct_json *list, enum role role)
{
	if (!list || list->type != CT_JSON_ARRAY)
		return;
	ct_json_each(descriptor, list)
		follow(walk, descriptor, role);
}

struct ct_slice reach_stack(struct ct_arena *arena, const char *const *layers, size_t count)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autonames later = CT_NAMES_INIT;
	char digest[CT_DIGEST_LENGTH + 1];

	for (size_t i = count; i > 0; i--) {
		if (ct_names_add(&later, ct_slice_of(layers[i - 1]), 0, NULL))
			ct_buf_printf(&text, "%s ", layers[i - 1]);
	}
	ct_digest(text.length ? text.data : "", text.length, digest);
	return ct_slice_of(ct_arena_copy(arena, digest, CT_DIGEST_LENGTH));
}

/* Configs of other things than images have no diff-ids. */
static void take_config(struct walk *walk, const struct ct_json *config)
{
	const struct ct_json *ids = ct_json_get_typed(ct_json_get(config, "rootfs"), "diff_ids", CT_JSON_ARRAY);
	ct_autofree const char **layers = ct_alloc_array(ids ? ids->length : 0, sizeof(*layers));
	size_t count = 0;

	ct_json_each(id, ids) {
		if (id->type != CT_JSON_STRING || !ct_digest_is_valid(id->text))
			continue;
		add_name(walk->reach, &walk->reach->layers, digest_hex(id->text));
		layers[count++] = digest_hex(id->text);
	}
	if (count > 0)
		ct_names_add(&walk->reach->stacks, reach_stack(&walk->reach->arena, layers, count), 0, NULL);
}

static void take_manifest(struct walk *walk, const struct ct_json *root)
{
	follow_all(walk, ct_json_get(root, "manifests"), ROLE_MANIFEST);
	follow_all(walk, ct_json_get(root, "layers"), ROLE_OTHER);
	follow_all(walk, ct_json_get(root, "blobs"), ROLE_OTHER);
	follow(walk, ct_json_get(root, "config"), ROLE_CONFIG);
	follow(walk, ct_json_get(root, "subject"), ROLE_MANIFEST);
}

/* A config can be anything at all where the manifest is not an image's. */
static int take_document(struct walk *walk, const struct work *work, struct ct_err *err)
{
	struct descriptor descriptor = { .type = "", .size = -1 };
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	struct ct_err parse_err = CT_ERR_INIT;

	strcpy(descriptor.digest, work->digest);
	if (faccessat(walk->blobs, digest_hex(work->digest), F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (layout_read(walk->blobs, &descriptor, &text, err) < 0)
		return -1;
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", &parse_err);
	if (!doc && work->role == ROLE_CONFIG)
		return 0;
	if (!doc) {
		*err = parse_err;
		return ct_err_context(err, "blob %s", work->digest);
	}
	if (work->role == ROLE_CONFIG)
		take_config(walk, ct_json_root(doc));
	else
		take_manifest(walk, ct_json_root(doc));
	return 0;
}

int reach_image(struct reach *reach, int blobs, const struct ct_json *descriptor, struct ct_err *err)
{
	struct walk walk = { .reach = reach, .blobs = blobs };
	int result = 0;

	follow(&walk, descriptor, ROLE_MANIFEST);
	while (result == 0 && walk.count > 0) {
		struct work work = walk.pending[--walk.count];

		result = ++walk.documents > MAX_DOCUMENTS ? ct_fail(err, "I002", "it consists of too many documents")
							  : take_document(&walk, &work, err);
	}
	free(walk.pending);
	return result;
}

void reach_release(struct reach *reach)
{
	ct_names_release(&reach->blobs);
	ct_names_release(&reach->layers);
	ct_names_release(&reach->stacks);
	ct_arena_release(&reach->arena);
}
