/*
 * Until it has executed the command, a process in a container is a copy of this program, and the
 * command may be `/proc/self/exe`, or a script whose interpreter is that: then the program's own file is open
 * to the container (CVE-2019-5736). For root its file is out of reach, since no id of the container is root's.
 * Anybody else's own file would be writable, so the program runs from a sealed copy in memory.
 */
#ifndef CTST_SPAWN_SEALED_COPY_H
#define CTST_SPAWN_SEALED_COPY_H

#include "common/err.h"

/*
 * A sealed copy of the program that `program` is a descriptor of, called `name` where the kernel shows it. Returns its descriptor.
 * -1 with errno.
 */
int sealed_copy_make(int program, const char *name);

/*
 * Executes this program again from a sealed copy, with the same arguments and descriptors; returns at once where it
 * runs from one already, or where containers have ids of their own. -1 with errno when that could not be done.
 */
int run_from_sealed_copy(char **argv);

/* What to say then, by errno. Always -1. */
int cannot_run_sealed(const char *code, struct ct_err *err);

#endif
