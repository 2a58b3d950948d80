/*
 * The least that can be called a container: one clone3(2) with all namespaces, a tmpfs,
 * an overlay root, /proc, pivot_root(2), execve(2). Whatever a runtime does comes on top of it.
 *
 * usage: floor LAYER COMMAND…   (as root)
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKING_PLACE "/tmp"

static int fail(const char *what)
{
	perror(what);
	return 127;
}

static int run(const char *layer, char **command)
{
	char options[4096];

	snprintf(options, sizeof(options), "lowerdir=" WORKING_PLACE "/skeleton:" WORKING_PLACE "/layer");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || chdir(layer) < 0)
		return fail("private");
	if (mount("tmpfs", WORKING_PLACE, "tmpfs", 0, NULL) < 0 || mkdir(WORKING_PLACE "/skeleton", 0755) < 0 ||
	    mkdir(WORKING_PLACE "/skeleton/proc", 0755) < 0 || mkdir(WORKING_PLACE "/layer", 0755) < 0 ||
	    mkdir(WORKING_PLACE "/root", 0755) < 0 || mount(".", WORKING_PLACE "/layer", NULL, MS_BIND, NULL) < 0)
		return fail("tmpfs");
	if (mount("overlay", WORKING_PLACE "/root", "overlay", MS_RDONLY, options) < 0)
		return fail("overlay");
	if (mount("proc", WORKING_PLACE "/root/proc", "proc", 0, NULL) < 0)
		return fail("proc");
	if (chdir(WORKING_PLACE "/root") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return fail("pivot_root");
	execv(command[0], command);
	return fail(command[0]);
}

int main(int argc, char **argv)
{
	struct clone_args arguments = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	int status;
	long child;

	if (argc < 3) {
		fputs("usage: floor LAYER COMMAND…\n", stderr);
		return 2;
	}
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0)
		_exit(run(argv[1], argv + 2));
	if (child < 0 || waitpid((pid_t)child, &status, 0) < 0)
		return fail("clone3");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
