/* ctst-image-fetch: what it makes of URLs and of a server's header lines, and how long it waits. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-image/challenge.h"
#include "ctst-image/credentials.h"
#include "ctst-image/fetch_delay.h"
#include "ctst-image/fetch_response.h"
#include "ctst-image/fetch_url.h"
#include "ctst-image/registry_reference.h"

/* ---- URLs ---- */

static const struct {
	const char *url;
	bool with, without; /* accepted with and without --insecure-loopback */
	bool plain;
} urls[] = {
	{ "https://example.org/a.tar?x=1#y", true, true, false },
	{ "HTTPS://example.org", true, true, false },
	{ "https://[2001:db8::1]:8443/", true, true, false },
	{ "http://127.0.0.1:5000/", true, false, true },
	{ "http://127.255.0.1/", true, false, true },
	{ "http://127.1/", true, false, true },
	{ "http://0x7f000001/", true, false, true },
	{ "http://[::1]/", true, false, true },
	{ "http://localhost/", true, false, true },
	{ "http://localhost.example.org/", false, false, true },
	{ "http://127.0.0.1.example.org/", false, false, true },
	{ "http://127.0.0.1@example.org/", false, false, false },
	{ "http://128.0.0.1/", false, false, true },
	{ "http://example.org/", false, false, true },
	{ "http://[::2]/", false, false, true },
	{ "https://me@example.org/", false, false, false },
	{ "https://me:secret@example.org/", false, false, false },
	{ "file:///etc/passwd", false, false, false },
	{ "gopher://127.0.0.1/", false, false, false },
	{ "example.org/x", false, false, false },
	{ "https://", false, false, false },
	{ "https://exam ple.org/", false, false, false },
	{ "https://example.org/\r\nHost: x", false, false, false },
	{ "", false, false, false },
};

START_TEST(url_rules)
{
	struct ct_err err = CT_ERR_INIT;
	bool plain;

	ck_assert_int_eq(fetch_url_check(urls[_i].url, true, "I006", &plain, &err), urls[_i].with ? 0 : -1);
	if (urls[_i].with)
		ck_assert_int_eq(plain, urls[_i].plain);
	else
		ck_assert_str_eq(err.code, "I006");
	ck_assert_int_eq(fetch_url_check(urls[_i].url, false, "I006", &plain, &err), urls[_i].without ? 0 : -1);
}
END_TEST

START_TEST(url_length)
{
	ct_autobuf url = CT_BUF_INIT;
	struct ct_err err = CT_ERR_INIT;
	bool plain;

	ct_buf_puts(&url, "https://example.org/");
	while (url.length < FETCH_URL_LONGEST)
		ct_buf_putc(&url, 'a');
	ck_assert_int_eq(fetch_url_check(url.data, false, "I006", &plain, &err), 0);
	ct_buf_putc(&url, 'a');
	ck_assert_int_eq(fetch_url_check(url.data, false, "I006", &plain, &err), -1);
}
END_TEST

START_TEST(url_shown)
{
	char shown[FETCH_URL_SHOWN_SIZE];
	ct_autobuf url = CT_BUF_INIT;

	fetch_url_show("https://example.org/a.tar", shown);
	ck_assert_str_eq(shown, "https://example.org/a.tar");
	fetch_url_show("https://example.org/a?token=secret", shown);
	ck_assert_str_eq(shown, "https://example.org/a...");
	fetch_url_show("https://example.org/a\033[31m\n#x", shown);
	ck_assert_str_eq(shown, "https://example.org/a?[31m...");
	for (int i = 0; i < 400; i++)
		ct_buf_puts(&url, "\xc3\xa9");
	fetch_url_show(url.data, shown);
	ck_assert_uint_eq(strlen(shown), FETCH_URL_SHOWN + 3);
}
END_TEST

/* ---- header lines ---- */

