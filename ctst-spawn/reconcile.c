#include "ctst-spawn/reconcile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/names.h"
#include "common/status.h"
#include "common/store_leftovers.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/log.h"
#include "ctst-spawn/network/use.h"
#include "ctst-spawn/stop.h"

/*
 * With --state-file one project can have several indexes, and each container belongs to one. What cannot be read any
 * more was interrupted while it was made and belongs to nobody else.
 */
static bool belongs_here(const struct ct_project *project, const char *id)
{
	ct_autofree char *directory = ct_asprintf("%s/%s", project->containers, id);
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;
	bool here;

	if (config_read(directory, &config, &ignored) < 0)
		return true;
	here = config_belongs_to(&config, project);
	config_release(&config);
	return here;
}

/* Calls `each` for every container directory of this index that the index does not name. */
static int for_each_stranger(const struct ct_project *project, const struct ct_state *state,
			     int (*each)(const struct ct_project *project, const char *id, struct ct_err *err),
			     struct ct_err *err)
{
	DIR *directory = opendir(project->containers);
	ct_autonames ids = CT_NAMES_INIT;
	struct dirent *entry;
	int status = 0;

	if (!directory)
		return errno == ENOENT ? 0 : ct_fail_errno(err, "S003", "cannot read '%s'", project->containers);
	for (size_t i = 0; i < state->count; i++)
		ct_names_add(&ids, ct_slice_of(state->entries[i].id), (uint32_t)i, NULL);
	while (status == 0 && (entry = readdir(directory))) {
		const char *id = entry->d_name;

		/* What has no id for a name was not made by us. */
		if (!ct_is_id(id))
			continue;
		if (ct_names_find(&ids, ct_slice_of(id)) == CT_NAME_UNKNOWN && belongs_here(project, id))
			status = each(project, id, err);
	}
	closedir(directory);
	return status;
}

static bool is_gone(const struct ct_state_entry *entry)
{
	return access(entry->directory, F_OK) < 0 && errno == ENOENT;
}

/* Its lock tells, also where the status itself is damaged. */
static bool has_supervisor(const struct ct_state_entry *entry)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	(void)ct_status_read(entry->directory, &status, &ignored);
	return status.alive;
}

/* A container without a supervisor has no processes; if it left a cgroup, that goes. */
static bool has_stale_group(const struct ct_state_entry *entry, char *group, size_t size)
{
	return cgroup_path(entry->directory, group, size) && access(group, F_OK) == 0 && !has_supervisor(entry);
}

/* Of an interrupted write of the index. */
static char *temporary_index(const struct ct_project *project)
{
	const char *base = strrchr(project->state_file, '/') + 1;

	return ct_asprintf("%.*s.%s.new", (int)(base - project->state_file), project->state_file, base);
}

/* What a supervisor replaces; one that was killed meanwhile has left the new file, a living one is about to rename it. */
static const char *const replaced_files[] = { "status.json", "health.json", LOG_FILE };

/* Removes what is left of an interrupted write, or with `look` only says whether there is something. */
static bool remove_half_written(const struct ct_state_entry *entry, bool look)
{
	char path[PATH_MAX];
	bool found = false;

	for (size_t i = 0; i < sizeof(replaced_files) / sizeof(replaced_files[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/.%s.new", entry->directory, replaced_files[i]) >=
			    (int)sizeof(path) ||
		    access(path, F_OK) < 0 || has_supervisor(entry))
			continue;
		found = true;
		if (!look)
			(void)unlink(path);
	}
	return found;
}

static int found_stranger(const struct ct_project *project, const char *id, struct ct_err *err)
{
	(void)project;
	(void)id;
	(void)err;
	return 1;
}

/* One that cannot be removed must not stop all other commands; the next one tries again. */
static int remove_stranger(const struct ct_project *project, const char *id, struct ct_err *err)
{
	struct ct_err ignored = CT_ERR_INIT;

	(void)err;
	(void)container_remove(project, id, &ignored);
	return 0;
}

/* An index is written before the first container is made; so where there are containers and no index, it was lost. */
static int check_not_lost(const struct ct_project *project, const struct ct_state *state, struct ct_err *err)
{
	if (state->lineage[0] || for_each_stranger(project, state, found_stranger, err) <= 0)
		return 0;
	ct_fail(err, "S004", "the state index '%s' is missing, but there are containers in '%s'", project->state_file,
		project->containers);
	return ct_err_hint(err, "'ctst ps --recover' rebuilds it from the container directories");
}

int reconcile_load(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	return ct_state_load(project, state, err) < 0 || check_not_lost(project, state, err) < 0 ? -1 : 0;
}

int reconcile(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	ct_autofree char *temporary = temporary_index(project);
	bool dropped = false;
	char group[PATH_MAX];

	if (reconcile_load(project, state, err) < 0)
		return -1;
	(void)unlink(temporary);
	for (size_t i = state->count; i > 0; i--) {
		struct ct_state_entry *entry = &state->entries[i - 1];

		/* What waits for a device that does not answer cannot be ended; the others have nothing to do with that. */
		if (has_stale_group(entry, group, sizeof(group)))
			(void)cgroup_remove(group);
		(void)remove_half_written(entry, false);
		if (is_gone(entry)) {
			container_removed(project, entry->id, entry->name, entry->image);
			ct_state_remove(state, i - 1);
			dropped = true;
		}
	}
	(void)for_each_stranger(project, state, remove_stranger, err);
	use_sweep(project->root);
	return dropped ? ct_state_store(project, state, err) : 0;
}

bool reconcile_is_wanted(const struct ct_project *project, const struct ct_state *state, const bool *alive)
{
	ct_autofree char *temporary = temporary_index(project);
	struct ct_err ignored = CT_ERR_INIT;
	char path[PATH_MAX];

	for (size_t i = 0; i < state->count; i++) {
		const struct ct_state_entry *entry = &state->entries[i];

		if (alive && alive[i])
			continue;
		if (is_gone(entry) || has_stale_group(entry, path, sizeof(path)) || remove_half_written(entry, true))
			return true;
	}
	return access(temporary, F_OK) == 0 || use_has_leftovers(project->root) ||
	       for_each_stranger(project, state, found_stranger, &ignored) > 0;
}

int reconcile_now_if_free(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	ct_autoclose int lock = ct_state_try_lock(project);

	if (lock < 0)
		return 0;
	ct_state_release(state);
	return reconcile(project, state, err) < 0 ? -1 : 1;
}

int reconcile_if_free(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	ct_store_tidy(project->images, project->layers);
	if (reconcile_load(project, state, err) < 0)
		return -1;
	if (!reconcile_is_wanted(project, state, NULL))
		return 0;
	return reconcile_now_if_free(project, state, err) < 0 ? -1 : 0;
}
