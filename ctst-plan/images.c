#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/template.h"
#include "ctst-plan/check.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/healthcheck.h"

#define MAX_LAYERS ((size_t)512)

/* The text so that the later expansion of templates gives it back: it is not the author of the file who wrote it. */
static const char *quoted(struct ct_arena *arena, const char *text)
{
	ct_autobuf out = CT_BUF_INIT;

	if (!strstr(text, "${"))
		return text;
	ct_template_quote(&out, text);
	return ct_arena_copy(arena, out.data, out.length);
}

static int read_argv(struct ct_arena *arena, const struct ct_json *config, const char *key, const struct place *place,
		     const char ***argv, size_t *count, struct ct_err *err)
{
	const struct ct_json *list = ct_json_get(config, key);
	size_t length = 0;

	if (!list)
		return 0;
	if (check_strings(list, MAX_LIST, PLACE_MEMBER(place, key), err) < 0)
		return -1;
	*argv = ct_arena_array(arena, list->length, sizeof(**argv));
	ct_json_each(item, list)
		(*argv)[length++] = quoted(arena, item->text);
	*count = length;
	return 0;
}

/* "KEY=VALUE" items; where a key is given twice the last one counts, as execve(2)'s readers would have it. */
static int read_env(struct ct_arena *arena, struct image *image, const struct ct_json *config,
		    const struct place *place, struct ct_err *err)
{
	const struct place *env_place = PLACE_MEMBER(place, "env");
	const struct ct_json *list = ct_json_get(config, "env");
	ct_autonames keys = CT_NAMES_INIT;

	if (!list)
		return 0;
	if (check_strings(list, MAX_LIST, env_place, err) < 0)
		return -1;
	image->env = ct_arena_array(arena, list->length, sizeof(*image->env));
	ct_json_each(item, list) {
		const char *equals = strchr(item->text, '=');
		uint32_t index = (uint32_t)image->env_count;
		const char *key;

		if (!equals || equals == item->text)
			return check_fail(err, env_place, "'%s' is not KEY=VALUE", item->text);
		key = ct_arena_copy(arena, item->text, (size_t)(equals - item->text));
		if (ct_names_add(&keys, ct_slice_of(key), index, &index))
			image->env_count++;
		image->env[index] = (struct variable){ key, quoted(arena, equals + 1) };
	}
	return 0;
}

/* "80/tcp" or "80". The ports of a component are those it takes TCP connections on; others are of no use here. */
static bool parse_tcp_port(const char *text, uint16_t *port)
{
	char *end;
	long number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	number = strtol(text, &end, 10);
	if (number < 1 || number > 65535 || (*end != '\0' && strcmp(end, "/tcp") != 0))
		return false;
	*port = (uint16_t)number;
	return true;
}

static int read_ports(struct ct_arena *arena, struct image *image, const struct ct_json *config,
		      const struct place *place, struct ct_err *err)
{
	const struct ct_json *list = ct_json_get(config, "ports");
	uint16_t *ports;
	size_t count = 0;

	if (!list)
		return 0;
	if (check_strings(list, MAX_LIST, PLACE_MEMBER(place, "ports"), err) < 0)
		return -1;
	ports = ct_arena_array(arena, list->length, sizeof(*ports));
	ct_json_each(item, list) {
		if (parse_tcp_port(item->text, &ports[count]))
			count++;
	}
	image->ports = (struct ports){ ports, count };
	return 0;
}

/* Texts of the image; an empty one is as good as none. */
static int read_text(const struct ct_json *config, const char *key, const struct place *place, const char **text,
		     struct ct_err *err)
{
	const struct ct_json *value = ct_json_get(config, key);

	if (!value)
		return 0;
	if (check_string(value, false, PLACE_MEMBER(place, key), text, err) < 0)
		return -1;
	if (value->length == 0)
		*text = NULL;
	return 0;
}

/* What the image leaves out is as docker has it, for which it was written. */
static int read_healthcheck(struct ct_arena *arena, struct image *image, const struct ct_json *config,
			    const struct place *place, struct ct_err *err)
{
	const struct place *check_place = PLACE_MEMBER(place, "healthcheck");
	const struct ct_json *check = ct_json_get(config, "healthcheck");

	image->healthcheck = (struct healthcheck){ .interval_ms = 30000, .timeout_ms = 30000, .retries = 3 };
	if (!check)
		return 0;
	if (check_type(check, CT_JSON_OBJECT, check_place, err) < 0 ||
	    read_argv(arena, check, "command", check_place, &image->health_command, &image->health_count, err) < 0)
		return -1;
	return healthcheck_read_numbers(&image->healthcheck, check, check_place, err);
}

