#include "ctst-image/manage/merged.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/whiteouts.h"

#define MAX_NAMES ((size_t)4000000) /* in one directory */

static bool comes_again(const struct manifest *manifest, size_t at, size_t count)
{
	for (size_t i = at + 1; i < count; i++) {
		if (strcmp(manifest->layers[i].diff_id, manifest->layers[at].diff_id) == 0)
			return true;
	}
	return false;
}

int merged_open(struct merged *merged, const struct ct_project *project, const struct manifest *manifest, size_t count,
		struct ct_err *err)
{
	merged->count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *hex = digest_hex(manifest->layers[i].diff_id);
		ct_autofree char *path = ct_asprintf("%s/%s", project->layers, hex);
		int fd;

		if (comes_again(manifest, i, count))
			continue;
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return ct_fail_errno(err, "I001", "layer '%s' is not unpacked", path);
		memcpy(merged->ids[merged->count], hex, 65);
		merged->trees[merged->count++] = fd;
	}
	return 0;
}

void merged_close(struct merged *merged)
{
	for (int i = 0; i < merged->count; i++)
		close(merged->trees[i]);
	merged->count = 0;
}

static bool is_opaque(int fd)
{
	char value[2];

	return fgetxattr(fd, WHITEOUT_OPAQUE_XATTR, value, sizeof(value)) == 1 && value[0] == 'y';
}

static int open_directory(const struct merged *merged, int layer, const char *path)
{
	return ct_open_beneath(merged->trees[layer], path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

int merged_find_contributors(const struct merged *merged, const char *path, const struct merged_place *place,
			     struct merged_contributors *contributors, struct ct_err *err)
{
	contributors->count = 0;
	for (int layer = place->top; layer >= place->floor; layer--) {
		ct_autoclose int fd = open_directory(merged, layer, path);

		if (fd < 0 && errno == ENOENT)
			continue;
		/* A whiteout, or anything else: it hides what is below. */
		if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
			break;
		if (fd < 0)
			return ct_fail_errno(err, "S003", "cannot read '/%.300s' of layer %.12s", path,
					     merged->ids[layer]);
		contributors->layers[contributors->count++] = layer;
		if (is_opaque(fd))
			break;
	}
	return 0;
}

static void add(struct merged_listing *listing, const char *name, int layer)
{
	if ((listing->count & (listing->count - 1)) == 0)
		listing->names = ct_realloc_array(listing->names, listing->count ? 2 * listing->count : 1,
						  sizeof(*listing->names));
	listing->names[listing->count++] = (struct merged_name){ ct_strdup(name), layer };
}

static int read_names(struct merged_listing *listing, int fd, int layer, const char *path, struct ct_err *err)
{
	DIR *stream = fdopendir(fd);
	struct dirent *entry;

	if (!stream) {
		close(fd);
		return ct_fail_errno(err, "S003", "cannot read '/%.300s'", path);
	}
	for (errno = 0; (entry = readdir(stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (listing->count == MAX_NAMES) {
			closedir(stream);
			return ct_fail(err, "I003", "'/%.300s' has more than %zu entries", path, MAX_NAMES);
		}
		add(listing, entry->d_name, layer);
	}
	closedir(stream);
	return 0;
}

/* Of equal names the highest layer first. */
static int compare_names(const void *left, const void *right)
{
	const struct merged_name *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : b->top - a->top;
}

static bool is_whiteout(const struct merged *merged, const char *path, const struct merged_name *name)
{
	ct_autofree char *full = ct_asprintf("%s/%s", path, name->name);
	ct_autoclose int fd = ct_open_beneath(merged->trees[name->top], full, O_PATH | O_NOFOLLOW);
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

/* Each name once, and none that its highest layer takes away. */
static void settle(const struct merged *merged, const char *path, struct merged_listing *listing)
{
	const char *before = NULL;
	ct_autofree char *last = NULL;
	size_t kept = 0;

	if (listing->count > 0)
		qsort(listing->names, listing->count, sizeof(*listing->names), compare_names);
	for (size_t i = 0; i < listing->count; i++) {
		struct merged_name *name = &listing->names[i];
		bool again = before && strcmp(before, name->name) == 0;

		if (!again) {
			free(last);
			last = ct_strdup(name->name);
			before = last;
		}
		if (again || is_whiteout(merged, path, name))
			free(name->name);
		else
			listing->names[kept++] = *name;
	}
	listing->count = kept;
}

int merged_list(const struct merged *merged, const char *path, const struct merged_contributors *contributors,
		struct merged_listing *listing, struct ct_err *err)
{
	*listing = (struct merged_listing){ 0 };
	for (int i = 0; i < contributors->count; i++) {
		int layer = contributors->layers[i];
		int fd = open_directory(merged, layer, path);

		if (fd < 0)
			return ct_fail_errno(err, "S003", "cannot read '/%.300s' of layer %.12s", path,
					     merged->ids[layer]);
		if (read_names(listing, fd, layer, path, err) < 0)
			return -1;
	}
	settle(merged, path, listing);
	return 0;
}

void merged_listing_release(struct merged_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i].name);
	free(listing->names);
	*listing = (struct merged_listing){ 0 };
}
