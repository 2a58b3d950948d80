#include "common/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"

#define STATUS_LIMIT 65536

static const char *const names[] = {
	[CT_CREATED] = "created", [CT_RUNNING] = "running", [CT_RESTARTING] = "restarting",
	[CT_STOPPED] = "stopped", [CT_FAILED] = "failed",
};

static const char *const health_names[] = {
	[CT_HEALTH_NONE] = "",
	[CT_HEALTH_STARTING] = "starting",
	[CT_HEALTH_HEALTHY] = "healthy",
	[CT_HEALTH_UNHEALTHY] = "unhealthy",
};

const char *ct_health_name(enum ct_health health)
{
	return health_names[health];
}

const char *ct_run_state_name(enum ct_run_state state)
{
	return names[state];
}

/* Whoever can take the lock, even shared, knows that no supervisor holds it. */
static bool supervisor_alive(int directory)
{
	return flock(directory, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static void read_process(const struct ct_json *root, const char *key, struct ct_process_id *id)
{
	const struct ct_json *object = ct_json_get(root, key);
	int64_t pid = 0, start_time = 0;

	if (ct_json_get_int(object, "pid", &pid) && ct_json_get_int(object, "start_time", &start_time) && pid > 0 &&
	    pid < INT32_MAX) {
		id->pid = (pid_t)pid;
		id->start_time = (uint64_t)start_time;
	}
}

static void copy(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

static int read_state(const struct ct_json *root, enum ct_run_state *state)
{
	const char *text = ct_json_get_string(root, "state");

	for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], text) == 0) {
			*state = (enum ct_run_state)i;
			return 0;
		}
	}
	return -1;
}

/* What a newer version may call it is none that is known here. */
static enum ct_health read_health(const struct ct_json *root)
{
	const char *text = ct_json_get_string(root, "health");

	for (size_t i = 0; text && i < sizeof(health_names) / sizeof(health_names[0]); i++) {
		if (strcmp(health_names[i], text) == 0)
			return (enum ct_health)i;
	}
	return CT_HEALTH_NONE;
}

static int read_members(const struct ct_json *root, struct ct_status *status)
{
	int64_t exit_code = -1, restarts = 0;
	const char *time;

	if (read_state(root, &status->state) < 0)
		return -1;
	read_process(root, "supervisor", &status->supervisor);
	read_process(root, "init", &status->init);
	ct_json_get_int(root, "exit_code", &exit_code);
	status->health = read_health(root);
	status->oom_killed = ct_json_get_bool(root, "oom_killed", false);
	ct_json_get_int(root, "restarts", &restarts);
	status->exit_code = (int)exit_code;
	status->restarts = (int)restarts;
	time = ct_json_get_string(root, "started_at");
	if (time && ct_parse_time(time, &status->started_at) < 0)
		return -1;
	time = ct_json_get_string(root, "finished_at");
	if (time && ct_parse_time(time, &status->finished_at) < 0)
		return -1;
	copy(status->cgroup, sizeof(status->cgroup), ct_json_get_string(root, "cgroup"));
	copy(status->error, sizeof(status->error), ct_json_get_string(root, "error"));
	return 0;
}

/* What the file says was true when it was written; the lock says what is true now. */
static void correct(struct ct_status *status)
{
	if (status->alive || (status->state != CT_RUNNING && status->state != CT_RESTARTING))
		return;
	status->state = CT_FAILED;
	status->health = CT_HEALTH_NONE;
	status->init.pid = 0;
	if (status->exit_code < 0)
		status->exit_code = 128 + 9;
	if (!status->error[0])
		copy(status->error, sizeof(status->error), "its supervisor was killed");
}

int ct_status_read_at(int parent, const char *path, struct ct_status *status, struct ct_err *err)
{
	ct_autoclose int directory = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	*status = (struct ct_status){ .state = CT_CREATED, .exit_code = -1 };
	if (directory < 0) {
		if (errno == ENOENT)
			return 0;
		return ct_fail_errno(err, "S003", "cannot open '%s'", path);
	}
	/* The lock before the file: a supervisor that ends in between has written its last word already. */
	status->alive = supervisor_alive(directory);
	if (ct_read_file_at(directory, "status.json", STATUS_LIMIT, &text) < 0) {
		if (errno == ENOENT)
			return 0;
		return ct_fail_errno(err, "S001", "cannot read '%s/status.json'", path);
	}
	doc = ct_json_parse(text.data, text.length, "S001", err);
	if (!doc || read_members(ct_json_root(doc), status) < 0) {
		ct_fail(err, "S001", "'%s/status.json' is damaged", path);
		return ct_err_hint(err, "'ctst rm --force' removes the container, 'ctst run' starts it anew");
	}
	correct(status);
	return 0;
}

int ct_status_read(const char *path, struct ct_status *status, struct ct_err *err)
{
	return ct_status_read_at(AT_FDCWD, path, status, err);
}

static void write_process(struct ct_json_writer *writer, const char *key, const struct ct_process_id *id)
{
	if (id->pid <= 0)
		return;
	ct_json_key(writer, key);
	ct_json_open_object(writer);
	ct_json_member_int(writer, "pid", id->pid);
	ct_json_member_int(writer, "start_time", (int64_t)id->start_time);
	ct_json_close_object(writer);
}

static void write_time(struct ct_json_writer *writer, const char *key, int64_t time)
{
	char text[CT_TIME_LENGTH + 1];

	if (time <= 0)
		return;
	ct_format_time(time, text);
	ct_json_member_string(writer, key, text);
}

/*
 * A full disk: the file that is there has its place on it already, so what is true goes there, in one write, filled up with
 * blanks where the old text was longer. A reader may see both for a moment; it would see what is no longer true for good.
 */
static int overwrite(int dirfd, struct ct_buf *text)
{
	ct_autoclose int file = openat(dirfd, "status.json", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat old;
	ssize_t written;

	if (file < 0 || fstat(file, &old) < 0)
		return -1;
	if (old.st_size > STATUS_LIMIT) {
		errno = EFBIG;
		return -1;
	}
	while ((off_t)text->length < old.st_size)
		ct_buf_putc(text, ' ');
	do
		written = pwrite(file, text->data, text->length, 0);
	while (written < 0 && errno == EINTR);
	if (written >= 0 && (size_t)written != text->length)
		errno = ENOSPC;
	return written == (ssize_t)text->length ? 0 : -1;
}

int ct_status_write(int dirfd, const struct ct_status *status)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);
	struct ct_err err = CT_ERR_INIT;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.status/1");
	ct_json_member_string(writer, "state", names[status->state]);
	write_process(writer, "supervisor", &status->supervisor);
	write_process(writer, "init", &status->init);
	if (status->exit_code >= 0)
		ct_json_member_int(writer, "exit_code", status->exit_code);
	if (status->oom_killed)
		ct_json_member_bool(writer, "oom_killed", true);
	ct_json_member_string(writer, "health", status->health ? health_names[status->health] : NULL);
	ct_json_member_int(writer, "restarts", status->restarts);
	write_time(writer, "started_at", status->started_at);
	write_time(writer, "finished_at", status->finished_at);
	ct_json_member_string(writer, "cgroup", status->cgroup[0] ? status->cgroup : NULL);
	ct_json_member_string(writer, "error", status->error[0] ? status->error : NULL);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, &err) < 0) {
		errno = EILSEQ;
		return -1;
	}
	ct_buf_putc(&text, '\n');
	if (ct_replace_file_at(dirfd, "status.json", text.data, text.length, 0600, false) == 0)
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? overwrite(dirfd, &text) : -1;
}
