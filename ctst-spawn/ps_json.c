#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/ps.h"
#include "ctst-spawn/usage_json.h"

static void write_time(struct ct_json_writer *writer, const char *key, int64_t time)
{
	char text[CT_TIME_LENGTH + 1];

	if (time <= 0)
		return;
	ct_format_time(time, text);
	ct_json_member_string(writer, key, text);
}

static void write_member(struct ct_json_writer *writer, const struct ct_json *object, const char *key)
{
	const struct ct_json *value = ct_json_get(object, key);

	if (value)
		ct_json_member_value(writer, key, value);
}

/* What is in its configuration only; without one that can be read they are missing. */
static void write_configuration(struct ct_json_writer *writer, const struct ct_state_entry *entry)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;

	if (config_read(entry->directory, &config, &ignored) == 0) {
		const struct ct_json *container = ct_json_get(ct_json_root(config.doc), "container");

		write_member(writer, container, "network");
		write_member(writer, container, "ports");
		write_member(writer, container, "published");
	}
	config_release(&config);
}

static void write_row(struct ct_json_writer *writer, const struct ps_row *row)
{
	const struct ct_status *status = row->status;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "id", row->entry->id);
	ct_json_member_string(writer, "name", row->entry->name);
	ct_json_member_string(writer, "image", row->entry->image);
	ct_json_member_string(writer, "state", ct_run_state_name(status->state));
	ct_json_member_string(writer, "health", status->health ? ct_health_name(status->health) : NULL);
	if (status->exit_code >= 0)
		ct_json_member_int(writer, "exit_code", status->exit_code);
	if (status->oom_killed)
		ct_json_member_bool(writer, "oom_killed", true);
	ct_json_member_int(writer, "restarts", status->restarts);
	if (status->init.pid > 0)
		ct_json_member_int(writer, "pid", status->init.pid);
	if (status->alive && status->supervisor.pid > 0)
		ct_json_member_int(writer, "supervisor_pid", status->supervisor.pid);
	usage_write_json(writer, row->before, row->usage);
	write_configuration(writer, row->entry);
	ct_json_member_string(writer, "created_at", row->entry->created_at);
	write_time(writer, "started_at", status->started_at);
	write_time(writer, "finished_at", status->finished_at);
	ct_json_member_string(writer, "cgroup", status->cgroup[0] ? status->cgroup : NULL);
	ct_json_member_string(writer, "error", status->error[0] ? status->error : NULL);
	ct_json_close_object(writer);
}

int ps_print_json(const struct ps_row *rows, size_t count, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.ps/1");
	ct_json_key(writer, "containers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < count; i++)
		write_row(writer, &rows[i]);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	return ct_write_stdout(text.data, text.length, err);
}
