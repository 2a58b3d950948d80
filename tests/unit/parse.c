/* The language front end: lexer, values at their bounds, diagnostics, recovery, graph. */
#include <check.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/capability_names.h"
#include "common/utf8.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/emit.h"
#include "ctst-parse/exposure.h"
#include "ctst-parse/lexer.h"
#include "ctst-parse/parser.h"
#include "ctst-parse/path.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/render.h"
#include "ctst-parse/values.h"

#define COMPONENT(name, rest) "COMPONENT " name " { image = \"preset://busybox\" " rest " }\n"

/* A whole run over a text. */
struct run {
	struct compilation compilation;
	struct ct_buf report;
};

static struct run run;

static void finish_run(void)
{
	compilation_release(&run.compilation);
	ct_buf_free(&run.report);
	memset(&run, 0, sizeof(run));
}

static void start_run(const char *text, size_t length, bool strict)
{
	static struct compile_options options;
	struct source source;

	options = (struct compile_options){ .strict = strict };
	finish_run();
	source_from_text(&source, "f.ctst", "/project", text, length);
	compile(&run.compilation, &source, &options);
}

/* "E002 1:16" for each problem, warnings with a W in front; joined by ", ". */
static const char *codes_of(const char *text, size_t length, bool strict)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count;

	start_run(text, length, strict);
	count = diagnostics_sort(&run.compilation.diagnostics, sorted);
	ct_buf_puts(&run.report, "");
	for (size_t i = 0; i < count; i++)
		ct_buf_printf(&run.report, "%s%s%s %u:%u", i ? ", " : "",
			      sorted[i]->severity == SEVERITY_WARNING ? "W" : "", sorted[i]->code, sorted[i]->span.line,
			      sorted[i]->span.column);
	return run.report.data ? run.report.data : "";
}

static const char *codes(const char *text)
{
	return codes_of(text, strlen(text), false);
}

static const char *strict_codes(const char *text)
{
	return codes_of(text, strlen(text), true);
}

/* The first problem as it is printed. */
static const char *first_problem(const char *text)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];

	start_run(text, strlen(text), false);
	ck_assert_uint_gt(diagnostics_sort(&run.compilation.diagnostics, sorted), 0);
	render_text(&run.report, &run.compilation.diagnostics, sorted[0], false);
	return run.report.data;
}

static const char *first_hint(const char *text)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];

	start_run(text, strlen(text), false);
	ck_assert_uint_gt(diagnostics_sort(&run.compilation.diagnostics, sorted), 0);
	return sorted[0]->hint ? sorted[0]->hint : "";
}

static struct ct_slice slice(const char *text)
{
	return (struct ct_slice){ text, strlen(text) };
}

/* ---- lexer ---- */

static struct sources lexed_files;
static const struct source *lexed;
static struct ct_arena lexed_arena;
static struct diagnostics lexed_problems;
static struct lexer lexer;

static void lex(const char *text)
{
	struct source source;

	sources_release(&lexed_files);
	ct_arena_release(&lexed_arena);
	diagnostics_release(&lexed_problems);
	memset(&lexed_problems, 0, sizeof(lexed_problems));
	source_from_text(&source, "f", "/", text, strlen(text));
	lexed_problems.sources = &lexed_files;
	lexed = sources_add(&lexed_files, &source);
	lexer_start(&lexer, lexed, &lexed_arena, &lexed_problems);
}

static struct token next(void)
{
	struct token token;

	lexer_next(&lexer, &token);
	return token;
}

static void assert_word(const char *word)
{
	struct token token = next();

	ck_assert_int_eq(token.kind, TOKEN_WORD);
	ck_assert(ct_slice_is(token.text, word));
}

START_TEST(arrow_ends_a_name)
{
	lex("a->b my-db->x-y");
	assert_word("a");
	ck_assert_int_eq(next().kind, TOKEN_ARROW);
	assert_word("b");
	assert_word("my-db");
	ck_assert_int_eq(next().kind, TOKEN_ARROW);
	assert_word("x-y");
	ck_assert_int_eq(next().kind, TOKEN_END);
	ck_assert_int_eq(next().kind, TOKEN_END);
	ck_assert_uint_eq(lexed_problems.errors.total, 0);
}
END_TEST

START_TEST(name_may_not_end_in_minus)
{
	lex("a- b");
	assert_word("a");
	assert_word("b");
	ck_assert_uint_eq(lexed_problems.errors.total, 1);
}
END_TEST

START_TEST(keywords_are_case_sensitive)
{
	static const struct {
		const char *word;
		enum keyword keyword;
	} words[] = {
		{ "IMPORT", KEYWORD_IMPORT },
		{ "AS", KEYWORD_AS },
		{ "COMPONENT", KEYWORD_COMPONENT },
		{ "FROM", KEYWORD_FROM },
		{ "CONNECT", KEYWORD_CONNECT },
		{ "EXPOSE", KEYWORD_EXPOSE },
		{ "HEALTHCHECK", KEYWORD_HEALTHCHECK },
		{ "RESTART", KEYWORD_RESTART },
		{ "NETWORK", KEYWORD_NETWORK },
		{ "SECRET", KEYWORD_SECRET },
		{ "true", KEYWORD_TRUE },
		{ "false", KEYWORD_FALSE },
		{ "secret", KEYWORD_LOWER_SECRET },
		{ "env", KEYWORD_LOWER_ENV },
		{ "Component", KEYWORD_NONE },
		{ "as", KEYWORD_NONE },
		{ "ENV", KEYWORD_NONE },
		{ "x", KEYWORD_NONE },
		{ "HEALTHCHECKS", KEYWORD_NONE },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		lex(words[i].word);
		ck_assert_msg(next().keyword == words[i].keyword, "%s", words[i].word);
	}
}
END_TEST

