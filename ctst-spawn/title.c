#include "ctst-spawn/title.h"

#include <string.h>
#include <sys/prctl.h>

struct title title_find(int argc, char **argv)
{
	return (struct title){ argv[0], (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]) };
}

void title_set(const struct title *title, const char *name)
{
	size_t length = strlen(name);

	memset(title->text, 0, title->length);
	memcpy(title->text, name, length < title->length ? length : title->length);
	prctl(PR_SET_NAME, name, 0, 0, 0);
}
