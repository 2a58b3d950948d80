/*
 * A person's file, replaced in one step: whoever reads it sees the old text or the
 * new one, also when this program is killed. It keeps its mode and its owner. A symbolic
 * link stays one: the file that it names is replaced. Other hard links keep the old text.
 */
#ifndef CTST_FMT_REWRITE_H
#define CTST_FMT_REWRITE_H

#include "common/buf.h"
#include "common/err.h"
#include "ctst-parse/source.h"

/*
 * Puts `text` where `source` was read from, `path`. -1, and nothing is changed or left behind: when the file may
 * not be written (exit status 3), or is not what was read any more.
 */
int rewrite_file(const char *path, const struct source *source, const struct ct_buf *text, struct ct_err *err);

#endif
