/* `ctst-image ls --presets`: the entries of all presets files that preset:// can lead to. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/names.h"
#include "ctst-image/presets.h"
#include "ctst-image/text.h"

struct listing {
	bool json;
	struct ct_buf *out;
	struct ct_json_writer *writer;
	struct ct_names seen; /* "name:version": the first one counts */
	struct ct_arena arena;
};

static void write_entry(struct listing *listing, const struct ct_json *entry, const char *archive)
{
	ct_json_open_object(listing->writer);
	ct_json_each(member, entry) {
		if (strcmp(member->key, "source") == 0)
			ct_json_member_string(listing->writer, "source", archive);
		else
			ct_json_member_value(listing->writer, member->key, member);
	}
	ct_json_close_object(listing->writer);
}

static void write_row(struct listing *listing, const char *name, const char *version, const char *hex,
		      const char *archive)
{
	text_plain(listing->out, name, 20);
	ct_buf_puts(listing->out, "  ");
	text_plain(listing->out, version, 10);
	ct_buf_printf(listing->out, "  %.12s  ", hex);
	text_plain(listing->out, archive, 0);
	ct_buf_putc(listing->out, '\n');
}

static void list_entry(struct listing *listing, const struct ct_json *entry, const char *file)
{
	const char *name = ct_json_get_string(entry, "name");
	const char *version = ct_json_get_string(entry, "version");
	const char *source = ct_json_get_string(entry, "source");
	const char *hex = ct_json_get_string(entry, "sha256");
	ct_autofree char *archive = source ? image_preset_archive(file, source) : NULL;
	char *key;

	if (!name || !source || !hex || strspn(hex, "0123456789abcdef") != 64 || hex[64] ||
	    !image_preset_is_for_this_machine(entry))
		return;
	key = ct_arena_printf(&listing->arena, "%s:%s", name, version ? version : "");
	if (!ct_names_add(&listing->seen, ct_slice_of(key), 0, NULL))
		return;
	if (listing->json)
		write_entry(listing, entry, archive);
	else
		write_row(listing, name, version ? version : "-", hex, archive);
}

static int list_file(struct listing *listing, const char *file, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	const struct ct_json *list;

	if (ct_read_file_at(AT_FDCWD, file, IMAGE_PRESETS_MAX_BYTES, &text) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : ct_fail_errno(err, "I001", "cannot read the presets file '%s'", file);
	list = image_presets_parse(&doc, text.length ? text.data : "", text.length, file, err);
	if (!list)
		return -1;
	ct_json_each(entry, list)
		list_entry(listing, entry, file);
	return 0;
}

static void begin(struct listing *listing)
{
	if (!listing->json) {
		ct_buf_printf(listing->out, "%-20s  %-10s  %-12s  %s\n", "PRESET", "VERSION", "DIGEST", "SOURCE");
		return;
	}
	listing->writer = ct_json_writer_new(listing->out, true);
	ct_json_open_object(listing->writer);
	ct_json_member_string(listing->writer, "format", "ctst.presets/1");
	ct_json_key(listing->writer, "presets");
	ct_json_open_array(listing->writer);
}

static int end(struct listing *listing, struct ct_err *err)
{
	if (!listing->json)
		return 0;
	ct_json_close_array(listing->writer);
	ct_json_close_object(listing->writer);
	return ct_json_writer_finish(listing->writer, err);
}

int image_presets_list(bool json, struct ct_buf *out, struct ct_err *err)
{
	struct listing listing = { .json = json, .out = out, .seen = CT_NAMES_INIT, .arena = CT_ARENA_INIT };
	struct ct_err write_err = CT_ERR_INIT;
	char *files[IMAGE_PRESETS_FILES];
	int result = 0;

	image_presets_files(files);
	begin(&listing);
	for (size_t i = 0; i < IMAGE_PRESETS_FILES; i++) {
		if (result == 0 && files[i])
			result = list_file(&listing, files[i], err);
		free(files[i]);
	}
	if (end(&listing, &write_err) < 0 && result == 0) {
		*err = write_err;
		result = -1;
	}
	ct_names_release(&listing.seen);
	ct_arena_release(&listing.arena);
	return result;
}
