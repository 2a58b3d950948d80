/* What --help prints, made of a program's table so that it fits a screen of 80 columns. */
#ifndef CT_HELP_H
#define CT_HELP_H

#include "common/options.h"

/* To standard output. -1: it cannot be written. */
int ct_help_print(const struct ct_program *program, struct ct_err *err);

#endif