START_TEST(string_escapes)
{
	struct token token;

	lex("\"a\\\"b\\\\c\\nd\\te\" \"\\x\"");
	token = next();
	ck_assert(ct_slice_is(token.text, "a\"b\\c\nd\te"));
	token = next();
	ck_assert(ct_slice_is(token.text, "\\x"));
	ck_assert_uint_eq(lexed_problems.warnings.total, 1);
	ck_assert_uint_eq(lexed_problems.errors.total, 0);
}
END_TEST

START_TEST(lines_end_in_three_ways)
{
	lex("\xef\xbb\xbf"
	    "a\nb\r\nc\rd // x\r\n e");
	ck_assert_uint_eq(next().span.column, 1);
	ck_assert_uint_eq(next().span.line, 2);
	ck_assert_uint_eq(next().span.line, 3);
	ck_assert_uint_eq(next().span.line, 4);
	ck_assert_uint_eq(next().span.line, 5);
}
END_TEST

START_TEST(columns_count_characters)
{
	struct token token;

	lex("\"é漢😀\" x\n/* é */ y // ü\n\tz");
	next();
	token = next();
	ck_assert_uint_eq(token.span.column, 7);
	token = next();
	ck_assert_uint_eq(token.span.column, 9);
	ck_assert_uint_eq(token.span.line, 2);
	token = next();
	ck_assert_uint_eq(token.span.column, 2);
	ck_assert(token.first_on_line);
}
END_TEST

START_TEST(integers)
{
	lex("0 9223372036854775807 9223372036854775808 12ab 0.5");
	ck_assert_int_eq(next().integer, 0);
	ck_assert_int_eq(next().integer, INT64_MAX);
	ck_assert(next().damaged);
	ck_assert(next().damaged);
	ck_assert(next().damaged);
	ck_assert_int_eq(next().kind, TOKEN_END);
	ck_assert_uint_eq(lexed_problems.errors.total, 3);
}
END_TEST

START_TEST(string_limit)
{
	char *text = malloc(STRING_MAX_BYTES + 10);

	text[0] = '"';
	memset(text + 1, 'x', STRING_MAX_BYTES + 1);
	strcpy(text + 1 + STRING_MAX_BYTES, "\"");
	lex(text);
	ck_assert(!next().damaged);
	strcpy(text + 1 + STRING_MAX_BYTES, "x\"");
	lex(text);
	ck_assert(next().damaged);
	ck_assert_str_eq(lexed_problems.errors.items[0].code, "E020");
	free(text);
}
END_TEST

START_TEST(utf8_bounds)
{
	static const char *const good[] = { "\x7f", "\xc2\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					   "\xc3", "\xf8" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(ct_utf8_is_valid(good[i], strlen(good[i])), "good %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!ct_utf8_is_valid(bad[i], strlen(bad[i])), "bad %zu", i);
}
END_TEST

/* ---- values ---- */

START_TEST(memory_sizes)
{
	static const struct {
		const char *text;
		enum quantity_problem problem;
		int64_t bytes;
	} cases[] = {
		{ "1KB", QUANTITY_FINE, 1000 },
		{ "1KiB", QUANTITY_FINE, 1024 },
		{ "2MB", QUANTITY_FINE, 2000000 },
		{ "2 MiB", QUANTITY_FINE, 2 << 20 },
		{ "3GB", QUANTITY_FINE, 3000000000 },
		{ "1GiB", QUANTITY_FINE, 1 << 30 },
		{ "1048576", QUANTITY_FINE, 1048576 },
		{ "9223372036854775807", QUANTITY_FINE, INT64_MAX },
		{ "9223372036854775808", QUANTITY_OVERFLOW, 0 },
		{ "8589934592GiB", QUANTITY_OVERFLOW, 0 },
		{ "8589934591GiB", QUANTITY_FINE, (int64_t)8589934591 << 30 },
		{ "1.5GB", QUANTITY_FRACTION, 0 },
		{ "512mb", QUANTITY_UNIT, 0 },
		{ "512  MB", QUANTITY_UNIT, 0 },
		{ "", QUANTITY_MALFORMED, 0 },
		{ "MB", QUANTITY_MALFORMED, 0 },
		{ "-1MB", QUANTITY_MALFORMED, 0 },
		{ "1MB ", QUANTITY_UNIT, 0 },
	};
	const char *meant;
	int64_t bytes;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(memory_parse(slice(cases[i].text), &bytes, &meant) == cases[i].problem, "%s",
			      cases[i].text);
		if (cases[i].problem == QUANTITY_FINE)
			ck_assert_int_eq(bytes, cases[i].bytes);
	}
	memory_parse(slice("512mb"), &bytes, &meant);
	ck_assert_str_eq(meant, "MB");
	memory_parse(slice("512m"), &bytes, &meant);
	ck_assert_str_eq(meant, "MB");
	memory_parse(slice("512Mi"), &bytes, &meant);
	ck_assert_str_eq(meant, "MiB");
}
END_TEST

