/* libctst: what every tool stands on. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/event.h"
#include "common/file.h"
#include "common/identifier.h"
#include "common/json.h"
#include "common/names.h"
#include "common/options.h"
#include "common/process.h"
#include "common/project.h"
#include "common/secret_names.h"
#include "common/size.h"
#include "common/state.h"
#include "common/status.h"
#include "common/suggest.h"
#include "common/template.h"
#include "common/utf8.h"

/* A temporary directory, and the project in it. */
static char directory[64];
static struct ct_project project;
static struct ct_err err;

static void setup(void)
{
	err = (struct ct_err)CT_ERR_INIT;
	unsetenv("CONTAINUST_STATE_FILE");
	unsetenv("CONTAINUST_IMAGE_STORE");
	strcpy(directory, "/tmp/unit-common.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(ct_project_of_directory(&project, directory, &err), 0);
}

static void teardown(void)
{
	ct_project_release(&project);
	ck_assert_int_eq(ct_remove_tree_at(AT_FDCWD, directory), 0);
}

static void fails_with(const char *code, const char *part)
{
	ck_assert_str_eq(err.code, code);
	ck_assert_msg(strstr(err.message, part) != NULL, "'%s' is not in: %s", part, err.message);
}

static char *path_in_directory(const char *name)
{
	return ct_asprintf("%s/%s", directory, name);
}

static void put_file(const char *path, const char *text)
{
	ct_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ct_write_all(fd, text, strlen(text)), 0);
}

/* ---- buf ---- */

static void is_sane(const struct ct_buf *buf)
{
	ck_assert_ptr_nonnull(buf->data);
	ck_assert_uint_lt(buf->length, buf->capacity);
	ck_assert_int_eq(buf->data[buf->length], '\0');
}

START_TEST(a_buffer_grows_and_stays_terminated)
{
	ct_autobuf buf = CT_BUF_INIT;
	size_t expected = 0;

	for (int i = 0; i < 2000; i++) {
		ct_buf_printf(&buf, "%d,", i);
		expected += (size_t)snprintf(NULL, 0, "%d,", i);
		ck_assert_uint_eq(buf.length, expected);
		is_sane(&buf);
	}
	ct_buf_append(&buf, "a\0b", 3);
	ck_assert_uint_eq(buf.length, expected + 3);
	is_sane(&buf);
	ct_buf_clear(&buf);
	ck_assert_str_eq(buf.data, "");
	ct_buf_putc(&buf, 'x');
	ct_buf_puts(&buf, "yz");
	ck_assert_str_eq(buf.data, "xyz");
}
END_TEST

START_TEST(a_line_longer_than_any_guess)
{
	ct_autobuf buf = CT_BUF_INIT;

	ct_buf_printf(&buf, "%*d", 100000, 7);
	ck_assert_uint_eq(buf.length, 100000);
	ck_assert_int_eq(buf.data[99999], '7');
	is_sane(&buf);
}
END_TEST

START_TEST(a_detached_buffer_is_a_string)
{
	struct ct_buf buf = CT_BUF_INIT;
	ct_autofree char *nothing = ct_buf_detach(&buf);
	ct_autofree char *text = NULL;

	ck_assert_str_eq(nothing, "");
	ct_buf_puts(&buf, "text");
	text = ct_buf_detach(&buf);
	ck_assert_str_eq(text, "text");
	ck_assert_ptr_null(buf.data);
	ck_assert_uint_eq(buf.length, 0);
}
END_TEST

/* ---- template ---- */

static const char *const kinds[] = {
	[CT_TEMPLATE_END] = "end",       [CT_TEMPLATE_LITERAL] = "literal", [CT_TEMPLATE_COMPONENT] = "component",
	[CT_TEMPLATE_SECRET] = "secret", [CT_TEMPLATE_ENV] = "env",         [CT_TEMPLATE_BROKEN] = "broken",
};

static void put_slice(struct ct_buf *out, struct ct_slice slice)
{
	ct_buf_putc(out, '<');
	ct_buf_append(out, slice.text, slice.length);
	ct_buf_putc(out, '>');
}

/* "literal<a>component<db><host>" */
static char *scanned(const char *text)
{
	struct ct_template template = ct_template_start(text, strlen(text));
	struct ct_buf out = CT_BUF_INIT;

	for (;;) {
		struct ct_template_part part = ct_template_next(&template);

		if (part.kind == CT_TEMPLATE_END)
			return ct_buf_detach(&out);
		ct_buf_puts(&out, kinds[part.kind]);
		if (part.kind == CT_TEMPLATE_BROKEN)
			return ct_buf_detach(&out);
		put_slice(&out, part.kind == CT_TEMPLATE_LITERAL ? part.text : part.name);
		if (part.kind == CT_TEMPLATE_COMPONENT)
			put_slice(&out, part.field);
		if (part.has_fallback)
			put_slice(&out, part.fallback);
	}
}

START_TEST(templates_are_taken_apart)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain $ $$ $x {}", "literal<plain $ $$ $x {}>" },
		{ "a${db.host}b", "literal<a>component<db><host>literal<b>" },
		{ "${secret.db.password}", "secret<db.password>" },
		{ "${env.HOME}${env.X:-a b}${env.Y:-}", "env<HOME>env<X><a b>env<Y><>" },
		{ "$${db.host}", "literal<${>literal<db.host}>" },
		{ "$$${x", "literal<$>literal<${>literal<x>" },
		{ "${", "broken" },
		{ "${db.host", "broken" },
		{ "${}", "broken" },
		{ "${db}", "broken" },
		{ "${.host}", "broken" },
		{ "${db.}", "broken" },
		{ "${db host.port}", "broken" },
		{ "${secret.}", "broken" },
		{ "${secret.a..b}", "broken" },
		{ "${env.}", "broken" },
		{ "${env.1X}", "broken" },
		{ "${a.${b.c}}", "broken" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ct_autofree char *found = scanned(cases[i][0]);

		ck_assert_msg(strcmp(found, cases[i][1]) == 0, "%s: %s", cases[i][0], found);
	}
}
END_TEST

START_TEST(parts_know_where_they_stand)
{
	const char *text = "ab${db.host}";
	struct ct_template template = ct_template_start(text, strlen(text));
	struct ct_template_part part = ct_template_next(&template);

	ck_assert_uint_eq(part.offset, 0);
	part = ct_template_next(&template);
	ck_assert_uint_eq(part.offset, 2);
	ck_assert(ct_slice_is(part.source, "${db.host}"));
	ck_assert(ct_slice_is(part.field, "host"));
	ck_assert(!ct_slice_is(part.field, "hos"));
}
END_TEST

/* Quoted text, scanned again and put together, is what it was. */
START_TEST(quoting_survives_expansion)
{
	static const char *const texts[] = { "",    "plain", "${x.y}", "$${x}", "$$${",
					     "a${", "$",     "${${",   "$$",    "${env.A:-${b}}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ct_autobuf quoted = CT_BUF_INIT, back = CT_BUF_INIT;
		struct ct_template template;
		struct ct_template_part part;

		ct_buf_puts(&back, "");
		ct_buf_puts(&quoted, "");
		ct_template_quote(&quoted, texts[i]);
		template = ct_template_start(quoted.data, quoted.length);
		while ((part = ct_template_next(&template)).kind != CT_TEMPLATE_END) {
			ck_assert_int_eq(part.kind, CT_TEMPLATE_LITERAL);
			ct_buf_append(&back, part.text.text, part.text.length);
		}
		ck_assert_str_eq(back.data, texts[i]);
	}
}
END_TEST

/* ---- suggest ---- */

