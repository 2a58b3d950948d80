/* Programs and files beside the kernel. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/network/find_program.h"
#include "ctst/doctor.h"

static enum finding program(const struct check *check, struct ct_buf *detail)
{
	ct_autofree char *path = find_program(check->text);

	if (path) {
		ct_buf_printf(detail, "'%s': %s", path, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "'%s' is not installed; it is for later: %s", check->text, check->use);
	return FINDING_WARNING;
}

/* The stages of `ctst run`, where this installation should have them. */
static enum finding tools(const struct check *check, struct ct_buf *detail)
{
	static const char *const names[] = {
		"ctst-run",   "ctst-parse",     "ctst-image", "ctst-plan",
		"ctst-spawn", "ctst-supervise", "ctst-logs",  "ctst-stop",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ct_autofree char *path = ct_asprintf("%s/%s", ct_libexec_directory(), names[i]);

		if (access(path, X_OK) < 0) {
			ct_buf_printf(detail, "'%s' is not there; install again, or set CONTAINUST_LIBEXEC", path);
			return FINDING_MISSING;
		}
	}
	ct_buf_printf(detail, "in '%s': %s", ct_libexec_directory(), check->use);
	return FINDING_OK;
}

/* Who the users of containers are, started by who asks. */
static enum finding users(const struct check *check, struct ct_buf *detail)
{
	struct ct_err err = CT_ERR_INIT;
	struct identity identity;
	ct_autoclose int claim = -1;

	(void)check;
	if (identity_choose("0", &identity, &claim, &err) < 0) {
		ct_buf_puts(detail, err.message);
		return FINDING_WARNING;
	}
	if (identity.kind == IDENTITY_CALLER) {
		ct_buf_puts(detail,
			    "a container has its root only, which is you; for more users: newuidmap, and 65536 ids in "
			    "/etc/subuid and /etc/subgid");
		return FINDING_WARNING;
	}
	ct_buf_printf(detail, "each container has %u, such as from %u on%s", IDENTITY_IDS, identity.users.first,
		      identity.kind == IDENTITY_RANGE ? ", a range of its own" : ", of your own");
	return FINDING_OK;
}

const struct check doctor_host_checks[] = {
	{ "tools", tools, .use = "the stages of the pipeline" },
	{ "users", users },
	{ "qemu", program, .text = "qemu-system-x86_64", .use = "containers in a virtual machine" },
	{ 0 },
};
