/* Names under which people keep what nobody should read over their shoulder. */
#ifndef PLAN_SECRET_H
#define PLAN_SECRET_H

#include <stdbool.h>

#define MASKED "***"

/* Whether a variable of that name is shown as MASKED: PASSWORD, TOKEN, … anywhere in it, in any case. */
bool looks_secret(const char *key);

/* What is shown of its value: MASKED, unless it is nothing but a reference, which gives nothing away. */
const char *shown_secret(const char *value);

#endif
