/* What is shown of a variable whose name says that it is a secret (common/secret_names.h). */
#ifndef PLAN_SECRET_H
#define PLAN_SECRET_H

#define MASKED "***"

/* MASKED, unless it is nothing but a reference, which gives nothing away. */
const char *shown_secret(const char *value);

#endif
