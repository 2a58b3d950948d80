/*
 * Where a needed library is: the search of the dynamic loader (ld.so(8) of glibc; musl's ldso/dynlink.c), but for
 * its cache, which is only a faster way to the same directories.
 */
#ifndef SLIM_LIBRARY_SEARCH_H
#define SLIM_LIBRARY_SEARCH_H

#include "ctst-image/slim/slim.h"

/* Directories that were looked at; made at the first search. */
struct library_cache;
void library_cache_free(struct library_cache *cache);

/* An object of a process. */
struct object {
	uint32_t entry;   /* in the tree */
	const char *path; /* as it was opened, with a slash in front: what $ORIGIN is taken from */
	const char *name; /* it was asked for under */
	const struct elf_facts *elf;
	uint32_t loader; /* the object that asked first; TREE_NOTHING: none */
};

/* What runs together: a program, or a library by itself, and all that they load. */
struct process {
	struct object *objects; /* the first is the program; owned */
	size_t count;
	bool musl;
	struct elf_kind kind;
};

/*
 * Finds the library `name` that the object asks for. 1: *found is it and *path what it was opened as; *variants is the number of
 * further ones for newer processors, see library_variant(). 0: it is nowhere.
 */
int library_find(struct slim *slim, const struct process *process, uint32_t asker, const char *name,
		 struct found *found, const char **path);

/*
 * The library of the same name in the i-th directory for newer processors (glibc-hwcaps) beside `path`.
 * False: no more. *there says whether that directory has it.
 */
bool library_variant(struct slim *slim, const char *path, size_t i, struct found *found, const char **variant,
		     bool *there);

/* Whether musl's loader is itself that library. */
bool library_is_musls_own(const char *name);

#endif
