#include "ctst-image/fetch_transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "ctst-image/fetch_url.h"

#define RECEIVE_AT_ONCE (256L << 10) /* bytes */

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	if (fetch_response_header(&transfer->response, line, size * count) == 0)
		return count * size;
	ct_fail(&transfer->err, "I006", "the server's header is longer than %zu KiB", FETCH_HEADERS_LARGEST >> 10);
	return transfer_end(transfer, FETCH_FAILED);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	return transfer_take_body(context, bytes, size * count);
}

/* libcurl calls this at least once a second, whatever the server does. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer *transfer = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return fetch_is_stopped(transfer->fetch->request);
}

static CURLcode on_tls(CURL *curl, void *ssl_context, void *trust)
{
	(void)curl;
	return fetch_trust_extend(trust, ssl_context) < 0 ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}

static void add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer)
		*list = longer;
}

/*
 * The headers of one request beside libcurl's own. Called for every hop: what is meant for one host must not be sent to
 * the one it redirects to.
 */
static struct curl_slist *request_headers(const struct transfer *transfer)
{
	const struct ct_option_list *accept = transfer->fetch->request->accept;
	struct curl_slist *list = NULL;
	ct_autobuf line = CT_BUF_INIT;

	/* The digest is that of the bytes that are sent: no compression on the way. */
	add_header(&list, "Accept-Encoding: identity");
	for (int i = 0; accept && i < accept->count; i++)
		ct_buf_printf(&line, "%s%s", i == 0 ? "Accept: " : ", ", accept->items[i]);
	if (line.length > 0)
		add_header(&list, line.data);
	if (transfer->resume_at > 0) {
		ct_buf_clear(&line);
		ct_buf_printf(&line, "If-Range: %s", transfer->fetch->etag);
		add_header(&list, line.data);
	}
	if (transfer->authorization) {
		ct_buf_clear(&line);
		ct_buf_printf(&line, "Authorization: %s", transfer->authorization);
		add_header(&list, line.data);
	}
	return list;
}

static int set_callbacks(CURL *curl, struct transfer *transfer)
{
	return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->curl_error) |
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) |
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer) |
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) |
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) |
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) |
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer) | curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) |
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) |
	       curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* What libcurl has as its default is written out where the safety of a download hangs on it. */
static int set_security(CURL *curl, const struct fetch *fetch, bool plain)
{
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https") |
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) |
	       curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) |
	       curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) |
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) | curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) |
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) |
	       curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_tls) |
	       curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, &fetch->request->trust) |
	       /* A loopback address is this host's, not a proxy's. */
	       (plain ? curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") : 0);
}

static int set_request(CURL *curl, const struct transfer *transfer, const char *url, struct curl_slist *headers)
{
	const struct fetch_request *request = transfer->fetch->request;
	char range[32];

	snprintf(range, sizeof(range), "%lld-", (long long)transfer->resume_at);
	return curl_easy_setopt(curl, CURLOPT_URL, url) | curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) |
	       curl_easy_setopt(curl, CURLOPT_RANGE, transfer->resume_at > 0 ? range : NULL) |
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "containust/" CT_VERSION) |
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) |
	       curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, RECEIVE_AT_ONCE) |
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)request->connect_timeout) |
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_SLOWEST) |
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)request->stall_timeout);
}

static void introduce(struct transfer *transfer, const char *url)
{
	struct fetch *fetch = transfer->fetch;
	const struct fetch_access *access = fetch->request->access;

	transfer->at_home = access && fetch_url_same_origin(url, fetch->request->url);
	if (transfer->at_home)
		transfer->authorization = access->authorization(access->context, &fetch->version);
}

enum fetch_outcome fetch_transfer(struct fetch *fetch, const char *url, bool plain, struct ct_err *err)
{
	struct transfer transfer = { .fetch = fetch, .resume_at = fetch->etag[0] ? fetch->file.size : 0 };
	enum fetch_outcome outcome = FETCH_FAILED;
	struct curl_slist *headers;

	introduce(&transfer, url);
	headers = request_headers(&transfer);
	fetch->retry_after = 0;
	fetch_response_start(&transfer.response);
	curl_easy_reset(fetch->curl);
	if (set_callbacks(fetch->curl, &transfer) || set_security(fetch->curl, fetch, plain) ||
	    set_request(fetch->curl, &transfer, url, headers))
		ct_fail(err, "I006", "this libcurl lacks what is needed: %s", curl_version());
	else
		outcome = transfer_conclude(&transfer, curl_easy_perform(fetch->curl), err);
	curl_slist_free_all(headers);
	free(transfer.authorization);
	return outcome;
}
