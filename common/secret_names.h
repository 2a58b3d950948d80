/* Names under which people keep what nobody should read over their shoulder. */
#ifndef CT_SECRET_NAMES_H
#define CT_SECRET_NAMES_H

#include <stdbool.h>

#include "common/template.h"

/*
 * Whether the value of an environment variable of that name is kept out of messages and of what is shown of a plan:
 * PASSWORD, TOKEN, … anywhere in it, in any case.
 */
bool ct_name_is_secret(struct ct_slice name);

#endif
