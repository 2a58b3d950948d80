#include "ctst-spawn/output_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int output_pipe(const struct identity *identity, int ends[2])
{
	int failure;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	/* Somebody outside may have been given the other end: its silence must not keep the supervisor. */
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
	    (identity->kind != IDENTITY_RANGE || fchown(ends[1], identity->users.first, identity->groups.first) == 0))
		return 0;
	failure = errno;
	close(ends[0]);
	close(ends[1]);
	ends[0] = ends[1] = -1;
	errno = failure;
	return -1;
}
