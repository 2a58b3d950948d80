/* The compose converter: variables, .env files, words, quantities, merging, and whole conversions without any file. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctst-parse/convert/convert.h"
#include "ctst-parse/convert/dotenv.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/interpolate.h"
#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/words.h"

/* A conversion of up to two texts, with neither files nor this process's environment. */
struct run {
	struct ct_arena arena;
	struct report report;
	struct ct_buf out, findings;
	struct ct_err err;
	int result;
};

static struct run run;

static void finish_run(void)
{
	report_release(&run.report);
	ct_buf_free(&run.out);
	ct_buf_free(&run.findings);
	ct_arena_release(&run.arena);
	memset(&run, 0, sizeof(run));
}

static void convert_bytes(const char *text, size_t length, const char *override)
{
	const struct convert_source sources[] = {
		{ "a.yaml", "/project/a.yaml", "/project", text, length },
		{ "b.yaml", "/project/b.yaml", "/project", override, override ? strlen(override) : 0 },
	};
	const struct convert_options options = { 0 };
	struct place place;

	finish_run();
	run.report.arena = &run.arena;
	run.result = convert_text(sources, override ? 2 : 1, &options, &run.report, &run.out, &place, &run.err);
	report_write_text(&run.report, false, &run.findings);
	ct_buf_puts(&run.findings, "");
	ct_buf_puts(&run.out, "");
}

static const char *convert(const char *text)
{
	convert_bytes(text, strlen(text), NULL);
	ck_assert_msg(run.result == 0, "%s: %s", run.err.code, run.err.message);
	return run.out.data;
}

/* The code and message of the error. */
static const char *convert_error(const char *text)
{
	static char shown[1200];

	convert_bytes(text, strlen(text), NULL);
	snprintf(shown, sizeof(shown), "%s %s", run.result < 0 ? run.err.code : "fine", run.err.message);
	return shown;
}

#define assert_has(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "no '%s' in:\n%s", (part), (text))
#define assert_lacks(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "'%s' in:\n%s", (part), (text))

/* One service that says this; the text is indented below it. */
static const char *convert_service(const char *lines)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_puts(&text, "services:\n  web:\n    image: nginx\n    ");
	for (; *lines; lines++) {
		ct_buf_putc(&text, *lines);
		if (*lines == '\n')
			ct_buf_puts(&text, "    ");
	}
	ct_buf_putc(&text, '\n');
	return convert(text.data);
}

static struct variables some_variables(void)
{
	struct variables variables = VARIABLES_INIT;

	variables_set(&variables, "FOO", "first");
	variables_set(&variables, "BAR", "");
	return variables;
}

START_TEST(variables_are_put_in)
{
	static const char *const vectors[][2] = {
		{ "plain", "plain" },
		{ "$FOO", "first" },
		{ "${FOO}", "first" },
		{ "$FOO-bar", "first-bar" },
		{ "${FOO}bar", "firstbar" },
		{ "${NONE}", "" },
		{ "${NONE:-d}", "d" },
		{ "${NONE-d}", "d" },
		{ "${BAR:-d}", "d" },
		{ "${BAR-d}", "" },
		{ "${FOO:-d}", "first" },
		{ "${NONE:+p}", "" },
		{ "${FOO:+p}", "p" },
		{ "${BAR:+p}", "" },
		{ "${BAR+p}", "p" },
		{ "${FOO?no}", "first" },
		{ "${BAR?no}", "" },
		{ "${NONE:-${FOO} ${FOO}}x", "first firstx" },
		{ "${NONE:-${BAR:-$FOO}}", "first" },
		{ "${NONE:-$$FOO}", "$FOO" },
		{ "${FOO:-${NONE?not asked for}}", "first" },
		{ "$$FOO $${FOO}", "$FOO ${FOO}" },
		{ "$$$FOO", "$first" },
		{ "a $ b", "a $ b" },
		{ "$", "$" },
		{ "$}", "$}" },
		{ "$1", "$1" },
		{ "${BAR:-/a:-b}", "/a:-b" },
		{ "${NONE:-{\"a\":1}}", "{\"a\":1}" },
	};
	struct variables variables = some_variables();

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct interpolation with = { .variables = &variables };
		ct_autobuf out = CT_BUF_INIT;

		ct_buf_puts(&out, "");
		ck_assert_msg(interpolate(&with, ct_slice_of(vectors[i][0]), &out) == INTERPOLATE_FINE, "%s",
			      vectors[i][0]);
		ck_assert_str_eq(out.data, vectors[i][1]);
		ct_buf_free(&with.message);
	}
	variables_release(&variables);
}
END_TEST

START_TEST(bad_variables_are_refused)
{
	static const char *const malformed[] = { "${",      "${}",     "${ }", "${ FOO}",    "${FOO }",
						 "${FOO!}", "${FOO:}", "${1}", "${FOO:-${}", "${NONE:-${FOO!}}" };
	struct variables variables = some_variables();
	struct interpolation with = { .variables = &variables };
	ct_autobuf out = CT_BUF_INIT, deep = CT_BUF_INIT;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		ck_assert_msg(interpolate(&with, ct_slice_of(malformed[i]), &out) == INTERPOLATE_MALFORMED, "%s",
			      malformed[i]);
	ck_assert_int_eq(interpolate(&with, ct_slice_of("${NONE:?the ${FOO} one}"), &out), INTERPOLATE_REQUIRED);
	ck_assert_str_eq(with.message.data, "required variable NONE is missing a value: the first one");
	ck_assert_int_eq(interpolate(&with, ct_slice_of("${BAR:?}"), &out), INTERPOLATE_REQUIRED);
	ck_assert_str_eq(with.message.data, "required variable BAR is missing a value");
	for (int i = 0; i < 1000; i++)
		ct_buf_puts(&deep, "${NONE:-");
	for (int i = 0; i < 1000; i++)
		ct_buf_puts(&deep, "}");
	ck_assert_int_eq(interpolate(&with, (struct ct_slice){ deep.data, deep.length }, &out), INTERPOLATE_TOO_LARGE);
	ct_buf_free(&with.message);
	variables_release(&variables);
}
END_TEST

