/*
 * What the C library and its friends read beside libraries. No list in a file names these, so this is knowledge
 * about glibc, OpenSSL, GnuTLS and a few interpreters, kept in tables.
 */
#ifndef SLIM_ACCOMPANY_H
#define SLIM_ACCOMPANY_H

#include "ctst-image/slim/slim.h"

/*
 * Takes name service modules and their files, certificates, the locale, time zones and character sets as far as the taken
 * libraries make use of them, and then again what those need. -1: I001 (a wanted locale is not there), I003.
 */
int accompany(struct slim *slim, struct ct_err *err);

/* accompany_runtime.c: takes the libraries of known interpreters, or tells about them. -1: I003. */
int accompany_runtimes(struct slim *slim, struct ct_err *err);

/* Whether a file whose name begins so was taken: "libssl.so". */
bool accompany_has(const struct slim *slim, const char *prefix);

/* The directory, with a slash in front, in which such a file was taken; NULL: none. */
const char *accompany_directory_of(struct slim *slim, const char *prefix);

#endif
