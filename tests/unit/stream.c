/* ctst-spawn/exec/stream.c: bytes between descriptors, never waiting where others wait. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctst-spawn/exec/stream.h"

static struct stream stream;
static int in[2], out[2]; /* what the stream reads, and what it writes */

static void make_pipes(void)
{
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(in[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(fcntl(out[0], F_SETFL, O_NONBLOCK), 0);
	stream_init(&stream, in[0], out[1]);
}

static bool is_ready(void)
{
	struct pollfd watch = stream_watch(&stream);

	return watch.fd >= 0 && poll(&watch, 1, 0) == 1;
}

static void move_while_ready(void)
{
	while (is_ready())
		stream_move(&stream);
}

static size_t read_out(char *bytes, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length < size && (got = read(out[0], bytes + length, size - length)) > 0)
		length += (size_t)got;
	return length;
}

START_TEST(bytes_pass_and_the_end_too)
{
	char bytes[16];

	make_pipes();
	ck_assert(!is_ready());
	ck_assert_int_eq(write(in[1], "a\0b", 3), 3);
	move_while_ready();
	ck_assert_uint_eq(read_out(bytes, sizeof(bytes)), 3);
	ck_assert_int_eq(memcmp(bytes, "a\0b", 3), 0);
	ck_assert_int_eq(stream_last_byte(&stream), 'b');
	ck_assert(!stream_is_over(&stream));
	close(in[1]);
	move_while_ready();
	ck_assert(stream_is_over(&stream));
	ck_assert_int_eq(stream.read_failure, 0);
}
END_TEST

/* The other end is full: the stream waits, and writes no more at a time than can be taken at once. */
START_TEST(nobody_is_waited_for)
{
	static char bytes[STREAM_SIZE * 4];
	size_t length = 0;

	make_pipes();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	ck_assert_int_eq(fcntl(in[1], F_SETPIPE_SZ, (int)sizeof(bytes)), (int)sizeof(bytes));
	ck_assert_int_eq(write(in[1], bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	close(in[1]);
	/* It would hang here if it wrote more than the pipe has room for. */
	for (size_t turn = 0; !stream_is_over(&stream) && turn < 1000; turn++) {
		char piece[5000];
		size_t got;

		move_while_ready();
		got = read_out(piece, sizeof(piece));
		ck_assert_int_eq(memcmp(piece, bytes + length, got), 0);
		length += got;
	}
	while (length < sizeof(bytes)) {
		char piece[5000];
		size_t got = read_out(piece, sizeof(piece));

		ck_assert_uint_gt(got, 0);
		ck_assert_int_eq(memcmp(piece, bytes + length, got), 0);
		length += got;
	}
	ck_assert(stream_is_over(&stream));
}
END_TEST

START_TEST(readers_go)
{
	make_pipes();
	close(out[0]);
	ck_assert_int_eq(write(in[1], "text", 4), 4);
	move_while_ready();
	ck_assert(stream_is_over(&stream));
	ck_assert_int_eq(stream.write_failure, 0);
	ck_assert_int_eq(stream_watch(&stream).fd, -1);
}
END_TEST

START_TEST(failures_are_kept)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_pipes();
	ck_assert_int_ge(full, 0);
	stream_init(&stream, in[0], full);
	ck_assert_int_eq(write(in[1], "text", 4), 4);
	move_while_ready();
	ck_assert(stream_is_over(&stream));
	ck_assert_int_eq(stream.write_failure, ENOSPC);
	stream_init(&stream, directory, out[1]);
	stream_move(&stream);
	ck_assert(stream_is_over(&stream));
	ck_assert_int_eq(stream.read_failure, EISDIR);
}
END_TEST

/* The writer lives on: what is there is copied, and then it is over. */
START_TEST(an_end_before_the_writer_s)
{
	static char bytes[1 << 20];

	make_pipes();
	ck_assert_int_eq(write(in[1], "last words", 10), 10);
	stream_finish(&stream);
	ck_assert(!stream_is_over(&stream));
	move_while_ready();
	ck_assert(stream_is_over(&stream));
	ck_assert_uint_eq(read_out(bytes, sizeof(bytes)), 10);

	/* All of a pipe that somebody has made larger. */
	make_pipes();
	ck_assert_int_eq(fcntl(in[1], F_SETPIPE_SZ, 1 << 19), 1 << 19);
	ck_assert_int_eq(fcntl(out[1], F_SETPIPE_SZ, 1 << 19), 1 << 19);
	ck_assert_int_eq(write(in[1], bytes, 1 << 19), 1 << 19);
	stream_finish(&stream);
	move_while_ready();
	ck_assert(stream_is_over(&stream));
	ck_assert_uint_eq(read_out(bytes, sizeof(bytes)), 1 << 19);

	make_pipes();
	stream_finish(&stream);
	ck_assert(stream_is_over(&stream));
}
END_TEST

/* A writer that never stops does not keep it for ever. */
START_TEST(floods_end)
{
	static char bytes[STREAM_SIZE];
	size_t length = 0;
	pid_t writer;

	make_pipes();
	writer = fork();
	if (writer == 0) {
		for (;;)
			(void)!write(in[1], bytes, sizeof(bytes));
	}
	stream_finish(&stream);
	while (!stream_is_over(&stream)) {
		move_while_ready();
		length += read_out(bytes, sizeof(bytes));
		ck_assert_uint_le(length, STREAM_SIZE * 4);
	}
	kill(writer, SIGKILL);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
}
END_TEST

START_TEST(nothing_is_over)
{
	char bytes[4];

	make_pipes();
	stream_init(&stream, -1, out[1]);
	ck_assert(stream_is_over(&stream));
	ck_assert_int_eq(stream_watch(&stream).fd, -1);
	ck_assert_int_eq(stream_last_byte(&stream), '\n');
	stream_add(&stream, "end", 3);
	ck_assert(!stream_is_over(&stream));
	move_while_ready();
	ck_assert(stream_is_over(&stream));
	ck_assert_uint_eq(read_out(bytes, sizeof(bytes)), 3);
	stream_init(&stream, in[0], out[1]);
	stream_close(&stream);
	ck_assert(stream_is_over(&stream));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tests = tcase_create("stream");
	SRunner *runner;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	tcase_add_test(tests, bytes_pass_and_the_end_too);
	tcase_add_test(tests, nobody_is_waited_for);
	tcase_add_test(tests, readers_go);
	tcase_add_test(tests, failures_are_kept);
	tcase_add_test(tests, an_end_before_the_writer_s);
	tcase_add_test(tests, floods_end);
	tcase_add_test(tests, nothing_is_over);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
