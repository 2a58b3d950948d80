/* Writing content so that what is nothing but zeros takes no room: where a file system can, it becomes a hole. */
#ifndef IMAGE_SPARSE_H
#define IMAGE_SPARSE_H

#include <stdbool.h>
#include <stddef.h>

/* So much at least, and nothing else: to look for less would cost more than it saves. */
#define SPARSE_SHORTEST ((size_t)16 << 10)

bool sparse_is_hole(const void *bytes, size_t length);

/* Like ct_write_all(), to a new file that nobody else writes to; sparse_end() gives it its size. -1 with errno. */
int sparse_write(int fd, const void *bytes, size_t length);
int sparse_end(int fd);

#endif
