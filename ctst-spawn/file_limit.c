#include "ctst-spawn/file_limit.h"

#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit original;
static bool raised;

void file_limit_raise(void)
{
	struct rlimit wanted;

	if (getrlimit(RLIMIT_NOFILE, &original) < 0)
		return;
	wanted = original;
	wanted.rlim_cur = wanted.rlim_max;
	raised = setrlimit(RLIMIT_NOFILE, &wanted) == 0;
}

void file_limit_restore(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &original);
}
