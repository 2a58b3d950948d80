/*
 * Images that are in an image layout already: in a directory (file:// of one that has oci-layout, index.json and
 * blobs), or in the store, where another tool may have put them (image://).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/catalogue.h"
#include "ctst-image/import.h"
#include "ctst-image/store.h"

/* A root file system has none of the three in its root. */
bool import_is_layout(int directory)
{
	struct stat layout, index, blobs;

	return fstatat(directory, "oci-layout", &layout, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(layout.st_mode) &&
	       fstatat(directory, "index.json", &index, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(index.st_mode) &&
	       fstatat(directory, "blobs/sha256", &blobs, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(blobs.st_mode);
}

static int import_chosen(struct import *import, int blobs, bool copy, const struct chosen *chosen, struct ct_err *err)
{
	struct descriptor manifest = { .type = chosen->manifest_type, .size = chosen->manifest_size };

	strcpy(manifest.digest, chosen->manifest);
	strcpy(import->digest, chosen->digest);
	return import_image(import, blobs, copy, &manifest, err);
}

/* The blobs are what their names say; what can change is the index. */
static int remember_index(struct import *import, struct ct_err *err)
{
	static const char *const names[] = { "index.json", "oci-layout" };

	import_begin_index(import);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat_facts facts;
		struct stat status;

		if (fstatat(import->source_fd, names[i], &status, AT_SYMLINK_NOFOLLOW) < 0)
			return ct_fail_errno(err, "I003", "cannot look at '%s'", names[i]);
		facts = stat_facts_of(&status);
		import_let_times_settle(&facts);
		stat_index_add(&import->index, names[i], &facts);
	}
	stat_index_end(&import->index);
	return 0;
}

int import_layout(struct import *import, struct ct_err *err)
{
	ct_autoclose int blobs = openat(import->source_fd, "blobs/sha256",
					O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ct_autofree char *spelling = import_name_spelling(import);
	struct choice choice = { .name = import->uri.name, .spelling = spelling, .wanted = &import->wanted };
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	struct chosen chosen;

	if (import_look_at_source(import, err) < 0 || remember_index(import, err) < 0)
		return -1;
	if (blobs < 0 || ct_read_file_at(import->source_fd, "index.json", LAYOUT_MAX_DOCUMENT, &text) < 0)
		return ct_fail_errno(err, "I002", "cannot read the layout's index.json");
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", err);
	if (!doc)
		return ct_err_context(err, "its index.json");
	if (choose_image(&chosen, ct_json_root(doc), blobs, &choice, err) < 0 ||
	    import_chosen(import, blobs, true, &chosen, err) < 0)
		return -1;
	return stat_index_is_current(&import->index, import->index_id, import->source_fd)
		       ? 0
		       : ct_fail(err, "I003", "it changed while it was being imported");
}

static int open_store_blobs(const struct import *import, struct ct_err *err)
{
	int blobs = openat(import->staging.images_fd, "blobs/sha256", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return blobs >= 0 ? blobs : ct_fail_errno(err, "I001", "the store '%s' has no blobs", import->images);
}

int import_catalogued(struct import *import, struct ct_err *err)
{
	struct chosen chosen;
	ct_autoclose int blobs = open_store_blobs(import, err);

	if (blobs < 0 || catalogue_find(&chosen, import->images, &import->uri, &import->wanted, err) < 0)
		return -1;
	return import_chosen(import, blobs, false, &chosen, err);
}

int import_restore(struct import *import, const char *digest, struct ct_err *err)
{
	struct descriptor manifest = { .type = "", .size = -1 };
	ct_autoclose int blobs = open_store_blobs(import, err);

	if (blobs < 0)
		return -1;
	strcpy(manifest.digest, digest);
	return import_image(import, blobs, false, &manifest, err);
}
