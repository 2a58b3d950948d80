#include "ctst-parse/convert/discover.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LEVELS 64

static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml" };
static const char *const overrides[] = { "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
					 "docker-compose.override.yaml" };

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static const char *first_of(struct ct_arena *arena, const char *prefix, const char *const *candidates, size_t *index)
{
	for (; *index < NAME_COUNT; (*index)++) {
		const char *path = ct_arena_printf(arena, "%s%s", prefix, candidates[*index]);

		if (access(path, F_OK) == 0)
			return path;
	}
	return NULL;
}

static bool is_root(const char *prefix)
{
	struct stat here, above;
	ct_autobuf path = CT_BUF_INIT;

	ct_buf_printf(&path, "%s.", prefix);
	if (stat(path.data, &here) < 0)
		return true;
	ct_buf_putc(&path, '.');
	return stat(path.data, &above) < 0 || (here.st_dev == above.st_dev && here.st_ino == above.st_ino);
}

static int from_variables(const struct switches *switches, const char ***paths)
{
	const char *list = switches_get(switches, "COMPOSE_FILE");
	const char *separator = switches_get(switches, "COMPOSE_PATH_SEPARATOR");
	size_t count = 0;

	if (list)
		*paths = switches_split(switches->arena, list, separator ? separator : ":", &count);
	return (int)count;
}

int discover(const struct switches *switches, const char ***found, const char **ignored, struct ct_err *err)
{
	struct ct_arena *arena = switches->arena;
	const char **paths;
	int count;

	const char *prefix = "";

	*ignored = NULL;
	count = from_variables(switches, found);
	if (count > 0)
		return count;
	paths = *found = ct_arena_array(arena, 2, sizeof(*paths));
	for (int level = 0; level < MOST_LEVELS; level++) {
		size_t index = 0, override = 0;

		paths[0] = first_of(arena, prefix, names, &index);
		if (paths[0]) {
			index++;
			*ignored = first_of(arena, prefix, names, &index);
			paths[1] = first_of(arena, prefix, overrides, &override);
			return paths[1] ? 2 : 1;
		}
		if (is_root(prefix))
			break;
		prefix = ct_arena_printf(arena, "../%s", prefix);
	}
	ct_fail(err, "E008", "no compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml here or above");
	err->exit_status = CT_EXIT_NOT_FOUND;
	return ct_err_hint(err, "name the compose file");
}
