#include "ctst-spawn/sealed_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/identity.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

#define EXECUTABLE 0x10U /* MFD_EXEC of linux/memfd.h, which may be older */
#define NAME_LONGEST 249 /* memfd_create(2); of a longer path the end is shown */

static int copy_all(int from, int to)
{
	ssize_t copied;

	do
		copied = sendfile(to, from, NULL, 1 << 24);
	while (copied > 0 || (copied < 0 && errno == EINTR));
	return copied < 0 ? -1 : 0;
}

/*
 * With vm.memfd_noexec = 1 only a file that asks for it can be executed; with 2 none can (EACCES). A kernel before 6.3
 * does not know the question.
 */
static int make_executable_file(const char *name)
{
	size_t length = strlen(name);
	const char *end = length > NAME_LONGEST ? name + length - NAME_LONGEST : name;
	int fd = memfd_create(end, MFD_CLOEXEC | MFD_ALLOW_SEALING | EXECUTABLE);

	return fd < 0 && errno == EINVAL ? memfd_create(end, MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

int sealed_copy_make(int program, const char *name)
{
	ct_autoclose int copy = make_executable_file(name);

	if (copy < 0 || copy_all(program, copy) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return -1;
	return ct_take_fd(&copy);
}

int cannot_run_sealed(const char *code, struct ct_err *err)
{
	int failure = errno;

	ct_fail_errno(err, code, "cannot run from a sealed copy in memory");
	return failure == EACCES
		       ? ct_err_hint(err, "'sysctl vm.memfd_noexec' should be 0 or 1 for containers without root")
		       : -1;
}

int run_from_sealed_copy(char **argv)
{
	ct_autoclose int self = -1;
	ct_autoclose int copy = -1;

	if (identity_is_root())
		return 0;
	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0)
		return -1;
	if (fcntl(self, F_GET_SEALS) == SEALS)
		return 0;
	copy = sealed_copy_make(self, argv[0]);
	if (copy >= 0)
		fexecve(copy, argv, environ);
	return -1;
}
