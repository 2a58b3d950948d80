#include "ctst-image/collect.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/hash.h"
#include "ctst-image/tar_unpack.h"

#define MAX_ITEMS 100000
#define MAX_LINKS 16 /* one after the other */
#define INCOMING "incoming"

/* ---- names ---- */

static size_t hex_length(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

bool collect_is_usual_name(const char *path)
{
	static const char *const names[] = { "oci-layout", "index.json", "manifest.json", "repositories" };
	static const char *const ends[] = { ".json", ".tar", ".tar.gz", "/json", "/VERSION", "/layer.tar" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(path, names[i]) == 0)
			return true;
	}
	if (strncmp(path, "blobs/sha", 9) == 0)
		return true;
	if (hex_length(path) != 64)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(path + 64, ends[i]) == 0)
			return true;
	}
	return false;
}

/* A symbolic link's target is read from the directory of the link. False: it leads nowhere in the archive. */
static bool resolve_link(const char *path, const char *target, char resolved[PATH_MAX])
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autofree char *joined = NULL;

	if (!target)
		return false;
	joined = target[0] == '/' ? ct_strdup(target)
				  : ct_asprintf("%.*s%s", (int)(entry_path_name(path) - path), path, target);
	return entry_path_normalise(joined, resolved, &ignored) == 0;
}

/* ---- items ---- */

static struct collected *add_item(struct collection *collection, const char *path, struct ct_err *err)
{
	struct collected *item;
	uint32_t number = (uint32_t)collection->count;

	if (collection->count == MAX_ITEMS) {
		ct_fail(err, "I003", "it has more than %d files, too many for an image's archive", MAX_ITEMS);
		return NULL;
	}
	if ((collection->count & (collection->count - 1)) == 0)
		collection->items = ct_realloc_array(collection->items, collection->count ? 2 * collection->count : 1,
						     sizeof(*collection->items));
	item = &collection->items[collection->count++];
	*item = (struct collected){ .name = ct_strdup(path) };
	if (!ct_names_add(&collection->names, ct_slice_of(item->name), number, NULL))
		ct_names_replace(&collection->names, ct_slice_of(item->name), number, NULL);
	return item;
}

const struct collected *collection_find(const struct collection *collection, const char *name)
{
	char path[PATH_MAX];
	struct ct_err ignored = CT_ERR_INIT;
	uint32_t number;

	if (entry_path_normalise(name, path, &ignored) < 0)
		return NULL;
	for (int links = 0; links < MAX_LINKS; links++) {
		const struct collected *item;

		if (!ct_names_get(&collection->names, ct_slice_of(path), &number))
			return NULL;
		item = &collection->items[number];
		if (!item->target)
			return item;
		strcpy(path, item->target);
	}
	return NULL;
}

void collection_release(struct collection *collection)
{
	for (size_t i = 0; i < collection->count; i++) {
		free(collection->items[i].name);
		free(collection->items[i].target);
	}
	free(collection->items);
	ct_names_release(&collection->names);
	*collection = (struct collection)COLLECTION_INIT;
}

/* ---- content ---- */

struct incoming {
	struct import *import;
	struct hash hash;
	int fd;
	int64_t size;
};

static int take_bytes(struct incoming *incoming, const char *path, const void *bytes, size_t size, int64_t offset,
		      struct ct_err *err)
{
	if (offset != incoming->size)
		return ct_fail(err, "I004", "'%.200s' is stored as a sparse file, which no image's archive should have",
			       path);
	hash_update(&incoming->hash, bytes, size);
	incoming->size += (int64_t)size;
	if (ct_write_all(incoming->fd, bytes, size) < 0)
		return ct_fail_errno(err, "I003", "cannot write to the store '%s'", incoming->import->images);
	return 0;
}

static int take_content(struct incoming *incoming, struct tar_reader *tar, const char *path, struct ct_err *err)
{
	const void *bytes;
	int64_t offset;
	size_t size;
	int result;

	while ((result = tar_data(tar, path, &bytes, &size, &offset, err)) > 0) {
		if (size > 0 && take_bytes(incoming, path, bytes, size, offset, err) < 0)
			return -1;
	}
	return result;
}

/* A file below blobs/sha256/ has its digest for a name. */
static int check_name(const char *path, const char *digest, struct ct_err *err)
{
	const char *name = path + strlen("blobs/sha256/");

	if (strncmp(path, "blobs/sha256/", strlen("blobs/sha256/")) != 0 || strcmp(name, digest_hex(digest)) == 0)
		return 0;
	return ct_fail(err, "I002", "blob sha256:%.64s has the content of %s", name, digest);
}

static int name_blob(struct incoming *incoming, const char *path, struct collected *item, struct ct_err *err)
{
	int blobs = incoming->import->staging.blobs_fd;
	char digest[CT_DIGEST_LENGTH + 1];

	hash_finish(&incoming->hash, digest);
	if (check_name(path, digest, err) < 0)
		return -1;
	strcpy(item->hex, digest_hex(digest));
	item->size = incoming->size;
	if (renameat(blobs, INCOMING, blobs, item->hex) < 0)
		return ct_fail_errno(err, "I003", "cannot write to the store '%s'", incoming->import->images);
	return 0;
}

static int take_file(struct import *import, struct tar_reader *tar, const char *path, struct collected *item,
		     struct ct_err *err)
{
	struct incoming incoming = { .import = import, .fd = staging_make_blob(&import->staging, INCOMING, err) };
	int result;

	if (incoming.fd < 0)
		return -1;
	hash_start(&incoming.hash);
	result = take_content(&incoming, tar, path, err);
	if (result == 0)
		result = name_blob(&incoming, path, item, err);
	hash_finish(&incoming.hash, NULL);
	close(incoming.fd);
	return result;
}

static int take_entry(struct collection *collection, struct import *import, struct tar_reader *tar,
		      struct archive_entry *entry, struct ct_err *err)
{
	const char *name = archive_entry_pathname(entry);
	char path[PATH_MAX], target[PATH_MAX];
	mode_t type = archive_entry_filetype(entry);
	struct collected *item;
	bool linked;

	if (!name || entry_path_normalise(name, path, err) < 0)
		return name ? -1 : ct_fail(err, "I003", "an entry has no name");
	linked = archive_entry_hardlink(entry) ? resolve_link("", archive_entry_hardlink(entry), target)
					       : resolve_link(path, archive_entry_symlink(entry), target);
	/* Directories say nothing, and nothing else can be a blob. */
	if (!linked && (type != AE_IFREG || archive_entry_hardlink(entry)))
		return 0;
	item = add_item(collection, path, err);
	if (!item)
		return -1;
	if (linked) {
		item->target = ct_strdup(target);
		return 0;
	}
	return take_file(import, tar, path, item, err);
}

int collect_archive(struct collection *collection, struct import *import, struct stream *stream, struct ct_err *err)
{
	struct archive_entry *entry;
	struct tar_reader tar;
	int result = tar_open(&tar, stream, err);

	tar.progress = &import->progress;
	if (result == 0) {
		while ((result = tar_next(&tar, &entry, err)) > 0) {
			if (take_entry(collection, import, &tar, entry, err) < 0) {
				result = -1;
				break;
			}
		}
	}
	tar_close(&tar);
	return result;
}
