#include <inttypes.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/size.h"
#include "ctst-spawn/inspect.h"
#include "ctst-spawn/log_text.h"
#include "ctst-spawn/ports.h"

#define LABEL 14        /* columns */
#define SHORT_DIGEST 19 /* "sha256:" and twelve digits */
#define FIRST_OUTPUT 60 /* bytes of what a probe has printed; the document has all */

/* The second of several mounts, variables and the like has "" for a label. */
static void begin_line(struct ct_buf *out, const char *label)
{
	ct_buf_printf(out, "  %-*s", LABEL, label);
}

static void append(struct ct_buf *out, const char *text)
{
	log_text_append_visible(out, text, strlen(text));
}

static void end_line(struct ct_buf *out)
{
	ct_buf_putc(out, '\n');
}

static void line(struct ct_buf *out, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	begin_line(out, label);
	append(out, text);
	end_line(out);
}

static int64_t number(const struct ct_json *object, const char *key, int64_t otherwise)
{
	int64_t value = otherwise;

	(void)ct_json_get_int(object, key, &value);
	return value;
}

/* Each member as "key value", with commas between; nothing for an empty object. */
static void members(struct ct_buf *out, const char *label, const struct ct_json *object)
{
	const char *between = "";

	if (!object || object->length == 0)
		return;
	begin_line(out, label);
	ct_json_each(member, object) {
		ct_buf_printf(out, "%s%s ", between, member->key);
		if (member->type == CT_JSON_INT)
			ct_buf_printf(out, "%" PRId64, member->integer);
		else
			append(out, member->text ? member->text : "");
		between = ", ";
	}
	end_line(out);
}

static void texts(struct ct_buf *out, const char *label, const struct ct_json *list, const char *none)
{
	const char *between = "";

	if (!list || (list->length == 0 && !none))
		return;
	begin_line(out, label);
	if (list->length == 0)
		ct_buf_puts(out, none);
	ct_json_each(item, list) {
		ct_buf_puts(out, between);
		append(out, item->text ? item->text : "");
		between = " ";
	}
	end_line(out);
}

static const char *colour_of(const char *state, const char *health)
{
	if (strcmp(state, "failed") == 0 || strcmp(health, "unhealthy") == 0)
		return "\033[31m";
	return strcmp(health, "healthy") == 0 ? "\033[32m" : strcmp(health, "starting") == 0 ? "\033[33m" : "";
}

static void append_uptime(struct ct_buf *out, const struct ct_json *container)
{
	const char *started = ct_json_get_string(container, "started_at");
	char age[32];
	int64_t time;

	if (!started || ct_parse_time(started, &time) < 0)
		return;
	ct_format_age(ct_now() - time, age, sizeof(age));
	ct_buf_printf(out, ", up %s", age);
}

/* "running, healthy, up 3m", "failed, exit code 137, out of memory" */
static void state(struct ct_buf *out, const struct ct_json *container, bool coloured)
{
	const char *word = ct_json_get_string(container, "state");
	const char *health = ct_json_get_string(container, "health");
	const char *colour = coloured ? colour_of(word, health ? health : "") : "";
	int64_t exit_code = number(container, "exit_code", -1);

	begin_line(out, "state");
	ct_buf_printf(out, "%s%s%s%s%s", colour, word, health ? ", " : "", health ? health : "",
		      colour[0] ? "\033[0m" : "");
	if (strcmp(word, "running") == 0)
		append_uptime(out, container);
	else if (exit_code >= 0)
		ct_buf_printf(out, ", exit code %" PRId64, exit_code);
	if (ct_json_get_bool(container, "oom_killed", false))
		ct_buf_puts(out, ", out of memory");
	if (number(container, "restarts", 0) > 0)
		ct_buf_printf(out, ", restarted %" PRId64 " times", number(container, "restarts", 0));
	end_line(out);
	line(out, "error", ct_json_get_string(container, "error"));
	line(out, "created", ct_json_get_string(container, "created_at"));
	line(out, "started", ct_json_get_string(container, "started_at"));
	line(out, "finished", ct_json_get_string(container, "finished_at"));
}

static void image(struct ct_buf *out, const struct ct_json *container)
{
	const char *digest = ct_json_get_string(container, "image_digest");

	begin_line(out, "image");
	append(out, ct_json_get_string(container, "image"));
	if (digest && digest[0])
		ct_buf_printf(out, "  %.*s", SHORT_DIGEST, digest);
	end_line(out);
}

