#include "ctst-spawn/container_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/event.h"
#include "common/file.h"
#include "ctst-spawn/confine/profile.h"
#include "ctst-spawn/log.h"

static int write_config(int directory, const struct ct_state_entry *entry, const struct ct_project *project,
			const struct ct_json *after, const struct ct_json *container, bool may_go_unlimited,
			struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);
	ct_autoclose int file = -1;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.container/1");
	ct_json_member_string(writer, "id", entry->id);
	ct_json_member_string(writer, "created_at", entry->created_at);
	ct_json_member_string(writer, "project_directory", project->directory);
	ct_json_member_string(writer, "state_file", project->state_moved ? project->state_file : NULL);
	if (may_go_unlimited)
		ct_json_member_bool(writer, "allow_unlimited", true);
	if (after)
		ct_json_member_value(writer, "after", after);
	ct_json_member_value(writer, "container", container);
	ct_state_write_addresses(writer, entry);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	ct_buf_putc(&text, '\n');
	/* Nobody knows of the directory before it is in the index, so there is no reader to hide a half-written file from. */
	file = openat(directory, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || ct_write_all(file, text.data, text.length) < 0)
		return ct_fail_errno(err, "S003", "cannot write '%s/config.json'", entry->directory);
	return 0;
}

int container_directory_open(const char *path, struct ct_err *err)
{
	ct_autoclose int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (directory < 0)
		return ct_fail_errno(err, "S003", "cannot open '%s'", path);
	/* Whoever looks whether a supervisor lives has the lock for a moment (common/status.c): that is waited for. */
	if (flock(directory, LOCK_EX) < 0)
		return ct_fail_errno(err, "S003", "cannot lock '%s'", path);
	return ct_take_fd(&directory);
}

int container_directory_create(const char *path, const struct ct_state_entry *entry, const struct ct_project *project,
			       const struct ct_json *after, const struct ct_json *container, bool may_go_unlimited,
			       struct ct_err *err)
{
	ct_autoclose int directory = -1;

	/* Somebody may have removed the directory of all containers. */
	if (mkdir(path, 0700) < 0 &&
	    (errno != ENOENT || ct_make_directories(project->containers, 0700) < 0 || mkdir(path, 0700) < 0))
		return ct_fail_errno(err, "S003", "cannot create '%s'", path);
	directory = container_directory_open(path, err);
	if (directory < 0)
		return -1;
	/* The log too, so that its supervisor makes no file while this one's are being synced. */
	if (write_config(directory, entry, project, after, container, may_go_unlimited, err) < 0)
		return -1;
	if (mknodat(directory, LOG_FILE, S_IFREG | 0600, 0) < 0)
		return ct_fail_errno(err, "S003", "cannot create '%s/" LOG_FILE "'", path);
	(void)ct_event_append(project->directory, &(struct ct_event){ .kind = CT_EVENT_CREATED,
								      .id = entry->id,
								      .name = entry->name,
								      .image = entry->image,
								      .exit_code = -1,
								      .restarts = -1 });
	return ct_take_fd(&directory);
}

int config_read(const char *directory, struct config *config, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/config.json", directory);
	ct_autobuf text = CT_BUF_INIT;
	const struct ct_json *root;

	*config = (struct config){ 0 };
	if (ct_read_file_at(AT_FDCWD, path, CONFIG_LIMIT, &text) < 0)
		return ct_fail_errno(err, "S001", "cannot read '%s'", path);
	config->doc = ct_json_parse(text.data, text.length, "S001", err);
	if (!config->doc)
		return ct_err_context(err, "'%s'", path);
	root = ct_json_root(config->doc);
	config->id = ct_json_get_string(root, "id");
	config->project_directory = ct_json_get_string(root, "project_directory");
	config->state_file = ct_json_get_string(root, "state_file");
	config->may_go_unlimited = ct_json_get_bool(root, "allow_unlimited", false);
	config->after = ct_json_get_typed(root, "after", CT_JSON_ARRAY);
	config->addresses = ct_json_get_typed(root, "addresses", CT_JSON_ARRAY);
	if (!config->id || !config->project_directory || config->project_directory[0] != '/') {
		config_release(config);
		return ct_fail(err, "S001", "'%s' is damaged: no id or no project directory", path);
	}
	if (container_read(ct_json_get(root, "container"), "S001", &config->container, err) < 0 ||
	    profile_read(directory, &config->container, err) < 0) {
		config_release(config);
		return ct_err_context(err, "'%s'", path);
	}
	return 0;
}

/* Into one block of memory, so that nothing is wasted between them. */
static char *keep_strings(const char **const *strings, size_t count)
{
	size_t size = 0;
	char *block, *at;

	for (size_t i = 0; i < count; i++)
		size += *strings[i] ? strlen(*strings[i]) + 1 : 0;
	block = at = ct_alloc(size);
	for (size_t i = 0; i < count; i++) {
		if (!*strings[i])
			continue;
		*strings[i] = strcpy(at, *strings[i]);
		at += strlen(at) + 1;
	}
	return block;
}

void config_reduce(struct config *config)
{
	struct container *container = &config->container;
	const char **const strings[] = { &config->id,      &config->project_directory, &config->state_file,
					 &container->name, &container->image,          &container->workdir,
					 &container->user, &container->hostname,       &container->network };
	struct config old = *config;

	config->kept = keep_strings(strings, sizeof(strings) / sizeof(strings[0]));
	config->doc = NULL;
	config->strings = (struct ct_arena)CT_ARENA_INIT;
	config->after = NULL;
	container->layers = NULL;
	container->mounts = NULL;
	container->layer_count = container->mount_count = 0;
	container->joins = container->published = config->addresses = NULL;
	container->args = container->environment = container->healthcheck.command = NULL;
	config_release(&old);
}

void config_release(struct config *config)
{
	container_release(&config->container);
	ct_arena_release(&config->strings);
	ct_json_free(config->doc);
	free(config->kept);
	*config = (struct config){ 0 };
}

char *config_project_root(const struct config *config)
{
	const char *directory = config->project_directory;

	return ct_asprintf("%s/.containust", strcmp(directory, "/") == 0 ? "" : directory);
}

bool config_belongs_to(const struct config *config, const struct ct_project *project)
{
	return config->state_file ? strcmp(config->state_file, project->state_file) == 0 : !project->state_moved;
}

char *config_state_file(const struct config *config)
{
	ct_autofree char *root = config_project_root(config);

	return config->state_file ? ct_strdup(config->state_file) : ct_asprintf("%s/state/state.json", root);
}
