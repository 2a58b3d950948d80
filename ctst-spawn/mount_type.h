/* Which mount a file lies on, and of which file system: proc_pid_mountinfo(5). For messages. */
#ifndef CTST_SPAWN_MOUNT_TYPE_H
#define CTST_SPAWN_MOUNT_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#define MOUNT_TYPE_SIZE 64

/* The type of the file system that the open file is on, such as "ext4"; false: unknown. */
bool mount_type(int fd, char type[MOUNT_TYPE_SIZE]);

/* Whether the mount at `place` (an O_PATH descriptor) can have the ids of a user namespace. 0, or an errno. */
int mount_try_ids(int place, int userns);

/*
 * The mount on which that fails: the one that `place` is on, `where` is empty then, or one below it, which is mounted on
 * `where`. *failure is its errno. false: none is found.
 */
bool mount_without_ids(int place, int userns, char *where, size_t size, char type[MOUNT_TYPE_SIZE], int *failure);

#endif
