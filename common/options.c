#include "common/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"
#include "common/help.h"

#define MOST_OPTIONS 40
#define LONG_ONLY 256 /* values of long options without a letter begin here */

static bool show_help, show_version, offline, quiet, verbose;
static const char *state_file, *directory;

static const struct ct_option global_options[] = {
	{ CT_OPTION_FLAG, 0, "offline", NULL, "no network for the tools and the containers", &offline },
	{ CT_OPTION_TEXT, 0, "state-file", "PATH", "use this state index", &state_file },
	{ CT_OPTION_TEXT, 'C', NULL, "DIR", "change to DIR first", &directory },
	{ CT_OPTION_FLAG, 'q', "quiet", NULL, "no warnings", &quiet },
	{ CT_OPTION_FLAG, 'v', "verbose", NULL, "say more on standard error", &verbose },
	{ CT_OPTION_FLAG, 'h', "help", NULL, "show this help", &show_help },
	{ CT_OPTION_FLAG, 0, "version", NULL, "show the version", &show_version },
	{ CT_OPTION_END },
};

/* What getopt_long(3) wants, and which of our options each of its values means. */
struct table {
	const struct ct_option *meaning[MOST_OPTIONS];
	struct option longs[MOST_OPTIONS + 1];
	char letters[3 * MOST_OPTIONS + 3];
	int count;
};

static void table_add(struct table *table, const struct ct_option *options)
{
	for (; options && options->kind != CT_OPTION_END && table->count < MOST_OPTIONS; options++) {
		int argument = options->kind == CT_OPTION_FLAG ? no_argument : required_argument;

		if (options->letter) {
			/* A tool's own meaning of a letter wins over the global one, which keeps its long form. */
			if (strchr(table->letters, options->letter))
				continue;
			strncat(table->letters, &options->letter, 1);
			if (argument == required_argument)
				strcat(table->letters, ":");
		}
		table->meaning[table->count] = options;
		if (options->name) {
			size_t at = 0;

			while (table->longs[at].name)
				at++;
			table->longs[at] = (struct option){ options->name, argument, NULL, LONG_ONLY + table->count };
		}
		table->count++;
	}
}

static const struct ct_option *table_find(const struct table *table, int value)
{
	if (value >= LONG_ONLY && value < LONG_ONLY + table->count)
		return table->meaning[value - LONG_ONLY];
	for (int i = 0; i < table->count; i++) {
		if (table->meaning[i]->letter == value)
			return table->meaning[i];
	}
	return NULL;
}

static void take(const struct ct_option *option)
{
	struct ct_option_list *list;

	switch (option->kind) {
	case CT_OPTION_FLAG:
		*(bool *)option->value = true;
		break;
	case CT_OPTION_TEXT:
		*(const char **)option->value = optarg;
		break;
	case CT_OPTION_LIST:
		list = option->value;
		list->items = ct_realloc_array(list->items, (size_t)list->count + 1, sizeof(*list->items));
		list->items[list->count++] = optarg;
		break;
	case CT_OPTION_END:
		break;
	}
}

void ct_usage_error(const struct ct_program *program, const char *format, ...)
{
	struct ct_err err = CT_ERR_INIT;
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	ct_fail(&err, CT_USAGE, "%s", message);
	ct_err_hint(&err, "%s --help shows the options", program->name);
	exit(ct_err_report(program->name, &err));
}

static void carry_out_globals(const struct ct_program *program)
{
	struct ct_err err = CT_ERR_INIT;

	if (show_help) {
		exit(ct_help_print(program, &err) < 0 ? ct_err_report(program->name, &err) : 0);
	}
	if (show_version) {
		static const char version[] = "containust " CT_VERSION "\n";

		exit(ct_write_stdout(version, sizeof(version) - 1, &err) < 0 ? ct_err_report(program->name, &err) : 0);
	}
	if (offline)
		setenv("CONTAINUST_OFFLINE", "1", 1);
	if (quiet || verbose)
		setenv("CONTAINUST_LOG", quiet ? "error" : "info", 1);
	if (directory && chdir(directory) < 0) {
		ct_fail_errno(&err, CT_NO_CODE, "cannot change to '%s'", directory);
		err.exit_status = CT_EXIT_NOT_FOUND;
		exit(ct_err_report(program->name, &err));
	}
	if (state_file)
		setenv("CONTAINUST_STATE_FILE", state_file, 1);
	if (ct_offline() && !program->starts_containers && ct_offline_enforce(&err) < 0)
		exit(ct_err_report(program->name, &err));
}

int ct_options_parse(const struct ct_program *program, int argc, char **argv)
{
	/* A leading '+' stops at the first operand, ':' tells a missing argument from an unknown option. */
	struct table table = { .letters = "" };
	int value;

	strcpy(table.letters, program->stop_at_operand ? "+:" : ":");
	table_add(&table, program->options);
	table_add(&table, global_options);
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, table.letters, table.longs, NULL)) != -1) {
		const struct ct_option *option = table_find(&table, value);

		/* An argument can only be missing at the end. musl's optind is then already behind it. */
		if (value == ':' && strncmp(argv[argc - 1], "--", 2) == 0)
			ct_usage_error(program, "option '%s' needs an argument", argv[argc - 1]);
		if (value == ':')
			ct_usage_error(program, "option '-%c' needs an argument", optopt);
		if (!option && optopt > 0 && optopt < 256)
			ct_usage_error(program, "unknown option '-%c'", optopt);
		if (!option)
			ct_usage_error(program, "unknown option '%s'", argv[optind - 1]);
		take(option);
	}
	carry_out_globals(program);
	return optind;
}

bool ct_output_is_json(const struct ct_program *program, const char *word)
{
	if (!word)
		return !isatty(STDOUT_FILENO);
	if (strcmp(word, "json") != 0 && strcmp(word, "text") != 0)
		ct_usage_error(program, "unknown output '%s': it is text or json", word);
	return strcmp(word, "json") == 0;
}

int64_t ct_option_number(const struct ct_program *program, const char *name, const char *text, int64_t least,
			 int64_t most, int64_t otherwise)
{
	long long number;
	char *end;

	if (!text)
		return otherwise;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < least || number > most)
		ct_usage_error(program, "--%s '%s' is not a number from %lld to %lld", name, text, (long long)least,
			       (long long)most);
	return number;
}

bool ct_quiet(void)
{
	const char *level = getenv("CONTAINUST_LOG");

	return level && (strcmp(level, "error") == 0 || strcmp(level, "quiet") == 0);
}

bool ct_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return !(no_colour && no_colour[0]) && !(terminal && strcmp(terminal, "dumb") == 0) && isatty(fd);
}
