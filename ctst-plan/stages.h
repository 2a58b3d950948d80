/*
 * Where the composition comes from: standard input, as in a pipeline typed by
 * hand; or, for `ctst plan FILE`, the stages in front, started here.
 */
#ifndef PLAN_STAGES_H
#define PLAN_STAGES_H

#include <stdbool.h>

#include "common/err.h"
#include "common/json.h"

/*
 * Whether this is a filter: no FILE was named and standard input is a pipe, a socket or a file.
 * A terminal and /dev/null hold no composition.
 */
bool stages_is_filter(const char *file);

/*
 * Reads a ctst.composition/1 document: from standard input when this is a filter, else
 * from ctst-parse FILE (NULL: the default file) and, when `images` is set,
 * ctst-image build --dry-run behind it. NULL with the error of whatever failed;
 * what a stage has reported itself comes back as reported.
 */
struct ct_json_doc *stages_read_composition(const char *file, bool images, struct ct_err *err);

#endif
