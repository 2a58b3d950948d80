#include "ctst-spawn/confine/profile_rules.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/capability_names.h"

#define MOST_ARGUMENTS 6

struct context {
	scmp_filter_ctx filter;
	uint64_t capabilities;
	uint32_t otherwise; /* the default action */
	struct ct_err *err;
};

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
};

static const struct {
	const char *name;
	enum scmp_compare operator;
} operators[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

static int wrong(const struct context *context, const char *what, const char *subject)
{
	return ct_fail(context->err, "R004", "the seccomp profile is not one: %s '%.100s'", what,
		       subject ? subject : "");
}

/* What is there must be of its type: a condition that is passed over would widen the filter. `null` is Go's nothing. */
static int check_type(const struct context *context, const struct ct_json *object, const char *key,
		      enum ct_json_type type)
{
	const struct ct_json *member = ct_json_get(object, key);

	return !member || member->type == CT_JSON_NULL || member->type == type
		       ? 0
		       : wrong(context, "not of the right type:", key);
}

/* An optional number, 0 when it is not there. */
static int read_number(const struct context *context, const struct ct_json *object, const char *key, int64_t *number)
{
	const struct ct_json *member = ct_json_get(object, key);

	return !member || member->type == CT_JSON_NULL || ct_json_get_int(object, key, number)
		       ? 0
		       : wrong(context, "not a whole number:", key);
}

static int check_names(const struct context *context, const struct ct_json *object, const char *key)
{
	if (check_type(context, object, key, CT_JSON_ARRAY) < 0)
		return -1;
	ct_json_each(name, ct_json_get(object, key)) {
		if (name->type != CT_JSON_STRING)
			return wrong(context, "not made of names:", key);
	}
	return 0;
}

static int check_conditions(const struct context *context, const struct ct_json *rule)
{
	static const char *const kinds[] = { "includes", "excludes" };

	if (check_type(context, rule, "args", CT_JSON_ARRAY) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct ct_json *conditions = ct_json_get(rule, kinds[i]);

		if (check_type(context, rule, kinds[i], CT_JSON_OBJECT) < 0 ||
		    check_names(context, conditions, "arches") < 0 || check_names(context, conditions, "caps") < 0 ||
		    check_type(context, conditions, "minKernel", CT_JSON_STRING) < 0)
			return -1;
	}
	return 0;
}

/* The error is EPERM where the profile names none, as everywhere. */
static int read_action(const struct context *context, const struct ct_json *object, const char *key,
		       const char *error_key, uint32_t *action)
{
	const char *name = ct_json_get_string(object, key);
	int64_t error = EPERM;

	for (size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		*action = actions[i].action;
		if (*action != SCMP_ACT_ERRNO(0))
			return 0;
		if (read_number(context, object, error_key, &error) < 0)
			return -1;
		if (error < 0 || error > 4095)
			return wrong(context, error_key, "is no error number");
		*action = SCMP_ACT_ERRNO((uint32_t)error);
		return 0;
	}
	return wrong(context, "this version has no action", name);
}

/* The name Go has for this machine, which Docker's profiles use. */
static const char *machine(void)
{
	return seccomp_arch_native() == SCMP_ARCH_X86_64 ? "amd64" : "arm64";
}

static bool has_capability(const struct context *context, const char *name)
{
	int number = strncmp(name, "CAP_", 4) == 0 ? ct_capability_number(ct_slice_of(name + 4)) : -1;

	return number >= 0 && (context->capabilities >> number & 1);
}

static bool is_kernel_at_least(const char *version)
{
	struct utsname name;
	int major = 0, minor = 0, wanted_major = 0, wanted_minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2 ||
	    sscanf(version, "%d.%d", &wanted_major, &wanted_minor) != 2)
		return false;
	return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}

static bool lists(const struct ct_json *names, const char *wanted)
{
	ct_json_each(name, names) {
		if (name->type == CT_JSON_STRING && strcmp(name->text, wanted) == 0)
			return true;
	}
	return false;
}

