#include "ctst-image/stat_index.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

struct index_header {
	char magic[8]; /* "CTSTIDX1" */
	char id[STAT_INDEX_ID_LENGTH];
};

/* Followed by path_length bytes and a NUL, and by zeros up to a multiple of eight. */
struct index_entry {
	struct stat_facts facts;
	uint32_t path_length;
};

static const char magic[8] = "CTSTIDX1";
static const char end_mark[8] = "CTSTEND1";

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

struct stat_facts stat_facts_of(const struct stat *status)
{
	struct stat_facts facts;

	memset(&facts, 0, sizeof(facts)); /* the padding is written to a file */
	facts.device = status->st_dev;
	facts.inode = status->st_ino;
	facts.size = S_ISDIR(status->st_mode) ? 0 : (int64_t)status->st_size;
	facts.mtime = nanoseconds(&status->st_mtim);
	facts.ctime = nanoseconds(&status->st_ctim);
	facts.mode = status->st_mode;
	return facts;
}

bool stat_facts_equal(const struct stat_facts *left, const struct stat_facts *right)
{
	return left->device == right->device && left->inode == right->inode && left->size == right->size &&
	       left->mtime == right->mtime && left->ctime == right->ctime && left->mode == right->mode;
}

static size_t padded(size_t path_length)
{
	return (path_length + 1 + 7) & ~(size_t)7;
}

void stat_index_begin(struct ct_buf *index, const char id[STAT_INDEX_ID_LENGTH + 1])
{
	struct index_header header;

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(header.id, id, sizeof(header.id));
	ct_buf_append(index, &header, sizeof(header));
}

void stat_index_add(struct ct_buf *index, const char *path, const struct stat_facts *facts)
{
	static const char zeros[8];
	size_t length = strlen(path);
	struct index_entry entry;

	memset(&entry, 0, sizeof(entry));
	memcpy(&entry.facts, facts, sizeof(entry.facts));
	entry.path_length = (uint32_t)length;
	ct_buf_append(index, &entry, sizeof(entry));
	ct_buf_append(index, path, length);
	ct_buf_append(index, zeros, padded(length) - length);
}

void stat_index_end(struct ct_buf *index)
{
	ct_buf_append(index, end_mark, sizeof(end_mark));
}

bool stat_index_is_current(const struct ct_buf *index, const char *id, int root)
{
	struct index_header header;
	size_t at = sizeof(header);
	size_t end = index->length - sizeof(end_mark);

	if (index->length < sizeof(header) + sizeof(end_mark) ||
	    memcmp(index->data + end, end_mark, sizeof(end_mark)) != 0)
		return false;
	memcpy(&header, index->data, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 || strlen(id) != sizeof(header.id) ||
	    memcmp(header.id, id, sizeof(header.id)) != 0)
		return false;
	while (at < end) {
		const char *path = index->data + at + sizeof(struct index_entry);
		struct index_entry entry;
		struct stat_facts now;
		struct stat status;

		if (end - at < sizeof(entry))
			return false;
		memcpy(&entry, index->data + at, sizeof(entry));
		at += sizeof(entry);
		if (entry.path_length >= PATH_MAX || padded(entry.path_length) > end - at ||
		    strnlen(path, entry.path_length + 1) != entry.path_length)
			return false;
		if (fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
		now = stat_facts_of(&status);
		if (!stat_facts_equal(&now, &entry.facts))
			return false;
		at += padded(entry.path_length);
	}
	return true;
}
