#include "ctst-image/manage/store_edit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "common/cleanup.h"
#include "common/store_leftovers.h"
#include "ctst-image/store.h"

static int lock(struct store_edit *edit, const struct ct_project *project, struct ct_err *err)
{
	int result;

	edit->images_fd = open(project->images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (edit->images_fd < 0) {
		ct_fail_errno(err, errno == ENOENT ? "I001" : "S003", "cannot open the store '%s'", project->images);
		return errno == ENOENT ? ct_err_hint(err, "`ctst build` makes one") : -1;
	}
	do
		result = flock(edit->images_fd, LOCK_EX);
	while (result < 0 && errno == EINTR);
	return result < 0 ? ct_fail_errno(err, "S003", "cannot lock the store '%s'", project->images) : 0;
}

/* What has a staging area now is alive: the others' were just removed. */
static bool has_staging(int layers)
{
	int fd = openat(layers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	while (stream && !found && (entry = readdir(stream)))
		found = strncmp(entry->d_name, CT_STAGING_PREFIX, strlen(CT_STAGING_PREFIX)) == 0;
	if (stream)
		closedir(stream);
	return found;
}

int store_edit_begin(struct store_edit *edit, const struct ct_project *project, struct ct_err *err)
{
	if (lock(edit, project, err) < 0)
		return -1;
	edit->layers_fd = open(project->layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	edit->blobs_fd = openat(edit->images_fd, "blobs/sha256", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (edit->layers_fd >= 0) {
		ct_store_remove_leftovers(edit->images_fd, edit->layers_fd);
		edit->importing = has_staging(edit->layers_fd);
	}
	edit->index = store_read_index(project->images, err);
	return !edit->index && err->message[0] ? -1 : 0;
}

const struct ct_json *store_edit_manifests(const struct store_edit *edit)
{
	return edit->index ? ct_json_get(ct_json_root(edit->index), "manifests") : NULL;
}

void store_edit_end(struct store_edit *edit)
{
	ct_json_free(edit->index);
	ct_cleanup_close(&edit->blobs_fd);
	ct_cleanup_close(&edit->layers_fd);
	ct_cleanup_close(&edit->images_fd);
	*edit = (struct store_edit)STORE_EDIT_INIT;
}
