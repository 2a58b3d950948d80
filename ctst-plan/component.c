#include <string.h>

#include "common/identifier.h"
#include "common/json.h"
#include "ctst-plan/check.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/healthcheck.h"

/* What the reader of one property gets: where to put it, the value, its place. */
struct reading {
	struct composition *composition;
	struct component *component;
	const struct ct_json *value;
	const struct place *place;
	struct ct_err *err;
};

static int read_image(const struct reading *in)
{
	return check_string(in->value, true, in->place, &in->component->image, in->err);
}

static int read_ports(const struct reading *in)
{
	uint16_t *ports;
	size_t count = 0;

	if (check_length(in->value, CT_JSON_ARRAY, MAX_LIST, in->place, in->err) < 0)
		return -1;
	ports = ct_arena_array(&in->composition->arena, in->value->length, sizeof(*ports));
	ct_json_each(item, in->value) {
		int64_t port;

		if (check_int(item, 1, 65535, PLACE_ITEM(in->place, count), &port, in->err) < 0)
			return -1;
		ports[count++] = (uint16_t)port;
	}
	in->component->ports = (struct ports){ ports, count };
	in->component->has_ports = true;
	return 0;
}

static int read_memory(const struct reading *in)
{
	return check_int(in->value, 512 * 1024, INT64_MAX, in->place, &in->component->memory, in->err);
}

static int read_cpu(const struct reading *in)
{
	const struct ct_json *shares, *millicores;

	if (check_type(in->value, CT_JSON_OBJECT, in->place, in->err) < 0)
		return -1;
	shares = ct_json_get(in->value, "shares");
	millicores = ct_json_get(in->value, "millicores");
	if (!shares == !millicores)
		return check_fail(in->err, in->place, "expected either 'shares' or 'millicores'");
	if (shares)
		return check_int(shares, 2, 262144, PLACE_MEMBER(in->place, "shares"), &in->component->cpu_shares,
				 in->err);
	return check_int(millicores, 1, 1000000000, PLACE_MEMBER(in->place, "millicores"),
			 &in->component->cpu_millicores, in->err);
}

static int read_pids(const struct reading *in)
{
	return check_int(in->value, 1, 4194304, in->place, &in->component->pids, in->err);
}

static int read_io_weight(const struct reading *in)
{
	return check_int(in->value, 1, 10000, in->place, &in->component->io_weight, in->err);
}

