#include "ctst-spawn/network/find_program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"

char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t length = strcspn(path, ":");
		ct_autofree char *directory = ct_strndup(path, length);
		char *candidate = ct_asprintf("%s/%s", directory, name);
		struct stat status;

		if (length > 0 && directory[0] == '/' && access(candidate, X_OK) == 0 &&
		    stat(candidate, &status) == 0 && S_ISREG(status.st_mode))
			return candidate;
		free(candidate);
		path += length + (path[length] == ':');
	}
	return NULL;
}
