#include "ctst-spawn/serve.h"

#include <signal.h>
#include <sys/wait.h>

int serve(pid_t payload)
{
	sigset_t all;
	int status;

	sigfillset(&all);
	for (;;) {
		siginfo_t info;
		pid_t ended;
		int signal = sigwaitinfo(&all, &info);

		if (signal > 0 && signal != SIGCHLD) {
			kill(payload, signal);
			continue;
		}
		/* One SIGCHLD may stand for many children; orphans become init's (pid_namespaces(7)). */
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended == payload)
				return status;
		}
	}
}
