#include "ctst-spawn/network/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"

#define ANY (-1)
#define ANSWER_SIZE 32768 /* the kernel fills no more than this at a time (NLMSG_GOODSIZE and the size of dumps) */

int netlink_open(struct netlink *netlink, int protocol)
{
	static const int on = 1, room = 64 << 20;

	*netlink = (struct netlink)NETLINK_INIT;
	netlink->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (netlink->socket < 0)
		return -1;
	/* Answers without the question, and words beside the errno (Linux 4.12); both only make things better. */
	(void)setsockopt(netlink->socket, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(netlink->socket, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	/* A transaction is one message, and there are hosts with more ports than the usual limit allows (net.core.wmem_max). */
	if (setsockopt(netlink->socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(netlink->socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket >= 0)
		close(netlink->socket);
	ct_buf_free(&netlink->batch);
	netlink->socket = -1;
}

static void append(struct netlink *netlink, const void *bytes, size_t length)
{
	static const char padding[NLMSG_ALIGNTO];

	ct_buf_append(&netlink->batch, bytes, length);
	ct_buf_append(&netlink->batch, padding, NLMSG_ALIGN(length) - length);
}

/* The length of the message grows with what is put into it. */
static void grow(struct netlink *netlink)
{
	struct nlmsghdr *header = (void *)(netlink->batch.data + netlink->message);

	header->nlmsg_len = (uint32_t)(netlink->batch.length - netlink->message);
}

static void begin(struct netlink *netlink, int type, int flags, const void *rest, size_t length)
{
	struct nlmsghdr header = { .nlmsg_type = (uint16_t)type,
				   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
				   .nlmsg_seq = ++netlink->sequence };

	if (netlink->batch.length == 0)
		netlink->first = netlink->sequence;
	netlink->message = netlink->batch.length;
	append(netlink, &header, sizeof(header));
	append(netlink, rest, length);
	grow(netlink);
}

static short *accepted_of(struct netlink *netlink, uint32_t sequence)
{
	return &netlink->accepted[(sequence - netlink->first) % NETLINK_MOST_MESSAGES];
}

void netlink_begin(struct netlink *netlink, int type, int flags, const void *header, size_t length)
{
	begin(netlink, type, NLM_F_ACK | flags, header, length);
	netlink->last = netlink->sequence;
	*accepted_of(netlink, netlink->sequence) = 0;
}

void netlink_tell(struct netlink *netlink, int type, int flags, const void *header, size_t length)
{
	begin(netlink, type, flags, header, length);
}

void netlink_answer_last(struct netlink *netlink)
{
	struct nlmsghdr *header = (void *)(netlink->batch.data + netlink->message);

	header->nlmsg_flags |= NLM_F_ACK;
	netlink->last = header->nlmsg_seq;
}

void netlink_mark(struct netlink *netlink, int type, const void *header, size_t length)
{
	begin(netlink, type, 0, header, length);
}

void netlink_accept(struct netlink *netlink, int failure)
{
	*accepted_of(netlink, netlink->sequence) = (short)failure;
}

void netlink_accept_any(struct netlink *netlink)
{
	*accepted_of(netlink, netlink->sequence) = ANY;
}

void netlink_put(struct netlink *netlink, int type, const void *value, size_t length)
{
	struct nlattr attribute = { .nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = (uint16_t)type };

	append(netlink, &attribute, sizeof(attribute));
	append(netlink, value, length);
	grow(netlink);
}

void netlink_put_text(struct netlink *netlink, int type, const char *text)
{
	netlink_put(netlink, type, text, strlen(text) + 1);
}

void netlink_put_u8(struct netlink *netlink, int type, uint8_t value)
{
	netlink_put(netlink, type, &value, sizeof(value));
}

void netlink_put_u32(struct netlink *netlink, int type, uint32_t value)
{
	netlink_put(netlink, type, &value, sizeof(value));
}

void netlink_put_u32_be(struct netlink *netlink, int type, uint32_t value)
{
	netlink_put_u32(netlink, type, htonl(value));
}

size_t netlink_nest(struct netlink *netlink, int type)
{
	size_t nest = netlink->batch.length;

	netlink_put(netlink, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void netlink_end(struct netlink *netlink, size_t nest)
{
	struct nlattr *attribute = (void *)(netlink->batch.data + nest);

	attribute->nla_len = (uint16_t)(netlink->batch.length - nest);
}

void netlink_put_raw(struct netlink *netlink, const void *bytes, size_t length)
{
	append(netlink, bytes, length);
	grow(netlink);
}

static int send_batch(struct netlink *netlink)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do
		sent = sendto(netlink->socket, netlink->batch.data, netlink->batch.length, 0,
			      (const struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	ct_buf_clear(&netlink->batch);
	return sent < 0 ? -1 : 0;
}

static ssize_t receive(struct netlink *netlink, char *answer)
{
	ssize_t got;

	do
		got = recv(netlink->socket, answer, ANSWER_SIZE, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

/* The text of an answer, behind its struct nlmsgerr (NETLINK_CAP_ACK: without the question). */
static void keep_reason(struct netlink *netlink, const struct nlmsghdr *answer)
{
	const char *at = (const char *)answer + NLMSG_HDRLEN + sizeof(struct nlmsgerr);
	const char *end = (const char *)answer + answer->nlmsg_len;

	netlink->reason[0] = '\0';
	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	while (end - at >= (ptrdiff_t)sizeof(struct nlattr)) {
		const struct nlattr *attribute = (const void *)at;

		if (attribute->nla_len < sizeof(*attribute) || attribute->nla_len > end - at)
			return;
		if (attribute->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(netlink->reason, sizeof(netlink->reason), "%.*s",
				 (int)(attribute->nla_len - NLA_HDRLEN), at + NLA_HDRLEN);
		at += NLA_ALIGN(attribute->nla_len);
	}
}

static bool is_accepted(const struct netlink *netlink, uint32_t index, int failure)
{
	return netlink->accepted[index] == failure || netlink->accepted[index] == ANY;
}

/* Notes what an answer says; false: it is none. */
static bool take_answer(struct netlink *netlink, const struct nlmsghdr *answer, int *failure)
{
	const struct nlmsgerr *result = NLMSG_DATA(answer);
	uint32_t index = answer->nlmsg_seq - netlink->first;

	if (answer->nlmsg_type != NLMSG_ERROR || answer->nlmsg_len < NLMSG_LENGTH(sizeof(*result)))
		return false;
	if (result->error == 0 || *failure ||
	    (index < NETLINK_MOST_MESSAGES && is_accepted(netlink, index, -result->error)))
		return true;
	*failure = -result->error;
	netlink->failed = index;
	keep_reason(netlink, answer);
	return true;
}

/* Answers come in the order of the messages. A transaction that cannot begin is answered once, under its first number. */
static int receive_answers(struct netlink *netlink, uint32_t last, bool transaction)
{
	ct_autofree char *buffer = ct_alloc(ANSWER_SIZE);
	int failure = 0;

	for (;;) {
		ssize_t got = receive(netlink, buffer);
		const struct nlmsghdr *answer = (const void *)buffer;
		int length = (int)got;

		if (got < 0)
			return errno;
		for (; NLMSG_OK(answer, length); answer = NLMSG_NEXT(answer, length)) {
			if (take_answer(netlink, answer, &failure) &&
			    (answer->nlmsg_seq == last || (transaction && answer->nlmsg_seq == netlink->first)))
				return failure;
		}
	}
}

int netlink_send(struct netlink *netlink)
{
	const struct nlmsghdr *first = (const void *)netlink->batch.data;
	bool transaction = !(first->nlmsg_flags & NLM_F_ACK);
	int failure;

	netlink->reason[0] = '\0';
	netlink->failed = 0;
	if (send_batch(netlink) < 0)
		return -1;
	failure = receive_answers(netlink, netlink->last, transaction);
	errno = failure;
	return failure ? -1 : 0;
}

int netlink_fail(const struct netlink *netlink, struct ct_err *err, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (netlink->reason[0])
		return ct_fail_errno(err, "R011", "%s (%s)", message, netlink->reason);
	return ct_fail_errno(err, "R011", "%s", message);
}

/* Up to the end of a dump, or to the answer. */
static int receive_many(struct netlink *netlink, void (*each)(const struct nlmsghdr *message, void *context),
			void *context)
{
	ct_autofree char *buffer = ct_alloc(ANSWER_SIZE);

	for (;;) {
		ssize_t got = receive(netlink, buffer);
		const struct nlmsghdr *message = (const void *)buffer;
		int length = (int)got;

		if (got < 0)
			return -1;
		for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
			if (message->nlmsg_type == NLMSG_DONE)
				return 0;
			if (message->nlmsg_type == NLMSG_ERROR) {
				errno = -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
				return errno ? -1 : 0;
			}
			each(message, context);
		}
	}
}

int netlink_ask(struct netlink *netlink, void (*each)(const struct nlmsghdr *message, void *context), void *context)
{
	netlink->reason[0] = '\0';
	return send_batch(netlink) < 0 ? -1 : receive_many(netlink, each, context);
}

int netlink_dump(struct netlink *netlink, void (*each)(const struct nlmsghdr *message, void *context), void *context)
{
	((struct nlmsghdr *)(void *)netlink->batch.data)->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return netlink_ask(netlink, each, context);
}
