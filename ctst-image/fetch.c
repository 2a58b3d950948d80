#include "ctst-image/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-image/fetch_delay.h"
#include "ctst-image/fetch_url.h"

#define MOST_REDIRECTS 10
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

static enum fetch_outcome attempt(struct fetch *fetch, struct ct_err *err)
{
	ct_autofree char *url = ct_strdup(fetch->request->url);
	bool plain = fetch->request->plain;

	for (int redirects = 0;; redirects++) {
		enum fetch_outcome outcome = fetch_transfer(fetch, url, plain, err);

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

/* A signal ends the wait early. */
static void sleep_for(int64_t milliseconds)
{
	struct timespec time = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 };

	while (nanosleep(&time, &time) < 0 && errno == EINTR && !fetch_signal())
		continue;
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
	ct_info(FETCH_PROGRAM, "%s; trying again in %lld ms", err->message, (long long)delay);
	sleep_for(delay);
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
		if (fetch_signal())
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
	if (download(fetch, err) < 0) {
		progress_end(&fetch->progress);
		return ct_err_context(err, "cannot download '%s'", shown);
	}
	progress_end(&fetch->progress);
	fetch_file_digest(&fetch->file, digest);
	if (verify(fetch->request, digest, err) < 0)
		return ct_err_context(err, "'%s'", shown);
	return fetch_file_publish(&fetch->file, err);
}

int fetch_run(const struct fetch_request *request, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	struct fetch fetch = { .request = request, .file = FETCH_FILE_INIT };
	int result = -1;

	if (fetch_file_create(&fetch.file, request->path, err) == 0) {
		fetch.curl = curl_easy_init();
		result = fetch.curl ? fetch_url(&fetch, digest, err) : ct_fail(err, "I006", "libcurl has no memory");
	}
	curl_easy_cleanup(fetch.curl);
	fetch_file_release(&fetch.file);
	free(fetch.location);
	return result;
}
