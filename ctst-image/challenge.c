#include "ctst-image/challenge.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

/* The value behind '=', a token or a quoted string; *text is moved behind it. False: it did not fit. */
static bool take_value(const char **text, char value[CHALLENGE_VALUE])
{
	bool quoted = **text == '"', fits = true;
	size_t length = 0;

	*text += quoted;
	while (**text && (quoted ? **text != '"' : **text != ',' && **text != ' ')) {
		if (quoted && **text == '\\' && (*text)[1])
			(*text)++;
		fits = fits && length + 1 < CHALLENGE_VALUE;
		if (fits)
			value[length++] = **text;
		(*text)++;
	}
	if (quoted && **text == '"')
		(*text)++;
	value[fits ? length : 0] = '\0';
	return fits;
}

static void take_parameter(struct challenge *challenge, const char *name, size_t length, const char **text)
{
	static const char *const names[] = { "realm", "service", "scope" };
	char *const places[] = { challenge->realm, challenge->service, challenge->scope };
	char value[CHALLENGE_VALUE];

	(void)take_value(text, value);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (length == strlen(names[i]) && strncasecmp(name, names[i], length) == 0)
			strcpy(places[i], value);
	}
}

static enum challenge_kind kind_of(const char *name, size_t length)
{
	if (length == 6 && strncasecmp(name, "Bearer", 6) == 0)
		return CHALLENGE_BEARER;
	return length == 5 && strncasecmp(name, "Basic", 5) == 0 ? CHALLENGE_BASIC : CHALLENGE_NONE;
}

static void keep_better(struct challenge *best, const struct challenge *one)
{
	bool usable = one->kind == CHALLENGE_BASIC || (one->kind == CHALLENGE_BEARER && one->realm[0]);

	if (usable && one->kind > best->kind)
		*best = *one;
}

void challenge_parse(struct challenge *challenge, const char *text)
{
	struct challenge one = { .kind = CHALLENGE_NONE };

	*challenge = one;
	while (*text) {
		size_t length = strspn(text, TOKEN);
		const char *name = text;

		text += length;
		if (length > 0 && *text == '=') {
			text++;
			take_parameter(&one, name, length, &text);
		} else if (length > 0) {
			keep_better(challenge, &one);
			one = (struct challenge){ .kind = kind_of(name, length) };
		} else {
			text++;
		}
	}
	keep_better(challenge, &one);
}
