/* The names that a file knows behind FROM: its own components, its imports, and what is in these. */
#ifndef CTST_PARSE_SCOPE_H
#define CTST_PARSE_SCOPE_H

#include "ctst-parse/ast.h"
#include "ctst-parse/diagnostics.h"

struct scope {
	struct composition *file;
	struct diagnostics *diagnostics;
	struct ct_names imports;    /* aliases, and the stems of imports without one → index into file->imports */
	struct ct_names components; /* of imports without an alias → index into file->imports */
	bool has_failed_import;     /* what is not found may be in there */
};

/* Reports names that stand for two things (E003). */
void scope_init(struct scope *scope, struct composition *file, struct diagnostics *diagnostics);
void scope_release(struct scope *scope);

/*
 * The component that `child` names behind FROM, or NULL: reported as E016 or E013, or not to be known because an import
 * could not be read. Marks the import that it comes from as used.
 *
 * `alias.name` is exact. A lone name is an alias, then a component of the file, then one of an import without an alias, then the
 * stem of such an import. An alias or stem stands for the only component of its file, else for the
 * one of the alias's or the file's name.
 */
struct component *scope_find_parent(struct scope *scope, const struct component *child);

#endif