/* Docker's conditions: all that is included must hold, and nothing that is excluded. */
static bool applies(const struct context *context, const struct ct_json *rule)
{
	const struct ct_json *includes = ct_json_get(rule, "includes"), *excludes = ct_json_get(rule, "excludes");
	const struct ct_json *machines = ct_json_get_typed(includes, "arches", CT_JSON_ARRAY);
	const char *kernel = ct_json_get_string(includes, "minKernel");

	if (machines && machines->length > 0 && !lists(machines, machine()))
		return false;
	if (lists(ct_json_get_typed(excludes, "arches", CT_JSON_ARRAY), machine()) ||
	    (kernel && !is_kernel_at_least(kernel)))
		return false;
	ct_json_each(name, ct_json_get_typed(includes, "caps", CT_JSON_ARRAY)) {
		if (name->type != CT_JSON_STRING || !has_capability(context, name->text))
			return false;
	}
	ct_json_each(name, ct_json_get_typed(excludes, "caps", CT_JSON_ARRAY)) {
		if (name->type == CT_JSON_STRING && has_capability(context, name->text))
			return false;
	}
	kernel = ct_json_get_string(excludes, "minKernel");
	return !kernel || !is_kernel_at_least(kernel);
}

static int read_argument(const struct context *context, const struct ct_json *object, struct scmp_arg_cmp *argument)
{
	const char *name = ct_json_get_string(object, "op");
	int64_t index = -1, value = 0, second = 0;

	if (!ct_json_get_int(object, "index", &index) || index < 0 || index >= MOST_ARGUMENTS)
		return wrong(context, "an argument's 'index' is not 0 to", "5");
	if (read_number(context, object, "value", &value) < 0 || read_number(context, object, "valueTwo", &second) < 0)
		return -1;
	for (size_t i = 0; name && i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (strcmp(operators[i].name, name) != 0)
			continue;
		*argument = (struct scmp_arg_cmp){ (unsigned)index, operators[i].operator,(uint64_t) value,
						   (uint64_t)second };
		return 0;
	}
	return wrong(context, "an argument's 'op' is unknown:", name);
}

/* What libseccomp refuses because an earlier rule says more is no mistake of the profile. */
static int add(const struct context *context, const char *name, uint32_t action, const struct scmp_arg_cmp *arguments,
	       unsigned count)
{
	int call = seccomp_syscall_resolve_name(name), status;

	/* A profile names the calls of all machines and kernels; those that are not known here do not matter here. */
	if (call == __NR_SCMP_ERROR)
		return 0;
	status = seccomp_rule_add_array(context->filter, action, call, count, arguments);
	if (status == 0 || status == -EEXIST || status == -EOPNOTSUPP)
		return 0;
	errno = -status;
	return ct_fail_errno(context->err, "R004", "the seccomp profile's rule for '%.100s' cannot be used", name);
}

/* Conditions on the same argument mean any of them, since libseccomp takes one for each: as runc and crun do. */
static int add_call(const struct context *context, const char *name, uint32_t action,
		    const struct scmp_arg_cmp *arguments, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < i; j++) {
			if (arguments[i].arg != arguments[j].arg)
				continue;
			for (unsigned each = 0; each < count; each++) {
				if (add(context, name, action, &arguments[each], 1) < 0)
					return -1;
			}
			return 0;
		}
	}
	return add(context, name, action, arguments, count);
}

static int add_rule(const struct context *context, const struct ct_json *rule)
{
	const struct ct_json *names = ct_json_get_typed(rule, "names", CT_JSON_ARRAY);
	const struct ct_json *conditions = ct_json_get_typed(rule, "args", CT_JSON_ARRAY);
	const char *single = ct_json_get_string(rule, "name");
	struct scmp_arg_cmp arguments[MOST_ARGUMENTS] = { 0 };
	unsigned count = 0;
	uint32_t action = 0;

	if (read_action(context, rule, "action", "errnoRet", &action) < 0)
		return -1;
	if (!names && !single)
		return wrong(context, "a rule has no", "names");
	if (check_conditions(context, rule) < 0)
		return -1;
	if (!applies(context, rule) || action == context->otherwise)
		return 0;
	ct_json_each(condition, conditions) {
		if (count == MOST_ARGUMENTS)
			return wrong(context, "a rule has more than six", "args");
		if (read_argument(context, condition, &arguments[count++]) < 0)
			return -1;
	}
	if (single && add_call(context, single, action, arguments, count) < 0)
		return -1;
	ct_json_each(name, names) {
		if (name->type != CT_JSON_STRING)
			return wrong(context, "not the name of a system call in", "names");
		if (add_call(context, name->text, action, arguments, count) < 0)
			return -1;
	}
	return 0;
}

