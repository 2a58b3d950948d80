#include "common/secret_names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DIGITS_OF_NO_SECRET 4 /* a switch, a count, a port */

static const char *const anywhere[] = {
	"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "CREDENTIAL", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY",
};

static const char *const harmless_ends[] = { "DIR", "EXPIRY", "FILE", "LENGTH", "NAME", "PATH", "TTL", "URL" };

static bool contains(struct ct_slice text, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= text.length; i++) {
		if (strncasecmp(text.text + i, word, length) == 0)
			return true;
	}
	return false;
}

static bool is(struct ct_slice text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.text, word, text.length) == 0;
}

static bool ends_in(struct ct_slice text, const char *end)
{
	size_t length = strlen(end);

	return text.length >= length && strncasecmp(text.text + text.length - length, end, length) == 0;
}

static bool is_separator(char byte)
{
	return byte == '_' || byte == '-' || byte == '.';
}

static size_t word_length(struct ct_slice text)
{
	size_t length = 0;

	while (length < text.length && !is_separator(text.text[length]))
		length++;
	return length;
}

static struct ct_slice last_word(struct ct_slice name)
{
	size_t begin = name.length;

	while (begin > 0 && !is_separator(name.text[begin - 1]))
		begin--;
	return (struct ct_slice){ name.text + begin, name.length - begin };
}

static bool has_secret_word(struct ct_slice name)
{
	struct ct_slice rest = name;

	while (rest.length > 0) {
		struct ct_slice word = { rest.text, word_length(rest) };
		size_t used = word.length + (word.length < rest.length);

		/* PWD alone is the directory that a shell is in. */
		if (is(word, "PASS") || (is(word, "PWD") && word.length < name.length) || ends_in(word, "TOKEN") ||
		    ends_in(word, "TOKENS"))
			return true;
		rest.text += used;
		rest.length -= used;
	}
	return false;
}

static bool is_key(struct ct_slice name)
{
	struct ct_slice word = last_word(name), before;

	if (!is(word, "KEY") || name.length == word.length)
		return false;
	before = last_word((struct ct_slice){ name.text, name.length - word.length - 1 });
	return !is(before, "PUBLIC");
}

bool ct_name_is_secret(struct ct_slice name)
{
	struct ct_slice word = last_word(name);

	for (size_t i = 0; word.length < name.length && i < sizeof(harmless_ends) / sizeof(harmless_ends[0]); i++) {
		if (is(word, harmless_ends[i]))
			return false;
	}
	for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++) {
		if (contains(name, anywhere[i]))
			return true;
	}
	return has_secret_word(name) || is_key(name);
}

bool ct_value_is_no_secret(struct ct_slice value)
{
	static const char *const switches[] = { "", "true", "false", "yes", "no" };

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (is(value, switches[i]))
			return true;
	}
	for (size_t i = 0; i < value.length; i++) {
		if (!isdigit((unsigned char)value.text[i]))
			return false;
	}
	return value.length <= DIGITS_OF_NO_SECRET;
}