START_TEST(memory_range)
{
	ck_assert_str_eq(codes(COMPONENT("a", "memory = \"512KiB\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "memory = 524288")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "memory = \"524287\"")), "E006 1:51");
	ck_assert_str_eq(first_hint(COMPONENT("a", "memory = \"512mb\"")), "did you mean '512MB'?");
	ck_assert_str_eq(codes(COMPONENT("a", "memory = true")), "E006 1:51");
}
END_TEST

START_TEST(cpu_shares_and_cores)
{
	int64_t cores;

	ck_assert_int_eq(cores_parse(slice("0.5"), &cores), QUANTITY_FINE);
	ck_assert_int_eq(cores, 500);
	ck_assert_int_eq(cores_parse(slice("2.125"), &cores), QUANTITY_FINE);
	ck_assert_int_eq(cores, 2125);
	ck_assert_int_eq(cores_parse(slice("1.1234"), &cores), QUANTITY_FRACTION);
	ck_assert_int_eq(cores_parse(slice(".5"), &cores), QUANTITY_MALFORMED);
	ck_assert_int_eq(cores_parse(slice("1."), &cores), QUANTITY_MALFORMED);
	ck_assert_int_eq(cores_parse(slice("9223372036854775.9"), &cores), QUANTITY_OVERFLOW);
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = 2")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = \"262144\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = 1")), "E006 1:48");
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = 262145")), "E006 1:48");
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = \"0.01\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = \"0.009\"")), "E006 1:48");
	ck_assert_str_eq(codes(COMPONENT("a", "cpu = \"half\"")), "E006 1:48");
}
END_TEST

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t milliseconds;
		enum quantity_problem problem;
		bool compound;
	} cases[] = {
		{ "250ms", 250, QUANTITY_FINE, false },
		{ "30s", 30000, QUANTITY_FINE, false },
		{ "5m", 300000, QUANTITY_FINE, false },
		{ "1m30s", 90000, QUANTITY_FINE, true },
		{ "1h1m1s1ms", 3661001, QUANTITY_FINE, true },
		{ "8760h", 31536000000, QUANTITY_FINE, false },
		{ "8761h", 0, QUANTITY_OVERFLOW, false },
		{ "99999999999999999999s", 0, QUANTITY_OVERFLOW, false },
		{ "30", 0, QUANTITY_UNIT, false },
		{ "30s1m", 0, QUANTITY_UNIT, false },
		{ "1s1s", 0, QUANTITY_UNIT, false },
		{ "1.5s", 0, QUANTITY_UNIT, false },
		{ "", 0, QUANTITY_MALFORMED, false },
		{ "s", 0, QUANTITY_MALFORMED, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t milliseconds;
		bool compound;
		enum quantity_problem problem = duration_parse(slice(cases[i].text), &milliseconds, &compound);

		ck_assert_msg((problem == QUANTITY_FINE) == (cases[i].problem == QUANTITY_FINE), "%s", cases[i].text);
		if (problem == QUANTITY_FINE) {
			ck_assert_int_eq(milliseconds, cases[i].milliseconds);
			ck_assert_int_eq(compound, cases[i].compound);
		}
	}
}
END_TEST

START_TEST(restart_forms)
{
	enum restart_policy policy;
	int64_t retries;

	ck_assert(restart_parse(slice("never"), &policy, &retries) && policy == RESTART_NEVER && retries == -1);
	ck_assert(restart_parse(slice("always"), &policy, &retries) && policy == RESTART_ALWAYS);
	ck_assert(restart_parse(slice("on-failure:1000000"), &policy, &retries) && retries == 1000000);
	ck_assert(!restart_parse(slice("on-failure:0"), &policy, &retries));
	ck_assert(!restart_parse(slice("on-failure:1000001"), &policy, &retries));
	ck_assert(!restart_parse(slice("on-failure:"), &policy, &retries));
	ck_assert(!restart_parse(slice("on-failure:x"), &policy, &retries));
	ck_assert(!restart_parse(slice("no"), &policy, &retries));
	ck_assert_str_eq(first_hint(COMPONENT("a", "restart = \"no\"")), "did you mean 'never'?");
	ck_assert_str_eq(first_hint(COMPONENT("a", "restart = \"alway\"")), "did you mean 'always'?");
}
END_TEST

