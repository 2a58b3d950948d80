/* seccomp.list as read: what becomes of each system call of one architecture. Of the build machine's generator only. */
#ifndef CTST_SPAWN_CONFINE_SECCOMP_RULES_H
#define CTST_SPAWN_CONFINE_SECCOMP_RULES_H

#include <stdint.h>

#define RULES_CALLS 1024    /* numbers of system calls; the highest one in use is below 500 */
#define RULES_CONDITIONS 64 /* lines that begin with "when" */
#define RULES_VERDICTS 64   /* different ones */

enum verdict_kind { VERDICT_ALLOW, VERDICT_REFUSE, VERDICT_CAPABILITY };

struct verdict {
	enum verdict_kind kind;
	int errno_value;       /* of VERDICT_REFUSE, and of VERDICT_CAPABILITY without the capability */
	uint64_t capabilities; /* any of these */
};

struct condition {
	int call, argument;
	char operator; /* '=' or '&' */
	uint32_t value;
	int verdict;
};

struct rules {
	uint32_t architecture; /* AUDIT_ARCH_… */
	struct verdict verdicts[RULES_VERDICTS];
	int verdict_count;
	int calls[RULES_CALLS]; /* index of a verdict; 0 is the one of what is not in the list */
	struct condition conditions[RULES_CONDITIONS];
	int condition_count;
};

/* Reads the list for an architecture as libseccomp calls it. Ends the program with a message when something is wrong. */
void rules_read(struct rules *rules, const char *architecture, const char *path);

#endif
