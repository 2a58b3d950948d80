/*
 * Archive entries become files below a root, and nowhere else.
 *
 * Trust: names, link targets, sizes, modes and attributes come from a stranger. Every
 * name is normalised (ctst-image/entry_path.h) and its directory is then opened with
 * openat2(2) RESOLVE_IN_ROOT, so that links in it, absolute ones too, stay inside. What
 * stands under an entry's own name is never followed but replaced. Device nodes are not
 * made. Counts and sizes are bounded.
 *
 * The caller: 1. unpack_start. 2. for each entry unpack_entry, and where it returns 1
 * unpack_data as often as there is content, then unpack_file_end. 3. unpack_finish.
 * 4. unpack_release, always.
 */
#ifndef IMAGE_UNPACK_H
#define IMAGE_UNPACK_H

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/err.h"
#include "ctst-image/whiteouts.h"

#define UNPACK_MAX_ENTRIES 4000000
#define UNPACK_MAX_BYTES ((int64_t)256 << 30)     /* content as declared, without the holes of sparse files */
#define UNPACK_MAX_FILE_SIZE ((int64_t)16 << 40)  /* of one file, with its holes: what ext4 takes */
#define UNPACK_MAX_XATTR ((size_t)64 << 10)       /* XATTR_SIZE_MAX */
#define UNPACK_MAX_REMEMBERED ((size_t)512 << 20) /* bytes of memory, for what has to be done at the end */

struct unpack_directory;

struct unpack {
	int root;
	bool as_root;    /* owners are kept */
	bool inherits;   /* what is made gets a group or a mode from its directory, by setgid or a default ACL */
	int64_t entries; /* of this tree, and of those that count together with it */
	int64_t bytes;   /* declared content so far, likewise */

	int parent; /* directory of the last entry, as a cache */
	char parent_path[PATH_MAX];

	int file;                    /* the regular file being written; -1 between files */
	int64_t file_size;           /* as declared */
	int64_t file_end;            /* behind what has been written */
	char path[PATH_MAX];         /* of the current entry, for messages */
	struct archive_entry *entry; /* current one, borrowed until unpack_file_end */

	struct unpack_directory *directories; /* their modes and times are set at the end */
	size_t directory_count;
	size_t directory_capacity;

	struct whiteouts whiteouts;
	size_t remembered; /* by both */

	int64_t skipped_devices;
	char first_device[128];
	int64_t unmapped_owners;
};

/* Nothing to release yet, but safe to be released. */
#define UNPACK_INIT \
	{ \
		.root = -1, .parent = -1, .file = -1 \
	}

/* The process has no umask: a file is made with its mode where that will do. */
void unpack_start(struct unpack *unpack, int root);

/* 1: a regular file whose content follows; 0: done. -1: I003. */
int unpack_entry(struct unpack *unpack, struct archive_entry *entry, struct ct_err *err);
int unpack_data(struct unpack *unpack, const void *bytes, size_t length, int64_t offset, struct ct_err *err);
int unpack_file_end(struct unpack *unpack, struct ct_err *err);

/*
 * Whiteouts, then modes and times of the directories, which could not be written into otherwise; warnings about what
 * was left out.
 */
int unpack_finish(struct unpack *unpack, const char *program, const char *uri, struct ct_err *err);
void unpack_release(struct unpack *unpack);

/* Extended attributes that are never taken from an image: they would steer the overlay file system. */
bool unpack_is_foreign_xattr(const char *name);

#endif
