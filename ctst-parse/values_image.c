#include <ctype.h>
#include <string.h>

#include "common/digest.h"
#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

#define PIN "@sha256:"

bool image_split(struct ct_slice text, struct image_parts *parts)
{
	const char *mark = text.length ? memchr(text.text, ':', text.length) : NULL;
	struct ct_slice rest;
	const char *pin;

	*parts = (struct image_parts){ 0 };
	if (!mark || text.text + text.length - mark < 3 || memcmp(mark, "://", 3) != 0)
		return false;
	parts->scheme = (struct ct_slice){ text.text, (size_t)(mark - text.text) };
	rest = (struct ct_slice){ mark + 3, text.length - parts->scheme.length - 3 };
	pin = rest.length && memchr(rest.text, '@', rest.length) ? memmem(rest.text, rest.length, PIN, sizeof(PIN) - 1)
								 : NULL;
	if (pin) {
		parts->pin = (struct ct_slice){ pin + 1, (size_t)(rest.text + rest.length - pin) - 1 };
		rest.length = (size_t)(pin - rest.text);
	}
	parts->rest = rest;
	return true;
}

static bool ends_with(struct ct_slice text, const char *suffix)
{
	size_t length = strlen(suffix);

	return text.length >= length && memcmp(text.text + text.length - length, suffix, length) == 0;
}

static bool is_archive_name(struct ct_slice text)
{
	return ends_with(text, ".tar") || ends_with(text, ".tar.gz") || ends_with(text, ".tar.zst") ||
	       ends_with(text, ".tar.xz") || ends_with(text, ".tgz");
}

/* Characters of a name in a catalogue or registry: as the OCI distribution specification has them. */
static bool has_only(struct ct_slice text, const char *extra)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.text[i];

		if (!isdigit(byte) && !(byte >= 'a' && byte <= 'z') && !(byte != '\0' && strchr(extra, byte)))
			return false;
	}
	return text.length > 0;
}

/* A tag: letters of both cases, digits, '_', '.', '-', at most 128. */
static bool is_tag(struct ct_slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.text[i];

		if (byte >= 0x80 || (!isalnum(byte) && byte != '_' && (i == 0 || (byte != '.' && byte != '-'))))
			return false;
	}
	return text.length > 0 && text.length <= 128;
}

/* Cuts ":tag" off a name. False when the tag is malformed. */
static bool take_tag(struct ct_slice *name)
{
	const char *colon = name->length ? memrchr(name->text, ':', name->length) : NULL;
	struct ct_slice tag;

	if (!colon)
		return true;
	tag = (struct ct_slice){ colon + 1, (size_t)(name->text + name->length - colon) - 1 };
	if (memchr(tag.text, '/', tag.length))
		return true;
	name->length = (size_t)(colon - name->text);
	return is_tag(tag);
}

static struct diagnostic *image_error(struct checker *checker, const struct value *value, const char *what)
{
	struct ct_slice text = value_text(value);

	return diagnostics_error(checker->diagnostics, "E007", value->span, "invalid image '%.*s': %s", SHOWN(text),
				 what);
}

/* Behind the last '#' is the name of one of several images; it may be empty. As ctst-image/uri.h has it. */
static struct ct_slice without_name(struct ct_slice path)
{
	const char *mark = path.length ? memrchr(path.text, '#', path.length) : NULL;

	return mark ? (struct ct_slice){ path.text, (size_t)(mark - path.text) } : path;
}

/* file:// and tar://: a path from the root, or ./ from the file's directory. */
static void check_local_path(struct checker *checker, const struct value *value, const struct image_parts *parts)
{
	struct ct_slice path = without_name(parts->rest);
	struct diagnostic *problem;

	if (path.length == 0 || ct_slice_is(path, "/")) {
		image_error(checker, value, path.length ? "this is the host's own root" : "the path is missing");
		return;
	}
	if (path.text[0] == '/')
		return;
	if (path.length > 1 && memcmp(path.text, "./", 2) == 0) {
		if (!composition_source(checker->composition, value->span)->directory)
			image_error(checker, value, "a file from the network has nothing beside it");
		return;
	}
	problem = image_error(checker, value, "the path must begin with / or ./");
	diagnostic_hint(problem, "write \"%.*s:///%.*s\" or \"%.*s://./%.*s\"", SHOWN(parts->scheme), SHOWN(path),
			SHOWN(parts->scheme), SHOWN(path));
}

