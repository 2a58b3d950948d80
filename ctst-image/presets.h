/*
 * The data files behind preset:// (ctst-presets(5)).
 *
 * Asked in this order, the first entry that fits wins: the user's
 * ($XDG_CONFIG_HOME/containust/presets.json, else ~/.config/…), the machine's
 * (/etc/containust/presets.json), the ones that come with the tools.
 */
#ifndef IMAGE_PRESETS_H
#define IMAGE_PRESETS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"

struct image_preset {
	struct ct_json_doc *doc;
	const struct ct_json *entry;           /* in doc */
	char *archive;                         /* absolute path of the root file system's archive */
	char digest[CT_DIGEST_LENGTH + 1];     /* what that archive must be */
	char definition[CT_DIGEST_LENGTH + 1]; /* of the entry itself: another one means another image config */
};

#define IMAGE_PRESET_INIT \
	{ \
		0 \
	}
#define auto_image_preset __attribute__((cleanup(image_preset_release))) struct image_preset

/* Looks into all files. -1: I001, with what comes close as a hint. */
int image_preset_find(struct image_preset *preset, const char *name, const char *version, struct ct_err *err);

/*
 * Looks into one document. `file` names it in messages, and relative archives are taken from its directory.
 * `version` NULL: any. 1: found, 0: not there and *close (256 bytes) holds a similar name or "". -1: I001.
 */
int image_preset_find_in(struct image_preset *preset, const char *text, size_t length, const char *file,
			 const char *name, const char *version, char *close, struct ct_err *err);

#define IMAGE_PRESETS_FILES 3
#define IMAGE_PRESETS_MAX_BYTES ((size_t)4 << 20) /* of each */

/* The list of one file's text, which lives as long as *doc, to be freed in any case. NULL: I001. */
const struct ct_json *image_presets_parse(struct ct_json_doc **doc, const char *text, size_t length, const char *file,
					  struct ct_err *err);

/* The files in their order; each is the caller's to free, and may be NULL. */
void image_presets_files(char *files[IMAGE_PRESETS_FILES]);
bool image_preset_is_for_this_machine(const struct ct_json *entry);
/* The absolute path of an entry's `source` in `file`. The caller frees. */
char *image_preset_archive(const char *file, const char *source);

/* Appends a table of all entries that count, or a ctst.presets/1 document of them. -1: I001, a file is damaged. */
int image_presets_list(bool json, struct ct_buf *out, struct ct_err *err);

void image_preset_release(struct image_preset *preset);

#endif
