/*
 * What the dynamic loader reads in an ELF file: which loader it asks for, which libraries it needs,
 * and where it wants them looked for (elf(5); the System V ABI, "Dynamic Section").
 *
 * The bytes are a stranger's: every offset is checked against the length, every count is bounded, and the
 * time is linear in the length. 32 and 64 bits, both byte orders: the file may be for another machine.
 */
#ifndef SLIM_ELF_READ_H
#define SLIM_ELF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

#define ELF_MAX_NEEDED 1024
#define ELF_MAX_HINTS 256
#define ELF_MAX_NAME 255

/* What must be equal for two files to run in one process. */
struct elf_kind {
	uint16_t machine;
	bool wide; /* 64 bits */
	bool big;  /* the byte order */
};

/* Texts live in the arena; NULL: the file does not say. */
struct elf_facts {
	struct elf_kind kind;
	bool runs; /* a program or a library; no object file, no core */
	const char *interpreter;
	const char *soname;
	const char *rpath;
	const char *runpath;
	const char **needed; /* in the file's order */
	size_t needed_count;
	bool no_default_directories; /* DF_1_NODEFLIB */
	/* Names of libraries in its text that it does not need: what it may load while it runs. Each once. */
	const char **hints;
	size_t hint_count;
};

/* Enough of a file for elf_read_kind(). */
#define ELF_KIND_BYTES 20

/* False when the bytes do not begin an ELF file. */
bool elf_read_kind(struct elf_kind *kind, const void *bytes, size_t length);

static inline bool elf_kind_equal(struct elf_kind left, struct elf_kind right)
{
	return left.machine == right.machine && left.wide == right.wide && left.big == right.big;
}

/* -1: I003, the file contradicts itself; the message says how and does not name the file. */
int elf_read(struct elf_facts *facts, const void *bytes, size_t length, struct ct_arena *arena, struct ct_err *err);

/* Fills hints: every word `lib….so…` in the bytes that is no needed name and not the soname. */
void elf_read_hints(struct elf_facts *facts, const void *bytes, size_t length, struct ct_arena *arena);

#endif
