/*
 * Messages for the kernel's netlink families (netlink(7)), collected in one buffer and sent as one.
 *
 *	struct netlink netlink = NETLINK_INIT;
 *	netlink_open(&netlink, NETLINK_ROUTE)
 *	netlink_begin(&netlink, RTM_NEWLINK, NLM_F_CREATE, &header, sizeof(header));
 *	netlink_put_text(&netlink, IFLA_IFNAME, "ct-0");
 *	netlink_accept(&netlink, EEXIST);
 *	netlink_send(&netlink)          what the kernel says to each message
 *	netlink_close(&netlink);
 */
#ifndef CTST_SPAWN_NETWORK_NETLINK_H
#define CTST_SPAWN_NETWORK_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

struct nlmsghdr;

#define NETLINK_MOST_MESSAGES 256 /* of one batch that want an answer */

struct netlink {
	int socket;
	uint32_t sequence;                     /* of the last message */
	uint32_t first;                        /* of the batch being collected */
	uint32_t last;                         /* the last one that will be answered */
	struct ct_buf batch;                   /* complete messages and the one being written */
	size_t message;                        /* where that begins */
	short accepted[NETLINK_MOST_MESSAGES]; /* an errno that is as good as success, ANY for all; by message */
	size_t failed;                         /* after netlink_send(): the message that failed, from 0 */
	char reason[160];                      /* what the kernel says to that beyond errno; "" when it says nothing */
};

#define NETLINK_INIT \
	{ \
		.socket = -1 \
	}
#define autonetlink __attribute__((cleanup(netlink_close))) struct netlink

/* -1 with errno. */
int netlink_open(struct netlink *netlink, int protocol);
void netlink_close(struct netlink *netlink);

/* Begins a message; every one is acknowledged. `header` is what follows struct nlmsghdr in this family. */
void netlink_begin(struct netlink *netlink, int type, int flags, const void *header, size_t length);

/* This errno is no failure of the message that was begun last; or none is. */
void netlink_accept(struct netlink *netlink, int failure);
void netlink_accept_any(struct netlink *netlink);

/*
 * For transactions (nfnetlink's batches): a message that is answered only if it fails, a marker of begin or end, and the
 * wish that the last message be answered in any case, so that there is something to wait for.
 */
void netlink_tell(struct netlink *netlink, int type, int flags, const void *header, size_t length);
void netlink_mark(struct netlink *netlink, int type, const void *header, size_t length);
void netlink_answer_last(struct netlink *netlink);

/* Attributes of the message that was begun last. Numbers are in the host's byte order, `_be` in the network's. */
void netlink_put(struct netlink *netlink, int type, const void *value, size_t length);
void netlink_put_text(struct netlink *netlink, int type, const char *text);
void netlink_put_u8(struct netlink *netlink, int type, uint8_t value);
void netlink_put_u32(struct netlink *netlink, int type, uint32_t value);
void netlink_put_u32_be(struct netlink *netlink, int type, uint32_t value);

/* Attributes within one: returns what netlink_end() needs. */
size_t netlink_nest(struct netlink *netlink, int type);
void netlink_end(struct netlink *netlink, size_t nest);

/* Raw bytes within an attribute, such as the header of a nested message; kept aligned. */
void netlink_put_raw(struct netlink *netlink, const void *bytes, size_t length);

/*
 * Sends the batch and reads all answers; the batch is empty afterwards. -1 with errno of the first message that
 * failed, and `failed` and `reason` set. The kernel carries out the others all the same, except in a transaction.
 */
int netlink_send(struct netlink *netlink);

/* The reason of the last failure and errno, as one text: R011. Always -1. */
int netlink_fail(const struct netlink *netlink, struct ct_err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends the one message of the batch as a question, and calls `each` for what comes before the answer. -1 with errno. */
int netlink_ask(struct netlink *netlink, void (*each)(const struct nlmsghdr *message, void *context), void *context);

/* Sends the one message of the batch as a request for many, and calls `each` for each of them. -1 with errno. */
int netlink_dump(struct netlink *netlink, void (*each)(const struct nlmsghdr *message, void *context), void *context);

#endif
