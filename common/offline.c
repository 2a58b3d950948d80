/*
 * What --offline means to the kernel: this process and all that it executes cannot make a socket. A filter of system
 * calls does it, for it costs two calls and, other than a network namespace, needs no permission and changes no other
 * thing.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/options.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#endif

#define X32_BIT 0x40000000u /* system calls of the third kind on x86-64; nobody else has so high numbers */
#define NUMBER offsetof(struct seccomp_data, nr)
#define FIELD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, field)
#define REFUSE(number) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number))

bool ct_offline(void)
{
	const char *value = getenv("CONTAINUST_OFFLINE");

	return value && value[0] && strcmp(value, "0") != 0;
}

int ct_offline_enforce(struct ct_err *err)
{
#ifdef ARCHITECTURE
	/* Calls of another architecture have other numbers: there are none for this process then. */
	struct sock_filter instructions[] = {
		FIELD(offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		REFUSE(ENOSYS),
		FIELD(NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 3, 0),
		/* It makes sockets without socket(2). */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		REFUSE(ENOSYS),
		REFUSE(EACCES),
	};
	struct sock_fprog filter = { sizeof(instructions) / sizeof(instructions[0]), instructions };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0)
		return 0;
#else
	errno = ENOSYS;
#endif
	ct_fail_errno(err, CT_NO_CODE, "--offline cannot be enforced: no filter of system calls");
	return ct_err_hint(err,
			   "this needs a kernel with CONFIG_SECCOMP_FILTER; leave out --offline where there is none");
}
