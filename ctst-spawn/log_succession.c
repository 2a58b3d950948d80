#include "ctst-spawn/log_succession.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"

void log_succession_init(struct log_succession *succession, const struct ct_project *project)
{
	*succession = (struct log_succession){ .project = project, .state = CT_STATE_INIT, .names = CT_NAMES_INIT };
	if (stat(project->state_file, &succession->seen) < 0)
		succession->seen = (struct stat){ 0 };
}

bool log_succession_may_come(const struct log_succession *succession)
{
	return succession->project && ct_state_is_locked(succession->project);
}

/* It is only ever replaced as a whole. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One that cannot be read says nothing new. */
void log_succession_look(struct log_succession *succession)
{
	struct ct_state state = CT_STATE_INIT;
	struct ct_err ignored = CT_ERR_INIT;
	struct stat now;

	if (stat(succession->project->state_file, &now) < 0 || is_same(&now, &succession->seen))
		return;
	if (ct_state_load_planned(succession->project, &state, &ignored) < 0)
		return;
	succession->seen = now;
	ct_names_release(&succession->names);
	ct_state_release(&succession->state);
	succession->state = state;
	succession->names = (struct ct_names)CT_NAMES_INIT;
	for (size_t i = 0; i < state.count; i++)
		(void)ct_names_add(&succession->names, ct_slice_of(state.entries[i].name), (uint32_t)i, NULL);
}

static void set(struct log_place *place, const struct ct_state_entry *entry)
{
	free(place->directory);
	place->directory = ct_strdup(entry->directory);
	snprintf(place->created_at, sizeof(place->created_at), "%s", entry->created_at);
}

bool log_succession_replace(const struct log_succession *succession, const char *name, struct log_place *place)
{
	uint32_t index = ct_names_find(&succession->names, ct_slice_of(name));
	const struct ct_state_entry *entry = index == CT_NAME_UNKNOWN ? NULL : &succession->state.entries[index];

	if (!entry || strcmp(entry->directory, place->directory) == 0 || access(entry->directory, F_OK) < 0)
		return false;
	place->from[0] = '\0';
	if (strcmp(entry->created_at, place->created_at) < 0)
		ct_format_time(place->done, place->from);
	set(place, entry);
	place->done = 0;
	return true;
}

void log_place_init(struct log_place *place, const struct ct_state_entry *entry, bool stays)
{
	*place = (struct log_place){ .stays = stays };
	set(place, entry);
}

void log_place_release(struct log_place *place)
{
	free(place->directory);
	*place = (struct log_place){ 0 };
}

void log_succession_release(struct log_succession *succession)
{
	ct_names_release(&succession->names);
	ct_state_release(&succession->state);
}
