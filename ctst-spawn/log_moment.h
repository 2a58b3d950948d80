/* A moment as people give it on a command line. */
#ifndef CTST_SPAWN_LOG_MOMENT_H
#define CTST_SPAWN_LOG_MOMENT_H

#include <stdint.h>

/*
 * `2026-01-02T03:04:05Z`, with or without a fraction and with `+01:00` for the `Z`, or how long ago: `90s`, `1h30m`, `2d`.
 * Nanoseconds since the epoch, at least 1. -1: it is neither.
 */
int log_moment_parse(const char *text, int64_t *moment);

#endif
