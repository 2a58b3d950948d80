/* Numbers, sizes and times as compose files have them. */
#ifndef CTST_CONVERT_QUANTITY_H
#define CTST_CONVERT_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

/* Decimal digits, nothing else, at most 18. */
bool whole_number(const char *text, int64_t *number);

/* "1.5g", "512m", "64kb", "1048576": bytes, units being powers of 1024. */
bool memory_size(const char *text, int64_t *bytes);

/* In the largest unit that needs no fraction: "1536MiB". */
void append_memory(struct ct_buf *out, int64_t bytes);

/* "0.5", "2": thousandths, rounded up. */
bool cores_number(const char *text, int64_t *millicores);

/* "2.0" of 2000. */
void append_cores(struct ct_buf *out, int64_t millicores);

/* "1m30s", "1.5h", "500ms", "10us": milliseconds, rounded up. */
bool duration_number(const char *text, int64_t *milliseconds);

/* "1m30s" of 90000. */
void append_duration(struct ct_buf *out, int64_t milliseconds);

/*
 * A plain YAML value as the text that compose makes of it: 0x10 is 16, 1.10 is 1.1, True is true. The same pointer when nothing
 * changes.
 */
const char *plain_value(struct ct_arena *arena, const char *text);

#endif
