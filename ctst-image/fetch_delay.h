/* How long to wait before a download is tried again. */
#ifndef FETCH_DELAY_H
#define FETCH_DELAY_H

#include <stdint.h>

#define FETCH_DELAY_LONGEST 60000 /* ms; a server that asks for more is not waited for */

/*
 * Milliseconds before the attempt that follows `failures` (>= 1) failures in a row: `base` doubled for each of them but
 * the first, of which a half is fixed and a half is chosen by `random`, so that many clients that failed together do
 * not come back together. `asked` is the server's Retry-After in seconds, a lower bound; 0: none.
 * -1: it asks for more than the longest.
 */
int64_t fetch_delay(int64_t base, int failures, int64_t asked, uint32_t random);

#endif
