/* The tree becomes an image of the store: copied into a staging directory, which ctst-image-import reads. */
#ifndef SLIM_IMAGE_H
#define SLIM_IMAGE_H

#include "common/digest.h"
#include "ctst-image/slim/slim.h"

struct image_place {
	const char *images;
	const char *layers;
	const char *uri;     /* what the store calls it */
	const char *request; /* digest of what it was made for; NULL: nothing to be known again by */
	const char *subject; /* in front of the importer's messages; NULL: nothing */
};

/*
 * `config`: a JSON object of what the image sets (entrypoint, cmd, env, user, workdir, ports, stop_signal). The machine is added.
 * -1: I003, S003; err->reported when the importer has told it.
 */
int image_make(const struct slim *slim, const struct ct_buf *config, const struct image_place *place,
	       char manifest[CT_DIGEST_LENGTH + 1], struct ct_err *err);

/* SIGINT, SIGTERM and SIGHUP end the copying, not the program, so that it can clean up. */
void image_catch_signals(void);
/* Then the caller learns from the signal itself what ended it. */
void image_die_of_signal(void);
/* The signal that came, or 0. */
int image_signal(void);

#endif
