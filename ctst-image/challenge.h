/* WWW-Authenticate (RFC 9110, 11.6.1; the token scheme of the distribution project): what a server asks for. */
#ifndef IMAGE_CHALLENGE_H
#define IMAGE_CHALLENGE_H

#define CHALLENGE_VALUE 1024 /* room for a value and its NUL */

enum challenge_kind {
	CHALLENGE_NONE, /* nothing that is understood */
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

struct challenge {
	enum challenge_kind kind;
	char realm[CHALLENGE_VALUE]; /* of a bearer: the URL of the token server */
	char service[CHALLENGE_VALUE];
	char scope[CHALLENGE_VALUE];
};

/* The best of a list of challenges: a bearer with a realm, else basic. A value that is too long counts as missing. */
void challenge_parse(struct challenge *challenge, const char *text);

#endif
