/* ctst-rm: forget containers and their data; what they had mounted from the host stays. */
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "common/state.h"
#include "common/status.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/select.h"
#include "ctst-spawn/stop.h"

static const char *file;
static bool force;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 0, "force", NULL, "kill those that run", &force },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-rm",
	.synopsis = "[--force] [-f FILE] NAME…",
	.summary = "remove containers that have ended, with their logs and changes",
	.options = options,
};

static int refuse_running(const struct ct_state_entry *const *entries, size_t count, struct ct_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct ct_status status;
		struct ct_err ignored = CT_ERR_INIT;

		if (ct_status_read(entries[i]->directory, &status, &ignored) == 0 && status.alive &&
		    status.state != CT_STOPPED && status.state != CT_FAILED) {
			ct_fail(err, "R006", "container '%s' is running", entries[i]->name);
			return ct_err_hint(err, "stop it first with 'ctst stop %s', or remove it with --force",
					   entries[i]->name);
		}
	}
	return 0;
}

/* Out of the index first: whatever of the directory is left if this is interrupted, the next command removes. */
static int remove_entries(const struct ct_project *project, struct ct_state *state,
			  const struct ct_state_entry *const *entries, size_t count, struct ct_err *err)
{
	char(*ids)[CT_ID_LENGTH + 1] = ct_alloc_array(count, sizeof(*ids));
	ct_autobuf text = CT_BUF_INIT;
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < sizeof(ids[i]); j++)
			ids[i][j] = entries[i]->id[j];
		ct_buf_printf(&text, "%s\n", entries[i]->name);
	}
	for (size_t i = count; i > 0; i--)
		ct_state_remove(state, (size_t)(entries[i - 1] - state->entries));
	status = ct_state_store(project, state, err);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = container_remove(project, ids[i], err);
	free(ids);
	return status < 0 ? -1 : ct_write_stdout(text.data, text.length, err);
}

static int run(char **names, size_t name_count, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	ct_autoclose int lock = -1;
	const struct ct_state_entry **entries;
	size_t count, stopped;
	int status;

	if (ct_project_find(&project, file, err) < 0)
		return -1;
	if (access(project.root, F_OK) < 0)
		return ct_fail(err, "R005", "no container '%s' in this project", names[0]);
	lock = ct_state_lock(&project, err);
	if (lock < 0 || reconcile(&project, &state, err) < 0)
		return -1;
	entries = select_entries(&state, names, name_count, &count, err);
	if (!entries)
		return -1;
	status = force ? 0 : refuse_running(entries, count, err);
	/* A container that has ended may still have a supervisor that clears up: it is waited for. */
	if (status == 0)
		status = stop_containers(entries, count, 0, &stopped, err);
	if (status == 0)
		status = remove_entries(&project, &state, entries, count, err);
	free(entries);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand;

	ct_open_standard_descriptors();
	file_limit_raise();
	operand = ct_options_parse(&program, argc, argv);
	if (operand == argc)
		ct_usage_error(&program, "expected the name of a container");
	return run(argv + operand, (size_t)(argc - operand), &err) < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
