#include "ctst-spawn/recover.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/names.h"
#include "common/state.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/ports.h"

/* The digest a plan gave it: of the compact bytes of the configuration (ctst-plan(5)). */
static int digest_of(const struct ct_json *container, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);

	ct_json_value(writer, container);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	ct_digest(text.data, text.length, digest);
	return 0;
}

static int add_directory(const struct ct_project *project, struct ct_state *state, const char *path, const char *id,
			 struct ct_err *err)
{
	struct config config;
	char digest[CT_DIGEST_LENGTH + 1];
	ct_autobuf ports = CT_BUF_INIT;
	struct ct_state_entry entry = { .directory = (char *)(uintptr_t)path, .config_digest = digest };
	const char *created_at;

	if (config_read(path, &config, err) < 0)
		return -1;
	if (!config_belongs_to(&config, project)) {
		config_release(&config);
		return 0;
	}
	created_at = ct_json_get_string(ct_json_root(config.doc), "created_at");
	if (strlen(id) != CT_ID_LENGTH || strcmp(config.id, id) != 0 || !created_at ||
	    digest_of(ct_json_get(ct_json_root(config.doc), "container"), digest, err) < 0) {
		config_release(&config);
		return ct_fail(err, "S001", "its config.json belongs to another container");
	}
	memcpy(entry.id, id, sizeof(entry.id));
	entry.name = (char *)(uintptr_t)config.container.name;
	entry.image = (char *)(uintptr_t)config.container.image;
	entry.created_at = (char *)(uintptr_t)created_at;
	entry.network = (char *)(uintptr_t)config.container.network;
	ct_buf_puts(&ports, "");
	ports_append(&ports, ct_json_get(ct_json_root(config.doc), "container"));
	entry.ports = ports.data;
	ct_state_read_addresses(ct_json_root(config.doc), &entry);
	ct_state_add(state, &entry);
	ct_state_release_addresses(&entry);
	config_release(&config);
	return 0;
}

static int by_creation(const void *a, const void *b)
{
	return strcmp(((const struct ct_state_entry *)a)->created_at, ((const struct ct_state_entry *)b)->created_at);
}

/* Whoever was replacing a container was killed, too: its successor is there, and what no index names will be removed. */
static void drop_replaced(struct ct_state *state)
{
	ct_autonames names = CT_NAMES_INIT;
	ct_autofree bool *replaced = ct_alloc_array(state->count, sizeof(*replaced));

	for (size_t i = state->count; i-- > 0;)
		replaced[i] = !ct_names_add(&names, ct_slice_of(state->entries[i].name), (uint32_t)i, NULL);
	for (size_t i = state->count; i-- > 0;) {
		if (replaced[i])
			ct_state_remove(state, i);
	}
}

static int scan(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	DIR *directory = opendir(project->containers);
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0 : ct_fail_errno(err, "S003", "cannot read '%s'", project->containers);
	while ((entry = readdir(directory))) {
		ct_autofree char *path = ct_asprintf("%s/%s", project->containers, entry->d_name);
		struct ct_err problem = CT_ERR_INIT;

		if (entry->d_name[0] == '.')
			continue;
		if (add_directory(project, state, path, entry->d_name, &problem) < 0)
			ct_warn("ctst-ps", "'%s' is not taken into the index: %s", path, problem.message);
	}
	closedir(directory);
	if (state->count > 1)
		qsort(state->entries, state->count, sizeof(*state->entries), by_creation);
	drop_replaced(state);
	return 0;
}

int recover_state(const struct ct_project *project, struct ct_err *err)
{
	ct_autoclose int lock = ct_state_lock(project, err);
	ct_autostate state = CT_STATE_INIT;
	ct_autofree char *kept = NULL;
	char now[CT_TIME_LENGTH + 1];

	if (lock < 0 || scan(project, &state, err) < 0)
		return -1;
	ct_format_time(ct_now(), now);
	kept = ct_asprintf("%s.damaged-%s", project->state_file, now);
	if (rename(project->state_file, kept) < 0 && errno != ENOENT)
		return ct_fail_errno(err, "S003", "cannot keep '%s' as '%s'", project->state_file, kept);
	return ct_state_store(project, &state, err);
}
