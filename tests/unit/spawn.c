/* Logic of ctst-spawn/ that needs no kernel: formats, orders, decisions. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/container.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/expand.h"
#include "ctst-spawn/health/health.h"
#include "ctst-spawn/plan.h"
#include "ctst-spawn/ports.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/rootfs.h"
#include "ctst-spawn/signals.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/subordinate_ids.h"
#include "ctst-spawn/usage.h"

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_A "11111111-1111-4111-8111-111111111111"
#define ID_B "22222222-2222-4222-8222-222222222222"

#define CONTAINER_WITH(name, more) \
	"{\"name\":\"" name \
	"\",\"project\":\"p\",\"image\":{\"uri\":\"file:///i\",\"digest\":\"\",\"layers\":[\"/l\"]}," \
	"\"args\":[\"/bin/true\"],\"env\":{},\"workdir\":\"/\",\"user\":\"\",\"hostname\":\"" name "\"," \
	"\"network\":\"bridge\"" more "}"
#define CONTAINER(name) CONTAINER_WITH(name, "")
#define CREATE(name, after) \
	"{\"action\":\"create\",\"name\":\"" name "\",\"after\":[" after "],\"config_digest\":\"" DIGEST_A \
	"\",\"container\":" CONTAINER(name) "}"
#define PLAN(actions) \
	"{\"format\":\"ctst.plan/1\",\"project\":{\"directory\":\"/" \
	"p\"},\"state\":{\"lineage\":\"\",\"serial\":0},\"actions\":[" actions "]}"

static struct ct_json_doc *parse(const char *text)
{
	struct ct_err err = CT_ERR_INIT;
	struct ct_json_doc *doc = ct_json_parse(text, strlen(text), "P001", &err);

	ck_assert_msg(doc != NULL, "%s", err.message);
	return doc;
}

static void expect_container_error(const char *text, const char *code, const char *part)
{
	ct_autojson *doc = parse(text);
	struct container container;
	struct ct_err err = CT_ERR_INIT;
	int status = container_read(ct_json_root(doc), "P001", &container, &err);

	if (status == 0)
		container_release(&container);
	ck_assert_int_eq(status, -1);
	ck_assert_str_eq(err.code, code);
	ck_assert_msg(strstr(err.message, part) != NULL, "'%s' is not in '%s'", part, err.message);
}

START_TEST(container_is_read)
{
	ct_autojson *doc = parse(CONTAINER_WITH(
		"db", ",\"readonly\":false,\"memory_max\":1048576,\"capabilities\":[\"KILL\",\"SYS_ADMIN\"],"
		      "\"restart\":{\"policy\":\"on-failure\",\"max_retries\":3},\"stop_signal\":\"SIGINT\","
		      "\"mounts\":[{\"kind\":\"bind\",\"source\":\"/s\",\"target\":\"/t\",\"readonly\":true}]"));
	struct container container;
	struct ct_err err = CT_ERR_INIT;

	ck_assert_int_eq(container_read(ct_json_root(doc), "P001", &container, &err), 0);
	ck_assert_str_eq(container.name, "db");
	ck_assert_uint_eq(container.layer_count, 1);
	ck_assert(!container.readonly);
	ck_assert_int_eq(container.memory_max, 1048576);
	ck_assert_uint_eq(container.capabilities, (UINT64_C(1) << 5) | (UINT64_C(1) << 21));
	ck_assert_int_eq(container.restart, RESTART_ON_FAILURE);
	ck_assert_int_eq(container.max_retries, 3);
	ck_assert_int_eq(container.stop_signal, 2);
	ck_assert_uint_eq(container.mount_count, 1);
	ck_assert(container.mounts[0].readonly && !container.mounts[0].project);
	container_release(&container);
}
END_TEST

START_TEST(container_errors)
{
	expect_container_error("[]", "P001", "an object");
	expect_container_error("{\"name\":1}", "P001", "'name'");
	expect_container_error(CONTAINER_WITH("a", ",\"memory_max\":-1"), "P001", "'memory_max'");
	expect_container_error(CONTAINER_WITH("a", ",\"capabilities\":[\"NOPE\"]"), "P001", "capabilities");
	expect_container_error(CONTAINER_WITH("a", ",\"restart\":{\"policy\":\"sometimes\"}"), "P001",
			       "restart.policy");
	expect_container_error(CONTAINER_WITH("a", ",\"stop_signal\":\"SIGNOPE\""), "P001", "stop_signal");
	expect_container_error(
		CONTAINER_WITH("a", ",\"mounts\":[{\"kind\":\"bind\",\"source\":\"/s\",\"target\":\"relative\"}]"),
		"P001", "mounts");
	expect_container_error(CONTAINER_WITH("a",
					      ",\"mounts\":[{\"kind\":\"bind\",\"source\":\"/s\",\"target\":\"/\"}]"),
			       "P001", "mounts");
	expect_container_error(CONTAINER_WITH("a", ",\"published\":[{}]"), "P001", "published[0]");
}
END_TEST

static void expect_plan_error(const char *text, const char *part)
{
	ct_autojson *doc = parse(text);
	struct plan plan;
	struct ct_err err = CT_ERR_INIT;

	ck_assert_int_eq(plan_read(ct_json_root(doc), &plan, &err), -1);
	ck_assert_str_eq(err.code, "P001");
	ck_assert_msg(strstr(err.message, part) != NULL, "'%s' is not in '%s'", part, err.message);
}

/* What lies inside another is mounted after it. */
START_TEST(mounts_are_in_order)
{
	static const char *const order[] = { "/a", "/a//b", "/a/b/c", "/a-b", "/b" };
	ct_autojson *doc = parse(CONTAINER_WITH("box", ",\"mounts\":["
						       "{\"source\":\"/s\",\"target\":\"/b\"},"
						       "{\"source\":\"/s\",\"target\":\"/a/b/c\"},"
						       "{\"source\":\"/s\",\"target\":\"/a-b\"},"
						       "{\"source\":\"/s\",\"target\":\"/a//b\"},"
						       "{\"source\":\"/s\",\"target\":\"/a\"}]"));
	struct container container;
	struct ct_err err = CT_ERR_INIT;

	ck_assert_int_eq(container_read(ct_json_root(doc), "P001", &container, &err), 0);
	ck_assert_uint_eq(container.mount_count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(container.mounts[i].target, order[i]);
	container_release(&container);
}
END_TEST

START_TEST(ports_as_text)
{
	static const struct {
		const char *container, *text;
	} cases[] = {
		{ "{}", "" },
		{ "{\"ports\":[80,443]}", "80,443" },
		{ "{\"ports\":[80,443],\"published\":[{\"address\":\"127.0.0.1\",\"host_port\":8080,"
		  "\"container_port\":80,\"protocol\":\"tcp\"}]}",
		  "127.0.0.1:8080->80/tcp,443" },
		{ "{\"published\":[{\"address\":\"::1\",\"host_port\":53,\"container_port\":53,\"protocol\":\"udp\"}]}",
		  "[::1]:53->53/udp" },
		{ "{\"ports\":[],\"published\":[{}]}", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ct_autojson *doc = parse(cases[i].container);
		ct_autobuf text = CT_BUF_INIT;

		ct_buf_puts(&text, "");
		ports_append(&text, ct_json_root(doc));
		ck_assert_str_eq(text.data, cases[i].text);
	}
}
END_TEST

START_TEST(processor_time)
{
	struct usage before = {
		.at = 3000000000, .cpu_since = 1000000000, .cpu_us = 500000, .cpu_source = USAGE_CGROUP
	};
	struct usage now = before, other;

	ck_assert_int_eq(usage_cpu(NULL, &before), 2500); /* half a second in two */
	now.at += 500000000;
	now.cpu_us += 750000;
	ck_assert_int_eq(usage_cpu(&before, &now), 15000);
	/* Replaced, gone, or not counted meanwhile. */
	other = now;
	other.cpu_since += 1;
	ck_assert_int_eq(usage_cpu(&before, &other), -1);
	other = now;
	other.cpu_us = 0;
	ck_assert_int_eq(usage_cpu(&before, &other), -1);
	other = (struct usage){ 0 };
	ck_assert_int_eq(usage_cpu(NULL, &other), -1);
	ck_assert_int_eq(usage_cpu(&before, &before), -1);
}
END_TEST

START_TEST(plan_is_read)
{
	ct_autojson *doc = parse(
		PLAN(CREATE("a", "") "," CREATE("b", "\"a\"") ",{\"action\":\"destroy\",\"name\":\"c\",\"id\":\"" ID_A
							      "\"}"));
	struct plan plan;
	struct ct_err err = CT_ERR_INIT;

	ck_assert_int_eq(plan_read(ct_json_root(doc), &plan, &err), 0);
	ck_assert_uint_eq(plan.count, 3);
	ck_assert_uint_eq(plan.destroyed, 1);
	ck_assert_uint_eq(plan.actions[1].waits_for_count, 1);
	ck_assert_uint_eq(plan.actions[1].waits_for[0], 0);
	plan_release(&plan);
}
END_TEST

START_TEST(plan_errors)
{
	expect_plan_error("{}", "project.directory");
	expect_plan_error("{\"project\":{\"directory\":\"/p\"}}", "state.lineage");
	expect_plan_error(PLAN("1"), "actions[0].action");
	expect_plan_error(PLAN("{\"action\":\"explode\",\"name\":\"a\"}"), "actions[0].action");
	expect_plan_error(PLAN("{\"action\":\"destroy\",\"name\":\"a\"}"), "actions[0].id");
	expect_plan_error(PLAN(CREATE("a", "") "," CREATE("a", "")), "twice");
	expect_plan_error(PLAN(CREATE("a", "\"b\"") "," CREATE("b", "")), "does not come before");
	expect_plan_error(PLAN(CREATE("a", "\"a\"")), "does not come before");
	expect_plan_error(PLAN(CREATE("a", "7")), "does not come before");
}
END_TEST

struct decision {
	const char *actions;
	const char *id, *digest; /* of the container 'a' that is there; NULL: none */
	int kind;                /* -1: P002 */
};

START_TEST(decisions)
{
#define REPLACE(id) \
	"{\"action\":\"replace\",\"name\":\"a\",\"id\":\"" id "\",\"config_digest\":\"" DIGEST_A \
	"\",\"container\":" CONTAINER("a") "}"
#define KEEP(id) \
	"{\"action\":\"keep\",\"name\":\"a\",\"id\":\"" id "\",\"config_digest\":\"" DIGEST_A \
	"\",\"container\":" CONTAINER("a") "}"
#define DESTROY(id) "{\"action\":\"destroy\",\"name\":\"a\",\"id\":\"" id "\"}"
	static const struct decision table[] = {
		{ PLAN(CREATE("a", "")), NULL, NULL, JOB_START },
		{ PLAN(CREATE("a", "")), ID_A, DIGEST_B, -1 },
		/* Nothing has run in it, so the same wish is one more attempt. */
		{ PLAN(CREATE("a", "")), ID_A, DIGEST_A, JOB_REPLACE },
		{ PLAN(REPLACE(ID_A)), ID_A, DIGEST_B, JOB_REPLACE },
		{ PLAN(REPLACE(ID_A)), ID_B, DIGEST_B, -1 },
		{ PLAN(REPLACE(ID_A)), NULL, NULL, -1 },
		{ PLAN(KEEP(ID_A)), NULL, NULL, -1 },
		{ PLAN(KEEP(ID_A)), ID_A, DIGEST_B, -1 },
		{ PLAN(DESTROY(ID_A)), ID_A, DIGEST_B, JOB_DESTROY },
		{ PLAN(DESTROY(ID_A)), ID_B, DIGEST_B, JOB_GONE },
		{ PLAN(DESTROY(ID_A)), NULL, NULL, JOB_GONE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct decision *decision = &table[i];
		ct_autojson *doc = parse(decision->actions);
		ct_autostate state = CT_STATE_INIT;
		char name[] = "a", text[] = "x", directory[] = "/nonexistent", digest[80];
		struct plan plan;
		struct deploy deploy = { .plan = &plan, .state = &state, .lock = -1 };
		struct ct_err err = CT_ERR_INIT;
		int status;

		ck_assert_int_eq(plan_read(ct_json_root(doc), &plan, &err), 0);
		if (decision->id) {
			struct ct_state_entry entry = {
				.name = name, .created_at = text, .image = text, .directory = directory
			};

			strcpy(entry.id, decision->id);
			strcpy(digest, decision->digest);
			entry.config_digest = digest;
			ct_state_add(&state, &entry);
		}
		status = deploy_decide(&deploy, &err);
		if (decision->kind < 0) {
			ck_assert_msg(status == -1 && strcmp(err.code, "P002") == 0, "decision %zu", i);
		} else {
			ck_assert_msg(status == 0 && (int)deploy.jobs[0].kind == decision->kind, "decision %zu: %d", i,
				      status ? -1 : (int)deploy.jobs[0].kind);
		}
		deploy_release(&deploy);
		plan_release(&plan);
	}
}
END_TEST

/* How long a health check may take to decide is bounded whatever the plan says. */
START_TEST(readiness_of_actions)
{
	static const char checked[] =
		"\"healthcheck\":{\"command\":[\"/bin/true\"],\"interval_ms\":%s,\"timeout_ms\":5000,"
		"\"retries\":%s,\"start_period_ms\":2000}";
	static const struct {
		const char *interval, *retries;
		int64_t limit; /* seconds */
	} table[] = {
		{ "10000", "3", 2 + 3 * 15 + 1 },
		{ "-1", "-7", 2 + 5 + 1 },
		{ "9223372036854775807", "9223372036854775807", 2 + INT64_C(1000) * (7 * 86400 + 5) + 1 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char check[256];
		ct_autofree char *text = NULL;
		ct_autojson *doc = NULL;
		struct ct_err err = CT_ERR_INIT;
		struct plan plan;

		snprintf(check, sizeof(check), checked, table[i].interval, table[i].retries);
		text = ct_asprintf("{\"format\":\"ctst.plan/1\",\"project\":{\"directory\":\"/p\"},\"state\":{"
				   "\"lineage\":\"\",\"serial\":0},\"actions\":[{\"action\":\"create\",\"name\":\"a\","
				   "\"ready\":\"healthy\",\"after\":[],\"config_digest\":\"" DIGEST_A
				   "\",\"container\":%.*s,%s}}]}",
				   (int)strlen(CONTAINER("a")) - 1, CONTAINER("a"), check);
		doc = parse(text);
		/* Whether the supervisor would take these numbers is its own matter. */
		if (i > 0 && plan_read(ct_json_root(doc), &plan, &err) < 0)
			continue;
		if (i == 0)
			ck_assert_int_eq(plan_read(ct_json_root(doc), &plan, &err), 0);
		ck_assert(plan.actions[0].ready_when_healthy);
		ck_assert_int_eq(plan.actions[0].health_limit, table[i].limit * 1000000000);
		plan_release(&plan);
	}
}
END_TEST

START_TEST(times_for_people)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = { { 0, "0 ms" },     { 999, "999 ms" },   { 1000, "1.0 s" },        { 9999, "9.9 s" },
		      { 10000, "10 s" }, { 119999, "119 s" }, { 120000, "2 min 00 s" }, { 3605000, "60 min 05 s" } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[32];

		progress_format_time(table[i].ms * 1000000, text, sizeof(text));
		ck_assert_str_eq(text, table[i].text);
	}
}
END_TEST

START_TEST(templates_expand)
{
	struct ct_err err = CT_ERR_INIT;
	char *text;

	setenv("UNIT_SET", "value", 1);
	unsetenv("UNIT_UNSET");
	setenv("CONTAINUST_SECRET_DB_PASSWORD", "geheim", 1);
	text = expand_template(
		"a ${env.UNIT_SET} ${env.UNIT_UNSET} ${env.UNIT_UNSET:-d} $${x} $1 ${secret.db.password}", &err);
	ck_assert_str_eq(text, "a value  d ${x} $1 geheim");
	free(text);
	ck_assert_ptr_null(expand_template("${secret.nowhere-to-be-found}", &err));
	ck_assert_str_eq(err.code, "R013");
	ck_assert_ptr_nonnull(strstr(err.message, "nowhere-to-be-found"));
	ck_assert_ptr_null(expand_template("${db.host}", &err));
	ck_assert_str_eq(err.code, "S001");
}
END_TEST

/* A secret's file must be its owner's alone; the newline at its end is the editor's. */
START_TEST(secret_files)
{
	char directory[] = "/tmp/unit-spawn.XXXXXX", path[64], link[64];
	struct ct_err err = CT_ERR_INIT;
	char *text;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	setenv("CONTAINUST_SECRETS_DIR", directory, 1);
	snprintf(path, sizeof(path), "%s/token", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(ct_write_all(fd, "abc\n", 4), 0);
	text = expand_template("${secret.token}", &err);
	ck_assert_str_eq(text, "abc");
	free(text);
	ck_assert_int_eq(fchmod(fd, 0640), 0);
	ck_assert_ptr_null(expand_template("${secret.token}", &err));
	ck_assert_str_eq(err.code, "R013");
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	close(fd);
	snprintf(link, sizeof(link), "%s/other", directory);
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert_ptr_null(expand_template("${secret.other}", &err));
	ck_assert_int_eq(ct_remove_tree_at(AT_FDCWD, directory), 0);
	unsetenv("CONTAINUST_SECRETS_DIR");
}
END_TEST

START_TEST(names_and_numbers)
{
	ck_assert_int_eq(signal_number("SIGTERM"), 15);
	ck_assert_int_eq(signal_number("INT"), 2);
	ck_assert_int_eq(signal_number("9"), 9);
	ck_assert_int_eq(signal_number("RTMIN+3"), 37);
	ck_assert_int_eq(signal_number("0"), -1);
	ck_assert_int_eq(signal_number("65"), -1);
	ck_assert_int_eq(signal_number("SIGNOPE"), -1);
	ck_assert_int_eq(parse_seconds("0"), 0);
	ck_assert_int_eq(parse_seconds("86400"), 86400);
	ck_assert_int_eq(parse_seconds("86401"), -1);
	ck_assert_int_eq(parse_seconds("-1"), -1);
	ck_assert_int_eq(parse_seconds("1s"), -1);
	ck_assert(is_below_tmpfs("/tmp/x") && is_below_tmpfs("/run") && !is_below_tmpfs("/running") &&
		  !is_below_tmpfs("/data"));
}
END_TEST

/* Half a message is no message. */
START_TEST(reports_arrive_whole)
{
	struct report report;
	struct ct_err err = CT_ERR_INIT, back = CT_ERR_INIT;
	int pipes[2];

	ck_assert_uint_le(sizeof(report), 4096);
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	ct_fail(&err, "R003", "no root");
	ct_err_hint(&err, "look");
	report_send(pipes[1], REPORT_FAILED, 127, &err);
	ck_assert(report_receive(pipes[0], &report));
	ck_assert_int_eq(report.exit_code, 127);
	report_error(&report, &back);
	ck_assert_str_eq(back.code, "R003");
	ck_assert_str_eq(back.message, "no root");
	ck_assert_str_eq(back.hint, "look");
	ck_assert_int_eq(ct_write_all(pipes[1], &report, sizeof(report) - 1), 0);
	close(pipes[1]);
	ck_assert(!report_receive(pipes[0], &report));
	close(pipes[0]);
}
END_TEST

/* ---- ids ---- */

START_TEST(subordinate_ids_are_found_by_name_or_number)
{
	static const char text[] = "# who:first:count\n"
				   "short:100000:100\n"
				   "bad:1x:65536\nbad:1\nbad::5\n:\n"
				   "wrapped:4294967295:2\n"
				   "large:4294967296:1\n"
				   "alice:200000:65536\n"
				   "1001:300000:65536\n"
				   "short:400000:65536";
	struct id_range range;

	ck_assert(subordinate_find(text, "alice", 7, 65536, &range));
	ck_assert_uint_eq(range.first, 200000);
	ck_assert(!subordinate_find(text, "alice", 7, 65537, &range));
	ck_assert(subordinate_find(text, NULL, 1001, 65536, &range));
	ck_assert_uint_eq(range.first, 300000);
	ck_assert(subordinate_find(text, "short", 7, 65536, &range));
	ck_assert_uint_eq(range.first, 400000);
	ck_assert(!subordinate_find(text, "bad", 7, 1, &range));
	ck_assert(!subordinate_find(text, "wrapped", 7, 1, &range));
	ck_assert(!subordinate_find(text, "large", 7, 1, &range));
	ck_assert(!subordinate_find(text, "ali", 7, 1, &range));
	ck_assert(!subordinate_find("", "alice", 7, 1, &range));
}
END_TEST

START_TEST(ranges_that_touch_do_not_overlap)
{
	static const char text[] = "alice:200000:65536\n";

	ck_assert(subordinate_overlaps(text, &(struct id_range){ 265535, 1 }));
	ck_assert(!subordinate_overlaps(text, &(struct id_range){ 265536, 65536 }));
	ck_assert(subordinate_overlaps(text, &(struct id_range){ 199999, 2 }));
	ck_assert(!subordinate_overlaps(text, &(struct id_range){ 134464, 65536 }));
	ck_assert(subordinate_overlaps(text, &(struct id_range){ 0, 4000000000 }));
}
END_TEST

#define MS INT64_C(1000000)

static const struct container_healthcheck check_3_of_1s = {
	.interval_ms = 1000, .timeout_ms = 500, .retries = 3, .start_period_ms = 0
};

/* Fails at every time that is asked for until something changes; when that was. */
static int64_t fail_until_change(struct health *health, int *probes)
{
	for (*probes = 1; *probes < 1000; ++*probes) {
		int64_t now = health->next;

		if (health_judge(health, false, now))
			return now;
		ck_assert_int_gt(health->next, now);
	}
	ck_abort_msg("nothing changes");
	return 0;
}

START_TEST(health_of_what_never_works)
{
	struct health health;
	int64_t start = 5000 * MS;
	int probes;

	health_start(&health, &check_3_of_1s, start);
	ck_assert_int_eq(health.state, CT_HEALTH_STARTING);
	ck_assert_int_eq(health.next, start);
	/* After three intervals, however often it was looked at in between. */
	ck_assert_int_eq(fail_until_change(&health, &probes), start + 3000 * MS);
	ck_assert_int_gt(probes, 3);
	ck_assert_int_eq(health.state, CT_HEALTH_UNHEALTHY);
	ck_assert_int_eq(health.next, start + 4000 * MS);
}
END_TEST

START_TEST(health_in_the_start_period)
{
	struct container_healthcheck check = check_3_of_1s;
	struct health health;
	int probes;

	check.start_period_ms = 60000;
	health_start(&health, &check, 0);
	ck_assert_int_eq(fail_until_change(&health, &probes), 62000 * MS);
	/* Twice as long between two of them each time, up to five seconds, or to an interval that is shorter. */
	ck_assert_int_gt(probes, 60);
	ck_assert_int_lt(probes, 70);
}
END_TEST

START_TEST(health_changes)
{
	struct health health;
	int64_t now = 250 * MS;
	int probes;

	health_start(&health, &check_3_of_1s, 0);
	ck_assert(!health_judge(&health, false, 0));
	ck_assert(health_judge(&health, true, now));
	ck_assert_int_eq(health.state, CT_HEALTH_HEALTHY);
	ck_assert_int_eq(health.next, now + 1000 * MS);
	/* One success in between, and it is counted from the beginning. */
	ck_assert(!health_judge(&health, false, health.next));
	ck_assert(!health_judge(&health, false, health.next));
	ck_assert(!health_judge(&health, true, health.next));
	now = health.next;
	ck_assert_int_eq(fail_until_change(&health, &probes), now + 2000 * MS);
	ck_assert_int_eq(probes, 3);
	ck_assert(!health_judge(&health, false, health.next));
	ck_assert(health_judge(&health, true, health.next));
	health_stop(&health);
	ck_assert_int_eq(health.next, 0);
}
END_TEST

START_TEST(health_without_a_check)
{
	static const struct container_healthcheck none;
	struct health health;

	health_start(&health, &none, 1);
	ck_assert_int_eq(health.state, CT_HEALTH_NONE);
	ck_assert_int_eq(health.next, 0);
}
END_TEST

START_TEST(healthchecks_are_read)
{
	ct_autojson *doc = parse(CONTAINER_WITH("db", ",\"healthcheck\":{\"command\":[\"/t\"],\"interval_ms\":7}"));
	struct container container;
	struct ct_err err = CT_ERR_INIT;

	ck_assert_int_eq(container_read(ct_json_root(doc), "P001", &container, &err), 0);
	ck_assert_int_eq(container.healthcheck.interval_ms, 7);
	ck_assert_int_eq(container.healthcheck.timeout_ms, 5000);
	ck_assert_int_eq(container.healthcheck.retries, 3);
	container_release(&container);
	expect_container_error(CONTAINER_WITH("a", ",\"healthcheck\":{}"), "P001", "command");
	expect_container_error(CONTAINER_WITH("a", ",\"healthcheck\":{\"command\":[]}"), "P001", "command");
	expect_container_error(CONTAINER_WITH("a", ",\"healthcheck\":{\"command\":[\"/t\"],\"interval_ms\":0}"), "P001",
			       "interval_ms");
	expect_container_error(CONTAINER_WITH("a",
					      ",\"healthcheck\":{\"command\":[\"/t\"],\"timeout_ms\":99999999999999}"),
			       "P001", "timeout_ms");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spawn");
	TCase *tests = tcase_create("spawn");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, container_is_read);
	tcase_add_test(tests, container_errors);
	tcase_add_test(tests, mounts_are_in_order);
	tcase_add_test(tests, ports_as_text);
	tcase_add_test(tests, processor_time);
	tcase_add_test(tests, plan_is_read);
	tcase_add_test(tests, plan_errors);
	tcase_add_test(tests, decisions);
	tcase_add_test(tests, readiness_of_actions);
	tcase_add_test(tests, times_for_people);
	tcase_add_test(tests, templates_expand);
	tcase_add_test(tests, secret_files);
	tcase_add_test(tests, names_and_numbers);
	tcase_add_test(tests, reports_arrive_whole);
	tcase_add_test(tests, subordinate_ids_are_found_by_name_or_number);
	tcase_add_test(tests, ranges_that_touch_do_not_overlap);
	tcase_add_test(tests, health_of_what_never_works);
	tcase_add_test(tests, health_in_the_start_period);
	tcase_add_test(tests, health_changes);
	tcase_add_test(tests, health_without_a_check);
	tcase_add_test(tests, healthchecks_are_read);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
