#include "ctst-image/manage/lookup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/suggest.h"
#include "ctst-image/choose.h"
#include "ctst-image/store.h"
#include "ctst-image/uri.h"

#define MOST_LISTED 20
#define MOST_SUGGESTED 1000

static const char *annotation(const struct ct_json *descriptor, const char *key)
{
	return ct_json_get_string(ct_json_get(descriptor, "annotations"), key);
}

char *lookup_name(const struct ct_json *descriptor)
{
	const char *source = annotation(descriptor, STORE_SOURCE);
	const char *name = annotation(descriptor, STORE_REF_NAME);
	const char *digest = ct_json_get_string(descriptor, "digest");

	if (source)
		return ct_strdup(source);
	return name ? ct_asprintf("image://%s", name) : ct_strdup(digest ? digest : "?");
}

static void add(struct lookup *found, const struct ct_json *descriptor)
{
	found->descriptors = ct_realloc_array(found->descriptors, found->count + 1, sizeof(*found->descriptors));
	found->descriptors[found->count++] = descriptor;
}

typedef bool (*fits_fn)(const struct ct_json *descriptor, const char *word);

static bool has_source(const struct ct_json *descriptor, const char *word)
{
	const char *source = annotation(descriptor, STORE_SOURCE);

	return source && strcmp(source, word) == 0;
}

/* "tar:///a.tar" for "tar:///a.tar [linux/arm64]", when it is the only one. */
static bool has_source_for_a_platform(const struct ct_json *descriptor, const char *word)
{
	const char *source = annotation(descriptor, STORE_SOURCE);
	size_t length = strlen(word);

	return source && strncmp(source, word, length) == 0 && strncmp(source + length, " [", 2) == 0;
}

static bool has_digest(const struct ct_json *descriptor, const char *word)
{
	const char *digests[] = { ct_json_get_string(descriptor, "digest"),
				  annotation(descriptor, STORE_SOURCE_DIGEST) };
	const char *hex = strncmp(word, "sha256:", 7) == 0 ? word + 7 : word;
	size_t length = strspn(hex, "0123456789abcdef");

	if (length < LOOKUP_SHORTEST || hex[length] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		if (digests[i] && ct_digest_is_valid(digests[i]) && strncmp(digests[i] + 7, hex, length) == 0)
			return true;
	}
	return false;
}

static bool gather(struct lookup *found, const struct ct_json *manifests, fits_fn fits, const char *word)
{
	ct_json_each(descriptor, manifests) {
		const char *digest = ct_json_get_string(descriptor, "digest");

		if (digest && ct_digest_is_valid(digest) && fits(descriptor, word))
			add(found, descriptor);
	}
	return found->count > 0;
}

static bool have_one_digest(const struct lookup *found)
{
	for (size_t i = 1; i < found->count; i++) {
		if (strcmp(ct_json_get_string(found->descriptors[i], "digest"),
			   ct_json_get_string(found->descriptors[0], "digest")) != 0)
			return false;
	}
	return true;
}

/* Under one name, manifests that say for which platform they are. */
static bool are_platforms(const struct lookup *found)
{
	const char *name = annotation(found->descriptors[0], STORE_REF_NAME);

	for (size_t i = 0; i < found->count; i++) {
		const char *its = annotation(found->descriptors[i], STORE_REF_NAME);

		if (!name || !its || strcmp(name, its) != 0 || !ct_json_get(found->descriptors[i], "platform"))
			return false;
	}
	return true;
}

static int fail_ambiguous(const struct lookup *found, const char *word, struct ct_err *err)
{
	ct_autobuf list = CT_BUF_INIT;

	for (size_t i = 0; i < found->count && i < MOST_LISTED; i++) {
		ct_autofree char *name = lookup_name(found->descriptors[i]);

		ct_buf_printf(&list, "%s%.200s (%.19s)", i > 0 ? ", " : "", name,
			      ct_json_get_string(found->descriptors[i], "digest"));
	}
	ct_fail(err, "I001", "'%s' can be any of %zu images: %s%s", word, found->count, list.data,
		found->count > MOST_LISTED ? ", …" : "");
	return ct_err_hint(err, "say which one by its digest or its full name");
}

static int fail_unknown(const struct ct_json *manifests, const char *word, struct ct_err *err)
{
	size_t count = 0;
	ct_autofree char **names = ct_alloc_array(manifests ? manifests->length : 0, sizeof(*names));
	bool bare = !strstr(word, "://");
	const char *close;

	ct_json_each(descriptor, manifests) {
		const char *name = bare ? annotation(descriptor, STORE_REF_NAME) : NULL;

		if (count < MOST_SUGGESTED)
			names[count++] = name ? ct_strdup(name) : lookup_name(descriptor);
	}
	close = ct_suggest(word, (const char *const *)names, count);
	ct_fail(err, "I001", "the store has no image '%s'", word);
	if (close)
		ct_err_hint(err, "did you mean '%s'?", close);
	else
		ct_err_hint(err, "`ctst images` lists what the store holds");
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return -1;
}

/* A pin names what the image's own pin would be: its source's digest, or that of what the index has. */
static int check_pin(const struct lookup *found, const struct image_uri *uri, struct ct_err *err)
{
	const char *digest = annotation(found->descriptors[0], STORE_SOURCE_DIGEST);

	if (uri->scheme == IMAGE_CATALOGUE || !digest)
		digest = ct_json_get_string(found->descriptors[0], "digest");
	return image_uri_check_pin(uri->source, uri->pin, digest, err);
}

static int find_uri(struct lookup *found, const struct ct_json *manifests, const char *word, struct ct_err *err)
{
	char directory[PATH_MAX];
	auto_image_uri uri = IMAGE_URI_INIT;

	if (!getcwd(directory, sizeof(directory)))
		return ct_fail_errno(err, "S004", "cannot find the current directory");
	if (image_uri_parse(&uri, word, directory, err) < 0)
		return -1;
	if (uri.scheme == IMAGE_CATALOGUE)
		gather(found, manifests, choose_is_named, uri.path);
	else if (!gather(found, manifests, has_source, uri.source))
		gather(found, manifests, has_source_for_a_platform, uri.source);
	return found->count > 0 ? check_pin(found, &uri, err) : 0;
}

/* Of a digest, whatever else the image is called. */
static void add_other_names(struct lookup *found, const struct ct_json *manifests)
{
	const char *digest = ct_json_get_string(found->descriptors[0], "digest");

	found->count = 0;
	ct_json_each(descriptor, manifests) {
		const char *its = ct_json_get_string(descriptor, "digest");

		if (its && strcmp(its, digest) == 0)
			add(found, descriptor);
	}
}

int lookup_image(struct lookup *found, const struct ct_json *manifests, const char *word, struct ct_err *err)
{
	*found = (struct lookup)LOOKUP_INIT;
	if (strstr(word, "://")) {
		if (find_uri(found, manifests, word, err) < 0)
			return -1;
	} else if (!gather(found, manifests, choose_is_named, word)) {
		found->by_digest = gather(found, manifests, has_digest, word);
	}
	if (found->count == 0)
		return fail_unknown(manifests, word, err);
	if (!have_one_digest(found) && !are_platforms(found))
		return fail_ambiguous(found, word, err);
	if (found->by_digest)
		add_other_names(found, manifests);
	return 0;
}

void lookup_release(struct lookup *found)
{
	free(found->descriptors);
	*found = (struct lookup)LOOKUP_INIT;
}
