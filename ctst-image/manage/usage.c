#include "ctst-image/manage/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/state.h"
#include "ctst-image/layout.h"
#include "ctst-image/manage/reach.h"

#define CONFIG_LIMIT ((size_t)16 << 20)
#define PROJECTS "projects"

/* ---- one container ---- */

/* Its layers' digests are the names of their directories. */
static void add_layers(struct usage *usage, struct used_image *image, const struct ct_json *layers)
{
	ct_autofree const char **names = ct_alloc_array(layers ? layers->length : 0, sizeof(*names));
	size_t count = 0;

	ct_json_each(layer, layers) {
		const char *slash = layer->type == CT_JSON_STRING ? strrchr(layer->text, '/') : NULL;

		if (!slash)
			continue;
		names[count] = ct_arena_copy(&usage->arena, slash + 1, strlen(slash + 1));
		ct_names_add(&usage->layers, ct_slice_of(names[count]), 0, NULL);
		count++;
	}
	image->stack = reach_stack(&usage->arena, names, count);
}

static void add_container(struct usage *usage, const struct ct_json *container, const char *elsewhere)
{
	const struct ct_json *its = ct_json_get(container, "image");
	const char *name = ct_json_get_string(container, "name");
	const char *digest = ct_json_get_string(its, "digest");
	struct used_image *image;

	if ((usage->count & (usage->count - 1)) == 0)
		usage->images = ct_realloc_array(usage->images, usage->count ? 2 * usage->count : 1,
						 sizeof(*usage->images));
	image = &usage->images[usage->count++];
	*image = (struct used_image){ .own = !elsewhere };
	image->container = elsewhere ? ct_arena_printf(&usage->arena, "%s of %s", name ? name : "?", elsewhere)
				     : ct_arena_printf(&usage->arena, "%s", name ? name : "?");
	image->digest = digest ? ct_arena_copy(&usage->arena, digest, strlen(digest)) : "";
	add_layers(usage, image, ct_json_get_typed(its, "layers", CT_JSON_ARRAY));
}

/* A directory without config.json is one that is being made or removed. */
static int read_container(struct usage *usage, int containers, const char *id, const char *elsewhere,
			  struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/config.json", id);
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	if (ct_read_file_at(containers, path, CONFIG_LIMIT, &text) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : ct_fail_errno(err, errno == EACCES ? "S003" : "S001",
					       "cannot see which image the container %s uses", id);
	doc = ct_json_parse(text.length ? text.data : "", text.length, "S001", err);
	if (!doc)
		return ct_err_context(err, "the config.json of container %s", id);
	add_container(usage, ct_json_get(ct_json_root(doc), "container"), elsewhere);
	return 0;
}

/* ---- one project ---- */

static int read_containers(struct usage *usage, const char *path, const char *elsewhere, struct ct_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!stream) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		ct_fail_errno(err, "S003", "cannot see the containers in '%s', which may use images of this store",
			      path);
		return ct_err_hint(err, "run the command as the owner of that project, or as root");
	}
	while (result == 0 && (entry = readdir(stream))) {
		if (ct_is_id(entry->d_name))
			result = read_container(usage, dirfd(stream), entry->d_name, elsewhere, err);
	}
	closedir(stream);
	return result;
}

static int lock_project(struct usage *usage, const struct ct_project *project, struct ct_err *err)
{
	int fd;

	if (access(project->containers, F_OK) < 0)
		return 0;
	fd = ct_state_lock(project, err);
	if (fd < 0)
		return -1;
	usage->locks = ct_realloc_array(usage->locks, usage->lock_count + 1, sizeof(*usage->locks));
	usage->locks[usage->lock_count++] = fd;
	return 0;
}

/* What belongs to somebody else can be read at most. */
static int add_other(struct usage *usage, const char *directory, bool lock, struct ct_err *err)
{
	ct_autofree char *containers = ct_asprintf("%s/.containust/containers", directory);
	struct ct_err ignored = CT_ERR_INIT;
	ct_autoproject project = { 0 };

	if (lock && ct_project_of_directory(&project, directory, &ignored) == 0 &&
	    lock_project(usage, &project, err) < 0)
		return ct_err_context(err, "project '%s'", directory);
	return read_containers(usage, containers, directory, err);
}

static int add_own(struct usage *usage, const struct ct_project *project, bool lock, struct ct_err *err)
{
	if (lock && lock_project(usage, project, err) < 0)
		return -1;
	return read_containers(usage, project->containers, NULL, err);
}

/* ---- all of them ---- */

static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static DIR *open_projects(int images)
{
	int fd = openat(images, PROJECTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

/* Their directories; sorted, so that two that lock them all do not wait for each other. */
static size_t list_projects(struct usage *usage, const char *images, char ***directories)
{
	ct_autoclose int store = open(images, O_PATH | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = open_projects(store);
	struct dirent *entry;
	size_t count = 0;

	*directories = NULL;
	while (stream && (entry = readdir(stream))) {
		char target[PATH_MAX];
		ssize_t length = readlinkat(dirfd(stream), entry->d_name, target, sizeof(target) - 1);

		if (length <= 0 || target[0] != '/')
			continue;
		*directories = ct_realloc_array(*directories, count + 1, sizeof(**directories));
		(*directories)[count++] = ct_arena_copy(&usage->arena, target, (size_t)length);
	}
	if (stream)
		closedir(stream);
	if (count > 0)
		qsort(*directories, count, sizeof(**directories), compare_text);
	return count;
}

int usage_find(struct usage *usage, const struct ct_project *project, bool lock, struct ct_err *err)
{
	ct_autofree char **others = NULL;
	size_t count = list_projects(usage, project->images, &others);
	bool own = false;

	for (size_t i = 0; i < count; i++) {
		if (!own && strcmp(others[i], project->directory) >= 0) {
			own = true;
			if (add_own(usage, project, lock, err) < 0)
				return -1;
		}
		if (strcmp(others[i], project->directory) != 0 && add_other(usage, others[i], lock, err) < 0)
			return -1;
	}
	return own ? 0 : add_own(usage, project, lock, err);
}

void usage_release(struct usage *usage)
{
	for (size_t i = 0; i < usage->lock_count; i++)
		close(usage->locks[i]);
	free(usage->locks);
	free(usage->images);
	ct_names_release(&usage->layers);
	ct_arena_release(&usage->arena);
}

/* ---- taking part ---- */

bool usage_is_shared(const struct ct_project *project)
{
	size_t length = strlen(project->root);

	return strncmp(project->images, project->root, length) != 0 || strcmp(project->images + length, "/images") != 0;
}

void usage_join(const struct ct_project *project)
{
	ct_autoclose int images = open(project->images, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char digest[CT_DIGEST_LENGTH + 1];
	ct_autofree char *name = NULL;

	ct_digest(project->directory, strlen(project->directory), digest);
	name = ct_asprintf(PROJECTS "/%s", digest_hex(digest));
	if (images < 0 || symlinkat(project->directory, images, name) == 0 || errno != ENOENT)
		return;
	if (mkdirat(images, PROJECTS, 0755) == 0 || errno == EEXIST)
		(void)symlinkat(project->directory, images, name);
}

void usage_forget_gone(int images)
{
	DIR *stream = open_projects(images);
	struct dirent *entry;
	struct stat status;

	while (stream && (entry = readdir(stream))) {
		if (fstatat(dirfd(stream), entry->d_name, &status, 0) < 0 && errno == ENOENT)
			unlinkat(dirfd(stream), entry->d_name, 0);
	}
	if (stream)
		closedir(stream);
}
