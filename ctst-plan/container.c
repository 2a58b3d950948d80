#include "ctst-plan/container.h"

#include <ctype.h>
#include <string.h>

/* The property `name` of the component, for messages. */
#define PROPERTY(name) PLACE_MEMBER(NULL, name)

static struct ct_arena *arena_of(struct building *building)
{
	return building->resolver.arena;
}

/* A list of strings with templates, behind what `argv` holds already. */
static int append_resolved(struct building *building, const struct container *container, const char *property,
			   const struct ct_json *list, const char **argv, size_t *count, struct ct_err *err)
{
	size_t index = 0;

	ct_json_each(item, list) {
		const struct place *place = PLACE_ITEM(PROPERTY(property), index);

		if (resolve_text(&building->resolver, container->component, place, item->text, false, &argv[(*count)++],
				 err) < 0)
			return -1;
		index++;
	}
	return 0;
}

static void append_plain(const char **argv, size_t *count, const char **items, size_t item_count)
{
	for (size_t i = 0; i < item_count; i++)
		argv[(*count)++] = items[i];
}

static int reject_args(const struct container *container, struct ct_err *err)
{
	const char *name = container->component->name;

	if (container->arg_count > 0) {
		ct_fail(err, "E006", "component '%s': its command begins with an empty string", name);
		return ct_err_hint(err, "the first word is the program that is started");
	}
	ct_fail(err, "E005", "component '%s' has nothing to run: neither the file nor the image '%s' names a command",
		name, container->image->uri);
	return ct_err_hint(err, "add to %s: command = [\"/path/of/program\", \"argument\"]", name);
}

/*
 * The file's entrypoint drops the image's command too, for that was meant for the
 * image's entrypoint; the file's command replaces the image's only.
 */
static int build_args(struct building *building, struct container *container, struct ct_err *err)
{
	const struct component *component = container->component;
	const struct image *image = container->image;
	size_t most = image->entrypoint_count + image->cmd_count +
		      (component->entrypoint ? component->entrypoint->length : 0) +
		      (component->command ? component->command->length : 0);

	container->args = ct_arena_array(arena_of(building), most, sizeof(*container->args));
	if (component->entrypoint) {
		if (append_resolved(building, container, "entrypoint", component->entrypoint, container->args,
				    &container->arg_count, err) < 0)
			return -1;
	} else {
		append_plain(container->args, &container->arg_count, image->entrypoint, image->entrypoint_count);
	}
	if (component->command) {
		if (append_resolved(building, container, "command", component->command, container->args,
				    &container->arg_count, err) < 0)
			return -1;
	} else if (!component->entrypoint) {
		append_plain(container->args, &container->arg_count, image->cmd, image->cmd_count);
	}
	/* What an image says is known only when it has been imported. */
	if (container->arg_count == 0 && !image->layers)
		return 0;
	if (container->arg_count == 0 || container->args[0][0] == '\0')
		return reject_args(container, err);
	return 0;
}

/* The file's path, else the image's, else the root. */
static int build_workdir(struct building *building, struct container *container, struct ct_err *err)
{
	const struct component *component = container->component;

	container->workdir = container->image->workdir ? container->image->workdir : "/";
	if (component->workdir && resolve_text(&building->resolver, component, PROPERTY("workdir"), component->workdir,
					       false, &container->workdir, err) < 0)
		return -1;
	if (container->workdir[0] != '/' && !has_references(container->workdir))
		return ct_fail(err, "E006", "component '%s': workdir: '%s' is not an absolute path", component->name,
			       container->workdir);
	return 0;
}

/* RFC 1123, section 2.1, for one label or several with dots between them. */
static bool is_hostname(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > 63)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool inside = i > 0 && i + 1 < length && text[i - 1] != '.' && text[i + 1] != '.';

		if (!isalnum((unsigned char)text[i]) && !(inside && (text[i] == '-' || text[i] == '.')))
			return false;
	}
	return true;
}

