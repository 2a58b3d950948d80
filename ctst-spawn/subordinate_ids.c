#include "ctst-spawn/subordinate_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"

#define FILE_LIMIT ((size_t)1 << 20)

/* Not looked for along PATH: what maps ids is the system's, setuid or with capabilities. */
#define USER_MAPPER "/usr/bin/newuidmap"
#define GROUP_MAPPER "/usr/bin/newgidmap"

void subordinate_read(const char *path, struct ct_buf *text)
{
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ct_read_all(fd, FILE_LIMIT, text) < 0)
		ct_buf_clear(text);
	ct_buf_puts(text, "");
}

/* Decimal digits up to `end`, below 2^32. */
static bool parse_number(const char *text, const char *end, uint32_t *number)
{
	uint64_t value = 0;

	if (text == end || end - text > 10)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*number = (uint32_t)value;
	return value <= UINT32_MAX;
}

struct line {
	const char *user;
	size_t length; /* of the user */
	struct id_range range;
};

/* "user:first:count". Returns the text behind the line; `line` has no user when it is none of these. */
static const char *next_line(const char *text, struct line *line)
{
	const char *end = text + strcspn(text, "\n");
	const char *first = memchr(text, ':', (size_t)(end - text));
	const char *count = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	*line = (struct line){ 0 };
	if (count && parse_number(first + 1, count, &line->range.first) &&
	    parse_number(count + 1, end, &line->range.count) && line->range.count > 0 &&
	    line->range.count <= UINT32_MAX - line->range.first) {
		line->user = text;
		line->length = (size_t)(first - text);
	}
	return *end ? end + 1 : end;
}

static bool is_user(const struct line *line, const char *name, uid_t uid)
{
	uint32_t number;

	if (!line->user)
		return false;
	if (name && strlen(name) == line->length && memcmp(name, line->user, line->length) == 0)
		return true;
	return parse_number(line->user, line->user + line->length, &number) && number == uid;
}

bool subordinate_find(const char *text, const char *name, uid_t uid, uint32_t least, struct id_range *range)
{
	struct line line;

	while (*text) {
		text = next_line(text, &line);
		if (is_user(&line, name, uid) && line.range.count >= least) {
			*range = line.range;
			return true;
		}
	}
	return false;
}

bool subordinate_overlaps(const char *text, const struct id_range *range)
{
	struct line line;

	while (*text) {
		text = next_line(text, &line);
		if (line.user && line.range.first < range->first + range->count &&
		    range->first < line.range.first + line.range.count)
			return true;
	}
	return false;
}

bool subordinate_can_map(void)
{
	return access(USER_MAPPER, X_OK) == 0 && access(GROUP_MAPPER, X_OK) == 0;
}

static int run_mapper(const char *program, pid_t pid, bool same, unsigned own, const struct id_range *range,
		      struct ct_err *err)
{
	char target[16], caller[16], first[16], count[16];
	const char *const arguments[] = { program, target, same ? caller : "0", caller, "1", same ? first : "1", first,
					  count,   NULL };
	pid_t mapper;
	int status;

	snprintf(target, sizeof(target), "%d", (int)pid);
	snprintf(caller, sizeof(caller), "%u", own);
	snprintf(first, sizeof(first), "%u", range->first);
	snprintf(count, sizeof(count), "%u", range->count);
	mapper = ct_process_start((char *const *)(uintptr_t)arguments, -1, -1);
	if (mapper < 0)
		return ct_fail_errno(err, "R001", "cannot start '%s'", program);
	status = ct_process_wait(mapper);
	if (status == 0)
		return 0;
	ct_fail(err, "R001", "'%s' could not map the ids from %u on", program, range->first);
	return ct_err_hint(err, "it must be setuid root or have the capability, and " SUBORDINATE_USERS
				" and " SUBORDINATE_GROUPS " must give you the range");
}

int subordinate_map(pid_t pid, bool same, const struct id_range *users, const struct id_range *groups,
		    struct ct_err *err)
{
	return run_mapper(USER_MAPPER, pid, same, geteuid(), users, err) < 0 ||
			       run_mapper(GROUP_MAPPER, pid, same, getegid(), groups, err) < 0
		       ? -1
		       : 0;
}
