#include "ctst-spawn/network/forwarding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/network_name.h"

#define ROUTES_LIMIT ((size_t)64 << 20)

static void setting_path(const struct forwarding_interface *interface, char path[128])
{
	bool v4 = interface->family == AF_INET;

	snprintf(path, 128, "/proc/sys/net/%s/conf/%s/%s", v4 ? "ipv4" : "ipv6", interface->name,
		 v4 ? "forwarding" : "force_forwarding");
}

/* "1" in the file; a missing one is neither on nor off. */
static bool is_set(const char *path, char value)
{
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte = 0;

	return fd >= 0 && read(fd, &byte, 1) == 1 && byte == value;
}

/*
 * Whether the host forwards in general. An interface that does not all the same is one that its owner has excepted; and who
 * switches it on in general, as others that run containers do, has switched on the interfaces that we had switched on.
 */
static bool is_on_in_general(int family)
{
	return is_set(family == AF_INET ? "/proc/sys/net/ipv4/ip_forward" : "/proc/sys/net/ipv6/conf/all/forwarding",
		      '1');
}

static bool is_off(const struct forwarding_interface *interface)
{
	char path[128];

	if (is_on_in_general(interface->family))
		return false;
	setting_path(interface, path);
	return is_set(path, '0');
}

static void add(struct forwarding *list, const struct forwarding_interface *interface)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == interface->family && strcmp(list->items[i].name, interface->name) == 0)
			return;
	}
	if (list->count < FORWARDING_MOST)
		list->items[list->count++] = *interface;
}

void forwarding_add(struct forwarding *list, const struct forwarding *more)
{
	for (size_t i = 0; i < more->count; i++)
		add(list, &more->items[i]);
}

/* A name that is part of a path and of a rule. */
static bool is_interface(const char *name)
{
	return name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/') && !strchr(name, '*');
}

static void consider(struct forwarding *list, int family, const char *name)
{
	struct forwarding_interface interface = { .family = family };

	if (!is_interface(name) || strcmp(name, "lo") == 0 || ct_is_bridge_name(name) ||
	    strlen(name) >= sizeof(interface.name))
		return;
	strcpy(interface.name, name);
	if (is_off(&interface))
		add(list, &interface);
}

/* /proc/net/route: interface, destination, gateway, flags, …, mask (proc_net(5)). */
static void read_route(struct forwarding *list, const char *line, bool all)
{
	char name[IF_NAMESIZE];
	unsigned mask;

	if (sscanf(line, "%15s %*8x %*x %*x %*d %*d %*d %8x", name, &mask) == 2 && (all || mask == 0))
		consider(list, AF_INET, name);
}

/* /proc/net/ipv6_route: destination, length of its prefix, …, and the interface last. */
static void read_route6(struct forwarding *list, const char *line, bool all)
{
	char name[IF_NAMESIZE];
	unsigned prefix;

	if (sscanf(line, "%*32x %2x %*32x %*2x %*32x %*8x %*8x %*8x %*8x %15s", &prefix, name) == 2 &&
	    (all || prefix == 0))
		consider(list, AF_INET6, name);
}

static void read_routes(struct forwarding *list, const char *path,
			void (*read_line)(struct forwarding *list, const char *line, bool all), bool all)
{
	ct_autobuf text = CT_BUF_INIT;

	if (ct_read_file_at(AT_FDCWD, path, ROUTES_LIMIT, &text) < 0 || text.length == 0)
		return;
	for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		read_line(list, line, all);
	}
}

void forwarding_find(bool all, struct forwarding *list)
{
	list->count = 0;
	read_routes(list, "/proc/net/route", read_route, all);
	read_routes(list, "/proc/net/ipv6_route", read_route6, all);
}

int forwarding_switch(const struct forwarding *list, bool on)
{
	int failure = 0;

	for (size_t i = 0; i < list->count; i++) {
		char path[128];
		ct_autoclose int fd = -1;

		if (!on && list->items[i].family == AF_INET && is_on_in_general(AF_INET))
			continue;
		setting_path(&list->items[i], path);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		/* An interface may have gone. */
		if ((fd < 0 || write(fd, on ? "1" : "0", 1) != 1) && errno != ENOENT && !failure)
			failure = errno;
	}
	errno = failure;
	return failure ? -1 : 0;
}

void forwarding_parse(struct forwarding *list, const char *text)
{
	list->count = 0;
	while (*text) {
		struct forwarding_interface interface = { 0 };
		unsigned family;

		if (sscanf(text, "%1u %15s", &family, interface.name) == 2 && (family == 4 || family == 6) &&
		    is_interface(interface.name)) {
			interface.family = family == 4 ? AF_INET : AF_INET6;
			add(list, &interface);
		}
		text += strcspn(text, "\n");
		text += *text != '\0';
	}
}

void forwarding_format(const struct forwarding *list, struct ct_buf *text)
{
	ct_buf_puts(text, "");
	for (size_t i = 0; i < list->count; i++)
		ct_buf_printf(text, "%c %s\n", list->items[i].family == AF_INET ? '4' : '6', list->items[i].name);
}
