#include "ctst-image/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-image/fetch_delay.h"
#include "ctst-image/fetch_url.h"

#define MOST_REDIRECTS 10
#define MOST_ANSWERS 2    /* to one 401 after the other: what was said first may have expired */
#define SLEEP_AT_ONCE 100 /* ms; a signal may have come to another thread */
/*
 * A long download over a bad line is cut many times: as long as that many bytes arrived since, the failures before do
 * not count. A server that cuts on purpose cannot go on for ever, because the size is bounded.
 */
#define ADVANCE ((int64_t)1 << 20)

static int hop_context(struct ct_err *err, const char *url)
{
	char shown[FETCH_URL_SHOWN_SIZE];

	fetch_url_show(url, shown);
	return ct_err_context(err, "redirected to '%s'", shown);
}

/* Takes over fetch->location. A redirect never leads from https:// to http://. */
static int follow_redirect(struct fetch *fetch, char **url, bool *plain, struct ct_err *err)
{
	free(*url);
	*url = fetch->location;
	fetch->location = NULL;
	if (fetch_url_check(*url, *plain, "I006", plain, err) == 0)
		return 0;
	hop_context(err, *url);
	return ct_err_hint(err, "this is how the server is set up; ask those who run it, or find another URL");
}

/* One hop. A server that wants to know who asks is told. */
static enum fetch_outcome ask(struct fetch *fetch, const char *url, bool plain, struct ct_err *err)
{
	const struct fetch_access *access = fetch->request->access;

	for (int answers = 0;; answers++) {
		enum fetch_outcome outcome = fetch_transfer(fetch, url, plain, err);

		if (outcome != FETCH_ASKED)
			return outcome;
		if (answers == MOST_ANSWERS ||
		    access->challenged(access->context, fetch->challenges, fetch->version, err) < 0)
			return FETCH_FAILED;
	}
}

static enum fetch_outcome attempt(struct fetch *fetch, struct ct_err *err)
{
	ct_autofree char *url = ct_strdup(fetch->request->url);
	bool plain = fetch->request->plain;

	for (int redirects = 0;; redirects++) {
		enum fetch_outcome outcome = ask(fetch, url, plain, err);

		if (outcome != FETCH_MOVED) {
			if (outcome != FETCH_DONE && redirects > 0)
				hop_context(err, url);
			return outcome;
		}
		if (redirects == MOST_REDIRECTS) {
			ct_fail(err, "I006", "more than %d redirects", MOST_REDIRECTS);
			return FETCH_FAILED;
		}
		if (follow_redirect(fetch, &url, &plain, err) < 0)
			return FETCH_FAILED;
	}
}

/* Whoever stops the download ends the wait early. */
static void sleep_for(const struct fetch_request *request, int64_t milliseconds)
{
	while (milliseconds > 0 && !fetch_is_stopped(request)) {
		int64_t now = milliseconds < SLEEP_AT_ONCE ? milliseconds : SLEEP_AT_ONCE;
		struct timespec time = { .tv_nsec = now * 1000000 };

		nanosleep(&time, NULL);
		milliseconds -= now;
	}
}

static int wait_before_next(const struct fetch *fetch, int failures, struct ct_err *err)
{
	uint32_t random = 0;
	int64_t delay;

	/* Without randomness it is only less fair. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	delay = fetch_delay(fetch->request->backoff, failures, fetch->retry_after, random);
	if (delay < 0)
		return ct_err_hint(err, "the server asks to come back in %lld seconds", (long long)fetch->retry_after);
	ct_info(fetch->request->program, "%s; trying again in %lld ms", err->message, (long long)delay);
	sleep_for(fetch->request, delay);
	return 0;
}

static int download(struct fetch *fetch, struct ct_err *err)
{
	int64_t furthest = 0;
	int failures = 0;

	for (;;) {
		enum fetch_outcome outcome = attempt(fetch, err);

		if (outcome == FETCH_DONE)
			return 0;
		if (outcome != FETCH_AGAIN)
			return -1;
		if (fetch->file.size >= furthest + ADVANCE) {
			furthest = fetch->file.size;
			failures = 0;
		}
		if (failures++ == fetch->request->retries) {
			if (failures > 1)
				ct_err_context(err, "%d attempts failed, the last one", failures);
			return -1;
		}
		if (wait_before_next(fetch, failures, err) < 0)
			return -1;
		if (fetch_is_stopped(fetch->request))
			return ct_fail(err, CT_NO_CODE, "interrupted");
	}
}

static int verify(const struct fetch_request *request, const char *digest, struct ct_err *err)
{
	if (!request->digest || strcmp(request->digest, digest) == 0)
		return 0;
	ct_fail(err, "I002", "it should be %s but its content is %s", request->digest, digest);
	return ct_err_hint(err, "find out who changed it; nothing was kept");
}

static int fetch_url(struct fetch *fetch, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	char shown[FETCH_URL_SHOWN_SIZE];

	fetch_url_show(fetch->request->url, shown);
	progress_start(&fetch->progress, "downloading", shown);
	if (fetch->request->received)
		fetch->progress.enabled = false;
	if (download(fetch, err) < 0) {
		progress_end(&fetch->progress);
		return ct_err_context(err, "cannot download '%s'", shown);
	}
	progress_end(&fetch->progress);
	fetch_file_digest(&fetch->file, digest);
	if (verify(fetch->request, digest, err) < 0)
		return ct_err_context(err, "'%s'", shown);
	return fetch->request->path ? fetch_file_publish(&fetch->file, err)
				    : fetch_file_read(&fetch->file, fetch->request->body, err);
}

int fetch_run(const struct fetch_request *request, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	struct fetch fetch = { .request = request, .file = FETCH_FILE_INIT };
	int result = -1;

	if (fetch_file_create(&fetch.file, request->path, err) == 0) {
		fetch.curl = request->curl ? request->curl : curl_easy_init();
		result = fetch.curl ? fetch_url(&fetch, digest, err) : ct_fail(err, "I006", "libcurl has no memory");
	}
	if (!request->curl)
		curl_easy_cleanup(fetch.curl);
	fetch_file_release(&fetch.file);
	free(fetch.location);
	free(fetch.challenges);
	return result;
}

int fetch_prepare(struct ct_err *err)
{
	/* The certificates are OpenSSL's; a libcurl with another library cannot take them. */
	if (curl_global_sslset(CURLSSLBACKEND_OPENSSL, NULL, NULL) != CURLSSLSET_OK ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ct_fail(err, "I006", "this libcurl does not work with OpenSSL: %s", curl_version());
	return 0;
}
