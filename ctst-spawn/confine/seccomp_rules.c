#include "ctst-spawn/confine/seccomp_rules.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/capability_names.h"

static const struct {
	const char *name;
	int value;
} errors[] = { { "EPERM", EPERM }, { "ENOSYS", ENOSYS }, { "EINVAL", EINVAL }, { "EAFNOSUPPORT", EAFNOSUPPORT } };

struct reader {
	struct rules *rules;
	uint32_t architecture; /* libseccomp's token */
	const char *path;
	int line;
	char *rest; /* of the line */
};

static void wrong(const struct reader *reader, const char *what, const char *subject)
{
	fprintf(stderr, "%s:%d: %s '%s'\n", reader->path, reader->line, what, subject ? subject : "");
	exit(1);
}

static char *next_word(struct reader *reader)
{
	char *word;

	do
		word = strsep(&reader->rest, " \t\n");
	while (word && word[0] == '\0');
	return word;
}

static char *need_word(struct reader *reader)
{
	char *word = next_word(reader);

	if (!word)
		wrong(reader, "the line is too short", "");
	return word;
}

static int read_error(struct reader *reader)
{
	char *name = need_word(reader);

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].value;
	}
	wrong(reader, "not an error that is known here:", name);
	return -1;
}

static uint64_t read_capabilities(struct reader *reader)
{
	char *names = need_word(reader), *name;
	uint64_t capabilities = 0;

	while ((name = strsep(&names, ","))) {
		int number = ct_capability_number(ct_slice_of(name));

		if (number < 0)
			wrong(reader, "not a capability:", name);
		capabilities |= UINT64_C(1) << number;
	}
	return capabilities;
}

static int add_verdict(struct reader *reader, struct verdict verdict)
{
	struct rules *rules = reader->rules;

	for (int i = 0; i < rules->verdict_count; i++) {
		const struct verdict *known = &rules->verdicts[i];

		if (known->kind == verdict.kind && known->errno_value == verdict.errno_value &&
		    known->capabilities == verdict.capabilities)
			return i;
	}
	if (rules->verdict_count == RULES_VERDICTS)
		wrong(reader, "more than 64 different verdicts", "");
	rules->verdicts[rules->verdict_count] = verdict;
	return rules->verdict_count++;
}

static int read_verdict(struct reader *reader, const char *word)
{
	struct verdict verdict = { 0 };

	if (strcmp(word, "allow") == 0) {
		verdict.kind = VERDICT_ALLOW;
	} else if (strcmp(word, "refuse") == 0) {
		verdict.kind = VERDICT_REFUSE;
		verdict.errno_value = read_error(reader);
	} else if (strcmp(word, "capability") == 0) {
		verdict.kind = VERDICT_CAPABILITY;
		verdict.capabilities = read_capabilities(reader);
		verdict.errno_value = read_error(reader);
	} else {
		wrong(reader, "not a word of this list:", word);
	}
	return add_verdict(reader, verdict);
}

/* -1 when the architecture has no such call. A name that none has is a typing error. */
static int read_call(const struct reader *reader, char *word)
{
	char *number = strchr(word, '=');
	int given = -1, call;

	if (number) {
		*number++ = '\0';
		given = atoi(number);
	}
	call = seccomp_syscall_resolve_name_arch(reader->architecture, word);
	if (call == __NR_SCMP_ERROR)
		call = given;
	else if (call < 0)
		return -1;
	if (call < 0)
		wrong(reader, "libseccomp knows no system call", word);
	if (call >= RULES_CALLS || (given >= 0 && call != given))
		wrong(reader, "libseccomp has another number for", word);
	return call;
}

static void read_condition(struct reader *reader)
{
	struct rules *rules = reader->rules;
	struct condition *condition = &rules->conditions[rules->condition_count];
	char *name = need_word(reader), *argument = need_word(reader), *value, *end;

	if (rules->condition_count == RULES_CONDITIONS)
		wrong(reader, "more than 64 conditions", "");
	if (strncmp(argument, "arg", 3) != 0 || argument[3] < '0' || argument[3] > '5' || argument[4] != '\0')
		wrong(reader, "not arg0 to arg5:", argument);
	condition->argument = argument[3] - '0';
	condition->operator= need_word(reader)[0];
	if (condition->operator!= '=' && condition->operator!= '&')
		wrong(reader, "a condition is '=' or '&', not", &condition->operator);
	value = need_word(reader);
	condition->value = (uint32_t)strtoul(value, &end, 0);
	if (*end != '\0')
		wrong(reader, "not a number:", value);
	condition->verdict = read_verdict(reader, need_word(reader));
	condition->call = read_call(reader, name);
	if (condition->call >= 0)
		rules->condition_count++;
}

static void read_line(struct reader *reader)
{
	char *word = next_word(reader);
	int verdict;

	if (!word || word[0] == '#')
		return;
	if (strcmp(word, "when") == 0) {
		read_condition(reader);
		return;
	}
	verdict = read_verdict(reader, word);
	while ((word = next_word(reader))) {
		int call = read_call(reader, word);

		if (call < 0)
			continue;
		if (reader->rules->calls[call] != 0)
			wrong(reader, "named twice:", word);
		reader->rules->calls[call] = verdict;
	}
}

void rules_read(struct rules *rules, const char *architecture, const char *path)
{
	struct reader reader = { .rules = rules, .path = path };
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	memset(rules, 0, sizeof(*rules));
	if (strcmp(architecture, "x86_64") == 0) {
		reader.architecture = SCMP_ARCH_X86_64;
	} else if (strcmp(architecture, "aarch64") == 0) {
		reader.architecture = SCMP_ARCH_AARCH64;
	} else {
		fprintf(stderr, "no filter is known for '%s'\n", architecture);
		exit(1);
	}
	rules->architecture = reader.architecture; /* libseccomp's tokens are AUDIT_ARCH_… */
	if (!file) {
		perror(path);
		exit(1);
	}
	add_verdict(&reader, (struct verdict){ .kind = VERDICT_REFUSE, .errno_value = ENOSYS });
	while (getline(&line, &size, file) >= 0) {
		reader.line++;
		reader.rest = line;
		read_line(&reader);
	}
	if (ferror(file)) {
		perror(path);
		exit(1);
	}
	free(line);
	fclose(file);
}
