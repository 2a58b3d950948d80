#include "ctst-spawn/network/make_room.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/network/ports_in_use.h"
#include "ctst-spawn/network/published.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

struct wanted {
	const struct job *job;
	struct published port;
	bool comes_free; /* whoever has it is about to go */
	int socket;      /* -1: not tried */
};

struct room {
	struct wanted *wanted;
	size_t count;
	struct job **leaving; /* whose old container has to stop now */
	size_t leaving_count;
};

static void collect_wanted(const struct deploy *deploy, struct room *room)
{
	size_t most = 0;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct ct_json *list = ct_json_get_typed(deploy->plan->actions[i].container, "published",
							       CT_JSON_ARRAY);

		most += list && job_starts(&deploy->jobs[i]) ? list->length : 0;
	}
	room->wanted = ct_alloc_array(most, sizeof(*room->wanted));
	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct action *action = &deploy->plan->actions[i];

		/* Without an address it is on the host's network, or on none, and publishes nothing. */
		if (!job_starts(&deploy->jobs[i]) || action->address_count == 0)
			continue;
		ct_json_each(item, ct_json_get_typed(action->container, "published", CT_JSON_ARRAY)) {
			struct wanted *wanted = &room->wanted[room->count];

			*wanted = (struct wanted){ .job = &deploy->jobs[i], .socket = -1 };
			room->count += published_read(item, &wanted->port) == 0;
		}
	}
}

static bool collides(const struct published *one, const struct published *other)
{
	if (one->protocol != other->protocol || one->host_port != other->host_port ||
	    one->host.family != other->host.family)
		return false;
	return network_address_is_any(&one->host) || network_address_is_any(&other->host) ||
	       memcmp(one->host.bytes, other->host.bytes, network_address_length(&one->host)) == 0;
}

/* What an old container has and a new one wants. */
static void take_over(struct room *room, struct job *job, const struct published *port, bool *leaves)
{
	for (size_t i = 0; i < room->count; i++) {
		if (!collides(&room->wanted[i].port, port))
			continue;
		room->wanted[i].comes_free = true;
		if (room->wanted[i].job != job && !*leaves) {
			*leaves = true;
			room->leaving[room->leaving_count++] = job;
		}
	}
}

static void look_at_old(struct room *room, struct job *job)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;
	bool leaves = false;

	if (config_read(job->old->directory, &config, &ignored) < 0)
		return;
	ct_json_each(item, config.container.published) {
		struct published port;

		if (published_read(item, &port) == 0)
			take_over(room, job, &port, &leaves);
	}
	config_release(&config);
}

/* With --rollback those that ran are started again. */
static void note_running(struct job *job)
{
	int supervisor = supervisor_open(job->old);

	job->old_stopped = supervisor >= 0;
	if (supervisor >= 0)
		close(supervisor);
}

static int stop_leaving(const struct room *room, struct ct_err *err)
{
	const struct ct_state_entry **entries = ct_alloc_array(room->leaving_count, sizeof(*entries));
	size_t stopped;
	int status;

	for (size_t i = 0; i < room->leaving_count; i++) {
		entries[i] = room->leaving[i]->old;
		note_running(room->leaving[i]);
	}
	status = stop_containers(entries, room->leaving_count, SUPERVISE_STOP_SECONDS, &stopped, err);
	free(entries);
	return status;
}

/* All at the same time, so that two components that want one port are found out. */
static int try_all(struct room *room, struct ct_err *err)
{
	for (size_t i = 0; i < room->count; i++) {
		struct wanted *wanted = &room->wanted[i];

		if (wanted->comes_free)
			continue;
		wanted->socket = published_bind(&wanted->port);
		if (wanted->socket < 0) {
			port_fail(&wanted->port, err);
			return ct_err_context(err, "component '%s'", wanted->job->action->name);
		}
	}
	return 0;
}

int make_room(struct deploy *deploy, struct ct_err *err)
{
	struct room room = { .leaving = ct_alloc_array(deploy->plan->count, sizeof(*room.leaving)) };
	int status = 0;

	collect_wanted(deploy, &room);
	for (size_t i = 0; room.count > 0 && i < deploy->plan->count; i++) {
		if (deploy->jobs[i].kind == JOB_REPLACE || deploy->jobs[i].kind == JOB_DESTROY)
			look_at_old(&room, &deploy->jobs[i]);
	}
	status = try_all(&room, err);
	if (status == 0 && room.leaving_count > 0)
		status = stop_leaving(&room, err);
	for (size_t i = 0; i < room.count; i++) {
		if (room.wanted[i].socket >= 0)
			close(room.wanted[i].socket);
	}
	free(room.wanted);
	free(room.leaving);
	return status;
}
