/* Where the body of a response goes: into the file, from the beginning or at its end, or into an error message. */
#include <string.h>

#include "ctst-image/fetch_transfer.h"

/* What the file holds cannot be continued; the next attempt begins at the beginning. */
static enum fetch_outcome begin_again(struct transfer *transfer, const char *reason)
{
	transfer->fetch->etag[0] = '\0';
	ct_fail(&transfer->err, "I006", "%s", reason);
	return FETCH_AGAIN;
}

static enum fetch_outcome begin_whole(struct transfer *transfer)
{
	struct fetch *fetch = transfer->fetch;

	if (fetch_file_restart(&fetch->file, &transfer->err) < 0)
		return FETCH_FAILED;
	strcpy(fetch->etag, transfer->response.no_ranges ? "" : transfer->response.etag);
	return FETCH_DONE;
}

/* RFC 9110, 15.3.7: the part must be checked against the request before it is joined to what is there. */
static enum fetch_outcome begin_part(struct transfer *transfer)
{
	const struct fetch_response *response = &transfer->response;

	if (transfer->resume_at == 0) {
		ct_fail(&transfer->err, "I006", "the server sends a part where the whole was asked for");
		return FETCH_FAILED;
	}
	if (response->range_start != transfer->resume_at)
		return begin_again(transfer, "the server sends another part than the one that was asked for");
	if (response->etag[0] && strcmp(response->etag, transfer->fetch->etag) != 0)
		return begin_again(transfer, "the content changed between two attempts");
	return FETCH_DONE;
}

/* The whole size as the server announces it; -1: it does not. */
static int64_t announced(const struct transfer *transfer)
{
	curl_off_t length = -1;

	if (transfer->response.range_total >= 0)
		return transfer->response.range_total;
	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length < 0 ? -1 : transfer->fetch->file.size + length;
}

static enum fetch_outcome too_large(struct transfer *transfer, int64_t size)
{
	const struct fetch_request *request = transfer->fetch->request;

	if (request->sized)
		ct_fail(&transfer->err, "I002", "it has %lld bytes or more, not the %lld that are said of it",
			(long long)size, (long long)request->max_bytes);
	else
		ct_fail(&transfer->err, "I006", "it has %lld bytes or more and the limit is %lld", (long long)size,
			(long long)request->max_bytes);
	if (request->limit_hint)
		ct_err_hint(&transfer->err, "%s", request->limit_hint);
	return FETCH_FAILED;
}

/* HTTP/1.0 ends a body with the connection, which may as well have been cut. Only a digest can tell. */
static enum fetch_outcome check_end_is_told(struct transfer *transfer)
{
	if (announced(transfer) >= 0 || transfer->response.chunked || transfer->fetch->request->digest)
		return FETCH_DONE;
	ct_fail(&transfer->err, "I006", "the server does not say how long it is, so a part would pass for the whole");
	ct_err_hint(&transfer->err, "it can be downloaded with %s",
		    transfer->fetch->request->path ? "--digest" : "@sha256: and its digest");
	return FETCH_FAILED;
}

enum fetch_outcome transfer_begin_body(struct transfer *transfer)
{
	enum fetch_outcome outcome;

	outcome = transfer->response.status == 206 ? begin_part(transfer) : begin_whole(transfer);
	if (outcome == FETCH_DONE && announced(transfer) > transfer->fetch->request->max_bytes)
		outcome = too_large(transfer, announced(transfer));
	if (outcome == FETCH_DONE)
		outcome = check_end_is_told(transfer);
	transfer->begun = outcome == FETCH_DONE;
	if (transfer->begun)
		transfer->fetch->progress.total = announced(transfer);
	return outcome;
}

/* Of an error page only the beginning is of use; the rest, which may have no end, is not waited for. */
static size_t keep_excerpt(struct transfer *transfer, const char *bytes, size_t length)
{
	size_t room = FETCH_EXCERPT - transfer->excerpt_length;
	size_t kept = length < room ? length : room;

	memcpy(transfer->excerpt + transfer->excerpt_length, bytes, kept);
	transfer->excerpt_length += kept;
	return kept == length ? length : 0;
}

size_t transfer_take_body(struct transfer *transfer, const char *bytes, size_t length)
{
	struct fetch *fetch = transfer->fetch;
	enum fetch_outcome outcome;

	if (!transfer_is_success(transfer))
		return keep_excerpt(transfer, bytes, length);
	if (!transfer->begun && (outcome = transfer_begin_body(transfer)) != FETCH_DONE)
		return transfer_end(transfer, outcome);
	if (fetch->file.size + (int64_t)length > fetch->request->max_bytes)
		return transfer_end(transfer, too_large(transfer, fetch->file.size + (int64_t)length));
	if (fetch_file_append(&fetch->file, bytes, length, &transfer->err) < 0)
		return transfer_end(transfer, FETCH_FAILED);
	if (fetch->request->received)
		atomic_store(fetch->request->received, fetch->file.size);
	progress_update(&fetch->progress, fetch->file.size, 0);
	return length;
}
