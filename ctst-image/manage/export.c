/* `ctst-image export`: another program, because of the libraries that it needs. */
#include "common/buf.h"
#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-image/manage/commands.h"

int command_export(int argc, char **argv)
{
	ct_autofree char *helper = ct_asprintf("%s/ctst-image-export", ct_libexec_directory());
	struct ct_err err = CT_ERR_INIT;

	(void)argc;
	argv[0] = helper;
	execv(helper, argv);
	ct_fail_errno(&err, CT_NO_CODE, "cannot execute '%s'", helper);
	return ct_err_report("ctst-image", &err);
}
