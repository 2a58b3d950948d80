/* ctst-seccomp: a seccomp profile in, the filter's instructions out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/capability_names.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "ctst-spawn/confine/profile_rules.h"

#define PROFILE_LIMIT ((size_t)1 << 20)

static const char *capabilities;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 0, "capabilities", "NAMES", "what the container keeps, separated by commas", &capabilities },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-seccomp",
	.synopsis = "[--capabilities NAMES] PROFILE > FILTER",
	.summary = "make a filter of system calls of a seccomp profile",
	.options = options,
};

static int read_names(const char *names, uint64_t *kept, struct ct_err *err)
{
	while (names && *names) {
		size_t length = strcspn(names, ",");
		int number = ct_capability_number((struct ct_slice){ names, length });

		if (number < 0)
			return ct_fail(err, "R004", "'%.*s' is not a capability", (int)length, names);
		*kept |= UINT64_C(1) << number;
		names += length + (names[length] == ',');
	}
	return 0;
}

static int run(const char *path, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	scmp_filter_ctx filter;
	uint64_t kept = 0;
	int status;

	if (read_names(capabilities, &kept, err) < 0)
		return -1;
	if (ct_read_file_at(AT_FDCWD, path, PROFILE_LIMIT, &text) < 0)
		return ct_fail_errno(err, "R004", "cannot read the seccomp profile '%s'", path);
	doc = ct_json_parse(text.data, text.length, "R004", err);
	if (!doc)
		return ct_err_context(err, "the seccomp profile '%s'", path);
	filter = profile_filter(ct_json_root(doc), kept, err);
	if (!filter)
		return ct_err_context(err, "'%s'", path);
	status = seccomp_export_bpf(filter, STDOUT_FILENO);
	seccomp_release(filter);
	errno = -status;
	return status < 0 ? ct_fail_errno(err, "R004", "cannot write the filter of '%s'", path) : 0;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	if (operand + 1 != argc)
		ct_usage_error(&program, "expected the path of a profile");
	return run(argv[operand], &err) < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