static void check_catalogue_name(struct checker *checker, const struct value *value, const struct image_parts *parts)
{
	struct ct_slice name = parts->rest;

	if (!take_tag(&name))
		image_error(checker, value, "malformed version behind ':'");
	else if (name.length == 0)
		image_error(checker, value, "the name is missing");
	else if (!has_only(name, "._-/") || !isalnum((unsigned char)name.text[0]))
		diagnostic_hint(image_error(checker, value, "malformed name"),
				"a name has small letters, digits, '.', '_' and '-'");
}

static void check_registry_name(struct checker *checker, const struct value *value, const struct image_parts *parts)
{
	struct ct_slice name = parts->rest, registry, repository;
	const char *slash = name.length ? memchr(name.text, '/', name.length) : NULL;

	if (!slash || slash == name.text) {
		diagnostic_hint(image_error(checker, value, "a registry and a repository are needed"),
				"write \"oci://docker.io/library/%.*s\"", SHOWN(name));
		return;
	}
	registry = (struct ct_slice){ name.text, (size_t)(slash - name.text) };
	repository = (struct ct_slice){ slash + 1, name.length - registry.length - 1 };
	if (!take_tag(&repository))
		image_error(checker, value, "malformed tag behind ':'");
	else if (!has_only(repository, "._-/") || !isalnum((unsigned char)repository.text[0]) ||
		 repository.text[repository.length - 1] == '/')
		diagnostic_hint(image_error(checker, value, "malformed repository"),
				"a repository has small letters, digits, '.', '_', '-' and '/'");
	else if (!has_only(registry, ".-:ABCDEFGHIJKLMNOPQRSTUVWXYZ[]"))
		image_error(checker, value, "malformed registry");
}

static void check_url(struct checker *checker, const struct value *value, const struct image_parts *parts)
{
	struct ct_slice path = parts->rest;
	const char *query = path.length ? memchr(path.text, '?', path.length) : NULL;

	if (path.length == 0 || path.text[0] == '/') {
		image_error(checker, value, "the host is missing");
	} else if (memchr(path.text, '@', path.length)) {
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E007", value->span,
						  "invalid image: no user name or password may be in it"),
				"a pin is written @sha256:<64 hex digits>");
	} else {
		path.length = query ? (size_t)(query - path.text) : path.length;
		if (!is_archive_name(path))
			image_error(checker, value, "not the name of an archive (.tar, .tar.gz, .tar.zst, .tar.xz)");
	}
}

static const struct scheme {
	const char *name;
	void (*check)(struct checker *checker, const struct value *value, const struct image_parts *parts);
	bool is_remote;
} schemes[] = {
	{ "file", check_local_path, false },      { "tar", check_local_path, false },
	{ "image", check_catalogue_name, false }, { "preset", check_catalogue_name, false },
	{ "oci", check_registry_name, true },     { "https", check_url, true },
};

#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

static void hint_at_scheme(struct diagnostic *problem, struct ct_slice scheme)
{
	const char *names[SCHEME_COUNT];

	if (!problem)
		return;
	if (ct_slice_is(scheme, "docker") || ct_slice_is(scheme, "registry") || ct_slice_is(scheme, "docker-archive"))
		diagnostic_hint(problem, "images of a registry are written oci://registry/repository@sha256:...");
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		names[i] = schemes[i].name;
	diagnostic_did_you_mean(problem, suggest_word(scheme, names, SCHEME_COUNT));
	diagnostic_hint(problem, "the schemes are file, tar, image, preset, oci and https");
}

/* No scheme at all: a path, or a name as docker writes it. */
static void report_bare(struct checker *checker, const struct value *value)
{
	struct ct_slice text = value_text(value), name = text;
	struct diagnostic *problem = image_error(checker, value, "it does not say where the image comes from");
	const char *scheme = is_archive_name(text) ? "tar" : "file";
	const char *slash = text.length ? memchr(text.text, '/', text.length) : NULL;
	bool has_registry = slash && memchr(text.text, '.', (size_t)(slash - text.text));

	if (text.length == 0) {
		diagnostic_hint(problem, "e.g. \"preset://busybox\"");
		return;
	}
	for (size_t i = 0; i < SCHEME_COUNT; i++) {
		size_t length = strlen(schemes[i].name);

		/* "preset:busybox", "file:/opt/x" */
		if (text.length > length && text.text[length] == ':' && memcmp(text.text, schemes[i].name, length) == 0)
			diagnostic_hint(problem, "did you mean \"%s://%.*s\"?", schemes[i].name,
					SHOWN(((struct ct_slice){ text.text + length + 1, text.length - length - 1 })));
	}
	if (text.text[0] == '/' || (text.length > 1 && memcmp(text.text, "./", 2) == 0)) {
		diagnostic_hint(problem, "did you mean \"%s://%.*s\"?", scheme, SHOWN(text));
		return;
	}
	if (is_archive_name(text)) {
		diagnostic_hint(problem, "did you mean \"tar://./%.*s\"?", SHOWN(text));
		return;
	}
	take_tag(&name);
	if (slash)
		diagnostic_hint(problem, "did you mean \"oci://%s%.*s@sha256:...\"?", has_registry ? "" : "docker.io/",
				SHOWN(text));
	diagnostic_hint(
		problem,
		"did you mean \"preset://%.*s\", \"image://%.*s\" or \"oci://docker.io/library/%.*s@sha256:...\"?",
		SHOWN(text), SHOWN(name), SHOWN(text));
}

