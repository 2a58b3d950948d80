#include "ctst-image/manage/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"

#define MAX_PENDING ((size_t)8000000)
#define CHUNK ((size_t)64 << 10)

struct pending {
	char *path; /* owned */
	struct merged_place places[2];
};

struct comparison {
	const struct merged *sides[2];
	struct pending *pending; /* the next one last */
	size_t count;
	size_t capacity;
	char *buffers[2];
	change_fn report;
	void *data;
};

static int unreadable(const char *path, struct ct_err *err)
{
	return ct_fail_errno(err, "S003", "cannot read '/%.300s'", path);
}

/* ---- one entry ---- */

static int look(const struct comparison *comparison, int side, const struct pending *entry, struct stat *status,
		struct ct_err *err)
{
	const struct merged *merged = comparison->sides[side];
	ct_autoclose int fd = ct_open_beneath(merged->trees[entry->places[side].top], entry->path, O_PATH | O_NOFOLLOW);

	return fd < 0 || fstat(fd, status) < 0 ? unreadable(entry->path, err) : 0;
}

static int open_file(const struct comparison *comparison, int side, const struct pending *entry)
{
	return ct_open_beneath(comparison->sides[side]->trees[entry->places[side].top], entry->path,
			       O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/* 1: they differ. -1: S003. */
static int compare_content(struct comparison *comparison, const struct pending *entry, struct ct_err *err)
{
	ct_autoclose int left = open_file(comparison, 0, entry);
	ct_autoclose int right = open_file(comparison, 1, entry);
	ssize_t got[2];
	off_t offset = 0;

	if (left < 0 || right < 0)
		return unreadable(entry->path, err);
	do {
		got[0] = ct_read_at(left, comparison->buffers[0], CHUNK, offset);
		got[1] = ct_read_at(right, comparison->buffers[1], CHUNK, offset);
		if (got[0] < 0 || got[1] < 0)
			return unreadable(entry->path, err);
		if (got[0] != got[1] || memcmp(comparison->buffers[0], comparison->buffers[1], (size_t)got[0]) != 0)
			return 1;
		offset += got[0];
	} while (got[0] > 0);
	return 0;
}

static int compare_targets(const struct comparison *comparison, const struct pending *entry, struct ct_err *err)
{
	char targets[2][PATH_MAX];

	for (int side = 0; side < 2; side++) {
		const struct merged *merged = comparison->sides[side];
		ct_autoclose int fd = ct_open_beneath(merged->trees[entry->places[side].top], entry->path,
						      O_PATH | O_NOFOLLOW);
		ssize_t length = fd < 0 ? -1 : readlinkat(fd, "", targets[side], PATH_MAX - 1);

		if (length < 0)
			return unreadable(entry->path, err);
		targets[side][length] = '\0';
	}
	return strcmp(targets[0], targets[1]) != 0;
}

/* A set of differences. -1: S003. */
static int compare_entry(struct comparison *comparison, const struct pending *entry, const struct stat *before,
			 const struct stat *after, struct ct_err *err)
{
	int result = 0, differs = 0;

	if ((before->st_mode & S_IFMT) != (after->st_mode & S_IFMT))
		return DIFFERENT_TYPE;
	if (strcmp(comparison->sides[0]->ids[entry->places[0].top], comparison->sides[1]->ids[entry->places[1].top]) ==
	    0)
		return 0;
	/* A link's own mode means nothing. */
	if (before->st_mode != after->st_mode && !S_ISLNK(before->st_mode))
		result |= DIFFERENT_MODE;
	if (before->st_uid != after->st_uid || before->st_gid != after->st_gid)
		result |= DIFFERENT_OWNER;
	if (S_ISLNK(before->st_mode)) {
		differs = compare_targets(comparison, entry, err);
		result |= differs > 0 ? DIFFERENT_TARGET : 0;
	} else if (S_ISREG(before->st_mode)) {
		differs = before->st_size != after->st_size ? 1 : compare_content(comparison, entry, err);
		result |= differs > 0 ? DIFFERENT_CONTENT : 0;
	}
	return differs < 0 ? -1 : result;
}

/* ---- directories ---- */

static bool have_same_layers(const struct comparison *comparison, const struct merged_contributors contributors[2])
{
	if (contributors[0].count != contributors[1].count)
		return false;
	for (int i = 0; i < contributors[0].count; i++) {
		if (strcmp(comparison->sides[0]->ids[contributors[0].layers[i]],
			   comparison->sides[1]->ids[contributors[1].layers[i]]) != 0)
			return false;
	}
	return true;
}

static int push(struct comparison *comparison, const char *directory, const char *name, const int tops[2],
		const struct merged_contributors contributors[2], struct ct_err *err)
{
	struct pending *entry;
	char *path = strcmp(directory, ".") == 0 ? ct_strdup(name) : ct_asprintf("%s/%s", directory, name);

	if (comparison->count == MAX_PENDING || strlen(path) >= PATH_MAX) {
		free(path);
		return ct_fail(err, "I003", "'/%.300s' is too large or its names are too long", directory);
	}
	if (comparison->count == comparison->capacity) {
		comparison->capacity = comparison->capacity ? 2 * comparison->capacity : 64;
		comparison->pending = ct_realloc_array(comparison->pending, comparison->capacity,
						       sizeof(*comparison->pending));
	}
	entry = &comparison->pending[comparison->count++];
	entry->path = path;
	for (int side = 0; side < 2; side++) {
		entry->places[side].top = tops[side];
		entry->places[side].floor = tops[side] == MERGED_ABSENT
						    ? 0
						    : contributors[side].layers[contributors[side].count - 1];
	}
	return 0;
}

/* From the last name to the first, so that the first is the next to be visited. */
static int push_names(struct comparison *comparison, const char *path, const struct merged_listing listings[2],
		      const struct merged_contributors contributors[2], struct ct_err *err)
{
	size_t left = listings[0].count, right = listings[1].count;

	while (left > 0 || right > 0) {
		int order = left == 0    ? -1
			    : right == 0 ? 1
					 : strcmp(listings[0].names[left - 1].name, listings[1].names[right - 1].name);
		const struct merged_name *a = order >= 0 ? &listings[0].names[--left] : NULL;
		const struct merged_name *b = order <= 0 ? &listings[1].names[--right] : NULL;
		const int tops[2] = { a ? a->top : MERGED_ABSENT, b ? b->top : MERGED_ABSENT };
		const char *name = a ? a->name : b ? b->name : "";

		if (push(comparison, path, name, tops, contributors, err) < 0)
			return -1;
	}
	return 0;
}

/* `places` say on which sides `path` is a directory. */
static int enter(struct comparison *comparison, const char *path, const struct merged_place places[2],
		 struct ct_err *err)
{
	struct merged_contributors contributors[2] = { { .count = 0 }, { .count = 0 } };
	struct merged_listing listings[2] = { { 0 }, { 0 } };
	int result = 0;

	for (int side = 0; side < 2; side++) {
		if (places[side].top != MERGED_ABSENT &&
		    merged_find_contributors(comparison->sides[side], path, &places[side], &contributors[side], err) <
			    0)
			return -1;
	}
	if (have_same_layers(comparison, contributors))
		return 0;
	for (int side = 0; result == 0 && side < 2; side++)
		result = merged_list(comparison->sides[side], path, &contributors[side], &listings[side], err);
	if (result == 0)
		result = push_names(comparison, path, listings, contributors, err);
	merged_listing_release(&listings[0]);
	merged_listing_release(&listings[1]);
	return result;
}

/* ---- the walk ---- */

static int visit(struct comparison *comparison, const struct pending *entry, struct ct_err *err)
{
	struct stat status[2] = { { .st_mode = 0 }, { .st_mode = 0 } };
	struct merged_place places[2] = { entry->places[0], entry->places[1] };
	struct change change = { .path = entry->path };
	size_t depth = 0;

	for (int side = 0; side < 2; side++) {
		if (places[side].top == MERGED_ABSENT)
			continue;
		if (look(comparison, side, entry, &status[side], err) < 0)
			return -1;
		*(side == 0 ? &change.before : &change.after) = &status[side];
		if (!S_ISDIR(status[side].st_mode))
			places[side].top = MERGED_ABSENT;
	}
	if (change.before && change.after)
		change.differences = compare_entry(comparison, entry, change.before, change.after, err);
	if (change.differences < 0)
		return -1;
	if ((!change.before || !change.after || change.differences) &&
	    comparison->report(comparison->data, &change, err) < 0)
		return -1;
	if (places[0].top == MERGED_ABSENT && places[1].top == MERGED_ABSENT)
		return 0;
	for (const char *at = entry->path; *at; at++)
		depth += *at == '/';
	return depth > ENTRY_PATH_MAX_DEPTH ? ct_fail(err, "I003", "'/%.60s…' is nested too deeply", entry->path)
					    : enter(comparison, entry->path, places, err);
}

int compare_trees(const struct merged *before, const struct merged *after, change_fn report, void *data,
		  struct ct_err *err)
{
	struct comparison comparison = { .sides = { before, after },
					 .buffers = { ct_alloc(CHUNK), ct_alloc(CHUNK) },
					 .report = report,
					 .data = data };
	const struct merged_place roots[2] = { { before->count - 1, 0 }, { after->count - 1, 0 } };
	int result = enter(&comparison, ".", roots, err);

	while (result == 0 && comparison.count > 0) {
		struct pending entry = comparison.pending[--comparison.count];

		result = visit(&comparison, &entry, err);
		free(entry.path);
	}
	for (size_t i = 0; i < comparison.count; i++)
		free(comparison.pending[i].path);
	free(comparison.pending);
	free(comparison.buffers[0]);
	free(comparison.buffers[1]);
	return result;
}