/* "NAME=value|NAME=value", a name without a value as it is; or the error. */
static const char *read_dotenv(const char *text, bool raw, const struct variables *outside)
{
	static struct ct_buf shown;
	struct variables variables = VARIABLES_INIT;
	struct ct_arena arena = CT_ARENA_INIT;
	struct ct_err err = CT_ERR_INIT;

	ct_buf_clear(&shown);
	ct_buf_puts(&shown, "");
	if (dotenv_read(text, strlen(text), outside, raw, true, &arena, &variables, &err) < 0)
		ct_buf_printf(&shown, "%s %s", err.code, err.message);
	for (size_t i = 0; shown.data[0] != 'E' && i < variables.count; i++)
		ct_buf_printf(&shown, "%s%s%s%s", i ? "|" : "", variables.items[i].name,
			      variables.items[i].value ? "=" : "",
			      variables.items[i].value ? variables.items[i].value : "");
	variables_release(&variables);
	ct_arena_release(&arena);
	return shown.data;
}

START_TEST(dotenv_files_are_read)
{
	static const char *const vectors[][2] = {
		{ "A=1\nB=2\n", "A=1|B=2" },
		{ "A =1\nB= 2\n C = 3\t\n", "A=1|B=2|C=3" },
		{ "A: 1\nB: x=y\nC=1:B", "A=1|B=x=y|C=1:B" },
		{ "export A=1\n\texport\tB='2'\nexportC=3\nexport.D=4", "A=1|B=2|exportC=3|export.D=4" },
		{ "# c\n\n  # d\nA=1 # e\nB=1#f\nC=#g\nD= #h", "A=1|B=1#f|C=#g|D=#h" },
		{ "A='x # y' # z\nB=\"x # y\"# z", "A=x # y|B=x # y" },
		{ "A=\"a\\tb\\n\\\\ \\\"q\\\" \\x07 \\0123\"", "A=a\tb\n\\ \"q\" \\x07 S" },
		{ "A='a\\tb' \nB=a\\tb\nC='Let\\'s'", "A=a\\tb|B=a\\tb|C=Let's" },
		{ "A='one\ntwo'\nB=x", "A=one\ntwo|B=x" },
		{ "A=t\nB=$A ${A}x ${C:-d}", "A=t|B=t tx d" },
		{ "A=t\nB=\"$A \\$A \\${A}\"\nC='$A'", "A=t|B=t $A ${A}|C=$A" },
		{ "A.b-c=1\n456 = x\nA[0]=y", "A.b-c=1|456=x|A[0]=y" },
		{ "A=\nB=''\nC=\"\"", "A=|B=|C=" },
		{ "A=1\r\nB=\"2\"\r\n", "A=1|B=2" },
		{ "\xef\xbb\xbf"
		  "A=1",
		  "A=1" },
		{ "A=1\nA=2", "A=2" },
		{ "OUT=inside\nX=$OUT", "OUT=inside|X=outside" },
		{ "OUT\nNONE\nA=1", "OUT=outside|NONE|A=1" },
		{ "OUT", "OUT=outside" },
		{ "=x", "=x" },
		{ "", "" },
	};
	struct variables outside = VARIABLES_INIT;

	variables_set(&outside, "OUT", "outside");
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ck_assert_str_eq(read_dotenv(vectors[i][0], false, &outside), vectors[i][1]);
	ck_assert_str_eq(read_dotenv("A='x' # $B\r\nB=\"$A\"", true, NULL), "A='x' # $B|B=\"$A\"");
	variables_release(&outside);
}
END_TEST

START_TEST(bad_dotenv_files_are_refused)
{
	ck_assert_str_eq(read_dotenv("A=1\nB=\"x", false, NULL), "E001 line 2: unterminated quoted value");
	ck_assert_str_eq(read_dotenv("A='x\n\n\nB=1", false, NULL), "E001 line 1: unterminated quoted value");
	ck_assert_str_eq(read_dotenv("A=\"x\\\"", false, NULL), "E001 line 1: unterminated quoted value");
	ck_assert_str_eq(read_dotenv("A B=1", false, NULL), "E001 line 1: there is a space in the name");
	ck_assert_str_eq(read_dotenv("INVALID LINE\nA=1", false, NULL), "E001 line 1: there is a space in the name");
	assert_has(read_dotenv("lol$wut", false, NULL), "E001 line 1: a name has letters");
	assert_has(read_dotenv("A=${}", false, NULL), "E017 line 1: malformed variable");
	ck_assert_str_eq(read_dotenv("A=${B?no}", false, NULL),
			 "E017 line 1: required variable B is missing a value: no");
	assert_has(read_dotenv("A=\xff", false, NULL), "E001 line 1: not text");
}
END_TEST

static const char *split(const char *text)
{
	static struct ct_buf shown;
	struct ct_arena arena = CT_ARENA_INIT;
	struct words words;
	const char *problem = words_split(&arena, text, &words);

	ct_buf_clear(&shown);
	ct_buf_puts(&shown, problem ? problem : "");
	for (size_t i = 0; !problem && i < words.count; i++)
		ct_buf_printf(&shown, "<%s>", words.items[i]);
	if (!problem && words.rest)
		ct_buf_printf(&shown, " %s", words.rest);
	ct_arena_release(&arena);
	return shown.data;
}

