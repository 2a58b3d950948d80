#include "ctst-image/registry_reference.h"

#include <ctype.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789"
#define LETTERS SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HUB "docker.io"

static int malformed(const char *text, const char *what, const char *code, struct ct_err *err)
{
	ct_fail(err, code, "'%.200s' is no image of a registry: %s", text, what);
	return ct_err_hint(err, "write it as nginx:1.27, registry.example/repository:tag or with @sha256:DIGEST");
}

static bool is_alphanumeric(char byte)
{
	return byte && strchr(SMALL, byte);
}

/* Parts between slashes, each of small letters and digits with '.', '_' and '-' in between: no part is "..". */
static bool is_repository(const char *text)
{
	for (const char *at = text;;) {
		size_t length = strcspn(at, "/");

		if (length == 0 || !is_alphanumeric(at[0]) || !is_alphanumeric(at[length - 1]) ||
		    strspn(at, SMALL "._-") != length)
			return false;
		if (!at[length])
			return true;
		at += length + 1;
	}
}

static bool is_tag(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= 128 && text[0] != '.' && text[0] != '-' && strspn(text, LETTERS "._-") == length;
}

static bool is_port(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= 5 && strspn(text, "0123456789") == length;
}

/* "host", "host:port", "[::1]:port" */
static bool is_registry(const char *text)
{
	size_t host = text[0] == '[' ? 1 + strspn(text + 1, "0123456789abcdefABCDEF:.") : strspn(text, LETTERS ".-");

	if (text[0] == '[' && (host == 1 || text[host++] != ']'))
		return false;
	return host > 0 && text[0] != '.' && text[0] != '-' &&
	       (!text[host] || (text[host] == ':' && is_port(text + host + 1)));
}

/* Cuts the digest off; -1 when what stands there is none. */
static int take_digest(struct reference *reference, char *text)
{
	char *at = strchr(text, '@');

	if (!at)
		return 0;
	if (!ct_digest_is_valid(at + 1))
		return -1;
	strcpy(reference->digest, at + 1);
	*at = '\0';
	return 0;
}

/* Cuts the tag off. */
static int take_tag(struct reference *reference, char *text)
{
	char *slash = strrchr(text, '/');
	char *colon = strchr(slash ? slash : text, ':');

	if (!colon) {
		strcpy(reference->tag, reference->digest[0] ? "" : "latest");
		return 0;
	}
	if (!is_tag(colon + 1))
		return -1;
	strcpy(reference->tag, colon + 1);
	*colon = '\0';
	return 0;
}

static bool looks_like_registry(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr(".:[", text[i]) || isupper((unsigned char)text[i]))
			return true;
	}
	return length == 9 && memcmp(text, "localhost", 9) == 0;
}

static void split(struct reference *reference, const char *text, bool has_registry)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : 0;

	if (!slash || (!has_registry && !looks_like_registry(text, length))) {
		strcpy(reference->registry, HUB);
	} else {
		memcpy(reference->registry, text, length);
		text = slash + 1;
	}
	if (strcmp(reference->registry, "index.docker.io") == 0)
		strcpy(reference->registry, HUB);
	if (strcmp(reference->registry, HUB) == 0 && !strchr(text, '/')) {
		strcpy(reference->repository, "library/");
		reference->repository[8] = '\0';
	}
	strcat(reference->repository, text);
}

int reference_parse(struct reference *reference, const char *text, const char *code, struct ct_err *err)
{
	bool has_scheme = strncmp(text, "oci://", 6) == 0;
	ct_autofree char *rest = ct_strdup(has_scheme ? text + 6 : text);

	*reference = (struct reference){ .registry = "" };
	if (strlen(rest) > REFERENCE_LONGEST - 16)
		return malformed(text, "it is too long", code, err);
	if (take_digest(reference, rest) < 0)
		return malformed(text, "a digest is sha256: and 64 lower-case hexadecimal digits", code, err);
	if (strstr(rest, "://"))
		return malformed(text, "it has a scheme of another kind", code, err);
	if (take_tag(reference, rest) < 0)
		return malformed(text, "a tag has letters, digits, '.', '_' and '-'", code, err);
	split(reference, rest, has_scheme);
	if (!is_registry(reference->registry))
		return malformed(text, "its registry is no host name", code, err);
	if (!is_repository(reference->repository))
		return malformed(text, "a repository has small letters, digits, '.', '_', '-' and '/'", code, err);
	return 0;
}

char *reference_name(const struct reference *reference)
{
	return ct_asprintf("%s/%s%s%s", reference->registry, reference->repository, reference->tag[0] ? ":" : "",
			   reference->tag);
}

bool reference_is_name(const char *text)
{
	const char *colon = strchr(text, ':');
	ct_autofree char *name = colon ? ct_strndup(text, (size_t)(colon - text)) : ct_strdup(text);

	return strlen(text) < REFERENCE_LONGEST && is_repository(name) && (!colon || is_tag(colon + 1));
}
