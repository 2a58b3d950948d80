/*
 * Cleanup attributes: a resource is released where its variable goes out of
 * scope, on every path. Always initialise at the declaration.
 *
 *	ct_autofree char *name = strdup(text);
 *	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
 *	return ct_take_fd(&fd);            ownership leaves, nothing is closed
 */
#ifndef CT_CLEANUP_H
#define CT_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void ct_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void ct_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define ct_autofree __attribute__((cleanup(ct_cleanup_free)))
#define ct_autoclose __attribute__((cleanup(ct_cleanup_close)))

/* Hands the text over to the caller; the variable becomes NULL. */
static inline char *ct_take_text(char **text)
{
	char *taken = *text;

	*text = NULL;
	return taken;
}

/* Hands the descriptor over to the caller; the variable becomes -1. */
static inline int ct_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
