#include "ctst-image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/sparse.h"
#include "ctst-image/unpack_place.h"

struct unpack_directory {
	char *path;
	size_t order;
	mode_t mode;
	struct timespec mtime;
};

bool unpack_is_foreign_xattr(const char *name)
{
	return strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0;
}

static int cannot(const struct unpack *unpack, struct ct_err *err)
{
	/* A full disk is not the archive's fault, but it is this entry where it ended. */
	return ct_fail_errno(err, "I003", "cannot unpack '%.200s'", unpack->path);
}

/* A hole costs nothing: of a sparse file the parts that hold something count. */
static int64_t declared_content(struct archive_entry *entry)
{
	int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
	la_int64_t offset, length;
	int64_t content = 0;

	if (size < 0 || size > UNPACK_MAX_FILE_SIZE || archive_entry_sparse_reset(entry) == 0)
		return size;
	while (archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
		if (length < 0 || length > UNPACK_MAX_FILE_SIZE - content)
			return size;
		content += length;
	}
	return content;
}

static int check_limits(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	int64_t size = declared_content(entry);

	if (++unpack->entries > UNPACK_MAX_ENTRIES)
		return ct_fail(err, "I003", "it has more than %d entries", UNPACK_MAX_ENTRIES);
	if (unpack->remembered > UNPACK_MAX_REMEMBERED)
		return ct_fail(err, "I003", "its directories and whiteouts have names of more than %zu MiB in all",
			       UNPACK_MAX_REMEMBERED >> 20);
	if (size < 0 || size > UNPACK_MAX_BYTES - unpack->bytes)
		return ct_fail(err, "I003",
			       "'%.200s' declares %lld bytes, more than the %lld GiB that an image may have",
			       unpack->path, (long long)size, (long long)(UNPACK_MAX_BYTES >> 30));
	unpack->bytes += size;
	return 0;
}

static struct timespec mtime_of(struct archive_entry *entry)
{
	struct timespec time = { .tv_nsec = UTIME_OMIT };

	if (archive_entry_mtime_is_set(entry)) {
		long fraction = archive_entry_mtime_nsec(entry);

		time.tv_sec = archive_entry_mtime(entry);
		time.tv_nsec = fraction >= 0 && fraction < 1000000000 ? fraction : 0;
	}
	return time;
}

/* An id that the surrounding user namespace does not map cannot be set (EINVAL): said once at the end. */
static int set_owner(struct unpack *unpack, int parent, const char *name, struct archive_entry *entry)
{
	int64_t uid = archive_entry_uid(entry);
	int64_t gid = archive_entry_gid(entry);

	if (!unpack->as_root)
		return 0;
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX) {
		errno = ERANGE;
		return -1;
	}
	if (fchownat(parent, name, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return -1;
	unpack->unmapped_owners++;
	return 0;
}

/* What was just made belongs to the importer already. */
static int set_new_owner(struct unpack *unpack, int parent, const char *name, struct archive_entry *entry)
{
	if (!unpack->inherits && archive_entry_uid(entry) == (la_int64_t)geteuid() &&
	    archive_entry_gid(entry) == (la_int64_t)getegid())
		return 0;
	return set_owner(unpack, parent, name, entry);
}

/* Where the kernel or the file system does not take one (another namespace, no privilege) it is left out. */
static void set_xattrs(int fd, struct archive_entry *entry)
{
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		if (name && size <= UNPACK_MAX_XATTR && !unpack_is_foreign_xattr(name))
			(void)fsetxattr(fd, name, value, size, 0);
	}
}

static int set_times(int parent, const char *name, struct archive_entry *entry)
{
	struct timespec times[2] = { mtime_of(entry), mtime_of(entry) };

	return utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW);
}

