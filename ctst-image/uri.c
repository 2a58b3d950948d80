#include "ctst-image/uri.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/options.h"

static const struct {
	const char *prefix;
	enum image_scheme scheme;
} schemes[] = {
	{ "file://", IMAGE_DIRECTORY },  { "tar://", IMAGE_ARCHIVE },  { "preset://", IMAGE_PRESET },
	{ "image://", IMAGE_CATALOGUE }, { "oci://", IMAGE_REGISTRY }, { "https://", IMAGE_DOWNLOAD },
};

/* The scheme and what follows it; NULL for an unknown one. */
static const char *split_scheme(const char *text, enum image_scheme *scheme, const char **prefix)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, length) == 0) {
			*scheme = schemes[i].scheme;
			*prefix = schemes[i].prefix;
			return text + length;
		}
	}
	return NULL;
}

/* Cuts the pin off the text. A path may hold an `@`; only the last `@sha256:` is a pin. */
static int take_pin(struct image_uri *uri, char *text, struct ct_err *err)
{
	char *at = NULL;

	for (char *next = strstr(text, "@sha256:"); next; next = strstr(next + 1, "@sha256:"))
		at = next;
	if (!at)
		return 0;
	if (!ct_digest_is_valid(at + 1)) {
		ct_fail(err, "E007", "image '%s' has a malformed pin", text);
		return ct_err_hint(err, "a pin is @sha256: and 64 lower-case hexadecimal digits");
	}
	memcpy(uri->pin, at + 1, sizeof(uri->pin));
	*at = '\0';
	return 0;
}

static bool is_local(enum image_scheme scheme)
{
	return scheme == IMAGE_DIRECTORY || scheme == IMAGE_ARCHIVE;
}

/* Cuts "#name" off; an empty name is none. */
static void take_name(struct image_uri *uri, char *rest)
{
	char *mark = strrchr(rest, '#');

	if (!mark)
		return;
	if (mark[1])
		uri->name = ct_strdup(mark + 1);
	*mark = '\0';
}

static void make_absolute(struct image_uri *uri, const char *prefix, char *rest, const char *directory)
{
	bool marked = strchr(rest, '#') != NULL;

	take_name(uri, rest);
	if (rest[0] == '/') {
		uri->path = ct_strdup(rest);
	} else {
		while (strncmp(rest, "./", 2) == 0)
			rest += strspn(rest + 1, "/") + 1;
		uri->path = ct_asprintf("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, rest);
	}
	uri->place = ct_asprintf("%s%s", prefix, uri->path);
	uri->address = ct_asprintf("%s%s%s", uri->place, marked ? "#" : "", uri->name ? uri->name : "");
}

static void split_version(struct image_uri *uri)
{
	char *colon = strchr(uri->path, ':');

	if (!colon)
		return;
	*colon = '\0';
	uri->version = ct_strdup(colon + 1);
}

bool image_uri_is_remote(const struct image_uri *uri)
{
	return uri->scheme == IMAGE_REGISTRY || uri->scheme == IMAGE_DOWNLOAD;
}

static void name_source(struct image_uri *uri, const char *platform)
{
	bool pinned = image_uri_is_remote(uri) && uri->pin[0];

	free(uri->source);
	uri->source = ct_asprintf("%s%s%s%s%s%s", uri->address, pinned ? "@" : "", pinned ? uri->pin : "",
				  platform ? " [" : "", platform ? platform : "", platform ? "]" : "");
}

int image_uri_parse(struct image_uri *uri, const char *text, const char *directory, struct ct_err *err)
{
	char *copy = ct_strdup(text);
	const char *prefix, *rest;

	*uri = (struct image_uri)IMAGE_URI_INIT;
	if (take_pin(uri, copy, err) < 0) {
		free(copy);
		return -1;
	}
	rest = split_scheme(copy, &uri->scheme, &prefix);
	if (!rest || !rest[0]) {
		free(copy);
		ct_fail(err, "E007", "image '%s' is not a URI this tool knows", text);
		return ct_err_hint(err, "an image is written as file://DIRECTORY, tar://ARCHIVE, image://NAME, "
					"preset://NAME or oci://...@sha256:...");
	}
	if (is_local(uri->scheme)) {
		make_absolute(uri, prefix, copy + (rest - copy), directory);
	} else {
		uri->place = ct_strdup(copy);
		uri->address = ct_strdup(copy);
		uri->path = ct_strdup(rest);
	}
	if (uri->scheme == IMAGE_PRESET)
		split_version(uri);
	name_source(uri, NULL);
	free(copy);
	return 0;
}

void image_uri_set_platform(struct image_uri *uri, const char *platform)
{
	name_source(uri, platform);
}

void image_uri_set_pin(struct image_uri *uri, const char *digest, const char *platform)
{
	strcpy(uri->pin, digest);
	name_source(uri, platform);
}

int image_uri_check_reachable(const struct image_uri *uri, struct ct_err *err)
{
	if (!image_uri_is_remote(uri) || !ct_offline())
		return 0;
	ct_fail(err, "I005", "image '%s' is remote and --offline is set", uri->address);
	return ct_err_hint(err, "`ctst build` once with a network brings it into the store; or use file://DIRECTORY or "
				"tar://ARCHIVE");
}

int image_uri_check_pin(const char *source, const char *pin, const char *digest, struct ct_err *err)
{
	if (!pin[0] || strcmp(pin, digest) == 0)
		return 0;
	return ct_fail(err, "I002", "image '%s' is pinned to %s but its content is %s", source, pin, digest);
}

void image_uri_release(struct image_uri *uri)
{
	free(uri->source);
	free(uri->address);
	free(uri->place);
	free(uri->name);
	free(uri->path);
	free(uri->version);
	*uri = (struct image_uri)IMAGE_URI_INIT;
}
