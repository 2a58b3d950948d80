/* ctst-stop: end containers, those that need another one first. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "common/state.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/select.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

static const char *file, *seconds_text;
static bool force;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 't', "time", "SECONDS", "kill what has not ended after SECONDS (10)", &seconds_text },
	{ CT_OPTION_FLAG, 0, "force", NULL, "kill at once", &force },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-stop",
	.synopsis = "[-t SECONDS] [--force] [-f FILE] [NAME… | FILE.ctst]",
	.summary = "stop containers; without a name all of the project",
	.options = options,
};

static int stop(const struct ct_state *state, char **names, size_t name_count, int seconds, struct ct_err *err)
{
	size_t count, stopped;
	const struct ct_state_entry **entries = select_entries(state, names, name_count, &count, err);
	ct_autobuf text = CT_BUF_INIT;
	int status;

	if (!entries)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int pidfd = supervisor_open(entries[i]);

		if (pidfd >= 0) {
			ct_buf_printf(&text, "%s\n", entries[i]->name);
			close(pidfd);
		}
	}
	status = stop_containers(entries, count, seconds, &stopped, err);
	if (status == 0)
		status = containers_have_ended(entries, count, err);
	free(entries);
	return status < 0 ? -1 : ct_write_stdout(text.data, text.length, err);
}

#define RETRY_MS 20
#define FORCE_MS 10000 /* after that the lock is held by something else than a stop that waits */

/* Whoever waits with the lock for these containers to end gets what it waits for. */
static void kill_before_locking(const struct ct_project *project, char **names, size_t name_count)
{
	ct_autostate state = CT_STATE_INIT;
	struct ct_err ignored = CT_ERR_INIT;
	const struct ct_state_entry **entries;
	size_t count;

	if (ct_state_load(project, &state, &ignored) < 0)
		return;
	entries = select_entries(&state, names, name_count, &count, &ignored);
	for (size_t i = 0; entries && i < count; i++) {
		ct_autoclose int pidfd = supervisor_open(entries[i]);

		if (pidfd >= 0)
			(void)supervisor_stop(pidfd, 0);
	}
	free(entries);
}

/* Again and again: what was killed may have been only the first of those that the holder of the lock waits for. */
static int lock_by_force(const struct ct_project *project, char **names, size_t count, struct ct_err *err)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000 };
	int64_t end = ct_monotonic() + (int64_t)FORCE_MS * 1000000;

	for (;;) {
		int lock = ct_state_try_lock(project);

		if (lock >= 0 || ct_monotonic() > end)
			return lock >= 0 ? lock : ct_state_lock(project, err);
		kill_before_locking(project, names, count);
		nanosleep(&pause, NULL);
	}
}

static int run(char **names, size_t count, int seconds, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	ct_autoclose int lock = -1;

	if (ct_project_find(&project, file, err) < 0)
		return -1;
	/* Nothing has ever run here: there is nothing to stop and nothing to create for that. */
	if (access(project.root, F_OK) < 0)
		return count == 0 ? 0 : ct_fail(err, "R005", "no container '%s' in this project", names[0]);
	lock = force ? lock_by_force(&project, names, count, err) : ct_state_lock(&project, err);
	if (lock < 0 || reconcile(&project, &state, err) < 0)
		return -1;
	return stop(&state, names, count, seconds, err);
}

static bool is_composition_file(const char *operand)
{
	size_t length = strlen(operand);

	return length > 5 && strcmp(operand + length - 5, ".ctst") == 0;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int seconds = SUPERVISE_STOP_SECONDS;
	int operand;

	ct_open_standard_descriptors();
	file_limit_raise();
	operand = ct_options_parse(&program, argc, argv);
	if (seconds_text) {
		seconds = parse_seconds(seconds_text);
		if (seconds < 0)
			ct_usage_error(&program, "'%s' is not a number of seconds from 0 to 86400", seconds_text);
	}
	if (operand + 1 == argc && !file && is_composition_file(argv[operand]))
		file = argv[operand++];
	return run(argv + operand, (size_t)(argc - operand), force ? 0 : seconds, &err) < 0
		       ? ct_err_report(program.name, &err)
		       : CT_EXIT_OK;
}
