/*
 * What a file means: types, units and ranges of every value, and whether the names
 * in it exist. Runs over a whole composition and reports everything it finds.
 */
#ifndef CTST_PARSE_CHECK_H
#define CTST_PARSE_CHECK_H

#include "common/arena.h"
#include "ctst-parse/ast.h"
#include "ctst-parse/diagnostics.h"

struct compilation;
struct compile_options;
struct graph;

struct checker {
	struct composition *composition;
	struct ct_arena *arena;
	struct diagnostics *diagnostics;
	const struct compile_options *options;
	struct component *component; /* whose property is checked */
	bool is_library;       /* an imported file: who is meant by ${name.host} is decided where it is inherited */
	bool checks_inherited; /* what the component has inherited is looked at, not what is its own */
	bool ports_unknown;    /* some component's ports are damaged or not known: EXPOSE cannot be judged by them */
};

/* All checks, in the order: imported files, components, what they inherit, connections, exposed ports. */
void check_compilation(struct compilation *compilation);

/* E006 at the value; its message is "'<property>' …". */
#define check_error(checker, ...) diagnostics_error((checker)->diagnostics, "E006", __VA_ARGS__)

/*
 * Whether the component is going to run here. What depends on this machine (is a path there, is the network) does
 * not matter for a template.
 */
bool check_is_deployed(const struct checker *checker);

/* A warning under --strict: "<what>: an extension of this implementation". */
void check_extension(struct checker *checker, struct span span, const char *what);

/* Whether the value has the kind; E006 otherwise, unless it is damaged. `name` is what the message calls it. */
bool check_kind(struct checker *checker, const struct value *value, enum value_kind kind, const char *name);

/*
 * Where `${…}` may stand: broken ones, unknown components and fields, secrets where
 * none may be. Only called when the value has a template at all. Returns whether all is well.
 */
bool check_template(struct checker *checker, const struct value *value, bool secrets_allowed);

/* E017 when the value has a `${…}` at all: `name` says where it is not allowed. Returns whether all is well. */
bool check_no_template(struct checker *checker, const struct value *value, const char *name);

/* E002 with a suggestion. */
void check_undefined(struct checker *checker, struct ct_slice name, struct span span);

/* The families of checks behind check_composition(), each in a file of its own. */
void check_connections(struct checker *checker);
void check_cycles(struct checker *checker, const struct graph *graph);
void check_exposures(struct checker *checker);

#endif
