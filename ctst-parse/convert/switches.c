#include "ctst-parse/convert/switches.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-parse/convert/dotenv.h"
#include "ctst-parse/convert/files.h"

static bool is_on(const char *text)
{
	return text && (strcmp(text, "1") == 0 || strcasecmp(text, "t") == 0 || strcasecmp(text, "true") == 0);
}

void switches_begin(struct switches *switches, struct ct_arena *arena, const char **env_files, size_t count)
{
	const char *list = getenv("COMPOSE_ENV_FILES");

	*switches = (struct switches){ .arena = arena, .env_files = env_files, .env_file_count = count };
	switches->variables.with_process = true;
	switches->no_dotenv = is_on(getenv("COMPOSE_DISABLE_ENV_FILE"));
	if (count == 0 && list)
		switches->env_files = switches_split(arena, list, ",", &switches->env_file_count);
}

static int read_file(struct switches *switches, const char *path, struct variables *into, struct ct_err *err)
{
	const struct variables process = { .with_process = true };
	ct_autobuf text = CT_BUF_INIT;

	if (file_read(path, DOTENV_MAX_BYTES, "a file of variables", true, &text, err) < 0)
		return -1;
	if (dotenv_read(text.data ? text.data : "", text.length, &process, false, false, switches->arena, into, err) <
	    0)
		return ct_err_context(err, "%s", path);
	return 0;
}

static int read_files(struct switches *switches, const char *directory, struct variables *into, struct ct_err *err)
{
	const char *dotenv = ct_arena_printf(switches->arena, "%s.env", directory);

	for (size_t i = 0; i < switches->env_file_count; i++) {
		if (read_file(switches, switches->env_files[i], into, err) < 0)
			return -1;
	}
	if (switches->env_file_count > 0 || switches->no_dotenv || access(dotenv, F_OK) < 0)
		return 0;
	return read_file(switches, dotenv, into, err);
}

int switches_read(struct switches *switches, const char *directory, struct ct_err *err)
{
	struct variables read = VARIABLES_INIT;
	int result = read_files(switches, directory, &read, err);

	for (size_t i = 0; i < read.count; i++) {
		if (!variables_own(&switches->variables, ct_slice_of(read.items[i].name)))
			variables_set(&switches->variables, read.items[i].name, read.items[i].value);
	}
	variables_release(&read);
	return result;
}

const char *switches_get(const struct switches *switches, const char *name)
{
	const char *value = variables_get(&switches->variables, ct_slice_of(name));

	return value && *value ? value : NULL;
}

const char **switches_split(struct ct_arena *arena, const char *list, const char *separator, size_t *count)
{
	const char **parts = ct_arena_array(arena, strlen(list) + 1, sizeof(*parts));

	*count = 0;
	while (*list) {
		const char *end = strstr(list, separator);
		size_t length = end ? (size_t)(end - list) : strlen(list);

		if (length > 0)
			parts[(*count)++] = ct_arena_copy(arena, list, length);
		list += length + (end ? strlen(separator) : 0);
	}
	return parts;
}

void switches_release(struct switches *switches)
{
	variables_release(&switches->variables);
}