START_TEST(suggestions)
{
	static const char *const words[] = { "image", "memory", "env", "entrypoint", "command", "COMPONENT" };
	static const char *const cases[][2] = {
		{ "imgae", "image" }, { "memroy", "memory" }, { "Image", "image" }, { "comand", "command" },
		{ "zzzzzz", NULL },   { "", NULL },           { "x", NULL },        { "entripoynt", "entrypoint" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = ct_suggest(cases[i][0], words, sizeof(words) / sizeof(words[0]));

		ck_assert_msg((!found && !cases[i][1]) || (found && cases[i][1] && strcmp(found, cases[i][1]) == 0),
			      "%s: %s", cases[i][0], found ? found : "nothing");
	}
	ck_assert_ptr_null(ct_suggest("image", words, 0));
}
END_TEST

START_TEST(the_first_of_equals_is_suggested)
{
	static const char *const words[] = { "port1", "port2" };

	ck_assert_str_eq(ct_suggest("port", words, 2), "port1");
}
END_TEST

/* ---- digest ---- */

/* FIPS 180-4's examples. */
START_TEST(digests_of_known_texts)
{
	static const char *const cases[][2] = {
		{ "", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char digest[CT_DIGEST_LENGTH + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ct_digest(cases[i][0], strlen(cases[i][0]), digest);
		ck_assert_str_eq(digest, cases[i][1]);
		ck_assert(ct_digest_is_valid(digest));
	}
}
END_TEST

START_TEST(what_is_not_a_digest)
{
	static const char *const texts[] = {
		"",
		"sha256:",
		"sha256:abc",
		"sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!ct_digest_is_valid(texts[i]), "%s", texts[i]);
}
END_TEST

/* ---- clock ---- */

START_TEST(times_survive_a_round_trip)
{
	static const int64_t times[] = { 0,
					 1,
					 999999999,
					 INT64_C(1000000000),
					 INT64_C(951782400) * 1000000000,
					 INT64_C(1767323045123456789),
					 INT64_C(4102444799) * 1000000000 };
	char text[CT_TIME_LENGTH + 1];
	int64_t back;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		ct_format_time(times[i], text);
		ck_assert_uint_eq(strlen(text), CT_TIME_LENGTH);
		ck_assert_int_eq(ct_parse_time(text, &back), 0);
		ck_assert_msg(back == times[i], "%s", text);
	}
	ct_format_time(INT64_C(1767323045123456789), text);
	ck_assert_str_eq(text, "2026-01-02T03:04:05.123456789Z");
}
END_TEST

START_TEST(what_is_not_a_time)
{
	static const char *const texts[] = {
		"",
		"2026",
		"2026-13-02T03:04:05Z",
		"2026-01-02 03:04:05Z",
		"2026-01-02T03:04:05",
		"2026-02-00T03:04:05Z",
		"2026-01-02T03:04:05.1234567890Z",
		"x026-01-02T03:04:05Z",
		"2026-01-02T03:04:05Zx",
		"2026-01-02T25:04:05Z",
	};
	int64_t time;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(ct_parse_time(texts[i], &time) == -1, "%s", texts[i]);
	ck_assert_int_eq(ct_parse_time("2026-01-02T03:04:05.5Z", &time), 0);
	ck_assert(time == INT64_C(1767323045500000000));
}
END_TEST

START_TEST(ages)
{
	char text[16];

	ct_format_age(12 * INT64_C(1000000000), text, sizeof(text));
	ck_assert_str_eq(text, "12s");
	ct_format_age((3 * 60 + 59) * INT64_C(1000000000), text, sizeof(text));
	ck_assert_str_eq(text, "3m");
	ct_format_age((5 * 3600) * INT64_C(1000000000), text, sizeof(text));
	ck_assert_str_eq(text, "5h");
	ct_format_age((49 * 3600) * INT64_C(1000000000), text, sizeof(text));
	ck_assert_str_eq(text, "2d");
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },          { 1023, "1023 B" },     { 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },   { 102348, "99.9 KiB" }, { 102400, "100 KiB" },
		{ 102912, "101 KiB" }, { 1544192, "1.5 MiB" }, { INT64_C(5) << 30, "5.0 GiB" },
	};
	char text[CT_SIZE_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ct_format_size(cases[i].bytes, text, sizeof(text));
		ck_assert_str_eq(text, cases[i].text);
	}
	/* The largest there is neither overflows nor is too long. */
	ct_format_size(INT64_MAX, text, sizeof(text));
	ck_assert_str_eq(text, "8388608 TiB");
}
END_TEST

/* ---- JSON, reading ---- */

static struct ct_json_doc *parsed(const char *text)
{
	err = (struct ct_err)CT_ERR_INIT;
	return ct_json_parse(text, strlen(text), "P001", &err);
}

START_TEST(values_of_every_type)
{
	ct_autojson *doc = parsed(" {\"n\":null,\"t\":true,\"i\":-9223372036854775808,\"j\":9223372036854775807,"
				  "\"r\":1.50e3,\"s\":\"\\u00e4\\\"\",\"a\":[1,[]],\"o\":{\"x\":{}}}\n");
	const struct ct_json *root;
	int64_t value = 0;

	ck_assert_msg(doc != NULL, "%s", err.message);
	root = ct_json_root(doc);
	ck_assert_uint_eq(root->length, 8);
	ck_assert_int_eq(ct_json_get(root, "n")->type, CT_JSON_NULL);
	ck_assert(ct_json_get_bool(root, "t", false));
	ck_assert(ct_json_get_bool(root, "n", true));
	ck_assert(ct_json_get_int(root, "i", &value) && value == INT64_MIN);
	ck_assert(ct_json_get_int(root, "j", &value) && value == INT64_MAX);
	ck_assert(!ct_json_get_int(root, "r", &value) && value == INT64_MAX);
	ck_assert_str_eq(ct_json_get(root, "r")->text, "1.50e3");
	ck_assert_str_eq(ct_json_get_string(root, "s"), "ä\"");
	ck_assert_uint_eq(ct_json_get_typed(root, "a", CT_JSON_ARRAY)->length, 2);
	ck_assert_ptr_null(ct_json_get_typed(root, "a", CT_JSON_OBJECT));
	ck_assert_ptr_null(ct_json_get(root, "missing"));
	ck_assert_ptr_null(ct_json_get(NULL, "x"));
	ck_assert_ptr_null(ct_json_get_string(root, "i"));
}
END_TEST

START_TEST(malformed_documents_are_refused)
{
	static const char *const texts[] = {
		"",
		"   ",
		"{",
		"[1",
		"[1,]",
		"{\"a\"}",
		"{\"a\":1,}",
		"nul",
		"tru",
		"[1] x",
		"[1][2]",
		"{}{}",
		"'a'",
		"[01]",
		"[1.]",
		"[-]",
		"\"\x01\"",
		"\"\xff\"",
		"\"\xc0\x80\"",         /* overlong */
		"\"\xed\xa0\x80\"",     /* a surrogate */
		"\"\xf4\x90\x80\x80\"", /* beyond U+10FFFF */
		"\"\\x\"",
		"\"open",
		"[\"\\u00\"]",
		"{\"a\":1,\"a\":2}",
		"{\"b\":{\"a\":1,\"c\":2,\"a\":3}}",
		"[\"\\u0000\"]",
		"{\"\\u0000\":1}",
		"[9223372036854775808]",
		"[-9223372036854775809]",
		"[NaN]",
		"/* c */ 1",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ct_autojson *doc = parsed(texts[i]);

		ck_assert_msg(doc == NULL, "accepted: %s", texts[i]);
		ck_assert_str_eq(err.code, "P001");
		ck_assert(err.message[0] != '\0');
	}
}
END_TEST

START_TEST(a_nul_does_not_end_a_document)
{
	static const char text[] = "{\"a\":1}\0{\"evil\":2}";

	ck_assert_ptr_null(ct_json_parse(text, sizeof(text) - 1, "P001", &err));
	fails_with("P001", "NUL");
}
END_TEST

START_TEST(many_members_and_one_of_them_twice)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *well = NULL;

	ct_buf_putc(&text, '{');
	for (int i = 0; i < 50000; i++)
		ct_buf_printf(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
	ct_buf_putc(&text, '}');
	well = ct_json_parse(text.data, text.length, "P001", &err);
	ck_assert_ptr_nonnull(well);
	ck_assert_uint_eq(ct_json_root(well)->length, 50000);
	text.length--;
	ct_buf_puts(&text, ",\"k7\":0}");
	ck_assert_ptr_null(ct_json_parse(text.data, text.length, "P001", &err));
	fails_with("P001", "twice");
}
END_TEST

static void nest(struct ct_buf *text, size_t depth)
{
	ct_buf_clear(text);
	for (size_t i = 0; i < depth; i++)
		ct_buf_putc(text, '[');
	for (size_t i = 0; i < depth; i++)
		ct_buf_putc(text, ']');
}

START_TEST(depth_has_a_bound)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	nest(&text, CT_JSON_MAX_DEPTH);
	doc = ct_json_parse(text.data, text.length, "P001", &err);
	ck_assert_ptr_nonnull(doc);
	nest(&text, CT_JSON_MAX_DEPTH + 1);
	ck_assert_ptr_null(ct_json_parse(text.data, text.length, "P001", &err));
	fails_with("P001", "deep");
	nest(&text, 4000000);
	ck_assert_ptr_null(ct_json_parse(text.data, text.length, "P001", &err));
}
END_TEST

