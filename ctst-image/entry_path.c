#include "ctst-image/entry_path.h"

#include <string.h>

/* Back to the parent of what is in path[0..length). */
static size_t drop_last(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 0 ? length - 1 : 0;
}

int entry_path_normalise(const char *name, char path[PATH_MAX], struct ct_err *err)
{
	size_t length = 0;
	size_t depth = 0;

	if (strlen(name) >= PATH_MAX)
		return ct_fail(err, "I003", "name '%.60s…' is longer than %d bytes", name, PATH_MAX - 1);
	for (const char *at = name + strspn(name, "/"); *at; at += strspn(at, "/")) {
		size_t part = strcspn(at, "/");

		if (part == 2 && memcmp(at, "..", 2) == 0) {
			if (depth == 0)
				return ct_fail(err, "I003", "name '%.200s' leaves the root of the image", name);
			length = drop_last(path, length);
			depth--;
		} else if (part > NAME_MAX) {
			return ct_fail(err, "I003", "name '%.60s…' has a part longer than %d bytes", name, NAME_MAX);
		} else if (!(part == 1 && *at == '.')) {
			if (++depth > ENTRY_PATH_MAX_DEPTH)
				return ct_fail(err, "I003", "name '%.60s…' is nested deeper than %d directories", name,
					       ENTRY_PATH_MAX_DEPTH);
			if (length > 0)
				path[length++] = '/';
			memcpy(path + length, at, part);
			length += part;
		}
		at += part;
	}
	path[length] = '\0';
	return 0;
}

const char *entry_path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool entry_path_is_whiteout(const char *path)
{
	return strncmp(entry_path_name(path), ".wh.", 4) == 0;
}