static void remember_directory(struct unpack *unpack, const char *path, mode_t mode, struct timespec mtime)
{
	struct unpack_directory *directory;

	if (unpack->directory_count == unpack->directory_capacity) {
		unpack->directory_capacity = unpack->directory_capacity ? 2 * unpack->directory_capacity : 64;
		unpack->directories = ct_realloc_array(unpack->directories, unpack->directory_capacity,
						       sizeof(*unpack->directories));
	}
	directory = &unpack->directories[unpack->directory_count];
	directory->path = ct_strdup(path);
	directory->order = unpack->directory_count++;
	directory->mode = mode & 07777;
	directory->mtime = mtime;
	unpack->remembered += sizeof(*directory) + strlen(path) + 1;
}

static bool has_heritage(int root)
{
	struct stat status;

	return fstat(root, &status) < 0 || (status.st_mode & S_ISGID) ||
	       fgetxattr(root, "system.posix_acl_default", NULL, 0) >= 0;
}

void unpack_start(struct unpack *unpack, int root)
{
	memset(unpack, 0, sizeof(*unpack));
	unpack->root = root;
	unpack->as_root = geteuid() == 0;
	unpack->inherits = has_heritage(root);
	unpack->parent = -1;
	unpack->file = -1;
	/* The root of an image that says nothing about it. */
	remember_directory(unpack, "", 0755, (struct timespec){ .tv_nsec = UTIME_OMIT });
}

