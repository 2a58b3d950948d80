/* volumes and tmpfs. */
#include <ctype.h>
#include <string.h>

#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/service.h"

static const char no_option[] = "a volume is read-only or writable, and has no other options";

/* A volume as it was asked for. */
struct request {
	struct cause cause;
	const char *source; /* NULL: none */
	const char *target;
	bool readonly;
	bool is_path; /* the source is a path of the host */
};

static bool is_name_byte(char byte)
{
	return (unsigned char)byte < 0x80 && (isalnum((unsigned char)byte) || strchr("_.-", byte));
}

/* The name as the language has it for volumes. */
static const char *volume_name(struct ct_arena *arena, const char *text)
{
	ct_autobuf name = CT_BUF_INIT;

	for (; *text && name.length < NAME_MAX_BYTES; text++) {
		if (is_name_byte(*text) && !(name.length == 0 && strchr(".-", *text)))
			ct_buf_putc(&name, *text);
		else if (name.length > 0)
			ct_buf_putc(&name, '-');
	}
	while (name.length > 0 && name.data[name.length - 1] == '-')
		name.data[--name.length] = '\0';
	if (name.length == 0)
		ct_buf_puts(&name, "volume");
	return ct_arena_take(arena, &name);
}

const char *host_path(struct conversion *all, struct place place, const char *path, bool *template)
{
	*template = path[0] == '~' && (path[1] == '/' || path[1] == '\0');
	if (*template)
		return ct_arena_printf(all->arena, "${env.HOME}%s", path + 1);
	return path_seen_from(all->arena, all->directory, path_absolute(all->arena, place.file->directory, path));
}

static const char *without_slashes_at_end(struct ct_arena *arena, const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return ct_arena_copy(arena, path, length);
}

static bool is_socket_of_docker(const char *source)
{
	const char *name = path_name(source);

	return strcmp(name, "docker.sock") == 0 || strcmp(name, "podman.sock") == 0;
}

/* Of a volume without a name: "web-data" for /data of web. */
static const char *own_volume_name(struct conversion *all, const char *component, const char *target)
{
	/* No name in a compose file begins like that. */
	const char *original = ct_arena_printf(all->arena, ":%s:%s", component, target);

	return name_of(&all->volume_names, all->arena, original,
		       volume_name(all->arena, ct_arena_printf(all->arena, "%s%s", component, target)));
}

void reserve_volume_names(struct conversion *all)
{
	node_each(volume, node_get(all->root, "volumes")) {
		if (volume->key && strcmp(volume_name(all->arena, volume->key), volume->key) == 0)
			name_of(&all->volume_names, all->arena, volume->key, volume->key);
	}
}

void name_own_volumes(struct job *job, struct output_component *copy)
{
	const struct output_property *volumes = copy->properties[PROPERTY_VOLUMES];

	for (struct part *part = volumes ? volumes->parts.first : NULL; part; part = part->next) {
		ct_autobuf target = CT_BUF_INIT;

		if (!part->own_volume)
			continue;
		ct_buf_append(&target, part->own_volume + 1, strcspn(part->own_volume + 1, ":\""));
		part->text = ct_arena_printf(job->all->arena, "\"%s%s",
					     own_volume_name(job->all, copy->name, target.data), part->own_volume);
	}
}

static const char *source_text(struct job *job, const struct request *request, bool *template)
{
	const char *name;

	*template = false;
	if (request->is_path)
		return host_path(job->all, request->cause.place, request->source, template);
	if (request->source) {
		name = name_of(&job->all->volume_names, job->all->arena, request->source,
			       volume_name(job->all->arena, request->source));
		if (strcmp(name, request->source) != 0)
			note(job, request->cause.place, "volumes", request->source, "the volume is called '%s'", name);
		return name;
	}
	name = own_volume_name(job->all, job->service->names[0], request->target);
	note(job, request->cause.place, "volumes", request->target, "the volume without a name is called '%s'", name);
	return name;
}

