/* What runs in the container, and as whom: command, entrypoint, user, working_dir, hostname and the rights it has. */
#include <ctype.h>
#include <string.h>

#include "ctst-parse/convert/arguments.h"
#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/service.h"
#include "ctst-parse/convert/words.h"

/* The arguments that the entrypoint begins and ends with, if the command is given to one. */
static void read_entrypoint(struct job *job, enum property_id id, const char **first, const char **last)
{
	const struct node *entrypoint = node_get(job->service->node, "entrypoint");

	*first = *last = NULL;
	if (id != PROPERTY_COMMAND || !entrypoint || entrypoint->kind != NODE_LIST || !entrypoint->first)
		return;
	*first = node_text(entrypoint->first->value);
	*last = node_text(entrypoint->last->value);
}

static void add_argument(struct job *job, enum property_id id, const char *const *items, size_t index,
			 struct cause cause)
{
	const char *first, *before, *text;

	read_entrypoint(job, id, &first, &before);
	if (index > 0)
		before = items[index - 1];
	text = argument_text(job, first ? first : items[0], before, items[index], cause);
	if (text)
		output_text(&job->all->output, job->component, id, SHAPE_LIST, cause, text);
}

static void split_command(struct job *job, const struct member *member, enum property_id id, const char *text)
{
	struct cause cause = { member->place, member->key, NULL };
	struct output *output = &job->all->output;
	struct words words;
	const char *problem = words_split(job->all->arena, text, &words);

	if (problem) {
		lose(job, member->place, member->key, NULL, "%s; write it as a list", problem);
		return;
	}
	output_add(output, job->component, id, SHAPE_LIST, cause, NULL);
	for (size_t i = 0; i < words.count; i++)
		add_argument(job, id, words.items, i, cause);
	if (words.rest)
		lose(job, member->place, member->key, words.rest,
		     "no shell reads the command, in compose neither; write [\"/bin/sh\", \"-c\", \"...\"] for one");
}

static void add_list(struct job *job, const struct node *list, enum property_id id, const char *key)
{
	const char **items = ct_arena_array(job->all->arena, (size_t)list->count + 1, sizeof(*items));
	size_t count = 0;

	node_each(item, list) {
		const char *text = node_text(item->value);
		struct cause cause = { item->place, key, text };

		if (text || item->value->kind == NODE_SCALAR) {
			items[count++] = text ? text : "";
			add_argument(job, id, items, count - 1, cause);
		} else {
			lose(job, item->place, key, NULL, "an argument is text");
		}
	}
}

static void convert_arguments(struct job *job, const struct member *member, enum property_id id)
{
	const struct node *value = member->value;

	/* Without a value the image's own is used. */
	if (node_is_null(value))
		return;
	if (value->kind == NODE_SCALAR) {
		split_command(job, member, id, value->text);
		return;
	}
	output_add(&job->all->output, job->component, id, SHAPE_LIST,
		   (struct cause){ member->place, member->key, NULL }, NULL);
	add_list(job, value, id, member->key);
}

void convert_command(struct job *job, const struct member *member)
{
	convert_arguments(job, member, PROPERTY_COMMAND);
}

void convert_entrypoint(struct job *job, const struct member *member)
{
	convert_arguments(job, member, PROPERTY_ENTRYPOINT);
}

static void convert_word(struct job *job, const struct member *member, enum property_id id)
{
	const char *text = node_text(member->value);

	if (text && *text)
		output_text(&job->all->output, job->component, id, SHAPE_ONE,
			    (struct cause){ member->place, member->key, text }, text);
}

void convert_user(struct job *job, const struct member *member)
{
	convert_word(job, member, PROPERTY_USER);
}

void convert_working_dir(struct job *job, const struct member *member)
{
	convert_word(job, member, PROPERTY_WORKDIR);
}

void convert_hostname(struct job *job, const struct member *member)
{
	const char *text = node_text(member->value);

	/* It is called like its component anyway. */
	if (!text || strcmp(text, job->service->names[0]) != 0 || job->service->copies > 1)
		convert_word(job, member, PROPERTY_HOSTNAME);
}

void convert_container_name(struct job *job, const struct member *member)
{
	const char *text = node_text(member->value);

	if (!text || strcmp(text, job->service->names[0]) != 0)
		lose(job, member->place, "container_name", NULL,
		     "the container is called like its component, '%s', and found by that name",
		     job->service->names[0]);
}

