/*
 * The files an image will have, each with the reason why it is among them.
 *
 * Paths are real ones, from the root of the image and without a slash in front: no component of a path that
 * is the parent of another is a symbolic link. A link and what it leads to are two entries.
 */
#ifndef SLIM_TREE_H
#define SLIM_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/arena.h"
#include "common/names.h"
#include "ctst-image/slim/elf_read.h"

#define TREE_NOTHING UINT32_MAX
#define TREE_MAX_ENTRIES 4000000

enum tree_kind {
	TREE_DIRECTORY,
	TREE_FILE,
	TREE_LINK,
	TREE_TEXT, /* a file that is not in the root but made here */
};

struct tree_entry {
	const char *path;
	enum tree_kind kind;
	const char *reason; /* "needed by /usr/bin/x"; never NULL */
	struct stat status; /* of what is in the root; of TREE_TEXT only st_mode and st_size */
	const char *text;   /* LINK: where it leads to; TEXT: the content */
	/* Of a file: what closure.c has found out about it. */
	struct elf_facts *elf; /* NULL: not looked at yet, or no ELF file */
	bool looked_at;
	bool queued;
	bool lenient; /* part of a whole tree that was asked for: what it lacks is told and no error */
	bool walked;  /* DIRECTORY: everything in it was taken */
};

struct tree {
	struct ct_arena arena;
	struct ct_names names;
	struct tree_entry *entries; /* owned; in the order of their adding: hold indices, not pointers */
	size_t count;
	size_t capacity;
};

#define TREE_INIT \
	{ \
		0 \
	}

/* TREE_NOTHING when there is none. */
uint32_t tree_find(const struct tree *tree, const char *path);

/* The entry of that path, added when it is not there; then *added is true. An entry that is there keeps its reason. */
uint32_t tree_add(struct tree *tree, const char *path, enum tree_kind kind, const char *reason, bool *added);

/* Indices in the order of the paths, every directory in front of what is in it. free(). */
uint32_t *tree_sorted(const struct tree *tree);

/* Bytes of all files; one with several names counts once. */
int64_t tree_size(const struct tree *tree);

void tree_release(struct tree *tree);

#endif
