#include "ctst-spawn/descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(DESCRIPTORS_MOST * sizeof(int))];
};

int descriptors_send(int socket, const int *descriptors, size_t count)
{
	union control control;
	char byte = 'd';
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (count > 0) {
		struct cmsghdr *header = &control.align;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		memset(control.bytes, 0, message.msg_controllen);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int descriptors_receive(int socket, int *descriptors, size_t most)
{
	union control control;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header;
	ssize_t got;
	size_t count;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len < CMSG_LEN(0))
		return 0;
	count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (count > most) {
		const int *received = (const int *)(const void *)CMSG_DATA(header);

		for (size_t i = 0; i < count; i++)
			close(received[i]);
		return -1;
	}
	memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
	return (int)count;
}
