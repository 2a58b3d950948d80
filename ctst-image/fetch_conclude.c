/* What came of a request: done, moved, worth another attempt, or failed, and in which words. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "ctst-image/fetch_transfer.h"

/*
 * A server that was told a secret could repeat it, so its own words are not shown then: the number, and the code where
 * it is one of the registries' (OCI distribution specification, "Error Codes").
 */
static void say_number(const struct transfer *transfer, struct ct_err *err)
{
	static const char *const codes[] = { "DENIED",       "UNAUTHORIZED", "MANIFEST_UNKNOWN",
					     "NAME_UNKNOWN", "NAME_INVALID", "MANIFEST_INVALID",
					     "BLOB_UNKNOWN", "UNSUPPORTED",  "TOOMANYREQUESTS" };
	char text[FETCH_EXCERPT + 1];
	const char *code = NULL;

	memcpy(text, transfer->excerpt, transfer->excerpt_length);
	text[transfer->excerpt_length] = '\0';
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) && !code; i++)
		code = strstr(text, codes[i]) ? codes[i] : NULL;
	ct_fail(err, "I006", "the server answered %ld%s%s", transfer->response.status, code ? ": " : "",
		code ? code : "");
}

static void say_words(const struct transfer *transfer, struct ct_err *err)
{
	char text[FETCH_EXCERPT + 1] = "";
	const char *type = NULL;

	/* The error pages of web servers are for browsers; what is written for programs is short and says why. */
	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_CONTENT_TYPE, &type);
	if (type && (strncmp(type, "text/plain", 10) == 0 || strstr(type, "json")))
		fetch_show_text(transfer->excerpt, transfer->excerpt_length, text, sizeof(text));
	ct_fail(err, "I006", "the server answered '%s'%s%s", transfer->response.status_line, text[0] ? ": " : "", text);
}

static enum fetch_outcome asked(struct transfer *transfer)
{
	free(transfer->fetch->challenges);
	transfer->fetch->challenges = ct_strdup(transfer->response.challenges);
	return FETCH_ASKED;
}

/* A status that is neither a success nor a redirect. */
static enum fetch_outcome refused(struct transfer *transfer, struct ct_err *err)
{
	const struct fetch_response *response = &transfer->response;
	curl_off_t retry_after = 0;

	if (transfer->authorization)
		say_number(transfer, err);
	else
		say_words(transfer, err);
	if (response->status == 401 && transfer->at_home)
		return asked(transfer);
	if (response->status == 401 || response->status == 403)
		ct_err_hint(err, "the server wants to know who asks, or this is not for everybody");
	else if (response->status == 404 || response->status == 410)
		ct_err_hint(err, "check the URL");
	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_RETRY_AFTER, &retry_after);
	transfer->fetch->retry_after = retry_after;
	if (response->status == 416 && transfer->resume_at > 0) {
		transfer->fetch->etag[0] = '\0';
		return FETCH_AGAIN;
	}
	return fetch_response_is_transient(response) ? FETCH_AGAIN : FETCH_FAILED;
}

static enum fetch_outcome moved(struct transfer *transfer, struct ct_err *err)
{
	const char *location = NULL;

	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_REDIRECT_URL, &location);
	if (!location) {
		ct_fail(err, "I006", "the server answered '%s' without saying where to",
			transfer->response.status_line);
		return FETCH_FAILED;
	}
	free(transfer->fetch->location);
	transfer->fetch->location = ct_strdup(location);
	return FETCH_MOVED;
}

static enum fetch_outcome timed_out(const struct transfer *transfer, struct ct_err *err)
{
	const struct fetch_request *request = transfer->fetch->request;
	curl_off_t connected = 0;

	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
	if (connected == 0)
		ct_fail(err, "I006", "no connection within %lld s", (long long)request->connect_timeout);
	else
		ct_fail(err, "I006", "less than %d bytes a second for %lld s, %lld bytes in all", FETCH_SLOWEST,
			(long long)request->stall_timeout, (long long)transfer->fetch->file.size);
	return FETCH_AGAIN;
}

static void untrusted(const char *reason, struct ct_err *err)
{
	ct_fail(err, "I006", "the server cannot be trusted: %s", reason);
	/* libcurl's words for a chain that ends nowhere; the other case is a wrong name. */
	if (strncmp(reason, "SSL certificate problem", 23) == 0)
		ct_err_hint(err, "a certificate authority of your own goes into --ca-file or CONTAINUST_CA_FILE");
}

