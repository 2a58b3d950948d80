/*
 * Slim images in the pipeline: of an image only what the components that run from it need.
 *
 * Components that share an image share its slim one. The work is another program's, ctst-image-slim; it is not even looked at
 * when image, programs and settings are what they were.
 */
#ifndef IMAGE_DISTROLESS_H
#define IMAGE_DISTROLESS_H

#include "ctst-image/resolve.h"

/* Whether the component asks for it, or everybody was told to. */
bool distroless_is_wanted(const struct ct_json *component, const struct build_options *options);

/*
 * Puts the slim image in the place of *resolved, the whole one. `components` are all those of the composition. In a dry run
 * it is pending when it would have to be made. -1: I001, I003.
 */
int distroless_replace(struct resolved_image *resolved, const char *uri, const char *subject,
		       const struct ct_json *components, const struct ct_project *project,
		       const struct build_options *options, struct ct_err *err);

/* A line on stderr that says what it would save. Says nothing where it cannot be told. */
void distroless_tell_savings(const struct resolved_image *resolved, const char *uri, const struct ct_json *components,
			     const struct ct_project *project, const struct build_options *options);

#endif
