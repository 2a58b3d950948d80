#include "common/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/identifier.h"
#include "common/json.h"

#define STATE_LIMIT ((size_t)256 << 20)
#define LOCK_SECONDS 30

static int corrupt(const struct ct_project *project, struct ct_err *err, const char *problem)
{
	ct_fail(err, "S001", "the state index '%s' is damaged: %s", project->state_file, problem);
	return ct_err_hint(err, "'ctst ps --recover' rebuilds it from the container directories");
}

bool ct_is_id(const char *text)
{
	if (!text || strlen(text) != CT_ID_LENGTH)
		return false;
	for (size_t i = 0; i < CT_ID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');

		if (dash ? text[i] != '-' : !digit)
			return false;
	}
	return true;
}

static void add_address(struct ct_state_entry *entry, const char *network, const char *address, const char *address6)
{
	struct ct_state_address *added;

	entry->addresses = ct_realloc_array(entry->addresses, entry->address_count + 1, sizeof(*entry->addresses));
	added = &entry->addresses[entry->address_count++];
	added->network = ct_strdup(network);
	added->address = ct_strdup(address);
	added->address6 = address6 ? ct_strdup(address6) : NULL;
}

void ct_state_read_addresses(const struct ct_json *object, struct ct_state_entry *entry)
{
	ct_json_each(address, ct_json_get_typed(object, "addresses", CT_JSON_ARRAY)) {
		const char *network = ct_json_get_string(address, "network");
		const char *text = ct_json_get_string(address, "address");

		if (network && text)
			add_address(entry, network, text, ct_json_get_string(address, "address6"));
	}
}

/*
 * The directory is where the project's containers are, whatever the index says: in a copy of a
 * project it still names those of the original, which are not ours to touch. Of two that an item names, the
 * old one is the truth as long as the new one does not exist. -1: incomplete.
 */
static int read_entry(const struct ct_project *project, const struct ct_json *item, bool planned,
		      struct ct_state *state)
{
	const struct ct_json *replaces = ct_json_get_typed(item, "replaces", CT_JSON_OBJECT);
	const char *id = ct_json_get_string(item, "id");
	ct_autofree char *directory = ct_asprintf("%s/%s", project->containers, id ? id : "");
	struct ct_state_entry entry = {
		.name = (char *)(uintptr_t)ct_json_get_string(item, "name"),
		.created_at = (char *)(uintptr_t)ct_json_get_string(item, "created_at"),
		.image = (char *)(uintptr_t)ct_json_get_string(item, "image"),
		.config_digest = (char *)(uintptr_t)ct_json_get_string(item, "config_digest"),
		.network = (char *)(uintptr_t)ct_json_get_string(item, "network"),
		.ports = (char *)(uintptr_t)ct_json_get_string(item, "ports"),
		.directory = directory,
	};

	/* Names are printed, and the index may have come with somebody else's project. */
	if (!id || !ct_is_id(id) || !entry.name || !ct_is_identifier(ct_slice_of(entry.name)) || !entry.created_at ||
	    !entry.image || !entry.config_digest)
		return -1;
	/* The old one's own item has none: what replaces it replaces nothing else. */
	if (replaces && !planned && !ct_json_get(replaces, "replaces") && access(directory, F_OK) < 0 &&
	    errno == ENOENT)
		return read_entry(project, replaces, planned, state);
	memcpy(entry.id, id, sizeof(entry.id));
	ct_state_add(state, &entry);
	ct_state_read_addresses(item, &state->entries[state->count - 1]);
	return 0;
}

static int read_index(const struct ct_project *project, const struct ct_json *root, bool planned,
		      struct ct_state *state, struct ct_err *err)
{
	const char *format = ct_json_get_string(root, "format");
	const char *lineage = ct_json_get_string(root, "lineage");
	const struct ct_json *containers = ct_json_get_typed(root, "containers", CT_JSON_ARRAY);

	if (format && strncmp(format, "ctst.state/", 11) == 0 && strcmp(format, "ctst.state/1") != 0) {
		ct_fail(err, "S001", "the state index '%s' was written by a newer version (%s)", project->state_file,
			format);
		return ct_err_hint(err, "use that version; nothing was changed");
	}
	if (!format || strcmp(format, "ctst.state/1") != 0)
		return corrupt(project, err, "it is not a ctst.state/1 document");
	if (!ct_is_id(lineage) || !ct_json_get_int(root, "serial", &state->serial) || state->serial < 1 || !containers)
		return corrupt(project, err, "lineage, serial or containers is missing");
	memcpy(state->lineage, lineage, sizeof(state->lineage));
	ct_json_each(item, containers) {
		if (read_entry(project, item, planned, state) < 0)
			return corrupt(project, err, "a container's entry is incomplete or not valid");
	}
	return 0;
}

