#include "ctst-spawn/confine/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"

static char *join_names(const struct ct_json *names)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_puts(&text, "");
	ct_json_each(name, names)
		ct_buf_printf(&text, "%s%s", text.length > 0 ? "," : "", name->text);
	return ct_strdup(text.data);
}

static int run_compiler(const char *path, const struct ct_json *container, int output, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-seccomp", ct_libexec_directory());
	ct_autofree char *kept = join_names(ct_json_get_typed(container, "capabilities", CT_JSON_ARRAY));
	ct_autofree char *profile = ct_strdup(path);
	char *argv[] = { program, (char[]){ "--capabilities" }, kept, profile, NULL };
	pid_t child = ct_process_start(argv, -1, output);

	if (child < 0)
		return ct_fail_errno(err, "R004", "cannot execute '%s'", program);
	if (ct_process_wait(child) == 0)
		return 0;
	ct_fail(err, "R004", "the seccomp profile '%s' cannot be used", path);
	return ct_err_hint(err, "what is wrong with it is said above");
}

int profile_compile(int directory, const struct ct_json *container, struct ct_err *err)
{
	const char *path = ct_json_get_string(container, "seccomp");
	ct_autoclose int output = -1;

	if (!path || path[0] != '/')
		return 0;
	output = openat(directory, PROFILE_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (output < 0)
		return ct_fail_errno(err, "S003", "cannot create '" PROFILE_FILE "' in the container's directory");
	return run_compiler(path, container, output, err);
}

int profile_read(const char *directory, struct container *container, struct ct_err *err)
{
	ct_autofree char *path = NULL;
	ct_autobuf program = CT_BUF_INIT;

	if (container->seccomp != SECCOMP_PROFILE)
		return 0;
	path = ct_asprintf("%s/" PROFILE_FILE, directory);
	if (ct_read_file_at(AT_FDCWD, path, BPF_MAXINSNS * sizeof(struct sock_filter), &program) < 0)
		return ct_fail_errno(err, "S001", "cannot read '%s'", path);
	if (program.length == 0 || program.length % sizeof(struct sock_filter) != 0)
		return ct_fail(err, "S001", "'%s' is damaged: it holds no filter of system calls", path);
	container->filter_length = program.length / sizeof(struct sock_filter);
	container->filter = ct_alloc_array(container->filter_length, sizeof(struct sock_filter));
	memcpy(container->filter, program.data, program.length);
	return 0;
}
