#include "ctst-parse/convert/quantity.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool whole_number(const char *text, int64_t *number)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > 18 || text[length])
		return false;
	*number = strtoll(text, NULL, 10);
	return true;
}

/* Digits and at most one dot; *end is behind them. */
static bool decimal(const char *text, double *number, const char **end)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0;
	char copy[64];

	if (text[whole] == '.')
		fraction = 1 + strspn(text + whole + 1, "0123456789");
	if (whole + fraction >= sizeof(copy) || whole + fraction <= (size_t)(fraction > 0))
		return false;
	memcpy(copy, text, whole + fraction);
	copy[whole + fraction] = '\0';
	*number = strtod(copy, NULL);
	*end = text + whole + fraction;
	return true;
}

bool memory_size(const char *text, int64_t *bytes)
{
	static const char letters[] = "bkmgtp";
	double number, scaled;
	const char *end, *letter;
	int power = 0;

	if (!decimal(text, &number, &end))
		return false;
	end += *end == ' ';
	letter = *end ? strchr(letters, tolower((unsigned char)*end)) : NULL;
	if (letter) {
		power = (int)(letter - letters);
		end++;
		/* "k", "kb", "kib" */
		if (power > 0 && tolower((unsigned char)*end) == 'i')
			end++;
		if (power > 0 && tolower((unsigned char)*end) == 'b')
			end++;
	}
	scaled = number * (double)((int64_t)1 << (10 * power));
	if (*end || scaled >= 9e18)
		return false;
	*bytes = (int64_t)scaled;
	return true;
}

void append_memory(struct ct_buf *out, int64_t bytes)
{
	static const char *const units[] = { "", "KiB", "MiB", "GiB" };
	int unit = 0;

	while (unit < 3 && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	ct_buf_printf(out, "%lld%s", (long long)bytes, units[unit]);
}

bool cores_number(const char *text, int64_t *millicores)
{
	const char *end;
	double number;

	if (!decimal(text, &number, &end) || *end || number > 1e9)
		return false;
	*millicores = (int64_t)ceil(number * 1000 - 1e-6);
	return true;
}

void append_cores(struct ct_buf *out, int64_t millicores)
{
	size_t begin = out->length;

	ct_buf_printf(out, "%lld.%03d", (long long)(millicores / 1000), (int)(millicores % 1000));
	while (out->data[out->length - 1] == '0' && out->data[out->length - 2] != '.' && out->length > begin)
		out->data[--out->length] = '\0';
}

bool duration_number(const char *text, int64_t *milliseconds)
{
	static const struct {
		const char *name;
		double factor;
	} units[] = {
		{ "ns", 1e-6 }, { "us", 1e-3 },     { "\xc2\xb5s", 1e-3 }, { "ms", 1 },          { "s", 1000 },
		{ "m", 60000 }, { "h", 3600000.0 }, { "d", 86400000.0 },   { "w", 604800000.0 },
	};
	double total = 0;

	if (!*text)
		return false;
	while (*text) {
		size_t length, i;
		double number;

		if (!decimal(text, &number, &text))
			return false;
		length = strcspn(text, "0123456789.");
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (strlen(units[i].name) == length && memcmp(units[i].name, text, length) == 0)
				break;
		}
		if (i == sizeof(units) / sizeof(units[0]))
			return false;
		total += number * units[i].factor;
		text += length;
	}
	if (total > 1e15)
		return false;
	*milliseconds = (int64_t)ceil(total - 1e-9);
	return true;
}

void append_duration(struct ct_buf *out, int64_t milliseconds)
{
	int64_t hours = milliseconds / 3600000, minutes = milliseconds / 60000 % 60, seconds = milliseconds / 1000 % 60;
	size_t begin = out->length;

	if (hours)
		ct_buf_printf(out, "%lldh", (long long)hours);
	if (minutes)
		ct_buf_printf(out, "%lldm", (long long)minutes);
	if (seconds)
		ct_buf_printf(out, "%llds", (long long)seconds);
	if (milliseconds % 1000)
		ct_buf_printf(out, "%lldms", (long long)(milliseconds % 1000));
	if (out->length == begin)
		ct_buf_puts(out, "0s");
}

/* As Go prints a number: the fewest digits that give it back, an exponent below 1e-4 and from 1e21 on. */
static const char *shortest(struct ct_arena *arena, double number)
{
	for (int precision = 1; precision <= 17; precision++) {
		ct_autobuf text = CT_BUF_INIT;
		int exponent = number == 0 ? 0 : (int)floor(log10(fabs(number)));

		if (exponent < -4 || exponent >= 21)
			ct_buf_printf(&text, "%.*e", precision - 1, number);
		else
			ct_buf_printf(&text, "%.*f", precision - 1 - exponent > 0 ? precision - 1 - exponent : 0,
				      number);
		if (strtod(text.data, NULL) == number)
			return ct_arena_take(arena, &text);
	}
	return NULL;
}

static bool is_float(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	size_t whole = strspn(at, "0123456789"), fraction;

	at += whole;
	if (*at == '.') {
		fraction = strspn(at + 1, "0123456789");
		if (whole + fraction == 0)
			return false;
		at += 1 + fraction;
	} else if (whole == 0) {
		return false;
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '-' || *at == '+';
		if (!isdigit((unsigned char)*at))
			return false;
		at += strspn(at, "0123456789");
	}
	return *at == '\0';
}

/* Decimal, 0x, 0o, 0b and a leading 0 for octal, with '_' between digits; false for anything else. */
static bool is_integer(const char *text, int64_t *number)
{
	char digits[32];
	size_t length = 0;
	bool negative = *text == '-';
	int base = 10;
	char *end;

	text += *text == '-' || *text == '+';
	if (!isdigit((unsigned char)*text))
		return false;
	if (text[0] == '0' && text[1]) {
		base = tolower((unsigned char)text[1]) == 'x' ? 16 : tolower((unsigned char)text[1]) == 'b' ? 2 : 8;
		text += base != 8 || text[1] == 'o' ? 2 : 1;
	}
	for (; *text; text++) {
		if (*text == '_')
			continue;
		if (length == sizeof(digits) - 1 || !isxdigit((unsigned char)*text))
			return false;
		digits[length++] = *text;
	}
	digits[length] = '\0';
	if (length == 0 || length > 18)
		return false;
	*number = strtoll(digits, &end, base);
	if (negative)
		*number = -*number;
	return *end == '\0';
}

const char *plain_value(struct ct_arena *arena, const char *text)
{
	const char *result = text;
	int64_t number;

	if (strcmp(text, "True") == 0 || strcmp(text, "TRUE") == 0)
		result = "true";
	else if (strcmp(text, "False") == 0 || strcmp(text, "FALSE") == 0)
		result = "false";
	else if (is_integer(text, &number))
		result = ct_arena_printf(arena, "%lld", (long long)number);
	else if (is_float(text) && strlen(text) < 64 && (strpbrk(text, ".eE") || strlen(text) < 18))
		result = shortest(arena, strtod(text, NULL));
	return result && strcmp(result, text) != 0 ? result : text;
}
