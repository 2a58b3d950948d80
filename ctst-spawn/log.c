#include "ctst-spawn/log.h"

#include <string.h>

#include "common/clock.h"

_Static_assert(LOG_HEADER == CT_TIME_LENGTH + sizeof(" stdout F ") - 1, "the parts of an entry");

const char *log_file_name(int index)
{
	static const char *const names[LOG_FILES] = { LOG_FILE, LOG_FILE ".1", LOG_FILE ".2", LOG_FILE ".3",
						      LOG_FILE ".4" };

	return names[index];
}

/* Digits and what stands between them: such times are safe to print and can be compared as text. */
static bool is_time(const char *text)
{
	static const char pattern[CT_TIME_LENGTH + 1] = "0000-00-00T00:00:00.000000000Z";

	for (size_t i = 0; i < CT_TIME_LENGTH; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (pattern[i] == '0' ? !is_digit : text[i] != pattern[i])
			return false;
	}
	return true;
}

bool log_parse(const char *line, size_t length, struct log_entry *entry)
{
	const char *stream = line + CT_TIME_LENGTH;

	if (length < LOG_HEADER || !is_time(line))
		return false;
	*entry = (struct log_entry){
		.time = line,
		.is_stderr = memcmp(stream, " stderr ", 8) == 0,
		.partial = stream[8] == 'P',
		.text = line + LOG_HEADER,
		.length = length - LOG_HEADER,
	};
	return (entry->is_stderr || memcmp(stream, " stdout ", 8) == 0) && (stream[8] == 'F' || entry->partial) &&
	       stream[9] == ' ';
}
