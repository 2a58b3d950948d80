#include "common/secret_names.h"

#include <string.h>
#include <strings.h>

static const char *const words[] = {
	"PASSWORD", "PASSWD", "PASSPHRASE",  "SECRET",     "TOKEN",
	"API_KEY",  "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL",
};

static bool contains(struct ct_slice text, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= text.length; i++) {
		if (strncasecmp(text.text + i, word, length) == 0)
			return true;
	}
	return false;
}

bool ct_name_is_secret(struct ct_slice name)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (contains(name, words[i]))
			return true;
	}
	return false;
}