START_TEST(the_message_says_where)
{
	ct_autojson *doc = parsed("{\n  \"a\": 1,\n  \"a\": 2\n}");

	ck_assert_ptr_null(doc);
	fails_with("P001", "line 4");
}
END_TEST

/* ---- JSON, from a pipe ---- */

/* Puts the text into a pipe, as the stage in front would. */
static struct ct_json_doc *read_piped(const char *text)
{
	struct ct_json_doc *doc;
	int ends[2];

	err = (struct ct_err)CT_ERR_INIT;
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(ct_write_all(ends[1], text, strlen(text)), 0);
	close(ends[1]);
	doc = ct_json_read_document(ends[0], "ctst.plan", 1, "P001", &err);
	close(ends[0]);
	return doc;
}

START_TEST(documents_of_a_pipe)
{
	static const char *const refused[][2] = {
		{ "", "empty" },
		{ "{}", "format" },
		{ "[]", "format" },
		{ "{\"format\":1}", "format" },
		{ "{\"format\":\"ctst.composition/1\"}", "found 'ctst.composition/1'" },
		{ "{\"format\":\"ctst.plan/2\"}", "ctst.plan/2" },
		{ "{\"format\":\"ctst.plan/10\"}", "ctst.plan/10" },
		{ "{\"format\":\"ctst.plan/\"}", "ctst.plan/" },
		{ "{\"format\":\"ctst.planet/1\"}", "ctst.planet/1" },
		{ "{\"format\":\"ctst.plan/1\"", "ctst.plan document" },
	};
	ct_autojson *doc = read_piped("{\"format\":\"ctst.plan/1\",\"x\":1}\n");

	ck_assert_ptr_nonnull(doc);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		ck_assert_ptr_null(read_piped(refused[i][0]));
		fails_with("P001", refused[i][1]);
		ck_assert(!err.reported);
		ck_assert_int_eq(ct_err_exit_status(&err), 1);
	}
}
END_TEST

START_TEST(a_failure_of_the_stage_in_front)
{
	ck_assert_ptr_null(
		read_piped("{\"format\":\"ctst.failure/1\",\"stage\":\"ctst-parse\",\"code\":\"S004\",\"exit\":4}\n"));
	ck_assert(err.reported);
	ck_assert_int_eq(ct_err_exit_status(&err), 4);
	ck_assert_ptr_null(read_piped("{\"format\":\"ctst.failure/1\",\"exit\":0}\n"));
	ck_assert(err.reported);
	ck_assert_int_eq(ct_err_exit_status(&err), 1);
}
END_TEST

/* ---- JSON, writing ---- */

START_TEST(what_was_read_is_written)
{
	static const char text[] =
		"{\"n\":null,\"t\":true,\"i\":-9223372036854775808,\"r\":1.50e3,\"s\":\"ä\\\"\\\\\\n\","
		"\"a\":[1,[],{}],\"o\":{\"x\":{\"y\":[[[2]]]}}}";
	ct_autojson *doc = parsed(text);
	ct_autobuf out = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&out, false);

	ck_assert_ptr_nonnull(doc);
	ct_json_value(writer, ct_json_root(doc));
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
	ck_assert_str_eq(out.data, text);
}
END_TEST

START_TEST(members_in_the_order_of_the_calls)
{
	ct_autobuf out = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&out, false);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "b", "x");
	ct_json_member_string(writer, "absent", NULL);
	ct_json_member_int(writer, "a", -1);
	ct_json_member_bool(writer, "c", false);
	ct_json_key(writer, "d");
	ct_json_open_array(writer);
	ct_json_string_n(writer, "long", 2);
	ct_json_null(writer);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
	ck_assert_str_eq(out.data, "{\"b\":\"x\",\"a\":-1,\"c\":false,\"d\":[\"lo\",null]}");
}
END_TEST

START_TEST(the_first_error_of_writing_is_kept)
{
	ct_autobuf out = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&out, false);

	ct_json_open_array(writer);
	ct_json_string(writer, "\xff");
	ct_json_string(writer, "fine");
	ct_json_close_array(writer);
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), -1);
	fails_with("", "UTF-8");
}
END_TEST

/* What a wrong order of calls leaves: an error that says so, and nothing behind the mistake. */
static void writer_refuses(const char *calls, const char *problem, const char *left)
{
	ct_autobuf out = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&out, false);

	for (; *calls; calls++) {
		switch (*calls) {
		case '{':
			ct_json_open_object(writer);
			break;
		case '}':
			ct_json_close_object(writer);
			break;
		case '[':
			ct_json_open_array(writer);
			break;
		case ']':
			ct_json_close_array(writer);
			break;
		case 'k':
			ct_json_key(writer, "k");
			break;
		case 'x':
			ct_json_string(writer, "\xff");
			break;
		default:
			ct_json_int(writer, 1);
		}
	}
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), -1);
	fails_with("", problem);
	ck_assert_str_eq(out.data ? out.data : "", left);
}

START_TEST(a_wrong_order_of_calls_is_an_error)
{
	writer_refuses("{1}", "a member without a key", "{");
	writer_refuses("{k1[", "a member without a key", "{\"k\":1");
	writer_refuses("k", "a key outside of an object", "");
	writer_refuses("[1k1]", "a key outside of an object", "[1");
	writer_refuses("{kk", "a key outside of an object", "{\"k\":");
	writer_refuses("{k}", "closed what is not open", "{\"k\":");
	writer_refuses("[1}1]", "closed what is not open", "[1");
	writer_refuses("]", "closed what is not open", "");
	writer_refuses("[1}x", "closed what is not open", "[1");
	writer_refuses("[]1", "a second document", "[]");
	writer_refuses("1{", "a second document", "1");
}
END_TEST

START_TEST(writing_has_a_bound_of_depth)
{
	ct_autobuf out = CT_BUF_INIT;

	for (size_t depth = CT_JSON_MAX_DEPTH; depth <= CT_JSON_MAX_DEPTH + 1; depth++) {
		struct ct_json_writer *writer = ct_json_writer_new(&out, false);

		for (size_t i = 0; i < depth; i++)
			ct_json_open_array(writer);
		for (size_t i = 0; i < depth; i++)
			ct_json_close_array(writer);
		ck_assert_int_eq(ct_json_writer_finish(writer, &err), depth > CT_JSON_MAX_DEPTH ? -1 : 0);
	}
	fails_with("", "nested too deeply");
}
END_TEST

START_TEST(only_strict_utf8_is_written)
{
	static const char *const texts[] = { "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82" };

	for (size_t i = 0; i < 2 * sizeof(texts) / sizeof(texts[0]); i++) {
		ct_autobuf out = CT_BUF_INIT;
		struct ct_json_writer *writer = ct_json_writer_new(&out, false);

		ct_json_open_object(writer);
		ct_json_key(writer, i % 2 ? texts[i / 2] : "k");
		ct_json_string(writer, i % 2 ? "v" : texts[i / 2]);
		ct_json_close_object(writer);
		ck_assert_int_eq(ct_json_writer_finish(writer, &err), -1);
		fails_with("", "UTF-8");
	}
}
END_TEST

