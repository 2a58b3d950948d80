#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "ctst-image/export/export.h"
#include "ctst-image/stream.h"

static int check_digest(const char *what, const char *expected, const char *actual, struct ct_err *err)
{
	if (strcmp(expected, actual) == 0)
		return 0;
	ct_fail(err, "I002", "%s %s has the content of %s", what, expected, actual);
	return ct_err_hint(err, "`ctst-image verify` finds all damage; build the image again");
}

static int pass_on(struct archive_out *archive, struct stream *stream, export_take_fn take, struct ct_err *err)
{
	const void *bytes;
	ssize_t got;

	while ((got = stream_read(stream, &bytes, err)) > 0) {
		progress_update(&archive->progress, archive->read + stream_taken(stream), 0);
		if (take && take(archive, bytes, (size_t)got, err) < 0)
			return -1;
	}
	return (int)got;
}

int export_blob(struct archive_out *archive, const struct pick *pick, const struct manifest_layer *layer, bool as_it_is,
		export_take_fn take, int64_t *bytes, struct ct_err *err)
{
	ct_autoclose int fd = layout_open_blob(pick->blobs, &layer->blob, err);
	struct stream_plan plan = {
		.fd = fd, .name = layer->blob.digest, .copy_fd = -1, .as_it_is = as_it_is, .hash = true
	};
	struct stream_facts facts = { .source_bytes = 0 };
	struct stream *stream = fd < 0 ? NULL : stream_open(&plan, err);
	int result = stream ? pass_on(archive, stream, take, err) : -1;

	if (result == 0)
		result = stream_finish(stream, &facts, err);
	stream_close(stream);
	if (result < 0)
		return -1;
	archive->read += facts.source_bytes;
	*bytes = facts.content_bytes;
	if (check_digest("blob", layer->blob.digest, facts.source_digest, err) < 0)
		return -1;
	return as_it_is ? 0 : check_digest("the content of layer", layer->diff_id, facts.content_digest, err);
}
