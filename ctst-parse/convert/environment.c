/* environment and env_file. */
#include <string.h>

#include "common/identifier.h"
#include "common/secret_names.h"
#include "ctst-parse/convert/dotenv.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/service.h"

/* A variable of the service. */
struct assignment {
	const char *name;
	const char *value; /* NULL: whatever it is where the component is started */
	struct cause cause;
};

/* Each name once, in the order of its first place; the last value wins. */
struct assignments {
	struct assignment *items;
	size_t count, capacity;
	struct ct_names names;
};

static void set(struct job *job, struct assignments *entries, const char *name, const char *value, struct cause cause)
{
	uint32_t number;

	if (!*name) {
		lose(job, cause.place, cause.key, NULL, "a variable without a name");
		return;
	}
	cause.entry = name;
	if (entries->items && ct_names_get(&entries->names, ct_slice_of(name), &number)) {
		entries->items[number] = (struct assignment){ name, value, cause };
		return;
	}
	if (entries->count == entries->capacity) {
		entries->capacity = entries->capacity ? 2 * entries->capacity : 16;
		entries->items = ct_realloc_array(entries->items, entries->capacity, sizeof(*entries->items));
	}
	ct_names_add(&entries->names, ct_slice_of(name), (uint32_t)entries->count, NULL);
	entries->items[entries->count++] = (struct assignment){ name, value, cause };
}

/* "DB_PASSWORD" of "DB_PASSWORD:hunter2": a slip that must not show the value. */
static const char *shown_name(struct job *job, const char *name)
{
	return ct_arena_copy(job->all->arena, name, strcspn(name, ": \t\n"));
}

/* A name alone takes its value from the project's variables; those of the process are asked for when it is started. */
static void set_inherited(struct job *job, struct assignments *entries, const char *name, struct cause cause)
{
	const struct variables *variables = &job->all->loader->variables;
	const struct variable *own = variables_own(variables, ct_slice_of(name));
	const struct variables outside = { .with_process = variables->with_process };

	ct_autobuf value = CT_BUF_INIT;

	if (own && own->value && !variables_get(&outside, ct_slice_of(name))) {
		secret_put(&job->all->loader->secrets, ct_slice_of(name), own->value, &value);
		set(job, entries, name, ct_arena_take(job->all->arena, &value), cause);
	} else if (!*name || ct_is_identifier(ct_slice_of(name))) {
		set(job, entries, name, NULL, cause);
	} else {
		lose(job, cause.place, cause.key, shown_name(job, name),
		     "expected NAME=value, or the name of a variable, which has letters, digits and '_' only");
	}
}

/* "DB_PASSWORD:aHVudGVy=": what is in front of the '=' is no name, but a secret. */
static bool hides_secret(struct job *job, const char *text, const char *equals)
{
	const char *name = shown_name(job, text);

	return strlen(name) < (size_t)(equals - text) && ct_name_is_secret(ct_slice_of(name));
}

static void read_pair(struct job *job, struct assignments *entries, const struct member *item, const char *key)
{
	const char *text = node_text(item->value), *equals = text ? strchr(text, '=') : NULL;
	struct cause cause = { item->place, key, NULL };

	if (!text)
		lose(job, item->place, key, NULL, "expected NAME=value");
	else if (equals && hides_secret(job, text, equals))
		lose(job, item->place, key, shown_name(job, text), "expected NAME=value");
	else if (equals)
		set(job, entries, ct_arena_copy(job->all->arena, text, (size_t)(equals - text)), equals + 1, cause);
	else
		set_inherited(job, entries, text, cause);
}

static void note_number(struct job *job, const struct member *member, const char *key, const char *text,
			const char *plain)
{
	if (ct_name_is_secret(ct_slice_of(member->key)))
		note(job, member->place, key, member->key,
		     "without quotes it is a number, which compose writes in another way than it stands here");
	else
		note(job, member->place, key, member->key,
		     "without quotes it is a number, and becomes '%.40s' as in compose; quote it to keep '%.40s'",
		     plain, text);
}

static void read_member(struct job *job, struct assignments *entries, const struct member *member, const char *key)
{
	const struct node *value = member->value;
	struct cause cause = { member->place, key, NULL };
	const char *text = node_text(value), *plain;

	if (value->kind != NODE_SCALAR) {
		lose(job, member->place, key, member->key, "the value of a variable is text, not a list or map");
		return;
	}
	if (!text) {
		set_inherited(job, entries, member->key, cause);
		return;
	}
	plain = value->plain && value->tag == TAG_NONE ? plain_value(job->all->arena, text) : text;
	if (plain != text && strcasecmp(plain, text) != 0)
		note_number(job, member, key, text, plain);
	set(job, entries, member->key, plain, cause);
}

static void read_environment(struct job *job, struct assignments *entries, const struct node *environment)
{
	if (node_is_null(environment))
		return;
	node_each(item, environment) {
		if (item->key)
			read_member(job, entries, item, "environment");
		else
			read_pair(job, entries, item, "environment");
	}
}

static void take_file(struct job *job, struct assignments *entries, struct variables *file, struct place place)
{
	const struct cause cause = { place, "env_file", NULL };

	for (size_t i = 0; i < file->count; i++) {
		if (file->items[i].value)
			set(job, entries, file->items[i].name, file->items[i].value, cause);
		else
			set_inherited(job, entries, file->items[i].name, cause);
	}
}

