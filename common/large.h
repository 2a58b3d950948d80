/*
 * Huge pages for the few large arrays of a large file: a tenth of the page faults, and look-ups all over a table do not
 * miss the processor's address cache each time. Small files never get here.
 */
#ifndef CT_LARGE_H
#define CT_LARGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define CT_LARGE_PAGE ((uintptr_t)2 << 20)

/* A hint about fresh memory that is going to be used as a whole; madvise(2). Whether the kernel takes it does not matter. */
static inline void ct_large_hint(void *memory, size_t size)
{
	uintptr_t begin = ((uintptr_t)memory + CT_LARGE_PAGE - 1) & ~(CT_LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(CT_LARGE_PAGE - 1);

	if (begin < end)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

#endif
