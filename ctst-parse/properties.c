#include "ctst-parse/properties.h"

#include <string.h>

#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

#define NAMES(name, member) name, member, sizeof(name) - 1, sizeof(member) - 1

static const struct property table[PROPERTY_COUNT] = {
	[PROPERTY_IMAGE] = { NAMES("image", "image"), false, check_image, write_image },
	[PROPERTY_PORT] = { NAMES("port", "ports"), false, check_port, write_port },
	[PROPERTY_PORTS] = { NAMES("ports", "ports"), false, check_ports, write_ports },
	[PROPERTY_MEMORY] = { NAMES("memory", "memory"), false, check_memory, write_memory },
	[PROPERTY_CPU] = { NAMES("cpu", "cpu"), false, check_cpu, write_cpu },
	[PROPERTY_PIDS] = { NAMES("pids", "pids"), true, check_pids, write_integer },
	[PROPERTY_IO_WEIGHT] = { NAMES("io_weight", "io_weight"), true, check_io_weight, write_integer },
	[PROPERTY_ENV] = { NAMES("env", "env"), false, check_env, write_env },
	[PROPERTY_VOLUME] = { NAMES("volume", "volumes"), false, check_volume, write_volume },
	[PROPERTY_VOLUMES] = { NAMES("volumes", "volumes"), false, check_volumes, write_volumes },
	[PROPERTY_COMMAND] = { NAMES("command", "command"), false, check_arguments, write_strings },
	[PROPERTY_ENTRYPOINT] = { NAMES("entrypoint", "entrypoint"), false, check_arguments, write_strings },
	[PROPERTY_READONLY] = { NAMES("readonly", "readonly"), false, check_boolean, write_boolean },
	[PROPERTY_WORKDIR] = { NAMES("workdir", "workdir"), false, check_workdir, write_string },
	[PROPERTY_USER] = { NAMES("user", "user"), false, check_user, write_string },
	[PROPERTY_HOSTNAME] = { NAMES("hostname", "hostname"), false, check_hostname, write_string },
	[PROPERTY_RESTART] = { NAMES("restart", "restart"), false, check_restart, write_restart },
	[PROPERTY_NETWORK] = { NAMES("network", "network"), false, check_network, write_string },
	[PROPERTY_HEALTHCHECK] = { NAMES("healthcheck", "healthcheck"), false, check_healthcheck, write_healthcheck },
	[PROPERTY_CAPABILITIES] = { NAMES("capabilities", "capabilities"), true, check_capabilities, write_strings },
	[PROPERTY_SECCOMP] = { NAMES("seccomp", "seccomp"), true, check_seccomp, write_seccomp },
	[PROPERTY_REQUIRED_PARAMS] = { NAMES("required_params", "required_params"), true, check_required_params,
				       write_strings },
	[PROPERTY_DISTROLESS] = { NAMES("distroless", "distroless"), true, check_boolean, write_boolean },
};

const struct property *property_of(enum property_id id)
{
	return &table[id];
}

enum property_id property_find(struct ct_slice name)
{
	for (size_t i = 0; i < PROPERTY_COUNT; i++) {
		if (table[i].name_length == name.length && table[i].name[0] == name.text[0] &&
		    memcmp(table[i].name, name.text, name.length) == 0)
			return (enum property_id)i;
	}
	return PROPERTY_UNKNOWN;
}

const char *property_suggest(struct ct_slice word)
{
	const char *names[PROPERTY_COUNT];

	for (size_t i = 0; i < PROPERTY_COUNT; i++)
		names[i] = table[i].name;
	return suggest_word(word, names, PROPERTY_COUNT);
}

const char *property_advice(struct ct_slice word)
{
	static const struct {
		const char *word;
		const char *advice;
	} known[] = {
		{ "environment", "the variables of a component are called 'env'" },
		{ "variables", "the variables of a component are called 'env'" },
		{ "cmd", "the arguments are called 'command'" },
		{ "args", "the arguments are called 'command'" },
		{ "depends_on", "dependencies are statements outside the component: CONNECT a -> b" },
		{ "links", "dependencies are statements outside the component: CONNECT a -> b" },
		{ "mem_limit", "the limit is called 'memory'" },
		{ "pids_limit", "the limit is called 'pids'" },
		{ "blkio_weight", "the weight is called 'io_weight'" },
		{ "cpus", "the property is called 'cpu'; a number of cores is a string with a dot: \"0.5\"" },
		{ "working_dir", "the property is called 'workdir'" },
		{ "read_only", "the property is called 'readonly'" },
		{ "expose", "EXPOSE is a statement outside the component: EXPOSE 8080" },
		{ "publish", "EXPOSE is a statement outside the component: EXPOSE 8080" },
		{ "networks", "a component has one 'network'" },
		{ "secrets", "secrets are named in env values: \"${secret.name}\"" },
		{ "cap_add", "the names to keep are called 'capabilities'" },
		{ "security_opt", "the profile of system calls is called 'seccomp'" },
		{ "name", "the name stands behind the word COMPONENT" },
	};

	const char *words[sizeof(known) / sizeof(known[0])];
	const char *closest;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		words[i] = known[i].word;
	closest = suggest_word(word, words, sizeof(known) / sizeof(known[0]));
	for (size_t i = 0; closest && i < sizeof(known) / sizeof(known[0]); i++) {
		if (closest == words[i])
			return known[i].advice;
	}
	return NULL;
}
