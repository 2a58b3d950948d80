/*
 * One descriptor per container is more than the usual soft limit of open files allows. The tools
 * that need it raise their own limit to the hard one; what they execute gets the old one back,
 * since programs that use select(2) rely on it.
 */
#ifndef CTST_SPAWN_FILE_LIMIT_H
#define CTST_SPAWN_FILE_LIMIT_H

void file_limit_raise(void);

/* In the child, before execve(2). Calls nothing that allocates. */
void file_limit_restore(void);

#endif