START_TEST(volume_forms)
{
	struct volume volume;
	struct ct_slice at;

	ck_assert_ptr_null(volume_parse(slice("/a:/b"), &volume, &at));
	ck_assert(volume.kind == VOLUME_BIND && !volume.readonly);
	ck_assert_ptr_null(volume_parse(slice("./a:/b:ro"), &volume, &at));
	ck_assert(volume.readonly);
	ck_assert_ptr_null(volume_parse(slice("data:/b:rw"), &volume, &at));
	ck_assert(volume.kind == VOLUME_PROJECT);
	ck_assert_ptr_null(volume_parse(slice("${env.X:-/y}:/b"), &volume, &at));
	ck_assert(ct_slice_is(volume.source, "${env.X:-/y}") && ct_slice_is(volume.target, "/b"));
	ck_assert_ptr_nonnull(volume_parse(slice("/a"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice(":/b"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:b"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:/"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a://"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:/proc"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a://sys/x"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:/dev/shm"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:/x/../proc"), &volume, &at));
	ck_assert_ptr_null(volume_parse(slice("/a:/process"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:/b:rx"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("/a:/b:ro:x"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("../a:/b"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("~/a:/b"), &volume, &at));
	ck_assert_ptr_nonnull(volume_parse(slice("a/b:/b"), &volume, &at));
}
END_TEST

START_TEST(volume_host_paths)
{
	ck_assert_str_eq(codes(COMPONENT("a", "volume = \"/nowhere/at/all:/b\"")), "E006 1:51");
	ck_assert_str_eq(codes(COMPONENT("a", "volume = \"./made/later:/b\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "volume = \"/project/x:/b\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "volume = \"/:/b\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "volumes = [\"x:/b\", \"y:/b//\"]")), "E018 1:61");
	ck_assert_str_eq(strict_codes(COMPONENT("a", "volume = \"x:/b\"")), "W 1:51");
	ck_assert(path_is_inside("/project/a/../b", "/project"));
	ck_assert(path_is_inside("/project", "/project"));
	ck_assert(!path_is_inside("/project/../b", "/project"));
	ck_assert(!path_is_inside("/projects", "/project"));
	ck_assert(path_is_inside("/other/../project/x", "/project"));
	ck_assert(path_is_inside("/anything", "/"));
}
END_TEST

START_TEST(host_names)
{
	ck_assert(hostname_is_valid(slice("a")));
	ck_assert(hostname_is_valid(slice("a-b.c1")));
	ck_assert(hostname_is_valid(slice("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
	ck_assert(!hostname_is_valid(slice("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
	ck_assert(!hostname_is_valid(slice("")));
	ck_assert(!hostname_is_valid(slice("-a")));
	ck_assert(!hostname_is_valid(slice("a-")));
	ck_assert(!hostname_is_valid(slice("a-.b")));
	ck_assert(!hostname_is_valid(slice("a..b")));
	ck_assert(!hostname_is_valid(slice("a.")));
	ck_assert(!hostname_is_valid(slice("a_b")));
}
END_TEST

START_TEST(capabilities)
{
	ck_assert_int_eq(ct_capability_number(slice("CHOWN")), CAP_CHOWN);
	ck_assert_int_eq(ct_capability_number(slice("CHECKPOINT_RESTORE")), CAP_CHECKPOINT_RESTORE);
	ck_assert_int_eq(ct_capability_number(slice("CAP_CHOWN")), -1);
	/* A kernel that has more than these is a reason to add them. */
	ck_assert_int_eq(CAP_LAST_CAP, CAP_CHECKPOINT_RESTORE);
	ck_assert_str_eq(first_hint(COMPONENT("a", "capabilities = [\"cap_net_raw\"]")), "did you mean 'NET_RAW'?");
	ck_assert_str_eq(codes(COMPONENT("a", "capabilities = [\"KILL\", \"KILL\"]")), "E018 1:66");
}
END_TEST

START_TEST(ports)
{
	ck_assert_str_eq(codes(COMPONENT("a", "port = 1")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 65535")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 0")), "E006 1:49");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 65536")), "E006 1:49");
	ck_assert_str_eq(codes(COMPONENT("a", "ports = [1, 2, 1]")), "E018 1:57");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 1 ports = [2]")), "E012 1:51");
	ck_assert_str_eq(first_hint(COMPONENT("a", "port = \"80\"")), "integers have no quotes");
}
END_TEST

START_TEST(images)
{
	static const char digits[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const char *const good[] = {
		"preset://busybox", "preset://b:1.2", "image://my/app", "file:///opt/x",
		"file://./x",       "tar:///a.tar",   "tar://./a.tar",
	};
	static const char *const bad[] = {
		"alpine:3.21",
		"http://x/y.tar",
		"file://x",
		"file:///",
		"oci://docker.io/library/alpine",
		"https://x/y.tar",
		"preset://",
		"docker://x",
		"tar:///a b",
		"file:///x@sha256:abc",
		"file:///x@sha512:abc",
		"",
	};
	char text[400];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "COMPONENT a { image = \"%s\" }", good[i]);
		ck_assert_msg(strcmp(codes(text), "") == 0, "%s: %s", good[i], codes(text));
		snprintf(text, sizeof(text), "COMPONENT a { image = \"%s@sha256:%s\" }", good[i], digits);
		ck_assert_msg(strcmp(codes(text), "") == 0, "%s with a pin", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "COMPONENT a { image = \"%s\" }", bad[i]);
		ck_assert_msg(strcmp(codes(text), "E007 1:23") == 0, "%s: %s", bad[i], codes(text));
	}
	snprintf(text, sizeof(text), "COMPONENT a { image = \"oci://docker.io/library/alpine:3.21@sha256:%s\" }",
		 digits);
	ck_assert_str_eq(codes(text), "");
	snprintf(text, sizeof(text), "COMPONENT a { image = \"https://me:pw@h/a.tar@sha256:%s\" }", digits);
	ck_assert_ptr_null(strstr(first_problem(text), "pw"));
}
END_TEST

START_TEST(other_types)
{
	ck_assert_str_eq(codes(COMPONENT("a", "user = \"1000:1000\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "user = \"www-data\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "user = \"4294967295\"")), "E006 1:49");
	ck_assert_str_eq(codes(COMPONENT("a", "user = \"a:\"")), "E006 1:49");
	ck_assert_str_eq(codes(COMPONENT("a", "workdir = \"x\"")), "E006 1:52");
	ck_assert_str_eq(codes(COMPONENT("a", "network = \"Host\"")), "E006 1:52");
	ck_assert_str_eq(codes(COMPONENT("a", "network = \"backend\"")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "command = \"sleep 5\"")), "E006 1:52");
	ck_assert_str_eq(first_hint(COMPONENT("a", "command = \"sleep 5\"")), "write [\"sleep\", \"5\"]");
	ck_assert_str_eq(codes(COMPONENT("a", "readonly = \"true\"")), "E006 1:53");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { A = 1 }")), "E006 1:54");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { \"x=y\" = \"1\" }")), "E006 1:50");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { SECRET = \"\" COMPONENT = \"x\" true = \"y\" }")), "");
	ck_assert_str_eq(codes("COMPONENT a { }"), "E005 1:11");
	ck_assert_str_eq(codes("COMPONENT a { required_params = [\"image\"] }"), "");
}
END_TEST

START_TEST(health_checks)
{
	ck_assert_str_eq(codes(COMPONENT("a", "healthcheck = { command = [\"x\"] interval = \"1s\" }")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "healthcheck = { interval = \"1s\" }")), "E005 1:42");
	ck_assert_str_eq(codes(COMPONENT("a", "healthcheck = { command = [] }")), "E006 1:68");
	ck_assert_str_eq(codes(COMPONENT("a", "healthcheck = { command = [\"x\"], interval = \"0s\" }")), "E006 1:86");
	ck_assert_str_eq(codes(COMPONENT("a", "healthcheck = { command = [\"x\"], start_period = \"0s\" }")), "");
	ck_assert_str_eq(codes(COMPONENT("a", "healthcheck = { command = [\"x\"], retries = 0 }")), "E006 1:85");
	ck_assert_str_eq(first_hint(COMPONENT("a", "healthcheck = { command = [\"x\"], interval = 30 }")),
			 "write \"30s\"");
}
END_TEST

/* ---- templates and secrets ---- */

START_TEST(interpolation)
{
	ck_assert_str_eq(codes(COMPONENT("a", "port = 1 env = { X = \"${a.host}:${a.port} ${env.Y} ${secret.z}\" }")),
			 "");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { X = \"${b.host}\" }")), "E017 1:57");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { X = \"${a.hots}\" }")), "E017 1:59");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { X = \"${a.port}\" }")), "E017 1:55");
	ck_assert_str_eq(codes(COMPONENT("a", "env = { X = \"é\\\"${\" }")), "E017 1:58");
	ck_assert_str_eq(codes(COMPONENT("a", "command = [\"${secret.x}\"]")), "E017 1:54");
	ck_assert_str_eq(codes(COMPONENT("a", "restart = \"${env.R}\"")), "E017 1:53");
	ck_assert_str_eq(codes(COMPONENT("a", "volume = \"x:/${env.R}\"")), "E017 1:51");
	ck_assert_str_eq(codes("COMPONENT a { image = \"preset://${env.R}\" }"), "E017 1:33");
	ck_assert_str_eq(strict_codes(COMPONENT("a", "env = { X = \"$${\" Y = \"${env.Z:-d}\" }")), "W 1:55, W 1:65");
}
END_TEST

