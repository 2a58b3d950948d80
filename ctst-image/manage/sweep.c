#include "ctst-image/manage/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/store_leftovers.h"
#include "ctst-image/source.h"
#include "ctst-image/store.h"
#include "ctst-image/tree_walk.h"

static int store_failure(struct ct_err *err, const char *what, const char *name)
{
	return ct_fail_errno(err, errno == EACCES || errno == EPERM || errno == EROFS ? "S003" : "I003",
			     "cannot remove the %s '%s'", what, name);
}

static bool is_hex(const char *name)
{
	return strspn(name, "0123456789abcdef") == 64 && name[64] == '\0';
}

/* ---- blobs ---- */

static int remove_blob(struct sweep *sweep, const char *hex, struct ct_err *err)
{
	int blobs = sweep->store->blobs_fd;
	struct stat status;

	if (fstatat(blobs, hex, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : store_failure(err, "blob", hex);
	if (!sweep->dry_run && unlinkat(blobs, hex, 0) < 0)
		return store_failure(err, "blob", hex);
	sweep->blobs++;
	sweep->bytes += (int64_t)status.st_blocks * 512;
	progress_update(&sweep->progress, sweep->bytes, sweep->blobs + sweep->layers);
	return 0;
}

/* ---- trees ---- */

/* A file of several names in the tree counts once all in all. */
static int64_t tree_bytes(int layers, const char *hex)
{
	ct_autoclose int root = openat(layers, hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct ct_err ignored = CT_ERR_INIT;
	struct tree_walk walk;
	struct stat status;
	int64_t bytes = 0;

	if (root < 0 || tree_walk_start(&walk, root, &ignored) < 0)
		return 0;
	while (tree_walk_next(&walk)) {
		ct_autoclose int fd = ct_open_in_root(root, walk.path, O_PATH | O_NOFOLLOW, 0);

		if (fd < 0 || fstat(fd, &status) < 0)
			continue;
		bytes += (int64_t)status.st_blocks * 512 /
			 (S_ISREG(status.st_mode) && status.st_nlink > 1 ? (int64_t)status.st_nlink : 1);
		if (S_ISDIR(status.st_mode))
			(void)tree_walk_enter(&walk, &ignored);
	}
	tree_walk_release(&walk);
	return bytes;
}

/* Names like an importer's tree whose importer is dead. */
static int set_aside(int layers, const char *hex, char name[128])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -1;
	snprintf(name, 128, CT_STAGING_PREFIX "%016" PRIx64 "-%.64s", number, hex);
	return renameat(layers, hex, layers, name);
}

static int remove_tree(struct sweep *sweep, const char *hex, struct ct_err *err)
{
	int layers = sweep->store->layers_fd;
	struct stat status;
	char name[128];

	if (fstatat(layers, hex, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : store_failure(err, "layer", hex);
	sweep->bytes += tree_bytes(layers, hex);
	sweep->layers++;
	progress_update(&sweep->progress, sweep->bytes, sweep->blobs + sweep->layers);
	if (sweep->dry_run)
		return 0;
	if (set_aside(layers, hex, name) < 0 || ct_remove_tree_at(layers, name) < 0)
		return store_failure(err, "layer", hex);
	return 0;
}

/* ---- both ---- */

static int try_blob(struct sweep *sweep, const char *hex, struct ct_err *err)
{
	return is_hex(hex) && !reach_has(&sweep->needed->blobs, hex) ? remove_blob(sweep, hex, err) : 0;
}

static int try_layer(struct sweep *sweep, const char *hex, struct ct_err *err)
{
	return is_hex(hex) && !reach_has(&sweep->needed->layers, hex) && !reach_has(sweep->in_use, hex)
		       ? remove_tree(sweep, hex, err)
		       : 0;
}

typedef int (*try_fn)(struct sweep *sweep, const char *hex, struct ct_err *err);

/* The first thing that cannot be removed is told; the rest goes all the same. */
static int try_candidates(struct sweep *sweep, const struct ct_names *candidates, try_fn try, struct ct_err *err)
{
	struct ct_err later = CT_ERR_INIT;
	int result = 0;

	for (size_t i = 0; i < candidates->count; i++) {
		if (try(sweep, candidates->entries[i].name.text, result < 0 ? &later : err) < 0)
			result = -1;
	}
	return result;
}

static int try_directory(struct sweep *sweep, int directory, try_fn try, struct ct_err *err)
{
	int fd = directory < 0 ? -1 : openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct ct_err later = CT_ERR_INIT;
	struct dirent *entry;
	int result = 0;

	if (!stream)
		return directory < 0 ? 0 : ct_fail_errno(err, "S003", "cannot read the store");
	while ((entry = readdir(stream))) {
		if (try(sweep, entry->d_name, result < 0 ? &later : err) < 0)
			result = -1;
	}
	closedir(stream);
	return result;
}

int sweep_content(struct sweep *sweep, struct ct_err *err)
{
	struct ct_err later = CT_ERR_INIT;
	int blobs, layers;

	progress_start(&sweep->progress, "removing", "what no image needs");
	if (sweep->candidates) {
		blobs = sweep->store->blobs_fd < 0 ? 0
						   : try_candidates(sweep, &sweep->candidates->blobs, try_blob, err);
		layers = sweep->store->layers_fd < 0 ? 0
						     : try_candidates(sweep, &sweep->candidates->layers, try_layer,
								      blobs < 0 ? &later : err);
	} else {
		blobs = try_directory(sweep, sweep->store->blobs_fd, try_blob, err);
		layers = try_directory(sweep, sweep->store->layers_fd, try_layer, blobs < 0 ? &later : err);
	}
	progress_end(&sweep->progress);
	return blobs < 0 || layers < 0 ? -1 : 0;
}

/* ---- records ---- */

static void keep_records(struct ct_names *keep, struct ct_arena *arena, const struct ct_json *manifests,
			 const bool *dropped)
{
	size_t place = 0;
	char key[65];

	ct_json_each(descriptor, manifests) {
		const char *source = ct_json_get_string(ct_json_get(descriptor, "annotations"), STORE_SOURCE);
		bool goes = dropped && dropped[place];

		place++;
		if (!source || goes)
			continue;
		image_source_key(source, key);
		ct_names_add(keep, ct_slice_of(ct_arena_copy(arena, key, 64)), 0, NULL);
	}
}

static bool is_record_of_none(const char *name, const struct ct_names *keep)
{
	struct ct_slice key = { name, 64 };

	return strspn(name, "0123456789abcdef") == 64 && name[64] == '.' && ct_names_find(keep, key) == CT_NAME_UNKNOWN;
}

int sweep_records(const struct store_edit *store, const struct ct_json *manifests, const bool *dropped,
		  struct ct_err *err)
{
	int fd = openat(store->images_fd, "sources", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	ct_autonames keep = CT_NAMES_INIT;
	struct ct_arena arena = CT_ARENA_INIT;
	struct dirent *entry;
	int result = 0;

	keep_records(&keep, &arena, manifests, dropped);
	while (stream && (entry = readdir(stream))) {
		if (is_record_of_none(entry->d_name, &keep) && unlinkat(fd, entry->d_name, 0) < 0 && errno != ENOENT)
			result = store_failure(err, "record", entry->d_name);
	}
	if (stream)
		closedir(stream);
	ct_arena_release(&arena);
	return result;
}
