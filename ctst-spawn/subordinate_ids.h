/*
 * /etc/subuid and /etc/subgid: the ranges of ids that users may map into user namespaces (subuid(5)). newuidmap(1) and
 * newgidmap(1) map them for those who have no right to do it themselves.
 */
#ifndef CTST_SPAWN_SUBORDINATE_IDS_H
#define CTST_SPAWN_SUBORDINATE_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

#define SUBORDINATE_USERS "/etc/subuid"
#define SUBORDINATE_GROUPS "/etc/subgid"

struct id_range {
	uint32_t first, count;
};

/* The text of one of the two files; a missing or unreasonably large one is empty. */
void subordinate_read(const char *path, struct ct_buf *text);

/*
 * The first range of at least `least` ids that the text of such a file gives to a user, who is called by name (NULL: has
 * none) or by number. Lines that are damaged are passed over.
 */
bool subordinate_find(const char *text, const char *name, uid_t uid, uint32_t least, struct id_range *range);

/* Whether the text gives one of `range`'s ids to anybody. */
bool subordinate_overlaps(const char *text, const struct id_range *range);

/*
 * Maps the caller to 0 and the ranges to the ids from 1 on in the user namespace of the process `pid`, by newuidmap and
 * newgidmap; or all of them to themselves (`same`). -1: R001.
 */
int subordinate_map(pid_t pid, bool same, const struct id_range *users, const struct id_range *groups,
		    struct ct_err *err);

/* Whether the two programs are installed. */
bool subordinate_can_map(void);

#endif