START_TEST(commands_are_split_like_a_shell_does)
{
	static const char *const vectors[][2] = {
		{ "a b  c", "<a><b><c>" },
		{ " a\tb\n", "<a><b>" },
		{ "", "" },
		{ "sh -c \"a 'b' && c\"", "<sh><-c><a 'b' && c>" },
		{ "'a \"b\"'c\\ d", "<a \"b\"c d>" },
		{ "\"a\\\"b\" '\\n' \\n", "<a\"b><\\n><\n>" },
		{ "a\\tb \"c\\nd\" \\x", "<a\tb><c\nd><x>" },
		{ "a 12>x", "<a> >x" },
		{ "a b2>x", "<a><b2> >x" },
		{ "'' \"\"", "<><>" },
		{ "a;b", "<a> ;b" },
		{ "a 2>&1", "<a> >&1" },
		{ "a b && c", "<a><b> && c" },
		{ "$(a b) `c d`", "<$(a b)><`c d`>" },
		{ "a 'b", "a quote is not closed" },
		{ "a \\", "a quote is not closed" },
		{ "(a)", "a '(' outside quotes" },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ck_assert_str_eq(split(vectors[i][0]), vectors[i][1]);
}
END_TEST

START_TEST(sizes_have_powers_of_1024)
{
	static const struct {
		const char *text, *written;
	} vectors[] = {
		{ "512m", "512MiB" },  { "1.5G", "1536MiB" }, { "64kb", "64KiB" }, { "1gb", "1GiB" },
		{ "1048576", "1MiB" }, { "1000", "1000" },    { "2GiB", "2GiB" },  { "10 MB", "10MiB" },
		{ "100b", "100" },     { "1t", "1024GiB" },   { "0", "0" },
	};
	static const char *const malformed[] = { "", "m", "-1m", "1x", "1mm", "1.2.3m", "99999999999999999999p" };
	int64_t bytes;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		ct_autobuf out = CT_BUF_INIT;

		ck_assert_msg(memory_size(vectors[i].text, &bytes), "%s", vectors[i].text);
		append_memory(&out, bytes);
		ck_assert_str_eq(out.data, vectors[i].written);
	}
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		ck_assert_msg(!memory_size(malformed[i], &bytes), "%s", malformed[i]);
}
END_TEST

START_TEST(durations_and_cores_are_read)
{
	static const struct {
		const char *text, *written;
	} times[] = {
		{ "30s", "30s" },	{ "90s", "1m30s" }, { "1m30s", "1m30s" }, { "1.5h", "1h30m" }, { "500ms", "500ms" },
		{ "10us", "1ms" },	{ "1d", "24h" },    { "0s", "0s" },	  { "1h2m3s4ms", "1h2m3s4ms" },
	},
	  cores[] = { { "0.5", "0.5" }, { "2", "2.0" }, { "1.25", "1.25" }, { "0.3333", "0.334" }, { ".5", "0.5" } };
	int64_t number;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		ct_autobuf out = CT_BUF_INIT;

		ck_assert_msg(duration_number(times[i].text, &number), "%s", times[i].text);
		append_duration(&out, number);
		ck_assert_str_eq(out.data, times[i].written);
	}
	ck_assert(!duration_number("30", &number) && !duration_number("", &number) && !duration_number("s", &number) &&
		  !duration_number("1y", &number) && !duration_number("-1s", &number));
	for (size_t i = 0; i < sizeof(cores) / sizeof(cores[0]); i++) {
		ct_autobuf out = CT_BUF_INIT;

		ck_assert_msg(cores_number(cores[i].text, &number), "%s", cores[i].text);
		append_cores(&out, number);
		ck_assert_str_eq(out.data, cores[i].written);
	}
	ck_assert(!cores_number("", &number) && !cores_number("x", &number) && !cores_number("1.2.3", &number));
}
END_TEST

START_TEST(plain_numbers_are_text_as_compose_writes_it)
{
	static const char *const vectors[][2] = {
		{ "1", "1" },         { "True", "true" },
		{ "0x10", "16" },     { "010", "8" },
		{ "0o17", "15" },     { "1_000", "1000" },
		{ "1.10", "1.1" },    { "1.0", "1" },
		{ "1e3", "1000" },    { "-5", "-5" },
		{ "0.1", "0.1" },     { "yes", "yes" },
		{ "1.2.3", "1.2.3" }, { "08", "8" },
		{ "00", "0" },        { "12345678901234567890", "12345678901234567890" },
	};
	struct ct_arena arena = CT_ARENA_INIT;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ck_assert_str_eq(plain_value(&arena, vectors[i][0]), vectors[i][1]);
	ct_arena_release(&arena);
}
END_TEST

START_TEST(paths_are_taken_together)
{
	struct ct_arena arena = CT_ARENA_INIT;

	ck_assert_str_eq(path_absolute(&arena, "/a/b", "./c"), "/a/b/c");
	ck_assert_str_eq(path_absolute(&arena, "/a/b", "../c//d/"), "/a/c/d");
	ck_assert_str_eq(path_absolute(&arena, "/a/b", "../../../c"), "/c");
	ck_assert_str_eq(path_absolute(&arena, "/a/b", "/x/./y"), "/x/y");
	ck_assert_str_eq(path_absolute(&arena, "/", ".."), "/");
	ck_assert_str_eq(path_seen_from(&arena, "/a/b", "/a/b/c"), "./c");
	ck_assert_str_eq(path_seen_from(&arena, "/a/b", "/a/bc"), "/a/bc");
	ck_assert_str_eq(path_seen_from(&arena, "/a/b", "/a/b"), ".");
	ck_assert_str_eq(path_seen_from(&arena, "/", "/a"), "./a");
	ct_arena_release(&arena);
}
END_TEST

