/* How a later compose file changes what an earlier one says, and a service the one it extends. */
#ifndef CTST_CONVERT_MERGE_H
#define CTST_CONVERT_MERGE_H

#include "ctst-parse/convert/node.h"

/*
 * `base` with what `over` says, by the rules of the compose specification; neither is changed, either may be NULL. `path` is
 * where they stand: "" for whole files, "services.*" for two services. NULL: E006 where a list meets a map, E020.
 */
struct node *merge_nodes(struct nodes *nodes, struct node *base, struct node *over, const char *path,
			 struct ct_err *err);

/* Takes out what !reset has marked; after all merging. */
void merge_finish(struct node *node);

#endif
