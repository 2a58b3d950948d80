/*
 * One service after the other becomes a component. Each key of a service has a row in the table of service_keys.c, which
 * says who converts it or why it cannot be; the functions here are those rows'.
 */
#ifndef CTST_CONVERT_SERVICE_H
#define CTST_CONVERT_SERVICE_H

#include "common/names.h"
#include "ctst-parse/convert/load.h"
#include "ctst-parse/convert/name_table.h"
#include "ctst-parse/convert/output.h"

#define REPLICAS_MAX 100
#define PORT_COUNT 65536

struct service {
	const char *name; /* in the compose file */
	struct node *node;
	struct place place;
	bool active;        /* no profile keeps it out, and it has at least one copy */
	const char **names; /* of its components, the first one being its own */
	size_t copies;
	bool has_healthcheck;
	bool has_host_network;
	bool has_no_network;
	uint32_t *ports; /* that it listens on, each once; in the arena */
	struct cause *port_causes;
	size_t port_count, port_capacity;
	struct ct_names targets; /* of volumes; numbers are meaningless */
};

struct publication {
	struct publication *next;
	struct service *service;
	struct cause cause;
	const char *address; /* NULL: none given */
	uint32_t host, container;
	bool udp;
};

struct conversion {
	const struct convert_options *options;
	struct ct_arena *arena;
	struct report *report;
	struct loader *loader;
	const struct node *root;
	const char *directory; /* of the result */
	const char *base;      /* of the project */
	struct output output;
	struct service *services;
	size_t service_count;
	struct ct_names service_names; /* to indices of services */
	struct name_table component_names, volume_names, network_names;
	struct ct_names archives;    /* file names of images, to indices of archive_images */
	const char **archive_images; /* owned */
	size_t archive_count;
	struct publication *publications, *last_publication;
	uint32_t *listeners;   /* by port: how many components listen on it */
	uint64_t *seen;        /* ports of the service at hand */
	struct ct_names edges; /* connections written: "a b" */
	struct ct_names told;  /* notes that are given once */
};

struct assignments;

/* A service that is being converted. */
struct job {
	struct conversion *all;
	struct service *service;
	struct output_component *component;
	struct subject subject;
	struct assignments *environment; /* its variables */
};

/* Converts what is under the key; the whole service is job->service->node. */
typedef void service_converter(struct job *job, const struct member *member);

/* What a key may hold, as a set. */
enum value_set {
	HOLDS_TEXT = 1 << NODE_SCALAR,
	HOLDS_LIST = 1 << NODE_LIST,
	HOLDS_MAP = 1 << NODE_MAP,
	HOLDS_ANY = HOLDS_TEXT | HOLDS_LIST | HOLDS_MAP,
};

struct service_key {
	const char *name;
	enum value_set holds;       /* nothing at all is always allowed; 0: any */
	service_converter *convert; /* NULL: it is left out, or is met, or is looked at elsewhere */
	const char *reason;         /* why it is left out; NULL: nothing to say */
	const char *met_by; /* a value that asks for nothing more than what is done anyway; NULL: none but false */
};

/* NULL when compose has no such key. */
const struct service_key *service_key_find(const char *name);
/* The key that `word` is probably a slip of, or NULL. */
const char *service_key_suggest(const char *word);

service_converter convert_image, convert_build, convert_ports, convert_expose, convert_volumes, convert_tmpfs,
	convert_configs, convert_secrets, convert_command, convert_entrypoint, convert_user, convert_working_dir,
	convert_hostname, convert_container_name, convert_healthcheck, convert_restart, convert_memory, convert_cpus,
	convert_cpu_shares, convert_cpu_quota, convert_pids, convert_deploy, convert_scale, convert_networks,
	convert_network_mode, convert_cap_add, convert_security_opt, convert_stop_signal, convert_stop_grace_period,
	convert_init;

/* Reads environment and env_file; to be released. In the arena. */
void read_variables(struct job *job);
void release_variables(struct job *job);

/* The variable of the service that has the value of the mark; it gets one where it has none. */
const char *secret_variable(struct job *job, const char *mark, struct cause cause);

/* What is decided from several keys together, and after them. */
void finish_environment(struct job *job);
void finish_ports(struct job *job);
void finish_read_only(struct job *job);
void note_capabilities(struct job *job);

/* After all services. */
void write_connections(struct conversion *all);
void write_exposures(struct conversion *all);
void name_secrets(struct conversion *all);

/* Says once where the value of a secret has to be put. */
void note_secret(struct conversion *all, struct subject subject, struct cause cause, const char *secret);

/* Names of volumes and networks that need no change are theirs before anybody else gets one. */
void reserve_volume_names(struct conversion *all);
void reserve_network_names(struct conversion *all);

/* Gives a copy of a component its own volumes in the place of those without a name. */
void name_own_volumes(struct job *job, struct output_component *copy);

/* Top-level keys that are not services. */
void convert_top_level(struct conversion *all);

/* Which services take part, and what their components are called. -1: E006, E020. */
int plan_services(struct conversion *all, struct ct_err *err);

/* How many copies it wants; 1 when it does not say, -1 when what it says is no number. */
int64_t replicas_of(const struct node *service);

/* For the converters. */
void lose(struct job *job, struct place place, const char *key, const char *entry, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void note(struct job *job, struct place place, const char *key, const char *entry, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* A line in front of the component's first property. */
void comment_component(struct job *job, const char *text);

/* No value, or an empty text. */
bool says_nothing(const struct node *node);

/* Whether there is a secret in the text; that is a loss then. */
bool lose_secret(struct job *job, struct cause cause, const char *text);

/* A loss for each member of the map that is not in `known` (a NULL-terminated list) and no x-… key. */
void lose_others(struct job *job, const struct node *map, const char *key, const char *const *known,
		 const char *reason);

/*
 * The items of a list that count where several are about the same thing: the last one, in the place of the first. An item
 * without an identity (NULL) counts by itself. In the arena.
 */
const struct member **last_of_each(struct job *job, const struct node *list,
				   const char *(*identity)(struct job *job, const struct member *item), size_t *count);

/* The name as an identifier that no component has yet; in the arena. */
const char *new_component_name(struct conversion *all, const char *name);

/* A path of the compose file for the host side of a volume; in the arena. `template`: it begins with ${env.HOME}. */
const char *host_path(struct conversion *all, struct place place, const char *path, bool *template);

/* Whether it is said for the first time. */
bool first_time(struct conversion *all, const char *what);

#endif
