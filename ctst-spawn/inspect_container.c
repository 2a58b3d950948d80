#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/secret_names.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/health/history.h"
#include "ctst-spawn/inspect.h"
#include "ctst-spawn/log.h"
#include "ctst-spawn/network/counters.h"
#include "ctst-spawn/usage.h"
#include "ctst-spawn/usage_json.h"

#define HISTORY_LIMIT ((size_t)1 << 20)

static void write_time(struct ct_json_writer *writer, const char *key, int64_t time)
{
	char text[CT_TIME_LENGTH + 1];

	if (time <= 0)
		return;
	ct_format_time(time, text);
	ct_json_member_string(writer, key, text);
}

static void write_identity(struct ct_json_writer *writer, const struct ct_state_entry *entry,
			   const struct ct_json *image)
{
	ct_json_member_string(writer, "id", entry->id);
	ct_json_member_string(writer, "name", entry->name);
	ct_json_member_string(writer, "image", entry->image);
	ct_json_member_string(writer, "image_digest", ct_json_get_string(image, "digest"));
}

static void write_status(struct ct_json_writer *writer, const struct ct_state_entry *entry,
			 const struct ct_status *status)
{
	ct_json_member_string(writer, "state", ct_run_state_name(status->state));
	ct_json_member_string(writer, "health", status->health ? ct_health_name(status->health) : NULL);
	if (status->exit_code >= 0)
		ct_json_member_int(writer, "exit_code", status->exit_code);
	ct_json_member_bool(writer, "oom_killed", status->oom_killed);
	ct_json_member_int(writer, "restarts", status->restarts);
	ct_json_member_string(writer, "error", status->error[0] ? status->error : NULL);
	ct_json_member_string(writer, "created_at", entry->created_at);
	write_time(writer, "started_at", status->started_at);
	write_time(writer, "finished_at", status->finished_at);
}

static void write_usage(struct ct_json_writer *writer, const struct ct_state_entry *entry,
			const struct ct_status *status)
{
	bool own = !entry->network || (strcmp(entry->network, "host") != 0 && strcmp(entry->network, "none") != 0);
	struct network_counted counted = { .id = entry->id, .init = status->init, .own_network = own };
	struct usage usage;

	usage_read(status, &usage);
	if (usage.at && own)
		network_counters_read(&counted, 1);
	if (counted.counters.known) {
		usage.received = (int64_t)counted.counters.received_bytes;
		usage.sent = (int64_t)counted.counters.sent_bytes;
	}
	usage_write_json(writer, NULL, &usage);
}

static void write_addresses(struct ct_json_writer *writer, const struct ct_state_entry *entry)
{
	ct_json_key(writer, "addresses");
	ct_json_open_array(writer);
	for (size_t i = 0; i < entry->address_count; i++) {
		ct_json_open_object(writer);
		ct_json_member_string(writer, "network", entry->addresses[i].network);
		ct_json_member_string(writer, "address", entry->addresses[i].address);
		ct_json_member_string(writer, "address6", entry->addresses[i].address6);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

/* What its files take; rotation may move one from one name to the next meanwhile. */
static void write_log(struct ct_json_writer *writer, const struct ct_state_entry *entry)
{
	ct_autofree char *path = ct_asprintf("%s/" LOG_FILE, entry->directory);
	int64_t bytes = 0;
	int files = 0;

	for (int i = 0; i < LOG_FILES; i++) {
		ct_autofree char *name = ct_asprintf("%s/%s", entry->directory, log_file_name(i));
		struct stat status;

		if (lstat(name, &status) < 0)
			continue;
		bytes += status.st_size;
		files++;
	}
	ct_json_key(writer, "log");
	ct_json_open_object(writer);
	ct_json_member_string(writer, "path", path);
	ct_json_member_int(writer, "files", files);
	ct_json_member_int(writer, "bytes", bytes);
	ct_json_close_object(writer);
}

/* Of a container that has a health check; a file that cannot be read has no results. */
static void write_probes(struct ct_json_writer *writer, const struct ct_state_entry *entry)
{
	ct_autofree char *path = ct_asprintf("%s/" HISTORY_FILE, entry->directory);
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	struct ct_err ignored = CT_ERR_INIT;
	const struct ct_json *probes;

	if (ct_read_file_at(AT_FDCWD, path, HISTORY_LIMIT, &text) == 0)
		doc = ct_json_parse(text.data, text.length, "S001", &ignored);
	probes = doc ? ct_json_get_typed(ct_json_root(doc), "probes", CT_JSON_ARRAY) : NULL;
	ct_json_key(writer, "probes");
	ct_json_open_array(writer);
	ct_json_each(probe, probes)
		ct_json_value(writer, probe);
	ct_json_close_array(writer);
}

static bool is_reference(const char *value)
{
	return strncmp(value, "${secret.", 9) == 0 && strchr(value, '}') == value + strlen(value) - 1;
}

static void write_environment(struct ct_json_writer *writer, const struct ct_json *environment)
{
	ct_json_key(writer, "env");
	ct_json_open_object(writer);
	ct_json_each(variable, environment) {
		ct_json_key(writer, variable->key);
		if (variable->type == CT_JSON_STRING && ct_name_is_secret(ct_slice_of(variable->key)) &&
		    !is_reference(variable->text) && !ct_value_is_no_secret(ct_slice_of(variable->text)))
			ct_json_string(writer, "***");
		else
			ct_json_value(writer, variable);
	}
	ct_json_close_object(writer);
}

/* As in the plan, where secrets are references; a password that somebody has written into the file is not shown. */
static void write_configuration(struct ct_json_writer *writer, const struct ct_json *configuration)
{
	ct_json_key(writer, "configuration");
	ct_json_open_object(writer);
	ct_json_each(member, configuration) {
		if (strcmp(member->key, "env") == 0)
			write_environment(writer, member);
		else
			ct_json_member_value(writer, member->key, member);
	}
	ct_json_close_object(writer);
}

int inspect_write(struct ct_json_writer *writer, const struct ct_state_entry *entry, struct ct_err *err)
{
	const struct ct_json *configuration;
	struct ct_status status;
	struct config config;

	if (ct_status_read(entry->directory, &status, err) < 0 || config_read(entry->directory, &config, err) < 0)
		return -1;
	configuration = ct_json_get(ct_json_root(config.doc), "container");
	ct_json_open_object(writer);
	write_identity(writer, entry, ct_json_get(configuration, "image"));
	write_status(writer, entry, &status);
	write_usage(writer, entry, &status);
	inspect_write_processes(writer, &status, &config.container);
	inspect_write_cgroup(writer, &status, &config.container);
	inspect_write_mounts(writer, &config.container, status.state == CT_RUNNING ? status.init.pid : 0);
	write_addresses(writer, entry);
	write_log(writer, entry);
	if (config.container.healthcheck.command)
		write_probes(writer, entry);
	ct_json_member_string(writer, "directory", entry->directory);
	ct_json_member_string(writer, "config_digest", entry->config_digest);
	if (config.after)
		ct_json_member_value(writer, "after", config.after);
	write_configuration(writer, configuration);
	ct_json_close_object(writer);
	config_release(&config);
	return 0;
}
