/* Sizes as people read them. */
#ifndef CT_SIZE_H
#define CT_SIZE_H

#include <stddef.h>
#include <stdint.h>

#define CT_SIZE_TEXT 32 /* enough for any */

/* "512 B", "1.9 MiB", "340 GiB": units of 1024, a fraction below 100 only. */
void ct_format_size(int64_t bytes, char *text, size_t size);

#endif
