/*
 * The types of the properties. For each there is a check_…() that reports what is
 * wrong with a value, and a write_…() that appends its JSON once nothing is. The functions
 * between them that take text and give a result are pure; the unit tests call them.
 */
#ifndef CTST_PARSE_VALUES_H
#define CTST_PARSE_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/template.h"
#include "ctst-parse/ast.h"
#include "ctst-parse/diagnostics.h"

struct checker;

#define MEMORY_MIN ((int64_t)512 << 10)

enum quantity_problem {
	QUANTITY_FINE,
	QUANTITY_MALFORMED,
	QUANTITY_UNIT, /* the unit is not one of ours; *meant is the likely one or NULL */
	QUANTITY_FRACTION,
	QUANTITY_OVERFLOW,
};

/* "512MB", "1 GiB", "1048576": bytes. *meant: static text, the unit as it should be written. */
enum quantity_problem memory_parse(struct ct_slice text, int64_t *bytes, const char **meant);

/* "30s", "1m30s": milliseconds. *compound: more than one unit. */
enum quantity_problem duration_parse(struct ct_slice text, int64_t *milliseconds, bool *compound);

/* "0.5": thousandths of a core. */
enum quantity_problem cores_parse(struct ct_slice text, int64_t *millicores);

enum restart_policy {
	RESTART_NEVER,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
};

/* False when it is none of the forms. *max_retries is -1 when not given. */
bool restart_parse(struct ct_slice text, enum restart_policy *policy, int64_t *max_retries);

enum volume_kind {
	VOLUME_BIND,
	VOLUME_PROJECT,
};

struct volume {
	enum volume_kind kind;
	struct ct_slice source; /* as written */
	struct ct_slice target;
	struct ct_slice mode; /* length 0: none */
	bool readonly;
};

#define PIDS_MAX 4194304 /* what the kernel has at most: PID_MAX_LIMIT, proc_sys_kernel(5) */
#define IO_WEIGHT_MAX 10000

/* Splits "host:container[:ro|:rw]" outside of `${…}`. NULL, or what is wrong; *at is the part it is about. */
const char *volume_parse(struct ct_slice text, struct volume *volume, struct ct_slice *at);

/* An image reference without its pin, and the pin ("sha256:<hex>", length 0: none). */
struct image_parts {
	struct ct_slice scheme; /* "file" */
	struct ct_slice rest;   /* behind "://", without the pin */
	struct ct_slice pin;
};

/* False when there is no "<scheme>://". */
bool image_split(struct ct_slice text, struct image_parts *parts);

/*
 * Where a path of the host is once `./` is resolved: in the directory of the file that says it. The caller frees it.
 */
char *value_host_path(const struct composition *composition, const struct value *value, struct ct_slice path);

bool hostname_is_valid(struct ct_slice text);

void check_image(struct checker *checker, const struct entry *property);
void check_port(struct checker *checker, const struct entry *property);
void check_ports(struct checker *checker, const struct entry *property);
void check_memory(struct checker *checker, const struct entry *property);
void check_cpu(struct checker *checker, const struct entry *property);
void check_pids(struct checker *checker, const struct entry *property);
void check_io_weight(struct checker *checker, const struct entry *property);
void check_env(struct checker *checker, const struct entry *property);
void check_volume(struct checker *checker, const struct entry *property);
void check_volumes(struct checker *checker, const struct entry *property);
void check_arguments(struct checker *checker, const struct entry *property);
void check_boolean(struct checker *checker, const struct entry *property);
void check_workdir(struct checker *checker, const struct entry *property);
void check_user(struct checker *checker, const struct entry *property);
void check_hostname(struct checker *checker, const struct entry *property);
void check_restart(struct checker *checker, const struct entry *property);
void check_network(struct checker *checker, const struct entry *property);
void check_healthcheck(struct checker *checker, const struct entry *property);
void check_capabilities(struct checker *checker, const struct entry *property);
void check_seccomp(struct checker *checker, const struct entry *property);
void check_required_params(struct checker *checker, const struct entry *property);

/* An integer from 1 to 65535. Returns whether all is well. */
bool check_port_number(struct checker *checker, const struct value *value);

/* A list of strings that a process gets as its arguments. `name` is what messages call it. */
void check_argument_list(struct checker *checker, const struct value *value, const char *name);

/* "[", what `write_item` makes of each item, "]". */
void write_list(struct ct_buf *out, const struct composition *composition, const struct value *value,
		void (*write_item)(struct ct_buf *out, const struct composition *composition,
				   const struct value *value));

void write_image(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_port(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_ports(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_memory(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_cpu(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_integer(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_env(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_volume(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_volumes(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_string(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_strings(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_seccomp(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_boolean(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_restart(struct ct_buf *out, const struct composition *composition, const struct value *value);
void write_healthcheck(struct ct_buf *out, const struct composition *composition, const struct value *value);

#endif
