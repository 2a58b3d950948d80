#include "ctst-spawn/network/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"

#define MEMBERS_LIMIT ((size_t)1 << 20) /* of one network */
#define HOSTS_LIMIT ((size_t)2 << 20)   /* the place where the file tree is built is small (rootfs.c) */
#define RESOLVER_LIMIT ((size_t)65536)

/* systemd-resolved(8) puts its own loopback address into /etc/resolv.conf, and the servers it asks into this file. */
static const char *const resolver_files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };

static void members_file(const char *name, char file[32])
{
	snprintf(file, 32, "%s.hosts", name);
}

int network_members_write(int directory, const char *name, const struct ct_buf *list)
{
	char file[32];

	members_file(name, file);
	return ct_replace_file_at(directory, file, list->data ? list->data : "", list->length, 0600, false);
}

void network_members_add(struct ct_buf *list, const char *address, const char *name)
{
	ct_buf_printf(list, "%s\t%s\n", address ? address : "", name);
}

bool network_name_is_plain(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(name);

	return length > 0 && length <= 255 && strspn(name, letters) == length;
}

/* The list of the network; empty where ctst-spawn has not written one. */
static int read_members(const struct network_setting *setting, const char *network, struct ct_buf *list,
			struct ct_err *err)
{
	char name[USE_NAME_LENGTH + 1], file[32];

	ct_buf_puts(list, "");
	if (setting->directory < 0)
		return 0;
	use_name(setting->state_file, network, setting->where, name);
	members_file(name, file);
	if (ct_read_file_at(setting->directory, file, MEMBERS_LIMIT, list) == 0 || errno == ENOENT)
		return 0;
	return ct_fail_errno(err, "R011", "cannot read the members of the network '%s'", network);
}

/* Of those on the host's network: they are where the container's way out leads. */
static void add_host_members(const struct network_setting *setting, const struct ct_buf *list, struct ct_buf *hosts)
{
	char gateway[NETWORK_ADDRESS_TEXT] = "127.0.0.1";

	if (setting->attachments->count > 0)
		network_address_format(&setting->attachments->items[0].gateway, gateway);
	for (const char *at = list->data; *at;) {
		size_t length = strcspn(at, "\n");

		ct_buf_puts(hosts, gateway);
		ct_buf_append(hosts, at, length);
		ct_buf_putc(hosts, '\n');
		at += length + (at[length] != '\0');
	}
}

static int add_network(const struct network_setting *setting, const char *network, struct ct_buf *hosts,
		       struct ct_err *err)
{
	ct_autobuf list = CT_BUF_INIT;

	if (read_members(setting, network, &list, err) < 0)
		return -1;
	if (hosts->length + list.length > HOSTS_LIMIT) {
		ct_fail(err, "R011", "/etc/hosts would be larger than %zu bytes", HOSTS_LIMIT);
		return ct_err_hint(err, "put the components onto several networks");
	}
	if (strcmp(network, "host") == 0)
		add_host_members(setting, &list, hosts);
	else
		ct_buf_append(hosts, list.data, list.length);
	return 0;
}

static bool is_attached(const struct network_setting *setting, const char *network)
{
	for (size_t i = 0; i < setting->attachments->count; i++) {
		if (strcmp(setting->attachments->items[i].network, network) == 0)
			return true;
	}
	return false;
}

/* The host's own, where a container shares its network; else what every machine has, and its own name. */
static void begin_hosts(const struct network_setting *setting, struct ct_buf *hosts)
{
	const struct attachment *first = setting->attachments->count ? &setting->attachments->items[0] : NULL;
	char address[NETWORK_ADDRESS_TEXT] = "127.0.0.1";

	if (!setting->host || ct_read_file_at(AT_FDCWD, "/etc/hosts", MEMBERS_LIMIT, hosts) < 0) {
		ct_buf_clear(hosts);
		ct_buf_puts(hosts, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	}
	if (hosts->length > 0 && hosts->data[hosts->length - 1] != '\n')
		ct_buf_putc(hosts, '\n');
	/* As a member of its networks it comes below. */
	if (first && strcmp(setting->hostname, setting->component) == 0)
		return;
	if (first)
		network_address_format(&first->address, address);
	ct_buf_printf(hosts, "%s\t%s\n", address, setting->hostname);
	if (first && first->address6.family) {
		network_address_format(&first->address6, address);
		ct_buf_printf(hosts, "%s\t%s\n", address, setting->hostname);
	}
}

static int make_hosts(const struct network_setting *setting, struct ct_buf *hosts, struct ct_err *err)
{
	begin_hosts(setting, hosts);
	for (size_t i = 0; i < setting->attachments->count; i++) {
		if (add_network(setting, setting->attachments->items[i].network, hosts, err) < 0)
			return -1;
	}
	/* What is joined without an address there: the host, or from the host a bridge. */
	ct_json_each(network, setting->joins) {
		if (network->type == CT_JSON_STRING && !is_attached(setting, network->text) &&
		    add_network(setting, network->text, hosts, err) < 0)
			return -1;
	}
	return 0;
}

/* A name server on the host's loopback is out of reach for a container that has a loopback of its own. */
static bool is_loopback_server(const char *line, size_t length)
{
	char address[64];
	char text[128];
	struct network_address parsed;

	snprintf(text, sizeof(text), "%.*s", (int)(length < sizeof(text) ? length : sizeof(text) - 1), line);
	return sscanf(text, " nameserver %63s", address) == 1 && network_address_parse(address, &parsed) &&
	       network_address_is_loopback(&parsed);
}

static bool is_server(const char *line)
{
	return strncmp(line + strspn(line, " \t"), "nameserver", strlen("nameserver")) == 0;
}

/* Copies it but for such servers. Returns how many servers are left. */
static size_t copy_resolver(const struct ct_buf *text, bool host, struct ct_buf *out)
{
	size_t servers = 0;

	ct_buf_clear(out);
	for (const char *at = text->data; *at;) {
		size_t length = strcspn(at, "\n");

		if (host || !is_loopback_server(at, length)) {
			servers += is_server(at);
			ct_buf_append(out, at, length);
			ct_buf_putc(out, '\n');
		}
		at += length + (at[length] != '\0');
	}
	return servers;
}

static void make_resolver(const struct network_setting *setting, struct ct_buf *resolver)
{
	ct_buf_puts(resolver, "");
	if (!setting->host && !setting->outwards)
		return;
	if (setting->resolver && !setting->host) {
		ct_buf_printf(resolver, "nameserver %s\n", setting->resolver);
		return;
	}
	for (size_t i = 0; i < sizeof(resolver_files) / sizeof(resolver_files[0]); i++) {
		ct_autobuf text = CT_BUF_INIT;
		ct_autoclose int fd = open(resolver_files[i], O_RDONLY | O_CLOEXEC);

		ct_buf_puts(&text, "");
		if (fd < 0 || ct_read_all(fd, RESOLVER_LIMIT, &text) < 0)
			continue;
		if (copy_resolver(&text, setting->host, resolver) > 0)
			return;
	}
}

int network_files_make(const struct network_setting *setting, struct network_files *files, struct ct_err *err)
{
	*files = (struct network_files){ CT_BUF_INIT, CT_BUF_INIT };
	make_resolver(setting, &files->resolver);
	return make_hosts(setting, &files->hosts, err);
}

void network_files_release(struct network_files *files)
{
	ct_buf_free(&files->hosts);
	ct_buf_free(&files->resolver);
}
