#include "ctst-spawn/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/expand.h"
#include "ctst-spawn/volume_seed.h"

static bool lies_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/' && !strstr(path, "/../");
}

/*
 * A container that can write to a volume may put a link where another volume's source is expected,
 * so no link is followed on the way to a source, at no start.
 */
static int open_source(const char *path, struct ct_err *err)
{
	int fd = ct_open_without_links(path);

	if (fd >= 0)
		return fd;
	ct_fail_errno(err, "R003", "cannot open the volume source '%s'", path);
	if (errno == ELOOP)
		ct_err_hint(err, "a part of it is a symbolic link: write the path that it leads to (realpath(1))");
	else if (errno == ENOENT)
		ct_err_hint(err, "create it; only sources inside the project directory are made for you");
	return -1;
}

/* Makes what is missing below the project directory, each step without following links. */
static int make_source(const char *path, const char *project_directory, mode_t mode)
{
	ct_autofree char *prefix = ct_strdup(path);

	for (char *slash = prefix + strlen(project_directory); slash; slash = strchr(slash + 1, '/')) {
		ct_autoclose int parent = -1;
		size_t length = strcspn(slash + 1, "/");

		*slash = '\0';
		parent = ct_open_without_links(prefix);
		*slash = '/';
		if (parent < 0)
			return -1;
		if (length > 0) {
			ct_autofree char *name = ct_strndup(slash + 1, length);

			if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
				return -1;
		}
	}
	return 0;
}

/* A bind mount elsewhere is the same directory under another name, so device and inode are compared. */
static bool is_directory(const char *path, const struct stat *status)
{
	struct stat other;

	return stat(path, &other) == 0 && other.st_dev == status->st_dev && other.st_ino == status->st_ino;
}

/* Where below the source the project lies: "" when it is the source, NULL when it is not in it. */
static const char *project_below(int source, const char *project_directory)
{
	ct_autofree char *path = ct_strdup(project_directory);
	struct stat status;

	if (fstat(source, &status) < 0 || !S_ISDIR(status.st_mode))
		return NULL;
	for (size_t length = strlen(path);;) {
		if (is_directory(length > 0 ? path : "/", &status))
			return project_directory + length;
		if (length == 0)
			return NULL;
		while (path[--length] != '/')
			;
		path[length] = '\0';
	}
}

static bool lies_in_state(int source, const char *project_directory)
{
	ct_autofree char *state = ct_asprintf("%s/.containust", project_directory);
	char name[64], path[PATH_MAX];
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", source);
	length = readlink(name, path, sizeof(path) - 1);
	if (length < 0)
		return true;
	path[length] = '\0';
	return strcmp(path, state) == 0 || lies_in(path, state);
}

/* *below: where below the source the project lies, so that its state is hidden there; NULL when it is not in it. */
static int keep_from_state(const struct container_mount *mount, int source, const char *project_directory,
			   const char **below, struct ct_err *err)
{
	if (!mount->project && lies_in_state(source, project_directory)) {
		ct_fail(err, "R003", "the volume source '%s' lies in the project's own .containust", mount->source);
		return ct_err_hint(err, "a volume that is kept there is written without a path: volume = \"data:%s\"",
				   mount->target);
	}
	*below = project_below(source, project_directory);
	if (*below && (*below)[0] && !mount->readonly) {
		ct_fail(err, "R003", "the volume source '%s' holds the project's directory and is writable",
			mount->source);
		return ct_err_hint(err, "append ':ro', or mount only what the component needs");
	}
	return 0;
}

static int mark_new(const char *volume, const char *project_directory)
{
	ct_autofree char *directory = ct_strndup(volume, (size_t)(strrchr(volume, '/') - volume));

	return make_source(directory, project_directory, 0755) < 0 ? -1 : volume_mark_new(volume);
}

static int prepare(struct config *config, struct container_mount *mount, struct ct_err *err)
{
	ct_autofree char *source = expand_template(mount->source, err);
	const char *project_directory = config->project_directory;
	const char *below;
	ct_autoclose int fd = -1;
	bool missing;

	if (!source)
		return -1;
	mount->source = ct_arena_copy(&config->strings, source, strlen(source));
	if (mount->source[0] != '/')
		return ct_fail(err, "R003", "the volume source '%s' is not an absolute path", mount->source);
	fd = ct_open_without_links(mount->source);
	missing = fd < 0 && errno == ENOENT;
	/* Before it is there: nobody sees a new one without its mark. */
	if (missing && mount->project && mark_new(mount->source, project_directory) < 0)
		return ct_fail_errno(err, "R003", "cannot mark the volume '%s' as new", mount->source);
	if (missing && lies_in(mount->source, project_directory) &&
	    make_source(mount->source, project_directory, 0755) < 0)
		return ct_fail_errno(err, "R003", "cannot create the volume source '%s'", mount->source);
	mount->fresh = mount->project && !mount->readonly && volume_is_new(mount->source);
	if (fd < 0)
		fd = open_source(mount->source, err);
	if (fd < 0 || keep_from_state(mount, fd, project_directory, &below, err) < 0)
		return -1;
	if (below)
		mount->hidden = ct_arena_printf(&config->strings, "%s/.containust", below);
	return 0;
}

