/* The filter that seccomp.list becomes, for both architectures, run by hand as the kernel would run it. */
#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>

#define seccomp_program program_x86_64
#define seccomp_verdicts verdicts_x86_64
#include "seccomp_x86_64.h"
#undef seccomp_program
#undef seccomp_verdicts
#define seccomp_program program_aarch64
#define seccomp_verdicts verdicts_aarch64
#include "seccomp_aarch64.h"

#define ALLOWED (-1)
#define KILLED (-2)
#define ASKS(name) (-100 - (name))

struct call {
	int number;
	uint64_t arguments[3];
	int expected; /* an error, ALLOWED, KILLED, or ASKS(capability) */
};

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	ck_assert_uint_le(offset, sizeof(*data) - 4);
	return *(const uint32_t *)((const char *)data + offset);
}

/* Returns the action. Every jump goes forward, so it ends. */
static uint32_t execute(const struct sock_filter *program, size_t length, const struct seccomp_data *data)
{
	uint32_t value = 0;

	for (size_t at = 0; at < length; at++) {
		const struct sock_filter *i = &program[at];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			value = load(data, i->k);
			break;
		case BPF_JMP | BPF_JA:
			at += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += value == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += value >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += value & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			ck_abort_msg("instruction %zu has the code %#x", at, i->code);
		}
	}
	ck_abort_msg("the program has no end");
}

static void check(uint32_t action, uint64_t capabilities, const struct call *call)
{
	if (call->expected == ALLOWED)
		ck_assert_msg(action == SECCOMP_RET_ALLOW, "call %d: %#x", call->number, action);
	else if (call->expected == KILLED)
		ck_assert_msg(action == SECCOMP_RET_KILL_PROCESS, "call %d: %#x", call->number, action);
	else if (call->expected < KILLED)
		ck_assert_msg(action < 64 && (capabilities & (UINT64_C(1) << -(call->expected + 100))),
			      "call %d: %#x asks for %#llx", call->number, action, (unsigned long long)capabilities);
	else
		ck_assert_msg(action == (SECCOMP_RET_ERRNO | (uint32_t)call->expected), "call %d: %#x", call->number,
			      action);
}

#define CHECK_CALLS(calls, architecture_, program, verdicts) \
	for (size_t n = 0; n < sizeof(calls) / sizeof((calls)[0]); n++) { \
		struct seccomp_data data = { .nr = (calls)[n].number, .arch = (architecture_) }; \
		uint32_t action; \
		for (int a = 0; a < 3; a++) \
			data.args[a] = (calls)[n].arguments[a]; \
		action = execute(program, sizeof(program) / sizeof((program)[0]), &data); \
		check(action, action < 64 ? verdicts[action].capabilities : 0, &(calls)[n]); \
	}

enum {
	NET_ADMIN = 12,
	NET_RAW = 13,
	SYS_CHROOT = 18,
	SYS_PTRACE = 19,
	SYS_ADMIN = 21,
	SYS_NICE = 23,
	SYSLOG = 34,
	PERFMON = 38,
	BPF = 39
};