/* Every byte a string may hold comes back from the reader, whatever was made of it. */
START_TEST(escapes_of_every_control_character)
{
	char text[5 * 4096];
	ct_autobuf out = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	struct ct_json_writer *writer = ct_json_writer_new(&out, false);

	ct_json_string(writer, "\b\t\n\v\f\r\x1b\x1f \"/\\\x7f€");
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
	ck_assert_str_eq(out.data, "\"\\b\\t\\n\\u000B\\f\\r\\u001B\\u001F \\\"/\\\\\\u007F€\"");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(1 + i % 127);
	ct_buf_clear(&out);
	writer = ct_json_writer_new(&out, false);
	ct_json_string_n(writer, text, sizeof(text));
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
	doc = parsed(out.data);
	ck_assert_ptr_nonnull(doc);
	ck_assert_uint_eq(ct_json_root(doc)->length, sizeof(text));
	ck_assert_mem_eq(ct_json_root(doc)->text, text, sizeof(text));
}
END_TEST

/* Documents are shown on terminals: wherever in a long text such a character stands, also across the pieces of one. */
START_TEST(what_a_terminal_obeys_is_escaped_beyond_ascii)
{
	static const char *const unsafe[][2] = {
		{ "\xc2\x80", "\\u0080" },     { "\xc2\x9b", "\\u009B" },          { "\xd8\x9c", "\\u061C" },
		{ "\xe2\x80\xae", "\\u202E" }, { "\xe2\x81\xa6", "\\u2066" },      { "\xc2\xa0", "\xc2\xa0" },
		{ "\xd8\xa7", "\xd8\xa7" },    { "\xe2\x82\xac", "\xe2\x82\xac" },
	};

	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		for (int before = 4092; before < 4100; before++) {
			ct_autofree char *text = ct_asprintf("%*s%s.", before, "", unsafe[i][0]);
			ct_autofree char *wanted = ct_asprintf("\"%*s%s.\"", before, "", unsafe[i][1]);
			ct_autobuf out = CT_BUF_INIT;
			struct ct_json_writer *writer = ct_json_writer_new(&out, false);

			ct_json_string(writer, text);
			ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
			ck_assert_str_eq(out.data, wanted);
		}
	}
}
END_TEST

START_TEST(pretty_is_for_people)
{
	static const char text[] = "{\n  \"a\": 1,\n  \"none\": [],\n  \"list\": [\n    {},\n    {\n"
				   "      \"b\": null\n    },\n    -0.5\n  ]\n}\n";
	ct_autojson *doc = parsed(text);
	ct_autobuf out = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&out, true);

	ck_assert_ptr_nonnull(doc);
	ct_json_value(writer, ct_json_root(doc));
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
	ck_assert_str_eq(out.data, text);
}
END_TEST

START_TEST(integers_of_every_length)
{
	ct_autobuf out = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&out, false);

	ct_json_open_array(writer);
	ct_json_int(writer, 0);
	ct_json_int(writer, -7);
	ct_json_int(writer, INT64_MAX);
	ct_json_int(writer, INT64_MIN);
	ct_json_close_array(writer);
	ck_assert_int_eq(ct_json_writer_finish(writer, &err), 0);
	ck_assert_str_eq(out.data, "[0,-7,9223372036854775807,-9223372036854775808]");
}
END_TEST

/* ---- names ---- */

START_TEST(identifiers)
{
	static const char *const fine[] = { "a", "_", "A9", "a-b", "x_" };
	static const char *const wrong[] = { "", "9a", "-a", "a-", "a.b", "a b", "\xc3\xa4" };

	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ck_assert_msg(ct_is_identifier(ct_slice_of(fine[i])), "refused: %s", fine[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!ct_is_identifier(ct_slice_of(wrong[i])), "accepted: %s", wrong[i]);
}
END_TEST

START_TEST(names_of_secrets)
{
	static const char *const secret[] = {
		"POSTGRES_PASSWORD", "my_api_key", "DBPASSWORD1",      "DB_PASS", "pass",
		"MYSQL_PWD",         "APP_KEY",    "KEY-app-key",      "TOKENS",  "GITHUBTOKEN",
		"x.token.y",         "SECRET_ID",  "NAME_OF_SECRET_X",
	};
	static const char *const fine[] = {
		"PATH",           "",          "PWD",         "OLDPWD",       "BYPASS",      "TOKENIZER",
		"SSH_PUBLIC_KEY", "KEY",       "MONKEY",      "APP_KEY_FILE", "SECRETS_DIR", "PASSWORD_LENGTH",
		"TOKEN_TTL",      "Token-Url", "secret.name", "PASS_EXPIRY",
	};

	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		ck_assert_msg(ct_name_is_secret(ct_slice_of(secret[i])), "no secret: '%s'", secret[i]);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ck_assert_msg(!ct_name_is_secret(ct_slice_of(fine[i])), "a secret: '%s'", fine[i]);
	ck_assert(ct_name_is_secret((struct ct_slice){ "TOKENS", 5 }));
	ck_assert(!ct_name_is_secret((struct ct_slice){ "TOKENS", 4 }));
}
END_TEST

START_TEST(values_that_are_no_secrets)
{
	static const char *const fine[] = { "", "true", "False", "YES", "no", "0", "4096" };
	static const char *const secret[] = { "x", "truer", "12345", "1.5", " " };

	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ck_assert_msg(ct_value_is_no_secret(ct_slice_of(fine[i])), "kept: '%s'", fine[i]);
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		ck_assert_msg(!ct_value_is_no_secret(ct_slice_of(secret[i])), "shown: '%s'", secret[i]);
}
END_TEST

/* ---- err ---- */

START_TEST(errors_and_their_exit_status)
{
	ck_assert_int_eq(ct_fail(&err, "E006", "bad '%s'", "x"), -1);
	ck_assert_int_eq(ct_err_context(&err, "component '%s'", "a"), -1);
	ck_assert_str_eq(err.message, "component 'a': bad 'x'");
	ck_assert_int_eq(ct_err_exit_status(&err), 1);
	ct_fail(&err, CT_USAGE, "x");
	ck_assert_int_eq(ct_err_exit_status(&err), 2);
	ct_fail(&err, "S003", "x");
	ck_assert_int_eq(ct_err_exit_status(&err), 3);
	ct_fail(&err, "S004", "x");
	ck_assert_int_eq(ct_err_exit_status(&err), 4);
	ct_fail(&err, "R005", "x");
	ck_assert_int_eq(ct_err_exit_status(&err), 4);
	errno = EACCES;
	ct_fail_errno(&err, CT_NO_CODE, "cannot open '%s'", "x");
	ck_assert_int_eq(ct_err_exit_status(&err), 3);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_str_eq(err.message, "cannot open 'x': Permission denied");
}
END_TEST

START_TEST(messages_are_cut_not_overrun)
{
	ct_autofree char *long_text = ct_asprintf("%*d", 5000, 1);

	ct_fail(&err, "E006", "%s", long_text);
	ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
	ct_err_context(&err, "%s", long_text);
	ck_assert_uint_lt(strlen(err.message), sizeof(err.message));
	ct_err_hint(&err, "%s", long_text);
	ck_assert_uint_eq(strlen(err.hint), sizeof(err.hint) - 1);
}
END_TEST

/* ---- file ---- */

START_TEST(files_are_replaced_as_a_whole)
{
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autobuf text = CT_BUF_INIT;

	ck_assert_int_eq(ct_replace_file_at(fd, "f", "one", 3, 0600, true), 0);
	ck_assert_int_eq(ct_replace_file_at(fd, "f", "two", 3, 0600, false), 0);
	ck_assert_int_eq(ct_read_file_at(fd, "f", 3, &text), 0);
	ck_assert_str_eq(text.data, "two");
	ct_buf_clear(&text);
	ck_assert_int_eq(ct_read_file_at(fd, "f", 2, &text), -1);
	ck_assert_int_eq(errno, EFBIG);
	/* Somebody was killed between writing and renaming. */
	ck_assert_int_eq(symlinkat("/etc/passwd", fd, ".f.new"), 0);
	ck_assert_int_eq(ct_replace_file_at(fd, "f", "three", 5, 0600, false), 0);
	ct_buf_clear(&text);
	ck_assert_int_eq(ct_read_file_at(fd, "f", 100, &text), 0);
	ck_assert_str_eq(text.data, "three");
	ck_assert_int_eq(faccessat(fd, ".f.new", F_OK, AT_SYMLINK_NOFOLLOW), -1);
}
END_TEST

START_TEST(a_symlink_is_not_read)
{
	ct_autofree char *path = path_in_directory("link");
	ct_autobuf text = CT_BUF_INIT;

	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(ct_read_file_at(AT_FDCWD, path, 1 << 20, &text), -1);
	ck_assert_int_eq(errno, ELOOP);
}
END_TEST

/* Names that the removal would like to give to what it moves. */
START_TEST(trees_with_taken_names_are_removed)
{
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 20; i++) {
		ct_autofree char *name = ct_asprintf("a/%s%d/c/d/e/f", i % 2 ? "b" : ".removed-", i);
		ct_autofree char *path = path_in_directory(name);

		ck_assert_int_eq(ct_make_directories(path, 0700), 0);
	}
	for (int i = 0; i < 40; i++) {
		ct_autofree char *name = ct_asprintf("a/.removed-%d", 20 + i);
		ct_autofree char *path = path_in_directory(name);

		put_file(path, "in the way");
	}
	ck_assert_int_eq(ct_remove_tree_at(fd, "a"), 0);
	ck_assert_int_eq(faccessat(fd, "a", F_OK, 0), -1);
}
END_TEST

