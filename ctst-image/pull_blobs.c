/*
 * Blobs, several at a time: the workers take the next one of a list until it is empty or one of them has failed. This
 * thread shows how far all of them together are.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-image/pull.h"

#define MOST_WORKERS 3
#define SHOW_EVERY 100000000 /* ns */

struct work {
	struct pull *pull;
	const struct descriptor **blobs; /* those that are not there, each once */
	_Atomic int64_t *received;
	size_t count;
	atomic_size_t next;
	atomic_bool cancelled;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	size_t running;
	bool failed;
	struct ct_err err; /* the first one; what ends for its sake has nothing to say */
};

static void note_failure(struct work *work, const struct ct_err *err)
{
	pthread_mutex_lock(&work->lock);
	if (!work->failed)
		work->err = *err;
	work->failed = true;
	atomic_store(&work->cancelled, true);
	pthread_mutex_unlock(&work->lock);
}

static void fetch_blob(struct work *work, CURL *curl, size_t number)
{
	const struct descriptor *blob = work->blobs[number];
	ct_autofree char *path = ct_asprintf("%s/blobs/sha256/%s", work->pull->output, digest_hex(blob->digest));
	struct registry_transfer transfer = { curl, &work->cancelled, &work->received[number] };
	struct ct_err err = CT_ERR_INIT;

	if (registry_blob(&work->pull->registry, blob, path, &transfer, &err) < 0)
		note_failure(work, &err);
}

static void *run_worker(void *context)
{
	struct work *work = context;
	CURL *curl = curl_easy_init();
	struct ct_err err = CT_ERR_INIT;
	size_t number;

	if (!curl) {
		ct_fail(&err, "I006", "libcurl has no memory");
		note_failure(work, &err);
	}
	while (curl && !atomic_load(&work->cancelled) && (number = atomic_fetch_add(&work->next, 1)) < work->count)
		fetch_blob(work, curl, number);
	curl_easy_cleanup(curl);
	pthread_mutex_lock(&work->lock);
	work->running--;
	pthread_cond_signal(&work->changed);
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

/* ---- progress ---- */

static int64_t total_of(const struct work *work)
{
	int64_t total = 0;

	for (size_t i = 0; i < work->count; i++) {
		if (work->blobs[i]->size < 0 || work->blobs[i]->size > INT64_MAX / 200 - total)
			return -1;
		total += work->blobs[i]->size;
	}
	return total;
}

static int64_t received_by(const struct work *work)
{
	int64_t received = 0;

	for (size_t i = 0; i < work->count; i++)
		received += atomic_load(&work->received[i]);
	return received;
}

static void await_workers(struct work *work)
{
	ct_autofree char *name = reference_name(work->pull->reference);
	struct progress progress;

	progress_start(&progress, "pulling", name);
	progress.total = total_of(work);
	pthread_mutex_lock(&work->lock);
	while (work->running > 0) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += SHOW_EVERY;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&work->changed, &work->lock, &until);
		progress_update(&progress, received_by(work), 0);
	}
	pthread_mutex_unlock(&work->lock);
	progress_end(&progress);
}

/* ---- */

static int run_workers(struct work *work, struct ct_err *err)
{
	pthread_t threads[MOST_WORKERS];
	size_t count = 0, wanted = work->count < MOST_WORKERS ? work->count : MOST_WORKERS;

	work->running = wanted;
	while (count < wanted && pthread_create(&threads[count], NULL, run_worker, work) == 0)
		count++;
	pthread_mutex_lock(&work->lock);
	work->running -= wanted - count;
	pthread_mutex_unlock(&work->lock);
	if (count == 0)
		return ct_fail(err, CT_NO_CODE, "cannot start a thread");
	await_workers(work);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	if (work->failed)
		*err = work->err;
	return work->failed ? -1 : 0;
}

static bool is_listed(const struct work *work, const struct descriptor *blob)
{
	for (size_t i = 0; i < work->count; i++) {
		if (strcmp(work->blobs[i]->digest, blob->digest) == 0)
			return true;
	}
	return false;
}

int pull_blobs(struct pull *pull, const struct descriptor *blobs, size_t count, struct ct_err *err)
{
	struct work work = { .pull = pull, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	int result = 0;

	work.blobs = ct_alloc_array(count + 1, sizeof(*work.blobs));
	for (size_t i = 0; i < count && !fetch_signal(); i++) {
		if (!is_listed(&work, &blobs[i]) && !pull_layout_has(pull, &blobs[i]))
			work.blobs[work.count++] = &blobs[i];
	}
	work.received = ct_alloc_array(work.count + 1, sizeof(*work.received));
	if (work.count > 0)
		result = run_workers(&work, err);
	free(work.blobs);
	free(work.received);
	return result;
}
