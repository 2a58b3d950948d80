/*
 * Compose files to .ctst text.
 *
 * What the language cannot say, or Containust does not do, becomes a loss in the report, never silence. The text is run
 * through the parser and all of its checks before it is handed out: what they refuse is turned into a comment and a loss.
 */
#ifndef CTST_CONVERT_CONVERT_H
#define CTST_CONVERT_CONVERT_H

#include "ctst-parse/convert/report.h"

struct convert_source {
	const char *shown;     /* as the person gave it */
	const char *path;      /* absolute */
	const char *directory; /* absolute, of the first file: what relative paths begin at */
	const char *text;
	size_t length;
};

struct convert_options {
	bool oci;              /* images of a registry become oci:// where they have a digest */
	bool files;            /* env_file, include, extends and .env may be read; without, they are errors or losses */
	bool process;          /* variables may come from this process's environment */
	const char **profiles; /* that are active; "*": all */
	size_t profile_count;
	const char **env_files; /* instead of .env; absolute or from the current directory */
	size_t env_file_count;
	bool no_dotenv;            /* .env is not looked at */
	const char *dotenv_before; /* one that is read, too, and goes before the project's; NULL: none */
	const char *directory;     /* absolute: where the result will lie; NULL: beside the first source */
};

#define CONVERT_MAX_OUTPUT ((size_t)16 << 20) /* what the parser takes */

/*
 * Merges the sources in their order and appends the .ctst text to *out. Everything in the report lives in its arena, which
 * the caller has set and releases, also after a failure. -1 with the code; *at is the place it is about, file NULL: none.
 */
int convert_text(const struct convert_source *sources, size_t count, const struct convert_options *options,
		 struct report *report, struct ct_buf *out, struct place *at, struct ct_err *err);

#endif
