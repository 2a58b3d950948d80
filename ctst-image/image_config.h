/* What an image says about running it (OCI config.md, "Properties"), as the composition's `config` has it. */
#ifndef IMAGE_CONFIG_H
#define IMAGE_CONFIG_H

#include "common/json.h"

/* Writes the value, an object. `config` is an image's config document. */
void image_config_write(struct ct_json_writer *writer, const struct ct_json *config);

/* The same as a document. NULL with the writer's or the reader's error. The caller frees. */
struct ct_json_doc *image_config_read(const struct ct_json_doc *config, struct ct_err *err);

#endif