/* A connection that was there and ended; a proxy that refuses to make one looks the same to libcurl. */
static bool was_cut(const struct transfer *transfer, CURLcode code)
{
	long proxy_status = 0, system_error = 0;

	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_OS_ERRNO, &system_error);
	switch (code) {
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
		return true;
	case CURLE_RECV_ERROR:
		return proxy_status < 400 || proxy_status >= 500;
	case CURLE_SSL_CONNECT_ERROR:
		/* OpenSSL's word for a connection that ends in the middle of the handshake. */
		return system_error == ECONNRESET || strstr(transfer->curl_error, "SSL_ERROR_SYSCALL");
	default:
		return false;
	}
}

/* Our messages do; but not a name or an abbreviation. */
static void begin_lower_case(char *text)
{
	size_t length = strcspn(text, " ");

	if (length > 1 && strspn(text + 1, "abcdefghijklmnopqrstuvwxyz") >= length - 1)
		text[0] = (char)tolower((unsigned char)text[0]);
}

static enum fetch_outcome not_finished(const struct transfer *transfer, CURLcode code, struct ct_err *err)
{
	char reason[CURL_ERROR_SIZE];
	const char *text = transfer->curl_error[0] ? transfer->curl_error : curl_easy_strerror(code);

	fetch_show_text(text, strlen(text), reason, sizeof(reason));
	begin_lower_case(reason);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return timed_out(transfer, err);
	if (was_cut(transfer, code)) {
		ct_fail(err, "I006", "the connection was cut after %lld bytes (%s)",
			(long long)transfer->fetch->file.size, reason);
		return FETCH_AGAIN;
	}
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		untrusted(reason, err);
	else if (code == CURLE_OUT_OF_MEMORY && !transfer->begun)
		/* What this version says to a line of more than 100 KiB. */
		ct_fail(err, "I006", "the server's header has a line that is too long");
	else
		ct_fail(err, "I006", "%s", reason);
	return FETCH_FAILED;
}

/* A server may send less than it was asked for and call it a part, or more, which cannot be continued. */
static enum fetch_outcome finished(struct transfer *transfer, struct ct_err *err)
{
	enum fetch_outcome outcome = transfer->begun ? FETCH_DONE : transfer_begin_body(transfer);
	int64_t total = transfer->response.range_total;

	if (outcome != FETCH_DONE) {
		*err = transfer->err;
		return outcome;
	}
	if (transfer->response.status == 206 && total >= 0 && transfer->fetch->file.size != total) {
		ct_fail(err, "I006", "the server stopped after %lld of %lld bytes",
			(long long)transfer->fetch->file.size, (long long)total);
		if (transfer->fetch->file.size > total)
			transfer->fetch->etag[0] = '\0';
		return FETCH_AGAIN;
	}
	return FETCH_DONE;
}

static void fill_reply(const struct transfer *transfer)
{
	struct fetch_reply *reply = transfer->fetch->request->reply;
	const char *type = NULL;
	size_t length;

	if (!reply)
		return;
	*reply = (struct fetch_reply){ .status = transfer->response.status };
	strcpy(reply->digest, transfer->response.digest);
	curl_easy_getinfo(transfer->fetch->curl, CURLINFO_CONTENT_TYPE, &type);
	length = type ? strcspn(type, "; \t") : 0;
	fetch_show_text(type, length, reply->type, sizeof(reply->type));
	for (char *at = reply->type; *at; at++)
		*at = (char)tolower((unsigned char)*at);
}

enum fetch_outcome transfer_conclude(struct transfer *transfer, CURLcode code, struct ct_err *err)
{
	fill_reply(transfer);
	if (fetch_is_stopped(transfer->fetch->request)) {
		ct_fail(err, CT_NO_CODE, "interrupted");
		return FETCH_FAILED;
	}
	if (transfer->ended) {
		*err = transfer->err;
		return transfer->outcome;
	}
	/* An error page that was cut off, by us or by the server, has said what there is to say. */
	if (fetch_response_is_redirect(&transfer->response))
		return moved(transfer, err);
	if (transfer->response.status >= 200 && !transfer_is_success(transfer))
		return refused(transfer, err);
	if (code != CURLE_OK)
		return not_finished(transfer, code, err);
	return finished(transfer, err);
}
