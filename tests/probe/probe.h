/*
 * The probe: a static program that is run as the payload of a container and tells what it can see and do there, as one
 * JSON object of "point": "open: why" or "closed: why". It changes nothing that outlives it where it is let do things.
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <stdbool.h>

/* One member of the object. `why` is a word or two for people. */
void point(const char *name, bool open, const char *why);

/* The same after a system call: open unless it failed with an error that says that it may not be. */
void point_of_call(const char *name, long result, int failure);

void probe_calls(void);
void probe_files(void);
void probe_process(int argc, char **argv);

#endif
