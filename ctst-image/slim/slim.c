#include "ctst-image/slim/slim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/library_search.h"

void slim_start(struct slim *slim, int root)
{
	memset(slim, 0, sizeof(*slim));
	slim->root = root;
	slim->path = SLIM_PATH;
	slim->workdir = "/";
}

void slim_release(struct slim *slim)
{
	library_cache_free(slim->libraries);
	ct_names_release(&slim->note_subjects);
	tree_release(&slim->tree);
	free(slim->queue);
}

const char *slim_text(struct slim *slim, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	const char *kept;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	kept = ct_arena_copy(&slim->tree.arena, text, strlen(text));
	free(text);
	return kept;
}

void slim_note(struct slim *slim, enum slim_note_kind kind, const char *include, const char *format, ...)
{
	va_list arguments;
	char text[2 * PATH_MAX];
	const char *subject = include ? include : text;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (ct_names_find(&slim->note_subjects, ct_slice_of(subject)) != CT_NAME_UNKNOWN)
		return;
	if (slim->note_count == SLIM_MAX_NOTES) {
		slim->notes_dropped++;
		return;
	}
	subject = slim_text(slim, "%s", subject);
	ct_names_add(&slim->note_subjects, ct_slice_of(subject), 0, NULL);
	slim->notes[slim->note_count++] = (struct slim_note){ kind, slim_text(slim, "%s", text),
							      include ? subject : NULL };
}

int slim_find(const struct slim *slim, const char *path, struct found *found)
{
	return find_path(found, slim->root, path);
}

void slim_take_parents(struct slim *slim, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		ct_autofree char *parent = ct_strndup(path, (size_t)(slash - path));
		struct tree_entry *entry;
		ct_autoclose int fd = -1;
		uint32_t index;
		bool added;

		index = tree_add(&slim->tree, parent, TREE_DIRECTORY, "a directory of others", &added);
		if (!added)
			continue;
		entry = &slim->tree.entries[index];
		fd = ct_open_in_root(slim->root, parent, O_PATH | O_NOFOLLOW, 0);
		if (fd < 0 || fstat(fd, &entry->status) < 0 || !S_ISDIR(entry->status.st_mode))
			entry->status = (struct stat){ .st_mode = S_IFDIR | 0755 };
	}
}

static void take_links(struct slim *slim, const struct found *found, const char *reason)
{
	for (size_t i = 0; i < found->link_count; i++) {
		const char *path = found->texts.data + found->links[i].path;
		const char *target = found->texts.data + found->links[i].target;
		uint32_t index;
		bool added;

		slim_take_parents(slim, path);
		index = tree_add(&slim->tree, path, TREE_LINK, reason, &added);
		if (!added)
			continue;
		slim->tree.entries[index].text = slim_text(slim, "%s", target);
		slim->tree.entries[index].status = found->links[i].status;
	}
}

static void queue_file(struct slim *slim, uint32_t index)
{
	if (slim->tree.entries[index].queued)
		return;
	slim->tree.entries[index].queued = true;
	if (slim->queue_count == slim->queue_capacity) {
		slim->queue_capacity = slim->queue_capacity ? 2 * slim->queue_capacity : 64;
		slim->queue = ct_realloc_array(slim->queue, slim->queue_capacity, sizeof(*slim->queue));
	}
	slim->queue[slim->queue_count++] = index;
}

uint32_t slim_take(struct slim *slim, const struct found *found, const char *reason, enum slim_take how)
{
	bool file = S_ISREG(found->status.st_mode), added;
	uint32_t index;

	if (!file && !S_ISDIR(found->status.st_mode)) {
		errno = ENOTSUP;
		return TREE_NOTHING;
	}
	take_links(slim, found, reason);
	if (found->path[0] == '\0')
		return TREE_NOTHING;
	slim_take_parents(slim, found->path);
	index = tree_add(&slim->tree, found->path, file ? TREE_FILE : TREE_DIRECTORY, reason, &added);
	if (added) {
		slim->tree.entries[index].status = found->status;
		slim->tree.entries[index].lenient = how == SLIM_TAKE_LENIENT;
	}
	if (how == SLIM_TAKE_FILE)
		slim->tree.entries[index].lenient = false;
	if (how == SLIM_TAKE_LIBRARY)
		slim->tree.entries[index].queued = true;
	else if (file && slim->tree.entries[index].kind == TREE_FILE)
		queue_file(slim, index);
	return index;
}

void slim_take_dangling(struct slim *slim, const char *path, const char *reason)
{
	auto_found found = FOUND_INIT;

	if (slim_find(slim, path, &found) < 0)
		take_links(slim, &found, reason);
}

ssize_t slim_read_head(const struct slim *slim, const char *path, char *head, size_t size)
{
	ct_autoclose int fd = ct_open_in_root(slim->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	return fd < 0 ? -1 : read(fd, head, size);
}

uint32_t slim_take_path(struct slim *slim, const char *path, const char *reason)
{
	auto_found found = FOUND_INIT;

	if (slim_find(slim, path, &found) < 0)
		return TREE_NOTHING;
	return slim_take(slim, &found, reason, SLIM_TAKE_FILE);
}

void slim_take_text(struct slim *slim, const char *path, mode_t mode, const char *text, size_t length,
		    const char *reason)
{
	struct tree_entry *entry;
	uint32_t index;
	bool added;

	slim_take_parents(slim, path);
	index = tree_add(&slim->tree, path, TREE_TEXT, reason, &added);
	if (!added)
		return;
	entry = &slim->tree.entries[index];
	entry->text = ct_arena_copy(&slim->tree.arena, text, length);
	entry->status = (struct stat){ .st_mode = S_IFREG | mode, .st_size = (off_t)length };
}
