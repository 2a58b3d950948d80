/*
 * /etc/hosts and /etc/resolv.conf of a container: names instead of a name server. Made anew for every run of the
 * container, so that a restart knows who has come since.
 */
#ifndef CTST_SPAWN_NETWORK_FILES_H
#define CTST_SPAWN_NETWORK_FILES_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "ctst-spawn/network/attachments.h"
#include "ctst-spawn/network/use.h"

/* What the two are made from. */
struct network_setting {
	int directory; /* of use.h, with the lists of members; -1: none */
	const char *state_file;
	enum use_where where;
	const char *component, *hostname;
	const struct attachments *attachments;
	const struct ct_json *joins; /* names of networks that CONNECT adds, or NULL */
	const char *resolver;        /* the name server beyond its networks; NULL: the host's */
	bool host;                   /* it is on the host's network */
	bool outwards;               /* it can reach what is beyond its networks */
};

struct network_files {
	struct ct_buf hosts, resolver; /* owned */
};

/* -1: R011. The caller releases the files in any case. */
int network_files_make(const struct network_setting *setting, struct network_files *files, struct ct_err *err);
void network_files_release(struct network_files *files);

/*
 * The list of a network's members, under its name of use.h, as it is added to /etc/hosts. Of the network "host" it has names without
 * addresses: those who are joined to it know best how they reach the host. -1 with errno.
 */
int network_members_write(int directory, const char *name, const struct ct_buf *list);

/* A line of it: the address (NULL: of the host), a tab and the name. */
void network_members_add(struct ct_buf *list, const char *address, const char *name);

/* Whether the name can stand in such a file. */
bool network_name_is_plain(const char *name);

#endif
