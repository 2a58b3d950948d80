/*
 * The reader of compositions that ctst-plan has, for the targets that write some. A shared library:
 * the two programs use the same names for different things.
 */
#ifndef CTST_FUZZ_READER_H
#define CTST_FUZZ_READER_H

#include <stddef.h>

/* What has been found in a composition. */
struct reader_found {
	size_t connections;
	size_t exposures;
};

/* 0: it is a composition. -1: it is none; `message` says why. */
int reader_accepts(const char *json, size_t length, struct reader_found *found, char *message, size_t size);

#endif
