/*
 * Trying a thing for real without leaving anything behind: in a child process,
 * and in namespaces that end with it.
 */
#ifndef CTST_TRIAL_H
#define CTST_TRIAL_H

/* What is tried, in the child. 0, or -1 with errno. */
typedef int trial_function(const void *argument);

/*
 * 0 when it worked, else the errno it failed with; EIO when the child ended in
 * another way, ETIMEDOUT after five seconds.
 */
int trial(trial_function *function, const void *argument);

/* The same in a new user namespace (the caller's ids as root) and in the namespaces of `flags` (clone(2)). */
int trial_in_namespaces(int flags, trial_function *function, const void *argument);

#endif
