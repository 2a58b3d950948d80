#include "ctst-image/fetch_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"

void fetch_response_start(struct fetch_response *response)
{
	*response = (struct fetch_response){ .range_start = -1, .range_total = -1 };
}

static bool is_white(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* Not the controls of ASCII and Latin-1, and nothing that turns the direction of what follows. */
static bool is_visible(uint32_t character)
{
	bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
	bool format = character == 0xad || character == 0x61c || (character >= 0x2028 && character <= 0x202f) ||
		      (character >= 0x2060 && character <= 0x206f) || (character >= 0xe0000 && character <= 0xe0fff);

	return !control && !format && ct_utf8_width(character) > 0;
}

void fetch_show_text(const char *text, size_t length, char *shown, size_t size)
{
	size_t out = 0;

	for (size_t at = 0; at < length;) {
		uint32_t character = 0;
		size_t step = ct_utf8_decode(text + at, length - at, &character);

		if (out + (step ? step : 1) >= size)
			break;
		if (is_white(text[at])) {
			if (out > 0 && shown[out - 1] != ' ')
				shown[out++] = ' ';
		} else if (step == 0 || !is_visible(character)) {
			shown[out++] = '?';
		} else {
			memcpy(shown + out, text + at, step);
			out += step;
		}
		at += step ? step : 1;
	}
	while (out > 0 && shown[out - 1] == ' ')
		out--;
	shown[out] = '\0';
}

static void take_status_line(struct fetch_response *response, const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);
	size_t header_bytes = response->header_bytes;

	fetch_response_start(response);
	response->header_bytes = header_bytes;
	fetch_show_text(line, length, response->status_line, sizeof(response->status_line));
	for (const char *at = space + 1; space && at < line + length && *at >= '0' && *at <= '9'; at++) {
		response->status = response->status * 10 + (*at - '0');
		if (response->status > 999)
			response->status = 0;
	}
}

/* The value of the field when the line has this name, its white space removed; NULL otherwise. */
static const char *value_of(const char *line, size_t length, const char *name, size_t *value_length)
{
	size_t name_length = strlen(name);
	const char *at = line + name_length + 1, *end = line + length;

	if (length <= name_length || strncasecmp(line, name, name_length) != 0 || line[name_length] != ':')
		return NULL;
	while (at < end && is_white(*at))
		at++;
	while (end > at && is_white(end[-1]))
		end--;
	*value_length = (size_t)(end - at);
	return at;
}

/* RFC 9110, 8.8.3: a weak one ("W/") may not be used with If-Range, and it goes into a header of ours as it is. */
static void take_etag(struct fetch_response *response, const char *value, size_t length)
{
	response->etag[0] = '\0';
	if (length < 2 || length >= sizeof(response->etag) || value[0] != '"' || value[length - 1] != '"')
		return;
	for (size_t i = 1; i < length - 1; i++) {
		unsigned char byte = (unsigned char)value[i];

		if (byte < 0x21 || byte == '"' || byte > 0x7e)
			return;
	}
	memcpy(response->etag, value, length);
	response->etag[length] = '\0';
}

/* A number of at most 18 digits, so that it always fits; -1 otherwise. */
static int64_t take_number(const char **at)
{
	size_t digits = strspn(*at, "0123456789");
	int64_t number = 0;

	if (digits == 0 || digits > 18)
		return -1;
	for (; digits > 0; digits--)
		number = number * 10 + (*(*at)++ - '0');
	return number;
}

/* RFC 9110, 14.4: bytes 100-199/200, or an asterisk for the total. */
static void take_content_range(struct fetch_response *response, const char *value, size_t length)
{
	char copy[80] = "";
	const char *at = copy;
	int64_t first, last, total = -1;

	if (length >= sizeof(copy))
		return;
	memcpy(copy, value, length);
	copy[length] = '\0';
	if (strncasecmp(at, "bytes ", 6) != 0)
		return;
	at += 6;
	first = take_number(&at);
	if (first < 0 || *at++ != '-')
		return;
	last = take_number(&at);
	if (last < first || *at++ != '/')
		return;
	if (strcmp(at, "*") != 0) {
		total = take_number(&at);
		if (total <= last || *at != '\0')
			return;
	}
	response->range_start = first;
	response->range_total = total;
}

static void take_digest(struct fetch_response *response, const char *value, size_t length)
{
	response->digest[0] = '\0';
	if (length != CT_DIGEST_LENGTH)
		return;
	memcpy(response->digest, value, length);
	response->digest[length] = '\0';
	if (!ct_digest_is_valid(response->digest))
		response->digest[0] = '\0';
}

/* RFC 9110, 11.6.1: several lines are one list. What does not fit is left out. */
static void take_challenge(struct fetch_response *response, const char *value, size_t length)
{
	size_t used = strlen(response->challenges);

	if (length == 0 || used + length + 3 > sizeof(response->challenges) || memchr(value, '\0', length))
		return;
	snprintf(response->challenges + used, sizeof(response->challenges) - used, "%s%.*s", used ? ", " : "",
		 (int)length, value);
}

int fetch_response_header(struct fetch_response *response, const char *line, size_t length)
{
	const char *value;
	size_t value_length;

	response->header_bytes += length;
	if (response->header_bytes > FETCH_HEADERS_LARGEST)
		return -1;
	if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
		take_status_line(response, line, length);
	else if ((value = value_of(line, length, "ETag", &value_length)))
		take_etag(response, value, value_length);
	else if ((value = value_of(line, length, "Content-Range", &value_length)))
		take_content_range(response, value, value_length);
	else if ((value = value_of(line, length, "Transfer-Encoding", &value_length)))
		response->chunked = value_length >= 7 && strncasecmp(value + value_length - 7, "chunked", 7) == 0;
	else if ((value = value_of(line, length, "Accept-Ranges", &value_length)))
		response->no_ranges = value_length == 4 && strncasecmp(value, "none", 4) == 0;
	else if ((value = value_of(line, length, "WWW-Authenticate", &value_length)))
		take_challenge(response, value, value_length);
	else if ((value = value_of(line, length, "Docker-Content-Digest", &value_length)))
		take_digest(response, value, value_length);
	return 0;
}

bool fetch_response_is_transient(const struct fetch_response *response)
{
	return response->status == 408 || response->status == 429 || response->status >= 500;
}

bool fetch_response_is_redirect(const struct fetch_response *response)
{
	return response->status == 301 || response->status == 302 || response->status == 303 ||
	       response->status == 307 || response->status == 308;
}
