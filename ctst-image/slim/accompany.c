#include "ctst-image/slim/accompany.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/closure.h"

#define MAX_NSSWITCH_BYTES ((size_t)64 << 10)
#define MAX_SERVICE 64

static const struct tree_entry *find_named(const struct slim *slim, const char *prefix)
{
	for (size_t i = 0; i < slim->tree.count; i++) {
		const struct tree_entry *entry = &slim->tree.entries[i];
		const char *slash = strrchr(entry->path, '/');

		if (entry->kind != TREE_DIRECTORY &&
		    strncmp(slash ? slash + 1 : entry->path, prefix, strlen(prefix)) == 0)
			return entry;
	}
	return NULL;
}

bool accompany_has(const struct slim *slim, const char *prefix)
{
	return find_named(slim, prefix) != NULL;
}

const char *accompany_directory_of(struct slim *slim, const char *prefix)
{
	const struct tree_entry *entry = find_named(slim, prefix);
	const char *slash = entry ? strrchr(entry->path, '/') : NULL;

	return slash ? slim_text(slim, "/%.*s", (int)(slash - entry->path), entry->path) : NULL;
}

static bool take_if_there(struct slim *slim, const char *path, const char *reason)
{
	return slim_take_path(slim, path, reason) != TREE_NOTHING;
}

static int include_if_there(struct slim *slim, const char *path, const char *reason, struct ct_err *err)
{
	auto_found found = FOUND_INIT;

	return slim_find(slim, path, &found) < 0 ? 0 : slim_include(slim, path, reason, err);
}

/*
 * Whose names they are: an image's own users are a part of it; those of the machine that this runs on are nobody's
 * business in an image, which gets root and nobody.
 */
static void take_users(struct slim *slim)
{
	static const char passwd[] = "root:x:0:0:root:/root:/sbin/nologin\n"
				     "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n";
	static const char group[] = "root:x:0:\nnogroup:x:65534:\n";
	static const char hosts[] = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
	static const char reason[] = "names of users";

	if (!slim->host) {
		take_if_there(slim, "/etc/passwd", reason);
		take_if_there(slim, "/etc/group", reason);
		take_if_there(slim, "/etc/hosts", "names of hosts");
		return;
	}
	slim_take_text(slim, "etc/passwd", 0644, passwd, strlen(passwd), reason);
	slim_take_text(slim, "etc/group", 0644, group, strlen(group), reason);
	slim_take_text(slim, "etc/hosts", 0644, hosts, strlen(hosts), "names of hosts");
}

/* One that is not there is skipped by the C library too; files and dns are built into it since 2.34. */
static void take_service(struct slim *slim, const char *directory, const char *name)
{
	const char *plain = strncmp(directory, "/usr/", 5) == 0 ? directory + 4 : directory;
	static const char reason[] = "named in /etc/nsswitch.conf";

	/* Where /lib and /usr/lib are two directories, a library and its modules may be in either. */
	if (!take_if_there(slim, slim_text(slim, "%s/libnss_%s.so.2", plain, name), reason))
		take_if_there(slim, slim_text(slim, "/usr%s/libnss_%s.so.2", plain, name), reason);
}

/* nsswitch.conf(5): "database: service [STATUS=action] service". */
static void take_services(struct slim *slim, const char *directory, char *line)
{
	char *rest;

	line[strcspn(line, "#")] = '\0';
	rest = strchr(line, ':');
	if (!rest)
		return;
	for (rest++; *(rest += strspn(rest, " \t"));) {
		size_t length = 0;

		if (*rest == '[') {
			rest += strcspn(rest, "]");
			rest += *rest == ']';
			continue;
		}
		while (isalnum((unsigned char)rest[length]) || rest[length] == '_' || rest[length] == '-')
			length++;
		if (length > 0 && length < MAX_SERVICE) {
			char name[MAX_SERVICE];

			snprintf(name, sizeof(name), "%.*s", (int)length, rest);
			take_service(slim, directory, name);
		}
		rest += length ? length : 1;
	}
}

static void take_name_services(struct slim *slim)
{
	const char *directory = accompany_directory_of(slim, "libc.so.6");
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int fd = -1;
	char *rest, *line;

	if (!directory || !take_if_there(slim, "/etc/nsswitch.conf", "says where names are looked up"))
		return;
	fd = ct_open_in_root(slim->root, "/etc/nsswitch.conf", O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0 || ct_read_all(fd, MAX_NSSWITCH_BYTES, &text) < 0)
		return;
	ct_buf_puts(&text, "");
	rest = text.data;
	while ((line = strsep(&rest, "\n")))
		take_services(slim, directory, line);
}

