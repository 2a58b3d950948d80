#include "ctst-image/slim/closure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/image.h"
#include "ctst-image/slim/library_search.h"
#include "ctst-image/slim/script.h"

#define MAX_ELF_BYTES ((size_t)1 << 30)
#define MAX_OBJECTS 4096

/* Of one process. The queue is the array itself: objects behind the current one are still to be looked at. */
struct loading {
	struct slim *slim;
	struct process process;
	size_t capacity;
	struct ct_names loaded; /* names of libraries that are in the process */
	bool lenient;
};

static int unreadable(const struct slim *slim, const struct tree_entry *entry, struct ct_err *err)
{
	return ct_fail_errno(err, "I003", "%s: cannot read '/%.200s'", slim->what, entry->path);
}

static int open_entry(const struct slim *slim, const struct tree_entry *entry)
{
	return ct_open_in_root(slim->root, entry->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
}

/* What is wrong with a part of a whole tree is told; the image can have it all the same. */
static int unusable(struct slim *slim, const struct tree_entry *entry, struct ct_err *err)
{
	if (!entry->lenient)
		return ct_err_context(err, "%s: '/%.200s'", slim->what, entry->path);
	slim_note(slim, SLIM_NOTE_ABSENT, NULL, "'/%s' was not looked at: %s", entry->path, err->message);
	*err = (struct ct_err)CT_ERR_INIT;
	return 0;
}

static int read_elf(struct slim *slim, uint32_t index, int fd, struct ct_err *err)
{
	struct tree_entry *entry = &slim->tree.entries[index];
	struct elf_facts *facts = ct_arena_zalloc(&slim->tree.arena, sizeof(*facts));
	ct_autobuf bytes = CT_BUF_INIT;

	if (entry->status.st_size > (off_t)MAX_ELF_BYTES) {
		ct_fail(err, "I003", "it is larger than 1 GiB");
		return unusable(slim, entry, err);
	}
	ct_buf_reserve(&bytes, (size_t)entry->status.st_size + 1);
	if (lseek(fd, 0, SEEK_SET) < 0 || ct_read_all(fd, MAX_ELF_BYTES, &bytes) < 0)
		return unreadable(slim, entry, err);
	if (elf_read(facts, bytes.data, bytes.length, &slim->tree.arena, err) < 0)
		return unusable(slim, entry, err);
	if (facts->runs)
		elf_read_hints(facts, bytes.data, bytes.length, &slim->tree.arena);
	entry->elf = facts->runs ? facts : NULL;
	return 0;
}

/* Reads the file's beginning into `head`; the rest only of an ELF file. */
static int look_at(struct slim *slim, uint32_t index, char head[SCRIPT_MAX_LINE], size_t *length, struct ct_err *err)
{
	struct tree_entry *entry = &slim->tree.entries[index];
	ct_autoclose int fd = open_entry(slim, entry);
	struct elf_kind kind;
	ssize_t got;

	got = fd < 0 ? -1 : read(fd, head, SCRIPT_MAX_LINE);
	if (got < 0)
		return unreadable(slim, entry, err);
	*length = (size_t)got;
	entry->looked_at = true;
	return elf_read_kind(&kind, head, *length) ? read_elf(slim, index, fd, err) : 0;
}

int closure_facts(struct slim *slim, uint32_t index, struct elf_facts **facts, struct ct_err *err)
{
	char head[SCRIPT_MAX_LINE];
	size_t length;

	if (!slim->tree.entries[index].looked_at && look_at(slim, index, head, &length, err) < 0)
		return -1;
	*facts = slim->tree.entries[index].elf;
	return 0;
}

/* Who asks, what for: an error, or for part of a whole tree a note. */
static int lacks(struct loading *loading, const struct object *asker, const char *name, struct ct_err *err)
{
	struct slim *slim = loading->slim;

	if (loading->lenient) {
		slim_note(slim, SLIM_NOTE_ABSENT, NULL, "'%s' needs the library '%s', which is not there", asker->path,
			  name);
		return 0;
	}
	ct_fail(err, "I003", "%s: '%.300s' needs the library '%.200s', which is not there", slim->what, asker->path,
		name);
	return ct_err_hint(err,
			   "install it there; its directory must be one that the loader searches, as ld.so(8) says");
}

static int add_object(struct loading *loading, const struct object *object)
{
	struct process *process = &loading->process;

	if (process->count == MAX_OBJECTS)
		return -1;
	if (process->count == loading->capacity) {
		loading->capacity = loading->capacity ? 2 * loading->capacity : 16;
		process->objects = ct_realloc_array(process->objects, loading->capacity, sizeof(*process->objects));
	}
	process->objects[process->count++] = *object;
	ct_names_add(&loading->loaded, ct_slice_of(object->name), 0, NULL);
	if (object->elf->soname)
		ct_names_add(&loading->loaded, ct_slice_of(object->elf->soname), 0, NULL);
	return 0;
}

static bool is_in_process(const struct process *process, uint32_t entry)
{
	for (size_t i = 0; i < process->count; i++) {
		if (process->objects[i].entry == entry)
			return true;
	}
	return false;
}

static int take_library(struct loading *loading, uint32_t asker, const char *name, const char *path,
			const struct found *found, const char *reason, struct ct_err *err)
{
	struct slim *slim = loading->slim;
	struct object object = { .path = path, .name = name, .loader = asker };
	struct elf_facts *facts;

	object.entry = slim_take(slim, found, reason, SLIM_TAKE_LIBRARY);
	if (object.entry == TREE_NOTHING || closure_facts(slim, object.entry, &facts, err) < 0)
		return -1;
	object.elf = facts;
	/* Not one that runs, or the same file under another name. */
	if (!facts || is_in_process(&loading->process, object.entry)) {
		ct_names_add(&loading->loaded, ct_slice_of(name), 0, NULL);
		return 0;
	}
	if (add_object(loading, &object) < 0)
		return ct_fail(err, "I003", "%s: '%.200s' loads more than %d libraries", slim->what,
			       loading->process.objects[0].path, MAX_OBJECTS);
	return 0;
}

/* Those for newer processors come along: on which one the image is going to run is not known. */
static int take_variants(struct loading *loading, uint32_t asker, const char *name, const char *path,
			 struct ct_err *err)
{
	auto_found found = FOUND_INIT;
	const char *variant;
	bool there;

	for (size_t i = 0; library_variant(loading->slim, path, i, &found, &variant, &there); i++) {
		const char *reason;

		if (!there)
			continue;
		reason = slim_text(loading->slim, "%s for newer processors", path);
		if (take_library(loading, asker, name, variant, &found, reason, err) < 0)
			return -1;
	}
	return 0;
}

static int load(struct loading *loading, uint32_t asker, const char *name, struct ct_err *err)
{
	struct slim *slim = loading->slim;
	auto_found found = FOUND_INIT;
	const char *path, *reason;

	if (ct_names_find(&loading->loaded, ct_slice_of(name)) != CT_NAME_UNKNOWN ||
	    (loading->process.musl && library_is_musls_own(name)))
		return 0;
	if (!library_find(slim, &loading->process, asker, name, &found, &path))
		return lacks(loading, &loading->process.objects[asker], name, err);
	reason = slim_text(slim, "needed by %s", loading->process.objects[asker].path);
	if (take_library(loading, asker, name, path, &found, reason, err) < 0)
		return -1;
	return loading->process.musl || strchr(name, '/') ? 0 : take_variants(loading, asker, name, path, err);
}

/* What may be loaded at run time is told when it is there; what is not there cannot be loaded from the whole image either. */
static void tell_hints(struct loading *loading, uint32_t asker)
{
	struct slim *slim = loading->slim;
	struct tree_entry *entry = &slim->tree.entries[loading->process.objects[asker].entry];
	auto_found found = FOUND_INIT;
	const char *path;

	for (size_t i = 0; i < entry->elf->hint_count; i++) {
		const char *name = entry->elf->hints[i];

		if (ct_names_find(&loading->loaded, ct_slice_of(name)) == CT_NAME_UNKNOWN &&
		    library_find(slim, &loading->process, asker, name, &found, &path))
			slim_note(slim, SLIM_NOTE_RUNTIME, path, "'%s' may load '%s' at run time",
				  loading->process.objects[asker].path, path);
	}
	entry->elf->hint_count = 0;
}

static int load_all(struct loading *loading, struct ct_err *err)
{
	for (uint32_t i = 0; i < loading->process.count; i++) {
		const struct elf_facts *elf = loading->process.objects[i].elf;

		for (size_t j = 0; j < elf->needed_count; j++) {
			if (load(loading, i, elf->needed[j], err) < 0)
				return -1;
		}
	}
	for (uint32_t i = 0; i < loading->process.count; i++)
		tell_hints(loading, i);
	return 0;
}

/* The loader needs nothing: it has to work before there is a loader. */
static int take_loader(struct loading *loading, const struct object *program, struct ct_err *err)
{
	struct slim *slim = loading->slim;
	const char *interpreter = program->elf->interpreter;
	auto_found found = FOUND_INIT;
	const char *base;

	if (!interpreter)
		return 0;
	base = strrchr(interpreter, '/') + 1;
	loading->process.musl = strncmp(base, "ld-musl-", strlen("ld-musl-")) == 0;
	if (slim_find(slim, interpreter, &found) == 0 &&
	    slim_take(slim, &found, slim_text(slim, "the loader of %s", program->path), SLIM_TAKE_LIBRARY) !=
		    TREE_NOTHING) {
		slim->musl |= loading->process.musl;
		ct_names_add(&loading->loaded, ct_slice_of(slim_text(slim, "%s", base)), 0, NULL);
		return 0;
	}
	if (loading->lenient) {
		slim_note(slim, SLIM_NOTE_ABSENT, NULL, "'%s' needs the loader '%s', which is not there", program->path,
			  interpreter);
		return 0;
	}
	ct_fail(err, "I003", "%s: '%.300s' needs the loader '%.200s', which is not there", slim->what, program->path,
		interpreter);
	return ct_err_hint(err, "is the program for another machine or another C library than the rest?");
}

static int run_process(struct slim *slim, uint32_t index, struct ct_err *err)
{
	struct tree_entry *entry = &slim->tree.entries[index];
	struct loading loading = { .slim = slim,
				   .process = { .kind = entry->elf->kind, .musl = slim->musl },
				   .lenient = entry->lenient };
	struct object program = { .entry = index,
				  .path = slim_text(slim, "/%s", entry->path),
				  .name = strrchr(entry->path, '/') ? strrchr(entry->path, '/') + 1 : entry->path,
				  .elf = entry->elf,
				  .loader = TREE_NOTHING };
	int result = -1;

	add_object(&loading, &program);
	if (take_loader(&loading, &program, err) == 0)
		result = load_all(&loading, err);
	ct_names_release(&loading.loaded);
	free(loading.process.objects);
	return result;
}

static int close_over(struct slim *slim, uint32_t index, struct ct_err *err)
{
	char head[SCRIPT_MAX_LINE];
	struct script script;
	size_t length = 0;

	if (slim->tree.entries[index].kind != TREE_FILE)
		return 0;
	if (!slim->tree.entries[index].looked_at && look_at(slim, index, head, &length, err) < 0)
		return -1;
	if (slim->tree.entries[index].elf)
		return run_process(slim, index, err);
	return script_read(&script, head, length) ? closure_script(slim, index, &script, err) : 0;
}

int closure_run(struct slim *slim, struct ct_err *err)
{
	while (slim->queue_next < slim->queue_count) {
		if (image_signal())
			return ct_fail(err, CT_NO_CODE, "interrupted");
		if (close_over(slim, slim->queue[slim->queue_next++], err) < 0)
			return -1;
	}
	return 0;
}
