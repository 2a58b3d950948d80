/* From what documents.h read to a plain tree: aliases and `<<` resolved, variables put in. */
#ifndef CTST_CONVERT_EXPAND_H
#define CTST_CONVERT_EXPAND_H

#include "ctst-parse/convert/node.h"
#include "ctst-parse/convert/report.h"
#include "ctst-parse/convert/variables.h"

struct expansion {
	struct nodes *nodes;
	struct report *report;
	const struct variables *variables;
	struct ct_names *warned; /* variables that a warning has named already */
};

/*
 * A copy in which nothing is shared. Top-level x-… keys are left out: they are only there to be referred to. NULL: E017 for
 * variables, E020 for depth and size, E001 for a `<<` that is no map.
 */
struct node *expand_document(const struct expansion *with, const struct node *document, struct ct_err *err);

#endif
