/*
 * Bytes to the documents of a YAML stream. The only file that knows which library reads YAML is documents.c.
 */
#ifndef CTST_CONVERT_DOCUMENTS_H
#define CTST_CONVERT_DOCUMENTS_H

#include "ctst-parse/convert/node.h"

#define YAML_MAX_BYTES ((size_t)16 << 20)

/*
 * The documents in order, as the items of a list; aliases and `<<` are still in them (expand.h). NULL: E001 for what is
 * no YAML or no text, E018 for a key given twice, E013 for an alias inside what it stands for, E020 for depth and number.
 */
struct node *yaml_read(struct nodes *nodes, const struct compose_file *file, const char *text, size_t length,
		       struct ct_err *err);

#endif