static void mount(struct job *job, const struct request *request)
{
	const char *source, *target = without_slashes_at_end(job->all->arena, request->target);
	ct_autobuf text = CT_BUF_INIT, all = CT_BUF_INIT;
	struct part *part;
	bool template;

	if (request->is_path && is_socket_of_docker(request->source)) {
		lose(job, request->cause.place, request->cause.key, request->cause.entry,
		     "there is no daemon, and so no socket of one; what asks it for containers cannot work here");
		return;
	}
	if (lose_secret(job, request->cause, request->source) || lose_secret(job, request->cause, target))
		return;
	source = source_text(job, request, &template);
	/* A literal ${ in a path must stay one. */
	append_quoted(&text, source, template);
	text.data[--text.length] = '\0';
	append_quoted(&all, target, false);
	ct_buf_printf(&text, ":%s", all.data + 1);
	if (request->readonly) {
		text.data[--text.length] = '\0';
		ct_buf_puts(&text, ":ro\"");
	}
	part = output_add(&job->all->output, job->component, PROPERTY_VOLUMES, SHAPE_LIST, request->cause,
			  ct_arena_take(job->all->arena, &text));
	if (part && !request->source)
		part->own_volume = part->text + 1 + strlen(source);
}

/* "ro,z": what is in it besides ro and rw is lost. */
static void read_options(struct job *job, struct request *request, const char *options)
{
	while (*options) {
		size_t length = strcspn(options, ",");
		const char *option = ct_arena_copy(job->all->arena, options, length);

		if (strcmp(option, "ro") == 0)
			request->readonly = true;
		else if (strcmp(option, "rw") != 0 && strcmp(option, "consistent") != 0 && *option)
			lose(job, request->cause.place, "volumes",
			     ct_arena_printf(job->all->arena, "%s (%s)", request->target, option), "%s",
			     strcasecmp(option, "z") == 0 ? "there are no labels of SELinux to change" : no_option);
		options += length + (options[length] == ',');
	}
}

static bool is_path(const char *source)
{
	return source[0] == '/' || source[0] == '~' || source[0] == '.';
}

/* [SOURCE:]TARGET[:OPTIONS] */
static void convert_short(struct job *job, const struct member *item)
{
	struct ct_arena *arena = job->all->arena;
	const char *text = node_text(item->value), *colon = text ? strchr(text, ':') : NULL;
	struct request request = { .cause = { item->place, "volumes", text }, .target = text };
	const char *options = NULL;

	if (!text || !*text) {
		lose(job, item->place, "volumes", NULL, "it says nothing");
		return;
	}
	if (colon) {
		const char *behind = strchr(colon + 1, ':');

		request.source = ct_arena_copy(arena, text, (size_t)(colon - text));
		request.target = behind ? ct_arena_copy(arena, colon + 1, (size_t)(behind - colon) - 1) : colon + 1;
		options = behind ? behind + 1 : NULL;
	}
	/* "/data:ro" is a volume without a name. */
	if (request.source && request.target[0] != '/' && !options && request.source[0] == '/') {
		options = request.target;
		request.target = request.source;
		request.source = NULL;
	}
	request.is_path = request.source && is_path(request.source);
	if (options)
		read_options(job, &request, options);
	mount(job, &request);
}

static void lose_tmpfs(struct job *job, struct cause cause, const char *path)
{
	lose(job, cause.place, cause.key, cause.entry,
	     "only /tmp, /run and /dev/shm are kept in memory; a volume for '%.100s' would be on disk", path);
}

/* At or below one of the directories that every container has in memory. */
static bool is_in_memory(const char *path)
{
	static const char *const known[] = { "/tmp", "/run", "/dev/shm" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t length = strlen(known[i]);

		if (strncmp(path, known[i], length) == 0 && (path[length] == '/' || path[length] == '\0'))
			return true;
	}
	return false;
}

