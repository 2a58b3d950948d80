#include "ctst-image/slim/report.h"
#include "ctst-image/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/size.h"
#include "common/utf8.h"
#include "ctst-image/link_map.h"
#include "ctst-image/tree_walk.h"

#define MOST_WARNINGS 8
#define MOST_LIBRARIES 6

static const char *const kinds[] = {
	[TREE_DIRECTORY] = "directory",
	[TREE_FILE] = "file",
	[TREE_LINK] = "link",
	[TREE_TEXT] = "made",
};

static const char *const note_kinds[] = {
	[SLIM_NOTE_RUNTIME] = "runtime",
	[SLIM_NOTE_INTERPRETER] = "interpreter",
	[SLIM_NOTE_ABSENT] = "absent",
	[SLIM_NOTE_LEFT_OUT] = "left-out",
};

bool report_note_matters(const struct slim *slim, const struct slim_note *note)
{
	auto_found found = FOUND_INIT;
	uint32_t index;

	if (!note->include || slim_find(slim, note->include, &found) < 0)
		return true;
	index = tree_find(&slim->tree, found.path);
	if (index == TREE_NOTHING)
		return true;
	return slim->tree.entries[index].kind == TREE_DIRECTORY && !slim->tree.entries[index].walked;
}

/* Names come from strangers: nothing in them may move a cursor or end a JSON document. */
static const char *plain(struct ct_buf *out, const char *text)
{
	ct_buf_clear(out);
	ct_buf_puts(out, "");
	text_plain(out, text, 0);
	return out->data;
}

static void count_files(const struct slim *slim, size_t *files)
{
	*files = 0;
	for (size_t i = 0; i < slim->tree.count; i++)
		*files += slim->tree.entries[i].kind != TREE_DIRECTORY;
}

static void write_totals(struct ct_buf *out, const struct slim *slim, const struct report *report)
{
	char size[32], whole[32];
	size_t files;

	count_files(slim, &files);
	ct_format_size(tree_size(&slim->tree), size, sizeof(size));
	ct_buf_printf(out, "%zu files and links, %s", files, size);
	if (report->whole >= 0) {
		ct_format_size(report->whole, whole, sizeof(whole));
		ct_buf_printf(out, " of %s", whole);
	}
	ct_buf_putc(out, '\n');
}

static void write_table(struct ct_buf *out, const struct slim *slim, const struct report *report)
{
	ct_autofree uint32_t *order = tree_sorted(&slim->tree);
	ct_autobuf name = CT_BUF_INIT, reason = CT_BUF_INIT;

	ct_buf_printf(out, "%10s  %s\n", "SIZE", "FILE");
	for (size_t i = 0; i < slim->tree.count; i++) {
		const struct tree_entry *entry = &slim->tree.entries[order[i]];
		char size[32] = "-";

		if (entry->kind == TREE_DIRECTORY)
			continue;
		if (entry->kind != TREE_LINK)
			ct_format_size(entry->status.st_size, size, sizeof(size));
		ct_buf_printf(out, "%10s  /%s", size, plain(&name, entry->path));
		if (entry->kind == TREE_LINK)
			ct_buf_printf(out, " -> %s", plain(&name, entry->text));
		ct_buf_printf(out, "  (%s)\n", plain(&reason, entry->reason));
	}
	for (size_t i = 0; i < slim->note_count; i++) {
		if (report_note_matters(slim, &slim->notes[i]))
			ct_buf_printf(out, "note: %s\n", plain(&reason, slim->notes[i].text));
	}
	if (slim->notes_dropped > 0)
		ct_buf_printf(out, "note: and %zu more of these\n", slim->notes_dropped);
	write_totals(out, slim, report);
}

