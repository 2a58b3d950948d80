#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/payload.h"

#define ACCOUNT_FILE_LIMIT ((size_t)1 << 20)
#define HIGHEST_ID 65535 /* of the range every container has, see identity.h */

/* The image's passwd or group; an image without one has no names. */
static void read_accounts(const char *path, struct ct_buf *text)
{
	ct_autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* It may be a link, to another place in the image: what leads out of it by way of /proc is not followed. */
	ct_autoclose int file = ct_open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0 || !S_ISREG(status.st_mode) ||
	    ct_read_all(file, ACCOUNT_FILE_LIMIT, text) < 0)
		ct_buf_clear(text);
	ct_buf_puts(text, "");
}

/* Splits the next line at its colons; the text is changed. Returns the number of fields, 0 at the end. */
static size_t next_account(char **rest, char *fields[], size_t most)
{
	char *line = strsep(rest, "\n");
	size_t count = 0;

	while (line && count < most)
		fields[count++] = strsep(&line, ":");
	return count;
}

/* Decimal, at most HIGHEST_ID; never wrapped, never 0 for something that is not a number. */
static int parse_id(const char *text, unsigned *id)
{
	char *end;
	unsigned long value;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*end != '\0' || errno != 0 || value > HIGHEST_ID)
		return -1;
	*id = (unsigned)value;
	return 0;
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

struct account {
	unsigned uid, gid;
	char *name; /* "" when the id has no entry */
	char *home;
};

/* Finds by name, or by number. Entries with numbers that are none are skipped. */
static bool find_account(char *text, const char *user, struct account *account)
{
	unsigned wanted = 0;
	bool by_number = parse_id(user, &wanted) == 0;
	char *fields[7], *rest = text;
	size_t count;

	while ((count = next_account(&rest, fields, 7)) > 0) {
		unsigned uid, gid;

		if (count < 6 || parse_id(fields[2], &uid) < 0 || parse_id(fields[3], &gid) < 0)
			continue;
		if (by_number ? uid == wanted : strcmp(fields[0], user) == 0) {
			*account = (struct account){ uid, gid, fields[0], fields[5] };
			return true;
		}
	}
	return false;
}

static int find_group(const char *group, unsigned *gid)
{
	ct_autobuf text = CT_BUF_INIT;
	char *fields[4], *rest;
	size_t count;

	if (parse_id(group, gid) == 0)
		return 0;
	read_accounts("/etc/group", &text);
	rest = text.data;
	while (!is_number(group) && (count = next_account(&rest, fields, 4)) > 0) {
		if (count >= 3 && strcmp(fields[0], group) == 0 && parse_id(fields[2], gid) == 0)
			return 0;
	}
	return -1;
}

static bool lists_member(char *members, const char *name)
{
	char *member;

	while ((member = strsep(&members, ","))) {
		if (strcmp(member, name) == 0)
			return true;
	}
	return false;
}

static void add_supplementary_groups(struct payload *payload, const char *name)
{
	ct_autobuf text = CT_BUF_INIT;
	char *fields[4], *rest;
	size_t count;

	read_accounts("/etc/group", &text);
	rest = text.data;
	while ((count = next_account(&rest, fields, 4)) > 0 && payload->group_count < PAYLOAD_MOST_GROUPS) {
		unsigned gid;

		if (count == 4 && parse_id(fields[2], &gid) == 0 && gid != payload->gid &&
		    lists_member(fields[3], name))
			payload->groups[payload->group_count++] = gid;
	}
}

int payload_find_user(struct payload *payload, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	char user[256] = "0";
	struct account account = { .name = user, .home = user };
	const char *colon = strchr(payload->user, ':');
	size_t length = colon ? (size_t)(colon - payload->user) : strlen(payload->user);
	bool known;

	if (length >= sizeof(user))
		return ct_fail(err, "R004", "the user name is too long");
	if (length > 0) {
		memcpy(user, payload->user, length);
		user[length] = '\0';
	}
	read_accounts("/etc/passwd", &text);
	known = find_account(text.data, user, &account);
	if (!known && parse_id(user, &account.uid) < 0) {
		ct_fail(err, "R004", "the user '%s' is not in the image's /etc/passwd and is no id from 0 to %d", user,
			HIGHEST_ID);
		return ct_err_hint(err, "give a number, or a name the image has");
	}
	payload->uid = account.uid;
	payload->gid = known ? account.gid : 0;
	if (colon && find_group(colon + 1, &payload->gid) < 0)
		return ct_fail(err, "R004", "the group '%s' is not in the image's /etc/group and is no id from 0 to %d",
			       colon + 1, HIGHEST_ID);
	if (known && !colon)
		add_supplementary_groups(payload, account.name);
	if (!payload_variable(payload, "HOME"))
		payload_set_variable(payload, "HOME", known && account.home[0] == '/' ? account.home : "/");
	return 0;
}
