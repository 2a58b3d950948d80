/*
 * file://: every entry goes three ways at once: into the canonical tar (only hashed: the
 * source's digest), into the layer's tar (stored; hashed: the diff-id), and into the tree.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/canonical.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/hash.h"
#include "ctst-image/import.h"
#include "ctst-image/link_map.h"
#include "ctst-image/sparse.h"
#include "ctst-image/tree_walk.h"

#define CHUNK ((size_t)1 << 18)

struct pass {
	struct import *import;
	struct single_layer layer_files;
	struct tree_walk walk;
	struct link_map links;
	struct archive *layer; /* the writer of the layer's tar */
	struct hash canonical_hash;
	struct hash layer_hash;
	char *chunk;
	int64_t bytes;
	struct ct_err failure; /* of the writer's callback */
};

static la_ssize_t write_layer(struct archive *archive, void *data, const void *bytes, size_t length)
{
	struct pass *pass = data;

	if (sparse_write(pass->layer_files.blob_fd, bytes, length) < 0) {
		ct_fail_errno(&pass->failure, "I003", "cannot write to the store '%s'", pass->import->images);
		archive_set_error(archive, EIO, "the import has failed");
		return -1;
	}
	hash_update(&pass->layer_hash, bytes, length);
	pass->layer_files.blob_size += (int64_t)length;
	return (la_ssize_t)length;
}

static int layer_failure(const struct pass *pass, struct ct_err *err)
{
	const char *reason = archive_error_string(pass->layer);

	if (pass->failure.message[0])
		*err = pass->failure;
	else
		ct_fail(err, "I003", "'%.200s' does not fit into a tar: %s", pass->walk.path,
			reason ? reason : "unknown reason");
	return -1;
}

/* Names are kept as the bytes they are; the writer's default would refuse what is not UTF-8. */
static int open_layer(struct pass *pass, struct ct_err *err)
{
	pass->layer = archive_write_new();
	archive_write_set_format_pax_restricted(pass->layer);
	archive_write_set_options(pass->layer, "hdrcharset=BINARY");
	archive_write_set_bytes_per_block(pass->layer, (int)CHUNK);
	archive_write_set_bytes_in_last_block(pass->layer, 1);
	if (archive_write_open(pass->layer, pass, NULL, write_layer, NULL) != ARCHIVE_OK)
		return layer_failure(pass, err);
	return 0;
}

/* Sorted, so that equal trees give equal layers whatever order the file system lists them in. */
static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void add_xattr(struct archive_entry *entry, int fd, const char *name)
{
	char value[UNPACK_MAX_XATTR];
	ssize_t length = unpack_is_foreign_xattr(name) ? -1 : fgetxattr(fd, name, value, sizeof(value));

	if (length >= 0)
		archive_entry_xattr_add_entry(entry, name, value, (size_t)length);
}

/* A file system without attributes has none to keep. */
static void add_xattrs(struct archive_entry *entry, int fd)
{
	char list[UNPACK_MAX_XATTR];
	ssize_t length = flistxattr(fd, list, sizeof(list));
	const char *names[512];
	size_t count = 0;

	for (const char *name = list; length > 0 && name < list + length && count < 512; name += strlen(name) + 1)
		names[count++] = name;
	if (count > 1)
		qsort(names, count, sizeof(names[0]), compare_text);
	/* The list of an archive entry is kept in reverse order of adding. */
	while (count > 0)
		add_xattr(entry, fd, names[--count]);
}