START_TEST(service_becomes_component)
{
	ck_assert_str_eq(
		convert("services:\n"
			"  web:\n"
			"    image: nginx:1.27\n"
			"    ports: ['8080:80', 443]\n"
			"    environment: {A: 1, B: 'two words', 'c.d': x}\n"
			"    command: nginx -g 'daemon off;'\n"
			"    depends_on: [db]\n"
			"    restart: unless-stopped\n"
			"    read_only: true\n"
			"  db:\n"
			"    image: postgres\n"),
		"// Converted from a.yaml by ctst convert.\n"
		"\n"
		"COMPONENT web {\n"
		"    // skopeo copy docker://docker.io/library/nginx:1.27 docker-archive:images/nginx-1.27.tar\n"
		"    image = \"tar://./images/nginx-1.27.tar\"\n"
		"    ports = [80, 443]\n"
		"    env = {\n"
		"        A = \"1\"\n"
		"        B = \"two words\"\n"
		"        \"c.d\" = \"x\"\n"
		"    }\n"
		"    command = [\"nginx\", \"-g\", \"daemon off;\"]\n"
		"    restart = \"always\"\n"
		"}\n"
		"\n"
		"COMPONENT db {\n"
		"    // skopeo copy docker://docker.io/library/postgres:latest "
		"docker-archive:images/postgres-latest.tar\n"
		"    image = \"tar://./images/postgres-latest.tar\"\n"
		"    readonly = false\n"
		"}\n"
		"\n"
		"CONNECT web -> db\n"
		"\n"
		"EXPOSE 8080:80\n");
	assert_has(run.findings.data,
		   "a.yaml:4:24: service 'web': 'ports' entry '443' is left out: it is not published");
	assert_has(run.findings.data, "\n1 key was left out\n");
}
END_TEST

START_TEST(nothing_is_dropped_in_silence)
{
	static const char *const keys[] = { "annotations: {a: b}",
					    "devices: ['/dev/fuse']",
					    "dns: 1.1.1.1",
					    "extra_hosts: ['a:1.2.3.4']",
					    "labels: [a]",
					    "privileged: true",
					    "pids_limit: many",
					    "shm_size: 1g",
					    "sysctls: {a: 1}",
					    "tty: true",
					    "ulimits: {nofile: 5}",
					    "volumes_from: [a]",
					    "userns_mode: host",
					    "wrong_key: 1",
					    "imgae: x",
					    "stop_signal: SIGINT",
					    "deploy: {mode: global}",
					    "tmpfs: /var/x" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		convert_service(keys[i]);
		ck_assert_msg(run.report.losses == 1, "%s: %s", keys[i], run.findings.data);
		assert_has(run.findings.data, "service 'web': '");
	}
	convert_service("imgae: x");
	assert_has(run.findings.data,
		   "a.yaml:4:5: service 'web': 'imgae' is left out: compose has no such key; did you mean "
		   "'image'?\n");
	convert("services: {}\nnetwrks: {}\n");
	assert_has(run.findings.data, "a.yaml:2:1: 'netwrks' is left out: compose has no such key at the top level\n");
}
END_TEST

START_TEST(values_of_the_wrong_kind_are_named)
{
	static const char *const keys[] = { "cap_add: KILL",
					    "networks: a",
					    "tmpfs: {a: b}",
					    "healthcheck: x",
					    "deploy: 5",
					    "links: db",
					    "ports: '1:1'",
					    "command: {}",
					    "attach: false",
					    "init: false",
					    "user: [a]",
					    "environment: a",
					    "volumes: a",
					    "secrets: x",
					    "depends_on: db",
					    "read_only: []",
					    "profiles: {}",
					    "security_opt: x",
					    "read_only: maybe",
					    "ports: [{target: 1, published: 1, app_protocol: http}]",
					    "volumes: [{type: volume, source: a, target: /b, consistency: cached}]" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		convert_service(keys[i]);
		ck_assert_msg(run.report.losses == 1, "%s: %s", keys[i], run.findings.data);
	}
	assert_has((convert_service("user: [a]"), run.findings.data), "'user' is left out: expected text\n");
	convert("web: {image: x}\nservices: {}\nvolumes: {a: b}\n");
	assert_has(run.findings.data,
		   "'web' is left out: compose has no such key at the top level; services stand below 'services:'");
	assert_has(run.findings.data, "'volumes' entry 'a' is left out: expected a map");
}
END_TEST

START_TEST(what_is_met_anyway_needs_no_word)
{
	convert_service(
		"cap_drop: [ALL]\nsecurity_opt: ['no-new-privileges:true']\ninit: true\nx-mine: 1\nprivileged: false\n"
		"tty: false\ntmpfs: [/tmp, /run/lock]\nstop_signal: SIGTERM\nstop_grace_period: 10s\n"
		"container_name: web\nhostname: web\nnetwork_mode: bridge\nlabels: {}\nnetworks: [default]");
	ck_assert_msg(run.report.count == 0, "%s", run.findings.data);
	convert("version: '3'\nx-a: {b: c}\nservices: {}\nvolumes: {a: }\nnetworks: {b: {driver: bridge}}\n");
	ck_assert_msg(run.report.count == 0, "%s", run.findings.data);
}
END_TEST

START_TEST(refused_values_become_comments)
{
	assert_has(convert_service(
			   "volumes: ['/nowhere/at/all:/x', './y:/y']\nuser: 'a b'\ncap_add: [NET_ADMIN, WRONG]"),
		   "    // left out: volumes \"/nowhere/at/all:/x\"\n    volumes = [\"./y:/y\"]\n");
	assert_has(run.out.data, "    // left out: user \"a b\"\n");
	assert_has(run.out.data, "    capabilities = [\"NET_ADMIN\"]\n");
	assert_has(run.findings.data, "service 'web': 'user' entry 'a b' is left out: malformed user 'a b'");
	ck_assert_uint_eq(run.report.losses, 3);
	convert("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n");
	assert_has(run.findings.data, "components depend on each other: a -> b -> a");
	assert_has(run.out.data, "CONNECT a -> b\n// left out: CONNECT b -> a\n");
	convert_service("mem_limit: 100k\nports: ['localhost:80:80', 'x:1']");
	assert_has(run.findings.data, "the smallest limit is 512KiB");
	assert_has(run.findings.data, "the address is not an IP address");
	ck_assert_uint_eq(run.report.losses, 3);
	convert("services: {a: {command: x}}");
	assert_has(run.out.data, "// left out: COMPONENT a\n");
}
END_TEST

