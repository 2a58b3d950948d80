#include "common/identifier.h"

#include <ctype.h>

bool ct_is_identifier(struct ct_slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.text[i];

		if (byte >= 0x80 || !(isalpha(byte) || byte == '_' || (i > 0 && (isdigit(byte) || byte == '-'))))
			return false;
	}
	return text.length > 0 && text.text[text.length - 1] != '-';
}
