#include "ctst-image/slim/request.h"

#include <errno.h>
#include <string.h>

#include "ctst-image/slim/accompany.h"
#include "ctst-image/slim/closure.h"
#include "ctst-image/slim/loader_cache.h"

static int malformed(const char *member, struct ct_err *err)
{
	return ct_fail(err, "P001", "the request's member '%s' is missing or malformed", member);
}

static bool are_strings(const struct ct_json *list)
{
	ct_json_each(item, list) {
		if (item->type != CT_JSON_STRING)
			return false;
	}
	return true;
}

void request_command_of_list(struct request *request, struct request_command *command, const struct ct_json *list,
			     const char *whose)
{
	*command = (struct request_command){ .whose = whose };
	command->argv = ct_arena_array(&request->arena, list ? list->length : 0, sizeof(*command->argv));
	ct_json_each(item, list)
		command->argv[command->count++] = item->text;
}

static int read_commands(struct request *request, struct request_group *group, const struct ct_json *list,
			 struct ct_err *err)
{
	if (!list)
		return malformed("commands", err);
	group->commands = ct_arena_array(&request->arena, list->length, sizeof(*group->commands));
	ct_json_each(item, list) {
		const char *whose = ct_json_get_string(item, "for");
		const struct ct_json *argv = ct_json_get_typed(item, "argv", CT_JSON_ARRAY);

		if (!whose || !argv || !are_strings(argv))
			return malformed("commands", err);
		request_command_of_list(request, &group->commands[group->command_count++], argv, whose);
	}
	return 0;
}

static int read_group(struct request *request, const struct ct_json *object, struct ct_err *err)
{
	struct request_group *group = &request->groups[request->group_count++];

	group->environment = ct_json_get_typed(object, "env", CT_JSON_ARRAY);
	group->workdir = ct_json_get_string(object, "workdir");
	if (group->environment && !are_strings(group->environment))
		return malformed("env", err);
	return read_commands(request, group, ct_json_get_typed(object, "commands", CT_JSON_ARRAY), err);
}

int request_read(struct request *request, const struct ct_json *document, struct ct_err *err)
{
	const struct ct_json *groups = ct_json_get_typed(document, "groups", CT_JSON_ARRAY);
	const struct ct_json *includes = ct_json_get_typed(document, "include", CT_JSON_ARRAY);

	if (!groups)
		return malformed("groups", err);
	if (includes && !are_strings(includes))
		return malformed("include", err);
	request->groups = ct_arena_array(&request->arena, groups->length, sizeof(*request->groups));
	request->includes = ct_arena_array(&request->arena, includes ? includes->length : 0,
					   sizeof(*request->includes));
	ct_json_each(item, includes)
		request->includes[request->include_count++] = item->text;
	ct_json_each(object, groups) {
		if (read_group(request, object, err) < 0)
			return -1;
	}
	return 0;
}

static const char *variable(const struct request_group *group, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	ct_json_each(item, group->environment) {
		if (item->length > length && strncmp(item->text, name, length) == 0 && item->text[length] == '=')
			value = item->text + length + 1;
	}
	return value && value[0] ? value : NULL;
}

static void add_locale(struct slim *slim, const char *name)
{
	for (size_t i = 0; i < slim->locale_count; i++) {
		if (strcmp(slim->locales[i].name, name) == 0)
			return;
	}
	if (slim->locale_count < SLIM_MAX_LOCALES)
		slim->locales[slim->locale_count++] = (struct slim_locale){ name, false };
}

void request_set_environment(struct slim *slim, const struct request_group *group)
{
	static const char *const locales[] = { "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG" };
	const char *path = variable(group, "PATH"), *zone = variable(group, "TZ");

	slim->path = path ? path : SLIM_PATH;
	slim->library_path = variable(group, "LD_LIBRARY_PATH");
	slim->workdir = group->workdir && group->workdir[0] == '/' ? group->workdir : "/";
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		const char *locale = variable(group, locales[i]);

		if (locale)
			add_locale(slim, locale);
	}
	if (zone && slim->zone_count < SLIM_MAX_LOCALES)
		slim->zones[slim->zone_count++] = zone;
}

/* Where a program is started it finds its own files. A container whose directory does not exist does not start at all. */
static int take_workdir(struct slim *slim, struct ct_err *err)
{
	static const char reason[] = "the working directory";
	auto_found found = FOUND_INIT;

	if (slim_find(slim, slim->workdir, &found) < 0 || !S_ISDIR(found.status.st_mode) || found.path[0] == '\0')
		return 0;
	if (!slim_is_system_directory(found.path))
		return slim_include(slim, slim->workdir, reason, err);
	slim_take(slim, &found, reason, SLIM_TAKE_FILE);
	return 0;
}

static int carry_out_group(const struct request_group *group, struct slim *slim, struct ct_err *err)
{
	request_set_environment(slim, group);
	for (size_t i = 0; i < group->command_count; i++) {
		const struct request_command *command = &group->commands[i];

		if (slim_take_command(slim, command->argv, command->count, command->whose, err) < 0)
			return -1;
	}
	/* The programs come first, so that what a tree lacks is an error where they need it. */
	if (closure_run(slim, err) < 0 || take_workdir(slim, err) < 0)
		return -1;
	return closure_run(slim, err);
}

int request_carry_out(const struct request *request, struct slim *slim, struct ct_err *err)
{
	for (size_t i = 0; i < request->group_count; i++) {
		if (carry_out_group(&request->groups[i], slim, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < request->include_count; i++) {
		if (slim_include(slim, request->includes[i], "asked for", err) < 0)
			return -1;
	}
	if (closure_run(slim, err) < 0 || accompany(slim, err) < 0)
		return -1;
	loader_cache_take(slim);
	return 0;
}

void request_release(struct request *request)
{
	ct_arena_release(&request->arena);
}