START_TEST(secrets_are_never_shown)
{
	const char *problem = first_problem(COMPONENT("a", "env = { DB_PASSWORD = \"hunter2\" }"));

	ck_assert_ptr_nonnull(strstr(problem, "\"***\" }"));
	ck_assert_ptr_null(strstr(problem, "hunter2"));
	ck_assert_ptr_nonnull(strstr(problem, "${secret.db_password}"));
	/* Not in the line of another problem either. */
	problem = first_problem(COMPONENT("a", "env = { API_TOKEN = \"hunter2\", } cpu = 1"));
	ck_assert_ptr_null(strstr(problem, "hunter2"));
	ck_assert_str_eq(codes(COMPONENT("a", "env = { DB_PASSWORD = \"${secret.x}\" DB_PASSWORD_FILE = \"/x\" }")),
			 "");
}
END_TEST

/* ---- rendering ---- */

START_TEST(caret_under_the_word)
{
	ck_assert_str_eq(first_problem(COMPONENT("db", "") COMPONENT("api", "") "CONNECT api -> dbb\n"),
			 "error[E002]: undefined component 'dbb'\n"
			 "  --> f.ctst:3:16\n"
			 "   |\n"
			 " 3 | CONNECT api -> dbb\n"
			 "   |                ^^^ did you mean 'db'?\n");
}
END_TEST

START_TEST(caret_behind_tabs_and_wide_characters)
{
	ck_assert_str_eq(first_problem(
				 "\n\n\n\n\n\n\n\n\nCOMPONENT a {\timage = \"preset://busybox\"\tworkdir = \"é漢\" }"),
			 "error[E006]: 'workdir' must be an absolute path\n"
			 "   --> f.ctst:10:52\n"
			 "    |\n"
			 " 10 | COMPONENT a {\timage = \"preset://busybox\"\tworkdir = \"é漢\" }\n"
			 "    |              \t                          \t          ^^^^^ it begins with /\n");
}
END_TEST

START_TEST(terminal_controls_are_not_printed)
{
	const char *problem = first_problem(COMPONENT("a", "user = \"\x1b[31m\xe2\x80\xae\""));

	ck_assert_ptr_null(strchr(problem, '\x1b'));
	ck_assert_ptr_null(strstr(problem, "\xe2\x80\xae"));
}
END_TEST