/* The root itself has an entry in most archives. */
static int open_or_make_directory(int parent, const char *name)
{
	int fd;

	if (mkdirat(parent, name, 0700) < 0) {
		struct stat status;

		if (errno != EEXIST || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		if (!S_ISDIR(status.st_mode) && (unlinkat(parent, name, 0) < 0 || mkdirat(parent, name, 0700) < 0))
			return -1;
	}
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

static int make_directory(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	int parent = unpack->path[0] ? unpack_open_parent(unpack, unpack->path, err) : unpack->root;
	ct_autoclose int fd = -1;

	if (parent < 0)
		return -1;
	fd = open_or_make_directory(parent, unpack->path[0] ? entry_path_name(unpack->path) : ".");
	if (fd < 0 || set_owner(unpack, fd, "", entry) < 0)
		return cannot(unpack, err);
	set_xattrs(fd, entry);
	remember_directory(unpack, unpack->path, archive_entry_mode(entry), mtime_of(entry));
	return 0;
}

/* With setuid and the like only when owner and content are settled, which take such bits away. */
static mode_t first_mode(const struct unpack *unpack, struct archive_entry *entry)
{
	mode_t mode = archive_entry_mode(entry) & 07777;

	return unpack->inherits || mode > 0777 ? 0600 : mode;
}

static int make_file(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	const char *name = entry_path_name(unpack->path);
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t mode = first_mode(unpack, entry);
	int parent = unpack_open_parent(unpack, unpack->path, err);

	if (parent < 0)
		return -1;
	unpack->file = openat(parent, name, flags, mode);
	if (unpack->file < 0 && errno == EEXIST && unpack_clear_name(parent, name) == 0)
		unpack->file = openat(parent, name, flags, mode);
	if (unpack->file < 0)
		return cannot(unpack, err);
	unpack->entry = entry;
	unpack->file_end = 0;
	unpack->file_size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
	return 1;
}

int unpack_data(struct unpack *unpack, const void *bytes, size_t length, int64_t offset, struct ct_err *err)
{
	const char *at = bytes;

	if (offset < 0 || offset > unpack->file_size || (int64_t)length > unpack->file_size - offset)
		return ct_fail(err, "I003", "'%.200s' has more content than it declares", unpack->path);
	/* The file is new, so what is not written reads as zeros. */
	if (sparse_is_hole(bytes, length))
		return 0;
	while (length > 0) {
		ssize_t written = pwrite(unpack->file, at, length, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return cannot(unpack, err);
		at += written;
		offset += written;
		length -= (size_t)written;
	}
	if (offset > unpack->file_end)
		unpack->file_end = offset;
	return 0;
}

/* The owner before the mode, for chown(2) clears the setuid bit; the capabilities among the attributes behind both. */
int unpack_file_end(struct unpack *unpack, struct ct_err *err)
{
	ct_autoclose int fd = ct_take_fd(&unpack->file);
	struct timespec times[2] = { mtime_of(unpack->entry), mtime_of(unpack->entry) };
	mode_t mode = archive_entry_mode(unpack->entry) & 07777;

	/* A hole at the end has no data of its own. */
	if (unpack->file_end < unpack->file_size && ftruncate(fd, unpack->file_size) < 0)
		return cannot(unpack, err);
	if (set_new_owner(unpack, fd, "", unpack->entry) < 0 ||
	    (mode != first_mode(unpack, unpack->entry) && fchmod(fd, mode) < 0))
		return cannot(unpack, err);
	set_xattrs(fd, unpack->entry);
	if (futimens(fd, times) < 0)
		return cannot(unpack, err);
	unpack->entry = NULL;
	return 0;
}

static int make_symlink(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	const char *name = entry_path_name(unpack->path);
	const char *target = archive_entry_symlink(entry);
	int parent = unpack_open_parent(unpack, unpack->path, err);
	int result;

	if (parent < 0)
		return -1;
	if (!target || !target[0])
		return ct_fail(err, "I003", "the symbolic link '%.200s' has no target", unpack->path);
	result = symlinkat(target, parent, name);
	if (result < 0 && errno == EEXIST && unpack_clear_name(parent, name) == 0)
		result = symlinkat(target, parent, name);
	if (result < 0 || set_new_owner(unpack, parent, name, entry) < 0 || set_times(parent, name, entry) < 0)
		return cannot(unpack, err);
	return 0;
}

static int make_fifo(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	const char *name = entry_path_name(unpack->path);
	int parent = unpack_open_parent(unpack, unpack->path, err);
	int result;

	if (parent < 0)
		return -1;
	result = mkfifoat(parent, name, 0600);
	if (result < 0 && errno == EEXIST && unpack_clear_name(parent, name) == 0)
		result = mkfifoat(parent, name, 0600);
	if (result < 0 || set_new_owner(unpack, parent, name, entry) < 0 ||
	    fchmodat(parent, name, archive_entry_mode(entry) & 07777, 0) < 0 || set_times(parent, name, entry) < 0)
		return cannot(unpack, err);
	return 0;
}

/* The target is a name of the image, like an entry's own; what it names is linked, never followed. */
static int make_hard_link(struct unpack *unpack, const char *link, struct ct_err *err)
{
	const char *name = entry_path_name(unpack->path);
	ct_autoclose int from = -1;
	char target[PATH_MAX];
	int parent, result;

	if (entry_path_normalise(link, target, err) < 0)
		return ct_err_context(err, "the hard link '%.200s'", unpack->path);
	if (strcmp(target, unpack->path) == 0)
		return 0;
	parent = unpack_open_parent(unpack, unpack->path, err);
	if (parent < 0)
		return -1;
	from = unpack_find_parent(unpack, target);
	result = from < 0 ? -1 : linkat(from, entry_path_name(target), parent, name, 0);
	if (result < 0 && errno == EEXIST && unpack_clear_name(parent, name) == 0)
		result = linkat(from, entry_path_name(target), parent, name, 0);
	if (result < 0 && errno == ENOENT)
		return ct_fail(err, "I003", "the hard link '%.200s' names '%.200s', which is not in the image",
			       unpack->path, target);
	/* linkat(2) says so of a directory. */
	if (result < 0 && errno == EPERM)
		return ct_fail(err, "I003", "the hard link '%.200s' names '%.200s', which cannot be linked",
			       unpack->path, target);
	return result < 0 ? cannot(unpack, err) : 0;
}

static int skip_device(struct unpack *unpack)
{
	if (unpack->skipped_devices++ == 0)
		snprintf(unpack->first_device, sizeof(unpack->first_device), "%s", unpack->path);
	return 0;
}

static int make_by_type(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	mode_t type = archive_entry_filetype(entry);

	if (!unpack->path[0] && type != AE_IFDIR)
		return ct_fail(err, "I003", "the root of the image is not a directory");
	if (archive_entry_hardlink(entry))
		return make_hard_link(unpack, archive_entry_hardlink(entry), err);
	switch (type) {
	case AE_IFDIR:
		return make_directory(unpack, entry, err);
	case AE_IFREG:
		return make_file(unpack, entry, err);
	case AE_IFLNK:
		return make_symlink(unpack, entry, err);
	case AE_IFIFO:
		return make_fifo(unpack, entry, err);
	case AE_IFCHR:
	case AE_IFBLK:
		return skip_device(unpack);
	default:
		return ct_fail(err, "I003", "'%.200s' is of an unknown type", unpack->path);
	}
}

int unpack_entry(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err)
{
	const char *name = archive_entry_pathname(entry);
	int whiteout;

	if (!name)
		return ct_fail(err, "I003", "entry %lld has no name", (long long)unpack->entries + 1);
	if (entry_path_normalise(name, unpack->path, err) < 0 || check_limits(unpack, entry, err) < 0)
		return -1;
	whiteout = whiteouts_take(&unpack->whiteouts, unpack->path, err);
	if (whiteout > 0)
		unpack->remembered += sizeof(struct whiteout) + strlen(unpack->path) + 1;
	if (whiteout != 0)
		return whiteout < 0 ? -1 : 0;
	return make_by_type(unpack, entry, err);
}

/* Deepest first, so that a directory is still writable when its content is settled; of equal paths the last entry first. */
static int compare_directories(const void *left, const void *right)
{
	const struct unpack_directory *a = left;
	const struct unpack_directory *b = right;
	int order = strcmp(b->path, a->path);

	if (order != 0)
		return order;
	return a->order < b->order ? 1 : -1;
}

/* A directory that a later entry has replaced is left alone. */
static int settle_directory(const struct unpack *unpack, const struct unpack_directory *directory)
{
	ct_autoclose int fd = ct_open_in_root(unpack->root, directory->path[0] ? directory->path : ".",
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct timespec times[2] = { directory->mtime, directory->mtime };

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	return fchmod(fd, directory->mode) < 0 || futimens(fd, times) < 0 ? -1 : 0;
}

int unpack_finish(struct unpack *unpack, const char *program, const char *uri, struct ct_err *err)
{
	const char *previous = NULL;

	if (whiteouts_apply(&unpack->whiteouts, unpack, err) < 0)
		return -1;
	if (unpack->directory_count > 0)
		qsort(unpack->directories, unpack->directory_count, sizeof(*unpack->directories), compare_directories);
	for (size_t i = 0; i < unpack->directory_count; i++) {
		const struct unpack_directory *directory = &unpack->directories[i];

		if (previous && strcmp(previous, directory->path) == 0)
			continue;
		previous = directory->path;
		if (settle_directory(unpack, directory) < 0)
			return ct_fail_errno(err, "I003", "cannot set the mode of '%.200s'", directory->path);
	}
	if (unpack->skipped_devices > 0)
		ct_warn(program, "image '%s': %lld device node%s left out, such as '%s'", uri,
			(long long)unpack->skipped_devices, unpack->skipped_devices == 1 ? "" : "s",
			unpack->first_device);
	if (unpack->unmapped_owners > 0)
		ct_warn(program, "image '%s': %lld entries keep this user as their owner", uri,
			(long long)unpack->unmapped_owners);
	return 0;
}

void unpack_release(struct unpack *unpack)
{
	for (size_t i = 0; i < unpack->directory_count; i++)
		free(unpack->directories[i].path);
	free(unpack->directories);
	whiteouts_release(&unpack->whiteouts);
	ct_cleanup_close(&unpack->parent);
	ct_cleanup_close(&unpack->file);
	unpack->directories = NULL;
	unpack->directory_count = 0;
	unpack->parent = unpack->file = -1;
}
