#include "ctst-spawn/confine/badness.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"

int badness_reset(pid_t pid)
{
	ct_autoclose int own = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	ct_autoclose int child = -1;
	char first = '0', path[48];

	if (own < 0 || read(own, &first, 1) != 1)
		return -1;
	if (first != '-')
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	child = open(path, O_WRONLY | O_CLOEXEC);
	return child >= 0 && write(child, "0", 1) == 1 ? 0 : -1;
}