START_TEST(long_lines_are_cut)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_puts(&text, "COMPONENT a { image = \"preset://busybox\" env = { A = \"");
	for (int i = 0; i < 1000; i++)
		ct_buf_puts(&text, "é");
	ct_buf_puts(&text, "\" } cpu = 1 /");
	for (int i = 0; i < 1000; i++)
		ct_buf_puts(&text, " ");
	ct_buf_puts(&text, "}");
	ck_assert_uint_lt(strlen(first_problem(text.data)), 1500);
	ck_assert_ptr_nonnull(strstr(first_problem(text.data), "…"));
}
END_TEST

START_TEST(json_lines)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];

	start_run("CONNECT é -> b", strlen("CONNECT é -> b"), false);
	diagnostics_sort(&run.compilation.diagnostics, sorted);
	render_json(&run.report, &run.compilation.diagnostics, sorted[0]);
	ck_assert_str_eq(run.report.data, "{\"severity\":\"error\",\"code\":\"E001\",\"message\":\"malformed name "
					  "'é'\",\"file\":\"f.ctst\",\"line\":1,"
					  "\"column\":9,\"end_column\":10,\"source\":\"CONNECT é -> b\","
					  "\"hint\":\"names have only ASCII letters, digits, '_' and '-'\"}\n");
}
END_TEST

START_TEST(only_the_first_fifty)
{
	ct_autobuf text = CT_BUF_INIT;

	for (int i = 0; i < 200; i++)
		ct_buf_puts(&text, "CONNECT a -> b\n");
	start_run(text.data, text.length, false);
	ck_assert_uint_eq(run.compilation.diagnostics.errors.kept, DIAGNOSTICS_KEPT);
	ck_assert_uint_eq(run.compilation.diagnostics.errors.total, 400);
	/* What the checks find in the first line comes before what the parser has found behind it. */
	ct_buf_clear(&text);
	ct_buf_puts(&text, COMPONENT("x", "port = 0"));
	for (int i = 0; i < 200; i++)
		ct_buf_puts(&text, "} ");
	ck_assert_int_eq(strncmp(codes(text.data), "E006 1:49, ", 11), 0);
}
END_TEST

/* ---- recovery: one mistake, one message ---- */

START_TEST(recovery)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{ "", "" },
		{ "// nothing\n", "" },
		{ "COMPONENT a {\n image = \"preset://busybox\"\nCOMPONENT b {\n image = \"preset://busybox\"\n}\n",
		  "E001 1:13" },
		{ "COMPONENT a {\n command = [\"x\", \"y\"\n image = \"preset://busybox\"\n}\n", "E001 2:12" },
		{ "COMPONENT a {\n image = \"preset://busybox\n port = 80\n}\nCONNECT a -> a\n",
		  "E001 2:10, E004 5:14" },
		{ "COMPONENT a {\n image =\n port = 0\n}\n", "E001 3:2, E006 3:9" },
		{ "COMPONENT a {\n image = preset://busybox\n port = 80\n}\n", "E001 2:10" },
		{ "component a { image = \"preset://busybox\" }\n", "E001 1:1" },
		{ COMPONENT("a", ", ,"), "E001 1:44" },
		{ COMPONENT("a", "command = [, \"x\"]"), "E001 1:53" },
		{ COMPONENT("a", "command = [\"x\",, \"y\"]"), "E001 1:57" },
		{ COMPONENT("a", "command = [\"x\" \"y\"]"), "WE001 1:57" },
		{ COMPONENT("a", "command = [\"x\", \"y\",]"), "" },
		{ COMPONENT("a", "comand = [\"x\"]"), "E001 1:42" },
		{ "COMPONENT a { imag = \"x\" }", "E001 1:15" },
		{ COMPONENT("a", "port: 80"), "E001 1:46" },
		{ COMPONENT("a", "env { A = \"x\" }"), "E001 1:46" },
		{ COMPONENT("a", "env = { A: \"x\", B = = \"y\" } cpu = 1"), "E001 1:51, E001 1:62, E006 1:76" },
		{ COMPONENT("a", "env = { A = { B = { C = { D = [[[[]]]] } } } }") "EXPOSE 1 FROM a\n",
		  "E001 1:60, E015 2:15" },
		{ COMPONENT("a", "env = { A = [[[[[[1]]]]]] }"), "E001 1:55" },
		{ "}", "E001 1:1" },
		{ "EXPOSE\nCOMPONENT a { image = \"preset://busybox\" }", "E001 2:1" },
		{ "CONNECT a ->\n" COMPONENT("a", ""), "E001 2:1" },
		{ COMPONENT("a", "") "COMPONENT a { image = \"preset://busybox\" }", "E003 2:11" },
		{ COMPONENT("a", "port = 1 port = 2"), "E018 1:51" },
		{ COMPONENT("a", "env = { A = \"1\" A = \"2\" }"), "E018 1:58" },
		{ COMPONENT("true", ""), "E001 1:11" },
		{ "# x\n/* y\n z */\n" COMPONENT("a", ""), "E001 1:1, E001 2:1" },
		{ "IMPORT \"x\" AS y\nCOMPONENT a FROM y.z { }\n", "E008 1:8" },
		{ "COMPONENT a FROM b { port = 0 }", "E016 1:18, E006 1:29" },
		{ "COMPONENT", "E001 1:10" },
		{ "COMPONENT a", "E001 1:12" },
		{ "COMPONENT a {", "E001 1:13" },
		{ COMPONENT("a", "image = \"preset://x\" = ="), "E018 1:42, E001 1:63" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(strcmp(codes(cases[i].text), cases[i].expected) == 0, "%s\nexpected %s, got %s",
			      cases[i].text, cases[i].expected, codes(cases[i].text));
}
END_TEST

