/* Programs of others along PATH. */
#ifndef CTST_SPAWN_NETWORK_FIND_PROGRAM_H
#define CTST_SPAWN_NETWORK_FIND_PROGRAM_H

/* The caller frees it; NULL when PATH has no such program. */
char *find_program(const char *name);

#endif
