/*
 * Any documents as those of an image: the first is a store's index, the others, with U+001E between them, are its blobs. A
 * digest that ends with the digit N is the blob number N; the function through which blobs are read is replaced
 * (meson.build) so that it sees these and no others, and does not ask whether a digest is right.
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "ctst-image/image_config.h"
#include "ctst-image/manage/describe.h"
#include "ctst-image/manage/reach.h"
#include "tests/fuzz/fuzz.h"

#define SEPARATOR 0x1e
#define BLOBS_MAX 10

static struct ct_slice blobs[BLOBS_MAX];
static size_t blob_count;

int __wrap_layout_read(int directory, const struct descriptor *descriptor, struct ct_buf *text, struct ct_err *err);

int __wrap_layout_read(int directory, const struct descriptor *descriptor, struct ct_buf *text, struct ct_err *err)
{
	size_t number = (size_t)(descriptor->digest[CT_DIGEST_LENGTH - 1] - '0');

	(void)directory;
	if (number >= blob_count)
		return ct_fail(err, "I001", "no such blob");
	ct_buf_append(text, blobs[number].text, blobs[number].length);
	return 0;
}

static void split(const char *bytes, size_t length)
{
	const char *end = bytes + length;

	for (blob_count = 0; blob_count < BLOBS_MAX; blob_count++) {
		const char *separator = bytes < end ? memchr(bytes, SEPARATOR, (size_t)(end - bytes)) : NULL;

		if (blob_count + 1 == BLOBS_MAX || !separator)
			separator = end;
		blobs[blob_count] = (struct ct_slice){ bytes, (size_t)(separator - bytes) };
		if (separator == end) {
			blob_count++;
			return;
		}
		bytes = separator + 1;
	}
}

/* What is written is JSON, and what a person sees cannot move the cursor. */
static void check_description(struct pick *pick)
{
	char nowhere[] = "/nonexistent";
	struct ct_project project = { .images = nowhere, .layers = nowhere };
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;
	ct_autobuf json = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	describe_text(pick, &project, &text);
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		fuzz_require((byte >= ' ' && byte != 0x7f) || byte == '\n', "control character 0x%02x", byte);
	}
	if (describe_document(pick, &project, &json, &err) < 0) {
		fuzz_require(strstr(err.message, "nested"), "%s", err.message);
		return;
	}
	doc = ct_json_parse(json.data, json.length, "I002", &err);
	fuzz_require(doc, "%s", err.message);
}

/* What one is called leads to it, unless somebody else is called the same, or it is no URI. */
static void check_names(const struct ct_json *manifests)
{
	size_t checked = 0;

	ct_json_each(descriptor, manifests) {
		const char *digest = ct_json_get_string(descriptor, "digest");
		ct_autofree char *name = lookup_name(descriptor);
		struct ct_err err = CT_ERR_INIT;
		auto_lookup found = LOOKUP_INIT;
		bool itself = false;

		if (!digest || !ct_digest_is_valid(digest) || checked++ > 20)
			continue;
		if (lookup_image(&found, manifests, digest, &err) < 0)
			fuzz_require(strstr(err.message, "can be any of"), "%s", err.message);
		lookup_release(&found);
		if (lookup_image(&found, manifests, name, &err) < 0)
			continue;
		for (size_t i = 0; i < found.count; i++)
			itself = itself || found.descriptors[i] == descriptor;
		fuzz_require(itself || !ct_json_get_string(ct_json_get(descriptor, "annotations"),
							   "io.containust.source"),
			     "'%s' leads elsewhere", name);
	}
}

static void check_reach(const struct ct_json *manifests)
{
	auto_reach reach = REACH_INIT;

	ct_json_each(descriptor, manifests) {
		struct ct_err err = CT_ERR_INIT;

		if (reach_image(&reach, -1, descriptor, &err) < 0)
			fuzz_require(err.code[0], "refused without a code");
	}
}

static void check_images(struct ct_json_doc *index, const struct ct_json *manifests)
{
	static const struct platform wanted = { .os = "linux", .architecture = "amd64" };
	size_t checked = 0;

	ct_json_each(descriptor, manifests) {
		struct pick pick = PICK_INIT;
		struct choice choice = { .spelling = "image://", .wanted = &wanted };
		struct ct_err err = CT_ERR_INIT;
		struct descriptor chosen;
		ct_autofree char *name = lookup_name(descriptor);

		if (checked++ > 20)
			return;
		pick.index = index;
		if (lookup_image(&pick.found, manifests, name, &err) == 0 &&
		    choose_image(&pick.chosen, ct_json_root(index), -1, &choice, &err) == 0) {
			chosen = (struct descriptor){ .type = pick.chosen.manifest_type, .size = -1 };
			strcpy(chosen.digest, pick.chosen.manifest);
			if (manifest_load(&pick.manifest, -1, &chosen, &err) == 0)
				check_description(&pick);
		}
		pick.index = NULL;
		pick_release(&pick);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autojson *index = NULL;
	const struct ct_json *manifests;

	split((const char *)bytes, length);
	index = ct_json_parse(blobs[0].text, blobs[0].length, "S001", &err);
	manifests = index ? ct_json_get_typed(ct_json_root(index), "manifests", CT_JSON_ARRAY) : NULL;
	if (!manifests)
		return 0;
	check_names(manifests);
	check_reach(manifests);
	check_images(index, manifests);
	return 0;
}