static void write_entries(struct ct_json_writer *writer, const struct slim *slim)
{
	ct_autofree uint32_t *order = tree_sorted(&slim->tree);
	ct_autobuf text = CT_BUF_INIT;

	ct_json_key(writer, "files");
	ct_json_open_array(writer);
	for (size_t i = 0; i < slim->tree.count; i++) {
		const struct tree_entry *entry = &slim->tree.entries[order[i]];
		ct_autofree char *path = ct_asprintf("/%s", plain(&text, entry->path));

		if (entry->kind == TREE_DIRECTORY)
			continue;
		ct_json_open_object(writer);
		ct_json_member_string(writer, "path", path);
		ct_json_member_string(writer, "kind", kinds[entry->kind]);
		if (entry->kind == TREE_LINK)
			ct_json_member_string(writer, "target", plain(&text, entry->text));
		else
			ct_json_member_int(writer, "size", entry->status.st_size);
		ct_json_member_string(writer, "why", plain(&text, entry->reason));
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static void write_notes(struct ct_json_writer *writer, const struct slim *slim)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_json_key(writer, "notes");
	ct_json_open_array(writer);
	for (size_t i = 0; i < slim->note_count; i++) {
		const struct slim_note *note = &slim->notes[i];

		if (!report_note_matters(slim, note))
			continue;
		ct_json_open_object(writer);
		ct_json_member_string(writer, "kind", note_kinds[note->kind]);
		ct_json_member_string(writer, "text", plain(&text, note->text));
		if (note->include)
			ct_json_member_string(writer, "include", plain(&text, note->include));
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static int write_document(struct ct_buf *out, const struct slim *slim, const struct report *report, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.slim/1");
	ct_json_member_string(writer, "image", report->image);
	ct_json_member_int(writer, "size", tree_size(&slim->tree));
	if (report->whole >= 0)
		ct_json_member_int(writer, "whole", report->whole);
	write_entries(writer, slim);
	write_notes(writer, slim);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

int report_format(struct ct_buf *out, const struct slim *slim, const struct report *report, bool json,
		  struct ct_err *err)
{
	if (json)
		return write_document(out, slim, report, err);
	write_table(out, slim, report);
	return 0;
}

/* One line for all that may be loaded at run time: most of it never is, but nobody can tell from here. */
static void warn_of_libraries(const struct slim *slim)
{
	ct_autobuf list = CT_BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < slim->note_count; i++) {
		const struct slim_note *note = &slim->notes[i];

		if (note->kind != SLIM_NOTE_RUNTIME || !report_note_matters(slim, note))
			continue;
		if (count++ < MOST_LIBRARIES)
			ct_buf_printf(&list, "%s%s", list.length ? ", " : "", strrchr(note->include, '/') + 1);
	}
	if (count > MOST_LIBRARIES)
		ct_buf_printf(&list, " and %zu more", count - MOST_LIBRARIES);
	if (count > 0)
		ct_note(SLIM_PROGRAM, "may be wanted at run time and is not in the image: %s", list.data);
}

void report_warn(const struct slim *slim)
{
	size_t told = 0, more = slim->notes_dropped;

	for (size_t i = 0; i < slim->note_count; i++) {
		const struct slim_note *note = &slim->notes[i];

		if (note->kind == SLIM_NOTE_RUNTIME || !report_note_matters(slim, note))
			continue;
		if (told++ < MOST_WARNINGS)
			ct_warn(SLIM_PROGRAM, "%s", note->text);
		else
			more++;
	}
	if (more > 0)
		ct_warn(SLIM_PROGRAM, "and %zu more of these", more);
	warn_of_libraries(slim);
}

static int64_t count_entry(struct tree_walk *walk, struct link_map *links, struct ct_err *err)
{
	ct_autoclose int fd = ct_open_in_root(walk->root, walk->path, O_PATH | O_NOFOLLOW, 0);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return 0;
	if (S_ISDIR(status.st_mode))
		return tree_walk_enter(walk, err);
	if (!S_ISREG(status.st_mode) ||
	    (status.st_nlink > 1 && link_map_first(links, status.st_dev, status.st_ino, walk->path)))
		return 0;
	return status.st_size;
}

int64_t report_count_root(int root, struct ct_err *err)
{
	struct tree_walk walk;
	struct link_map links = { 0 };
	int64_t total = tree_walk_start(&walk, root, err);

	while (total >= 0 && tree_walk_next(&walk)) {
		int64_t size = count_entry(&walk, &links, err);

		total = size < 0 ? -1 : total + size;
	}
	tree_walk_release(&walk);
	link_map_release(&links);
	return total;
}
