/* Commands as lists of arguments, with what becomes of the secrets in them. */
#ifndef CTST_CONVERT_ARGUMENTS_H
#define CTST_CONVERT_ARGUMENTS_H

#include "ctst-parse/convert/service.h"

/*
 * An argument as it may stand in the file: `first` is the one that the command begins with, `before` the one in front of it, both
 * NULL where there are none. What a shell runs gets "$DB_PASSWORD" for the value of a secret, and the service the variable; NULL,
 * and a loss, for any other argument that has a secret in it.
 */
const char *argument_text(struct job *job, const char *first, const char *before, const char *text, struct cause cause);

/* The same of a text that a shell runs. */
const char *shell_text(struct job *job, const char *text, struct cause cause);

#endif