static int add_architecture(const struct context *context, const struct ct_json *name)
{
	char lower[32];
	const char *text = name->type == CT_JSON_STRING ? name->text : "";
	uint32_t token;
	int status;

	if (strncmp(text, "SCMP_ARCH_", 10) != 0)
		return wrong(context, "not an architecture:", text);
	snprintf(lower, sizeof(lower), "%s", text + 10);
	for (char *at = lower; *at; at++)
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
	token = seccomp_arch_resolve_name(lower);
	status = token ? seccomp_arch_add(context->filter, token) : 0;
	if (status == 0 || status == -EEXIST)
		return 0;
	errno = -status;
	return ct_fail_errno(context->err, "R004", "the seccomp profile's architecture '%s' cannot be added", text);
}

/* Whoever lists architectures has the native one in the list; of Docker's map the entry of this machine counts. */
static int add_architectures(const struct context *context, const struct ct_json *profile)
{
	const char *native = seccomp_arch_native() == SCMP_ARCH_X86_64 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64";

	ct_json_each(name, ct_json_get_typed(profile, "architectures", CT_JSON_ARRAY)) {
		if (add_architecture(context, name) < 0)
			return -1;
	}
	ct_json_each(entry, ct_json_get_typed(profile, "archMap", CT_JSON_ARRAY)) {
		const char *of = ct_json_get_string(entry, "architecture");

		if (!of || strcmp(of, native) != 0)
			continue;
		ct_json_each(name, ct_json_get_typed(entry, "subArchitectures", CT_JSON_ARRAY)) {
			if (add_architecture(context, name) < 0)
				return -1;
		}
	}
	return 0;
}

static int add_all(const struct context *context, const struct ct_json *profile)
{
	if (check_type(context, profile, "syscalls", CT_JSON_ARRAY) < 0 ||
	    check_type(context, profile, "flags", CT_JSON_ARRAY) < 0 ||
	    check_type(context, profile, "architectures", CT_JSON_ARRAY) < 0 ||
	    check_type(context, profile, "archMap", CT_JSON_ARRAY) < 0)
		return -1;
	if (ct_json_get(profile, "listenerPath"))
		return wrong(context, "this version notifies nobody:", "listenerPath");
	ct_json_each(flag, ct_json_get_typed(profile, "flags", CT_JSON_ARRAY)) {
		if (flag->type != CT_JSON_STRING || strcmp(flag->text, "SECCOMP_FILTER_FLAG_TSYNC") != 0)
			return wrong(context, "this version has no flag",
				     flag->type == CT_JSON_STRING ? flag->text : "");
	}
	if (add_architectures(context, profile) < 0)
		return -1;
	ct_json_each(rule, ct_json_get_typed(profile, "syscalls", CT_JSON_ARRAY)) {
		if (add_rule(context, rule) < 0)
			return -1;
	}
	return 0;
}

scmp_filter_ctx profile_filter(const struct ct_json *profile, uint64_t capabilities, struct ct_err *err)
{
	struct context context = { .capabilities = capabilities, .err = err };

	if (read_action(&context, profile, "defaultAction", "defaultErrnoRet", &context.otherwise) < 0)
		return NULL;
	context.filter = seccomp_init(context.otherwise);
	if (!context.filter) {
		ct_fail(err, "R004", "libseccomp cannot make a filter");
		return NULL;
	}
	/* A tree of comparisons in place of a list, where libseccomp can; and no way around it by another architecture. */
	(void)seccomp_attr_set(context.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (seccomp_attr_set(context.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	    add_all(&context, profile) == 0)
		return context.filter;
	seccomp_release(context.filter);
	return NULL;
}
