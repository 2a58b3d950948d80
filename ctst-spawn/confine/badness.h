/* Whom the kernel ends first when memory is short: oom_score_adj in proc(5). */
#ifndef CTST_SPAWN_CONFINE_BADNESS_H
#define CTST_SPAWN_CONFINE_BADNESS_H

#include <sys/types.h>

/*
 * A caller that the kernel spares (a negative value, as daemons have) does not hand that on to the child `pid`: it gets 0.
 * From a caller with CAP_SYS_RESOURCE the child cannot lower it again either. -1 with errno.
 */
int badness_reset(pid_t pid);

#endif
