/* Decimal numbers inside of strings: "512MiB", "1m30s", "80:8080". */
#ifndef CTST_PARSE_NUMBER_H
#define CTST_PARSE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/template.h"

/*
 * Takes the digits off the begin of the text. False: there are none. *overflow: they do not fit in 64 bits, and
 * *value is of no use.
 */
bool number_take(struct ct_slice *text, int64_t *value, bool *overflow);

/* The whole text. False when it is not one to `most_digits` (at most 18) digits. */
bool number_parse(struct ct_slice text, size_t most_digits, int64_t *value);

#endif
