/*
 * What a slim image is to hold: the programs of one or more containers, each with the environment that decides where they are
 * found, and further paths. From a command line, or as a document from `ctst-image build`.
 */
#ifndef SLIM_REQUEST_H
#define SLIM_REQUEST_H

#include "common/arena.h"
#include "common/json.h"
#include "ctst-image/slim/slim.h"

#define REQUEST_FORMAT "ctst.slim-request"

struct request_command {
	const char *whose; /* "the command of web" */
	const char **argv;
	size_t count;
};

/* One container. */
struct request_group {
	const struct ct_json *environment; /* "KEY=VALUE" strings; NULL: none */
	const char *workdir;               /* NULL: "/" */
	struct request_command *commands;
	size_t command_count;
};

struct request {
	struct ct_arena arena;
	struct request_group *groups;
	size_t group_count;
	const char **includes;
	size_t include_count;
};

#define REQUEST_INIT \
	{ \
		.group_count = 0 \
	}
#define auto_request __attribute__((cleanup(request_release))) struct request

/* Reads groups and includes of a request document; the document must outlive the request. -1: P001. */
int request_read(struct request *request, const struct ct_json *document, struct ct_err *err);

/* A list of strings as a command; NULL or empty: count 0. */
void request_command_of_list(struct request *request, struct request_command *command, const struct ct_json *list,
			     const char *whose);

/* Makes PATH, the working directory and so on those of the group. */
void request_set_environment(struct slim *slim, const struct request_group *group);

/* Takes all that it names, and what that needs. -1: I001, I003. */
int request_carry_out(const struct request *request, struct slim *slim, struct ct_err *err);

void request_release(struct request *request);

#endif
