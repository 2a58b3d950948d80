/* Names under which people keep what nobody should read over their shoulder. */
#ifndef CT_SECRET_NAMES_H
#define CT_SECRET_NAMES_H

#include <stdbool.h>

#include "common/template.h"

/*
 * Whether the value of an environment variable of that name is kept out of messages and of what is shown of a plan, in any case:
 * PASSWORD, PASSWD, PASSPHRASE, SECRET, CREDENTIAL, API_KEY, PRIVATE_KEY or ACCESS_KEY anywhere in it; a word between '_', '-'
 * or '.' that is PASS or PWD or ends in TOKEN; a name that ends in _KEY, _PUBLIC_KEY apart. Not when the last word is DIR,
 * EXPIRY, FILE, LENGTH, NAME, PATH, TTL or URL: such a name says something about a secret, or where it is.
 */
bool ct_name_is_secret(struct ct_slice name);

/* Whether a value can be no secret under any name: nothing, true, false, yes, no, a number of up to four digits. */
bool ct_value_is_no_secret(struct ct_slice value);

#endif
