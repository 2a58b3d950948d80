/* The formatter: layout, comments, what stops it, and that it never changes what a text means. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-parse/fmt/format.h"
#include "ctst-parse/fmt/problems.h"
#include "ctst-parse/fmt/rewrite.h"
#include "ctst-parse/fmt/words.h"

static enum format_outcome format_bytes(const char *text, size_t length, struct ct_buf *out)
{
	struct source source;
	enum format_outcome outcome;

	source_from_text(&source, "f.ctst", "/project", text, length);
	outcome = format_source(&source, out);
	source_release(&source);
	return outcome;
}

/* The formatted text, which formatted again stays as it is. */
static void assert_layout(const char *text, const char *expected)
{
	ct_autobuf once = CT_BUF_INIT;
	ct_autobuf twice = CT_BUF_INIT;

	ck_assert_int_eq(format_bytes(text, strlen(text), &once),
			 strcmp(text, expected) == 0 ? FORMAT_UNCHANGED : FORMAT_CHANGED);
	ck_assert_str_eq(once.data, expected);
	ck_assert_int_eq(format_bytes(once.data, once.length, &twice), FORMAT_UNCHANGED);
	ck_assert_str_eq(twice.data, expected);
}

/* What stands in a component, on the lines between its braces. */
static void assert_body(const char *body, const char *expected)
{
	ct_autofree char *text = ct_asprintf("COMPONENT a { %s\n}", body);
	ct_autofree char *wanted = ct_asprintf("COMPONENT a {\n%s}\n", expected);

	assert_layout(text, wanted);
}

static void assert_no_syntax(const char *text)
{
	ct_autobuf out = CT_BUF_INIT;

	ck_assert_int_eq(format_bytes(text, strlen(text), &out), FORMAT_NO_SYNTAX);
}

START_TEST(nothing_stays_nothing)
{
	assert_layout("", "");
	assert_layout(" \n\t\n", "");
	assert_layout("\xef\xbb\xbf", "");
	assert_layout("\n\n// only this  \n\n", "// only this\n");
}
END_TEST

START_TEST(statements)
{
	assert_layout("IMPORT\"a.ctst\"AS a IMPORT \"b.ctst\"", "IMPORT \"a.ctst\" AS a\nIMPORT \"b.ctst\"\n");
	assert_layout("COMPONENT a FROM b{}COMPONENT c FROM d . e { }",
		      "COMPONENT a FROM b {}\n\nCOMPONENT c FROM d.e {}\n");
	assert_layout("CONNECT a->b CONNECT b\n->\nc", "CONNECT a -> b\nCONNECT b -> c\n");
	assert_layout("EXPOSE 80 EXPOSE 80 : 8080 EXPOSE 1:2 FROM a EXPOSE 3 FROM a EXPOSE \"1:2/udp\"FROM b",
		      "EXPOSE 80\nEXPOSE 80:8080\nEXPOSE 1:2 FROM a\nEXPOSE 3 FROM a\nEXPOSE \"1:2/udp\" FROM b\n");
}
END_TEST

START_TEST(empty_lines_between_statements)
{
	assert_layout("CONNECT a -> b\n\n\n\nCONNECT b -> c\nEXPOSE 80\n",
		      "CONNECT a -> b\n\nCONNECT b -> c\n\nEXPOSE 80\n");
	assert_layout("COMPONENT a {}\nCOMPONENT b {}\nCONNECT a -> b",
		      "COMPONENT a {}\n\nCOMPONENT b {}\n\nCONNECT a -> b\n");
	/* A comment goes with what follows, unless the author has set it apart from that. */
	assert_layout("EXPOSE 80\n// about b\nCOMPONENT b {}", "EXPOSE 80\n\n// about b\nCOMPONENT b {}\n");
	assert_layout("EXPOSE 80\n// that was a\n\nCOMPONENT b {}", "EXPOSE 80\n// that was a\n\nCOMPONENT b {}\n");
	assert_layout("// head\n\n\n// more\nCOMPONENT b {}", "// head\n\n// more\nCOMPONENT b {}\n");
	assert_layout("// head\nCOMPONENT b {}\n\n\n// end\n\n", "// head\nCOMPONENT b {}\n\n// end\n");
}
END_TEST

START_TEST(properties)
{
	assert_body("image=\"x\",port=80 readonly=true", "    image = \"x\"\n    port = 80\n    readonly = true\n");
	assert_body("\n\n a=1\n\n\n b=2\n\n", "    a = 1\n\n    b = 2\n");
	assert_body("CONNECT=1 true=false", "    CONNECT = 1\n    true = false\n");
	assert_body("a=007", "    a = 007\n");
}
END_TEST

