#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/probe/probe.h"

static int points;

void point(const char *name, bool open, const char *why)
{
	printf("%s\"%s\": \"%s: ", points++ ? ",\n" : "{\n", name, open ? "open" : "closed");
	for (; *why; why++)
		putchar(*why >= ' ' && *why < 127 && *why != '"' && *why != '\\' ? *why : '?');
	putchar('"');
}

void point_of_call(const char *name, long result, int failure)
{
	bool refused = result < 0 && (failure == EPERM || failure == ENOSYS || failure == EAFNOSUPPORT ||
				      failure == EACCES || failure == EROFS);

	point(name, !refused, result < 0 ? strerror(failure) : "done");
}

/* The arguments are namespaces of the host, as readlink(1) of /proc/self/ns shows them, and "abstract=NAME". */
int main(int argc, char **argv)
{
	probe_process(argc, argv);
	probe_files();
	probe_calls();
	printf("\n}\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
