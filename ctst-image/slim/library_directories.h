/* The directories that a loader looks into when nothing else says where: from the root's own configuration. */
#ifndef SLIM_LIBRARY_DIRECTORIES_H
#define SLIM_LIBRARY_DIRECTORIES_H

#include "ctst-image/slim/slim.h"

#define LIBRARY_MAX_DIRECTORIES 256

struct directories {
	const char *items[LIBRARY_MAX_DIRECTORIES]; /* absolute, in the order they are searched */
	size_t count;
};

void directories_add(struct directories *directories, const char *path);

/* ld.so.conf(5) with what it includes, then those that are built into the loader. */
void directories_of_glibc(struct slim *slim, struct elf_kind kind, struct directories *directories);

/* /etc/ld-musl-ARCH.path, else those that are built in. */
void directories_of_musl(struct slim *slim, struct elf_kind kind, struct directories *directories);

#endif
