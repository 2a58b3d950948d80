/*
 * The commands of ctst-image that look at the store and change it. Each one has its command line in its own file.
 * They take argv from their own name on and return an exit status.
 */
#ifndef IMAGE_COMMANDS_H
#define IMAGE_COMMANDS_H

#include <stddef.h>

#include "common/err.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst-image/manage/pick.h"

int command_list(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_history(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_tag(int argc, char **argv);
int command_remove(int argc, char **argv);
int command_prune(int argc, char **argv);
int command_export(int argc, char **argv);

/* What `images --remove` and `images --prune` do as well. */
int remove_images(const struct ct_project *project, char **words, size_t count, bool json, struct ct_err *err);
int prune_images(const struct ct_project *project, bool dry_run, bool json, struct ct_err *err);

/* `file` NULL: the nearest project; where there is none yet the current directory's, whose store is empty. */
int command_find_store(struct ct_project *project, const char *file, struct ct_err *err);

/*
 * A command that shows one image, from its command line to its exit status; `describe` appends what is shown. -1: whatever
 * keeps it from that.
 */
typedef int (*show_fn)(const struct pick *pick, const struct ct_project *project, bool json, struct ct_buf *out,
		       struct ct_err *err);
int command_show(int argc, char **argv, const char *name, const char *summary, show_fn describe);

/* Exits 2 when it is not a platform; NULL is accepted. */
void command_check_platform(const struct ct_program *program, const char *platform);

#endif
