/* healthcheck. */
#include <string.h>

#include "ctst-parse/convert/arguments.h"
#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/service.h"

#define COLUMNS 100
#define COMPOSE_TIMEOUT "30s" /* compose's default; the language's is shorter */

/* The members of the map; NULL: not given. */
struct check {
	const char *command; /* the list, as it is written */
	const char *interval, *timeout, *start_period;
	int64_t retries;
};

static size_t columns_of(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* As write.c lays out the lists of a component, one level deeper. */
static const char *layout(struct ct_arena *arena, const char *const *arguments, size_t count)
{
	size_t columns = strlen("        command = []");
	ct_autobuf out = CT_BUF_INIT;
	bool broken;

	for (size_t i = 0; i < count; i++)
		columns += columns_of(arguments[i]) + (i > 0 ? 2 : 0);
	broken = columns > COLUMNS;
	ct_buf_puts(&out, broken ? "[\n" : "[");
	for (size_t i = 0; i < count; i++)
		ct_buf_printf(&out, "%s%s%s",
			      broken  ? "            "
			      : i > 0 ? ", "
				      : "",
			      arguments[i], broken ? ",\n" : "");
	ct_buf_puts(&out, broken ? "        ]" : "]");
	return ct_arena_take(arena, &out);
}

/* The arguments of a test, behind its first word. NULL: one holds a secret that cannot be there. */
static const char *list_command(struct job *job, const struct node *list, struct cause cause)
{
	struct ct_arena *arena = job->all->arena;
	const char **arguments = ct_arena_array(arena, list->count, sizeof(*arguments));
	const char *first = node_text(list->first->next->value), *before = NULL;
	size_t count = 0;

	for (const struct member *item = list->first->next; item; item = item->next) {
		const char *plain = node_text(item->value), *text;

		text = argument_text(job, first, before, plain ? plain : "", cause);
		if (!text)
			return NULL;
		arguments[count++] = quoted(arena, text);
		before = plain;
	}
	return layout(arena, arguments, count);
}

static const char *shell_command(struct job *job, const char *text, struct cause cause)
{
	const char *arguments[] = { "\"/bin/sh\"", "\"-c\"", NULL };

	text = shell_text(job, text, cause);
	if (!text)
		return NULL;
	arguments[2] = quoted(job->all->arena, text);
	return layout(job->all->arena, arguments, 3);
}

/* The command as it is written. NULL when there is none to run. */
static const char *read_test(struct job *job, const struct node *test)
{
	struct cause cause = { test->place, "healthcheck.test", NULL };
	const char *word;

	if (test->kind == NODE_SCALAR)
		return shell_command(job, test->text, cause);
	word = test->kind == NODE_LIST && test->first ? node_text(test->first->value) : NULL;
	if (word && strcmp(word, "CMD") == 0 && test->count > 1)
		return list_command(job, test, cause);
	if (word && strcmp(word, "CMD-SHELL") == 0 && test->count == 2 && node_text(test->last->value))
		return shell_command(job, node_text(test->last->value), cause);
	lose(job, test->place, "healthcheck.test", NULL,
	     "expected a string, or a list that begins with CMD or CMD-SHELL");
	return NULL;
}

static const char *read_duration(struct job *job, const struct node *map, const char *key)
{
	const struct member *member = node_member(map, key);
	const char *text = member ? node_text(member->value) : NULL;
	ct_autobuf out = CT_BUF_INIT;
	int64_t milliseconds;

	if (!text)
		return NULL;
	if (!duration_number(text, &milliseconds)) {
		lose(job, member->place, ct_arena_printf(job->all->arena, "healthcheck.%s", key), NULL,
		     "expected a duration such as 30s or 1m30s");
		return NULL;
	}
	/* No time at all means compose's default. */
	if (milliseconds == 0)
		return NULL;
	append_duration(&out, milliseconds);
	return ct_arena_take(job->all->arena, &out);
}

static int64_t read_retries(struct job *job, const struct node *map)
{
	const struct member *member = node_member(map, "retries");
	const char *text = member ? node_text(member->value) : NULL;
	int64_t retries = 0;

	if (text && !whole_number(text, &retries))
		lose(job, member->place, "healthcheck.retries", NULL, "expected a number");
	return retries;
}

static void add_member(struct job *job, struct cause cause, const char *name, const char *value)
{
	output_add(&job->all->output, job->component, PROPERTY_HEALTHCHECK, SHAPE_MAP, cause,
		   ct_arena_printf(job->all->arena, "%s = %s", name, value));
}

static void add_duration(struct job *job, struct cause cause, const char *name, const char *value)
{
	if (value)
		add_member(job, cause, name, ct_arena_printf(job->all->arena, "\"%s\"", value));
}

static bool is_disabled(const struct node *map)
{
	const struct node *test = node_get(map, "test");
	const char *word = node_text(test && test->kind == NODE_LIST && test->first ? test->first->value : test);

	return node_is_true(node_get(map, "disable")) || (word && strcmp(word, "NONE") == 0);
}

static void write_check(struct job *job, const struct member *member, struct check *check)
{
	struct cause cause = { member->place, "healthcheck", NULL };

	add_member(job, cause, "command", check->command);
	add_duration(job, cause, "interval", check->interval);
	add_duration(job, cause, "timeout", check->timeout ? check->timeout : COMPOSE_TIMEOUT);
	if (check->retries > 0)
		add_member(job, cause, "retries", ct_arena_printf(job->all->arena, "%lld", (long long)check->retries));
	add_duration(job, cause, "start_period", check->start_period);
	job->service->has_healthcheck = true;
}

void convert_healthcheck(struct job *job, const struct member *member)
{
	static const char *const known[] = { "test",    "interval",     "timeout",        "retries",
					     "disable", "start_period", "start_interval", NULL };
	const struct node *map = member->value, *test = node_get(map, "test");
	struct check check = { 0 };

	if (node_is_null(map))
		return;
	if (is_disabled(map)) {
		add_member(job, (struct cause){ member->place, "healthcheck", NULL }, "command", "[\"NONE\"]");
		return;
	}
	lose_others(job, map, "healthcheck", known, "compose has no such key");
	if (node_text(node_get(map, "start_interval")))
		lose(job, node_member(map, "start_interval")->place, "healthcheck.start_interval", NULL,
		     "a container that starts is checked more often anyway");
	if (!test) {
		lose(job, member->place, "healthcheck", NULL,
		     "the health check of an image has its own times: write its command as 'test' to change them");
		return;
	}
	check.interval = read_duration(job, map, "interval");
	check.timeout = read_duration(job, map, "timeout");
	check.start_period = read_duration(job, map, "start_period");
	check.retries = read_retries(job, map);
	check.command = read_test(job, test);
	if (check.command)
		write_check(job, member, &check);
}
