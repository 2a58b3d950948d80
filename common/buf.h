/*
 * A growing byte buffer.
 *
 * Invariants: `data` is never NULL after the first append and always has a NUL
 * behind its `length` bytes, so it can be used as a C string. A failed
 * allocation ends the program with a message: a tool of this project has nothing
 * to save when memory is gone (the supervisor does not use this module after its
 * container has started).
 */
#ifndef CT_BUF_H
#define CT_BUF_H

#include <stddef.h>
#include <stdlib.h>

struct ct_buf {
	char *data;
	size_t length;
	size_t capacity;
};

#define CT_BUF_INIT \
	{ \
		0 \
	}
#define ct_autobuf __attribute__((cleanup(ct_buf_free))) struct ct_buf

void ct_buf_append(struct ct_buf *buf, const void *bytes, size_t length);
void ct_buf_puts(struct ct_buf *buf, const char *text);
void ct_buf_putc(struct ct_buf *buf, char byte);
void ct_buf_printf(struct ct_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for at least `length` more bytes; the caller writes at data + length and then adds to length itself. */
void ct_buf_reserve(struct ct_buf *buf, size_t length);

/* Empties the buffer and keeps its memory. */
void ct_buf_clear(struct ct_buf *buf);

/* Gives the memory back; the buffer is as after CT_BUF_INIT. */
void ct_buf_free(struct ct_buf *buf);

/* The caller owns the returned string (free()); the buffer is as after CT_BUF_INIT. Never NULL. */
char *ct_buf_detach(struct ct_buf *buf);

/* malloc, calloc, strdup and asprintf that end the program with a message instead of returning NULL. */
void *ct_alloc(size_t size);
void *ct_alloc_array(size_t count, size_t size);
void *ct_realloc_array(void *array, size_t count, size_t size);
char *ct_strdup(const char *text);
char *ct_strndup(const char *text, size_t length);
char *ct_asprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
