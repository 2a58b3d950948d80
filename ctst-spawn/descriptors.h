/* Descriptors handed to another process over a Unix socket (SCM_RIGHTS in unix(7)). */
#ifndef CTST_SPAWN_DESCRIPTORS_H
#define CTST_SPAWN_DESCRIPTORS_H

#include <stddef.h>

#define DESCRIPTORS_MOST 253 /* in one message, the kernel's limit */

/* One message with `count` descriptors, which may be none. They stay the caller's. -1 with errno. */
int descriptors_send(int socket, const int *descriptors, size_t count);

/*
 * The next message. What it brings is close-on-exec and the caller's. Returns how many there were, which is at most
 * `most`; -1: the peer is gone, or it sent something else.
 */
int descriptors_receive(int socket, int *descriptors, size_t most);

#endif
