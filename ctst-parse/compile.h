/*
 * From the text of a file to a composition that is ready to be written: read, parse, read and parse
 * what it imports, merge what is inherited, check.
 */
#ifndef CTST_PARSE_COMPILE_H
#define CTST_PARSE_COMPILE_H

#include <stdbool.h>

#include "common/arena.h"
#include "ctst-parse/ast.h"
#include "ctst-parse/diagnostics.h"
#include "ctst-parse/sources.h"

struct compile_options {
	bool strict;     /* warn about what other implementations do not know */
	bool offline;    /* remote imports that have not been fetched before are an error */
	bool strict_env; /* an undefined ${env.NAME} without a default is an error */
};

struct compilation {
	const struct compile_options *options;
	struct sources sources;
	struct ct_arena arena;
	struct diagnostics diagnostics;
	struct composition composition; /* of the file that was named */
	struct composition **imported;  /* every other file once, in the order of reading */
	size_t imported_count;
	size_t import_count;   /* IMPORT statements that have been followed */
	size_t failed_fetches; /* of imports from the network */
	bool is_full;          /* no more files: a bound has been reached and reported */
};

/*
 * Takes over *entry and compiles it. Problems go to compilation->diagnostics; the composition may only be
 * written when there is no error among them. Ends with compilation_release(), whatever was found.
 */
void compile(struct compilation *compilation, struct source *entry, const struct compile_options *options);

void compilation_release(struct compilation *compilation);

#endif
