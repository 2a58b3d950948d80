/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CT_UTF8_H
#define CT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at `text` (`left` > 0 bytes) and its length in bytes; 0 when the bytes are not valid. */
size_t ct_utf8_decode(const char *text, size_t left, uint32_t *character);

bool ct_utf8_is_valid(const char *text, size_t length);

/*
 * Whether the character would steer a terminal, or make text look as if it stood in another order: control characters
 * (also line feed and tab) and the marks of Unicode's bidirectional algorithm (UAX #9).
 */
bool ct_utf8_is_unsafe(uint32_t character);

/* Columns of a terminal that the character fills: 0 for marks and what is invisible, 2 for wide ones, else 1. */
int ct_utf8_width(uint32_t character);

#endif
