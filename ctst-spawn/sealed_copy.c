#include "ctst-spawn/sealed_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/identity.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int copy_all(int from, int to)
{
	ssize_t copied;

	do
		copied = sendfile(to, from, NULL, 1 << 24);
	while (copied > 0 || (copied < 0 && errno == EINTR));
	return copied < 0 ? -1 : 0;
}

int sealed_copy_make(int program, const char *name)
{
	ct_autoclose int copy = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (copy < 0 || copy_all(program, copy) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return -1;
	return ct_take_fd(&copy);
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