/* A root file system is writable in compose and is not here. */
void finish_read_only(struct job *job)
{
	const struct member *member = node_member(job->service->node, "read_only");
	struct cause cause = { job->service->place, "read_only", NULL };

	if (member && node_is_true(member->value))
		return;
	if (member && member->value->kind == NODE_SCALAR && !node_is_false(member->value) &&
	    !node_is_null(member->value))
		lose(job, member->place, "read_only", NULL, "expected true or false");
	output_add(&job->all->output, job->component, PROPERTY_READONLY, SHAPE_ONE, cause, "false");
}

void convert_init(struct job *job, const struct member *member)
{
	if (node_is_false(member->value))
		lose(job, member->place, "init", NULL,
		     "the first process of a container always is one that reaps and forwards signals");
}

static const char *bare_capability(struct ct_arena *arena, const char *text)
{
	char *name = ct_arena_copy(arena, text, strlen(text));

	for (char *at = name; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return strncmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

static bool drops_all(const struct node *service)
{
	node_each(item, node_get(service, "cap_drop")) {
		if (node_text(item->value) && strcasecmp(node_text(item->value), "ALL") == 0)
			return true;
	}
	return false;
}

/* What a container of docker may do unless it is told otherwise; here it has to be asked for. */
void note_capabilities(struct job *job)
{
	struct place place = job->service->place;

	if (drops_all(job->service->node) || job->component->properties[PROPERTY_CAPABILITIES])
		return;
	if (first_time(job->all, "capabilities"))
		note(job, place, "cap_add", NULL,
		     "docker gives every container capabilities, such as changing the owner of files or the user; here "
		     "it "
		     "has those only that 'capabilities' names. Images that begin as root and change to another user, "
		     "as "
		     "those of databases do, need capabilities = [\"CHOWN\", \"DAC_OVERRIDE\", \"FOWNER\", \"SETGID\", "
		     "\"SETUID\"]");
}

void convert_cap_add(struct job *job, const struct member *member)
{
	ct_autonames seen = CT_NAMES_INIT;

	node_each(item, member->value) {
		const char *text = node_text(item->value);
		const char *name = text ? bare_capability(job->all->arena, text) : "";

		if (strcmp(name, "ALL") == 0)
			lose(job, item->place, "cap_add", text, "name each capability that the service needs");
		else if (*name && ct_names_add(&seen, ct_slice_of(name), 0, NULL))
			output_text(&job->all->output, job->component, PROPERTY_CAPABILITIES, SHAPE_LIST,
				    (struct cause){ item->place, "cap_add", text }, name);
	}
}

/* "seccomp:unconfined" or "seccomp:FILE", also with '='; a file lies beside the compose file. */
static bool set_seccomp(struct job *job, struct place place, const char *text)
{
	const char *value = text + strlen("seccomp:");
	struct cause cause = { place, "security_opt", text };

	if (strncmp(text, "seccomp:", strlen("seccomp:")) != 0 && strncmp(text, "seccomp=", strlen("seccomp=")) != 0)
		return false;
	if (value[0] == '\0' || strncmp(value, "../", 3) == 0)
		return false;
	if (strcmp(value, "unconfined") != 0 && value[0] != '/' && strncmp(value, "./", 2) != 0)
		value = ct_arena_printf(job->all->arena, "./%s", value);
	output_text(&job->all->output, job->component, PROPERTY_SECCOMP, SHAPE_ONE, cause, value);
	return true;
}

void convert_security_opt(struct job *job, const struct member *member)
{
	/* Every container is run like that. */
	static const char *const met[] = { "no-new-privileges", "no-new-privileges:true", "no-new-privileges=true" };

	node_each(item, member->value) {
		const char *text = node_text(item->value);
		bool is_met = !text || set_seccomp(job, item->place, text);

		for (size_t i = 0; i < sizeof(met) / sizeof(met[0]) && !is_met; i++)
			is_met = strcmp(text, met[i]) == 0;
		if (!is_met)
			lose(job, item->place, "security_opt", text,
			     "no-new-privileges is always on; besides it there are profiles of seccomp only");
	}
}

void convert_stop_signal(struct job *job, const struct member *member)
{
	const char *text = node_text(member->value);

	if (text && (strcmp(text, "SIGTERM") == 0 || strcmp(text, "TERM") == 0 || strcmp(text, "15") == 0))
		return;
	lose(job, member->place, "stop_signal", NULL, "the image's own stop signal is used, else SIGTERM");
}

void convert_stop_grace_period(struct job *job, const struct member *member)
{
	const char *text = node_text(member->value);
	int64_t milliseconds;

	if (text && duration_number(text, &milliseconds) && milliseconds == 10000)
		return;
	lose(job, member->place, "stop_grace_period", NULL,
	     "'ctst stop' waits for 10 s; 'ctst stop -t SECONDS' for longer");
}
