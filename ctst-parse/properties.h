/*
 * The properties a component can have: one table says what each is called, where it
 * ends up in the composition, who checks its value and who writes it.
 */
#ifndef CTST_PARSE_PROPERTIES_H
#define CTST_PARSE_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "ctst-parse/ast.h"

struct checker;

/* In the order in which they are written. */
enum property_id {
	PROPERTY_IMAGE,
	PROPERTY_PORT,
	PROPERTY_PORTS,
	PROPERTY_MEMORY,
	PROPERTY_CPU,
	PROPERTY_PIDS,
	PROPERTY_IO_WEIGHT,
	PROPERTY_ENV,
	PROPERTY_VOLUME,
	PROPERTY_VOLUMES,
	PROPERTY_COMMAND,
	PROPERTY_ENTRYPOINT,
	PROPERTY_READONLY,
	PROPERTY_WORKDIR,
	PROPERTY_USER,
	PROPERTY_HOSTNAME,
	PROPERTY_RESTART,
	PROPERTY_NETWORK,
	PROPERTY_HEALTHCHECK,
	PROPERTY_CAPABILITIES,
	PROPERTY_SECCOMP,
	PROPERTY_REQUIRED_PARAMS,
	PROPERTY_DISTROLESS,
	PROPERTY_COUNT,
	PROPERTY_UNKNOWN = PROPERTY_COUNT,
};

#define PROPERTY_NAME_SIZE 32

/* Names are padded to one size, which makes copying them cheap; they are written a million times for a large file. */
struct property {
	char name[PROPERTY_NAME_SIZE];
	char member[PROPERTY_NAME_SIZE]; /* of a component in the composition, and its key in "origins" */
	uint8_t name_length, member_length;
	bool is_extension; /* not in other implementations: --strict warns */
	/* Reports what is wrong with a value that the parser did not find damaged. */
	void (*check)(struct checker *checker, const struct entry *property);
	/* Appends the JSON value. Only called when the checks found nothing. */
	void (*write)(struct ct_buf *out, const struct composition *composition, const struct value *value);
};

const struct property *property_of(enum property_id id);

/* PROPERTY_UNKNOWN when there is none of that name. */
enum property_id property_find(struct ct_slice name);

/* The name that `word` is probably a slip of, or NULL. */
const char *property_suggest(struct ct_slice word);

/*
 * What to write instead of a property of another tool's files ("environment", "depends_on") or of a slip of
 * one, or NULL.
 */
const char *property_advice(struct ct_slice word);

#endif