static void take(struct fetch_response *response, const char *const *lines)
{
	fetch_response_start(response);
	for (; *lines; lines++)
		ck_assert_int_eq(fetch_response_header(response, *lines, strlen(*lines)), 0);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(response_status)
{
	struct fetch_response response;

	take(&response, LINES("HTTP/1.1 404 Not\x1b Found\r\n"));
	ck_assert_int_eq(response.status, 404);
	ck_assert_str_eq(response.status_line, "HTTP/1.1 404 Not? Found");
	ck_assert(!fetch_response_is_transient(&response));
	take(&response, LINES("HTTP/1.1 100 Continue\r\n", "ETag: \"old\"\r\n", "\r\n", "HTTP/1.1 200\r\n"));
	ck_assert_int_eq(response.status, 200);
	ck_assert_str_eq(response.etag, "");
	take(&response, LINES("HTTP/1.1 99999999999999999999 x\r\n"));
	ck_assert_int_le(response.status, 999);
	take(&response, LINES("HTTP/1.1"));
	ck_assert_int_eq(response.status, 0);
	take(&response, LINES("HTTP/"));
	ck_assert_int_eq(response.status, 0);
}
END_TEST

START_TEST(response_kinds)
{
	static const long transient[] = { 408, 429, 500, 502, 503, 504 }, redirects[] = { 301, 302, 303, 307, 308 };
	struct fetch_response response = { .status = 0 };

	for (response.status = 200; response.status < 600; response.status++) {
		bool is_transient = response.status >= 500, is_redirect = false;

		for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++)
			is_transient = is_transient || transient[i] == response.status;
		for (size_t i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++)
			is_redirect = is_redirect || redirects[i] == response.status;
		ck_assert_int_eq(fetch_response_is_transient(&response), is_transient);
		ck_assert_int_eq(fetch_response_is_redirect(&response), is_redirect);
	}
}
END_TEST

static const struct {
	const char *line, *etag;
} etags[] = {
	{ "ETag: \"abc\"\r\n", "\"abc\"" },
	{ "etag:\"\"", "\"\"" },
	{ "ETAG:   \"a/b+c=\"   \r\n", "\"a/b+c=\"" },
	{ "ETag: W/\"abc\"\r\n", "" },
	{ "ETag: abc\r\n", "" },
	{ "ETag: \"\r\n", "" },
	{ "ETag: \"a\"b\"\r\n", "" },
	{ "ETag: \"a b\"\r\n", "" },
	{ "ETag: \"a\x01\"\r\n", "" },
	{ "ETag: \"\xc3\xa9\"\r\n", "" },
	{ "ETag:", "" },
	{ "ETag", "" },
	{ "X-ETag: \"abc\"\r\n", "" },
};

START_TEST(response_etag)
{
	struct fetch_response response;

	take(&response, LINES("HTTP/1.1 200 OK", etags[_i].line));
	ck_assert_str_eq(response.etag, etags[_i].etag);
}
END_TEST

START_TEST(response_long_etag)
{
	struct fetch_response response;
	ct_autobuf line = CT_BUF_INIT;

	ct_buf_puts(&line, "ETag: \"");
	while (line.length < 6 + sizeof(response.etag) - 2)
		ct_buf_putc(&line, 'a');
	ct_buf_putc(&line, '"');
	fetch_response_start(&response);
	fetch_response_header(&response, line.data, line.length);
	ck_assert_uint_eq(strlen(response.etag), sizeof(response.etag) - 1);
	line.data[line.length - 1] = 'a';
	ct_buf_putc(&line, '"');
	fetch_response_header(&response, line.data, line.length);
	ck_assert_str_eq(response.etag, "");
}
END_TEST

static const struct {
	const char *value;
	int64_t start, total;
} ranges[] = {
	{ "bytes 100-199/200", 100, 200 },
	{ "Bytes 0-0/1", 0, 1 },
	{ "bytes 100-199/*", 100, -1 },
	{ "bytes 100-199/199", -1, -1 },
	{ "bytes 199-100/200", -1, -1 },
	{ "bytes */200", -1, -1 },
	{ "bytes 100-199", -1, -1 },
	{ "bytes 100-199/200x", -1, -1 },
	{ "bytes 100-199/*x", -1, -1 },
	{ "bytes -1-199/200", -1, -1 },
	{ "items 100-199/200", -1, -1 },
	{ "bytes 1000000000000000000-1000000000000000001/2", -1, -1 },
	{ "bytes 999999999999999997-999999999999999998/999999999999999999", 999999999999999997, 999999999999999999 },
	{ "", -1, -1 },
};