static int load(const struct ct_project *project, bool planned, struct ct_state *state, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	*state = (struct ct_state)CT_STATE_INIT;
	if (ct_read_file_at(AT_FDCWD, project->state_file, STATE_LIMIT, &text) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return ct_fail_errno(err, errno == EFBIG ? "S001" : "S003", "cannot read the state index '%s'",
				     project->state_file);
	}
	doc = ct_json_parse(text.data, text.length, "S001", err);
	if (!doc) {
		char problem[256];

		snprintf(problem, sizeof(problem), "%s", err->message);
		return corrupt(project, err, problem);
	}
	if (read_index(project, ct_json_root(doc), planned, state, err) < 0) {
		ct_state_release(state);
		return -1;
	}
	return 0;
}

int ct_state_load(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	return load(project, false, state, err);
}

int ct_state_load_planned(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	return load(project, true, state, err);
}

void ct_state_write_addresses(struct ct_json_writer *writer, const struct ct_state_entry *entry)
{
	if (entry->address_count == 0)
		return;
	ct_json_key(writer, "addresses");
	ct_json_open_array(writer);
	for (size_t i = 0; i < entry->address_count; i++) {
		ct_json_open_object(writer);
		ct_json_member_string(writer, "network", entry->addresses[i].network);
		ct_json_member_string(writer, "address", entry->addresses[i].address);
		ct_json_member_string(writer, "address6", entry->addresses[i].address6);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static void write_members(struct ct_json_writer *writer, const struct ct_state_entry *entry)
{
	ct_json_member_string(writer, "id", entry->id);
	ct_json_member_string(writer, "name", entry->name);
	ct_json_member_string(writer, "created_at", entry->created_at);
	ct_json_member_string(writer, "image", entry->image);
	ct_json_member_string(writer, "config_digest", entry->config_digest);
	ct_json_member_string(writer, "network", entry->network);
	ct_json_member_string(writer, "ports", entry->ports);
	ct_json_member_string(writer, "directory", entry->directory);
	ct_state_write_addresses(writer, entry);
}

static void write_index(const struct ct_state *state, struct ct_buf *out, struct ct_err *err, int *status)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.state/1");
	ct_json_member_string(writer, "lineage", state->lineage);
	ct_json_member_int(writer, "serial", state->serial);
	ct_json_key(writer, "containers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < state->count; i++) {
		const struct ct_state_entry *entry = &state->entries[i];

		ct_json_open_object(writer);
		write_members(writer, entry);
		if (entry->replaces) {
			ct_json_key(writer, "replaces");
			ct_json_open_object(writer);
			write_members(writer, entry->replaces);
			ct_json_close_object(writer);
		}
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	*status = ct_json_writer_finish(writer, err);
}

/* Splits the index's path: *name points into it. */
static int open_state_directory(const struct ct_project *project, const char **name)
{
	ct_autofree char *directory = ct_strdup(project->state_file);
	char *slash = strrchr(directory, '/');

	*name = strrchr(project->state_file, '/') + 1;
	slash[slash == directory ? 1 : 0] = '\0';
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int ct_state_store(const struct ct_project *project, struct ct_state *state, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	const char *name;
	ct_autoclose int directory = open_state_directory(project, &name);
	int status;

	if (directory < 0)
		return ct_fail_errno(err, "S003", "cannot open the directory of '%s'", project->state_file);
	if (!state->lineage[0])
		ct_new_id(state->lineage);
	state->serial++;
	write_index(state, &text, err, &status);
	if (status < 0)
		return -1;
	if (ct_replace_file_at(directory, name, text.data, text.length, 0600, true) < 0)
		return ct_fail_errno(err, "S003", "cannot write the state index '%s'", project->state_file);
	return 0;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* flock(2) with a time limit: the alarm's handler, set without SA_RESTART, makes it return EINTR. */
static int lock_with_limit(int fd)
{
	struct sigaction action = { .sa_handler = on_alarm }, before;
	int status;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -1;
	sigaction(SIGALRM, &action, &before);
	alarm(LOCK_SECONDS);
	status = flock(fd, LOCK_EX);
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	return status;
}

static int make_project_directories(const struct ct_project *project, struct ct_err *err)
{
	ct_autofree char *state_directory = ct_asprintf("%s/state", project->root);
	const char *const wanted[] = { project->root, state_directory, project->containers };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (mkdir(wanted[i], 0700) < 0 && errno != EEXIST)
			return ct_fail_errno(err, "S003", "cannot create '%s'", wanted[i]);
	}
	return 0;
}

int ct_state_lock(const struct ct_project *project, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/state/lock", project->root);
	ct_autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		if (make_project_directories(project, err) < 0)
			return -1;
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (fd < 0)
		return ct_fail_errno(err, "S003", "cannot open '%s'", path);
	if (lock_with_limit(fd) < 0) {
		if (errno != EINTR)
			return ct_fail_errno(err, "S002", "cannot lock '%s'", path);
		ct_fail(err, "S002", "another ctst command has been working on project '%s' for more than %d seconds",
			project->name, LOCK_SECONDS);
		return ct_err_hint(err, "wait for it to end and try again; 'fuser %s' names it", path);
	}
	return ct_take_fd(&fd);
}

int ct_state_try_lock(const struct ct_project *project)
{
	ct_autofree char *path = ct_asprintf("%s/state/lock", project->root);
	ct_autoclose int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? ct_take_fd(&fd) : -1;
}

/* Read-only, so that whoever watches the file for a writer that closes it (log_watch.h) is not woken by this. */
bool ct_state_is_locked(const struct ct_project *project)
{
	ct_autofree char *path = ct_asprintf("%s/state/lock", project->root);
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static void copy_entry(struct ct_state_entry *copy, const struct ct_state_entry *entry)
{
	*copy = (struct ct_state_entry){
		.name = ct_strdup(entry->name),
		.created_at = ct_strdup(entry->created_at),
		.image = ct_strdup(entry->image),
		.config_digest = ct_strdup(entry->config_digest),
		.network = entry->network ? ct_strdup(entry->network) : NULL,
		.ports = entry->ports ? ct_strdup(entry->ports) : NULL,
		.directory = ct_strdup(entry->directory),
	};
	memcpy(copy->id, entry->id, sizeof(copy->id));
	for (size_t i = 0; i < entry->address_count; i++)
		add_address(copy, entry->addresses[i].network, entry->addresses[i].address,
			    entry->addresses[i].address6);
}

void ct_state_add(struct ct_state *state, const struct ct_state_entry *entry)
{
	struct ct_state_entry *copy;

	/* Grown by doubling: the count is a power of two exactly when the array is full. */
	if ((state->count & (state->count - 1)) == 0)
		state->entries = ct_realloc_array(state->entries, state->count ? state->count * 2 : 1,
						  sizeof(*state->entries));
	copy = &state->entries[state->count++];
	copy_entry(copy, entry);
	if (entry->replaces) {
		copy->replaces = ct_alloc(sizeof(*copy->replaces));
		copy_entry(copy->replaces, entry->replaces);
	}
}

void ct_state_release_addresses(struct ct_state_entry *entry)
{
	for (size_t i = 0; i < entry->address_count; i++) {
		free(entry->addresses[i].network);
		free(entry->addresses[i].address);
		free(entry->addresses[i].address6);
	}
	free(entry->addresses);
}

static void release_members(struct ct_state_entry *entry)
{
	free(entry->name);
	free(entry->created_at);
	free(entry->image);
	free(entry->config_digest);
	free(entry->network);
	free(entry->ports);
	free(entry->directory);
	ct_state_release_addresses(entry);
}

static void release_entry(struct ct_state_entry *entry)
{
	release_members(entry);
	if (entry->replaces)
		release_members(entry->replaces);
	free(entry->replaces);
}

/* Removing shrinks the count, and adding after that may find the array larger than it thinks: realloc then only moves less. */
void ct_state_remove(struct ct_state *state, size_t index)
{
	release_entry(&state->entries[index]);
	memmove(&state->entries[index], &state->entries[index + 1],
		(state->count - index - 1) * sizeof(*state->entries));
	state->count--;
}

const struct ct_state_entry *ct_state_find(const struct ct_state *state, const char *word, struct ct_err *err)
{
	const struct ct_state_entry *found = NULL;
	size_t length = strlen(word);

	for (size_t i = 0; i < state->count; i++) {
		if (strcmp(state->entries[i].name, word) == 0 || strcmp(state->entries[i].id, word) == 0)
			return &state->entries[i];
	}
	for (size_t i = 0; length >= 8 && i < state->count; i++) {
		if (strncmp(state->entries[i].id, word, length) != 0)
			continue;
		if (found) {
			ct_fail(err, "R005", "'%s' is the beginning of more than one container id", word);
			return NULL;
		}
		found = &state->entries[i];
	}
	if (!found) {
		ct_fail(err, "R005", "no container '%s' in this project", word);
		ct_err_hint(err, "'ctst ps -a' lists them");
	}
	return found;
}

void ct_state_release(struct ct_state *state)
{
	for (size_t i = 0; i < state->count; i++)
		release_entry(&state->entries[i]);
	free(state->entries);
	*state = (struct ct_state)CT_STATE_INIT;
}