START_TEST(trees_are_made_and_removed)
{
	ct_autofree char *deep = path_in_directory("a/b/c/d");
	ct_autofree char *outside = path_in_directory("outside");
	ct_autofree char *link = path_in_directory("a/b/link");
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(ct_make_directories(deep, 0700), 0);
	ck_assert_int_eq(ct_make_directories(deep, 0700), 0);
	put_file(outside, "stays");
	ck_assert_int_eq(symlink(outside, link), 0);
	ck_assert_int_eq(ct_remove_tree_at(fd, "a"), 0);
	ck_assert_int_eq(ct_remove_tree_at(fd, "a"), 0);
	ck_assert_int_eq(access(outside, F_OK), 0);
	ck_assert_int_eq(faccessat(fd, "a", F_OK, 0), -1);
}
END_TEST

START_TEST(paths_stay_in_the_root)
{
	ct_autoclose int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autofree char *inside = path_in_directory("passwd");
	ct_autoclose int by_link = -1, by_dots = -1, absent = -1;
	struct stat expected, found;

	put_file(inside, "inside");
	ck_assert_int_eq(symlinkat("/passwd", root, "link"), 0);
	by_link = ct_open_in_root(root, "link", O_RDONLY | O_CLOEXEC, 0);
	by_dots = ct_open_in_root(root, "/../../passwd", O_RDONLY | O_CLOEXEC, 0);
	absent = ct_open_in_root(root, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
	ck_assert_int_eq(stat(inside, &expected), 0);
	ck_assert_int_eq(fstat(by_link, &found), 0);
	ck_assert_uint_eq(found.st_ino, expected.st_ino);
	ck_assert_int_eq(fstat(by_dots, &found), 0);
	ck_assert_uint_eq(found.st_ino, expected.st_ino);
	ck_assert_int_eq(absent, -1);
}
END_TEST

/* ---- project ---- */

START_TEST(a_project_by_its_directory)
{
	struct ct_project missing;

	ck_assert_str_eq(project.directory, directory);
	ck_assert_int_eq(strncmp(project.name, "unit-common_", strlen("unit-common_")), 0);
	ck_assert_uint_eq(strspn(project.name, "abcdefghijklmnopqrstuvwxyz0123456789_-"), strlen(project.name));
	ck_assert_int_eq(access(project.root, F_OK), -1);
	ck_assert_int_eq(ct_project_of_directory(&missing, "/no/such/directory", &err), -1);
	ck_assert_str_eq(err.code, "S004");
	ck_assert_int_eq(ct_err_exit_status(&err), 4);
}
END_TEST

START_TEST(a_project_is_found_from_below)
{
	ct_autofree char *below = path_in_directory("a/b");
	ct_autofree char *root = path_in_directory(".containust");
	ct_autoproject found = { 0 };

	ck_assert_int_eq(ct_make_directories(below, 0700), 0);
	ck_assert_int_eq(mkdir(root, 0700), 0);
	ck_assert_int_eq(chdir(below), 0);
	ck_assert_int_eq(ct_project_find(&found, NULL, &err), 0);
	ck_assert_str_eq(found.directory, directory);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(the_state_file_can_be_elsewhere)
{
	ct_autoproject moved = { 0 };

	setenv("CONTAINUST_STATE_FILE", "/elsewhere/index.json", 1);
	ck_assert_int_eq(ct_project_of_directory(&moved, directory, &err), 0);
	ck_assert_str_eq(moved.state_file, "/elsewhere/index.json");
	unsetenv("CONTAINUST_STATE_FILE");
}
END_TEST

/* ---- state ---- */

static struct ct_state_entry example_entry(const char *id, const char *name)
{
	struct ct_state_entry entry = {
		.name = (char *)(uintptr_t)name,
		.created_at = (char *)(uintptr_t) "2026-01-02T03:04:05.000000000Z",
		.image = (char *)(uintptr_t) "preset://busybox",
		.config_digest = (char *)(uintptr_t) "sha256:00",
		.directory = (char *)(uintptr_t) "/x",
	};

	strcpy(entry.id, id);
	return entry;
}

START_TEST(a_missing_index_is_an_empty_state)
{
	ct_autostate state = CT_STATE_INIT;

	ck_assert_int_eq(ct_state_load(&project, &state, &err), 0);
	ck_assert_uint_eq(state.count, 0);
	ck_assert_str_eq(state.lineage, "");
	ck_assert_int_eq(access(project.root, F_OK), -1);
}
END_TEST

START_TEST(the_state_survives_a_round_trip)
{
	ct_autostate state = CT_STATE_INIT, back = CT_STATE_INIT;
	ct_autoclose int lock = ct_state_lock(&project, &err);
	char name[16];

	ck_assert_msg(lock >= 0, "%s", err.message);
	for (int i = 0; i < 100; i++) {
		char id[CT_ID_LENGTH + 1];
		struct ct_state_entry entry;

		ct_new_id(id);
		snprintf(name, sizeof(name), "c%d", i);
		entry = example_entry(id, name);
		ct_state_add(&state, &entry);
	}
	ct_state_remove(&state, 50);
	ck_assert_int_eq(ct_state_store(&project, &state, &err), 0);
	ck_assert_int_eq(ct_state_store(&project, &state, &err), 0);
	ck_assert_int_eq(ct_state_load(&project, &back, &err), 0);
	ck_assert_int_eq(back.serial, 2);
	ck_assert_str_eq(back.lineage, state.lineage);
	ck_assert_uint_eq(back.count, 99);
	for (size_t i = 0; i < back.count; i++) {
		ck_assert_str_eq(back.entries[i].id, state.entries[i].id);
		ck_assert_str_eq(back.entries[i].name, state.entries[i].name);
		ck_assert_str_eq(back.entries[i].config_digest, "sha256:00");
	}
	ck_assert_str_eq(back.entries[50].name, "c51");
}
END_TEST

#define LINEAGE "\"lineage\":\"11111111-1111-4111-8111-111111111111\""

START_TEST(a_damaged_index_is_told_and_kept)
{
	static const char serial_zero[] = "{\"format\":\"ctst.state/1\"," LINEAGE ",\"serial\":0,\"containers\":[]}";
	static const char bad_entry[] = "{\"format\":\"ctst.state/1\"," LINEAGE
					",\"serial\":1,\"containers\":[{\"id\":\"../x\"}]}";
	static const char bad_name[] = "{\"format\":\"ctst.state/1\"," LINEAGE ",\"serial\":1,\"containers\":[{"
				       "\"id\":\"0b9d6a3e-5c1f-4f0e-8a77-2f7b7a0c9d11\",\"name\":\"a\\u001b[2J\","
				       "\"created_at\":\"\",\"image\":\"\",\"config_digest\":\"\"}]}";
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"format\":\"ctst.state/1\"}",
		"{\"format\":\"ctst.plan/1\"}",
		"{\"format\":\"ctst.state/2\",\"containers\":[]}",
		"{\"format\":\"ctst.state/1\",\"lineage\":\"x\",\"serial\":1,\"containers\":[]}",
		serial_zero,
		bad_entry,
		bad_name,
	};
	ct_autofree char *state_directory = path_in_directory(".containust/state");

	ck_assert_int_eq(ct_make_directories(state_directory, 0700), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ct_autostate state = CT_STATE_INIT;
		ct_autobuf kept = CT_BUF_INIT;

		put_file(project.state_file, texts[i]);
		ck_assert_msg(ct_state_load(&project, &state, &err) == -1, "accepted: %s", texts[i]);
		ck_assert_str_eq(err.code, "S001");
		ck_assert(err.hint[0] != '\0');
		ck_assert_uint_eq(state.count, 0);
		ck_assert_int_eq(ct_read_file_at(AT_FDCWD, project.state_file, 4096, &kept), 0);
		ck_assert_str_eq(kept.data, texts[i]);
	}
}
END_TEST

/* Another process has the lock; ours waits for it and gets it when that one ends. */
START_TEST(there_is_one_writer)
{
	int ready[2], go[2];
	char byte = 'x';
	pid_t child;
	int lock;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		lock = ct_state_lock(&project, &err);
		if (lock < 0 || write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ct_autofree char *path = path_in_directory(".containust/state/lock");
	ct_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	ck_assert_int_eq(write(go[1], &byte, 1), 1);
	lock = ct_state_lock(&project, &err);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
	close(lock);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(ct_process_wait(child), 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}
END_TEST

/* As long as the new one is not there, the old one is what there is. */
START_TEST(what_is_being_replaced_counts_until_its_successor_exists)
{
	static const char old_id[] = "11111111-1111-4111-8111-111111111111";
	static const char new_id[] = "22222222-2222-4222-8222-222222222222";
	ct_autofree char *state_directory = path_in_directory(".containust/state");
	ct_autofree char *new_directory = ct_asprintf("%s/%s", project.containers, new_id);
	struct ct_state_entry old = example_entry(old_id, "one");
	struct ct_state_entry new = example_entry(new_id, "one");
	ct_autostate state = CT_STATE_INIT;

	ck_assert_int_eq(ct_make_directories(state_directory, 0700), 0);
	new.replaces = &old;
	ct_state_add(&state, &new);
	ck_assert_int_eq(ct_state_store(&project, &state, &err), 0);
	ct_state_release(&state);
	ck_assert_int_eq(ct_state_load(&project, &state, &err), 0);
	ck_assert_uint_eq(state.count, 1);
	ck_assert_str_eq(state.entries[0].id, old_id);
	ck_assert_ptr_nonnull(strstr(state.entries[0].directory, old_id));
	ck_assert_ptr_null(state.entries[0].replaces);
	ct_state_release(&state);
	ck_assert_int_eq(ct_state_load_planned(&project, &state, &err), 0);
	ck_assert_str_eq(state.entries[0].id, new_id);
	ct_state_release(&state);
	ck_assert_int_eq(ct_make_directories(new_directory, 0700), 0);
	ck_assert_int_eq(ct_state_load(&project, &state, &err), 0);
	ck_assert_str_eq(state.entries[0].id, new_id);
}
END_TEST

START_TEST(containers_by_name_and_id)
{
	ct_autostate state = CT_STATE_INIT;
	struct ct_state_entry one = example_entry("11111111-1111-4111-8111-111111111111", "one");
	struct ct_state_entry two = example_entry("11111111-2222-4111-8111-111111111111", "two");

	ct_state_add(&state, &one);
	ct_state_add(&state, &two);
	ck_assert_str_eq(ct_state_find(&state, "two", &err)->name, "two");
	ck_assert_str_eq(ct_state_find(&state, "11111111-1111-4111-8111-111111111111", &err)->name, "one");
	ck_assert_str_eq(ct_state_find(&state, "11111111-2", &err)->name, "two");
	ck_assert_ptr_null(ct_state_find(&state, "11111111", &err));
	fails_with("R005", "more than one");
	ck_assert_ptr_null(ct_state_find(&state, "1111111", &err));
	ck_assert_ptr_null(ct_state_find(&state, "three", &err));
	ck_assert_int_eq(ct_err_exit_status(&err), 4);
}
END_TEST

START_TEST(ids_are_random_uuids)
{
	char one[CT_ID_LENGTH + 1], two[CT_ID_LENGTH + 1];

	ct_new_id(one);
	ct_new_id(two);
	ck_assert_uint_eq(strlen(one), CT_ID_LENGTH);
	ck_assert_int_eq(one[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", one[19]));
	ck_assert_str_ne(one, two);
}
END_TEST

/* ---- status ---- */

START_TEST(a_status_survives_a_round_trip)
{
	const struct ct_status status = { .state = CT_FAILED,
					  .exit_code = 3,
					  .health = CT_HEALTH_UNHEALTHY,
					  .oom_killed = true,
					  .restarts = 2,
					  .started_at = INT64_C(1767323045123456789),
					  .finished_at = INT64_C(1767323046000000000),
					  .cgroup = "/sys/fs/cgroup/x",
					  .error = "no" };
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ct_status back;

	ck_assert_int_eq(ct_status_read(directory, &back, &err), 0);
	ck_assert_int_eq(back.state, CT_CREATED);
	ck_assert_int_eq(ct_status_write(fd, &status), 0);
	ck_assert_int_eq(ct_status_read(directory, &back, &err), 0);
	ck_assert_int_eq(back.state, CT_FAILED);
	ck_assert_int_eq(back.exit_code, 3);
	ck_assert_int_eq(back.restarts, 2);
	ck_assert_int_eq(back.health, CT_HEALTH_UNHEALTHY);
	ck_assert(back.oom_killed);
	ck_assert(back.started_at == status.started_at && back.finished_at == status.finished_at);
	ck_assert_str_eq(back.cgroup, status.cgroup);
	ck_assert_str_eq(back.error, "no");
	ck_assert(!back.alive);
}
END_TEST

START_TEST(nothing_runs_without_its_supervisor)
{
	const struct ct_status running = { .state = CT_RUNNING, .exit_code = -1, .started_at = 1 };
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autoclose int alive = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ct_status status;

	ck_assert_int_eq(ct_status_write(fd, &running), 0);
	ck_assert_int_eq(flock(alive, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(ct_status_read(directory, &status, &err), 0);
	ck_assert(status.alive && status.state == CT_RUNNING);
	ck_assert_int_eq(flock(alive, LOCK_UN), 0);
	ck_assert_int_eq(ct_status_read(directory, &status, &err), 0);
	ck_assert(!status.alive && status.state == CT_FAILED);
	ck_assert_int_eq(status.exit_code, 137);
}
END_TEST

START_TEST(a_damaged_status_is_told)
{
	ct_autofree char *path = path_in_directory("status.json");
	struct ct_status status;

	put_file(path, "{\"state\":\"asleep\"}");
	ck_assert_int_eq(ct_status_read(directory, &status, &err), -1);
	ck_assert_str_eq(err.code, "S001");
}
END_TEST

/* ---- events ---- */

START_TEST(an_event_is_one_line)
{
	ct_autofree char *root = path_in_directory(".containust");
	ct_autofree char *state = path_in_directory(".containust/state");
	ct_autofree char *path = path_in_directory(".containust/state/" CT_EVENTS_FILE);
	const struct ct_event died = {
		.kind = CT_EVENT_DIED, .id = "i", .name = "db", .exit_code = 137, .oom_killed = true, .restarts = 1
	};
	const struct ct_event healthy = {
		.kind = CT_EVENT_HEALTHY, .id = "i", .name = "db", .exit_code = -1, .restarts = -1
	};
	ct_autobuf text = CT_BUF_INIT;

	ck_assert_int_eq(ct_event_append(directory, &died), -1);
	ck_assert_int_eq(mkdir(root, 0700), 0);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	ck_assert_int_eq(ct_event_append(directory, &died), 0);
	ck_assert_int_eq(ct_event_append(directory, &healthy), 0);
	ck_assert_int_eq(ct_read_file_at(AT_FDCWD, path, 4096, &text), 0);
	ct_buf_putc(&text, '\0');
	ck_assert_ptr_nonnull(strstr(text.data, "\"event\":\"died\",\"id\":\"i\",\"name\":\"db\",\"exit_code\":137,"
						"\"oom_killed\":true,\"restarts\":1}\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "\"event\":\"healthy\",\"id\":\"i\",\"name\":\"db\"}\n"));
}
END_TEST

START_TEST(events_do_not_grow_without_end)
{
	ct_autofree char *root = path_in_directory(".containust");
	ct_autofree char *state = path_in_directory(".containust/state");
	ct_autofree char *path = path_in_directory(".containust/state/" CT_EVENTS_FILE);
	ct_autofree char *old = path_in_directory(".containust/state/" CT_EVENTS_OLD);
	const struct ct_event event = {
		.kind = CT_EVENT_CREATED, .id = "i", .name = "db", .exit_code = -1, .restarts = -1
	};
	struct stat info;

	ck_assert_int_eq(mkdir(root, 0700), 0);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	put_file(path, "");
	ck_assert_int_eq(truncate(path, CT_EVENTS_LIMIT), 0);
	ck_assert_int_eq(ct_event_append(directory, &event), 0);
	ck_assert_int_eq(stat(old, &info), 0);
	ck_assert(info.st_size > CT_EVENTS_LIMIT);
	ck_assert_int_eq(stat(path, &info), -1);
	ck_assert_int_eq(ct_event_append(directory, &event), 0);
	ck_assert_int_eq(stat(path, &info), 0);
}
END_TEST

/* ---- arena, names, UTF-8 ---- */

START_TEST(an_arena_gives_aligned_memory_of_any_size)
{
	struct ct_arena arena = CT_ARENA_INIT;
	ct_autobuf text = CT_BUF_INIT;

	ck_assert_ptr_nonnull(ct_arena_alloc(&arena, 0));
	ck_assert_ptr_nonnull(ct_arena_array(&arena, 0, 8));
	for (size_t size = 1; size < 100; size++) {
		unsigned char *memory = ct_arena_zalloc(&arena, size);

		ck_assert_uint_eq((uintptr_t)memory % 8, 0);
		ck_assert(memory[0] == 0 && memory[size - 1] == 0);
		memset(memory, 0xff, size);
	}
	memset(ct_arena_alloc(&arena, 10000000), 1, 10000000);
	ck_assert_str_eq(ct_arena_copy(&arena, "abcdef", 3), "abc");
	ct_buf_puts(&text, "taken");
	ck_assert_str_eq(ct_arena_take(&arena, &text), "taken");
	ck_assert_uint_eq(text.length, 0);
	ck_assert_str_eq(ct_arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	ct_arena_release(&arena);
	ck_assert_ptr_null(arena.chunks);
}
END_TEST

START_TEST(names_are_found_again)
{
	ct_autonames names = CT_NAMES_INIT;
	char texts[1000][8];
	uint32_t number = 0;

	ck_assert_uint_eq(ct_names_find(&names, ct_slice_of("a")), CT_NAME_UNKNOWN);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 1000; i++) {
			snprintf(texts[i], sizeof(texts[i]), "n%u", i);
			ck_assert(ct_names_add(&names, ct_slice_of(texts[i]), i, NULL));
		}
		for (uint32_t i = 0; i < 1000; i++)
			ck_assert_uint_eq(ct_names_find(&names, ct_slice_of(texts[i])), i);
		ck_assert(!ct_names_add(&names, ct_slice_of("n7"), 1, &number));
		ck_assert_uint_eq(number, 7);
		ck_assert(!ct_names_replace(&names, ct_slice_of("n7"), 70, NULL));
		ck_assert_uint_eq(ct_names_find(&names, ct_slice_of("n7")), 70);
		ct_names_clear(&names);
		ck_assert(!ct_names_get(&names, ct_slice_of("n7"), &number));
	}
}
END_TEST

START_TEST(utf8_is_strict)
{
	static const char fine[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb3, and more than eight bytes";
	uint32_t character = 0;

	ck_assert(ct_utf8_is_valid(fine, strlen(fine)));
	ck_assert(!ct_utf8_is_valid("12345678\xc0\x80", 10));
	ck_assert(!ct_utf8_is_valid("1234567\xed\xa0\x80", 10));
	ck_assert(!ct_utf8_is_valid("\xf4\x90\x80\x80", 4));
	ck_assert(!ct_utf8_is_valid("\xe2\x82", 2));
	ck_assert_uint_eq(ct_utf8_decode("\xe2\x82\xac", 3, &character), 3);
	ck_assert_uint_eq(character, 0x20ac);
}
END_TEST

/* ---- process ---- */

START_TEST(a_process_by_pid_and_start_time)
{
	struct ct_process_id self, other;
	ct_autoclose int pidfd = -1;

	ck_assert_int_eq(ct_process_identify(getpid(), &self), 0);
	pidfd = ct_process_open(&self);
	ck_assert_int_ge(pidfd, 0);
	other = self;
	other.start_time++;
	ck_assert_int_eq(ct_process_open(&other), -1);
	ck_assert_int_eq(errno, ESRCH);
	other.pid = 0;
	ck_assert_int_eq(ct_process_open(&other), -1);
}
END_TEST

START_TEST(a_child_and_how_it_ended)
{
	char shell[] = "/bin/sh", option[] = "-c", ending[] = "exit 7", killing[] = "kill -KILL $$",
	     absent[] = "/no/such/program";
	char *const ends[] = { shell, option, ending, NULL };
	char *const dies[] = { shell, option, killing, NULL };
	char *const missing[] = { absent, NULL };
	pid_t child = ct_process_start(ends, -1, -1);

	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(ct_process_wait(child), 7);
	child = ct_process_start(dies, -1, -1);
	ck_assert_int_eq(ct_process_wait(child), 128 + SIGKILL);
	ck_assert_int_eq(ct_process_start(missing, -1, -1), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* ---- options ---- */

static struct {
	bool flag;
	const char *text;
	struct ct_option_list list;
} given;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'f', "flag", NULL, "a flag", &given.flag },
	{ CT_OPTION_TEXT, 't', "text", "WORD", "a text", &given.text },
	{ CT_OPTION_LIST, 0, "item", "WORD", "several", &given.list },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "unit", .synopsis = "[FILE…]", .summary = "a test", .options = options
};

static int parse_options(const struct ct_program *of, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(&given, 0, sizeof(given));
	return ct_options_parse(of, argc, argv);
}

/* What a person would see must not get between the results. */
static void silence(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
}

START_TEST(options_between_operands)
{
	char *argv[] = { (char[]){ "unit" },
			 (char[]){ "one" },
			 (char[]){ "-f" },
			 (char[]){ "--item" },
			 (char[]){ "a" },
			 (char[]){ "two" },
			 (char[]){ "--item=b" },
			 (char[]){ "-tword" },
			 (char[]){ "--" },
			 (char[]){ "-x" },
			 NULL };
	int first = parse_options(&program, argv);

	ck_assert_str_eq(argv[first], "one");
	ck_assert_str_eq(argv[first + 1], "two");
	ck_assert_str_eq(argv[first + 2], "-x");
	ck_assert(given.flag);
	ck_assert_str_eq(given.text, "word");
	ck_assert_int_eq(given.list.count, 2);
	ck_assert_str_eq(given.list.items[1], "b");
	free(given.list.items);
}
END_TEST

START_TEST(what_follows_the_operand_is_anothers)
{
	struct ct_program stops = program;
	char *argv[] = { (char[]){ "unit" }, (char[]){ "-f" }, (char[]){ "cmd" }, (char[]){ "-t" }, NULL };
	int first;

	stops.stop_at_operand = true;
	first = parse_options(&stops, argv);
	ck_assert_int_eq(first, 2);
	ck_assert_ptr_null(given.text);
}
END_TEST

START_TEST(global_options_reach_the_environment)
{
	char *argv[] = { (char[]){ "unit" },         (char[]){ "--offline" }, (char[]){ "-v" },
			 (char[]){ "--state-file" }, (char[]){ "/s" },        NULL };

	unsetenv("CONTAINUST_OFFLINE");
	ck_assert(!ct_offline());
	parse_options(&program, argv);
	ck_assert(ct_offline());
	ck_assert(!ct_quiet());
	ck_assert_str_eq(getenv("CONTAINUST_LOG"), "info");
	ck_assert_str_eq(getenv("CONTAINUST_STATE_FILE"), "/s");
}
END_TEST

START_TEST(an_unknown_option_exits)
{
	char *argv[] = { (char[]){ "unit" }, (char[]){ "--nonsense" }, NULL };

	silence();
	parse_options(&program, argv);
}
END_TEST

START_TEST(a_missing_argument_exits)
{
	char *argv[] = { (char[]){ "unit" }, (char[]){ "-t" }, NULL };

	silence();
	parse_options(&program, argv);
}
END_TEST

START_TEST(a_missing_directory_exits)
{
	char *argv[] = { (char[]){ "unit" }, (char[]){ "-C" }, (char[]){ "/no/such" }, NULL };

	silence();
	parse_options(&program, argv);
}
END_TEST

START_TEST(help_exits)
{
	char *argv[] = { (char[]){ "unit" }, (char[]){ "--help" }, NULL };

	silence();
	parse_options(&program, argv);
}
END_TEST

START_TEST(an_unknown_output_exits)
{
	silence();
	ct_output_is_json(&program, "yaml");
}
END_TEST

START_TEST(outputs)
{
	ck_assert(ct_output_is_json(&program, "json"));
	ck_assert(!ct_output_is_json(&program, "text"));
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_texts(Suite *suite)
{
	TCase *tcase = add_case(suite, "texts");

	tcase_add_test(tcase, a_buffer_grows_and_stays_terminated);
	tcase_add_test(tcase, a_line_longer_than_any_guess);
	tcase_add_test(tcase, a_detached_buffer_is_a_string);
	tcase_add_test(tcase, templates_are_taken_apart);
	tcase_add_test(tcase, parts_know_where_they_stand);
	tcase_add_test(tcase, quoting_survives_expansion);
	tcase_add_test(tcase, suggestions);
	tcase_add_test(tcase, the_first_of_equals_is_suggested);
	tcase_add_test(tcase, digests_of_known_texts);
	tcase_add_test(tcase, what_is_not_a_digest);
	tcase_add_test(tcase, times_survive_a_round_trip);
	tcase_add_test(tcase, what_is_not_a_time);
	tcase_add_test(tcase, ages);
	tcase_add_test(tcase, sizes);
	tcase_add_test(tcase, identifiers);
	tcase_add_test(tcase, names_of_secrets);
	tcase_add_test(tcase, values_that_are_no_secrets);
	tcase_add_test(tcase, errors_and_their_exit_status);
	tcase_add_test(tcase, messages_are_cut_not_overrun);
}

static void add_json(Suite *suite)
{
	TCase *tcase = add_case(suite, "json");

	tcase_add_test(tcase, values_of_every_type);
	tcase_add_test(tcase, malformed_documents_are_refused);
	tcase_add_test(tcase, a_nul_does_not_end_a_document);
	tcase_add_test(tcase, many_members_and_one_of_them_twice);
	tcase_add_test(tcase, depth_has_a_bound);
	tcase_add_test(tcase, the_message_says_where);
	tcase_add_test(tcase, documents_of_a_pipe);
	tcase_add_test(tcase, a_failure_of_the_stage_in_front);
	tcase_add_test(tcase, what_was_read_is_written);
	tcase_add_test(tcase, members_in_the_order_of_the_calls);
	tcase_add_test(tcase, the_first_error_of_writing_is_kept);
	tcase_add_test(tcase, a_wrong_order_of_calls_is_an_error);
	tcase_add_test(tcase, writing_has_a_bound_of_depth);
	tcase_add_test(tcase, only_strict_utf8_is_written);
	tcase_add_test(tcase, escapes_of_every_control_character);
	tcase_add_test(tcase, what_a_terminal_obeys_is_escaped_beyond_ascii);
	tcase_add_test(tcase, pretty_is_for_people);
	tcase_add_test(tcase, integers_of_every_length);
}

static void add_files(Suite *suite)
{
	TCase *tcase = add_case(suite, "files");

	tcase_add_test(tcase, files_are_replaced_as_a_whole);
	tcase_add_test(tcase, a_symlink_is_not_read);
	tcase_add_test(tcase, trees_are_made_and_removed);
	tcase_add_test(tcase, trees_with_taken_names_are_removed);
	tcase_add_test(tcase, paths_stay_in_the_root);
	tcase_add_test(tcase, a_project_by_its_directory);
	tcase_add_test(tcase, a_project_is_found_from_below);
	tcase_add_test(tcase, the_state_file_can_be_elsewhere);
	tcase_add_test(tcase, a_missing_index_is_an_empty_state);
	tcase_add_test(tcase, the_state_survives_a_round_trip);
	tcase_add_test(tcase, a_damaged_index_is_told_and_kept);
	tcase_add_test(tcase, there_is_one_writer);
	tcase_add_test(tcase, what_is_being_replaced_counts_until_its_successor_exists);
	tcase_add_test(tcase, containers_by_name_and_id);
	tcase_add_test(tcase, ids_are_random_uuids);
	tcase_add_test(tcase, a_status_survives_a_round_trip);
	tcase_add_test(tcase, nothing_runs_without_its_supervisor);
	tcase_add_test(tcase, a_damaged_status_is_told);
	tcase_add_test(tcase, an_event_is_one_line);
	tcase_add_test(tcase, events_do_not_grow_without_end);
}

static void add_programs(Suite *suite)
{
	TCase *tcase = add_case(suite, "programs");
	TCase *exits = tcase_create("exits"); /* no fixture: what exits does not get to its teardown */

	tcase_add_test(tcase, an_arena_gives_aligned_memory_of_any_size);
	tcase_add_test(tcase, names_are_found_again);
	tcase_add_test(tcase, utf8_is_strict);
	tcase_add_test(tcase, a_process_by_pid_and_start_time);
	tcase_add_test(tcase, a_child_and_how_it_ended);
	tcase_add_test(tcase, options_between_operands);
	tcase_add_test(tcase, what_follows_the_operand_is_anothers);
	tcase_add_test(tcase, global_options_reach_the_environment);
	tcase_add_test(tcase, outputs);
	suite_add_tcase(suite, exits);
	tcase_add_exit_test(exits, an_unknown_option_exits, 2);
	tcase_add_exit_test(exits, a_missing_argument_exits, 2);
	tcase_add_exit_test(exits, a_missing_directory_exits, 4);
	tcase_add_exit_test(exits, an_unknown_output_exits, 2);
	tcase_add_exit_test(exits, help_exits, 0);
}

int main(void)
{
	Suite *suite = suite_create("common");
	SRunner *runner;
	int failed;

	add_texts(suite);
	add_json(suite);
	add_files(suite);
	add_programs(suite);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
