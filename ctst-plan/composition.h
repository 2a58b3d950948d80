/*
 * A composition document (ctst.composition/1), checked and indexed.
 *
 * It may come from anywhere, so everything this tool uses is checked here, once:
 * types, names, ranges, limits, what refers to what. Behind composition_read()
 * nobody looks at a type again. All strings and lists point into the JSON
 * document, which must outlive the composition.
 */
#ifndef PLAN_COMPOSITION_H
#define PLAN_COMPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"
#include "common/names.h"

/* Limits of the language; "list" also bounds env and volumes. */
#define MAX_COMPONENTS ((size_t)200000)
#define MAX_LIST ((size_t)4096)
#define NOTHING UINT32_MAX /* an index that points nowhere */

enum restart_policy { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

struct ports {
	const uint16_t *items;
	size_t count;
};

/* An environment variable; the value may hold templates. */
struct variable {
	const char *key;
	const char *value;
};

struct healthcheck {
	const struct ct_json *command; /* list of strings, not empty; NULL: what the image says */
	bool none;                     /* and that it says nothing: its command is NONE, as in docker's files */
	int64_t interval_ms;
	int64_t timeout_ms;
	int64_t retries;
	int64_t start_period_ms;
};

struct component {
	const char *name;
	const char *image;    /* URI */
	uint32_t image_index; /* in composition.images; NOTHING until images_read() */

	struct ports ports;
	bool has_ports;         /* the file sets them: those of the image do not count */
	int64_t memory;         /* bytes; 0: no limit */
	int64_t cpu_shares;     /* 0: not set */
	int64_t cpu_millicores; /* 0: not set */
	int64_t pids;           /* 0: not set */
	int64_t io_weight;      /* 0: not set */
	/* Lists and objects as in the document; NULL: not set. */
	const struct ct_json *env;
	const struct ct_json *volumes;
	const struct ct_json *command;
	const struct ct_json *entrypoint;
	const struct ct_json *capabilities;
	/* Texts; NULL: not set. */
	const char *workdir;
	const char *user;
	const char *hostname;
	const char *seccomp; /* "unconfined" or the absolute path of a profile */
	const char *network; /* "bridge" when not set */
	bool writable;       /* readonly = false */
	enum restart_policy restart;
	int64_t max_retries; /* -1: no bound */
	struct healthcheck healthcheck;
	/* By the name of each value: its place, and of inherited ones whose it is. Objects of strings; NULL: not in the document. */
	const struct ct_json *origins;
	const struct ct_json *inherited;
	bool distroless;    /* has the slim one of two images of one URI */
	bool template_only; /* required_params: others are made from it, it is not deployed itself */

	uint32_t published; /* first of its entries in composition.exposed; NOTHING: none */
};

/* Component `from` needs component `to`. */
struct edge {
	uint32_t from;
	uint32_t to;
};

struct exposed {
	const char *address;  /* NULL: the default */
	const char *protocol; /* "tcp" or "udp" */
	uint16_t host_port;
	uint16_t container_port;
	uint32_t next; /* of the same component; NOTHING: the last */
};

/* What a container gets from its image where the file says nothing. Text of the image is quoted already. */
struct image {
	const char *uri;
	const char *digest;           /* NULL while the image has not been imported */
	const struct ct_json *layers; /* NULL likewise */
	bool distroless;              /* for the components that want it slim */
	const char *import;           /* likewise why: "new", "changed", "missing" or "remote"; may be NULL */
	const char **entrypoint;
	size_t entrypoint_count;
	const char **cmd;
	size_t cmd_count;
	struct variable *env; /* no key twice */
	size_t env_count;
	const char *user; /* NULL: not set, as the following */
	const char *workdir;
	const char *stop_signal;
	const char **health_command;
	size_t health_count;            /* 0: no health check */
	struct healthcheck healthcheck; /* of it the numbers */
	struct ports ports;
};

struct composition {
	const char *file;
	const char *directory;
	struct component *components; /* in the order of their declaration */
	size_t count;
	struct ct_names names; /* of the components → index */
	struct edge *edges;    /* in the order of their declaration; may hold duplicates, no self-edges */
	size_t edge_count;
	struct exposed *exposed;
	size_t exposed_count;
	struct image *images; /* NULL: the document has none */
	size_t image_count;
	struct ct_arena arena;
};

#define COMPOSITION_INIT \
	{ \
		0 \
	}
#define autocomposition __attribute__((cleanup(composition_release))) struct composition

/* Everything but the images. -1: P001 naming the member, E004 E015 where it says what the language forbids. */
int composition_read(struct composition *composition, const struct ct_json *root, struct ct_err *err);

/*
 * The member `images` that ctst-image adds; every component that is deployed must
 * have its entry there. -1: P001.
 */
int images_read(struct composition *composition, const struct ct_json *root, struct ct_err *err);

/* Whether the text is an IPv4 or IPv6 address; --publish-addr is held to the same. */
bool is_address(const char *text);

void composition_release(struct composition *composition);

/* Fills a component from its object; its name and place in the composition are the caller's matter. */
int component_read(struct composition *composition, struct component *component, const struct ct_json *object,
		   size_t index, struct ct_err *err);

#endif
