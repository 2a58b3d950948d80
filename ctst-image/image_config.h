/* What an image says about running it (OCI config.md, "Properties"), as the composition's `config` has it. */
#ifndef IMAGE_CONFIG_H
#define IMAGE_CONFIG_H

#include "common/json.h"

/* Writes the value, an object. `config` is an image's config document. */
void image_config_write(struct ct_json_writer *writer, const struct ct_json *config);

#endif