static void fill_entry(struct archive_entry *entry, const char *path, const struct stat *status)
{
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_mode(entry, status->st_mode);
	archive_entry_set_uid(entry, status->st_uid);
	archive_entry_set_gid(entry, status->st_gid);
	archive_entry_set_mtime(entry, status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
	archive_entry_set_size(entry, S_ISREG(status->st_mode) ? status->st_size : 0);
}

/* The header into all three. Returns what unpack_entry() does. */
static int put_header(struct pass *pass, struct archive_entry *entry, struct ct_err *err)
{
	int result;

	/* The names that whiteouts reserve cannot be in a layer. */
	if (entry_path_is_whiteout(pass->walk.path))
		return 0;
	result = unpack_entry(&pass->layer_files.unpack, entry, err);
	if (result < 0)
		return -1;
	if (archive_write_header(pass->layer, entry) < ARCHIVE_WARN)
		return layer_failure(pass, err);
	return result;
}

static void put_canonical(struct pass *pass, const struct stat *status, const char *target)
{
	ct_autobuf header = CT_BUF_INIT;

	canonical_header(&header, pass->walk.path, status->st_mode, status->st_size, target);
	hash_update(&pass->canonical_hash, header.data, header.length);
}

static int changed(const char *path, struct ct_err *err)
{
	ct_fail(err, "I003", "'%.200s' changed while it was being imported", path);
	return ct_err_hint(err, "build again when nothing writes to it any more");
}

/* `stored`: also into layer and tree; a further name of a file is only hashed again. */
static int put_content(struct pass *pass, int fd, int64_t size, bool stored, struct ct_err *err)
{
	static const char zeros[CANONICAL_BLOCK];
	struct unpack *unpack = &pass->layer_files.unpack;
	int64_t done = 0;

	while (done < size) {
		size_t step = size - done < (int64_t)CHUNK ? (size_t)(size - done) : CHUNK;
		ssize_t got = read(fd, pass->chunk, step);

		if (import_check_signals(err) < 0)
			return -1;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ct_fail_errno(err, "I003", "cannot read '%.200s'", pass->walk.path);
		if (got == 0)
			return changed(pass->walk.path, err);
		hash_update(&pass->canonical_hash, pass->chunk, (size_t)got);
		if (stored && unpack_data(unpack, pass->chunk, (size_t)got, done, err) < 0)
			return -1;
		if (stored && archive_write_data(pass->layer, pass->chunk, (size_t)got) < 0)
			return layer_failure(pass, err);
		done += got;
		pass->bytes += got;
		progress_update(&pass->import->progress, pass->bytes, unpack->entries);
	}
	hash_update(&pass->canonical_hash, zeros, canonical_padding(size));
	return stored ? unpack_file_end(unpack, err) : 0;
}

static int put_file(struct pass *pass, struct archive_entry *entry, const struct stat *status, struct ct_err *err)
{
	ct_autoclose int fd = ct_open_in_root(pass->walk.root, pass->walk.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	const char *first = NULL;
	int result;

	if (fd < 0)
		return ct_fail_errno(err, "I003", "cannot read '%.200s'", pass->walk.path);
	if (status->st_nlink > 1)
		first = link_map_first(&pass->links, status->st_dev, status->st_ino, pass->walk.path);
	if (first) {
		archive_entry_set_hardlink(entry, first);
		archive_entry_set_size(entry, 0);
	} else {
		add_xattrs(entry, fd);
	}
	put_canonical(pass, status, NULL);
	result = put_header(pass, entry, err);
	return result < 0 ? -1 : put_content(pass, fd, status->st_size, result == 1, err);
}

static int put_directory(struct pass *pass, struct archive_entry *entry, const struct stat *status, struct ct_err *err)
{
	ct_autoclose int fd = ct_open_in_root(pass->walk.root, pass->walk.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	if (fd < 0)
		return ct_fail_errno(err, "I003", "cannot read the directory '%.200s'", pass->walk.path);
	add_xattrs(entry, fd);
	put_canonical(pass, status, NULL);
	return put_header(pass, entry, err) < 0 ? -1 : tree_walk_enter(&pass->walk, err);
}

static int put_symlink(struct pass *pass, struct archive_entry *entry, int fd, const struct stat *status,
		       struct ct_err *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof(target) - 1);

	if (length <= 0)
		return ct_fail_errno(err, "I003", "cannot read the symbolic link '%.200s'", pass->walk.path);
	target[length] = '\0';
	archive_entry_copy_symlink(entry, target);
	put_canonical(pass, status, target);
	return put_header(pass, entry, err);
}

static int put_by_type(struct pass *pass, struct archive_entry *entry, int fd, const struct stat *status,
		       struct ct_err *err)
{
	switch (status->st_mode & S_IFMT) {
	case S_IFDIR:
		return put_directory(pass, entry, status, err);
	case S_IFREG:
		return put_file(pass, entry, status, err);
	case S_IFLNK:
		return put_symlink(pass, entry, fd, status, err);
	case S_IFIFO:
		put_canonical(pass, status, NULL);
		return put_header(pass, entry, err);
	default:
		ct_warn(IMPORT_PROGRAM, "image '%s': '%s' is left out: neither file, directory, link nor pipe",
			pass->import->uri.source, pass->walk.path);
		return 0;
	}
}

static int put_entry(struct pass *pass, struct ct_err *err)
{
	ct_autoclose int fd = ct_open_in_root(pass->walk.root, pass->walk.path, O_PATH | O_NOFOLLOW, 0);
	struct archive_entry *entry;
	struct stat_facts facts;
	struct stat status;
	int result;

	if (import_check_signals(err) < 0)
		return -1;
	if (fd < 0 || fstat(fd, &status) < 0)
		return errno == ENOENT ? changed(pass->walk.path, err)
				       : ct_fail_errno(err, "I003", "cannot look at '%.200s'", pass->walk.path);
	facts = stat_facts_of(&status);
	import_let_times_settle(&facts);
	stat_index_add(&pass->import->index, pass->walk.path, &facts);
	entry = archive_entry_new();
	fill_entry(entry, pass->walk.path, &status);
	result = put_by_type(pass, entry, fd, &status, err);
	archive_entry_free(entry);
	return result < 0 ? -1 : 0;
}

/* The root is in the layer, for its owner and mode, but not in the canonical tar. */
static int put_root(struct pass *pass, const struct stat *status, struct ct_err *err)
{
	struct archive_entry *entry = archive_entry_new();
	int result;

	fill_entry(entry, "./", status);
	add_xattrs(entry, pass->walk.root);
	result = put_header(pass, entry, err);
	archive_entry_free(entry);
	return result;
}

static int walk_tree(struct pass *pass, struct ct_err *err)
{
	if (tree_walk_start(&pass->walk, pass->import->source_fd, err) < 0)
		return -1;
	while (tree_walk_next(&pass->walk)) {
		if (put_entry(pass, err) < 0)
			return -1;
	}
	return 0;
}

static int finish(struct pass *pass, struct ct_err *err)
{
	static const char end[2 * CANONICAL_BLOCK];
	struct import *import = pass->import;
	struct single_layer *layer = &pass->layer_files;

	if (archive_write_close(pass->layer) != ARCHIVE_OK)
		return layer_failure(pass, err);
	if (sparse_end(layer->blob_fd) < 0)
		return ct_fail_errno(err, "I003", "cannot write to the store '%s'", import->images);
	hash_update(&pass->canonical_hash, end, sizeof(end));
	hash_finish(&pass->canonical_hash, import->digest);
	hash_finish(&pass->layer_hash, layer->diff_id);
	strcpy(layer->blob, layer->diff_id);
	layer->media_type = "application/vnd.oci.image.layer.v1.tar";
	if (unpack_finish(&layer->unpack, IMPORT_PROGRAM, import->uri.source, err) < 0)
		return -1;
	stat_index_end(&import->index);
	/* One look at everything again: what was hashed must be what the index says. */
	if (import_check_unchanged(import, err) < 0)
		return -1;
	if (!stat_index_is_current(&import->index, import->index_id, import->source_fd))
		return changed(import->path, err);
	return import_single_layer(import, layer, err);
}

int import_directory(struct import *import, struct ct_err *err)
{
	struct pass pass = { .import = import,
			     .walk = { .root = import->source_fd },
			     .layer_files = SINGLE_LAYER_INIT };
	struct stat status;
	int result = -1;

	if (import_look_at_source(import, err) < 0 || fstat(import->source_fd, &status) < 0)
		return -1;
	import_begin_index(import);
	hash_start(&pass.canonical_hash);
	hash_start(&pass.layer_hash);
	pass.chunk = ct_alloc(CHUNK);
	if (single_layer_start(&pass.layer_files, import, err) == 0 && open_layer(&pass, err) == 0 &&
	    put_root(&pass, &status, err) == 0 && walk_tree(&pass, err) == 0)
		result = finish(&pass, err);
	archive_write_free(pass.layer);
	hash_finish(&pass.canonical_hash, NULL);
	hash_finish(&pass.layer_hash, NULL);
	tree_walk_release(&pass.walk);
	link_map_release(&pass.links);
	free(pass.chunk);
	single_layer_release(&pass.layer_files);
	return result;
}
