/* What a container uses, in documents. */
#ifndef CTST_SPAWN_USAGE_JSON_H
#define CTST_SPAWN_USAGE_JSON_H

#include "common/json.h"
#include "ctst-spawn/usage.h"

/* The members "cpu", "memory" and "network_io" of an open object, each an object; what is not known is left out. */
void usage_write_json(struct ct_json_writer *writer, const struct usage *before, const struct usage *usage);

#endif
