#include "ctst-spawn/sources.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "ctst-spawn/expand.h"

static bool lies_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/' && !strstr(path, "/../");
}

static int prepare(struct container_mount *mount, const char *project_directory, struct ct_err *err)
{
	struct stat status;

	mount->source = expand_template(mount->source, err);
	if (!mount->source)
		return -1;
	if (mount->source[0] != '/')
		return ct_fail(err, "R003", "the volume source '%s' is not an absolute path", mount->source);
	if (stat(mount->source, &status) == 0)
		return 0;
	if (errno != ENOENT)
		return ct_fail_errno(err, "R003", "cannot look at the volume source '%s'", mount->source);
	if (!mount->project && !lies_in(mount->source, project_directory)) {
		ct_fail(err, "R003", "the volume source '%s' does not exist", mount->source);
		return ct_err_hint(err, "create it; only sources inside the project directory are made for you");
	}
	if (ct_make_directories(mount->source, mount->project ? 0755 : 0777) < 0)
		return ct_fail_errno(err, "R003", "cannot create the volume source '%s'", mount->source);
	return 0;
}

int sources_prepare(struct config *config, struct ct_err *err)
{
	for (size_t i = 0; i < config->container.mount_count; i++) {
		if (prepare(&config->container.mounts[i], config->project_directory, err) < 0)
			return -1;
	}
	return 0;
}

int sources_make_writable(const struct identity *identity, struct ct_err *err)
{
	static const char *const directories[] = { "writable", "writable/upper", "writable/work" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (mkdir(directories[i], 0755) < 0 && errno != EEXIST)
			return ct_fail_errno(err, "R003", "cannot create '%s'", directories[i]);
		if (identity->range && chown(directories[i], identity->base, identity->base) < 0)
			return ct_fail_errno(err, "R003", "cannot give '%s' to the container", directories[i]);
	}
	return 0;
}

void sources_close(int *trees, int count)
{
	while (count > 0)
		close(trees[--count]);
}

int sources_open(const struct container *container, bool writable, int userns, int *trees, struct ct_err *err)
{
	int count = 0;

	for (size_t i = 0; i < container->layer_count; i++, count++) {
		trees[count] = identity_open_tree(container->layers[i], true, userns, err);
		if (trees[count] < 0)
			goto fail;
	}
	for (size_t i = 0; i < container->mount_count; i++, count++) {
		trees[count] = identity_open_tree(container->mounts[i].source, container->mounts[i].readonly, userns,
						  err);
		if (trees[count] < 0)
			goto fail;
	}
	if (writable) {
		/* Made for the container's own ids already (sources_make_writable()), so nothing is mapped. */
		trees[count] = identity_open_tree("writable", false, -1, err);
		if (trees[count] < 0)
			goto fail;
		count++;
	}
	return count;
fail:
	sources_close(trees, count);
	return -1;
}