static void usage(struct ct_buf *out, const struct ct_json *container)
{
	const struct ct_json *cpu = ct_json_get(container, "cpu"), *memory = ct_json_get(container, "memory");
	const struct ct_json *traffic = ct_json_get(container, "network_io");
	const struct ct_json *percent = ct_json_get(cpu, "percent");
	char size[CT_SIZE_TEXT], sent[CT_SIZE_TEXT];

	if (percent && percent->text) {
		begin_line(out, "cpu");
		ct_buf_printf(out, "%s%% since it was started\n", percent->text);
	}
	if (memory) {
		ct_format_size(number(memory, "bytes", 0), size, sizeof(size));
		begin_line(out, "memory");
		ct_buf_printf(out, "%s%s\n", size,
			      strcmp(ct_json_get_string(memory, "source"), "cgroup") == 0 ? "" : ", of its processes");
	}
	if (traffic) {
		ct_format_size(number(traffic, "received_bytes", 0), size, sizeof(size));
		ct_format_size(number(traffic, "sent_bytes", 0), sent, sizeof(sent));
		begin_line(out, "traffic");
		ct_buf_printf(out, "%s received, %s sent\n", size, sent);
	}
}

static void ids(struct ct_buf *out, const char *label, const struct ct_json *maps)
{
	ct_json_each(map, maps) {
		int64_t inside = number(map, "inside", 0), count = number(map, "count", 0);

		begin_line(out, label);
		ct_buf_printf(out, "%" PRId64, inside);
		if (count > 1)
			ct_buf_printf(out, "-%" PRId64, inside + count - 1);
		ct_buf_printf(out, " are the host's from %" PRId64 "\n", number(map, "outside", 0));
		label = "";
	}
}

/* Which filter it is says the configuration. */
static void seccomp(struct ct_buf *out, const struct ct_json *container, const char *mode)
{
	const char *profile = ct_json_get_string(ct_json_get(container, "configuration"), "seccomp");
	ct_autofree char *text = NULL;

	if (mode && strcmp(mode, "filter") == 0) {
		text = ct_asprintf("filter: %s", profile ? profile : "the list of containust");
		line(out, "seccomp", text);
	} else if (mode) {
		line(out, "seccomp", mode);
	}
}

static void landlock(struct ct_buf *out, const struct ct_json *domain)
{
	bool files = ct_json_get_bool(domain, "files", false), signals = ct_json_get_bool(domain, "signals", false);
	int64_t abi = 0;
	ct_autofree char *text = NULL;

	if (!domain)
		return;
	ct_json_get_int(domain, "abi", &abi);
	if (abi == 0)
		text = ct_strdup("none: this kernel has it not, or it is switched off");
	else
		text = ct_asprintf("%s, ABI %" PRId64,
				   files && signals ? "files, signals and abstract sockets"
				   : files          ? "files"
				   : signals        ? "signals and abstract sockets"
						    : "nothing",
				   abi);
	line(out, "landlock", text);
}

static void security(struct ct_buf *out, const struct ct_json *container)
{
	const struct ct_json *security_object = ct_json_get(container, "security");

	texts(out, "capabilities", ct_json_get(security_object, "capabilities"), "none");
	seccomp(out, container, ct_json_get_string(security_object, "seccomp"));
	landlock(out, ct_json_get(security_object, "landlock"));
	if (security_object)
		line(out, "privileges",
		     ct_json_get_bool(security_object, "no_new_privileges", false) ? "no new ones"
										   : "new ones possible");
}

static void resources(struct ct_buf *out, const struct ct_json *container)
{
	const struct ct_json *group = ct_json_get(container, "cgroup");

	line(out, "cgroup", ct_json_get_string(group, "path"));
	members(out, "limits asked", ct_json_get(group, "asked"));
	members(out, "in force", ct_json_get(group, "in_force"));
}

static void mounts(struct ct_buf *out, const struct ct_json *container)
{
	const char *label = "mounts";

	ct_json_each(mount, ct_json_get(container, "mounts")) {
		const char *options = ct_json_get_string(mount, "options");

		begin_line(out, label);
		append(out, ct_json_get_string(mount, "target"));
		ct_buf_puts(out, "  from ");
		append(out, ct_json_get_string(mount, "source"));
		ct_buf_puts(out, "  ");
		append(out, options ? options : ct_json_get_bool(mount, "readonly", false) ? "ro" : "rw");
		end_line(out);
		label = "";
	}
}

