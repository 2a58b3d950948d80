/* Compose files, and those they include and extend, to one tree. */
#ifndef CTST_CONVERT_LOAD_H
#define CTST_CONVERT_LOAD_H

#include "ctst-parse/convert/convert.h"
#include "ctst-parse/convert/secret_values.h"
#include "ctst-parse/convert/variables.h"

#define LOAD_MAX_DEPTH 32   /* of includes, and of services that extend each other */
#define LOAD_MAX_FILES 1000 /* of one conversion */

struct loader {
	const struct convert_options *options;
	struct nodes *nodes;
	struct report *report;
	struct secret_values secrets;
	struct variables variables; /* of the project: the process's, then those of .env */
	struct ct_names warned;
	struct ct_names included;             /* paths that have been included already */
	struct extended *extended;            /* files that services extend from */
	struct scope *scopes;                 /* of included files, newest first */
	const char *open[LOAD_MAX_DEPTH + 1]; /* files whose includes are being read */
	int depth;
	size_t files;
};

/* The merged tree. NULL: what documents.h, expand.h and merge.h say, E003, E008, E013, E016. */
struct node *load_project(struct loader *loader, const struct convert_source *sources, size_t count,
			  struct ct_err *err);

void loader_release(struct loader *loader);

/* For the parts of the loader. */

/* Reads a file that a compose file names; `directory` is what its own paths begin at. NULL: E008 and those of documents.h. */
struct node *load_documents(struct loader *loader, const char *path, const char *directory, struct place named,
			    struct ct_err *err);

/* Replaces each service that extends another by what comes of it; `before`: the files merged so far, or NULL. */
int extend_services(struct loader *loader, const struct variables *variables, struct node *document,
		    const struct node *before, struct ct_err *err);

/* The document with what its `include` names put in. */
struct node *include_files(struct loader *loader, const struct variables *variables, struct node *document,
			   struct ct_err *err);

/* Expands, extends, includes and merges the documents of one file into `before`. */
struct node *load_file(struct loader *loader, const struct variables *variables, const struct node *documents,
		       struct node *before, struct ct_err *err);

/* Adds an .env file to *variables; `missing_is_fine`: nothing happens when it is not there. */
int load_env_file(struct loader *loader, const char *path, bool missing_is_fine, struct variables *variables,
		  struct ct_err *err);

/* Absolute paths as people know them: as seen from here where they lie below. In the arena. */
const char *shown_path(struct loader *loader, const char *path);

/* Variables of an included file, which those of the including one go before. Released with the loader. */
struct variables *new_scope(struct loader *loader, const struct variables *before);

void extended_release(struct extended *list);

#endif
