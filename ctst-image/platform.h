/*
 * Platforms as images name them (OCI image-index.md, "platform"; the values are Go's GOOS and GOARCH):
 * operating system, architecture, and for some architectures a variant.
 */
#ifndef IMAGE_PLATFORM_H
#define IMAGE_PLATFORM_H

#include <stdbool.h>

#include "common/json.h"

#define PLATFORM_TEXT 100 /* "linux/arm64/v8" */

struct platform {
	char os[32];
	char architecture[32];
	char variant[32]; /* "" for none */
};

/* "os/arch[/variant]"; false when it is not of that form. */
bool platform_parse(struct platform *platform, const char *text);
/* What this host runs. */
void platform_host(struct platform *platform);
/* From an object with os, architecture and variant; a missing one is "". */
void platform_read(struct platform *platform, const struct ct_json *object);
void platform_format(const struct platform *platform, char text[PLATFORM_TEXT]);

/* How well `offered` serves who wants `wanted`: -1 not at all; the larger the better. */
int platform_rank(const struct platform *wanted, const struct platform *offered);

#endif