static int read_config(struct ct_arena *arena, struct image *image, const struct ct_json *config,
		       const struct place *place, struct ct_err *err)
{
	if (check_type(config, CT_JSON_OBJECT, place, err) < 0 ||
	    read_argv(arena, config, "entrypoint", place, &image->entrypoint, &image->entrypoint_count, err) < 0 ||
	    read_argv(arena, config, "cmd", place, &image->cmd, &image->cmd_count, err) < 0 ||
	    read_env(arena, image, config, place, err) < 0 || read_ports(arena, image, config, place, err) < 0 ||
	    read_text(config, "user", place, &image->user, err) < 0 ||
	    read_text(config, "workdir", place, &image->workdir, err) < 0 ||
	    read_text(config, "stop_signal", place, &image->stop_signal, err) < 0 ||
	    read_healthcheck(arena, image, config, place, err) < 0)
		return -1;
	if (image->workdir)
		image->workdir = quoted(arena, image->workdir);
	return 0;
}

static int read_layers(struct image *image, const struct ct_json *layers, const struct place *place, struct ct_err *err)
{
	size_t index = 0;

	if (check_strings(layers, MAX_LAYERS, place, err) < 0)
		return -1;
	if (layers->length == 0)
		return check_fail(err, place, "must not be empty");
	ct_json_each(layer, layers) {
		if (layer->text[0] != '/')
			return check_fail(err, PLACE_ITEM(place, index), "'%s' is not an absolute path", layer->text);
		index++;
	}
	image->layers = layers;
	return 0;
}

static int read_image(struct ct_arena *arena, struct image *image, const struct ct_json *object,
		      const struct place *place, struct ct_err *err)
{
	const struct ct_json *digest, *layers, *config, *import;

	if (check_member_string(object, "uri", place, &image->uri, err) < 0)
		return -1;
	image->distroless = ct_json_get_bool(object, "distroless", false);
	digest = ct_json_get(object, "digest");
	if (digest && check_string(digest, true, PLACE_MEMBER(place, "digest"), &image->digest, err) < 0)
		return -1;
	if (digest && !ct_digest_is_valid(image->digest))
		return check_fail(err, PLACE_MEMBER(place, "digest"), "'%s' is not a digest", image->digest);
	layers = ct_json_get(object, "layers");
	if (layers && read_layers(image, layers, PLACE_MEMBER(place, "layers"), err) < 0)
		return -1;
	if (layers && !digest)
		return check_fail(err, PLACE_MEMBER(place, "digest"), "required member is missing");
	import = ct_json_get(object, "import");
	if (import && check_string(import, true, PLACE_MEMBER(place, "import"), &image->import, err) < 0)
		return -1;
	config = ct_json_get(object, "config");
	return config ? read_config(arena, image, config, PLACE_MEMBER(place, "config"), err) : 0;
}

/* Every component that is deployed gets the index of its image. */
static int join_images(struct composition *composition, const struct ct_names *whole, const struct ct_names *slim,
		       struct ct_err *err)
{
	for (size_t i = 0; i < composition->count; i++) {
		struct component *component = &composition->components[i];

		if (component->template_only)
			continue;
		if (!ct_names_get(component->distroless ? slim : whole, ct_slice_of(component->image),
				  &component->image_index))
			return ct_fail(err, "P001", "composition: images: there is none for '%s' of component '%s'",
				       component->image, component->name);
	}
	return 0;
}

int images_read(struct composition *composition, const struct ct_json *root, struct ct_err *err)
{
	const struct place *place = PLACE_MEMBER(NULL, "images");
	const struct ct_json *list = ct_json_get(root, "images");
	/* Of one URI there may be two: the whole one, and a slim one for the components that want that. */
	ct_autonames whole = CT_NAMES_INIT, slim = CT_NAMES_INIT;

	if (!list) {
		check_fail(err, place, "required member is missing");
		return ct_err_hint(
			err, "let 'ctst-image build' go in front: ctst-parse FILE | ctst-image build | ctst-plan");
	}
	if (check_type(list, CT_JSON_ARRAY, place, err) < 0)
		return -1;
	composition->images = ct_arena_array(&composition->arena, list->length, sizeof(*composition->images));
	ct_json_each(object, list) {
		const struct place *item = PLACE_ITEM(place, composition->image_count);
		struct image *image = &composition->images[composition->image_count];

		if (read_image(&composition->arena, image, object, item, err) < 0)
			return -1;
		if (!ct_names_add(image->distroless ? &slim : &whole, ct_slice_of(image->uri),
				  (uint32_t)composition->image_count, NULL))
			return check_fail(err, item, "'%s' is here twice", image->uri);
		composition->image_count++;
	}
	return join_images(composition, &whole, &slim, err);
}
