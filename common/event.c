#include "common/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"

static const char *const names[] = {
	[CT_EVENT_CREATED] = "created", [CT_EVENT_STARTED] = "started",     [CT_EVENT_RESTARTED] = "restarted",
	[CT_EVENT_HEALTHY] = "healthy", [CT_EVENT_UNHEALTHY] = "unhealthy", [CT_EVENT_DIED] = "died",
	[CT_EVENT_STOPPED] = "stopped", [CT_EVENT_REMOVED] = "removed",
};

const char *ct_event_name(enum ct_event_kind kind)
{
	return names[kind];
}

/* The line's text without its newline. -1: a name that is not UTF-8. */
static int format(const struct ct_event *event, struct ct_buf *line)
{
	struct ct_json_writer *writer = ct_json_writer_new(line, false);
	struct ct_err ignored = CT_ERR_INIT;
	char time[CT_TIME_LENGTH + 1];

	ct_format_time(ct_now(), time);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.event/1");
	ct_json_member_string(writer, "time", time);
	ct_json_member_string(writer, "event", names[event->kind]);
	ct_json_member_string(writer, "id", event->id);
	ct_json_member_string(writer, "name", event->name);
	ct_json_member_string(writer, "image", event->image);
	if (event->exit_code >= 0)
		ct_json_member_int(writer, "exit_code", event->exit_code);
	if (event->oom_killed)
		ct_json_member_bool(writer, "oom_killed", true);
	if (event->restarts >= 0)
		ct_json_member_int(writer, "restarts", event->restarts);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, &ignored);
}

/* Of those that find the file too large at the same time, the one with the lock renames it, unless another just has. */
static void rotate(int state, int file)
{
	struct stat mine, named;

	if (flock(file, LOCK_EX | LOCK_NB) < 0)
		return;
	if (fstat(file, &mine) == 0 && fstatat(state, CT_EVENTS_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
		(void)renameat(state, CT_EVENTS_FILE, state, CT_EVENTS_OLD);
	(void)flock(file, LOCK_UN);
}

int ct_event_append(const char *project_directory, const struct ct_event *event)
{
	ct_autofree char *path = ct_asprintf("%s/.containust/state", project_directory);
	ct_autoclose int state = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autoclose int file = -1;
	ct_autobuf line = CT_BUF_INIT;
	struct stat info;
	ssize_t written;

	if (state < 0)
		return -1;
	if (format(event, &line) < 0) {
		errno = EILSEQ;
		return -1;
	}
	ct_buf_putc(&line, '\n');
	file = openat(state, CT_EVENTS_FILE, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (file < 0 || fstat(file, &info) < 0)
		return -1;
	if (!S_ISREG(info.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	do
		written = write(file, line.data, line.length);
	while (written < 0 && errno == EINTR);
	if (info.st_size >= CT_EVENTS_LIMIT)
		rotate(state, file);
	if (written >= 0 && (size_t)written != line.length)
		errno = ENOSPC;
	return written == (ssize_t)line.length ? 0 : -1;
}