START_TEST(nul_is_an_error)
{
	static const char text[] = "\0COMPONENT a { image = \"preset://busy\0box\" }";

	ck_assert_str_eq(codes_of(text, sizeof(text) - 1, false), "E001 1:1, E001 1:38");
}
END_TEST

START_TEST(long_maps_find_duplicates)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_puts(&text, "COMPONENT a { image = \"preset://busybox\" env = {\n");
	for (int i = 0; i < 4096; i++)
		ct_buf_printf(&text, "K%d = \"x\"\n", i);
	ct_buf_puts(&text, "K5 = \"y\"\n} }");
	ck_assert_str_eq(codes(text.data), "E018 4098:1");
	ck_assert_str_eq(run.compilation.diagnostics.errors.items[0].hint, "first set in line 7");
	text.length -= strlen("K5 = \"y\"\n} }");
	ct_buf_puts(&text, "NEW = \"y\"\n} }");
	ck_assert_str_eq(codes(text.data), "E020 4098:7");
}
END_TEST

START_TEST(too_many_components)
{
	ct_autobuf text = CT_BUF_INIT;

	for (int i = 0; i <= COMPONENTS_MAX; i++)
		ct_buf_printf(&text, "COMPONENT c%d{image=\"preset://x\"}\n", i);
	ck_assert_str_eq(codes(text.data), "E020 200001:1");
}
END_TEST

/* ---- graph ---- */

START_TEST(cycle_with_its_whole_path)
{
	static const char text[] = COMPONENT("a", "") COMPONENT("b", "") COMPONENT("c", "") COMPONENT(
		"d",
		"") "CONNECT a -> b\nCONNECT b -> c\nCONNECT c -> d\nCONNECT d -> b\nCONNECT d -> a\nCONNECT c -> a\n";

	ck_assert_str_eq(codes(text), "E004 10:9");
	ck_assert_str_eq(run.compilation.diagnostics.errors.items[0].message,
			 "components depend on each other: a -> b -> c -> a");
	ck_assert_str_eq(codes(COMPONENT("a", "") COMPONENT("b", "") COMPONENT("c", "") COMPONENT(
				 "d", "") "CONNECT a -> b CONNECT b -> a CONNECT c -> d CONNECT d -> c CONNECT b -> c"),
			 "E004 5:24, E004 5:54");
	ck_assert_str_eq(codes(COMPONENT("a", "") "CONNECT a -> a"), "E004 2:14");
}
END_TEST

START_TEST(deep_graphs_do_not_recurse)
{
	ct_autobuf text = CT_BUF_INIT;

	for (int i = 0; i < 50000; i++)
		ct_buf_printf(&text, "COMPONENT c%d{image=\"preset://x\"}\n", i);
	for (int i = 0; i < 49999; i++)
		ct_buf_printf(&text, "CONNECT c%d->c%d\n", i, i + 1);
	ck_assert_str_eq(codes(text.data), "");
	ct_buf_puts(&text, "CONNECT c49999->c0\n");
	ck_assert_str_eq(codes(text.data), "E004 100000:9");
	ck_assert_ptr_nonnull(strstr(run.compilation.diagnostics.errors.items[0].message, "c99 -> (49900 more) -> c0"));
}
END_TEST

START_TEST(connections)
{
	static const char three[] = COMPONENT("a", "") COMPONENT("b", "") COMPONENT("c", "");
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_printf(&text, "%sCONNECT a -> b -> c\n", three);
	ck_assert_str_eq(codes(text.data), "E001 4:16");
	ck_assert_str_eq(first_hint(text.data), "split it: CONNECT a -> b and CONNECT b -> c");
	ct_buf_clear(&text);
	ct_buf_printf(&text, "%sCONNECT a -> b, c\n", three);
	ck_assert_str_eq(first_hint(text.data), "split it: CONNECT a -> b and CONNECT a -> c");
	ct_buf_clear(&text);
	ct_buf_printf(&text, "%sCONNECT a -> b\nCONNECT a -> b CONNECT a -> c\n", three);
	ck_assert_str_eq(codes(text.data), "W 5:1");
	ck_assert_str_eq(codes(COMPONENT("a", "") COMPONENT("my-db", "")
				       COMPONENT("MY_DB", "") "CONNECT a -> my-db\nCONNECT a -> MY_DB\n"),
			 "E019 5:14");
	ck_assert_str_eq(codes(COMPONENT("a", "") COMPONENT("my-db", "")
				       COMPONENT("my_db", "") "CONNECT a -> my-db\nCONNECT my-db -> my_db\n"),
			 "");
	ck_assert_str_eq(codes(COMPONENT("a", "") COMPONENT("b", "network = \"none\"") "CONNECT a -> b"), "E006 3:14");
	ck_assert_str_eq(codes(COMPONENT("a", "") "COMPONENT b { required_params = [\"image\"] } CONNECT a -> b"),
			 "E002 2:58");
	ct_buf_clear(&text);
	ct_buf_printf(&text, "%sCONNECT a -> b\n", three);
	ck_assert_str_eq(codes(text.data), "WE010 3:11");
}
END_TEST

