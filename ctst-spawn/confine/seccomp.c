#include "ctst-spawn/confine/seccomp.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp_list.h"

#define LENGTH (sizeof(seccomp_program) / sizeof(seccomp_program[0]))
#define VERDICTS (sizeof(seccomp_verdicts) / sizeof(seccomp_verdicts[0]))

/*
 * The numbers of verdicts that seccomp_compile.c has left in the program become what the capabilities make of them. The
 * kernel would take such a number as the action to kill, so nothing gets through that is forgotten here.
 */
static void decide(struct sock_filter *program, uint64_t capabilities)
{
	for (size_t i = 0; i < LENGTH; i++) {
		uint32_t verdict = program[i].k;

		if (program[i].code != (BPF_RET | BPF_K) || verdict == 0 || verdict >= VERDICTS)
			continue;
		program[i].k = seccomp_verdicts[verdict].capabilities & capabilities
				       ? SECCOMP_RET_ALLOW
				       : SECCOMP_RET_ERRNO | (uint32_t)seccomp_verdicts[verdict].refusal;
	}
}

static int load(struct sock_filter *program, size_t length)
{
	struct sock_fprog filter = { (unsigned short)length, program };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

int seccomp_load(const struct container *container)
{
	struct sock_filter program[LENGTH];

	if (container->seccomp == SECCOMP_UNCONFINED)
		return 0;
	if (container->seccomp == SECCOMP_PROFILE)
		return load(container->filter, container->filter_length);
	memcpy(program, seccomp_program, sizeof(program));
	decide(program, container->capabilities);
	return load(program, LENGTH);
}