static void lose_parts(struct job *job, const struct node *map, const char *part, const char *const *known)
{
	lose_others(job, node_get(map, part), ct_arena_printf(job->all->arena, "volumes.%s", part), known, no_option);
}

static void convert_long(struct job *job, const struct member *item)
{
	static const char *const known[] = { "type", "source", "target", "read_only", "bind", "volume", "tmpfs", NULL };
	static const char *const bind[] = { "create_host_path", NULL }, *const none[] = { NULL };
	static const char *const memory[] = { "type", "target", "tmpfs", "read_only", NULL };
	const struct node *map = item->value;
	const char *type = node_text(node_get(map, "type"));
	struct request request = {
		.cause = { item->place, "volumes", node_text(node_get(map, "target")) },
		.source = node_text(node_get(map, "source")),
		.target = node_text(node_get(map, "target")),
		.readonly = node_is_true(node_get(map, "read_only")),
		.is_path = type && strcmp(type, "bind") == 0,
	};

	if (!request.target || !type) {
		lose(job, item->place, "volumes", request.target, "it needs 'type' and 'target'");
		return;
	}
	if (strcmp(type, "tmpfs") == 0) {
		lose_others(job, map, "volumes", memory, no_option);
		lose_parts(job, map, "tmpfs", none);
		if (request.readonly)
			lose(job, item->place, "volumes.read_only", request.target,
			     "what is kept in memory is writable");
		if (!is_in_memory(request.target))
			lose_tmpfs(job, request.cause, request.target);
		return;
	}
	if (strcmp(type, "volume") != 0 && !request.is_path) {
		lose(job, item->place, "volumes", request.target, "a volume of type '%.40s' cannot be mounted", type);
		return;
	}
	if (request.is_path && !request.source) {
		lose(job, item->place, "volumes", request.target, "a bind needs 'source'");
		return;
	}
	lose_others(job, map, "volumes", known, no_option);
	lose_parts(job, map, "bind", bind);
	lose_parts(job, map, "volume", none);
	if (node_is_false(node_get(node_get(map, "bind"), "create_host_path")))
		lose(job, item->place, "volumes.bind.create_host_path", NULL,
		     "a missing directory inside the project is made");
	mount(job, &request);
}

static const char *target_of(struct job *job, const struct member *item)
{
	const char *text = node_text(item->value), *colon;

	if (item->value->kind == NODE_MAP)
		return node_text(node_get(item->value, "target"));
	colon = text ? strchr(text, ':') : NULL;
	if (!colon || colon[1] != '/')
		return text;
	return ct_arena_copy(job->all->arena, colon + 1, strcspn(colon + 1, ":"));
}

void convert_volumes(struct job *job, const struct member *member)
{
	const struct member **chosen;
	size_t count;

	if (node_is_null(member->value))
		return;
	chosen = last_of_each(job, member->value, target_of, &count);
	for (size_t i = 0; i < count; i++) {
		if (chosen[i]->value->kind == NODE_MAP)
			convert_long(job, chosen[i]);
		else
			convert_short(job, chosen[i]);
	}
}

static void convert_one_tmpfs(struct job *job, const struct node *value)
{
	const char *text = node_text(value);
	const char *path = text ? ct_arena_copy(job->all->arena, text, strcspn(text, ":")) : NULL;

	if (!path || !*path)
		return;
	if (!is_in_memory(path))
		lose_tmpfs(job, (struct cause){ value->place, "tmpfs", text }, path);
	else if (text[strlen(path)])
		lose(job, value->place, "tmpfs", text, "the size and mode of '%s' are fixed", path);
}

void convert_tmpfs(struct job *job, const struct member *member)
{
	ct_autonames seen = CT_NAMES_INIT;

	if (member->value->kind == NODE_SCALAR) {
		convert_one_tmpfs(job, member->value);
		return;
	}
	node_each(item, member->value) {
		const char *text = node_text(item->value);

		if (text && ct_names_add(&seen, ct_slice_of(text), 0, NULL))
			convert_one_tmpfs(job, item->value);
	}
}