static void check_pin(struct checker *checker, const struct value *value, const struct image_parts *parts,
		      const struct scheme *scheme)
{
	char pin[CT_DIGEST_LENGTH + 1];

	if (parts->pin.length == 0) {
		const char *other = parts->rest.length ? memrchr(parts->rest.text, '@', parts->rest.length) : NULL;
		size_t behind = other ? (size_t)(parts->rest.text + parts->rest.length - other) - 1 : 0;

		if (other && behind > 3 && memcmp(other + 1, "sha", 3) == 0)
			image_error(checker, value, "a pin is written @sha256:<64 hex digits>");
		else if (scheme->is_remote)
			diagnostic_hint(image_error(checker, value, "a remote image needs a pin"),
					"add @sha256:<64 hex digits>; 'ctst pull' prints it");
		return;
	}
	if (parts->pin.length == CT_DIGEST_LENGTH) {
		memcpy(pin, parts->pin.text, CT_DIGEST_LENGTH);
		pin[CT_DIGEST_LENGTH] = '\0';
		if (ct_digest_is_valid(pin))
			return;
	}
	diagnostic_hint(image_error(checker, value, "malformed pin"),
			"it is @sha256: and 64 hex digits in small letters");
}

static bool has_space(struct ct_slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.text[i] <= ' ' || text.text[i] == 0x7f)
			return true;
	}
	return false;
}

/* An inherited one has been checked where it is written. Whether it can be had, also offline, is the image stage's to say. */
static void check_scheme(struct checker *checker, const struct value *value, const struct image_parts *parts,
			 const struct scheme *scheme)
{
	size_t errors = checker->diagnostics->errors.total;

	if (checker->checks_inherited)
		return;
	scheme->check(checker, value, parts);
	if (checker->diagnostics->errors.total == errors)
		check_pin(checker, value, parts, scheme);
}

void check_image(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;
	struct image_parts parts;

	if (!check_kind(checker, value, VALUE_STRING, "image") || !check_no_template(checker, value, "image"))
		return;
	if (!image_split(value_text(value), &parts)) {
		report_bare(checker, value);
		return;
	}
	if (has_space(value_text(value))) {
		image_error(checker, value, "there is a space or control character in it");
		return;
	}
	if (ct_slice_is(parts.scheme, "http")) {
		diagnostic_hint(image_error(checker, value, "http:// is not safe against change on the way"),
				"use https://");
		return;
	}
	for (size_t i = 0; i < SCHEME_COUNT; i++) {
		if (ct_slice_is(parts.scheme, schemes[i].name)) {
			check_scheme(checker, value, &parts, &schemes[i]);
			return;
		}
	}
	hint_at_scheme(image_error(checker, value, "unknown scheme"), parts.scheme);
}

void write_image(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	struct ct_slice text = value_text(value);
	const char *directory = composition_source(composition, value->span)->directory;
	struct image_parts parts;

	if (!image_split(text, &parts) || parts.rest.length == 0 || parts.rest.text[0] != '.' ||
	    !(ct_slice_is(parts.scheme, "file") || ct_slice_is(parts.scheme, "tar"))) {
		ct_json_text_string(out, text.text, text.length);
		return;
	}
	/* "./x" is read from the file's directory. */
	ct_json_text_literal(out, "\"");
	ct_json_text_escaped(out, text.text, parts.scheme.length + 3);
	if (strcmp(directory, "/") != 0)
		ct_json_text_escaped(out, directory, strlen(directory));
	ct_json_text_escaped(out, parts.rest.text + 1, (size_t)(text.text + text.length - parts.rest.text) - 1);
	ct_json_text_literal(out, "\"");
}
