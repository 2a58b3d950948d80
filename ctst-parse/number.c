#include "ctst-parse/number.h"

#include <ctype.h>

bool number_take(struct ct_slice *text, int64_t *value, bool *overflow)
{
	size_t i = 0;

	*value = 0;
	*overflow = false;
	for (; i < text->length && isdigit((unsigned char)text->text[i]); i++)
		*overflow |= __builtin_mul_overflow(*value, 10, value) ||
			     __builtin_add_overflow(*value, text->text[i] - '0', value);
	text->text += i;
	text->length -= i;
	return i > 0;
}

bool number_parse(struct ct_slice text, size_t most_digits, int64_t *value)
{
	bool overflow;

	return text.length <= most_digits && number_take(&text, value, &overflow) && text.length == 0;
}
