/* ctst doctor: what this host offers and lacks, found out by trying. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "ctst/doctor.h"

static const char *output;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "FORMAT", "text or json (default: text on a terminal)", &output },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-doctor",
	.synopsis = "[-o text|json]",
	.summary = "say what this host offers and lacks",
	.options = options,
	.starts_containers = true,
};

static const struct check *const subjects[] = {
	doctor_kernel_checks, doctor_mount_checks, doctor_cgroup_checks, doctor_network_checks, doctor_host_checks,
};

static const char *const finding_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_MISSING] = "missing",
};

/* What went on in all checks. */
struct result {
	int counts[FINDING_MISSING + 1];
	struct ct_buf text;
	struct ct_json_writer *json; /* NULL: text is wanted */
};

static const char *paint(enum finding finding)
{
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[1;31m" };

	return ct_colour(STDOUT_FILENO) ? colours[finding] : "";
}

static void add(struct result *result, const struct check *check, enum finding finding, const char *detail)
{
	result->counts[finding]++;
	if (!result->json) {
		ct_buf_printf(&result->text, "%s%-7s%s  %-19s — %s\n", paint(finding), finding_names[finding],
			      ct_colour(STDOUT_FILENO) ? "\033[0m" : "", check->what, detail);
		return;
	}
	ct_json_open_object(result->json);
	ct_json_member_string(result->json, "what", check->what);
	ct_json_member_string(result->json, "finding", finding_names[finding]);
	ct_json_member_string(result->json, "detail", detail);
	ct_json_close_object(result->json);
}

static void look_at_everything(struct result *result)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		for (const struct check *check = subjects[i]; check->what; check++) {
			ct_autobuf detail = CT_BUF_INIT;
			enum finding finding = check->look(check, &detail);

			add(result, check, finding, detail.data);
		}
	}
}

static void conclude(struct result *result)
{
	int missing = result->counts[FINDING_MISSING];

	if (result->json)
		return;
	if (missing)
		ct_buf_printf(&result->text, "\ncontainers cannot run here: %d missing\n", missing);
	else
		ct_buf_printf(&result->text, "\ncontainers can run here%s\n",
			      geteuid() == 0 ? "" : ", without root (what differs: docs/rootless.md)");
}

static int examine(bool json, struct result *result, struct ct_err *err)
{
	if (json) {
		result->json = ct_json_writer_new(&result->text, isatty(STDOUT_FILENO));
		ct_json_open_object(result->json);
		ct_json_member_string(result->json, "format", "ctst.doctor/1");
		ct_json_key(result->json, "checks");
		ct_json_open_array(result->json);
	}
	look_at_everything(result);
	conclude(result);
	if (json) {
		ct_json_close_array(result->json);
		ct_json_member_bool(result->json, "ready", result->counts[FINDING_MISSING] == 0);
		ct_json_close_object(result->json);
		if (ct_json_writer_finish(result->json, err) < 0)
			return -1;
	}
	return ct_write_stdout(result->text.data, result->text.length, err);
}

int main(int argc, char **argv)
{
	struct result result = { .text = CT_BUF_INIT };
	struct ct_err err = CT_ERR_INIT;
	int first, examined;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (first < argc)
		ct_usage_error(&program, "no operand is wanted, but '%s' was given", argv[first]);
	examined = examine(ct_output_is_json(&program, output), &result, &err);
	ct_buf_free(&result.text);
	if (examined < 0)
		return ct_err_report(program.name, &err);
	return result.counts[FINDING_MISSING] ? CT_EXIT_FAILED : CT_EXIT_OK;
}
