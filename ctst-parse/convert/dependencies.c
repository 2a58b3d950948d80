/* depends_on and links: CONNECT statements, written once it is known which service has a health check. */
#include <string.h>

#include "ctst-parse/convert/service.h"

static void connect_copies(struct job *job, const struct service *to, struct cause cause)
{
	struct ct_arena *arena = job->all->arena;

	for (size_t i = 0; i < job->service->copies && !output_is_full(&job->all->output); i++) {
		for (size_t j = 0; j < to->copies; j++) {
			const char *edge = ct_arena_printf(arena, "CONNECT %s -> %s", job->service->names[i],
							   to->names[j]);

			if (ct_names_add(&job->all->edges, ct_slice_of(edge), 0, NULL))
				output_statement(&job->all->output, &job->all->output.connections, job->subject, cause,
						 edge);
		}
	}
}

/* The service that is named, if it takes part. */
static const struct service *find_target(struct job *job, const char *name, struct cause cause)
{
	uint32_t number = ct_names_find(&job->all->service_names, ct_slice_of(name));

	if (number == CT_NAME_UNKNOWN)
		lose(job, cause.place, cause.key, name, "there is no service of that name");
	else if (!job->all->services[number].active)
		lose(job, cause.place, cause.key, name, "that service is left out itself");
	else
		return &job->all->services[number];
	return NULL;
}

static void note_wait(struct job *job, struct place place, const struct service *to)
{
	if (to->has_healthcheck && first_time(job->all, "waits for health"))
		note(job, place, "depends_on", to->name,
		     "CONNECT waits until a component that has a health check is healthy; compose waits for its start "
		     "here");
}

static void check_condition(struct job *job, const struct member *item, const struct service *to)
{
	const struct node *settings = item->value;
	const struct member *condition = node_member(settings, "condition");
	const char *word = condition ? node_text(condition->value) : NULL;

	if (!word || strcmp(word, "service_started") == 0) {
		note_wait(job, item->place, to);
		return;
	}
	if (strcmp(word, "service_healthy") == 0) {
		if (!to->has_healthcheck)
			lose(job, condition->place, "depends_on.condition", word,
			     "'%s' has no health check here, so CONNECT waits for its start only; give it a "
			     "healthcheck",
			     to->name);
		return;
	}
	lose(job, condition->place, "depends_on.condition", word,
	     strcmp(word, "service_completed_successfully") == 0
		     ? "CONNECT waits until a component is started or healthy, not until it has ended"
		     : "compose has no such condition");
}

static void check_settings(struct job *job, const struct member *item)
{
	static const char *const known[] = { "condition", "restart", "required", NULL };

	lose_others(job, item->value, "depends_on", known, "compose has no such key");
	if (node_is_true(node_get(item->value, "restart")))
		lose(job, item->place, "depends_on.restart", item->key,
		     "a component is not restarted because another one was");
	if (node_is_false(node_get(item->value, "required")))
		lose(job, item->place, "depends_on.required", item->key, "what a component is connected to must start");
}

static void depend(struct job *job, const struct member *item)
{
	const char *name = item->key ? item->key : node_text(item->value);
	struct cause cause = { item->place, "depends_on", name };
	const struct service *to;

	if (!name) {
		lose(job, item->place, "depends_on", NULL, "it names no service");
		return;
	}
	to = find_target(job, name, cause);
	if (!to)
		return;
	connect_copies(job, to, cause);
	check_condition(job, item, to);
	if (item->key)
		check_settings(job, item);
}

static const char *link_identity(struct job *job, const struct member *item)
{
	const char *text = node_text(item->value);

	return text ? ct_arena_copy(job->all->arena, text, strcspn(text, "=")) : NULL;
}

/* "SERVICE", "SERVICE:ALIAS" */
static void link_to(struct job *job, const struct member *item)
{
	const char *text = node_text(item->value), *colon = strchr(text, ':');
	const char *name = ct_arena_copy(job->all->arena, text, colon ? (size_t)(colon - text) : strlen(text));
	struct cause cause = { item->place, "links", text };
	const struct service *to = find_target(job, name, cause);

	if (!to)
		return;
	connect_copies(job, to, cause);
	if (colon && strcmp(colon + 1, name) != 0)
		lose(job, item->place, "links", text, "it is connected, but found by its own name '%s' only",
		     to->names[0]);
}

static void write_links(struct job *job, const struct node *links)
{
	const struct member **chosen;
	size_t count;

	if (!links || links->kind != NODE_LIST)
		return;
	chosen = last_of_each(job, links, link_identity, &count);
	for (size_t i = 0; i < count; i++) {
		if (node_text(chosen[i]->value))
			link_to(job, chosen[i]);
		else
			lose(job, chosen[i]->place, "links", NULL, "expected SERVICE or SERVICE:ALIAS");
	}
}

/* Connects it to the service, if it is one; what cannot be shared was named where its key was. */
static void connect_to(struct job *job, struct cause cause, const char *name)
{
	uint32_t number = ct_names_find(&job->all->service_names, ct_slice_of(name));

	if (number != CT_NAME_UNKNOWN && &job->all->services[number] != job->service &&
	    job->all->services[number].active)
		connect_copies(job, &job->all->services[number], cause);
}

/* "service:NAME" */
static void connect_to_shared(struct job *job, const char *key)
{
	const struct member *member = node_member(job->service->node, key);
	const char *text = member ? node_text(member->value) : NULL;

	if (text && strncmp(text, "service:", 8) == 0)
		connect_to(job, (struct cause){ member->place, key, text }, text + 8);
}

/* What lives in another service's namespaces, or with its volumes, is started after it. */
static void write_shared(struct job *job)
{
	const struct node *volumes_from = node_get(job->service->node, "volumes_from");

	connect_to_shared(job, "network_mode");
	connect_to_shared(job, "ipc");
	connect_to_shared(job, "pid");
	if (!volumes_from || volumes_from->kind != NODE_LIST)
		return;
	node_each(item, volumes_from) {
		const char *text = node_text(item->value);

		if (text && strncmp(text, "container:", 10) != 0)
			connect_to(job, (struct cause){ item->place, "volumes_from", text },
				   ct_arena_copy(job->all->arena, text, strcspn(text, ":")));
	}
}

void write_connections(struct conversion *all)
{
	for (size_t i = 0; i < all->service_count; i++) {
		struct service *service = &all->services[i];
		struct job job = { all, service, NULL, { "service", service->name } };
		const struct member *depends_on = node_member(service->node, "depends_on");

		if (!service->active)
			continue;
		node_each(item, depends_on ? depends_on->value : NULL)
			depend(&job, item);
		write_links(&job, node_get(service->node, "links"));
		write_shared(&job);
	}
}
