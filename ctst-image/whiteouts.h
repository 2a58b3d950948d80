/*
 * What a layer takes away from those below it (OCI layer.md, "Whiteouts"), as OverlayFS wants it:
 *
 *	.wh.NAME      → a character device 0/0 called NAME, which anybody may make (Linux 5.8)
 *	.wh..wh..opq  → the attribute user.overlay.opaque on its directory; overlays are mounted with userxattr
 *
 * A whiteout never hides what its own layer brings, wherever the archive has it. So all of
 * them are kept until the rest of the layer is there.
 */
#ifndef IMAGE_WHITEOUTS_H
#define IMAGE_WHITEOUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define WHITEOUT_OPAQUE_XATTR "user.overlay.opaque"

struct unpack;

struct whiteout {
	char *path; /* of what goes, or of the opaque directory */
	bool opaque;
};

struct whiteouts {
	struct whiteout *items;
	size_t count;
	size_t capacity;
};

/* 1: `path` (normalised) was one and has been kept, or says nothing to anybody; 0: it is an ordinary name. -1: I003. */
int whiteouts_take(struct whiteouts *whiteouts, const char *path, struct ct_err *err);

/* What `path`, a whiteout's, takes away: "" for the directory itself when *opaque. False when it is none, or means nothing. */
bool whiteout_target(const char *path, char *target, bool *opaque);

/* Makes them, after everything else. -1: I003. */
int whiteouts_apply(const struct whiteouts *whiteouts, struct unpack *unpack, struct ct_err *err);
void whiteouts_release(struct whiteouts *whiteouts);

#endif
