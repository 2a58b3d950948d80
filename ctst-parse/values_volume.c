#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/path.h"
#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

/* The ':' that ends a part, not one inside `${…}`; NULL when the part goes on to the end. */
static const char *find_colon(struct ct_slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.text[i] == '$' && i + 1 < text.length && text.text[i + 1] == '{') {
			const char *close = memchr(text.text + i, '}', text.length - i);

			if (!close)
				return NULL;
			i = (size_t)(close - text.text);
		} else if (text.text[i] == ':') {
			return text.text + i;
		}
	}
	return NULL;
}

static struct ct_slice take_part(struct ct_slice *text, bool *more)
{
	const char *colon = find_colon(*text);
	struct ct_slice part = *text;

	*more = colon != NULL;
	if (colon) {
		part.length = (size_t)(colon - text->text);
		text->text = colon + 1;
		text->length -= part.length + 1;
	}
	return part;
}

static bool is_bare_name(struct ct_slice text)
{
	if (text.length == 0 || text.length > 63 || text.text[0] == '.' || text.text[0] == '-')
		return false;
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.text[i];

		if (byte >= 0x80 ||
		    !(strchr("_.-", byte) || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
		      (byte >= 'a' && byte <= 'z')) ||
		    byte == '\0')
			return false;
	}
	return true;
}

static bool begins_with(struct ct_slice text, const char *prefix)
{
	size_t length = strlen(prefix);

	return text.length >= length && memcmp(text.text, prefix, length) == 0;
}

static const char *parse_source_part(struct volume *volume)
{
	struct ct_slice source = volume->source;

	volume->kind = VOLUME_BIND;
	if (source.length == 0)
		return "the host side of the volume is empty";
	if (source.text[0] == '/' || begins_with(source, "./") || ct_slice_is(source, ".") || begins_with(source, "${"))
		return NULL;
	if (is_bare_name(source)) {
		volume->kind = VOLUME_PROJECT;
		return NULL;
	}
	return "the host side of a volume is absolute, begins with ./ or is the name of a volume";
}

const char *volume_parse(struct ct_slice text, struct volume *volume, struct ct_slice *at)
{
	struct ct_slice whole = text;
	const char *problem;
	bool more;

	*volume = (struct volume){ 0 };
	*at = volume->source = take_part(&text, &more);
	problem = parse_source_part(volume);
	if (problem)
		return problem;
	*at = whole;
	if (!more)
		return "a volume needs a place in the container";
	*at = volume->target = take_part(&text, &more);
	if (volume->target.length == 0 || volume->target.text[0] != '/')
		return "the container side of a volume must be absolute";
	if (path_has_dots(volume->target))
		return "the container side of a volume may not have . or .. in it";
	if (path_is_reserved(volume->target))
		return "no volume can be mounted on /, /proc, /sys, /dev or below";
	if (!more)
		return NULL;
	*at = volume->mode = text;
	volume->readonly = ct_slice_is(text, "ro");
	return volume->readonly || ct_slice_is(text, "rw") ? NULL : "the access of a volume is ro or rw";
}

char *value_host_path(const struct composition *composition, const struct value *value, struct ct_slice source)
{
	if (source.text[0] == '.') {
		size_t skip = source.length > 1 ? 2 : 1;

		return path_join(composition_source(composition, value->span)->directory,
				 (struct ct_slice){ source.text + skip, source.length - skip });
	}
	return ct_strndup(source.text, source.length);
}

static void check_host_path(struct checker *checker, const struct value *value, const struct volume *volume)
{
	ct_autofree char *path = NULL;
	struct stat status;

	if (!composition_source(checker->composition, value->span)->directory && volume->source.text[0] == '.') {
		check_error(checker, value->span, "a file from the network has nothing beside it: '%.*s'",
			    SHOWN(volume->source));
		return;
	}
	if (!check_is_deployed(checker))
		return;
	path = value_host_path(checker->composition, value, volume->source);
	/* What lies in the project may be made later, e.g. by the first run itself. */
	if (path_is_inside(path, checker->composition->source->directory) || stat(path, &status) == 0 ||
	    errno == EACCES)
		return;
	diagnostic_hint(check_error(checker, value->span, "host path '%s' does not exist", path),
			"create it, or use a path inside the project (./...)");
}

