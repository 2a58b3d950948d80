#include "ctst-spawn/idle_memory.h"

#include <stdint.h>
#include <sys/mman.h>

/* No call goes deeper; and nothing else is that near to a stack, which has a gap of 256 pages in front of it. */
#define DEEPEST ((uintptr_t)128 << 10)
#define PAGE ((uintptr_t)4096)
#define KEPT ((uintptr_t)512)

/*
 * The pages become zeros when they are used again. What is left below this frame is for the call into the kernel. Where
 * nothing is mapped is no matter (ENOMEM).
 */
void idle_memory_give_back(void)
{
	char here;
	uintptr_t end = ((uintptr_t)&here - KEPT) & ~(PAGE - 1);

	(void)madvise((void *)(end - DEEPEST), DEEPEST, MADV_DONTNEED);
}
