/* `ctst help NAME`: the manual page of a command or of a document. */
#ifndef CTST_MANUAL_H
#define CTST_MANUAL_H

#include "common/err.h"

/*
 * Becomes man(1) showing the page of `ctst-NAME`, of `NAME`, or of an alias's tool, in section 1, 5
 * or 7 as installed with this program; else the one that man finds by itself.
 * Returns only when that fails: -1, exit 4 without a page, exit 127 without a man.
 */
int manual_open(const char *name, struct ct_err *err);

#endif
