/* What a run needs of config.json: it is read before each one, since between them it need not be in memory. */
#include <stdlib.h>
#include <string.h>

#include "ctst-spawn/expand.h"
#include "ctst-spawn/idle_memory.h"
#include "ctst-spawn/sources.h"
#include "ctst-spawn/supervisor.h"

/* What the parser checked may have become something else by ${env.…}; it goes into /etc/hosts. */
static bool is_host_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t length = strlen(name);

	return length > 0 && length <= 63 && strspn(name, letters) == length && name[0] != '-' && name[0] != '.';
}

int supervisor_read_config(struct supervisor *supervisor, struct ct_err *err)
{
	config_release(&supervisor->config);
	if (config_read(".", &supervisor->config, err) < 0 || sources_prepare(&supervisor->config, err) < 0)
		return -1;
	supervisor->hostname = expand_template(supervisor->config.container.hostname, err);
	if (!supervisor->hostname)
		return -1;
	if (!is_host_name(supervisor->hostname))
		return ct_fail(err, "R004", "'%.100s' is not a host name of at most 63 letters, digits, '-' and '.'",
			       supervisor->hostname);
	return 0;
}

void supervisor_forget(struct supervisor *supervisor)
{
	network_forget(&supervisor->network);
	config_reduce(&supervisor->config);
	free(supervisor->hostname);
	supervisor->hostname = NULL;
	idle_memory_give_back();
}