static void hint_at_volume(struct diagnostic *problem, const struct volume *volume, struct ct_slice at)
{
	static const char *const modes[] = { "ro", "rw" };

	if (!problem)
		return;
	if (at.length > 0 && at.text == volume->mode.text) {
		diagnostic_did_you_mean(problem, suggest_word(at, modes, 2));
	} else if (begins_with(at, "../")) {
		diagnostic_hint(problem, "write ./%.*s", SHOWN(at));
	} else if (begins_with(at, "~")) {
		diagnostic_hint(problem, "~ is the shell's; write the whole path, or ${env.HOME}");
	} else if (volume->target.length == 0 && at.length > 0 && memchr(at.text, '/', at.length) &&
		   at.text[0] != '/') {
		diagnostic_hint(problem, "write ./%.*s", SHOWN(at));
	}
	diagnostic_hint(problem, "write host:container, host:container:ro or host:container:rw");
}

/* Whether the text is a volume; its parts are filled in then. */
static bool check_one_volume(struct checker *checker, const struct value *value, struct volume *volume)
{
	struct value side = *value;
	struct ct_slice at;
	const char *problem;

	if (!check_kind(checker, value, VALUE_STRING, "volume"))
		return false;
	problem = volume_parse(value_text(value), volume, &at);
	if (problem) {
		hint_at_volume(check_error(checker, value->span, "%s: '%.*s'", problem, SHOWN(at)), volume, at);
		return false;
	}
	if (memmem(volume->target.text, volume->target.length, "${", 2)) {
		diagnostics_error(checker->diagnostics, "E017", value->span,
				  "'${...}' is only allowed on the host side of a volume");
		return false;
	}
	side.length = (uint32_t)volume->source.length;
	if (memmem(side.text, side.length, "${", 2))
		return check_template(checker, &side, false);
	if (volume->kind == VOLUME_PROJECT)
		check_extension(checker, value->span, "a volume kept in the project");
	else
		check_host_path(checker, value, volume);
	return true;
}

void check_volume(struct checker *checker, const struct entry *property)
{
	struct volume volume;

	if (property->value.kind == VALUE_LIST)
		diagnostic_hint(check_error(checker, property->value.span, "'volume' must be a string, not a list"),
				"several volumes are called 'volumes'");
	else
		check_one_volume(checker, &property->value, &volume);
}

void check_volumes(struct checker *checker, const struct entry *property)
{
	struct ct_names targets = CT_NAMES_INIT;

	if (!check_kind(checker, &property->value, VALUE_LIST, "volumes"))
		return;
	for (const struct entry *item = property->value.first; item; item = item->next) {
		struct volume volume;

		if (!check_one_volume(checker, &item->value, &volume))
			continue;
		volume.target = path_normalise(volume.target, checker->arena);
		if (!ct_names_add(&targets, volume.target, 0, NULL))
			diagnostics_error(checker->diagnostics, "E018", item->value.span,
					  "two volumes are mounted on '%.*s'", SHOWN(volume.target));
	}
	ct_names_release(&targets);
}

static void write_one_volume(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	struct volume volume;
	struct ct_slice at;

	volume_parse(value_text(value), &volume, &at);
	if (volume.kind == VOLUME_PROJECT) {
		ct_json_text_literal(out, "{\"kind\":\"project\",\"source\":");
		ct_json_text_string(out, volume.source.text, volume.source.length);
	} else {
		ct_autofree char *path = value_host_path(composition, value, volume.source);

		ct_json_text_literal(out, "{\"kind\":\"bind\",\"source\":");
		ct_json_text_string(out, path, strlen(path));
	}
	ct_json_text_literal(out, ",\"target\":\"");
	path_write_normalised(out, volume.target);
	ct_json_text_literal(out, "\",\"readonly\":");
	ct_buf_puts(out, volume.readonly ? "true}" : "false}");
}

void write_volume(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	ct_json_text_literal(out, "[");
	write_one_volume(out, composition, value);
	ct_json_text_literal(out, "]");
}

void write_volumes(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	write_list(out, composition, value, write_one_volume);
}
