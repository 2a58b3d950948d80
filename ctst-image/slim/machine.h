/* Machines by the names that the loader, Debian's directories and image configs have for them. */
#ifndef SLIM_MACHINE_H
#define SLIM_MACHINE_H

#include "ctst-image/slim/elf_read.h"

struct machine {
	const char *triplet;      /* of the multiarch directories */
	const char *platform;     /* what $PLATFORM stands for */
	const char *architecture; /* Go's name, as image configs have it (config.md) */
	uint32_t cache_flags;     /* of its libraries in ld.so.cache (glibc, sysdeps/generic/ldconfig.h) */
	struct elf_kind kind;
};

/* NULL for one that is not in the table: then there are no multiarch directories and no cache. */
const struct machine *machine_find(struct elf_kind kind);

#endif
