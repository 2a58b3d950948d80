#include "ctst-spawn/enter.h"

#include <sched.h>
#include <sys/prctl.h>

#include "ctst-spawn/keyring.h"
#include "ctst-spawn/supervise.h"

/* The user namespace is the first: it gives the right to enter the others. */
int enter_container(const int *namespaces, const char *name, struct ct_err *err)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || leave_keyring() < 0)
		return ct_fail_errno(err, "R008", "cannot close this process off");
	for (int i = 0; i < SUPERVISE_NAMESPACE_COUNT; i++) {
		if (setns(namespaces[i], 0) < 0)
			return ct_fail_errno(err, "R008", "cannot enter the namespaces of '%s'", name);
	}
	if (unshare(CLONE_NEWCGROUP) < 0)
		return ct_fail_errno(err, "R008", "cannot enter the namespaces of '%s'", name);
	return 0;
}
