#include "ctst-parse/convert/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/service.h"
#include "ctst-parse/convert/verify.h"

#define SUGGESTIONS_MAX 1000 /* findings after which nobody reads them */

__attribute__((format(printf, 4, 0))) static void report_in_job(struct job *job, bool loss, struct cause cause,
								const char *format, va_list arguments)
{
	char reason[1000];

	vsnprintf(reason, sizeof(reason), format, arguments);
	if (loss)
		report_loss(job->all->report, job->subject, cause, "%s", reason);
	else
		report_note(job->all->report, job->subject, cause, "%s", reason);
}

void lose(struct job *job, struct place place, const char *key, const char *entry, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_in_job(job, true, (struct cause){ place, key, entry }, format, arguments);
	va_end(arguments);
}

void note(struct job *job, struct place place, const char *key, const char *entry, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_in_job(job, false, (struct cause){ place, key, entry }, format, arguments);
	va_end(arguments);
}

bool lose_secret(struct job *job, struct cause cause, const char *text)
{
	if (!text || !secret_find(text))
		return false;
	output_lose_secret(&job->all->output, job->subject, cause, text);
	return true;
}

void lose_others(struct job *job, const struct node *map, const char *key, const char *const *known, const char *reason)
{
	if (!map || map->kind != NODE_MAP)
		return;
	node_each(member, map) {
		const char *const *name = known;

		while (*name && strcmp(*name, member->key) != 0)
			name++;
		if (!*name && strncmp(member->key, "x-", 2) != 0)
			lose(job, member->place, ct_arena_printf(job->all->arena, "%s.%s", key, member->key), NULL,
			     "%s", reason);
	}
}

const struct member **last_of_each(struct job *job, const struct node *list,
				   const char *(*identity)(struct job *job, const struct member *item), size_t *count)
{
	const struct member **chosen = ct_arena_array(job->all->arena, (size_t)list->count + 1, sizeof(*chosen));
	ct_autonames names = CT_NAMES_INIT;

	*count = 0;
	node_each(item, list) {
		const char *name = identity(job, item);
		uint32_t number = (uint32_t)*count;

		if (!name || ct_names_add(&names, ct_slice_of(name), number, &number))
			number = (uint32_t)(*count)++;
		chosen[number] = item;
	}
	return chosen;
}

bool first_time(struct conversion *all, const char *what)
{
	return ct_names_add(&all->told, ct_slice_of(ct_arena_copy(all->arena, what, strlen(what))), 0, NULL);
}

static void lose_wrong_kind(struct job *job, const struct member *member, enum value_set holds)
{
	static const struct {
		enum value_set kind;
		const char *name;
	} kinds[] = { { HOLDS_TEXT, "text" }, { HOLDS_LIST, "a list" }, { HOLDS_MAP, "a map" } };
	ct_autobuf expected = CT_BUF_INIT;

	for (size_t i = 0; i < 3; i++) {
		if (holds & kinds[i].kind)
			ct_buf_printf(&expected, "%s%s", expected.length ? " or " : "", kinds[i].name);
	}
	lose(job, member->place, member->key, NULL, "expected %s", expected.data);
}

static bool asks_for_nothing(const struct service_key *key, const struct node *value)
{
	const char *text = node_text(value);

	/* Where true is what is done anyway, false asks for something else. */
	if (node_is_null(value) || (node_is_false(value) && !(key->met_by && strcmp(key->met_by, "true") == 0)))
		return true;
	if (value->kind != NODE_SCALAR)
		return value->count == 0;
	return key->met_by && strcmp(text, key->met_by) == 0;
}

/* What it is probably a slip of; looked for once for each key, and not when nobody would read it. */
static const char *suggest_once(struct conversion *all, const char *key)
{
	if (all->report->count > SUGGESTIONS_MAX || strncmp(key, "x-", 2) == 0 ||
	    !first_time(all, ct_arena_printf(all->arena, "key %.64s", key)))
		return NULL;
	return service_key_suggest(key);
}

