/* What ctst-spawn and ctst-supervise agree on. */
#ifndef CTST_SPAWN_SUPERVISE_H
#define CTST_SPAWN_SUPERVISE_H

#define SUPERVISE_REPORT_FD 3    /* a pipe for struct report */
#define SUPERVISE_DIRECTORY_FD 4 /* the container's directory, with the lock of common/status.h */
#define SUPERVISE_NETWORK_FD 5   /* the network namespace that it is to be in, when that is not its caller's */
#define SUPERVISE_USER_FD 6      /* the user namespace which that belongs to, likewise */
#define SUPERVISE_LAST_FD SUPERVISE_USER_FD

/*
 * While a container runs its supervisor keeps these of its namespaces open: the one door for
 * ctst-exec, which needs neither the container's processes nor their good will for it.
 */
#define SUPERVISE_NAMESPACE_FD \
	32 /* the first one, above what a supervisor has open before; in the order of SUPERVISE_NAMESPACES */
#define SUPERVISE_NAMESPACES \
	{ \
		"user", "mnt", "pid", "ipc", "uts", "net" \
	}
#define SUPERVISE_NAMESPACE_COUNT 6
#define SUPERVISE_NETWORK_NAMESPACE 5 /* which of them it is */

/* The container's environment and commands: see sealed_payload.h. */
#define SUPERVISE_ENVIRONMENT_FD (SUPERVISE_NAMESPACE_FD + SUPERVISE_NAMESPACE_COUNT)

/* Between the stop signal and SIGKILL, when nobody says otherwise. */
#define SUPERVISE_STOP_SECONDS 10

#endif
