/*
 * seccomp-compile ARCHITECTURE LIST: seccomp.list as a filter, written as a C header. Runs on the machine that builds.
 *
 * libseccomp knows the numbers. The program is made here: libseccomp's has a leaf for each system call, this one a leaf for
 * each run of calls that fare alike, and every start of a container waits until the kernel has checked and translated it
 * (for the same list 221 instructions and 54 µs beyond an empty filter, against 456 and 100). It also leaves verdicts open
 * that depend on a capability, and decides what is left when no condition of a call holds.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctst-spawn/confine/seccomp_rules.h"

#define X32_CALLS 0x40000000U /* __X32_SYSCALL_BIT: the x32 ABI has the architecture of x86-64 */

struct program {
	struct sock_filter instructions[BPF_MAXINSNS];
	size_t length;
};

static size_t emit(struct program *program, unsigned code, unsigned if_true, unsigned if_false, uint32_t value)
{
	if (program->length == BPF_MAXINSNS || if_true > 255 || if_false > 255) {
		fprintf(stderr, "seccomp-compile: the filter is too long\n");
		exit(1);
	}
	program->instructions[program->length] = (struct sock_filter){ (uint16_t)code, (uint8_t)if_true,
								       (uint8_t)if_false, value };
	return program->length++;
}

static void give(struct program *program, uint32_t action)
{
	emit(program, BPF_RET | BPF_K, 0, 0, action);
}

/* What depends on a capability is told by an action that no kernel knows; loading replaces it (seccomp.c). */
static void give_verdict(struct program *program, const struct rules *rules, int index)
{
	const struct verdict *verdict = &rules->verdicts[index];

	if (verdict->kind == VERDICT_ALLOW)
		give(program, SECCOMP_RET_ALLOW);
	else if (verdict->kind == VERDICT_REFUSE)
		give(program, SECCOMP_RET_ERRNO | (uint32_t)verdict->errno_value);
	else
		give(program, SECCOMP_RET_DATA & (uint32_t)index);
}

static bool has_conditions(const struct rules *rules, int call)
{
	for (int i = 0; i < rules->condition_count; i++) {
		if (rules->conditions[i].call == call)
			return true;
	}
	return false;
}

static void decide_call(struct program *program, const struct rules *rules, int call)
{
	int loaded = -1;

	for (int i = 0; i < rules->condition_count; i++) {
		const struct condition *condition = &rules->conditions[i];

		if (condition->call != call)
			continue;
		/* The lower half comes first: both architectures are little-endian. */
		if (loaded != condition->argument)
			emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0,
			     (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (size_t)condition->argument));
		loaded = condition->argument;
		emit(program, BPF_JMP | BPF_K | (condition->operator== '=' ? BPF_JEQ : BPF_JSET), 0, 1,
		     condition->value);
		give_verdict(program, rules, condition->verdict);
	}
	give_verdict(program, rules, rules->calls[call]);
}

struct runs {
	int first[RULES_CALLS + 1]; /* the number each run begins with */
	int count;
};

/* A call with conditions is a run of its own. */
static void find_runs(const struct rules *rules, struct runs *runs)
{
	runs->count = 0;
	for (int call = 0; call < RULES_CALLS; call++) {
		if (call == 0 || rules->calls[call] != rules->calls[call - 1] || has_conditions(rules, call) ||
		    has_conditions(rules, call - 1))
			runs->first[runs->count++] = call;
	}
}

/* A balanced tree: log2 of the number of runs comparisons for every call. The recursion is as deep as that. */
static void decide_runs(struct program *program, const struct rules *rules, const struct runs *runs, int from, int to)
{
	int middle = (from + to) / 2;
	size_t jump, left;

	if (to - from == 1) {
		decide_call(program, rules, runs->first[from]);
		return;
	}
	/* A conditional jump reaches 255 instructions; the one that is not has 32 bits for it. */
	emit(program, BPF_JMP | BPF_JGE | BPF_K, 0, 1, (uint32_t)runs->first[middle]);
	jump = emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
	left = program->length;
	decide_runs(program, rules, runs, from, middle);
	program->instructions[jump].k = (uint32_t)(program->length - left);
	if (program->length - left < 255) {
		memmove(&program->instructions[jump], &program->instructions[left],
			(program->length - left) * sizeof(program->instructions[0]));
		program->instructions[jump - 1].jt = (uint8_t)(program->length - left);
		program->instructions[jump - 1].jf = 0;
		program->length--;
	}
	decide_runs(program, rules, runs, middle, to);
}

static void compile(struct program *program, const struct rules *rules)
{
	struct runs runs;

	program->length = 0;
	find_runs(rules, &runs);
	emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, rules->architecture);
	give(program, SECCOMP_RET_KILL_PROCESS);
	emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	if (rules->architecture == AUDIT_ARCH_X86_64) {
		/* -1 is what a tracer writes over a call it has taken on itself (ptrace(2)). */
		emit(program, BPF_JMP | BPF_JGE | BPF_K, 0, 3, X32_CALLS);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, UINT32_MAX);
		give(program, SECCOMP_RET_KILL_PROCESS);
		give(program, SECCOMP_RET_ALLOW);
	}
	decide_runs(program, rules, &runs, 0, runs.count);
}

static void print(const struct program *program, const struct rules *rules, const char *architecture)
{
	printf("/* Made of seccomp.list for %s. */\n#include <linux/filter.h>\n#include <stdint.h>\n\n", architecture);
	printf("static const struct sock_filter seccomp_program[] = {\n");
	for (size_t i = 0; i < program->length; i++) {
		const struct sock_filter *at = &program->instructions[i];

		printf("\t{ 0x%02x, %u, %u, 0x%x },\n", (unsigned)at->code, (unsigned)at->jt, (unsigned)at->jf, at->k);
	}
	/* Indexed by the action that give_verdict() has put in their place. */
	printf("};\n\nstatic const struct {\n\tuint64_t capabilities;\n\tint refusal;\n} seccomp_verdicts[] = {\n");
	for (int i = 0; i < rules->verdict_count; i++)
		printf("\t{ 0x%llx, %d },\n", (unsigned long long)rules->verdicts[i].capabilities,
		       rules->verdicts[i].errno_value);
	printf("};\n");
}

int main(int argc, char **argv)
{
	static struct rules rules;
	static struct program program;

	if (argc != 3) {
		fprintf(stderr, "usage: seccomp-compile ARCHITECTURE LIST\n");
		return 2;
	}
	rules_read(&rules, argv[1], argv[2]);
	compile(&program, &rules);
	print(&program, &rules, argv[1]);
	if (ferror(stdout) || fclose(stdout) != 0) {
		perror("seccomp-compile");
		return 1;
	}
	return 0;
}
