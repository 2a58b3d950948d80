#include "ctst/outcome.h"

#include <string.h>

#include "common/buf.h"
#include "common/project.h"
#include "common/state.h"
#include "common/status.h"

static int count(const struct ct_state *state, struct outcome *outcome, struct ct_err *err)
{
	for (size_t i = 0; i < state->count; i++) {
		struct ct_status status;

		if (ct_status_read(state->entries[i].directory, &status, err) < 0)
			return ct_err_context(err, "container '%s'", state->entries[i].name);
		outcome->alive += status.alive;
		outcome->failed += status.state == CT_FAILED;
		outcome->exit_code = status.exit_code;
	}
	return 0;
}

int outcome_read(const char *directory, struct outcome *outcome, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;

	*outcome = (struct outcome){ .exit_code = -1 };
	if (ct_project_of_directory(&project, directory, err) < 0 || ct_state_load(&project, &state, err) < 0)
		return -1;
	outcome->serial = state.serial;
	outcome->containers = state.count;
	return count(&state, outcome, err);
}

int outcome_exit_status(const struct outcome *outcome)
{
	if (outcome->containers == 1 && outcome->exit_code >= 0)
		return outcome->exit_code;
	return outcome->failed > 0 ? CT_EXIT_FAILED : CT_EXIT_OK;
}

char *outcome_directory_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return ct_strdup(".");
	return slash == file ? ct_strdup("/") : ct_strndup(file, (size_t)(slash - file));
}