START_TEST(secrets_stay_out_of_the_file)
{
	const char *text = convert(
		"services:\n"
		"  a: {image: x, environment: {DB_PASSWORD: hidden1, API_KEY: same, X_FILE: y, TOKEN: ''}}\n"
		"  b: {image: x, environment: [DB_PASSWORD=hidden2, API_KEY=same, PASSWORD_FILE=/p, SECRET]}\n");

	assert_has(text, "DB_PASSWORD = \"${secret.a.db_password}\"");
	assert_has(text, "DB_PASSWORD = \"${secret.b.db_password}\"");
	assert_has(text, "API_KEY = \"${secret.api_key}\"");
	assert_has(text, "PASSWORD_FILE = \"/p\"");
	assert_has(text, "TOKEN = \"\"");
	assert_has(text, "SECRET = \"${env.SECRET}\"");
	assert_lacks(text, "hidden");
	assert_lacks(text, "same");
	assert_lacks(run.findings.data, "hidden");
	assert_has(run.findings.data, "CONTAINUST_SECRET_A_DB_PASSWORD");
	ck_assert_uint_eq(run.report.losses, 0);
	text = convert("services:\n"
		       "  a: {image: x, scale: 2, environment: {TOKEN: one}}\n"
		       "  b: {image: x, environment: {TOKEN: two}}\n");
	assert_has(strstr(text, "COMPONENT a-2"), "TOKEN = \"${secret.a.token}\"");
}
END_TEST

START_TEST(literal_templates_stay_literal)
{
	assert_has(convert_service("environment: ['A=$${x.host}', 'B=$$$${y}', 'C=$$HOME']\ncommand: ['$${z}']"),
		   "A = \"$${x.host}\"\n        B = \"$$${y}\"\n        C = \"$HOME\"");
	assert_has(run.out.data, "command = [\"$${z}\"]");
}
END_TEST

START_TEST(ports_are_published)
{
	const char *text = convert(
		"services:\n"
		"  a:\n"
		"    image: x\n"
		"    expose: ['9000']\n"
		"    ports: ['3000-3001:4000-4001', '127.0.0.1:80:80', '192.168.1.1:81:81', '53:53/udp', "
		"'[::1]:82:82', "
		"'8000-8010:90', {target: 91, published: '9100', protocol: tcp, mode: host}, '1:2/sctp', '70000:1']\n"
		"  b: {image: x, ports: ['8080:80']}\n");

	assert_has(text, "ports = [9000, 4000, 4001, 80, 81, 53, 82, 90, 91, 1]");
	assert_has(text, "EXPOSE 3000:4000\nEXPOSE 3001:4001\nEXPOSE 80:80 FROM a\nEXPOSE \"192.168.1.1:81:81\"\n"
			 "EXPOSE \"53:53/udp\"\nEXPOSE \"[::1]:82:82\"\nEXPOSE 9100:91\nEXPOSE 8080:80 FROM b\n");
	ck_assert_uint_eq(run.report.losses, 3);
}
END_TEST

START_TEST(copies_are_written_in_full)
{
	const char *text = convert("services:\n"
				   "  web: {image: x, ports: ['80:80'], deploy: {replicas: 3}, depends_on: [db]}\n"
				   "  web-2: {image: y, depends_on: [web]}\n"
				   "  db: {image: z}\n"
				   "  off: {image: z, scale: 0}\n");

	assert_has(text, "COMPONENT web {");
	assert_has(text, "COMPONENT web-2-2 {");
	assert_has(text, "COMPONENT web-3 {");
	assert_lacks(text, "COMPONENT off");
	assert_has(text, "CONNECT web -> db\nCONNECT web-2-2 -> db\nCONNECT web-3 -> db\nCONNECT web-2 -> web\n"
			 "CONNECT web-2 -> web-2-2\nCONNECT web-2 -> web-3\n");
	assert_has(text, "EXPOSE 80:80 FROM web\n");
	ck_assert_uint_eq(run.report.losses, 1);
	ck_assert_str_eq(convert_error("services: {a: {image: x, scale: 101}}"),
			 "E020 a.yaml:1:12: service 'a' wants more than 100 copies");
}
END_TEST

START_TEST(archives_have_names_of_their_own)
{
	const char *text = convert(
		"services:\n"
		"  a: {image: x/redis:7}\n"
		"  b: {image: y/redis:7}\n"
		"  c: {image: 'example.org/y/redis:7'}\n"
		"  d: {image: x/redis:7}\n"
		"  e: {image: 'redis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}\n");

	assert_has(text, "docker://docker.io/x/redis:7 docker-archive:images/redis-7.tar");
	assert_has(text, "docker://docker.io/y/redis:7 docker-archive:images/y-redis-7.tar");
	assert_has(text, "docker://example.org/y/redis:7 docker-archive:images/y-redis-7-4.tar");
	assert_has(text, "docker-archive:images/redis-0123456789ab.tar");
	assert_has(strstr(text, "COMPONENT d"), "images/redis-7.tar");
}
END_TEST

START_TEST(names_become_identifiers)
{
	const char *text = convert("services:\n"
				   "  my.app: {image: x}\n"
				   "  my-app: {image: x, depends_on: [my.app, env, 1st]}\n"
				   "  env: {image: x}\n"
				   "  1st: {image: x}\n");

	assert_has(text, "CONNECT my-app -> my-app-2\nCONNECT my-app -> env-service\nCONNECT my-app -> s-1st\n");
	convert("services: {a.b: {image: x}, a-b: {image: x}, a+b: {image: x}, \"a b\": {image: x}, a-b-2: {image: "
		"x}}");
	assert_has(run.out.data, "COMPONENT a-b-3 {");
	assert_has(run.out.data, "COMPONENT a-b-4 {");
	assert_has(run.out.data, "COMPONENT a-b-5 {");
	convert("services:\n  my.app: {image: x}\n  my-app: {image: x}\n");
	assert_has(run.findings.data, "service 'my.app': its component and its host name are 'my-app-2'");
	ck_assert_uint_eq(run.report.losses, 0);
}
END_TEST

