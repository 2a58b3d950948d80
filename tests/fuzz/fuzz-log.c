/* Any bytes as the files of a log: read from the beginning, from any line of the end, and as text of a container. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/utf8.h"
#include "ctst-spawn/log_files.h"
#include "ctst-spawn/log_reader.h"
#include "ctst-spawn/log_text.h"
#include "tests/fuzz/fuzz.h"

#define MOST_LINES 64

static void write_file(const char *directory, int number, const uint8_t *bytes, size_t length)
{
	ct_autofree char *path = ct_asprintf("%s/%s", directory, log_file_name(number));
	ct_autoclose int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (file < 0 || ct_write_all(file, bytes, length) < 0)
		abort();
}

static bool is_harmless(const struct ct_buf *text)
{
	uint32_t character;

	for (size_t i = 0; i < text->length;) {
		size_t step = ct_utf8_decode(text->data + i, text->length - i, &character);

		if (step == 0 || (ct_utf8_is_unsafe(character) && character != '\t'))
			return false;
		i += step;
	}
	return true;
}

static void check_text(const char *text, size_t length)
{
	ct_autobuf visible = CT_BUF_INIT;
	ct_autobuf json = CT_BUF_INIT;

	fuzz_require(log_text_incomplete(text, length) <= (length < 3 ? length : 3), "%zu", length);
	log_text_append_visible(&visible, text, length);
	fuzz_require(is_harmless(&visible), "%s", visible.data);
	log_text_append_json(&json, text, length);
	fuzz_require(is_harmless(&json) && !memchr(json.data, '\t', json.length), "%s", json.data);
}

/* Lines as --tail counts them, entries, and whether the entries were good. */
struct count {
	uint64_t lines, entries;
};

static struct count read_all(struct log_reader *reader, bool with_text)
{
	struct count count = { 0 };
	bool inside[2] = { false };

	for (; log_reader_next(reader); reader->has_entry = false) {
		const struct log_entry *entry = &reader->entry;

		fuzz_require(!memchr(entry->text, '\n', entry->length), "a newline in an entry");
		if (with_text)
			check_text(entry->text, entry->length);
		inside[entry->is_stderr] = entry->partial;
		count.lines += !entry->partial;
		count.entries++;
	}
	fuzz_require(reader->failure == 0, "%d", reader->failure);
	count.lines += inside[0] + inside[1];
	log_reader_close(reader);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct log_range always = { .since = "" };
	char directory[] = "/dev/shm/ctst-fuzz-log.XXXXXX"; /* in memory */
	struct log_reader reader;
	struct count all;
	size_t cut = length > 0 ? bytes[0] * length / 256 : 0;

	if (!mkdtemp(directory))
		abort();
	/* The older file ends where it ends: what is torn there is no entry. */
	write_file(directory, 1, bytes, cut);
	write_file(directory, 0, bytes + cut, length - cut);
	log_reader_init(&reader, directory, 4096);
	all = read_all(&reader, true);
	fuzz_require(!reader.missed, "nothing was rotated");
	for (uint64_t lines = 0; lines <= all.lines + 1 && lines < MOST_LINES; lines++) {
		struct count tail;

		log_reader_init(&reader, directory, 4096);
		log_reader_tail(&reader, lines, &always);
		tail = read_all(&reader, false);
		fuzz_require(tail.lines == (lines < all.lines ? lines : all.lines), "%d of %d: %d", (int)lines,
			     (int)all.lines, (int)tail.lines);
		fuzz_require(tail.entries <= all.entries, "more than all");
	}
	if (ct_remove_tree_at(AT_FDCWD, directory) < 0)
		abort();
	return 0;
}