START_TEST(maps)
{
	assert_body("env={}", "    env = {}\n");
	assert_body("env={A=\"x\",\"b c\" = 1 COMPONENT=\"d\"}",
		    "    env = {\n        A = \"x\"\n        \"b c\" = 1\n        COMPONENT = \"d\"\n    }\n");
	assert_body("h={\n\nc=[\"x\"]\n\n\ni=1\n\n}", "    h = {\n        c = [\"x\"]\n\n        i = 1\n    }\n");
	assert_body("m={n={}o={p=1}}",
		    "    m = {\n        n = {}\n        o = {\n            p = 1\n        }\n    }\n");
}
END_TEST

START_TEST(lists)
{
	assert_body("l=[]", "    l = []\n");
	assert_body("l=[\n1\n,\n2,]", "    l = [1, 2]\n");
	assert_body("l=[\"a\" \"b\"]", "    l = [\"a\", \"b\"]\n");
	assert_body("l=[[1,2],[],{}]", "    l = [[1, 2], [], {}]\n");
	assert_body("l=[{a=1},2,[3 4]]",
		    "    l = [\n        {\n            a = 1\n        },\n        2,\n        [3, 4],\n    ]\n");
}
END_TEST

/* `count` characters of `piece`. */
static char *repeated(const char *piece, size_t count)
{
	struct ct_buf text = CT_BUF_INIT;

	while (count-- > 0)
		ct_buf_puts(&text, piece);
	return ct_buf_detach(&text);
}

static void assert_width(const char *piece, size_t count, bool fits)
{
	ct_autofree char *word = repeated(piece, count);
	ct_autofree char *body = ct_asprintf("list=[1,\"%s\"]", word);
	ct_autofree char *expected = fits ? ct_asprintf("    list = [1, \"%s\"]\n", word)
					  : ct_asprintf("    list = [\n        1,\n        \"%s\",\n    ]\n", word);

	assert_body(body, expected);
}

START_TEST(lists_break_behind_a_hundred_columns)
{
	size_t around = strlen("    list = [1, \"\"]");

	assert_width("x", 100 - around, true);
	assert_width("x", 101 - around, false);
	/* Characters, not bytes. */
	assert_width("\xc3\xa4", 100 - around, true);
	assert_width("\xc3\xa4", 101 - around, false);
	assert_width("x", 60000, false);
}
END_TEST

static void assert_inner_width(size_t count, bool fits)
{
	ct_autofree char *word = repeated("x", count);
	ct_autofree char *body = ct_asprintf("l=[{a=1},[\"%s\"]]", word);
	ct_autofree char *inner = fits ? ct_asprintf("        [\"%s\"],\n", word)
				       : ct_asprintf("        [\n            \"%s\",\n        ],\n", word);
	ct_autofree char *expected = ct_asprintf("    l = [\n        {\n            a = 1\n        },\n%s    ]\n",
						 inner);

	assert_body(body, expected);
}

START_TEST(comma_behind_an_inner_list_counts)
{
	size_t around = strlen("        [\"\"],");

	assert_inner_width(100 - around, true);
	assert_inner_width(101 - around, false);
}
END_TEST

START_TEST(comments_of_their_own_line)
{
	assert_body("\n// a \t\n\n   //b\nport=1\n\n//c\n\n//d",
		    "    // a\n\n    //b\n    port = 1\n\n    //c\n\n    //d\n");
	assert_body("env={\n// a\nA=1\n// b\n}", "    env = {\n        // a\n        A = 1\n        // b\n    }\n");
	assert_body("l=[\n// a\n1 // b\n,2\n// c\n]",
		    "    l = [\n        // a\n        1,  // b\n        2,\n        // c\n    ]\n");
	assert_body("l=[// nothing\n]", "    l = [  // nothing\n    ]\n");
	assert_body("\n// nothing", "    // nothing\n");
}
END_TEST

START_TEST(comments_behind_something)
{
	assert_layout("CONNECT a -> b//x\nCONNECT b -> c\t// y \n", "CONNECT a -> b  //x\nCONNECT b -> c  // y\n");
	assert_layout("COMPONENT a {//x\n\na=1}// y", "COMPONENT a {  //x\n    a = 1\n}  // y\n");
	assert_body("a=1//x\n,//y\nb=2, // z", "    a = 1  //x\n    //y\n    b = 2  // z\n");
	assert_body("a=1\n//own\n,//y\nb=2", "    a = 1\n    //own\n    //y\n    b = 2\n");
	assert_body("l=[1,//x\n2] // y", "    l = [\n        1,  //x\n        2,\n    ]  // y\n");
	assert_body("env={//x\nA=1}//y", "    env = {  //x\n        A = 1\n    }  //y\n");
}
END_TEST