/* The values of one file. Later ones see those of the files before. */
static void read_file(struct job *job, struct assignments *entries, const struct node *written, bool required, bool raw)
{
	struct conversion *all = job->all;
	const char *path = path_absolute(all->arena, written->place.file->directory, written->text);
	struct variables file = { .secrets = &all->loader->secrets };
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;

	if (lose_secret(job, (struct cause){ written->place, "env_file", written->text }, written->text))
		return;
	if (!all->options->files) {
		lose(job, written->place, "env_file", written->text, "files are not read here");
		return;
	}
	if (file_read(path, DOTENV_MAX_BYTES, "a file of variables", false, &text, &err) < 0) {
		if (required)
			lose(job, written->place, "env_file", written->text, "%s", err.message);
		else
			note(job, written->place, "env_file", written->text, "not there, and not required");
		return;
	}
	if (dotenv_read(text.data ? text.data : "", text.length, &all->loader->variables, raw, false, all->arena, &file,
			&err) < 0)
		lose(job, written->place, "env_file", written->text, "%s", err.message);
	else
		take_file(job, entries, &file, written->place);
	variables_release(&file);
}

static void read_file_item(struct job *job, struct assignments *entries, const struct node *item)
{
	static const char *const known[] = { "path", "required", "format", NULL };
	const struct node *path = item->kind == NODE_MAP ? node_get(item, "path") : item;
	const char *format = node_text(node_get(item, "format"));

	lose_others(job, item, "env_file", known, "compose has no such key");
	if (!node_text(path)) {
		lose(job, item->place, "env_file", NULL, "it names no file");
		return;
	}
	if (format && strcmp(format, "raw") != 0) {
		lose(job, item->place, "env_file", path->text, "the format '%.40s' is not known", format);
		return;
	}
	read_file(job, entries, path, !node_is_false(node_get(item, "required")), format);
}

static void read_files(struct job *job, struct assignments *entries, const struct node *files)
{
	ct_autonames seen = CT_NAMES_INIT;

	if (node_is_null(files))
		return;
	if (files->kind != NODE_LIST) {
		read_file_item(job, entries, files);
		return;
	}
	node_each(item, files) {
		const char *path = node_text(item->value);

		if (!path || ct_names_add(&seen, ct_slice_of(path), 0, NULL))
			read_file_item(job, entries, item->value);
	}
}

/* Of a name that says so; not a value that is nothing but another secret. */
static bool is_secret(const struct assignment *entry)
{
	if (!entry->value || (is_secret_mark(entry->value) && !entry->value[secret_length(entry->value)]))
		return false;
	return ct_name_is_secret(ct_slice_of(entry->name)) && !ct_value_is_no_secret(ct_slice_of(entry->value));
}

static void append_name(struct ct_buf *out, const char *name)
{
	if (ct_is_identifier(ct_slice_of(name)))
		ct_buf_puts(out, name);
	else
		append_quoted(out, name, true);
	ct_buf_puts(out, " = ");
}

static void note_marks(struct job *job, const struct assignment *entry)
{
	for (const char *mark = secret_find(entry->value); mark; mark = secret_find(mark + secret_length(mark)))
		note_secret(job->all, job->subject, entry->cause, secret_of_mark(job->all->arena, mark));
}

static void write_entry(struct job *job, const struct assignment *entry)
{
	ct_autobuf text = CT_BUF_INIT;
	struct part *part;

	if (lose_secret(job, entry->cause, entry->name))
		return;
	append_name(&text, entry->name);
	if (is_secret(entry)) {
		part = output_add(&job->all->output, job->component, PROPERTY_ENV, SHAPE_MAP, entry->cause,
				  ct_arena_take(job->all->arena, &text));
		if (part)
			part->secret = entry->value;
		return;
	}
	if (entry->value) {
		note_marks(job, entry);
		append_quoted(&text, entry->value, false);
	} else
		ct_buf_printf(&text, "\"${env.%s}\"", entry->name);
	output_add(&job->all->output, job->component, PROPERTY_ENV, SHAPE_MAP, entry->cause,
		   ct_arena_take(job->all->arena, &text));
}

void read_variables(struct job *job)
{
	job->environment = ct_arena_zalloc(job->all->arena, sizeof(*job->environment));
	read_files(job, job->environment, node_get(job->service->node, "env_file"));
	read_environment(job, job->environment, node_get(job->service->node, "environment"));
}

void release_variables(struct job *job)
{
	free(job->environment->items);
	ct_names_release(&job->environment->names);
}

const char *secret_variable(struct job *job, const char *mark, struct cause cause)
{
	struct ct_arena *arena = job->all->arena;
	const char *value = ct_arena_copy(arena, mark, secret_length(mark));
	struct ct_slice variable = secret_variable_name(mark);
	const char *name = ct_arena_copy(arena, variable.text, variable.length);

	for (unsigned further = 2;; further++) {
		struct assignments *all = job->environment;
		const struct assignment *own;
		uint32_t number;

		if (!all->items || !ct_names_get(&all->names, ct_slice_of(name), &number)) {
			set(job, all, name, value, cause);
			return name;
		}
		own = &all->items[number];
		if (!own->value || strcmp(own->value, value) == 0)
			return name;
		name = ct_arena_printf(arena, "%.*s_%u", (int)variable.length, variable.text, further);
	}
}

void finish_environment(struct job *job)
{
	for (size_t i = 0; i < job->environment->count; i++)
		write_entry(job, &job->environment->items[i]);
}
