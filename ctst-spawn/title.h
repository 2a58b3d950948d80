/*
 * What others see of a process that a container can see: where it was started from and with which arguments is
 * not the container's business.
 */
#ifndef CTST_SPAWN_TITLE_H
#define CTST_SPAWN_TITLE_H

#include <stddef.h>

/* argv as one block of memory, which is what /proc/PID/cmdline shows. */
struct title {
	char *text;
	size_t length;
};

struct title title_find(int argc, char **argv);

/* Overwrites the arguments with the name, and makes it the name of the process. The arguments are gone then. */
void title_set(const struct title *title, const char *name);

#endif