START_TEST(conditions_are_kept_where_they_can_be)
{
	convert("services:\n"
		"  a: {image: x, depends_on: {b: {condition: service_healthy}, c: {condition: service_healthy}}}\n"
		"  b: {image: x, healthcheck: {test: [CMD, true], interval: 90s}}\n"
		"  c: {image: x}\n"
		"  d: {image: x, depends_on: {a: {condition: service_completed_successfully, required: false}}}\n");
	assert_has(run.out.data, "    healthcheck = {\n        command = [\"true\"]\n        interval = \"1m30s\"\n"
				 "        timeout = \"30s\"\n    }\n");
	assert_has(run.findings.data, "'c' has no health check here");
	assert_lacks(run.findings.data, "'b' has no health check here");
	ck_assert_uint_eq(run.report.losses, 3);
}
END_TEST

START_TEST(later_files_change_earlier_ones)
{
	static const char base[] = "services:\n"
				   "  a:\n"
				   "    image: x\n"
				   "    environment: {A: 1, B: 2}\n"
				   "    ports: ['1:1', '2:2']\n"
				   "    command: [old, words]\n"
				   "    volumes: ['v:/v', 'w:/w']\n"
				   "    depends_on: [b]\n"
				   "    mem_limit: 1g\n"
				   "    hostname: h\n"
				   "    expose: [8]\n"
				   "    user: me\n"
				   "  b: {image: y}\n";
	static const char override[] = "services:\n"
				       "  a:\n"
				       "    image: z\n"
				       "    environment: [B=3, C=4]\n"
				       "    ports: !override ['3:3']\n"
				       "    command: new\n"
				       "    volumes: [{type: bind, source: ./u, target: /v}]\n"
				       "    depends_on: {b: {condition: service_started}}\n"
				       "    mem_limit: !reset null\n"
				       "    hostname: !reset away\n"
				       "    expose: !reset [9]\n"
				       "    user: ~\n"
				       "  c: {image: z}\n";

	convert_bytes(base, strlen(base), override);
	ck_assert_msg(run.result == 0, "%s", run.err.message);
	assert_has(run.out.data, "// Converted from a.yaml, b.yaml by ctst convert.\n");
	assert_has(run.out.data,
		   "images/z-latest.tar\"\n    port = 3\n    env = {\n        A = \"1\"\n        B = \"3\"\n"
		   "        C = \"4\"\n    }\n    volumes = [\"./u:/v\", \"w:/w\"]\n    command = [\"new\"]\n"
		   "    readonly = false\n    user = \"me\"\n}\n");
	assert_has(run.out.data, "COMPONENT c {");
	assert_has(run.out.data, "CONNECT a -> b\n\nEXPOSE 3:3\n");
	convert_bytes(base, strlen(base), "services: {a: {ports: {a: b}}}");
	ck_assert_str_eq(run.err.code, "E006");
	assert_has(run.err.message,
		   "b.yaml:1:23: this cannot override 'services.a.ports': one is a list, the other a map");
}
END_TEST

START_TEST(numbers_stay_what_they_are_when_files_are_merged)
{
	static const char base[] =
		"services: {a: {image: x, environment: {A: 1.10, B: '1.10', C: True}, restart: 'on-failure:0'}}";

	convert_bytes(base, strlen(base), "services: {a: {environment: {D: 0x10}, deploy: {labels: {}}}}");
	assert_has(run.out.data, "A = \"1.1\"\n        B = \"1.10\"\n        C = \"true\"\n        D = \"16\"\n");
	assert_has(run.out.data, "restart = \"on-failure\"\n");
	convert(base);
	assert_has(run.out.data, "A = \"1.1\"\n        B = \"1.10\"\n        C = \"true\"\n");
	assert_has(run.findings.data, "note: service 'a': 'environment' entry 'A': without quotes it is a number");
}
END_TEST

START_TEST(merge_keys_and_aliases_are_resolved)
{
	assert_has(convert("x-base: &base {image: one, user: u, restart: always}\n"
			   "x-other: &other {image: two, hostname: h}\n"
			   "services:\n"
			   "  a: {<<: *base, user: mine}\n"
			   "  b: {<<: [*other, *base]}\n"
			   "  c: &c {image: x, environment: &env {A: 1}}\n"
			   "  d: {image: y, environment: {<<: [*env, {A: 3, C: 4}], B: 2, C: mine}}\n"
			   "---\n"
			   "services: {e: {image: second}}\n"),
		   "one-latest.tar\"\n    readonly = false\n    user = \"mine\"\n    restart = \"always\"\n");
	assert_has(run.out.data, "two-latest.tar\"\n    readonly = false\n    user = \"u\"\n    hostname = \"h\"\n");
	assert_has(run.out.data, "B = \"2\"\n        C = \"mine\"\n        A = \"1\"\n");
	assert_has(run.out.data, "COMPONENT e {");
}
END_TEST

START_TEST(capabilities_are_named)
{
	convert("services: {a: {image: x, cap_drop: [ALL]}, b: {image: x, cap_add: [KILL]}}");
	assert_lacks(run.findings.data, "capabilities");
	convert("services: {a: {image: x, cap_drop: [MKNOD]}, b: {image: x}}");
	assert_has(run.findings.data, "note: service 'a': 'cap_add': docker gives");
	assert_has(run.findings.data, "\"SETUID\"]");
	assert_lacks(run.findings.data, "service 'b'");
	ck_assert_uint_eq(run.report.losses, 0);
}
END_TEST

