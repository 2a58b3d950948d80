#include "ctst-spawn/network/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/network_name.h"
#include "ctst-spawn/network/forwarding.h"
#include "ctst-spawn/network/guard.h"
#include "ctst-spawn/network/use.h"

#define PLACE "/run/containust/networks"
#define LIST "interfaces"
#define NAME "users"
#define LIST_LIMIT 65536

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

/* A number that no other network namespace gets until the next boot. False: this kernel has none. */
static bool read_cookie(uint64_t *cookie)
{
	ct_autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*cookie);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &length) == 0;
}

/* The directory of this network namespace. -1: there is none. */
static int open_place(bool create)
{
	char path[sizeof(PLACE) + 24];
	uint64_t cookie;

	if (!read_cookie(&cookie)) {
		errno = ENOSYS;
		return -1;
	}
	snprintf(path, sizeof(path), PLACE "/%llu", (unsigned long long)cookie);
	if (create && ct_make_directories(path, 0700) < 0)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int read_list(int place, struct forwarding *list)
{
	ct_autobuf text = CT_BUF_INIT;

	*list = (struct forwarding){ 0 };
	ct_buf_puts(&text, "");
	if (ct_read_file_at(place, LIST, LIST_LIMIT, &text) < 0)
		return errno == ENOENT ? 0 : -1;
	forwarding_parse(list, text.data);
	return 0;
}

static int write_list(int place, const struct forwarding *list)
{
	ct_autobuf text = CT_BUF_INIT;

	forwarding_format(list, &text);
	return ct_replace_file_at(place, LIST, text.data, text.length, 0600, false);
}

/* The guard stands before the gate is opened, and both are written down before that. */
static int switch_on(int place, const struct forwarding *wanted)
{
	/* Two commands at the same time: the list is one's after the other's. */
	ct_autoclose int turn = openat(place, "turn", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct forwarding list;

	if (turn < 0 || flock(turn, LOCK_EX) < 0 || read_list(place, &list) < 0)
		return -1;
	forwarding_add(&list, wanted);
	if (write_list(place, &list) < 0 || guard_apply(UPLINK_TABLE, &list) < 0)
		return -1;
	return forwarding_switch(wanted, true);
}

/* The lock is exclusively ours. */
static void switch_off(int place)
{
	struct forwarding list;

	if (read_list(place, &list) < 0)
		return;
	(void)forwarding_switch(&list, false);
	(void)guard_remove(UPLINK_TABLE);
	(void)unlinkat(place, LIST, 0);
	(void)unlinkat(place, "turn", 0);
}

static void remove_place(int place)
{
	char link[64], path[sizeof(PLACE) + 24];
	ssize_t length;

	(void)unlinkat(place, NAME ".lock", 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return;
	path[length] = '\0';
	(void)rmdir(path);
}

int uplink_open(bool published, bool *closed)
{
	ct_autoclose int place = -1, lock = -1;
	struct forwarding wanted;

	*closed = false;
	forwarding_find(published, &wanted);
	if (wanted.count == 0)
		return uplink_join();
	place = open_place(true);
	if (place >= 0)
		lock = use_lock(place, NAME);
	if (lock >= 0 && switch_on(place, &wanted) == 0)
		return ct_take_fd(&lock);
	*closed = true;
	if (lock >= 0)
		uplink_close(ct_take_fd(&lock));
	return -1;
}

int uplink_join(void)
{
	ct_autoclose int place = open_place(false);

	return place < 0 ? -1 : use_lock(place, NAME);
}

/* Whether nobody has the lock; then it is ours, and what is on is switched off. */
static bool take_down(int place, int lock)
{
	struct stat status;

	if (flock(lock, LOCK_EX | LOCK_NB) < 0 || fstat(lock, &status) < 0 || status.st_nlink == 0)
		return false;
	switch_off(place);
	remove_place(place);
	return true;
}

void uplink_close(int lock)
{
	ct_autoclose int place = -1;

	if (lock < 0)
		return;
	place = open_place(false);
	if (place >= 0)
		(void)take_down(place, lock);
	close(lock);
}

void uplink_sweep(void)
{
	ct_autoclose int place = open_place(false);
	ct_autoclose int lock = place < 0 ? -1 : openat(place, NAME ".lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (lock >= 0)
		(void)take_down(place, lock);
}

bool uplink_has_leftovers(void)
{
	ct_autoclose int place = open_place(false);
	ct_autoclose int lock = place < 0 ? -1 : openat(place, NAME ".lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;
}
