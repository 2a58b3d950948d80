#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/inspect.h"

#define GROUP_FILE_LIMIT 65536
#define MOUNTS_LIMIT ((size_t)16 << 20)

/* A file of the group without its newline. -1: the controller is not at hand. */
static int read_group(int group, const char *name, struct ct_buf *text)
{
	ct_buf_clear(text);
	if (ct_read_file_at(group, name, GROUP_FILE_LIMIT, text) < 0)
		return -1;
	ct_buf_puts(text, "");
	text->data[strcspn(text->data, "\n")] = '\0';
	return 0;
}

static void write_controllers(struct ct_json_writer *writer, int group)
{
	ct_autobuf text = CT_BUF_INIT;
	char *rest, *word;

	if (read_group(group, "cgroup.controllers", &text) < 0)
		return;
	ct_json_key(writer, "controllers");
	ct_json_open_array(writer);
	for (rest = text.data; (word = strsep(&rest, " "));) {
		if (word[0])
			ct_json_string(writer, word);
	}
	ct_json_close_array(writer);
}

static void write_asked(struct ct_json_writer *writer, const struct container *container)
{
	const struct {
		const char *key;
		int64_t value;
	} limits[] = {
		{ "memory_max", container->memory_max }, { "cpu_weight", container->cpu_weight },
		{ "cpu_max_us", container->cpu_max_us }, { "pids_max", container->pids_max },
		{ "io_weight", container->io_weight },
	};

	ct_json_key(writer, "asked");
	ct_json_open_object(writer);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].value > 0)
			ct_json_member_int(writer, limits[i].key, limits[i].value);
	}
	ct_json_close_object(writer);
}

/* As the kernel writes them, "max" included. */
static void write_in_force(struct ct_json_writer *writer, int group)
{
	static const char *const names[] = { "memory.max", "memory.swap.max", "cpu.max",
					     "cpu.weight", "pids.max",        "io.weight" };
	ct_autobuf text = CT_BUF_INIT;

	ct_json_key(writer, "in_force");
	ct_json_open_object(writer);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (read_group(group, names[i], &text) == 0)
			ct_json_member_string(writer, names[i], text.data);
	}
	ct_json_close_object(writer);
}

void inspect_write_cgroup(struct ct_json_writer *writer, const struct ct_status *status,
			  const struct container *container)
{
	ct_autoclose int group = status->cgroup[0] ? open(status->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	ct_json_key(writer, "cgroup");
	ct_json_open_object(writer);
	if (group >= 0) {
		ct_json_member_string(writer, "path", status->cgroup);
		write_controllers(writer, group);
	}
	write_asked(writer, container);
	if (group >= 0)
		write_in_force(writer, group);
	ct_json_close_object(writer);
}

/* "\040" and the like stand for bytes that would end a field (proc_pid_mountinfo(5)). */
static void unescape(char *field)
{
	char *to = field;

	for (const char *from = field; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
		    from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/*
 * "36 35 98:0 /root /mount rw,noatime …": the options of the mount at `target`; the text is changed. The last of
 * several lies on top. A target that leads through a link of the image is not found.
 */
static const char *options_of(char *mounts, const char *target)
{
	const char *found = NULL;
	char *rest = mounts, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *field = line, *place = NULL;

		for (int i = 0; i < 5; i++)
			place = strsep(&field, " ");
		if (!place || !field)
			continue;
		unescape(place);
		if (strcmp(place, target) == 0)
			found = strsep(&field, " ");
	}
	return found;
}

static void write_mount(struct ct_json_writer *writer, const struct container_mount *mount, const struct ct_buf *mounts)
{
	ct_autofree char *copy = mounts->data ? ct_strdup(mounts->data) : NULL;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "kind", mount->project ? "project" : "bind");
	ct_json_member_string(writer, "source", mount->source);
	ct_json_member_string(writer, "target", mount->target);
	ct_json_member_bool(writer, "readonly", mount->readonly);
	ct_json_member_string(writer, "options", copy ? options_of(copy, mount->target) : NULL);
	ct_json_close_object(writer);
}

void inspect_write_mounts(struct ct_json_writer *writer, const struct container *container, pid_t init)
{
	ct_autofree char *path = ct_asprintf("/proc/%d/mountinfo", (int)init);
	ct_autobuf mounts = CT_BUF_INIT;

	if (init > 0 && container->mount_count > 0)
		(void)ct_read_file_at(AT_FDCWD, path, MOUNTS_LIMIT, &mounts);
	ct_json_key(writer, "mounts");
	ct_json_open_array(writer);
	for (size_t i = 0; i < container->mount_count; i++)
		write_mount(writer, &container->mounts[i], &mounts);
	ct_json_close_array(writer);
}