/* A component's name is its hostname as it is, with '_' and all, for it is the name the others know it by. */
static int build_hostname(struct building *building, struct container *container, struct ct_err *err)
{
	const struct component *component = container->component;

	container->hostname = component->name;
	if (!component->hostname) {
		if (strlen(component->name) <= 63)
			return 0;
		ct_fail(err, "E006", "component '%s': its name is longer than the 63 bytes of a hostname",
			component->name);
		return ct_err_hint(err, "set hostname, or choose a shorter name");
	}
	if (resolve_text(&building->resolver, component, PROPERTY("hostname"), component->hostname, false,
			 &container->hostname, err) < 0)
		return -1;
	if (!has_references(container->hostname) && !is_hostname(container->hostname) &&
	    strcmp(container->hostname, component->name) != 0)
		return ct_fail(err, "E006",
			       "component '%s': hostname: '%s' is not a hostname of at most 63 letters, digits and '-'",
			       component->name, container->hostname);
	return 0;
}

static bool is_volume_name(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > 255 || text[0] == '.' || text[0] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
			return false;
	}
	return true;
}

/* A volume of the project is a directory below .containust/volumes, whatever the environment says later. */
static int check_source(struct building *building, const struct container *container, struct mount *mount,
			const struct place *place, struct ct_err *err)
{
	ct_autobuf path = CT_BUF_INIT;

	if (strcmp(mount->kind, "project") == 0 && is_volume_name(mount->source)) {
		mount->source = ct_arena_printf(arena_of(building), "%s/%s", building->project->volumes, mount->source);
		return 0;
	}
	if (strcmp(mount->kind, "bind") == 0 &&
	    (mount->source[0] == '/' || (strncmp(mount->source, "${", 2) == 0 && has_references(mount->source))))
		return 0;
	place_describe(&path, place);
	return ct_fail(err, "E006", "component '%s': %s: '%s' is neither an absolute path nor the name of a volume",
		       container->component->name, path.data, mount->source);
}

static int build_mounts(struct building *building, struct container *container, struct ct_err *err)
{
	const struct ct_json *volumes = container->component->volumes;

	container->mounts = ct_arena_array(arena_of(building), volumes ? volumes->length : 0,
					   sizeof(*container->mounts));
	ct_json_each(volume, volumes) {
		const struct place *place = PLACE_ITEM(PROPERTY("volumes"), container->mount_count);
		struct mount *mount = &container->mounts[container->mount_count++];

		*mount = (struct mount){ .kind = ct_json_get_string(volume, "kind"),
					 .target = ct_json_get_string(volume, "target"),
					 .readonly = ct_json_get_bool(volume, "readonly", false) };
		if (resolve_text(&building->resolver, container->component, place, ct_json_get_string(volume, "source"),
				 false, &mount->source, err) < 0 ||
		    check_source(building, container, mount, place, err) < 0)
			return -1;
	}
	return 0;
}

static int build_healthcheck(struct building *building, struct container *container, struct ct_err *err)
{
	const struct healthcheck *check = &container->component->healthcheck;
	const struct image *image = container->image;

	container->healthcheck = check->command ? check : &image->healthcheck;
	if (check->none)
		return 0;
	if (!check->command) {
		container->health_command = image->health_command;
		container->health_count = image->health_count;
		return 0;
	}
	container->health_command = ct_arena_array(arena_of(building), check->command->length,
						   sizeof(*container->health_command));
	return append_resolved(building, container, "healthcheck.command", check->command, container->health_command,
			       &container->health_count, err);
}

int container_build(struct building *building, uint32_t index, struct container *container, struct ct_err *err)
{
	const struct component *component = &building->composition->components[index];
	const struct image *image = &building->composition->images[component->image_index];

	*container = (struct container){
		.component = component,
		.image = image,
		.user = component->user ? component->user
			: image->user   ? image->user
					: "",
		.ports = component_ports(building->composition, component),
	};
	if (build_args(building, container, err) < 0 || environment_build(building, index, container, err) < 0 ||
	    build_workdir(building, container, err) < 0 || build_hostname(building, container, err) < 0 ||
	    build_mounts(building, container, err) < 0 || build_healthcheck(building, container, err) < 0)
		return -1;
	return 0;
}