static void convert_key(struct job *job, const struct member *member)
{
	const struct service_key *key = service_key_find(member->key);

	if (!key) {
		const char *meant = suggest_once(job->all, member->key);

		if (strncmp(member->key, "x-", 2) == 0)
			return;
		lose(job, member->place, member->key, NULL, "compose has no such key%s%s%s",
		     meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	} else if (key->holds && !node_is_null(member->value) && !(key->holds & 1U << member->value->kind)) {
		lose_wrong_kind(job, member, key->holds);
	} else if (key->convert) {
		key->convert(job, member);
	} else if (key->reason && !asks_for_nothing(key, member->value)) {
		lose(job, member->place, member->key, NULL, "%s", key->reason);
	}
}

static void convert_service(struct conversion *all, struct service *service)
{
	struct subject subject = { "service", service->name };
	struct cause cause = { service->place, "image", NULL };
	struct job job = { all, service, output_component(&all->output, service->names[0], subject, cause), subject };

	read_variables(&job);
	node_each(member, service->node)
		convert_key(&job, member);
	finish_environment(&job);
	release_variables(&job);
	finish_ports(&job);
	finish_read_only(&job);
	note_capabilities(&job);
	ct_names_release(&service->targets);
	for (size_t i = 1; i < service->copies; i++)
		name_own_volumes(&job, output_copy(&all->output, job.component, service->names[i]));
}

static void write_head(struct conversion *all, const struct convert_source *sources, size_t count)
{
	ct_autobuf line = CT_BUF_INIT;

	ct_buf_puts(&line, "Converted from");
	for (size_t i = 0; i < count; i++)
		ct_buf_printf(&line, "%s %s", i ? "," : "", path_name(sources[i].shown));
	ct_buf_puts(&line, " by ctst convert.");
	output_comment(all->arena, &all->output.comments, &all->output.last_comment, ct_arena_take(all->arena, &line));
}

static int convert_tree(struct conversion *all, struct ct_buf *out, struct ct_err *err)
{
	if (plan_services(all, err) < 0)
		return -1;
	reserve_volume_names(all);
	reserve_network_names(all);
	for (size_t i = 0; i < all->service_count && !output_is_full(&all->output); i++) {
		if (all->services[i].active)
			convert_service(all, &all->services[i]);
	}
	convert_top_level(all);
	name_secrets(all);
	write_connections(all);
	write_exposures(all);
	return verify_and_write(&all->output, all->directory, out, err);
}

static void conversion_release(struct conversion *all)
{
	ct_names_release(&all->service_names);
	name_table_release(&all->component_names);
	name_table_release(&all->volume_names);
	name_table_release(&all->network_names);
	ct_names_release(&all->archives);
	ct_names_release(&all->edges);
	ct_names_release(&all->told);
	free(all->archive_images);
	free(all->listeners);
	free(all->seen);
}

int convert_text(const struct convert_source *sources, size_t count, const struct convert_options *options,
		 struct report *report, struct ct_buf *out, struct place *at, struct ct_err *err)
{
	struct nodes nodes = { .arena = report->arena };
	struct loader loader = { .options = options, .nodes = &nodes, .report = report };
	struct conversion all = {
		.options = options,
		.arena = report->arena,
		.report = report,
		.loader = &loader,
		.base = sources[0].directory,
		.directory = options->directory ? options->directory : sources[0].directory,
		.output = { .arena = report->arena, .report = report },
		.listeners = ct_alloc_array(PORT_COUNT, sizeof(uint32_t)),
		.seen = ct_alloc_array(PORT_COUNT / 64, sizeof(uint64_t)),
	};
	int result = -1;

	all.root = load_project(&loader, sources, count, err);
	write_head(&all, sources, count);
	if (all.root)
		result = convert_tree(&all, out, err);
	*at = nodes.error_place;
	conversion_release(&all);
	loader_release(&loader);
	return result;
}
