/* What a process that waits, maybe for months, need not hold on to. */
#ifndef CTST_SPAWN_IDLE_MEMORY_H
#define CTST_SPAWN_IDLE_MEMORY_H

/* Gives back the pages of the stack that deeper calls have used before. */
void idle_memory_give_back(void);

#endif