START_TEST(names_do_not_collide)
{
	const char *text;

	text = convert("services:\n  db: {image: x, volumes: [/data, 'db-data:/other', 'a b:/c', 'a-b:/d']}\n"
		       "  r: {image: x, scale: 2, volumes: ['/v', '/w:ro']}\n"
		       "  n: {image: x, networks: [front.end]}\n  m: {image: x, networks: [front-end]}\n"
		       "volumes: {db-data: , a-b: }\nnetworks: {front.end: , front-end: }\n");
	assert_has(text, "[\"db-data-2:/data\", \"db-data:/other\", \"a-b-2:/c\", \"a-b:/d\"]");
	assert_has(text, "[\"r-v:/v\", \"r-w:/w:ro\"]");
	assert_has(text, "[\"r-2-v:/v\", \"r-2-w:/w:ro\"]");
	assert_has(text, "network = \"front-end-2\"");
	assert_has(text, "network = \"front-end\"");
	text = convert("services: {a: {image: x, volumes: "
		       "['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:/x', "
		       "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2:/y']}}");
	assert_has(text, "aaaaa-2:/y");
}
END_TEST

START_TEST(resets_in_pairs_remove_their_name)
{
	static const char base[] =
		"services: {a: {image: x, environment: {A: 1, B: 2}, build: {context: ., args: [P=1, Q=2]}}}";
	static const char over[] =
		"services: {a: {environment: {A: !reset null, C: 3}, build: {args: {P: !reset null}}}}";

	convert_bytes(base, strlen(base), over);
	assert_lacks(run.out.data, "A =");
	assert_has(run.out.data, "B = \"2\"");
	assert_has(run.out.data, "C = \"3\"");
	assert_has(run.out.data, "docker build --build-arg Q=2 --output");
}
END_TEST

START_TEST(sharing_a_namespace_is_a_connection)
{
	const char *text;

	text = convert(
		"services:\n  vpn: {image: x}\n  a: {image: x, network_mode: 'service:vpn'}\n"
		"  b: {image: x, ipc: 'service:vpn'}\n  c: {image: x, pid: 'service:vpn'}\n"
		"  d: {image: x, volumes_from: ['vpn:ro', 'container:a']}\n  e: {image: x, pid: 'service:none'}");
	assert_has(text, "CONNECT a -> vpn\nCONNECT b -> vpn\nCONNECT c -> vpn\nCONNECT d -> vpn\n");
	assert_lacks(text, "CONNECT e");
	assert_has(run.findings.data, "its traffic does not go through 'vpn' any more");
}
END_TEST

START_TEST(waiting_for_health_is_named)
{
	convert("services: {a: {image: x, depends_on: [b]}, c: {image: x, depends_on: {b: {condition: "
		"service_started}}}, "
		"b: {image: x, healthcheck: {test: x}}}");
	assert_has(run.findings.data, "service 'a': 'depends_on' entry 'b': CONNECT waits until");
	assert_lacks(run.findings.data, "service 'c': 'depends_on'");
	convert("services: {a: {image: x, depends_on: {b: {condition: service_healthy}}}, "
		"b: {image: x, healthcheck: {test: x}}}");
	assert_lacks(run.findings.data, "'depends_on'");
}
END_TEST

START_TEST(small_things_are_named)
{
	convert_service("ports: [{target: 80, published: 80, mode: host}, '9:9/sctp']\nexpose: [53/udp]\nlinks: [[x]]\n"
			"volumes: [{type: tmpfs, target: /tmp, read_only: true, consistency: x}]\n"
			"environment: {V: 1.10}\nconfigs: [{source: c, target: '/a:b'}]\n"
			"healthcheck: {test: x, start_interval: 1s, tset: y}");
	assert_has(run.findings.data, "note: service 'web': 'ports.mode' entry 'host'");
	assert_has(run.findings.data, "'9:9/sctp' is left out: all of the port");
	assert_has(run.findings.data, "'expose' entry '53/udp' is left out");
	assert_has(run.findings.data, "'links' is left out");
	assert_has(run.findings.data, "'volumes.read_only' entry '/tmp' is left out");
	assert_has(run.findings.data, "'volumes.consistency' is left out");
	assert_has(run.findings.data, "becomes '1.1' as in compose; quote it to keep '1.10'");
	assert_has(run.findings.data, "'healthcheck.tset' is left out: compose has no such key");
	assert_has(run.findings.data, "'healthcheck.start_interval' is left out: a container that starts");
	convert("services: {a: {image: x, configs: [{source: c, target: '/a:b'}]}}\nconfigs: {c: {file: ./f}}");
	assert_has(run.findings.data, "a place with a ':' in it, '/a:b'");
}
END_TEST

START_TEST(services_extend_others)
{
	assert_has(convert("services:\n"
			   "  a: {extends: b, environment: {A: 2}}\n"
			   "  b: {extends: {service: c}, image: x, environment: {A: 1, B: 1}}\n"
			   "  c: {user: u, command: [c]}\n"),
		   "COMPONENT a {\n    // skopeo copy docker://docker.io/library/x:latest "
		   "docker-archive:images/x-latest.tar\n"
		   "    image = \"tar://./images/x-latest.tar\"\n    env = {\n        A = \"2\"\n        B = \"1\"\n   "
		   " }\n"
		   "    command = [\"c\"]\n    readonly = false\n    user = \"u\"\n}\n");
	ck_assert_str_eq(convert_error("services: {a: {extends: b}, b: {extends: a}}"),
			 "E013 a.yaml:1:16: service 'a' extends itself");
	ck_assert_str_eq(convert_error("services: {a: {extends: b}}"), "E016 a.yaml:1:16: no service 'b' to extend");
	assert_has(convert_error("services: {a: {extends: {service: b, file: f.yaml}}}"), "E008 a.yaml:1:16:");
	assert_has(convert_error("include: [x.yaml]\nservices: {}"), "E008 a.yaml:1:11:");
}
END_TEST