static void network(struct ct_buf *out, const struct ct_json *container)
{
	const struct ct_json *configuration = ct_json_get(container, "configuration");
	ct_autobuf ports = CT_BUF_INIT;
	const char *label = "addresses";

	line(out, "network", ct_json_get_string(configuration, "network"));
	ct_json_each(address, ct_json_get(container, "addresses")) {
		const char *second = ct_json_get_string(address, "address6");

		begin_line(out, label);
		append(out, ct_json_get_string(address, "address"));
		if (second)
			ct_buf_printf(out, "  %s", second);
		ct_buf_puts(out, "  on ");
		append(out, ct_json_get_string(address, "network"));
		end_line(out);
		label = "";
	}
	ports_append(&ports, configuration);
	line(out, "ports", ports.data);
}

static void environment(struct ct_buf *out, const struct ct_json *variables)
{
	const char *label = "environment";

	ct_json_each(variable, variables) {
		begin_line(out, label);
		append(out, variable->key);
		ct_buf_putc(out, '=');
		append(out, variable->text ? variable->text : "");
		end_line(out);
		label = "";
	}
}

static void append_output(struct ct_buf *out, const char *output)
{
	size_t length = strcspn(output, "\n");

	if (length == 0)
		return;
	if (length > FIRST_OUTPUT)
		length = FIRST_OUTPUT - log_text_incomplete(output, FIRST_OUTPUT);
	ct_buf_puts(out, "  ");
	log_text_append_visible(out, output, length);
}

static void probes(struct ct_buf *out, const struct ct_json *container)
{
	const char *label = "probes";

	ct_json_each(probe, ct_json_get(container, "probes")) {
		const char *started = ct_json_get_string(probe, "started_at");
		const char *output = ct_json_get_string(probe, "output");

		begin_line(out, label);
		append(out, started ? started : "");
		ct_buf_printf(out, "  exit code %" PRId64 " after %" PRId64 " ms", number(probe, "exit_code", -1),
			      number(probe, "duration_ms", 0));
		append_output(out, output ? output : "");
		end_line(out);
		label = "";
	}
}

static void configuration(struct ct_buf *out, const struct ct_json *object)
{
	texts(out, "command", ct_json_get(object, "args"), NULL);
	line(out, "user", ct_json_get_string(object, "user"));
	line(out, "workdir", ct_json_get_string(object, "workdir"));
	line(out, "host name", ct_json_get_string(object, "hostname"));
	line(out, "restart", ct_json_get_string(ct_json_get(object, "restart"), "policy"));
	texts(out, "health check", ct_json_get(ct_json_get(object, "healthcheck"), "command"), NULL);
}

static void log_files(struct ct_buf *out, const struct ct_json *log)
{
	char size[CT_SIZE_TEXT];

	ct_format_size(number(log, "bytes", 0), size, sizeof(size));
	begin_line(out, "log");
	ct_buf_printf(out, "%s in %" PRId64 " %s\n", size, number(log, "files", 0),
		      number(log, "files", 0) == 1 ? "file" : "files");
}

void inspect_append_text(struct ct_buf *out, const struct ct_json *container, bool colour)
{
	const struct ct_json *object = ct_json_get(container, "configuration");

	append(out, ct_json_get_string(container, "name"));
	ct_buf_printf(out, "  %s\n", ct_json_get_string(container, "id"));
	state(out, container, colour);
	image(out, container);
	configuration(out, object);
	environment(out, ct_json_get(object, "env"));
	mounts(out, container);
	network(out, container);
	usage(out, container);
	resources(out, container);
	members(out, "processes", ct_json_get(container, "processes"));
	members(out, "namespaces", ct_json_get(container, "namespaces"));
	ids(out, "users", ct_json_get(ct_json_get(container, "ids"), "users"));
	ids(out, "groups", ct_json_get(ct_json_get(container, "ids"), "groups"));
	security(out, container);
	probes(out, container);
	log_files(out, ct_json_get(container, "log"));
	line(out, "files", ct_json_get_string(container, "directory"));
}
