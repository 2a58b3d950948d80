#include "ctst-image/verify_layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/import.h"
#include "ctst-image/whiteouts.h"

/*
 * A tar may name a path twice; the last entry counts. So a difference is only a suspicion until
 * the end, withdrawn by a later entry of the same path or of something above it.
 */
struct suspicion {
	char *path;
	char *what;
};

struct comparison {
	int tree;
	struct archive *archive;
	struct suspicion *suspicions;
	size_t count;
};

#define MAX_SUSPICIONS 1000

static bool is_at_or_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (length == 0)
		return path[0] == '\0'; /* the root's own entry says nothing about what lies in it */
	return strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void withdraw(struct comparison *comparison, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < comparison->count; i++) {
		struct suspicion *suspicion = &comparison->suspicions[i];

		if (is_at_or_below(suspicion->path, path)) {
			free(suspicion->path);
			free(suspicion->what);
		} else {
			comparison->suspicions[kept++] = *suspicion;
		}
	}
	comparison->count = kept;
}

static void suspect(struct comparison *comparison, const char *path, const char *what)
{
	if (comparison->count == MAX_SUSPICIONS)
		return;
	comparison->suspicions = ct_realloc_array(comparison->suspicions, comparison->count + 1,
						  sizeof(*comparison->suspicions));
	comparison->suspicions[comparison->count++] = (struct suspicion){ .path = ct_strdup(path),
									  .what = ct_strdup(what) };
}

static bool equals_file(int fd, const char *bytes, size_t length, off_t offset)
{
	char here[16384];

	while (length > 0) {
		size_t step = length < sizeof(here) ? length : sizeof(here);

		if (ct_read_at(fd, here, step, offset) != (ssize_t)step || memcmp(here, bytes, step) != 0)
			return false;
		bytes += step;
		offset += (off_t)step;
		length -= step;
	}
	return true;
}

static const char *compare_content(struct comparison *comparison, const char *path)
{
	ct_autoclose int fd = ct_open_in_root(comparison->tree, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	const void *bytes;
	la_int64_t offset;
	size_t size;
	int result;

	/* Its owner may have made it unreadable for everybody, the owner included. */
	if (fd < 0)
		return errno == EACCES ? NULL : "cannot be read";
	while ((result = archive_read_data_block(comparison->archive, &bytes, &size, &offset)) == ARCHIVE_OK) {
		if (!equals_file(fd, bytes, size, offset))
			return "has another content";
	}
	return result == ARCHIVE_EOF ? NULL : "cannot be compared: its blob is damaged";
}

static const char *compare_link(int fd, const char *target)
{
	char here[PATH_MAX];
	ssize_t length = readlinkat(fd, "", here, sizeof(here) - 1);

	if (length < 0)
		return "cannot be read";
	here[length] = '\0';
	return target && strcmp(here, target) == 0 ? NULL : "points elsewhere";
}

/* What differs, or NULL. */
static const char *compare_entry(struct comparison *comparison, struct archive_entry *entry, const char *path)
{
	ct_autoclose int fd = ct_open_in_root(comparison->tree, path[0] ? path : ".", O_PATH | O_NOFOLLOW, 0);
	mode_t type = archive_entry_filetype(entry);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return errno == EACCES ? NULL : "is missing";
	/* A hard link has type, mode and content of the entry that it names. */
	if (archive_entry_hardlink(entry))
		return NULL;
	if ((status.st_mode & S_IFMT) != type)
		return "is of another type";
	if (type == AE_IFLNK)
		return compare_link(fd, archive_entry_symlink(entry));
	if ((status.st_mode & 07777) != (archive_entry_mode(entry) & 07777))
		return "has another mode";
	if (type != AE_IFREG)
		return NULL;
	return status.st_size == archive_entry_size(entry) ? compare_content(comparison, path) : "has another size";
}

/* What takes its place has the layer's own entry of that name to answer for it. */
static void compare_whiteout(struct comparison *comparison, const char *path)
{
	char target[PATH_MAX], value[8];
	ct_autoclose int fd = -1;
	struct stat status;
	bool opaque;

	if (!whiteout_target(path, target, &opaque))
		return;
	fd = ct_open_in_root(comparison->tree, target[0] ? target : ".",
			     opaque ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK : O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 || fstat(fd, &status) < 0) {
		if (errno != EACCES)
			suspect(comparison, path, "is missing, which takes away what lies below");
		return;
	}
	if (opaque && S_ISDIR(status.st_mode) && fgetxattr(fd, WHITEOUT_OPAQUE_XATTR, value, sizeof(value)) != 1)
		suspect(comparison, path, "is missing, which hides what lies below");
}

static int compare_archive(struct comparison *comparison, struct ct_err *err)
{
	struct archive_entry *entry;
	char path[PATH_MAX];
	int result;

	while ((result = archive_read_next_header(comparison->archive, &entry)) >= ARCHIVE_WARN &&
	       result != ARCHIVE_EOF) {
		mode_t type = archive_entry_filetype(entry);
		const char *what;

		if (import_check_signals(err) < 0)
			return -1;
		if (!archive_entry_pathname(entry) ||
		    entry_path_normalise(archive_entry_pathname(entry), path, err) < 0)
			return ct_fail(err, "I002", "its blob holds a name that cannot be unpacked");
		if (entry_path_is_whiteout(path)) {
			compare_whiteout(comparison, path);
			continue;
		}
		if (!archive_entry_hardlink(entry) && (type == AE_IFCHR || type == AE_IFBLK))
			continue;
		what = compare_entry(comparison, entry, path);
		if (comparison->count > 0)
			withdraw(comparison, path);
		if (what)
			suspect(comparison, path, what);
	}
	if (result != ARCHIVE_EOF)
		return ct_fail(err, "I002", "its blob cannot be read to its end");
	if (comparison->count > 0)
		return ct_fail(err, "I002", "'%.200s' %s", comparison->suspicions[0].path,
			       comparison->suspicions[0].what);
	return 0;
}

int verify_layer(const char *tree, const char *blob, struct ct_err *err)
{
	struct comparison comparison = { .tree = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int result;

	if (comparison.tree < 0)
		return ct_fail_errno(err, "I002", "cannot open it");
	comparison.archive = archive_read_new();
	archive_read_support_format_tar(comparison.archive);
	archive_read_support_filter_gzip(comparison.archive);
	archive_read_support_filter_zstd(comparison.archive);
	if (archive_read_open_filename(comparison.archive, blob, 1 << 20) == ARCHIVE_OK)
		result = compare_archive(&comparison, err);
	else
		result = ct_fail(err, "I002", "its blob cannot be opened");
	archive_read_free(comparison.archive);
	close(comparison.tree);
	for (size_t i = 0; i < comparison.count; i++) {
		free(comparison.suspicions[i].path);
		free(comparison.suspicions[i].what);
	}
	free(comparison.suspicions);
	return result;
}
