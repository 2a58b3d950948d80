#include <string.h>

#include "ctst-plan/container.h"

static void write_strings(struct ct_json_writer *writer, const char *key, const char **items, size_t count)
{
	ct_json_key(writer, key);
	ct_json_open_array(writer);
	for (size_t i = 0; i < count; i++)
		ct_json_string(writer, items[i]);
	ct_json_close_array(writer);
}

static void write_image(struct ct_json_writer *writer, const struct image *image)
{
	ct_json_key(writer, "image");
	ct_json_open_object(writer);
	ct_json_member_string(writer, "uri", image->uri);
	ct_json_member_string(writer, "digest", image->digest);
	if (image->layers)
		ct_json_member_value(writer, "layers", image->layers);
	ct_json_close_object(writer);
}

static void write_env(struct ct_json_writer *writer, const struct container *container)
{
	ct_json_key(writer, "env");
	ct_json_open_object(writer);
	for (size_t i = 0; i < container->env_count; i++)
		ct_json_member_string(writer, container->env[i].key, container->env[i].value);
	ct_json_close_object(writer);
}

static void write_mounts(struct ct_json_writer *writer, const struct container *container)
{
	ct_json_key(writer, "mounts");
	ct_json_open_array(writer);
	for (size_t i = 0; i < container->mount_count; i++) {
		const struct mount *mount = &container->mounts[i];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "kind", mount->kind);
		ct_json_member_string(writer, "source", mount->source);
		ct_json_member_string(writer, "target", mount->target);
		ct_json_member_bool(writer, "readonly", mount->readonly);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static void write_ports(struct ct_json_writer *writer, const struct building *building,
			const struct container *container)
{
	ct_json_key(writer, "ports");
	ct_json_open_array(writer);
	for (size_t i = 0; i < container->ports.count; i++)
		ct_json_int(writer, container->ports.items[i]);
	ct_json_close_array(writer);
	ct_json_key(writer, "published");
	ct_json_open_array(writer);
	for (uint32_t i = container->component->published; i != NOTHING; i = building->composition->exposed[i].next) {
		const struct exposed *exposed = &building->composition->exposed[i];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "address",
				      exposed->address ? exposed->address : building->publish_address);
		ct_json_member_int(writer, "host_port", exposed->host_port);
		ct_json_member_int(writer, "container_port", exposed->container_port);
		ct_json_member_string(writer, "protocol", exposed->protocol);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

/* The networks that CONNECT adds to its own; and whether they end with the project. */
static void write_networks(struct ct_json_writer *writer, const struct building *building, uint32_t index)
{
	const struct networks *networks = building->networks;
	const struct membership *membership = &networks->memberships[index];
	const char *own = building->composition->components[index].network;
	bool opened = false;

	ct_json_member_string(writer, "network", own);
	for (uint32_t i = 0; i < membership->count; i++) {
		const char *name = networks->items[networks->joined[membership->begin + i]].name;

		if (strcmp(name, own) == 0)
			continue;
		if (!opened) {
			ct_json_key(writer, "joins");
			ct_json_open_array(writer);
		}
		opened = true;
		ct_json_string(writer, name);
	}
	if (opened)
		ct_json_close_array(writer);
	if (building->offline && membership->count > 0)
		ct_json_member_bool(writer, "offline", true);
}

/* Shares become a weight as crun and systemd map them; a quota is per 100 ms. */
static void write_limits(struct ct_json_writer *writer, const struct component *component)
{
	if (component->memory)
		ct_json_member_int(writer, "memory_max", component->memory);
	if (component->cpu_shares)
		ct_json_member_int(writer, "cpu_weight", 1 + ((component->cpu_shares - 2) * 9999) / 262142);
	if (component->cpu_millicores)
		ct_json_member_int(writer, "cpu_max_us", component->cpu_millicores * 100);
	if (component->pids)
		ct_json_member_int(writer, "pids_max", component->pids);
	if (component->io_weight)
		ct_json_member_int(writer, "io_weight", component->io_weight);
}

static void write_restart(struct ct_json_writer *writer, const struct component *component)
{
	static const char *const policies[] = {
		[RESTART_NEVER] = "never", [RESTART_ON_FAILURE] = "on-failure", [RESTART_ALWAYS] = "always"
	};

	ct_json_key(writer, "restart");
	ct_json_open_object(writer);
	ct_json_member_string(writer, "policy", policies[component->restart]);
	if (component->max_retries >= 0)
		ct_json_member_int(writer, "max_retries", component->max_retries);
	ct_json_close_object(writer);
}

static void write_healthcheck(struct ct_json_writer *writer, const struct container *container)
{
	const struct healthcheck *check = container->healthcheck;

	if (container->health_count == 0)
		return;
	ct_json_key(writer, "healthcheck");
	ct_json_open_object(writer);
	write_strings(writer, "command", container->health_command, container->health_count);
	ct_json_member_int(writer, "interval_ms", check->interval_ms);
	ct_json_member_int(writer, "timeout_ms", check->timeout_ms);
	ct_json_member_int(writer, "retries", check->retries);
	ct_json_member_int(writer, "start_period_ms", check->start_period_ms);
	ct_json_close_object(writer);
}

static void write_capabilities(struct ct_json_writer *writer, const struct ct_json *names)
{
	ct_json_key(writer, "capabilities");
	ct_json_open_array(writer);
	ct_json_each(name, names)
		ct_json_string(writer, name->text);
	ct_json_close_array(writer);
}

void container_write(struct ct_json_writer *writer, const struct building *building, const struct container *container)
{
	const struct component *component = container->component;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "name", component->name);
	ct_json_member_string(writer, "project", building->project->name);
	write_image(writer, container->image);
	write_strings(writer, "args", container->args, container->arg_count);
	write_env(writer, container);
	ct_json_member_string(writer, "workdir", container->workdir);
	ct_json_member_string(writer, "user", container->user);
	ct_json_member_string(writer, "hostname", container->hostname);
	ct_json_member_bool(writer, "readonly", !component->writable);
	write_mounts(writer, container);
	write_networks(writer, building, (uint32_t)(component - building->composition->components));
	write_ports(writer, building, container);
	write_limits(writer, component);
	write_restart(writer, component);
	write_healthcheck(writer, container);
	write_capabilities(writer, component->capabilities);
	ct_json_member_string(writer, "seccomp", component->seccomp);
	ct_json_member_string(writer, "stop_signal",
			      container->image->stop_signal ? container->image->stop_signal : "SIGTERM");
	ct_json_close_object(writer);
}

int container_serialise(const struct building *building, const struct container *container, struct ct_buf *out,
			char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	struct ct_json_writer *writer;

	ct_buf_clear(out);
	writer = ct_json_writer_new(out, false);
	container_write(writer, building, container);
	if (ct_json_writer_finish(writer, err) < 0)
		return ct_err_context(err, "component '%s'", container->component->name);
	ct_digest(out->data, out->length, digest);
	return 0;
}
