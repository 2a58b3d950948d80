/* `ctst-image build`: the filter of the pipeline, composition in, composition with images out. */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

struct build_options {
	bool locked;          /* a source must be what was imported before */
	bool dry_run;         /* import nothing, say what would be and what is not there */
	const char *platform; /* "os/arch[/variant]"; NULL: this host's */
	bool distroless;      /* every component has a slim image */
	bool savings; /* say on stderr what a slim image would save, of those that are imported now; of all when -v */
	bool insecure_loopback; /* http:// for registries of this host */
};

/* Appends the output document to *out. -1: the error of the first image that failed; err->reported when the importer has told it. */
int build_composition(const struct ct_json *composition, const struct build_options *options, struct ct_buf *out,
		      struct ct_err *err);

#endif
