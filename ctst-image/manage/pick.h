/* One image of the store with its documents: what a person has named, of several platforms the one that fits. */
#ifndef IMAGE_PICK_H
#define IMAGE_PICK_H

#include "common/project.h"
#include "ctst-image/choose.h"
#include "ctst-image/manage/lookup.h"
#include "ctst-image/manifest.h"

struct pick {
	struct ct_json_doc *index;
	struct lookup found;
	struct chosen chosen;
	struct manifest manifest;
	char *name; /* as lookup_name() has it */
	int blobs;  /* O_PATH */
};

#define PICK_INIT \
	{ \
		.found = LOOKUP_INIT, .manifest = MANIFEST_INIT, .blobs = -1 \
	}
#define auto_pick __attribute__((cleanup(pick_release))) struct pick

/*
 * `platform` "os/arch[/variant]"; NULL: this host's, but an image for one platform only is taken whatever it is for. -1:
 * I001, I002, I004, S001.
 */
int pick_image(struct pick *pick, const struct ct_project *project, const char *word, const char *platform,
	       struct ct_err *err);
void pick_release(struct pick *pick);

#endif
