/* Writing the store's index.json: whatever else is in it stays, also what other tools have put there. */
#ifndef IMAGE_INDEX_WRITE_H
#define IMAGE_INDEX_WRITE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/*
 * The caller, with the lock of the store: 1. index_write_begin. 2. each descriptor to `writer`.
 * 3. index_write_end, always.
 */
struct index_write {
	struct ct_json_writer *writer;
	struct ct_buf text;
	const struct ct_json *old; /* borrowed; NULL: there is none yet */
};

void index_write_begin(struct index_write *index, const struct ct_json *old);
/* Replaces the file in one step; `durable`: it is on the disk afterwards. -1: S003, I003. */
int index_write_end(struct index_write *index, int images, bool durable, struct ct_err *err);

#endif
