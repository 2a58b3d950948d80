/* What `ctst doctor` looks at: tables of checks, one file a subject. */
#ifndef CTST_DOCTOR_H
#define CTST_DOCTOR_H

#include <stdbool.h>

#include "common/buf.h"

enum finding {
	FINDING_OK,
	FINDING_WARNING, /* containers run, something is weaker or absent */
	FINDING_MISSING, /* containers cannot run */
};

struct check {
	const char *what;
	/* Appends what was seen and, where it is not well, what to do. */
	enum finding (*look)(const struct check *check, struct ct_buf *detail);
	int number;       /* for checks that share a function: a namespace's flag */
	const char *text; /* likewise: a program's name */
	const char *use;  /* what it is for */
};

/* Each ends with an entry whose `what` is NULL. */
extern const struct check doctor_kernel_checks[];
extern const struct check doctor_mount_checks[];
extern const struct check doctor_cgroup_checks[];
extern const struct check doctor_network_checks[];
extern const struct check doctor_host_checks[];

#endif
