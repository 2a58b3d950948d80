#include "ctst-spawn/event_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"

#define MILLISECOND INT64_C(1000000)
#define LONGEST_WAIT_MS 60000 /* a clock that was set must not make an `until` wait for days */

/*
 * The outer ones first: what is made inside one before its watch is there is found by the attempt that follows, what
 * is made later wakes us. A directory that is watched already stays so.
 */
static void add_watches(const struct event_watch *watch)
{
	const uint32_t made = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;

	if (inotify_add_watch(watch->inotify, watch->state, made | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF) >= 0)
		return;
	(void)inotify_add_watch(watch->inotify, watch->project->directory, made);
	(void)inotify_add_watch(watch->inotify, watch->project->root, made);
	(void)inotify_add_watch(watch->inotify, watch->state, made | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF);
}

int event_watch_open(struct event_watch *watch, const struct ct_project *project, struct ct_err *err)
{
	*watch = (struct event_watch){
		.project = project,
		.state = ct_asprintf("%s/state", project->root),
		.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
	};
	if (watch->inotify < 0) {
		ct_fail_errno(err, CT_NO_CODE, "cannot watch '%s'", watch->state);
		ct_err_hint(err, "the limit is in /proc/sys/fs/inotify/max_user_instances");
		event_watch_close(watch);
		return -1;
	}
	add_watches(watch);
	return 0;
}

static void drain(int inotify)
{
	char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(inotify, events, sizeof(events)) > 0)
		;
}

static int milliseconds_until(int64_t until)
{
	int64_t left = until - ct_now();

	if (until == 0)
		return -1;
	if (left <= 0)
		return 0;
	left = (left + MILLISECOND - 1) / MILLISECOND;
	return left < LONGEST_WAIT_MS ? (int)left : LONGEST_WAIT_MS;
}

enum event_wait event_watch_wait(struct event_watch *watch, int64_t until, struct ct_err *err)
{
	struct pollfd watches[] = {
		{ .fd = watch->inotify, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 },
	};
	int ready = poll(watches, 2, milliseconds_until(until));

	if (ready < 0 && errno != EINTR) {
		ct_fail_errno(err, CT_NO_CODE, "cannot wait for events");
		return EVENT_WAIT_FAILED;
	}
	if (ready > 0 && watches[1].revents)
		return EVENT_WAIT_CLOSED;
	if (until > 0 && ct_now() >= until)
		return EVENT_WAIT_TIME;
	drain(watch->inotify);
	add_watches(watch);
	return EVENT_WAIT_CHANGED;
}

void event_watch_close(struct event_watch *watch)
{
	if (watch->inotify >= 0)
		close(watch->inotify);
	free(watch->state);
	*watch = (struct event_watch){ .inotify = -1 };
}
