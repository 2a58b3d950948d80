#include <string.h>

#include "common/suggest.h"
#include "ctst-parse/convert/service.h"

#define NO_LABELS "containers have no labels; select them by component name"
#define NO_NAMESPACE "a container has namespaces of its own and shares none with the host or another container"
#define NO_DNS "names of components resolve by themselves; put a resolv.conf of your own into the image for others"
#define NO_DEVICES "no device of the host can be passed to a container"
#define NO_LIMIT "containust has no such limit; it limits memory and cpu"
#define NO_TERMINAL "a container has no terminal; 'ctst exec -t' opens one in it"
#define WINDOWS "it has a meaning on Windows only"

/* In alphabetical order, for people; there are too few of them for a search. */
static const struct service_key keys[] = {
	{ "annotations", NULL, NO_LABELS, NULL },
	{ "attach", NULL, "'ctst run' shows the logs of all; 'ctst logs NAME' those of one", "true" },
	{ "blkio_config", NULL, NO_LIMIT, NULL },
	{ "build", convert_build, NULL, NULL },
	{ "cap_add", convert_cap_add, NULL, NULL },
	{ "cap_drop", NULL, NULL, NULL }, /* every capability is dropped that is not asked for */
	{ "cgroup", NULL, NO_NAMESPACE, "private" },
	{ "cgroup_parent", NULL, "containust chooses the cgroup", NULL },
	{ "command", convert_command, NULL, NULL },
	{ "configs", convert_configs, NULL, NULL },
	{ "container_name", convert_container_name, NULL, NULL },
	{ "cpu_count", NULL, WINDOWS, NULL },
	{ "cpu_percent", NULL, WINDOWS, NULL },
	{ "cpu_period", convert_cpu_quota, NULL, NULL },
	{ "cpu_quota", convert_cpu_quota, NULL, NULL },
	{ "cpu_rt_period", NULL, NO_LIMIT, NULL },
	{ "cpu_rt_runtime", NULL, NO_LIMIT, NULL },
	{ "cpu_shares", convert_cpu_shares, NULL, NULL },
	{ "cpus", convert_cpus, NULL, NULL },
	{ "cpuset", NULL, "a component cannot be bound to certain processors; 'cpu' limits how many it may use", NULL },
	{ "credential_spec", NULL, WINDOWS, NULL },
	{ "depends_on", convert_depends_on, NULL, NULL },
	{ "deploy", convert_deploy, NULL, NULL },
	{ "develop", NULL, "nothing is watched or rebuilt; mount the sources as a volume", NULL },
	{ "device_cgroup_rules", NULL, NO_DEVICES, NULL },
	{ "devices", NULL, NO_DEVICES, NULL },
	{ "dns", NULL, NO_DNS, NULL },
	{ "dns_opt", NULL, NO_DNS, NULL },
	{ "dns_search", NULL, NO_DNS, NULL },
	{ "domainname", NULL, "write a whole name as 'hostname'", NULL },
	{ "entrypoint", convert_entrypoint, NULL, NULL },
	{ "env_file", convert_env_file, NULL, NULL },
	{ "environment", convert_environment, NULL, NULL },
	{ "expose", convert_expose, NULL, NULL },
	{ "extends", NULL, NULL, NULL }, /* resolved already */
	{ "external_links", NULL, "components are only connected to components of the same file", NULL },
	{ "extra_hosts", NULL, "no names can be added to /etc/hosts; put the address into an environment variable",
	  NULL },
	{ "gpus", NULL, NO_DEVICES, NULL },
	{ "group_add", NULL, "only one group can be given: 'user' is uid:gid", NULL },
	{ "healthcheck", convert_healthcheck, NULL, NULL },
	{ "hostname", convert_hostname, NULL, NULL },
	{ "image", convert_image, NULL, NULL },
	{ "init", NULL, NULL, NULL }, /* the first process of every container reaps and forwards signals */
	{ "ipc", NULL, NO_NAMESPACE, "private" },
	{ "isolation", NULL, WINDOWS, "default" },
	{ "label_file", NULL, NO_LABELS, NULL },
	{ "labels", NULL, NO_LABELS, NULL },
	{ "links", convert_links, NULL, NULL },
	{ "logging", NULL, "output is kept by containust itself; 'ctst logs' shows it", NULL },
	{ "mac_address", NULL, "addresses are chosen by containust", NULL },
	{ "mem_limit", convert_memory, NULL, NULL },
	{ "mem_reservation", NULL, "only an upper limit can be set: 'memory'", NULL },
	{ "mem_swappiness", NULL, NO_LIMIT, NULL },
	{ "memswap_limit", NULL, "swap is not limited by itself; 'memory' is the limit", NULL },
	{ "models", NULL, "containust runs no models; run a server for it as a component", NULL },
	{ "network_mode", convert_network_mode, NULL, NULL },
	{ "networks", convert_networks, NULL, NULL },
	{ "oom_kill_disable", NULL, "the kernel ends a container that goes beyond its memory limit", NULL },
	{ "oom_score_adj", NULL, "it cannot be set; limit 'memory' instead", "0" },
	{ "pid", NULL, NO_NAMESPACE, "private" },
	{ "pids_limit", NULL, NO_LIMIT, "-1" },
	{ "platform", NULL, "an image is imported for this machine; import the one you want", NULL },
	{ "ports", convert_ports, NULL, NULL },
	{ "post_start", NULL, "nothing runs beside the command; make it part of the command", NULL },
	{ "pre_stop", NULL, "nothing runs beside the command; let the command act on SIGTERM", NULL },
	{ "privileged", NULL, "no container has all rights; ask for single ones with cap_add", NULL },
	{ "profiles", NULL, NULL, NULL }, /* looked at before */
	{ "provider", NULL, "no other program manages a component", NULL },
	{ "pull_policy", NULL, "an image is imported once; 'ctst pull' fetches a newer one", NULL },
	{ "pull_refresh_after", NULL, "an image is imported once; 'ctst pull' fetches a newer one", NULL },
	{ "read_only", NULL, NULL, NULL }, /* finish_read_only() */
	{ "restart", convert_restart, NULL, NULL },
	{ "runtime", NULL, "containust is the runtime", NULL },
	{ "scale", convert_scale, NULL, NULL },
	{ "secrets", convert_secrets, NULL, NULL },
	{ "security_opt", convert_security_opt, NULL, NULL },
	{ "shm_size", NULL, "the size of /dev/shm is fixed", NULL },
	{ "stdin_open", NULL, "standard input of a container is empty", NULL },
	{ "stop_grace_period", convert_stop_grace_period, NULL, NULL },
	{ "stop_signal", convert_stop_signal, NULL, NULL },
	{ "storage_opt", NULL, NO_LIMIT, NULL },
	{ "sysctls", NULL, "kernel parameters of a container cannot be set", NULL },
	{ "tmpfs", convert_tmpfs, NULL, NULL },
	{ "tty", NULL, NO_TERMINAL, NULL },
	{ "ulimits", NULL, "limits of processes cannot be set; call ulimit in a shell in front of the command", NULL },
	{ "use_api_socket", NULL, "there is no daemon and so no socket of one", NULL },
	{ "user", convert_user, NULL, NULL },
	{ "userns_mode", NULL, NO_NAMESPACE, NULL },
	{ "uts", NULL, NO_NAMESPACE, NULL },
	{ "volume_driver", NULL, "volumes are directories of the project", NULL },
	{ "volumes", convert_volumes, NULL, NULL },
	{ "volumes_from", NULL, "name the volumes of the other service here, too", NULL },
	{ "working_dir", convert_working_dir, NULL, NULL },
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