/* In the middle of one line there is no room for them. */
START_TEST(comments_within_a_line_go_above_it)
{
	assert_layout("EXPOSE 1\nCONNECT // a\na // b\n-> // c\nb // d",
		      "EXPOSE 1\n\n// a\n// b\n// c\nCONNECT a -> b  // d\n");
	assert_layout("COMPONENT // a\na // b\n{ // c\n}", "// a\n// b\nCOMPONENT a {  // c\n}\n");
	assert_body("\nx=1\n\nport // a\n= // b\n\n// c\n80",
		    "    x = 1\n\n    // a\n    // b\n    // c\n    port = 80\n");
	assert_body("l = // a\n[1, 2]", "    // a\n    l = [1, 2]\n");
	assert_body("m = // a\n{b=1}", "    // a\n    m = {\n        b = 1\n    }\n");
}
END_TEST

START_TEST(line_ends_and_marks)
{
	assert_layout("\xef\xbb\xbf// a\r\n\r\nCONNECT a -> b // c\r\nCONNECT b -> c\r// d\rCONNECT c -> d\r\r",
		      "// a\n\nCONNECT a -> b  // c\nCONNECT b -> c\n// d\nCONNECT c -> d\n");
}
END_TEST

START_TEST(strings_stay_as_they_are)
{
	assert_body("a=\"\\q \\\" \\\\ \t $${x} // no {[,\" b=\"\xc3\xa4\"",
		    "    a = \"\\q \\\" \\\\ \t $${x} // no {[,\"\n    b = \"\xc3\xa4\"\n");
}
END_TEST

START_TEST(only_the_grammar_counts)
{
	assert_body("imaeg=\"ftp://x\" imaeg=2", "    imaeg = \"ftp://x\"\n    imaeg = 2\n");
	assert_layout("CONNECT a->a", "CONNECT a -> a\n");
	assert_layout("COMPONENT a{}COMPONENT a{}", "COMPONENT a {}\n\nCOMPONENT a {}\n");
}
END_TEST

START_TEST(what_is_no_syntax)
{
	static const char *const texts[] = {
		"COMPONENT",
		"COMPONENT a",
		"COMPONENT a {",
		"COMPONENT \"a\" {}",
		"COMPONENT FROM {}",
		"COMPONENT a FROM {}",
		"COMPONENT a FROM b. {}",
		"COMPONENT a { a }",
		"COMPONENT a { a = }",
		"COMPONENT a { a = b }",
		"COMPONENT a { a : 1 }",
		"COMPONENT a { \"a\" = 1 }",
		"COMPONENT a { , }",
		"COMPONENT a { a = 1,, b = 2 }",
		"COMPONENT a { a = [,] }",
		"COMPONENT a { a = [1,,2] }",
		"COMPONENT a { a = [1 }",
		"COMPONENT a { a = {1 = 2} }",
		"COMPONENT a { a = [[[1]]] }",
		"COMPONENT a { a = 1MB }",
		"COMPONENT a { a = \"x }",
		"COMPONENT a { a = 'x' }",
		"COMPONENT a { CONNECT a -> b }",
		"COMPONENT a {} }",
		"CONNECT a",
		"CONNECT a -> b -> c",
		"CONNECT a -> b, c",
		"CONNECT a -> CONNECT b -> c",
		"CONNECT \"a\" -> b",
		"EXPOSE",
		"EXPOSE a",
		"EXPOSE 80:",
		"EXPOSE 80 FROM",
		"IMPORT a",
		"IMPORT \"a\" AS",
		"IMPORT \"a\" AS env",
		"# no\n",
		"/* no */",
		"CONNECT a -> b // \x01",
		"CONNECT a -> b // \xff",
		"connect a -> b",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct source source;
		ct_autobuf report = CT_BUF_INIT;

		assert_no_syntax(texts[i]);
		/* The parser agrees, so there is something to tell. */
		source_from_text(&source, "f.ctst", "/project", texts[i], strlen(texts[i]));
		ck_assert_msg(problems_describe(&source, false, &report) > 0, "%s", texts[i]);
		source_release(&source);
	}
}
END_TEST

/* The parser keeps the first fifty problems of a file; here they are all about names. */
START_TEST(there_is_always_a_reason)
{
	ct_autofree char *twice = repeated("COMPONENT a {}\n", 60);
	ct_autofree char *text = ct_asprintf("%s CONNECT", twice);
	ct_autobuf report = CT_BUF_INIT;
	struct source source;

	assert_no_syntax(text);
	source_from_text(&source, "f.ctst", "/project", text, strlen(text));
	ck_assert_uint_eq(problems_describe(&source, false, &report), 50);
	source_release(&source);
}
END_TEST

START_TEST(nul_is_no_syntax)
{
	ct_autobuf out = CT_BUF_INIT;

	ck_assert_int_eq(format_bytes("CONNECT a -> b\0", 15, &out), FORMAT_NO_SYNTAX);
}
END_TEST

