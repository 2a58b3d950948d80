#include "ctst-spawn/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Up to the first number the kernel does not know, so that a newer kernel's capabilities go too. */
int capabilities_bound(uint64_t kept)
{
	for (unsigned long number = 0; number < 64; number++) {
		if (kept & (UINT64_C(1) << number))
			continue;
		if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -1;
	}
	return 0;
}

static int set(uint64_t kept, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = (uint32_t)(kept >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return (int)syscall(SYS_capset, &header, data);
}

int capabilities_keep(uint64_t kept)
{
	return set(kept, 0);
}

int capabilities_set(uint64_t kept)
{
	if (set(kept, kept) < 0)
		return -1;
	for (unsigned long number = 0; kept && number < 64; number++) {
		if ((kept & (UINT64_C(1) << number)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
			return -1;
	}
	return 0;
}
