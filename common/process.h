/*
 * Processes: started so that a failure is known exactly, and named so that a
 * recycled pid is never signalled.
 */
#ifndef CT_PROCESS_H
#define CT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

/* A process by pid and start time (field 22 of proc_pid_stat(5), clock ticks since boot). pid 0: none. */
struct ct_process_id {
	pid_t pid;
	uint64_t start_time;
};

/* Fills *id for a process that exists. -1 with errno (ESRCH). */
int ct_process_identify(pid_t pid, struct ct_process_id *id);

/* A pidfd for exactly that process. -1 with errno ESRCH when it is gone, also when its pid belongs to another one now. */
int ct_process_open(const struct ct_process_id *id);

/* pidfd_send_signal(2); value becomes si_value (SI_QUEUE). -1 with errno. */
int ct_pidfd_signal(int pidfd, int signal, int value);

/*
 * Starts argv[0] (a path; no PATH search) with the given stdin and stdout
 * (-1: inherited) and this process's environment; other descriptors must be
 * close-on-exec. SIGPIPE and the signal mask are reset in the child.
 * Returns the pid, or -1 with errno of whatever failed, execve(2) included
 * (the child's errno comes back through a close-on-exec pipe).
 */
pid_t ct_process_start(char *const argv[], int stdin_fd, int stdout_fd);

/* The same; the child gets SIGTERM when this process ends, or more exactly the thread that calls this. */
pid_t ct_process_start_tied(char *const argv[], int stdin_fd, int stdout_fd);

/* Waits for the child. The shell's convention: its exit status, or 128 + the signal that ended it. */
int ct_process_wait(pid_t pid);

/* Where the project's other executables are: CONTAINUST_LIBEXEC, else the directory set at build time. Never freed. */
const char *ct_libexec_directory(void);
/* The same for data files such as the presets: CONTAINUST_DATADIR. */
const char *ct_data_directory(void);

#endif
