/*
 * One HTTP request while it runs: fetch_transfer.c tells libcurl what to do, fetch_body.c puts what arrives where it
 * belongs, fetch_conclude.c says what the end of it means.
 */
#ifndef FETCH_TRANSFER_H
#define FETCH_TRANSFER_H

#include "ctst-image/fetch.h"

#define FETCH_EXCERPT 200 /* bytes of an error page */

struct transfer {
	struct fetch *fetch;
	struct fetch_response response;
	int64_t resume_at; /* 0: from the beginning */
	bool begun;        /* the body belongs into the file */
	bool ended;        /* by one of the callbacks, for the reason in err */
	bool at_home;      /* it goes to the origin of the request's URL */
	enum fetch_outcome outcome;
	struct ct_err err;
	char *authorization;         /* what the request had; NULL: nothing */
	char excerpt[FETCH_EXCERPT]; /* of a body that does not */
	size_t excerpt_length;
	char curl_error[CURL_ERROR_SIZE];
};

/* 200 or 206: the body is what was asked for. */
static inline bool transfer_is_success(const struct transfer *transfer)
{
	return transfer->response.status == 200 || transfer->response.status == 206;
}

/*
 * Before the first byte of a body that goes into the file, or at the end of an empty one. FETCH_DONE: go on; otherwise
 * transfer->err is filled.
 */
enum fetch_outcome transfer_begin_body(struct transfer *transfer);

/* A piece of the body, for CURLOPT_WRITEFUNCTION: returns `length`, or less to end the transfer. */
size_t transfer_take_body(struct transfer *transfer, const char *bytes, size_t length);

/* For a callback's return statement: takes nothing, so that libcurl stops; transfer->err is filled already. */
static inline size_t transfer_end(struct transfer *transfer, enum fetch_outcome outcome)
{
	transfer->ended = true;
	transfer->outcome = outcome;
	return 0;
}

/* What the end of the transfer means, with libcurl's word for it. */
enum fetch_outcome transfer_conclude(struct transfer *transfer, CURLcode code, struct ct_err *err);

#endif