START_TEST(test_x86_64)
{
	static const struct call calls[] = {
		{ 0, { 0 }, ALLOWED },                              /* read */
		{ 1, { 0 }, ALLOWED },                              /* write */
		{ 59, { 0 }, ALLOWED },                             /* execve */
		{ 257, { 0 }, ALLOWED },                            /* openat */
		{ 332, { 0 }, ALLOWED },                            /* statx */
		{ 452, { 0 }, ALLOWED },                            /* fchmodat2, newer than libseccomp 2.5.4 */
		{ 435, { 0 }, ASKS(SYS_ADMIN) },                    /* clone3 */
		{ 56, { 0x1200011 }, ALLOWED },                     /* clone as fork(3) calls it */
		{ 56, { 0x3d0f00 }, ALLOWED },                      /* clone as pthread_create(3) calls it */
		{ 56, { 0x10000011 }, ASKS(SYS_ADMIN) },            /* CLONE_NEWUSER */
		{ 56, { 0x20000 }, ASKS(SYS_ADMIN) },               /* CLONE_NEWNS */
		{ 56, { UINT64_C(0x140000000) }, ASKS(SYS_ADMIN) }, /* CLONE_NEWNET with what the kernel ignores */
		{ 16, { 0, 0x5401 }, ALLOWED },                     /* ioctl TCGETS */
		{ 16, { 0, 0x5412 }, EPERM },                       /* TIOCSTI */
		{ 16, { 0, UINT64_C(0xffffffff00005412) }, EPERM },
		{ 16, { 0, UINT64_C(0x100005412) }, EPERM },
		{ 16, { 0, 0x541c }, EPERM },           /* TIOCLINUX */
		{ 16, { 0, 0x5423 }, ASKS(NET_ADMIN) }, /* TIOCSETD */
		{ 53, { 1, 1 }, ALLOWED },              /* socketpair AF_UNIX */
		{ 53, { 2, 1 }, EAFNOSUPPORT },
		{ 53, { 30, 5 }, EAFNOSUPPORT }, /* AF_TIPC */
		{ 41, { 1 }, ALLOWED },          /* socket AF_UNIX */
		{ 41, { 2, 1, 6 }, ALLOWED },
		{ 41, { 10, 1, 0 }, ALLOWED },
		{ 41, { 16, 3, 0 }, ALLOWED },
		{ 41, { 16, 3, 9 }, EINVAL }, /* NETLINK_AUDIT */
		{ 41, { 17, 3, 0 }, ASKS(NET_RAW) },
		{ 41, { 38, 5, 0 }, EAFNOSUPPORT }, /* AF_ALG */
		{ 41, { 40, 1, 0 }, EAFNOSUPPORT }, /* AF_VSOCK */
		{ 41, { UINT64_C(0x100000028), 1, 0 }, EAFNOSUPPORT },
		{ 135, { 0 }, ALLOWED }, /* personality */
		{ 135, { 0xffffffff }, ALLOWED },
		{ 135, { 0x40000 }, EPERM }, /* ADDR_NO_RANDOMIZE */
		{ 250, { 0 }, EPERM },       /* keyctl */
		{ 425, { 0 }, EPERM },       /* io_uring_setup */
		{ 323, { 0 }, EPERM },       /* userfaultfd */
		{ 154, { 0 }, EPERM },       /* modify_ldt */
		{ 175, { 0 }, EPERM },       /* init_module */
		{ 246, { 0 }, EPERM },       /* kexec_load */
		{ 321, { 0 }, ASKS(BPF) },
		{ 321, { 0 }, ASKS(SYS_ADMIN) },
		{ 298, { 0 }, ASKS(PERFMON) },
		{ 103, { 0 }, ASKS(SYSLOG) },
		{ 165, { 0 }, ASKS(SYS_ADMIN) }, /* mount */
		{ 442, { 0 }, ASKS(SYS_ADMIN) }, /* mount_setattr */
		{ 272, { 0 }, ASKS(SYS_ADMIN) }, /* unshare */
		{ 161, { 0 }, ASKS(SYS_CHROOT) },
		{ 312, { 0 }, ASKS(SYS_PTRACE) }, /* kcmp */
		{ 237, { 0 }, ASKS(SYS_NICE) },   /* mbind */
		{ 134, { 0 }, ENOSYS },           /* uselib */
		{ 400, { 0 }, ENOSYS },           /* no call has this number */
		{ 900, { 0 }, ENOSYS },
		{ 1 << 20, { 0 }, ENOSYS },
		{ 0x40000000, { 0 }, KILLED }, /* x32 */
		{ 0x40000000 + 39, { 0 }, KILLED },
		{ -1, { 0 }, ALLOWED }, /* skipped by a tracer */
		{ -2, { 0 }, KILLED },
	};

	CHECK_CALLS(calls, AUDIT_ARCH_X86_64, program_x86_64, verdicts_x86_64);
}
END_TEST

START_TEST(test_aarch64)
{
	static const struct call calls[] = {
		{ 63, { 0 }, ALLOWED },          /* read */
		{ 56, { 0 }, ALLOWED },          /* openat */
		{ 221, { 0 }, ALLOWED },         /* execve */
		{ 220, { 0x1200011 }, ALLOWED }, /* clone */
		{ 220, { 0x10000011 }, ASKS(SYS_ADMIN) },
		{ 435, { 0 }, ASKS(SYS_ADMIN) },
		{ 29, { 0, 0x5412 }, EPERM }, /* ioctl TIOCSTI */
		{ 29, { 0, 0x5401 }, ALLOWED },
		{ 198, { 1 }, ALLOWED }, /* socket */
		{ 198, { 40 }, EAFNOSUPPORT },
		{ 219, { 0 }, EPERM }, /* keyctl */
		{ 280, { 0 }, ASKS(BPF) },
		{ 40, { 0 }, ASKS(SYS_ADMIN) }, /* mount */
		{ 92, { 0x40000 }, EPERM },     /* personality */
		{ 452, { 0 }, ALLOWED },
		{ 999, { 0 }, ENOSYS },
	};

	CHECK_CALLS(calls, AUDIT_ARCH_AARCH64, program_aarch64, verdicts_aarch64);
}
END_TEST

START_TEST(test_other_architectures_are_killed)
{
	static const struct call calls[] = { { 0, { 0 }, KILLED }, { 20, { 0 }, KILLED }, { 452, { 0 }, KILLED } };

	CHECK_CALLS(calls, AUDIT_ARCH_I386, program_x86_64, verdicts_x86_64);
	CHECK_CALLS(calls, AUDIT_ARCH_AARCH64, program_x86_64, verdicts_x86_64);
	CHECK_CALLS(calls, AUDIT_ARCH_ARM, program_aarch64, verdicts_aarch64);
	CHECK_CALLS(calls, AUDIT_ARCH_X86_64, program_aarch64, verdicts_aarch64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seccomp");
	TCase *tcase = tcase_create("filter");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_x86_64);
	tcase_add_test(tcase, test_aarch64);
	tcase_add_test(tcase, test_other_architectures_are_killed);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