/* Everything that prepare() would refuse; nothing is made. */
static int check(struct container_mount mount, const char *project_directory, struct ct_err *err)
{
	ct_autofree char *source = expand_template(mount.source, err);
	ct_autoclose int fd = -1;
	const char *below;

	if (!source)
		return -1;
	if (source[0] != '/')
		return ct_fail(err, "R003", "the volume source '%s' is not an absolute path", source);
	fd = ct_open_without_links(source);
	if (fd < 0 && errno == ENOENT && lies_in(source, project_directory))
		return 0;
	if (fd < 0)
		fd = open_source(source, err);
	mount.source = source;
	return fd < 0 ? -1 : keep_from_state(&mount, fd, project_directory, &below, err);
}

int sources_check(const struct container *container, const char *project_directory, struct ct_err *err)
{
	for (size_t i = 0; i < container->mount_count; i++) {
		if (check(container->mounts[i], project_directory, err) < 0)
			return -1;
	}
	return 0;
}

int sources_prepare(struct config *config, struct ct_err *err)
{
	for (size_t i = 0; i < config->container.mount_count; i++) {
		if (prepare(config, &config->container.mounts[i], err) < 0)
			return -1;
	}
	return 0;
}

/* The fresh mount whose source is the first one behind `source` in the order of names; NULL: there is none. */
static struct container_mount *next_fresh(struct container *container, const char *source)
{
	struct container_mount *next = NULL;

	for (size_t i = 0; i < container->mount_count; i++) {
		struct container_mount *mount = &container->mounts[i];

		if (mount->fresh && strcmp(mount->source, source) > 0 &&
		    (!next || strcmp(mount->source, next->source) < 0))
			next = mount;
	}
	return next;
}

static void is_not_fresh(struct container *container, const char *source)
{
	for (size_t i = 0; i < container->mount_count; i++) {
		if (strcmp(container->mounts[i].source, source) == 0)
			container->mounts[i].fresh = false;
	}
}

int sources_take_turns(struct container *container, struct ct_err *err)
{
	struct container_mount *mount = next_fresh(container, "");

	for (; mount; mount = next_fresh(container, mount->source)) {
		if (mount->turn < 0)
			mount->turn = volume_take_turn(mount->source);
		if (mount->turn >= 0)
			continue;
		if (errno == EWOULDBLOCK)
			return 1;
		if (errno != ENOENT)
			return ct_fail_errno(err, "R003", "cannot wait for the new volume '%s'", mount->source);
		is_not_fresh(container, mount->source);
	}
	return 0;
}

int sources_make_writable(const struct identity *identity, struct ct_err *err)
{
	static const char *const directories[] = { "writable", "writable/upper", "writable/work" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (mkdir(directories[i], 0755) < 0 && errno != EEXIST)
			return ct_fail_errno(err, "R003", "cannot create '%s'", directories[i]);
		if (identity->kind == IDENTITY_RANGE &&
		    chown(directories[i], identity->users.first, identity->groups.first) < 0)
			return ct_fail_errno(err, "R003", "cannot give '%s' to the container", directories[i]);
	}
	return 0;
}

void sources_close(int *trees, int count)
{
	while (count > 0)
		close(trees[--count]);
}

/* Looked at only after it has failed: at every other start it would cost two calls for each layer. */
static bool has_no_mapping(int place, int userns, char type[MOUNT_TYPE_SIZE])
{
	int failure = mount_try_ids(place, userns);

	if (failure != EINVAL && failure != EPERM)
		return false;
	if (!mount_type(place, type))
		snprintf(type, MOUNT_TYPE_SIZE, "unknown");
	return true;
}

static int open_layer(const char *path, int userns, char unmapped[MOUNT_TYPE_SIZE], struct ct_err *err)
{
	ct_autoclose int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int tree;

	if (place < 0)
		return ct_fail_errno(err, "R003", "cannot open the layer '%s'", path);
	tree = identity_open_tree(place, path, true, userns, err);
	if (tree >= 0 || userns < 0 || !has_no_mapping(place, userns, unmapped))
		return tree;
	*err = (struct ct_err)CT_ERR_INIT;
	return identity_open_tree(place, path, true, -1, err);
}

static int open_mount(const struct container_mount *mount, int userns, struct ct_err *err)
{
	ct_autoclose int place = open_source(mount->source, err);

	return place < 0 ? -1 : identity_open_tree(place, mount->source, mount->readonly, userns, err);
}

/* Made for the container's own ids already (sources_make_writable()), so nothing is mapped. */
static int open_writable(struct ct_err *err)
{
	ct_autoclose int place = open("writable", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (place < 0)
		return ct_fail_errno(err, "R003", "cannot open the container's changes");
	return identity_open_tree(place, "writable", false, -1, err);
}

int sources_open(const struct container *container, bool writable, int userns, int *trees,
		 char unmapped[MOUNT_TYPE_SIZE], struct ct_err *err)
{
	int count = 0;

	unmapped[0] = '\0';
	for (size_t i = 0; i < container->layer_count; i++) {
		trees[count] = open_layer(container->layers[i], userns, unmapped, err);
		if (trees[count++] < 0)
			goto fail;
	}
	for (size_t i = 0; i < container->mount_count; i++) {
		trees[count] = open_mount(&container->mounts[i], userns, err);
		if (trees[count++] < 0)
			goto fail;
	}
	if (writable) {
		trees[count] = open_writable(err);
		if (trees[count++] < 0)
			goto fail;
	}
	return count;
fail:
	sources_close(trees, count - 1);
	return -1;
}

void sources_used(struct container *container)
{
	for (size_t i = 0; i < container->mount_count; i++) {
		if (container->mounts[i].fresh)
			volume_mark_used(container->mounts[i].source);
		container->mounts[i].fresh = false;
	}
}
