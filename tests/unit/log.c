/* Logs of containers: written, rotated, read over rotations, cut to their last lines, merged, made harmless. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "ctst-spawn/log_files.h"
#include "ctst-spawn/log_merge.h"
#include "ctst-spawn/log_moment.h"
#include "ctst-spawn/log_reader.h"
#include "ctst-spawn/log_tail.h"
#include "ctst-spawn/log_text.h"
#include "ctst-spawn/log_writer.h"

#define TIME "2026-01-02T03:04:05.123456789Z"

/* A container's directory with a log, and the two ends of its pipe. */
struct place {
	char path[64];
	int directory, pipe;
	struct log_writer writer;
	struct log_stream stream;
};

static void open_pipe(struct place *place, bool is_stderr)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	place->stream = (struct log_stream){ .input = ends[0], .is_stderr = is_stderr };
	place->pipe = ends[1];
}

static struct place make_place(off_t limit)
{
	struct place place = { .path = "/dev/shm/unit-log.XXXXXX" };

	ck_assert_ptr_nonnull(mkdtemp(place.path));
	place.directory = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mknodat(place.directory, LOG_FILE, S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(log_writer_open(&place.writer, place.directory), 0);
	ck_assert_int_eq(place.writer.limit, LOG_FILE_SIZE);
	if (limit > 0)
		place.writer.limit = place.writer.rotate_at = limit;
	open_pipe(&place, false);
	return place;
}

static void say(struct place *place, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t put = write(place->pipe, text, length);

		if (put > 0) {
			text += put;
			length -= (size_t)put;
		}
		while (log_copy(&place->stream, &place->writer))
			;
	}
}

static void end_run(struct place *place)
{
	close(place->pipe);
	while (log_copy(&place->stream, &place->writer))
		;
	ck_assert_int_eq(place->stream.input, -1);
}

static void remove_place(struct place *place)
{
	if (place->stream.input >= 0) {
		close(place->stream.input);
		close(place->pipe);
	}
	close(place->writer.file);
	close(place->directory);
	ck_assert_int_eq(ct_remove_tree_at(AT_FDCWD, place->path), 0);
}

/* The text of all entries that a reader still has: "stream:text" and '|' behind whole ones, '+' behind partial ones. */
static char *read_on(struct log_reader *reader)
{
	struct ct_buf all = CT_BUF_INIT;

	while (log_reader_next(reader)) {
		ct_buf_puts(&all, reader->entry.is_stderr ? "2:" : "");
		ct_buf_append(&all, reader->entry.text, reader->entry.length);
		ct_buf_putc(&all, reader->entry.partial ? '+' : '|');
		reader->has_entry = false;
	}
	ck_assert_int_eq(reader->failure, 0);
	return ct_buf_detach(&all);
}

static void expect_log(const struct place *place, const char *expected)
{
	struct log_reader reader;
	char *text;

	log_reader_init(&reader, place->path, 4096);
	text = read_on(&reader);
	ck_assert_str_eq(text, expected);
	free(text);
	log_reader_close(&reader);
}

START_TEST(entries_are_parsed)
{
	static const char line[] = TIME " stderr P half a line";
	struct log_entry entry;

	ck_assert(log_parse(line, strlen(line), &entry));
	ck_assert(entry.is_stderr && entry.partial);
	ck_assert_uint_eq(entry.length, strlen("half a line"));
	ck_assert_mem_eq(entry.text, "half a line", entry.length);
	ck_assert(log_parse(TIME " stdout F ", LOG_HEADER, &entry));
	ck_assert(!entry.is_stderr && !entry.partial && entry.length == 0);
	ck_assert(!log_parse(TIME " stdout F", LOG_HEADER - 1, &entry));
	ck_assert(!log_parse(TIME " stdnot F x", LOG_HEADER + 1, &entry));
	ck_assert(!log_parse(TIME " stdout X x", LOG_HEADER + 1, &entry));
	ck_assert(!log_parse(TIME " stdout FFx", LOG_HEADER + 1, &entry));
	ck_assert(!log_parse("2026-01-02T03:04:05.12345678\033Z stdout F x", LOG_HEADER + 1, &entry));
	ck_assert(!log_parse("", 0, &entry));
}
END_TEST