START_TEST(response_range)
{
	ct_autofree char *line = ct_asprintf("Content-Range: %s\r\n", ranges[_i].value);
	struct fetch_response response;

	take(&response, LINES("HTTP/1.1 206 Partial Content", line));
	ck_assert_int_eq(response.range_start, ranges[_i].start);
	ck_assert_int_eq(response.range_total, ranges[_i].total);
}
END_TEST

START_TEST(response_flags)
{
	struct fetch_response response;

	take(&response, LINES("HTTP/1.1 200 OK", "Accept-Ranges: None", "Transfer-Encoding: gzip, chunked\r\n"));
	ck_assert(response.no_ranges && response.chunked);
	take(&response, LINES("HTTP/1.1 200 OK", "Accept-Ranges: bytes", "Transfer-Encoding: chunked, gzip\r\n"));
	ck_assert(!response.no_ranges && !response.chunked);
}
END_TEST

START_TEST(response_header_bytes)
{
	struct fetch_response response;
	const char *line = "X: y\r\n", *status = "HTTP/1.1 103 Early Hints\r\n";
	size_t sent = 0;

	fetch_response_start(&response);
	for (size_t i = 0; sent <= FETCH_HEADERS_LARGEST; i++) {
		const char *next = i % 2 ? line : status;

		sent += strlen(next);
		ck_assert_int_eq(fetch_response_header(&response, next, strlen(next)),
				 sent > FETCH_HEADERS_LARGEST ? -1 : 0);
	}
}
END_TEST

static const struct {
	const char *text, *shown;
} texts[] = {
	{ "plain", "plain" },
	{ "  a \t\r\n b\n", "a b" },
	{ "\033]0;x\007", "?]0;x?" },
	{ "\x7f\x80\xff", "???" },
	{ "\xc2\x9b", "?" },                /* CSI as one character of Latin-1 */
	{ "a\xe2\x80\xae-", "a?-" },        /* right-to-left override */
	{ "a\xe2\x81\xa6-", "a?-" },        /* and its isolate */
	{ "a\xe2\x80\x8b\xc2\xad", "a??" }, /* zero width space, soft hyphen */
	{ "\xf3\xa0\x81\x81", "?" },        /* a tag character */
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "", "" },
};

START_TEST(text_shown)
{
	char shown[64];

	fetch_show_text(texts[_i].text, strlen(texts[_i].text), shown, sizeof(shown));
	ck_assert_str_eq(shown, texts[_i].shown);
}
END_TEST

START_TEST(text_cut)
{
	char shown[4];

	fetch_show_text("abcdef", 6, shown, sizeof(shown));
	ck_assert_str_eq(shown, "abc");
	fetch_show_text("ab\xc3\xbc", 4, shown, sizeof(shown));
	ck_assert_str_eq(shown, "ab");
	fetch_show_text("a\0b", 3, shown, sizeof(shown));
	ck_assert_str_eq(shown, "a?b");
	fetch_show_text("abc", 3, shown, 1);
	ck_assert_str_eq(shown, "");
}
END_TEST

/* ---- delays ---- */

START_TEST(delay_grows)
{
	for (uint32_t random = 0; random < 2000; random += 77) {
		for (int failures = 1; failures < 7; failures++) {
			int64_t delay = fetch_delay(1000, failures, 0, random);

			ck_assert_int_ge(delay, 500 << (failures - 1));
			ck_assert_int_le(delay, 1000 << (failures - 1));
		}
	}
	ck_assert_int_ne(fetch_delay(1000, 1, 0, 1), fetch_delay(1000, 1, 0, 2));
}
END_TEST