START_TEST(exposed_ports)
{
	struct exposure exposure = { 0 };

	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 80"), "");
	ck_assert_str_eq(codes(COMPONENT("a", "ports = [80, 443]") "EXPOSE 8443:443"), "");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 81"), "E015 2:1");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") COMPONENT("b", "port = 80") "EXPOSE 80"), "E015 3:1");
	ck_assert_str_eq(first_hint(COMPONENT("a", "port = 80") COMPONENT("b", "port = 80") "EXPOSE 80"),
			 "say which: EXPOSE 80:80 FROM a");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 80 EXPOSE 80"), "E015 2:18");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 80 EXPOSE \"80/udp\""), "");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 0:80"), "E006 2:8");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 80 FROM b"), "E002 2:16");
	ck_assert_str_eq(codes(COMPONENT("a", "port = 80") "EXPOSE 81 FROM a"), "E015 2:16");
	ck_assert_ptr_null(exposure_parse(slice("[::1]:8080:80/udp"), &exposure));
	ck_assert(ct_slice_is(exposure.address, "::1") && exposure.host_port == 8080 && exposure.container_port == 80);
	ck_assert(exposure.is_udp);
	ck_assert_ptr_null(exposure_parse(slice("0.0.0.0:1:65535"), &exposure));
	ck_assert_ptr_nonnull(exposure_parse(slice("x:1:2"), &exposure));
	ck_assert_ptr_nonnull(exposure_parse(slice(":1:2"), &exposure));
	ck_assert_ptr_nonnull(exposure_parse(slice("1:2/sctp"), &exposure));
	ck_assert_ptr_nonnull(exposure_parse(slice("1:65536"), &exposure));
	ck_assert_ptr_nonnull(exposure_parse(slice(""), &exposure));
}
END_TEST

START_TEST(extensions_are_named_under_strict)
{
	ck_assert_str_eq(strict_codes(COMPONENT("a", "port = 80")), "");
	ck_assert_str_eq(strict_codes(COMPONENT("a", "capabilities = [] required_params = [] distroless = true")),
			 "W 1:42, W 1:60, W 1:81");
	ck_assert_str_eq(strict_codes(COMPONENT("a", "restart = \"on-failure:3\"")), "W 1:52");
	ck_assert_str_eq(strict_codes(COMPONENT("a", "env = { \"x\" = \"y\" }")), "W 1:50");
	ck_assert_str_eq(strict_codes(COMPONENT("a", "port = 1") "EXPOSE 1 FROM a EXPOSE \"2:1\""), "W 2:10, W 2:24");
}
END_TEST

static Suite *parse_suite(void)
{
	Suite *suite = suite_create("parse");
	TCase *lexing = tcase_create("lexer"), *values = tcase_create("values"),
	      *diagnosing = tcase_create("diagnostics");
	TCase *graph = tcase_create("graph");

	tcase_add_test(lexing, arrow_ends_a_name);
	tcase_add_test(lexing, name_may_not_end_in_minus);
	tcase_add_test(lexing, keywords_are_case_sensitive);
	tcase_add_test(lexing, string_escapes);
	tcase_add_test(lexing, lines_end_in_three_ways);
	tcase_add_test(lexing, columns_count_characters);
	tcase_add_test(lexing, integers);
	tcase_add_test(lexing, string_limit);
	tcase_add_test(lexing, utf8_bounds);
	tcase_add_test(values, memory_sizes);
	tcase_add_test(values, memory_range);
	tcase_add_test(values, cpu_shares_and_cores);
	tcase_add_test(values, durations);
	tcase_add_test(values, restart_forms);
	tcase_add_test(values, volume_forms);
	tcase_add_test(values, volume_host_paths);
	tcase_add_test(values, host_names);
	tcase_add_test(values, capabilities);
	tcase_add_test(values, ports);
	tcase_add_test(values, images);
	tcase_add_test(values, other_types);
	tcase_add_test(values, health_checks);
	tcase_add_test(values, interpolation);
	tcase_add_test(values, secrets_are_never_shown);
	tcase_add_test(diagnosing, caret_under_the_word);
	tcase_add_test(diagnosing, caret_behind_tabs_and_wide_characters);
	tcase_add_test(diagnosing, terminal_controls_are_not_printed);
	tcase_add_test(diagnosing, long_lines_are_cut);
	tcase_add_test(diagnosing, json_lines);
	tcase_add_test(diagnosing, only_the_first_fifty);
	tcase_add_test(diagnosing, recovery);
	tcase_add_test(diagnosing, nul_is_an_error);
	tcase_add_test(diagnosing, long_maps_find_duplicates);
	tcase_add_test(diagnosing, too_many_components);
	tcase_add_test(graph, cycle_with_its_whole_path);
	tcase_add_test(graph, deep_graphs_do_not_recurse);
	tcase_add_test(graph, connections);
	tcase_add_test(graph, exposed_ports);
	tcase_add_test(graph, extensions_are_named_under_strict);
	suite_add_tcase(suite, lexing);
	suite_add_tcase(suite, values);
	suite_add_tcase(suite, diagnosing);
	suite_add_tcase(suite, graph);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(parse_suite());
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	finish_run();
	return failed ? 1 : 0;
}