/* Where OpenSSL, GnuTLS and NSS are told to look by Debian, Fedora and Alpine. */
static int take_certificates(struct slim *slim, struct ct_err *err)
{
	static const char *const paths[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/ssl/cert.pem",
		"/etc/ssl/openssl.cnf",
		"/usr/lib/ssl/cert.pem",
		"/usr/lib/ssl/certs",
		"/usr/lib/ssl/openssl.cnf",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/pki/tls/cert.pem",
		"/etc/pki/tls/openssl.cnf",
		"/etc/gnutls/config",
	};
	static const char reason[] = "certificates and settings of TLS";
	const char *directory;

	if (!accompany_has(slim, "libssl.so") && !accompany_has(slim, "libgnutls.so") &&
	    !accompany_has(slim, "libmbedtls.so") && !accompany_has(slim, "libnss3.so"))
		return 0;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		take_if_there(slim, paths[i], reason);
	/* Without one file of all of them OpenSSL looks for one by one, by their hashes. */
	if (tree_find(&slim->tree, "usr/lib/ssl/cert.pem") == TREE_NOTHING &&
	    tree_find(&slim->tree, "etc/ssl/cert.pem") == TREE_NOTHING &&
	    include_if_there(slim, "/etc/ssl/certs", reason, err) < 0)
		return -1;
	directory = accompany_directory_of(slim, "libcrypto.so.3");
	if (directory)
		directory = slim_text(slim, "%s/ossl-modules", directory);
	if (directory && tree_find(&slim->tree, directory + 1) == TREE_NOTHING) {
		auto_found found = FOUND_INIT;

		if (slim_find(slim, directory, &found) == 0)
			slim_note(slim, SLIM_NOTE_RUNTIME, directory,
				  "OpenSSL loads the providers that its configuration names from '%s'", directory);
	}
	return 0;
}

/* "en_GB.UTF-8" is in the directory en_GB.utf8 (glibc, _nl_normalize_codeset). */
static void normalise_locale(const char *locale, char *name, size_t size)
{
	size_t length = 0;
	bool codeset = false;

	for (const char *at = locale; *at && length + 1 < size; at++) {
		if (*at == '@')
			codeset = false;
		if (codeset && !isalnum((unsigned char)*at))
			continue;
		name[length++] = codeset ? (char)tolower((unsigned char)*at) : *at;
		if (*at == '.')
			codeset = true;
	}
	name[length] = '\0';
}

static int take_locale(struct slim *slim, const struct slim_locale *locale, struct ct_err *err)
{
	static const char archive[] = "/usr/lib/locale/locale-archive";
	char name[64], path[128];
	auto_found found = FOUND_INIT;

	if (strcmp(locale->name, "C") == 0 || strcmp(locale->name, "POSIX") == 0 || strchr(locale->name, '/'))
		return 0;
	normalise_locale(locale->name, name, sizeof(name));
	snprintf(path, sizeof(path), "/usr/lib/locale/%s", name);
	if (slim_find(slim, path, &found) == 0)
		return slim_include(slim, path, "the locale", err);
	/* glibc has C.UTF-8 built in since 2.35. */
	if (strcmp(name, "C.utf8") == 0 || take_if_there(slim, archive, "has the locale, and others"))
		return 0;
	if (locale->asked) {
		ct_fail(err, "I001", "%s: there is no locale '%.60s'", slim->what, locale->name);
		return ct_err_hint(err, "C.UTF-8 is always there; `locale -a` lists those of a system");
	}
	slim_note(slim, SLIM_NOTE_LEFT_OUT, NULL, "the locale '%s', which a variable of the image names, is not there",
		  locale->name);
	return 0;
}

/* Of musl nothing is read: its locales are all UTF-8. */
static int take_locales(struct slim *slim, struct ct_err *err)
{
	if (!accompany_has(slim, "libc.so.6"))
		return 0;
	for (size_t i = 0; i < slim->locale_count; i++) {
		if (take_locale(slim, &slim->locales[i], err) < 0)
			return -1;
	}
	return 0;
}

static int take_zones(struct slim *slim, struct ct_err *err)
{
	if (slim->zoneinfo) {
		take_if_there(slim, "/etc/localtime", "the time zone");
		take_if_there(slim, "/etc/timezone", "the time zone");
		return slim_include(slim, "/usr/share/zoneinfo", "time zones", err);
	}
	for (size_t i = 0; i < slim->zone_count; i++) {
		const char *zone = slim->zones[i] + (slim->zones[i][0] == ':');
		ct_autofree char *path = ct_asprintf("/usr/share/zoneinfo/%s", zone);

		if (zone[0] && zone[0] != '/' && !strstr(zone, ".."))
			take_if_there(slim, path, "the time zone");
	}
	return 0;
}

/* iconv(3) and wide characters of other encodings. */
static int take_character_sets(struct slim *slim, struct ct_err *err)
{
	const char *directory = accompany_directory_of(slim, "libc.so.6");

	if (!slim->gconv || !directory)
		return 0;
	return slim_include(slim, slim_text(slim, "%s/gconv", directory), "character sets", err);
}

/* pthread_exit(3), pthread_cancel(3) and backtrace(3) load it, and end the program when it is not there. */
static void take_unwinder(struct slim *slim)
{
	const char *directory = accompany_directory_of(slim, "libc.so.6");

	if (directory)
		take_if_there(slim, slim_text(slim, "%s/libgcc_s.so.1", directory),
			      "loaded by libc when a thread ends");
}

int accompany(struct slim *slim, struct ct_err *err)
{
	take_users(slim);
	take_unwinder(slim);
	/* Interpreters first: their modules bring further libraries, which the rest is decided by. */
	if (accompany_runtimes(slim, err) < 0 || closure_run(slim, err) < 0)
		return -1;
	take_name_services(slim);
	if (closure_run(slim, err) < 0 || take_certificates(slim, err) < 0 || take_locales(slim, err) < 0 ||
	    take_zones(slim, err) < 0 || take_character_sets(slim, err) < 0)
		return -1;
	return closure_run(slim, err);
}
