#include "ctst-spawn/network/counters.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/names.h"
#include "ctst-spawn/network/link.h"
#include "ctst-spawn/network/names.h"

#define DEVICES_LIMIT ((size_t)1 << 20)

struct search {
	struct network_counted *containers;
	struct ct_names names; /* of the host's ends, without the number at their end → index of the container */
};

/* Received here was sent there. */
static void take_port(const struct link_seen *link, void *context)
{
	struct search *search = context;
	const char *dash = strrchr(link->name, '-');
	struct network_counters *counters;
	uint32_t index;

	if (!dash ||
	    !ct_names_get(&search->names, (struct ct_slice){ link->name, (size_t)(dash - link->name) }, &index))
		return;
	counters = &search->containers[index].counters;
	counters->known = true;
	counters->received_bytes += link->sent_bytes;
	counters->received_packets += link->sent_packets;
	counters->sent_bytes += link->received_bytes;
	counters->sent_packets += link->received_packets;
}

void network_counters_here(struct network_counted *containers, size_t count)
{
	struct search search = { containers, CT_NAMES_INIT };
	autonetlink netlink = NETLINK_INIT;
	char(*names)[IF_NAMESIZE];

	/* With --offline a tool has no sockets, not even these. */
	if (netlink_open(&netlink, NETLINK_ROUTE) < 0)
		return;
	names = ct_alloc_array(count, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		network_port_name(containers[i].id, 0, names[i]);
		*strrchr(names[i], '-') = '\0';
		if (containers[i].own_network)
			ct_names_add(&search.names, ct_slice_of(names[i]), (uint32_t)i, NULL);
	}
	(void)link_dump(&netlink, take_port, &search);
	ct_names_release(&search.names);
	free(names);
}

/* "  eth0: 12 1 0 0 0 0 0 0 34 2 0 …": eight numbers of what was received, eight of what was sent (proc(5)). */
static void take_line(const char *line, struct network_counters *counters)
{
	unsigned long long received, received_packets, sent, sent_packets;
	char name[32];

	if (sscanf(line, " %31[^:]: %llu %llu %*u %*u %*u %*u %*u %*u %llu %llu", name, &received, &received_packets,
		   &sent, &sent_packets) != 5 ||
	    strcmp(name, "lo") == 0)
		return;
	counters->received_bytes += received;
	counters->received_packets += received_packets;
	counters->sent_bytes += sent;
	counters->sent_packets += sent_packets;
}

void network_counters_inside(struct network_counted *container)
{
	struct ct_process_id now;
	ct_autobuf text = CT_BUF_INIT;
	char path[64];

	if (container->init.pid <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)container->init.pid);
	/* Who it was is asked afterwards: then all that was read is of that process. */
	if (ct_read_file_at(AT_FDCWD, path, DEVICES_LIMIT, &text) < 0 || text.length == 0 ||
	    ct_process_identify(container->init.pid, &now) < 0 || now.start_time != container->init.start_time)
		return;
	container->counters.known = true;
	for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(line, &container->counters);
	}
}

void network_counters_read(struct network_counted *containers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		containers[i].counters = (struct network_counters){ 0 };
	network_counters_here(containers, count);
	for (size_t i = 0; i < count; i++) {
		if (containers[i].own_network && !containers[i].counters.known)
			network_counters_inside(&containers[i]);
	}
}
