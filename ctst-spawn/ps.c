/* ctst-ps: the containers of a project. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "common/status.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/recover.h"

static const char *file, *output;
static bool all, recover, json;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'a', "all", NULL, "also those that do not run", &all },
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "a table (default) or a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_FLAG, 0, "recover", NULL, "rebuild a damaged state index from the container directories",
	  &recover },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-ps",
	.synopsis = "[-a] [-o text|json] [-f FILE]",
	.summary = "list the containers of a project",
	.options = options,
};

struct row {
	const struct ct_state_entry *entry;
	struct ct_status status;
	struct config config; /* for the ports; empty where it cannot be read */
};

static bool is_shown(const struct row *row)
{
	return all || row->status.state == CT_RUNNING || row->status.state == CT_RESTARTING;
}

static const struct ct_json *ports_of(const struct row *row)
{
	return row->config.doc ? ct_json_get_typed(ct_json_get(ct_json_root(row->config.doc), "container"), "ports",
						   CT_JSON_ARRAY)
			       : NULL;
}

static void print_time(struct ct_json_writer *writer, const char *key, int64_t time)
{
	char text[CT_TIME_LENGTH + 1];

	if (time <= 0)
		return;
	ct_format_time(time, text);
	ct_json_member_string(writer, key, text);
}

static void print_json_row(struct ct_json_writer *writer, const struct row *row)
{
	const struct ct_status *status = &row->status;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "id", row->entry->id);
	ct_json_member_string(writer, "name", row->entry->name);
	ct_json_member_string(writer, "image", row->entry->image);
	ct_json_member_string(writer, "state", ct_run_state_name(status->state));
	if (status->exit_code >= 0)
		ct_json_member_int(writer, "exit_code", status->exit_code);
	ct_json_member_int(writer, "restarts", status->restarts);
	if (status->init.pid > 0)
		ct_json_member_int(writer, "pid", status->init.pid);
	if (status->alive && status->supervisor.pid > 0)
		ct_json_member_int(writer, "supervisor_pid", status->supervisor.pid);
	if (ports_of(row))
		ct_json_member_value(writer, "ports", ports_of(row));
	ct_json_member_string(writer, "created_at", row->entry->created_at);
	print_time(writer, "started_at", status->started_at);
	print_time(writer, "finished_at", status->finished_at);
	ct_json_member_string(writer, "cgroup", status->cgroup[0] ? status->cgroup : NULL);
	ct_json_member_string(writer, "error", status->error[0] ? status->error : NULL);
	ct_json_close_object(writer);
}

static int print_json(const struct row *rows, size_t count, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.ps/1");
	ct_json_key(writer, "containers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < count; i++) {
		if (is_shown(&rows[i]))
			print_json_row(writer, &rows[i]);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	return ct_write_stdout(text.data, text.length, err);
}

/* "running", "stopped (0)", "failed (127)". */
static void format_state(const struct ct_status *status, char *text, size_t size)
{
	if (status->exit_code >= 0 && status->state != CT_RUNNING)
		snprintf(text, size, "%s (%d)", ct_run_state_name(status->state), status->exit_code);
	else
		snprintf(text, size, "%s", ct_run_state_name(status->state));
}

static void format_ports(const struct row *row, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	ct_json_each(port, ports_of(row)) {
		if (length < size)
			length += (size_t)snprintf(text + length, size - length, "%s%" PRId64, length ? "," : "",
						   port->integer);
	}
}

static int print_table(const struct row *rows, size_t count, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	int width = 4;

	for (size_t i = 0; i < count; i++) {
		if (is_shown(&rows[i]) && (int)strlen(rows[i].entry->name) > width)
			width = (int)strlen(rows[i].entry->name);
	}
	if (width > 40)
		width = 40;
	ct_buf_printf(&text, "%-12s  %-*s  %-14s  %-10s  %-8s  %s\n", "CONTAINER ID", width, "NAME", "STATE", "PORTS",
		      "RESTARTS", "UPTIME");
	for (size_t i = 0; i < count; i++) {
		const struct ct_status *status = &rows[i].status;
		char state[32], ports[64], uptime[16] = "-";

		if (!is_shown(&rows[i]))
			continue;
		format_state(status, state, sizeof(state));
		format_ports(&rows[i], ports, sizeof(ports));
		if (status->state == CT_RUNNING)
			ct_format_age(ct_now() - status->started_at, uptime, sizeof(uptime));
		ct_buf_printf(&text, "%-12.12s  %-*s  %-14s  %-10s  %-8d  %s\n", rows[i].entry->id, width,
			      rows[i].entry->name, state, ports[0] ? ports : "-", status->restarts, uptime);
	}
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.data[i] < 0x20 && text.data[i] != '\n')
			text.data[i] = '?';
	}
	return ct_write_stdout(text.data, text.length, err);
}

static int run(struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	struct row *rows;
	int status = 0;

	if (ct_project_find(&project, file, err) < 0)
		return -1;
	if (recover && recover_state(&project, err) < 0)
		return -1;
	if (reconcile_if_free(&project, &state, err) < 0)
		return -1;
	rows = ct_alloc_array(state.count, sizeof(*rows));
	for (size_t i = 0; status == 0 && i < state.count; i++) {
		struct ct_err ignored = CT_ERR_INIT;

		rows[i].entry = &state.entries[i];
		status = ct_status_read(rows[i].entry->directory, &rows[i].status, err);
		if (status == 0 && is_shown(&rows[i]))
			(void)config_read(rows[i].entry->directory, &rows[i].config, &ignored);
	}
	if (status == 0)
		status = json ? print_json(rows, state.count, err) : print_table(rows, state.count, err);
	for (size_t i = 0; i < state.count; i++)
		config_release(&rows[i].config);
	free(rows);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	if (operand != argc)
		ct_usage_error(&program, "unexpected operand '%s'", argv[operand]);
	json = output && ct_output_is_json(&program, output);
	return run(&err) < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
