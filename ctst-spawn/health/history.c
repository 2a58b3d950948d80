#include "ctst-spawn/health/history.h"

#include <errno.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/utf8.h"

#define HEAD "{\"format\":\"ctst.health/1\",\"probes\":[\n"
#define TAIL "\n]}\n"
#define BETWEEN ",\n"
/* A control character becomes six bytes in JSON. */
#define FILE_LIMIT ((size_t)HISTORY_LENGTH * (PROBE_OUTPUT * 6 + 1024))

/* What is not UTF-8 cannot be in JSON: U+FFFD stands for it, as elsewhere. */
static void append_text(struct ct_buf *out, const char *text, size_t length)
{
	for (size_t at = 0, step; at < length; at += step) {
		uint32_t character;

		step = ct_utf8_decode(text + at, length - at, &character);
		/* A NUL is no text either. */
		if (step > 0 && character != 0)
			ct_buf_append(out, text + at, step);
		else
			ct_buf_puts(out, "\xef\xbf\xbd");
		step = step > 0 ? step : 1;
	}
}

static int format(const struct probe *probe, const struct probe_result *result, struct ct_buf *line)
{
	struct ct_json_writer *writer = ct_json_writer_new(line, false);
	struct ct_err ignored = CT_ERR_INIT;
	char time[CT_TIME_LENGTH + 1];
	ct_autobuf text = CT_BUF_INIT;

	ct_format_time(probe->begun, time);
	append_text(&text, probe->text, probe->length);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "started_at", time);
	ct_json_member_int(writer, "duration_ms", result->duration / 1000000);
	ct_json_member_int(writer, "exit_code", result->exit_code);
	if (result->timed_out)
		ct_json_member_bool(writer, "timed_out", true);
	ct_json_key(writer, "output");
	ct_json_string_n(writer, text.data ? text.data : "", text.length);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, &ignored);
}

/*
 * One result is one line, so the old ones need not be understood to be kept. Returns where the last HISTORY_LENGTH - 1
 * of them begin, and in *length how long they are; a file that looks otherwise has none.
 */
static const char *old_results(const struct ct_buf *file, size_t *length)
{
	size_t head = strlen(HEAD), tail = strlen(TAIL), lines = 1;
	const char *begin, *at;

	*length = 0;
	if (file->length <= head + tail || memcmp(file->data, HEAD, head) != 0 ||
	    memcmp(file->data + file->length - tail, TAIL, tail) != 0)
		return NULL;
	begin = file->data + head;
	for (at = file->data + file->length - tail; at > begin; at--) {
		if (at[-1] == '\n' && lines++ == HISTORY_LENGTH - 1)
			break;
	}
	*length = (size_t)(file->data + file->length - tail - at);
	return at;
}

int history_add(int directory, const struct probe *probe, const struct probe_result *result)
{
	ct_autobuf file = CT_BUF_INIT, out = CT_BUF_INIT;
	const char *old = NULL;
	size_t length = 0;

	if (ct_read_file_at(directory, HISTORY_FILE, FILE_LIMIT, &file) == 0)
		old = old_results(&file, &length);
	ct_buf_puts(&out, HEAD);
	if (old) {
		ct_buf_append(&out, old, length);
		ct_buf_puts(&out, BETWEEN);
	}
	if (format(probe, result, &out) < 0) {
		errno = EILSEQ;
		return -1;
	}
	ct_buf_puts(&out, TAIL);
	return ct_replace_file_at(directory, HISTORY_FILE, out.data, out.length, 0600, false);
}
