#include "common/network_name.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/digest.h"

#define DIGITS (CT_BRIDGE_NAME_LENGTH - 3)

void ct_bridge_name(const char *state_file, const char *network, char name[CT_BRIDGE_NAME_LENGTH + 1])
{
	ct_autobuf text = CT_BUF_INIT;
	char digest[CT_DIGEST_LENGTH + 1];

	ct_buf_append(&text, state_file, strlen(state_file) + 1);
	ct_buf_puts(&text, network);
	ct_digest(text.data, text.length, digest);
	snprintf(name, CT_BRIDGE_NAME_LENGTH + 1, "ct-%.*s", DIGITS, digest + strlen("sha256:"));
}

_Bool ct_is_bridge_name(const char *text)
{
	return strlen(text) == CT_BRIDGE_NAME_LENGTH && strncmp(text, "ct-", 3) == 0 &&
	       strspn(text + 3, "0123456789abcdef") == DIGITS;
}
