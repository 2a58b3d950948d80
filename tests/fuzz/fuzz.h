/*
 * What every fuzz target is: one function that gets arbitrary bytes and ends the
 * process when one of its promises is broken. It must leave nothing behind, neither memory nor
 * files, and give the same result for the same bytes.
 *
 * With -Dfuzz=true libFuzzer calls it, millions of times; otherwise replay.c does, once for each file of
 * corpus/<name>/.
 */
#ifndef CTST_FUZZ_H
#define CTST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Ends the process with a message, so that the fuzzer keeps the input. */
#define fuzz_require(condition, ...) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not true: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			abort(); \
		} \
	} while (0)

#endif