START_TEST(output_becomes_entries)
{
	struct place place = make_place(0);

	say(&place, "one\n\ntwo", 8);
	expect_log(&place, "one||two+");
	say(&place, "\nthree\nfour", 11);
	expect_log(&place, "one||two+|three|four+");
	end_run(&place);
	expect_log(&place, "one||two+|three|four+");
	/* The next run begins a line of its own; of another stream it does not. */
	open_pipe(&place, true);
	say(&place, "error", 5);
	end_run(&place);
	open_pipe(&place, false);
	say(&place, "five\n", 5);
	say(&place, "six\n", 4);
	expect_log(&place, "one||two+|three|four+2:error+|five|six|");
	remove_place(&place);
}
END_TEST

/* Whatever is written, in pieces of whatever size: what is read is the same bytes, in entries that are not too long. */
START_TEST(no_byte_is_lost)
{
	static const size_t sizes[] = { 1, 2, 100, 16383, 16384, 16385, 32767, 32768, 32769, 60000 };
	struct place place = make_place(300000);
	struct ct_buf written = CT_BUF_INIT, read = CT_BUF_INIT;
	struct log_reader reader;
	unsigned random = 1;

	log_reader_init(&reader, place.path, 4096);
	for (size_t i = 0; i < 200; i++) {
		char text[60000];
		size_t length = sizes[i % 10];

		for (size_t j = 0; j < length; j++) {
			random = random * 1103515245 + 12345;
			text[j] = (random >> 16) % (i % 7 == 0 ? 2 : 5000) ? (char)('a' + (random >> 20) % 26) : '\n';
		}
		say(&place, text, length);
		ct_buf_append(&written, text, length);
		while (log_reader_next(&reader)) {
			ck_assert_uint_le(reader.entry.length, LOG_LONGEST_TEXT);
			ct_buf_append(&read, reader.entry.text, reader.entry.length);
			if (!reader.entry.partial)
				ct_buf_putc(&read, '\n');
			reader.has_entry = false;
		}
		ck_assert_uint_eq(read.length, written.length);
	}
	ck_assert(!reader.missed);
	ck_assert_int_eq(faccessat(place.directory, log_file_name(LOG_FILES - 1), F_OK, 0), 0);
	ck_assert_mem_eq(read.data, written.data, written.length);
	ct_buf_free(&written);
	ct_buf_free(&read);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

static void say_numbers(struct place *place, int from, int to)
{
	for (int i = from; i < to; i++) {
		char line[32];

		say(place, line, (size_t)snprintf(line, sizeof(line), "%d\n", i));
	}
}

/* Reads numbers from `next` on and returns the one after the last. */
static int read_numbers(struct log_reader *reader, int next)
{
	while (log_reader_next(reader)) {
		char text[32] = "";

		memcpy(text, reader->entry.text, reader->entry.length < 31 ? reader->entry.length : 31);
		ck_assert_int_eq(atoi(text), next);
		next++;
		reader->has_entry = false;
	}
	return next;
}

static off_t size_of(const struct place *place, int number)
{
	struct stat status;

	return fstatat(place->directory, log_file_name(number), &status, 0) < 0 ? -1 : status.st_size;
}

START_TEST(files_are_rotated)
{
	struct place place = make_place(1000);
	struct log_reader reader;
	int first;

	/* Some 22 lines a file. */
	say_numbers(&place, 1000, 1050);
	ck_assert_int_gt(size_of(&place, 2), 900);
	ck_assert_int_eq(size_of(&place, 3), -1);
	say_numbers(&place, 1050, 2000);
	for (int i = 0; i < LOG_FILES; i++) {
		ck_assert_int_gt(size_of(&place, i), i == 0 ? 0 : 900);
		ck_assert_int_le(size_of(&place, i), 1000);
	}
	ck_assert_int_eq(faccessat(place.directory, LOG_FILE ".5", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(place.directory, "." LOG_FILE ".new", F_OK, 0), -1);
	/* The last ones are there without a gap. */
	log_reader_init(&reader, place.path, 4096);
	ck_assert(log_reader_next(&reader));
	first = atoi(reader.entry.text);
	ck_assert_int_gt(first, 1880);
	ck_assert_int_lt(first, 1920);
	ck_assert_int_eq(read_numbers(&reader, first), 2000);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

/* The oldest file does not begin in the middle of a line. */
START_TEST(rotation_is_between_lines)
{
	struct place place = make_place(1000);

	say_numbers(&place, 1000, 1020);
	say(&place, "be", 2);
	ck_assert_int_gt(size_of(&place, 0), 900);
	say(&place, "gun\n2\n3\n4\n", 10);
	ck_assert_int_gt(size_of(&place, 1), 980);
	ck_assert_int_eq(size_of(&place, 0), 3 * (LOG_HEADER + 2));
	remove_place(&place);
}
END_TEST

/* A reader that looks now and then sees every line once, whatever was renamed meanwhile. */
START_TEST(readers_follow_rotations)
{
	struct place place = make_place(1000);
	struct log_reader reader;
	int next = 1000;

	log_reader_init(&reader, place.path, 4096);
	ck_assert(!log_reader_next(&reader));
	for (int step = 1; step < 60; step++) {
		say_numbers(&place, next, next + step);
		ck_assert_int_eq(read_numbers(&reader, next), next + step);
		next += step;
	}
	ck_assert(!reader.missed);
	/* More than all files hold: what is left is read, and the gap is noticed. */
	say_numbers(&place, next, next + 1000);
	while (log_reader_next(&reader) && !reader.missed)
		reader.has_entry = false;
	ck_assert(reader.missed);
	ck_assert_int_gt(atoi(reader.entry.text), next + 850);
	ck_assert_int_eq(read_numbers(&reader, atoi(reader.entry.text)), next + 1000);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

/* What somebody does with rm(1) and truncate(1) while it is read. */
START_TEST(removed_and_emptied_files_are_not_read_twice)
{
	static const struct timespec older[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct place place = make_place(1000);
	struct log_reader reader;

	log_reader_init(&reader, place.path, 4096);
	say_numbers(&place, 1000, 1040);
	ck_assert_int_eq(read_numbers(&reader, 1000), 1040);
	ck_assert_int_eq(utimensat(place.directory, log_file_name(1), older, 0), 0);
	ck_assert_int_eq(unlinkat(place.directory, log_file_name(0), 0), 0);
	/* The writer has it open. */
	say_numbers(&place, 1040, 1041);
	ck_assert_int_eq(read_numbers(&reader, 1040), 1041);
	ck_assert(!reader.missed);
	/* With the next one nobody can tell any more whether there was another between them. */
	say_numbers(&place, 1041, 1080);
	ck_assert_int_eq(read_numbers(&reader, 1041), 1080);
	ck_assert(reader.missed);
	reader.missed = false;
	ck_assert_int_eq(ftruncate(place.writer.file, 0), 0);
	say_numbers(&place, 1080, 1081);
	ck_assert_int_eq(read_numbers(&reader, 1080), 1081);
	ck_assert(reader.missed);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

/* Another process: it writes as fast as the reader follows, but never more than three files before it. */
static void write_numbers(struct place *place, const volatile int *read, int count)
{
	for (int i = 0; i < count;) {
		if (i - *read >= 60)
			sched_yield();
		else
			say_numbers(place, i, i + 1), i++;
	}
	_exit(0);
}

START_TEST(files_are_renamed_while_they_are_looked_for)
{
	static const int count = 20000;
	volatile int *read = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct place place = make_place(1000);
	struct log_reader reader;
	pid_t writer;

	ck_assert_ptr_ne((void *)read, MAP_FAILED);
	*read = 0;
	writer = fork();
	if (writer == 0)
		write_numbers(&place, read, count);
	log_reader_init(&reader, place.path, 4096);
	for (int i = 0; *read < count; i++) {
		*read = read_numbers(&reader, *read);
		ck_assert(!reader.missed);
	}
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	munmap((void *)read, sizeof(int));
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

/* Numbers that somebody has removed, and an end to what is read. */
START_TEST(holes_are_passed_over)
{
	struct place place = make_place(1000);
	struct log_reader reader;
	int next;

	say_numbers(&place, 1000, 1110);
	ck_assert_int_eq(unlinkat(place.directory, log_file_name(2), 0), 0);
	log_reader_init(&reader, place.path, 4096);
	log_reader_stop_here(&reader);
	ck_assert_int_gt(reader.left, 3000);
	say_numbers(&place, 1110, 1112);
	for (next = 0; log_reader_next(&reader); next = atoi(reader.entry.text))
		reader.has_entry = false;
	ck_assert_int_eq(next, 1109);
	log_reader_close(&reader);
	/* The hole has moved on with the numbers. */
	ck_assert_int_gt(size_of(&place, 2), 0);
	ck_assert_int_eq(size_of(&place, 3), -1);
	ck_assert_int_gt(size_of(&place, 4), 0);
	remove_place(&place);
}
END_TEST

START_TEST(failing_rotation_keeps_the_log)
{
	struct place place = make_place(1000);
	struct log_reader reader;

	ck_assert_int_eq(mkdirat(place.directory, "." LOG_FILE ".new", 0700), 0);
	say_numbers(&place, 1000, 1100);
	ck_assert_int_gt(size_of(&place, 0), 4000);
	ck_assert_int_eq(unlinkat(place.directory, "." LOG_FILE ".new", AT_REMOVEDIR), 0);
	say_numbers(&place, 1100, 1120);
	ck_assert_int_gt(size_of(&place, 1), 4000);
	ck_assert_int_le(size_of(&place, 0), 1000);
	log_reader_init(&reader, place.path, 4096);
	ck_assert_int_eq(read_numbers(&reader, 1000), 1120);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

static void limit_files(off_t size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return;
	limit.rlim_cur = size < 0 ? limit.rlim_max : (rlim_t)size;
	(void)setrlimit(RLIMIT_FSIZE, &limit);
}

/* A file that cannot grow is as good as a full disk: writes come back short, then not at all. */
START_TEST(loss_is_admitted)
{
	struct place place = make_place(0);
	struct log_reader reader;
	uint64_t lost[2];
	char *text;

	signal(SIGXFSZ, SIG_IGN);
	log_reader_init(&reader, place.path, 4096);
	say(&place, "whole\nbegun", 11);
	/* While files are limited nothing is asserted: check keeps its messages in a file, too. */
	limit_files(place.writer.size + 60);
	/* 46 of its bytes fit: an entry and the beginning of another one. */
	say(&place, " line\nlost 1\n", 13);
	lost[0] = place.writer.lost;
	say(&place, "lost 2\nlost", 11);
	lost[1] = place.writer.lost;
	limit_files(-1);
	ck_assert_uint_eq(lost[0], 7);
	ck_assert_uint_eq(lost[1], 18);
	text = read_on(&reader);
	ck_assert_str_eq(text, "whole|begun+ line|");
	free(text);
	say(&place, " 3\nback\n", 8);
	ck_assert_uint_eq(place.writer.lost, 0);
	text = read_on(&reader);
	ck_assert_str_eq(text,
			 "2:containust: 18 bytes of output are missing here: cannot write the log: File too large| "
			 "3|back|");
	free(text);
	/* In the middle of a line: what comes afterwards is not taken for its end. */
	say(&place, "in the middle", 13);
	limit_files(place.writer.size + 10);
	say(&place, " of\n", 4);
	limit_files(-1);
	ck_assert(log_writer_settle(&place.writer));
	text = read_on(&reader);
	ck_assert_str_eq(text, "in the middle+|2:containust: 4 bytes of output are missing here: cannot write the log: "
			       "File too large|");
	free(text);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

/* As people make room on a full disk: what is taken back is taken from the file as it is now. */
START_TEST(an_emptied_log_gets_no_hole)
{
	struct place place = make_place(0);

	signal(SIGXFSZ, SIG_IGN);
	say_numbers(&place, 1000, 1100);
	ck_assert_int_eq(ftruncate(place.writer.file, 0), 0);
	limit_files(60);
	say(&place, "whole\nlost\n", 11);
	limit_files(-1);
	ck_assert_int_eq(size_of(&place, 0), LOG_HEADER + 6);
	ck_assert_int_eq(place.writer.size, LOG_HEADER + 6);
	ck_assert(!place.writer.torn);
	remove_place(&place);
}
END_TEST

static void write_log(const struct place *place, const char *text)
{
	ck_assert_int_eq(ct_write_all(place->writer.file, text, strlen(text)), 0);
}

START_TEST(damage_is_passed_over)
{
	static const char whole[] = TIME " stdout F a\nnonsense\n\n";
	struct place place = make_place(0);
	struct log_reader reader;
	char *text, *endless = ct_alloc((size_t)3 << 20);

	log_reader_init(&reader, place.path, 4096);
	write_log(&place, whole);
	write_log(&place, TIME " stdout F b");
	text = read_on(&reader);
	ck_assert_str_eq(text, "a|");
	free(text);
	/* The half of an entry is taken back. */
	ck_assert_int_eq(ftruncate(place.writer.file, sizeof(whole) - 1), 0);
	write_log(&place, "x\n" TIME " stderr F c\n");
	memset(endless, 'e', (size_t)3 << 20);
	endless[((size_t)3 << 20) - 1] = '\0';
	write_log(&place, endless);
	text = read_on(&reader);
	ck_assert_str_eq(text, "2:c|");
	free(text);
	write_log(&place, TIME " stdout F not one\n" TIME " stdout F d\n");
	text = read_on(&reader);
	ck_assert_str_eq(text, "d|");
	free(text);
	ck_assert_uint_le(reader.text.capacity, (size_t)1 << 20);
	free(endless);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

/* "a" and "b" are entries of stdout, "A" and "B" of stderr; capital or not, 'p' and 'P' are partial ones. */
static void write_entries(const struct place *place, const char *entries)
{
	for (; *entries; entries++) {
		bool is_stderr = *entries >= 'A' && *entries <= 'Z';
		bool partial = (*entries | 0x20) == 'p';
		char line[64];

		snprintf(line, sizeof(line), TIME " %s %c %c\n", is_stderr ? "stderr" : "stdout", partial ? 'P' : 'F',
			 *entries);
		write_log(place, line);
	}
}

static void expect_tail(const struct place *place, uint64_t lines, const char *expected)
{
	static const struct log_range always = { .since = "" };
	struct ct_buf all = CT_BUF_INIT;
	struct log_reader reader;

	log_reader_init(&reader, place->path, 4096);
	log_reader_tail(&reader, lines, &always);
	for (; log_reader_next(&reader); reader.has_entry = false)
		ct_buf_append(&all, reader.entry.text, 1);
	ck_assert_msg(strcmp(all.data ? all.data : "", expected) == 0, "the last %d: '%s' instead of '%s'", (int)lines,
		      all.data ? all.data : "", expected);
	ct_buf_free(&all);
	log_reader_close(&reader);
}

START_TEST(tails_are_whole_lines)
{
	static const struct {
		const char *log;
		uint64_t lines;
		const char *tail;
	} cases[] = {
		{ "", 3, "" },           { "abc", 0, "" },
		{ "abc", 2, "bc" },      { "abc", 3, "abc" },
		{ "abc", 9, "abc" },     { "appb", 1, "ppb" },
		{ "appb", 2, "appb" },   { "app", 1, "pp" },   /* the line that is being written */
		{ "app", 2, "app" },     { "pApb", 1, "ppb" }, /* another stream's line in between */
		{ "pApb", 2, "pApb" },   { "aPbpBc", 1, "pc" },
		{ "aPbpBc", 2, "PpBc" }, { "aPbpBc", 3, "PbpBc" },
		{ "PabP", 1, "PP" },     { "PabP", 2, "PbP" },
		{ "AAAAp", 1, "p" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct place place = make_place(0);

		write_entries(&place, cases[i].log);
		expect_tail(&place, cases[i].lines, cases[i].tail);
		remove_place(&place);
	}
}
END_TEST

/* Over files, and over the parts in which they are read. */
START_TEST(tails_are_found_anywhere)
{
	static char line[20000];
	struct place place = make_place(200000);

	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 40; i++) {
		size_t length = 1 + (size_t)(i * 7919) % (sizeof(line) - 1);

		line[0] = (char)('A' + i);
		line[length] = '\n';
		say(&place, line, length + 1);
		line[length] = 'x';
	}
	ck_assert_int_gt(size_of(&place, 2), 0);
	for (uint64_t lines = 1; lines <= 40; lines++) {
		struct log_reader reader;
		static const struct log_range always = { .since = "" };
		uint64_t seen = 0;
		bool begins = true;

		log_reader_init(&reader, place.path, 4096);
		log_reader_tail(&reader, lines, &always);
		for (; log_reader_next(&reader); reader.has_entry = false) {
			if (begins)
				ck_assert_int_eq(reader.entry.text[0], (int)('A' + 40 - lines + seen));
			begins = !reader.entry.partial;
			seen += begins;
		}
		ck_assert_uint_eq(seen, lines);
		log_reader_close(&reader);
	}
	remove_place(&place);
}
END_TEST

START_TEST(tails_count_what_is_in_range)
{
	struct place place = make_place(0);
	struct log_range range = { .since = "", .until = "2026-01-02T03:04:05.000000005Z" };
	struct log_reader reader;
	int shown = 0;

	for (int i = 0; i < 10; i++) {
		char line[64];

		snprintf(line, sizeof(line), "2026-01-02T03:04:05.%09dZ stdout F %d\n", i, i);
		write_log(&place, line);
	}
	log_reader_init(&reader, place.path, 4096);
	log_reader_tail(&reader, 2, &range);
	for (; log_reader_next(&reader); reader.has_entry = false) {
		if (log_range_has(&range, &reader.entry))
			ck_assert_int_eq(reader.entry.text[0], '4' + shown++);
	}
	ck_assert_int_eq(shown, 2);
	log_reader_close(&reader);
	remove_place(&place);
}
END_TEST

START_TEST(merged_by_time)
{
	struct log_reader readers[50];
	char times[50][CT_TIME_LENGTH + 1];
	struct log_merge merge;
	const struct log_reader *last = NULL;

	log_merge_init(&merge, 50);
	for (size_t i = 0; i < 50; i++) {
		ct_format_time((int64_t)(i * 7919 % 13) * 1000000007, times[i]);
		readers[i] = (struct log_reader){ .entry = { .time = times[i] } };
	}
	for (size_t i = 0; i < 50; i++)
		log_merge_add(&merge, &readers[i * 31 % 50]);
	for (size_t i = 0; i < 50; i++) {
		struct log_reader *next = log_merge_take(&merge);
		int order = last ? strcmp(last->entry.time, next->entry.time) : -1;

		ck_assert(order < 0 || (order == 0 && last < next));
		last = next;
	}
	ck_assert_ptr_null(log_merge_take(&merge));
	log_merge_release(&merge);
}
END_TEST

static void expect_text(void (*append)(struct ct_buf *, const char *, size_t), const char *text, size_t length,
			const char *expected)
{
	struct ct_buf out = CT_BUF_INIT;

	append(&out, text, length);
	ck_assert_str_eq(out.data ? out.data : "", expected);
	ct_buf_free(&out);
}

#define VISIBLE(text, expected) expect_text(log_text_append_visible, text, sizeof(text) - 1, expected)
#define JSON(text, expected) expect_text(log_text_append_json, text, sizeof(text) - 1, expected)

START_TEST(text_is_harmless)
{
	VISIBLE("plain\ttext", "plain\ttext");
	VISIBLE("\033[31m\007\r\b\177", "^[[31m^G^M^H^?");
	VISIBLE("a\0b", "a^@b");
	VISIBLE("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	VISIBLE("\xc2\x9b"
		"31m",
		"\\u009b31m");
	VISIBLE("\x9b"
		"31m\xff\xe2\x82",
		"\\x9b31m\\xff\\xe2\\x82");
	VISIBLE("\xe2\x80\xae"
		"abc",
		"\\u202eabc");
	JSON("", "\"text\":\"\"");
	JSON("a \"b\"\\\033\xc3\xbc", "\"text\":\"a \\\"b\\\"\\\\\\u001B\xc3\xbc\"");
	JSON("\177\xc2\x9b\xe2\x80\xae.", "\"text\":\"\\u007F\\u009B\\u202E.\"");
	JSON("\xff", "\"base64\":\"/w==\"");
	JSON("a\0", "\"base64\":\"YQA=\"");
	JSON("\xff\xfe\xfd", "\"base64\":\"//79\"");
	ck_assert_uint_eq(log_text_incomplete("abc", 3), 0);
	ck_assert_uint_eq(log_text_incomplete("a\xc3", 2), 1);
	ck_assert_uint_eq(log_text_incomplete("a\xc3\xbc", 3), 0);
	ck_assert_uint_eq(log_text_incomplete("\xe2\x82", 2), 2);
	ck_assert_uint_eq(log_text_incomplete("\xf0\x9f\x98", 3), 3);
	ck_assert_uint_eq(log_text_incomplete("\x80\x80\x80\x80", 4), 0);
	ck_assert_uint_eq(log_text_incomplete("", 0), 0);
}
END_TEST

START_TEST(moments)
{
	static const char *const wrong[] = { "",
					     "yesterday",
					     "10",
					     "h",
					     "-1h",
					     "1h30",
					     "1 h",
					     "1w",
					     "1.5h",
					     "99999999999999999999s",
					     "2000000d",
					     "+01:00",
					     "1970-01-01T00:00:01",
					     "1970-01-01T00:00:01+1:00",
					     "1970-01-01T00:00:01Z+01:00",
					     "1970-01-01T00:00:01+01:60" };
	int64_t moment, now = ct_now();

	ck_assert_int_eq(log_moment_parse("1970-01-01T00:00:01.5Z", &moment), 0);
	ck_assert_int_eq(moment, 1500000000);
	ck_assert_int_eq(log_moment_parse("1970-01-01T02:30:01.500000000+02:30", &moment), 0);
	ck_assert_int_eq(moment, 1500000000);
	ck_assert_int_eq(log_moment_parse("1970-01-01T00:00:01-00:01", &moment), 0);
	ck_assert_int_eq(moment, INT64_C(61000000000));
	ck_assert_int_eq(log_moment_parse("1h30m5s", &moment), 0);
	ck_assert_int_ge(moment, now - INT64_C(5405000000000));
	ck_assert_int_lt(moment, now - INT64_C(5405000000000) + INT64_C(60000000000));
	ck_assert_int_eq(log_moment_parse("36500d", &moment), 0);
	ck_assert_int_eq(moment, 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(log_moment_parse(wrong[i], &moment) < 0, "'%s'", wrong[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, entries_are_parsed);
	tcase_add_test(tests, output_becomes_entries);
	tcase_add_test(tests, no_byte_is_lost);
	tcase_add_test(tests, files_are_rotated);
	tcase_add_test(tests, rotation_is_between_lines);
	tcase_add_test(tests, readers_follow_rotations);
	tcase_add_test(tests, removed_and_emptied_files_are_not_read_twice);
	tcase_add_test(tests, files_are_renamed_while_they_are_looked_for);
	tcase_add_test(tests, holes_are_passed_over);
	tcase_add_test(tests, failing_rotation_keeps_the_log);
	tcase_add_test(tests, loss_is_admitted);
	tcase_add_test(tests, an_emptied_log_gets_no_hole);
	tcase_add_test(tests, damage_is_passed_over);
	tcase_add_test(tests, tails_are_whole_lines);
	tcase_add_test(tests, tails_are_found_anywhere);
	tcase_add_test(tests, tails_count_what_is_in_range);
	tcase_add_test(tests, merged_by_time);
	tcase_add_test(tests, text_is_harmless);
	tcase_add_test(tests, moments);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
