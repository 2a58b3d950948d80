#include <string.h>

#include "common/suggest.h"
#include "ctst-parse/convert/service.h"

#define NO_LABELS "containers have no labels; select them by component name"
#define NO_NAMESPACE "a container has namespaces of its own and shares none with the host or another container"
#define NO_DNS "a component has no name servers of its own; names of components resolve by themselves"
#define NO_DEVICES "no device of the host can be passed to a container"
#define NO_LIMIT "containust has no such limit; it limits memory, cpu and pids"
#define NO_TERMINAL "a container has no terminal; 'ctst exec -t' opens one in it"
#define WINDOWS "it has a meaning on Windows only"

/* In alphabetical order, for people; there are too few of them for a search. */
static const struct service_key keys[] = {
	{ "annotations", 0, NULL, NO_LABELS, NULL },
	{ "attach", 0, NULL, "'ctst run' shows the logs of all; 'ctst logs NAME' those of one", "true" },
	{ "blkio_config", 0, NULL, NO_LIMIT, NULL },
	{ "build", HOLDS_TEXT | HOLDS_MAP, convert_build, NULL, NULL },
	{ "cap_add", HOLDS_LIST, convert_cap_add, NULL, NULL },
	{ "cap_drop", 0, NULL, NULL, NULL }, /* every capability is dropped that is not asked for */
	{ "cgroup", 0, NULL, NO_NAMESPACE, "private" },
	{ "cgroup_parent", 0, NULL, "containust chooses the cgroup", NULL },
	{ "command", HOLDS_TEXT | HOLDS_LIST, convert_command, NULL, NULL },
	{ "configs", HOLDS_LIST, convert_configs, NULL, NULL },
	{ "container_name", HOLDS_TEXT, convert_container_name, NULL, NULL },
	{ "cpu_count", 0, NULL, WINDOWS, NULL },
	{ "cpu_percent", 0, NULL, WINDOWS, NULL },
	{ "cpu_period", HOLDS_TEXT, convert_cpu_quota, NULL, NULL },
	{ "cpu_quota", HOLDS_TEXT, convert_cpu_quota, NULL, NULL },
	{ "cpu_rt_period", 0, NULL, NO_LIMIT, NULL },
	{ "cpu_rt_runtime", 0, NULL, NO_LIMIT, NULL },
	{ "cpu_shares", HOLDS_TEXT, convert_cpu_shares, NULL, NULL },
	{ "cpus", HOLDS_TEXT, convert_cpus, NULL, NULL },
	{ "cpuset", 0, NULL, "a component cannot be bound to certain processors; 'cpu' limits how many it may use",
	  NULL },
	{ "credential_spec", 0, NULL, WINDOWS, NULL },
	{ "depends_on", HOLDS_LIST | HOLDS_MAP, NULL, NULL, NULL }, /* write_connections() */
	{ "deploy", HOLDS_MAP, convert_deploy, NULL, NULL },
	{ "develop", 0, NULL, "nothing is watched or rebuilt; mount the sources as a volume", NULL },
	{ "device_cgroup_rules", 0, NULL, NO_DEVICES, NULL },
	{ "devices", 0, NULL, NO_DEVICES, NULL },
	{ "dns", 0, NULL, NO_DNS, NULL },
	{ "dns_opt", 0, NULL, NO_DNS, NULL },
	{ "dns_search", 0, NULL, NO_DNS, NULL },
	{ "domainname", 0, NULL, "write a whole name as 'hostname'", NULL },
	{ "entrypoint", HOLDS_TEXT | HOLDS_LIST, convert_entrypoint, NULL, NULL },
	{ "env_file", HOLDS_ANY, NULL, NULL, NULL },                 /* finish_environment() */
	{ "environment", HOLDS_LIST | HOLDS_MAP, NULL, NULL, NULL }, /* finish_environment() */
	{ "expose", HOLDS_LIST, convert_expose, NULL, NULL },
	{ "extends", 0, NULL, NULL, NULL }, /* resolved already */
	{ "external_links", 0, NULL, "components are only connected to components of the same file", NULL },
	{ "extra_hosts", 0, NULL, "no names can be added to /etc/hosts; put the address into an environment variable",
	  NULL },
	{ "gpus", 0, NULL, NO_DEVICES, NULL },
	{ "group_add", 0, NULL, "only one group can be given: 'user' is uid:gid", NULL },
	{ "healthcheck", HOLDS_MAP, convert_healthcheck, NULL, NULL },
	{ "hostname", HOLDS_TEXT, convert_hostname, NULL, NULL },
	{ "image", HOLDS_TEXT, convert_image, NULL, NULL },
	{ "init", HOLDS_TEXT, convert_init, NULL, NULL },
	{ "ipc", 0, NULL, NO_NAMESPACE, "private" },
	{ "isolation", 0, NULL, WINDOWS, "default" },
	{ "label_file", 0, NULL, NO_LABELS, NULL },
	{ "labels", 0, NULL, NO_LABELS, NULL },
	{ "links", HOLDS_LIST, NULL, NULL, NULL }, /* write_connections() */
	{ "logging", 0, NULL, "the last 50 MiB of output are kept by containust itself; 'ctst logs' shows them", NULL },
	{ "mac_address", 0, NULL, "addresses are chosen by containust", NULL },
	{ "mem_limit", HOLDS_TEXT, convert_memory, NULL, NULL },
	{ "mem_reservation", 0, NULL, "only an upper limit can be set: 'memory'", NULL },
	{ "mem_swappiness", 0, NULL, NO_LIMIT, NULL },
	{ "memswap_limit", 0, NULL, "swap is not limited by itself; 'memory' is the limit", NULL },
	{ "models", 0, NULL, "containust runs no models; run a server for it as a component", NULL },
	{ "network_mode", HOLDS_TEXT, convert_network_mode, NULL, NULL },
	{ "networks", HOLDS_LIST | HOLDS_MAP, convert_networks, NULL, NULL },
	{ "oom_kill_disable", 0, NULL, "the kernel ends a container that goes beyond its memory limit", NULL },
	{ "oom_score_adj", 0, NULL, "it cannot be set; limit 'memory' instead", "0" },
	{ "pid", 0, NULL, NO_NAMESPACE, "private" },
	{ "pids_limit", HOLDS_TEXT, convert_pids, NULL, "-1" },
	{ "platform", 0, NULL, "an image is imported for this machine; import the one you want", NULL },
	{ "ports", HOLDS_LIST, convert_ports, NULL, NULL },
	{ "post_start", 0, NULL, "nothing runs beside the command; make it part of the command", NULL },
	{ "pre_stop", 0, NULL, "nothing runs beside the command; let the command act on SIGTERM", NULL },
	{ "privileged", 0, NULL, "no container has all rights; ask for single ones with cap_add", NULL },
	{ "profiles", HOLDS_TEXT | HOLDS_LIST, NULL, NULL, NULL }, /* looked at before */
	{ "provider", 0, NULL, "no other program manages a component", NULL },
	{ "pull_policy", 0, NULL, "an image is imported once; 'ctst pull' fetches a newer one", NULL },
	{ "pull_refresh_after", 0, NULL, "an image is imported once; 'ctst pull' fetches a newer one", NULL },
	{ "read_only", HOLDS_TEXT, NULL, NULL, NULL }, /* finish_read_only() */
	{ "restart", HOLDS_TEXT, convert_restart, NULL, NULL },
	{ "runtime", 0, NULL, "containust is the runtime", NULL },
	{ "scale", HOLDS_TEXT, convert_scale, NULL, NULL },
	{ "secrets", HOLDS_LIST, convert_secrets, NULL, NULL },
	{ "security_opt", HOLDS_LIST, convert_security_opt, NULL, NULL },
	{ "shm_size", 0, NULL, "the size of /dev/shm is fixed", NULL },
	{ "stdin_open", 0, NULL, "standard input of a container is empty", NULL },
	{ "stop_grace_period", HOLDS_TEXT, convert_stop_grace_period, NULL, NULL },
	{ "stop_signal", HOLDS_TEXT, convert_stop_signal, NULL, NULL },
	{ "storage_opt", 0, NULL, NO_LIMIT, NULL },
	{ "sysctls", 0, NULL, "kernel parameters of a container cannot be set", NULL },
	{ "tmpfs", HOLDS_TEXT | HOLDS_LIST, convert_tmpfs, NULL, NULL },
	{ "tty", 0, NULL, NO_TERMINAL, NULL },
	{ "ulimits", 0, NULL, "limits of processes cannot be set; call ulimit in a shell in front of the command",
	  NULL },
	{ "use_api_socket", 0, NULL, "there is no daemon and so no socket of one", NULL },
	{ "user", HOLDS_TEXT, convert_user, NULL, NULL },
	{ "userns_mode", 0, NULL, NO_NAMESPACE, NULL },
	{ "uts", 0, NULL, NO_NAMESPACE, NULL },
	{ "volume_driver", 0, NULL, "volumes are directories of the project", NULL },
	{ "volumes", HOLDS_LIST, convert_volumes, NULL, NULL },
	{ "volumes_from", 0, NULL, "name the volumes of the other service here, too", NULL },
	{ "working_dir", HOLDS_TEXT, convert_working_dir, NULL, NULL },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

const struct service_key *service_key_find(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

const char *service_key_suggest(const char *word)
{
	const char *names[KEY_COUNT];

	if (strlen(word) > 64)
		return NULL;
	for (size_t i = 0; i < KEY_COUNT; i++)
		names[i] = keys[i].name;
	return ct_suggest(word, names, KEY_COUNT);
}