START_TEST(secrets_are_not_in_the_report)
{
	static const char text[] = "COMPONENT a { image = \"preset://busybox\" env = { TOKEN = \"hunter2\" } = }";
	struct source source;
	ct_autobuf report = CT_BUF_INIT;

	source_from_text(&source, "f.ctst", "/project", text, strlen(text));
	ck_assert_uint_eq(problems_describe(&source, false, &report), 1);
	ck_assert(strstr(report.data, "TOKEN"));
	ck_assert(!strstr(report.data, "hunter2"));
	source_release(&source);
}
END_TEST

static bool say_the_same(const char *first, const char *second)
{
	const struct source a = { .bytes = (char *)first, .length = strlen(first) };
	const struct source b = { .bytes = (char *)second, .length = strlen(second) };
	struct words words_a, words_b;
	bool same;

	ck_assert(words_read(&words_a, &a) && words_read(&words_b, &b));
	same = words_are_the_same(&words_a, &words_b);
	ck_assert_int_eq(words_are_the_same(&words_b, &words_a), same);
	words_release(&words_a);
	words_release(&words_b);
	return same;
}

START_TEST(comparison_notices_everything)
{
	ck_assert(!say_the_same("a=[1,2,] // x", "a = [ 1 2 ]//x"));
	ck_assert(say_the_same("a=[1,2,] // x", "a = [ 1 2 ] // x  \n"));
	ck_assert(!say_the_same("a", "b"));
	ck_assert(!say_the_same("a b", "ab"));
	ck_assert(!say_the_same("a b", "a"));
	ck_assert(!say_the_same("a = \"1\"", "a = 1"));
	ck_assert(!say_the_same("\"\\q\"", "\"\\\\q\""));
	ck_assert(!say_the_same("007", "7"));
	ck_assert(!say_the_same("a // x", "a"));
	ck_assert(!say_the_same("a // x", "a // xy"));
	ck_assert(!say_the_same("a // x\n// y", "a // y\n// x"));
}
END_TEST

START_TEST(too_large_a_result)
{
	ct_autofree char *items = repeated("1 ", SOURCE_MAX_BYTES / 4);
	ct_autofree char *text = ct_asprintf("COMPONENT a{a=[%s]}", items);
	ct_autobuf out = CT_BUF_INIT;

	ck_assert_int_eq(format_bytes(text, strlen(text), &out), FORMAT_TOO_LARGE);
}
END_TEST

/* An editor has saved the file since it was read: that must not be lost. */
START_TEST(what_changed_meanwhile_is_left_alone)
{
	char path[] = "/tmp/ctst-unit-fmt.XXXXXX";
	ct_autoclose int fd = mkstemp(path);
	struct ct_buf text = { .data = (char *)"CONNECT a -> b\n", .length = 15 };
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf now = CT_BUF_INIT;
	struct source source;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ct_write_all(fd, "CONNECT a->c", 12), 0);
	source_from_text(&source, "f.ctst", "/project", "CONNECT a->b", 12);
	ck_assert_int_eq(rewrite_file(path, &source, &text, &err), -1);
	ck_assert(strstr(err.message, "was changed while"));
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(ct_read_all(fd, 100, &now), 0);
	ck_assert_str_eq(now.data, "CONNECT a->c");
	source_release(&source);
	unlink(path);
}
END_TEST

static Suite *fmt_suite(void)
{
	Suite *suite = suite_create("fmt");
	TCase *layout = tcase_create("layout");
	TCase *comments = tcase_create("comments");
	TCase *meaning = tcase_create("meaning");

	tcase_add_test(layout, nothing_stays_nothing);
	tcase_add_test(layout, statements);
	tcase_add_test(layout, empty_lines_between_statements);
	tcase_add_test(layout, properties);
	tcase_add_test(layout, maps);
	tcase_add_test(layout, lists);
	tcase_add_test(layout, lists_break_behind_a_hundred_columns);
	tcase_add_test(layout, comma_behind_an_inner_list_counts);
	tcase_add_test(layout, line_ends_and_marks);
	tcase_add_test(comments, comments_of_their_own_line);
	tcase_add_test(comments, comments_behind_something);
	tcase_add_test(comments, comments_within_a_line_go_above_it);
	tcase_add_test(meaning, strings_stay_as_they_are);
	tcase_add_test(meaning, only_the_grammar_counts);
	tcase_add_test(meaning, what_is_no_syntax);
	tcase_add_test(meaning, there_is_always_a_reason);
	tcase_add_test(meaning, nul_is_no_syntax);
	tcase_add_test(meaning, secrets_are_not_in_the_report);
	tcase_add_test(meaning, comparison_notices_everything);
	tcase_add_test(meaning, too_large_a_result);
	tcase_add_test(meaning, what_changed_meanwhile_is_left_alone);
	suite_add_tcase(suite, layout);
	suite_add_tcase(suite, comments);
	suite_add_tcase(suite, meaning);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(fmt_suite());
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