START_TEST(bad_input_has_a_code_and_a_place)
{
	static const char *const vectors[][2] = {
		{ "services: [", "E001 a.yaml:" },
		{ "a: b: c", "E001 a.yaml:1:5:" },
		{ "services: {a: {image: '${'}}", "E017 a.yaml:1:23: malformed variable" },
		{ "services: {a: {image: '${X?say}'}}",
		  "E017 a.yaml:1:23: required variable X is missing a value: say" },
		{ "services:\n  a: {image: x, image: y}", "E018 a.yaml:2:17: 'image' is given twice" },
		{ "a: &a [*a]", "E013 a.yaml:1:8:" },
		{ "a: *b", "E001 a.yaml:1:4: no anchor '&b'" },
		{ "services: {a: {<<: 5}}", "E001 a.yaml:1:20: what '<<' names is not a map" },
		{ "services: {a: {b: \"\\0\"}}", "E001 a.yaml:1:19: NUL" },
		{ "services:\n  \xff", "E001 a.yaml:2:3: invalid UTF-8" },
		{ "? [a]\n: b", "E001 a.yaml:1:3: a key must be text" },
		{ "just text", "E001 a.yaml:1:1: a compose file is a map" },
		{ "services: 5", "E006 a.yaml:1:1: 'services' must be a map" },
		{ "services: {a: 5}", "E006 a.yaml:1:12: service 'a' must be a map" },
	};
	static const char nul[] = "services:\n a\0: 1";

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_has(convert_error(vectors[i][0]), vectors[i][1]);
	convert_bytes(nul, sizeof(nul) - 1, NULL);
	ck_assert_str_eq(run.err.message, "a.yaml:2:3: NUL character");
	ck_assert_str_eq(convert(""), "// Converted from a.yaml by ctst convert.\n");
}
END_TEST

START_TEST(bombs_are_bounded)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_puts(&text, "x: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n");
	for (int i = 1; i < 20; i++)
		ct_buf_printf(&text, "x%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
			      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_has(convert_error(text.data), "E020 ");
	ct_buf_clear(&text);
	for (int i = 0; i < 100000; i++)
		ct_buf_putc(&text, '[');
	assert_has(convert_error(text.data), "E020 a.yaml:1:65: nested deeper than 64 levels");
	ct_buf_clear(&text);
	for (int i = 0; i < 101; i++)
		ct_buf_printf(&text, "%%TAG !a%d! x:\n", i);
	ct_buf_puts(&text, "---\nservices: {}\n");
	assert_has(convert_error(text.data), "E020 a.yaml:101:1: more than 100 directives");
	ct_buf_clear(&text);
	ct_buf_puts(&text, "services: {a: {image: x, cap_add: [KILL], environment: {");
	for (int i = 0; i < 4100; i++)
		ct_buf_printf(&text, "K%d: v, ", i);
	ct_buf_puts(&text, "}}}\n");
	assert_has(convert(text.data), "K4095 = \"v\"\n    }\n");
	assert_has(run.findings.data,
		   "'environment' entry 'K4096' is left out: a list or map has at most 4096 entries");
	ct_buf_clear(&text);
	ct_buf_puts(&text, "services:\n");
	for (int i = 0; i < 40; i++)
		ct_buf_printf(&text, "  s%d: {extends: s%d}\n", i, i + 1);
	ct_buf_puts(&text, "  s40: {image: x}\n");
	assert_has(convert_error(text.data), "E020 ");
}
END_TEST

START_TEST(nothing_steers_a_terminal)
{
	convert("services: {\"a\\e[31m\": {image: x, \"k\\e]0;t\\a\": 1, user: \"x\\u009b2J\", labels: [a]}}");
	assert_lacks(run.findings.data, "\033");
	assert_lacks(run.findings.data, "\a");
	assert_lacks(run.findings.data, "\xc2\x9b");
	assert_lacks(run.out.data, "\033");
	convert_service("environment: [\"A=a\\rb\"]");
	assert_has(run.findings.data, "a carriage return cannot be written");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("convert");
	TCase *tests = tcase_create("convert");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, variables_are_put_in);
	tcase_add_test(tests, bad_variables_are_refused);
	tcase_add_test(tests, dotenv_files_are_read);
	tcase_add_test(tests, bad_dotenv_files_are_refused);
	tcase_add_test(tests, commands_are_split_like_a_shell_does);
	tcase_add_test(tests, sizes_have_powers_of_1024);
	tcase_add_test(tests, durations_and_cores_are_read);
	tcase_add_test(tests, plain_numbers_are_text_as_compose_writes_it);
	tcase_add_test(tests, paths_are_taken_together);
	tcase_add_test(tests, service_becomes_component);
	tcase_add_test(tests, nothing_is_dropped_in_silence);
	tcase_add_test(tests, values_of_the_wrong_kind_are_named);
	tcase_add_test(tests, archives_have_names_of_their_own);
	tcase_add_test(tests, what_is_met_anyway_needs_no_word);
	tcase_add_test(tests, refused_values_become_comments);
	tcase_add_test(tests, secrets_stay_out_of_the_file);
	tcase_add_test(tests, literal_templates_stay_literal);
	tcase_add_test(tests, ports_are_published);
	tcase_add_test(tests, copies_are_written_in_full);
	tcase_add_test(tests, names_become_identifiers);
	tcase_add_test(tests, conditions_are_kept_where_they_can_be);
	tcase_add_test(tests, later_files_change_earlier_ones);
	tcase_add_test(tests, numbers_stay_what_they_are_when_files_are_merged);
	tcase_add_test(tests, merge_keys_and_aliases_are_resolved);
	tcase_add_test(tests, services_extend_others);
	tcase_add_test(tests, capabilities_are_named);
	tcase_add_test(tests, names_do_not_collide);
	tcase_add_test(tests, resets_in_pairs_remove_their_name);
	tcase_add_test(tests, sharing_a_namespace_is_a_connection);
	tcase_add_test(tests, waiting_for_health_is_named);
	tcase_add_test(tests, small_things_are_named);
	tcase_add_test(tests, bad_input_has_a_code_and_a_place);
	tcase_add_test(tests, bombs_are_bounded);
	tcase_add_test(tests, nothing_steers_a_terminal);
	tcase_add_checked_fixture(tests, NULL, finish_run);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