static int read_env(const struct reading *in)
{
	if (check_length(in->value, CT_JSON_OBJECT, MAX_LIST, in->place, in->err) < 0)
		return -1;
	ct_json_each(variable, in->value) {
		const struct place *place = PLACE_MEMBER(in->place, variable->key);

		if (variable->key[0] == '\0' || strchr(variable->key, '='))
			return check_fail(in->err, place, "'%s' cannot be the name of a variable", variable->key);
		if (check_type(variable, CT_JSON_STRING, place, in->err) < 0)
			return -1;
	}
	in->component->env = in->value;
	return 0;
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Absolute and plain: no "//", "/./", "/../", no slash at the end. What the kernel needs for itself is not a target. */
static bool is_mount_target(const char *path)
{
	const char *at = path;

	while (*at == '/') {
		size_t length = strcspn(at + 1, "/");

		if (length == 0 || (length == 1 && at[1] == '.') || (length == 2 && at[1] == '.' && at[2] == '.'))
			return false;
		at += 1 + length;
	}
	return *at == '\0' && at != path && !is_below(path, "/proc") && !is_below(path, "/sys") &&
	       !is_below(path, "/dev");
}

static int check_volume(const struct ct_json *volume, const struct place *place, struct ct_err *err)
{
	const struct ct_json *readonly;
	const char *kind, *source, *target;

	if (check_member_string(volume, "kind", place, &kind, err) < 0 ||
	    check_member_string(volume, "source", place, &source, err) < 0 ||
	    check_member_string(volume, "target", place, &target, err) < 0)
		return -1;
	if (strcmp(kind, "bind") != 0 && strcmp(kind, "project") != 0)
		return check_fail(err, PLACE_MEMBER(place, "kind"), "'%s' is neither 'bind' nor 'project'", kind);
	if (!is_mount_target(target))
		return check_fail(err, PLACE_MEMBER(place, "target"), "'%s' cannot be the target of a volume", target);
	readonly = ct_json_get(volume, "readonly");
	return readonly ? check_type(readonly, CT_JSON_BOOL, PLACE_MEMBER(place, "readonly"), err) : 0;
}

static int read_volumes(const struct reading *in)
{
	size_t index = 0;

	if (check_length(in->value, CT_JSON_ARRAY, MAX_LIST, in->place, in->err) < 0)
		return -1;
	ct_json_each(volume, in->value) {
		if (check_volume(volume, PLACE_ITEM(in->place, index), in->err) < 0)
			return -1;
		index++;
	}
	in->component->volumes = in->value;
	return 0;
}

static int read_strings(const struct reading *in, const struct ct_json **list)
{
	if (check_strings(in->value, MAX_LIST, in->place, in->err) < 0)
		return -1;
	*list = in->value;
	return 0;
}

static int read_command(const struct reading *in)
{
	return read_strings(in, &in->component->command);
}

static int read_entrypoint(const struct reading *in)
{
	return read_strings(in, &in->component->entrypoint);
}

static int read_capabilities(const struct reading *in)
{
	size_t index = 0;

	if (read_strings(in, &in->component->capabilities) < 0)
		return -1;
	ct_json_each(name, in->value) {
		if (name->length == 0 || strspn(name->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != name->length)
			return check_fail(in->err, PLACE_ITEM(in->place, index), "'%s' is not the name of a capability",
					  name->text);
		index++;
	}
	return 0;
}

static int read_readonly(const struct reading *in)
{
	in->component->writable = !in->value->boolean;
	return check_type(in->value, CT_JSON_BOOL, in->place, in->err);
}

static int read_workdir(const struct reading *in)
{
	return check_string(in->value, true, in->place, &in->component->workdir, in->err);
}

static int read_user(const struct reading *in)
{
	return check_string(in->value, true, in->place, &in->component->user, in->err);
}

static int read_hostname(const struct reading *in)
{
	return check_string(in->value, true, in->place, &in->component->hostname, in->err);
}

static int read_network(const struct reading *in)
{
	if (check_string(in->value, true, in->place, &in->component->network, in->err) < 0)
		return -1;
	if (!ct_is_identifier(ct_slice_of(in->value->text)))
		return check_fail(in->err, in->place, "'%s' is not the name of a network", in->value->text);
	return 0;
}

static int read_seccomp(const struct reading *in)
{
	if (check_string(in->value, true, in->place, &in->component->seccomp, in->err) < 0)
		return -1;
	if (in->value->text[0] != '/' && strcmp(in->value->text, "unconfined") != 0)
		return check_fail(in->err, in->place, "'%s' is neither an absolute path nor 'unconfined'",
				  in->value->text);
	return 0;
}

static int read_restart(const struct reading *in)
{
	static const char *const policies[] = { "never", "on-failure", "always" };
	const struct ct_json *retries;
	const char *policy;

	if (check_member_string(in->value, "policy", in->place, &policy, in->err) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (strcmp(policy, policies[i]) != 0)
			continue;
		in->component->restart = (enum restart_policy)i;
		retries = ct_json_get(in->value, "max_retries");
		return retries ? check_int(retries, 0, INT32_MAX, PLACE_MEMBER(in->place, "max_retries"),
					   &in->component->max_retries, in->err)
			       : 0;
	}
	return check_fail(in->err, PLACE_MEMBER(in->place, "policy"), "'%s' is not 'never', 'on-failure' or 'always'",
			  policy);
}

static int read_healthcheck(const struct reading *in)
{
	struct healthcheck *check = &in->component->healthcheck;
	const struct ct_json *command = check_member(in->value, "command", in->place, in->err);

	if (!command || check_strings(command, MAX_LIST, PLACE_MEMBER(in->place, "command"), in->err) < 0)
		return -1;
	if (command->length == 0)
		return check_fail(in->err, PLACE_MEMBER(in->place, "command"), "must not be empty");
	*check = (struct healthcheck){ .interval_ms = 30000, .timeout_ms = 5000, .retries = 3 };
	if (healthcheck_read_numbers(check, in->value, in->place, in->err) < 0)
		return -1;
	check->none = command->length == 1 && strcmp(command->first->text, "NONE") == 0;
	check->command = check->none ? NULL : command;
	return 0;
}

static int read_required_params(const struct reading *in)
{
	in->component->template_only = in->value->length > 0;
	return check_strings(in->value, MAX_LIST, in->place, in->err);
}

static int read_strings_by_name(const struct reading *in, const struct ct_json **out)
{
	if (check_type(in->value, CT_JSON_OBJECT, in->place, in->err) < 0)
		return -1;
	ct_json_each(value, in->value) {
		if (check_type(value, CT_JSON_STRING, PLACE_MEMBER(in->place, value->key), in->err) < 0)
			return -1;
	}
	*out = in->value;
	return 0;
}

static int read_origins(const struct reading *in)
{
	return read_strings_by_name(in, &in->component->origins);
}

static int read_inherited(const struct reading *in)
{
	return read_strings_by_name(in, &in->component->inherited);
}

static int read_distroless(const struct reading *in)
{
	if (check_type(in->value, CT_JSON_BOOL, in->place, in->err) < 0)
		return -1;
	in->component->distroless = in->value->boolean;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(const struct reading *in);
} properties[] = {
	{ "image", read_image },
	{ "ports", read_ports },
	{ "memory", read_memory },
	{ "cpu", read_cpu },
	{ "pids", read_pids },
	{ "io_weight", read_io_weight },
	{ "env", read_env },
	{ "volumes", read_volumes },
	{ "command", read_command },
	{ "entrypoint", read_entrypoint },
	{ "readonly", read_readonly },
	{ "workdir", read_workdir },
	{ "user", read_user },
	{ "hostname", read_hostname },
	{ "restart", read_restart },
	{ "network", read_network },
	{ "healthcheck", read_healthcheck },
	{ "capabilities", read_capabilities },
	{ "seccomp", read_seccomp },
	{ "required_params", read_required_params },
	{ "distroless", read_distroless },
	{ "origins", read_origins },
	{ "inherited", read_inherited },
};

int component_read(struct composition *composition, struct component *component, const struct ct_json *object,
		   size_t index, struct ct_err *err)
{
	const struct place *place = PLACE_ITEM(PLACE_MEMBER(NULL, "components"), index);

	*component = (struct component){
		.image_index = NOTHING, .published = NOTHING, .network = "bridge", .max_retries = -1
	};
	if (check_member_string(object, "name", place, &component->name, err) < 0)
		return -1;
	if (!ct_is_identifier(ct_slice_of(component->name)))
		return check_fail(err, PLACE_MEMBER(place, "name"), "'%s' is not the name of a component",
				  component->name);
	ct_json_each(member, object) {
		for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
			struct reading in = { composition, component, member, PLACE_MEMBER(place, member->key), err };

			if (strcmp(member->key, properties[i].name) != 0)
				continue;
			if (properties[i].read(&in) < 0)
				return -1;
			break;
		}
	}
	if (!component->image && !component->template_only)
		return check_fail(err, PLACE_MEMBER(place, "image"), "required member is missing");
	return 0;
}