START_TEST(delay_limits)
{
	ck_assert_int_le(fetch_delay(1000, 100, 0, UINT32_MAX), FETCH_DELAY_LONGEST);
	ck_assert_int_ge(fetch_delay(1000, 100, 0, 0), FETCH_DELAY_LONGEST / 2);
	ck_assert_int_eq(fetch_delay(0, 100, 0, UINT32_MAX), 0);
	ck_assert_int_eq(fetch_delay(10, 1, 7, 3), 7000);
	ck_assert_int_ge(fetch_delay(60000, 1, 7, 3), 30000);
	ck_assert_int_eq(fetch_delay(10, 1, 60, 3), 60000);
	ck_assert_int_eq(fetch_delay(10, 1, 61, 3), -1);
	ck_assert_int_eq(fetch_delay(10, 1, INT64_MAX, 3), -1);
}
END_TEST

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text, *name, *digest; /* name NULL: refused */
} references[] = {
	{ "nginx", "docker.io/library/nginx:latest", "" },
	{ "nginx:1.27", "docker.io/library/nginx:1.27", "" },
	{ "owner/name", "docker.io/owner/name:latest", "" },
	{ "docker.io/nginx", "docker.io/library/nginx:latest", "" },
	{ "index.docker.io/nginx", "docker.io/library/nginx:latest", "" },
	{ "ghcr.io/a/b/c:T_1.x-y", "ghcr.io/a/b/c:T_1.x-y", "" },
	{ "localhost/a", "localhost/a:latest", "" },
	{ "localhost:5000/a:1", "localhost:5000/a:1", "" },
	{ "[::1]:5000/a", "[::1]:5000/a:latest", "" },
	{ "oci://nodots/a", "nodots/a:latest", "" },
	{ "a@" DIGEST, "docker.io/library/a", DIGEST },
	{ "a.b/c:1@" DIGEST, "a.b/c:1", DIGEST },
	{ "", NULL, "" },
	{ "Nginx", NULL, "" },
	{ "a:", NULL, "" },
	{ "a:-x", NULL, "" },
	{ "a@sha256:12", NULL, "" },
	{ "a@", NULL, "" },
	{ "a//b", NULL, "" },
	{ "a.b/../c", NULL, "" },
	{ "a.b/c/", NULL, "" },
	{ "a.b/c?d", NULL, "" },
	{ "a.b/c%2e", NULL, "" },
	{ "a.b@c/d", NULL, "" },
	{ "user:secret@a.b/d", NULL, "" },
	{ "a.b:port/c", NULL, "" },
	{ "a.b:123456/c", NULL, "" },
	{ "[::1/c", NULL, "" },
	{ "[]/c", NULL, "" },
	{ "-a.b/c", NULL, "" },
	{ "https://a.b/c", NULL, "" },
	{ "oci://oci://a.b/c", NULL, "" },
};

START_TEST(reference_forms)
{
	struct ct_err err = CT_ERR_INIT;
	struct reference reference;
	char *name;

	if (!references[_i].name) {
		ck_assert_int_eq(reference_parse(&reference, references[_i].text, "I001", &err), -1);
		ck_assert_str_eq(err.code, "I001");
		return;
	}
	ck_assert_int_eq(reference_parse(&reference, references[_i].text, "I001", &err), 0);
	name = reference_name(&reference);
	ck_assert_str_eq(name, references[_i].name);
	ck_assert_str_eq(reference.digest, references[_i].digest);
	free(name);
}
END_TEST

START_TEST(reference_length)
{
	struct ct_err err = CT_ERR_INIT;
	struct reference reference;
	char text[2000];

	/* No length writes behind a field; sanitizers look. */
	for (size_t length = 1; length < sizeof(text); length++) {
		memset(text, 'a', length);
		text[length] = '\0';
		ck_assert_int_eq(reference_parse(&reference, text, "I001", &err),
				 length <= REFERENCE_LONGEST - 16 ? 0 : -1);
	}
}
END_TEST

static const struct {
	const char *text;
	enum challenge_kind kind;
	const char *realm, *service, *scope;
} challenges[] = {
	{ "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a:pull,push\"", CHALLENGE_BEARER,
	  "https://a/t", "s", "repository:a:pull,push" },
	{ "bearer Realm=https://a/t , SERVICE=s", CHALLENGE_BEARER, "https://a/t", "s", "" },
	{ "Basic realm=\"a \\\"b\\\"\"", CHALLENGE_BASIC, "a \"b\"", "", "" },
	{ "Basic", CHALLENGE_BASIC, "", "", "" },
	{ "Basic realm=x, Bearer realm=\"https://a/t\"", CHALLENGE_BEARER, "https://a/t", "", "" },
	{ "Bearer realm=\"https://a/t\", Basic realm=x", CHALLENGE_BEARER, "https://a/t", "", "" },
	{ "Negotiate abc==, Basic realm=x", CHALLENGE_BASIC, "x", "", "" },
	{ "Bearer", CHALLENGE_NONE, "", "", "" },
	{ "Digest realm=x", CHALLENGE_NONE, "", "", "" },
	{ "", CHALLENGE_NONE, "", "", "" },
	{ ",,, =\"\\", CHALLENGE_NONE, "", "", "" },
	{ "Bearer realm=\"https://a/t", CHALLENGE_BEARER, "https://a/t", "", "" },
};

START_TEST(challenge_forms)
{
	struct challenge challenge;

	challenge_parse(&challenge, challenges[_i].text);
	ck_assert_int_eq(challenge.kind, challenges[_i].kind);
	ck_assert_str_eq(challenge.realm, challenges[_i].realm);
	ck_assert_str_eq(challenge.service, challenges[_i].service);
	ck_assert_str_eq(challenge.scope, challenges[_i].scope);
}
END_TEST

START_TEST(challenge_long)
{
	struct challenge challenge;
	char text[3000] = "Bearer realm=\"";

	memset(text + strlen(text), 'a', sizeof(text) - strlen(text) - 1);
	challenge_parse(&challenge, text);
	ck_assert_int_eq(challenge.kind, CHALLENGE_NONE);
}
END_TEST

START_TEST(origins)
{
	static const struct {
		const char *left, *right;
		bool same;
	} cases[] = {
		{ "https://a.b/x", "https://a.b/y?z", true },  { "https://a.b/x", "https://A.B:443/", true },
		{ "https://a.b/", "http://a.b/", false },      { "https://a.b/", "https://a.b:444/", false },
		{ "https://a.b/", "https://a.b.c/", false },   { "https://a.b/", "https://x@a.b/", true },
		{ "https://a.b/", "https://a.b@c.d/", false }, { "x", "x", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(fetch_url_same_origin(cases[i].left, cases[i].right) == cases[i].same, "%s and %s",
			      cases[i].left, cases[i].right);
}
END_TEST

START_TEST(configuration_keys)
{
	ck_assert(credentials_key_fits("https://index.docker.io/v1/", "docker.io"));
	ck_assert(credentials_key_fits("docker.io", "docker.io"));
	ck_assert(credentials_key_fits("ghcr.io", "ghcr.io"));
	ck_assert(credentials_key_fits("https://ghcr.io/v2/", "ghcr.io"));
	ck_assert(credentials_key_fits("http://h:5000", "h:5000"));
	ck_assert(!credentials_key_fits("h", "h:5000"));
	ck_assert(!credentials_key_fits("h:5000", "h"));
	ck_assert(!credentials_key_fits("ghcr.io.evil", "ghcr.io"));
	ck_assert(!credentials_key_fits("evil/ghcr.io", "ghcr.io"));
	ck_assert(!credentials_key_fits("", "ghcr.io"));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tests = tcase_create("fetch");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, url_rules, 0, COUNT(urls));
	tcase_add_test(tests, url_length);
	tcase_add_test(tests, url_shown);
	tcase_add_test(tests, response_status);
	tcase_add_test(tests, response_kinds);
	tcase_add_loop_test(tests, response_etag, 0, COUNT(etags));
	tcase_add_test(tests, response_long_etag);
	tcase_add_loop_test(tests, response_range, 0, COUNT(ranges));
	tcase_add_test(tests, response_flags);
	tcase_add_test(tests, response_header_bytes);
	tcase_add_loop_test(tests, text_shown, 0, COUNT(texts));
	tcase_add_test(tests, text_cut);
	tcase_add_test(tests, delay_grows);
	tcase_add_test(tests, delay_limits);
	tcase_add_loop_test(tests, reference_forms, 0, COUNT(references));
	tcase_add_test(tests, reference_length);
	tcase_add_loop_test(tests, challenge_forms, 0, COUNT(challenges));
	tcase_add_test(tests, challenge_long);
	tcase_add_test(tests, origins);
	tcase_add_test(tests, configuration_keys);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
