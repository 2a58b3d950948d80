/* ctst-ps: the containers of a project. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "common/store_leftovers.h"
#include "ctst-spawn/ps.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/recover.h"
#include "ctst-spawn/survey.h"

#define LONGEST_INTERVAL 60000 /* ms */
#define SHORTEST_PREFIX 8      /* of an id, as everywhere */

static const char *file, *output, *interval_text;
static struct ct_option_list filters;
static bool all, recover, ids_only, whole;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'a', "all", NULL, "also those that do not run", &all },
	{ CT_OPTION_LIST, 0, "filter", "KEY=VALUE",
	  "only these: name=CONTAINER, state=WORD or health=WORD; may be repeated", &filters },
	{ CT_OPTION_TEXT, 0, "interval", "MS", "CPU% over so many milliseconds from now, not since the start",
	  &interval_text },
	{ CT_OPTION_FLAG, 'q', "quiet", NULL, "ids only", &ids_only },
	{ CT_OPTION_FLAG, 0, "no-trunc", NULL, "nothing shortened or left out, whatever the terminal's width", &whole },
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "a table (default) or a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_FLAG, 0, "recover", NULL, "rebuild a damaged state index from the container directories",
	  &recover },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-ps",
	.synopsis = "[-a] [-q] [--filter KEY=VALUE]… [--interval MS] [--no-trunc] [-o text|json] [-f FILE]",
	.summary = "list the containers of a project",
	.options = options,
};

/* The values of each --filter KEY; of one key any will do, of two keys both must hold. */
struct choice {
	const char **names;
	size_t name_count;
	unsigned states, healths; /* bits by enum; 0: any */
	int64_t interval;         /* ns; 0: none */
};

static bool is_word(const char *word, unsigned bit, const char *name, unsigned *bits)
{
	if (strcmp(word, name[0] ? name : "none") != 0)
		return false;
	*bits |= 1U << bit;
	return true;
}

static bool add_state(struct choice *choice, const char *word)
{
	for (unsigned i = CT_CREATED; i <= CT_FAILED; i++) {
		if (is_word(word, i, ct_run_state_name((enum ct_run_state)i), &choice->states))
			return true;
	}
	return false;
}

static bool add_health(struct choice *choice, const char *word)
{
	for (unsigned i = CT_HEALTH_NONE; i <= CT_HEALTH_UNHEALTHY; i++) {
		if (is_word(word, i, ct_health_name((enum ct_health)i), &choice->healths))
			return true;
	}
	return false;
}

static void add_filter(struct choice *choice, const char *filter)
{
	const char *value = strchr(filter, '=') ? strchr(filter, '=') + 1 : "";

	if (strncmp(filter, "name=", 5) == 0 && value[0]) {
		choice->names[choice->name_count++] = value;
	} else if (strncmp(filter, "state=", 6) == 0) {
		if (!add_state(choice, value))
			ct_usage_error(&program,
				       "unknown state '%s': it is created, running, restarting, stopped or failed",
				       value);
	} else if (strncmp(filter, "health=", 7) == 0) {
		if (!add_health(choice, value))
			ct_usage_error(&program, "unknown health '%s': it is none, starting, healthy or unhealthy",
				       value);
	} else {
		ct_usage_error(&program, "unknown filter '%s': it is name=CONTAINER, state=WORD or health=WORD",
			       filter);
	}
}

static bool is_named(const struct choice *choice, const struct ct_state_entry *entry)
{
	for (size_t i = 0; i < choice->name_count; i++) {
		const char *word = choice->names[i];
		size_t length = strlen(word);

		if (strcmp(entry->name, word) == 0 ||
		    (length >= SHORTEST_PREFIX && strncmp(entry->id, word, length) == 0))
			return true;
	}
	return choice->name_count == 0;
}

/* Who asks for a state means it, whether something runs in it or not. */
static bool is_shown(const struct choice *choice, const struct ct_state_entry *entry, const struct ct_status *status)
{
	if (choice->states ? !(choice->states & 1U << status->state)
			   : !all && status->state != CT_RUNNING && status->state != CT_RESTARTING)
		return false;
	return (!choice->healths || (choice->healths & 1U << status->health)) && is_named(choice, entry);
}

static void wait_for(int64_t nanoseconds)
{
	struct timespec left = { .tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* The state and what is true of it; what killed processes have left is cleared up on the way. */
static int look(const struct ct_project *project, struct ct_state *state, struct survey *survey, struct ct_err *err)
{
	ct_autofree bool *alive = NULL;
	int cleared = 0;

	ct_store_tidy(project->images, project->layers);
	if (reconcile_load(project, state, err) < 0 || survey_take(survey, project, state, !ids_only, err) < 0)
		return -1;
	alive = ct_alloc_array(state->count, sizeof(*alive));
	for (size_t i = 0; i < state->count; i++)
		alive[i] = survey->rows[i].status.alive;
	if (reconcile_is_wanted(project, state, alive))
		cleared = reconcile_now_if_free(project, state, err);
	if (cleared <= 0)
		return cleared;
	survey_release(survey);
	return survey_take(survey, project, state, !ids_only, err);
}

static int print_ids(const struct ps_row *rows, size_t count, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;

	for (size_t i = 0; i < count; i++)
		ct_buf_printf(&text, "%s\n", rows[i].entry->id);
	return ct_write_stdout(text.data, text.length, err);
}

static int print(const struct ps_row *rows, size_t count, bool json, struct ct_err *err)
{
	if (ids_only)
		return print_ids(rows, count, err);
	return json ? ps_print_json(rows, count, err) : ps_print_table(rows, count, whole, err);
}

/* Those of the state that are shown; -1 when the status of one cannot be read. */
static int choose(const struct choice *choice, const struct ct_state *state, const struct survey *survey,
		  const struct survey *earlier, struct ps_row *rows, struct ct_err *err)
{
	int count = 0;

	for (size_t i = 0; i < state->count; i++) {
		const struct survey_row *row = &survey->rows[i];

		if (!is_named(choice, &state->entries[i]))
			continue;
		if (survey_check(survey, state, i, err) < 0)
			return -1;
		if (is_shown(choice, &state->entries[i], &row->status))
			rows[count++] = (struct ps_row){ .entry = &state->entries[i],
							 .status = &row->status,
							 .usage = &row->usage,
							 .before = earlier->rows ? &earlier->rows[i].usage : NULL };
	}
	return count;
}

static int run(const struct choice *choice, bool json, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	struct survey survey = SURVEY_INIT, earlier = SURVEY_INIT;
	ct_autofree struct ps_row *rows = NULL;
	int status, count = 0;

	if (ct_project_find(&project, file, err) < 0)
		return -1;
	if (recover && recover_state(&project, err) < 0)
		return -1;
	status = look(&project, &state, &survey, err);
	if (status == 0 && choice->interval > 0 && !ids_only) {
		earlier = survey;
		wait_for(choice->interval);
		status = survey_take(&survey, &project, &state, true, err);
	}
	if (status == 0) {
		rows = ct_alloc_array(state.count, sizeof(*rows));
		count = choose(choice, &state, &survey, &earlier, rows, err);
		status = count < 0 ? -1 : print(rows, (size_t)count, json, err);
	}
	survey_release(&survey);
	survey_release(&earlier);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	struct choice choice = { 0 };
	int operand, status;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	if (operand != argc)
		ct_usage_error(&program, "unexpected operand '%s'", argv[operand]);
	choice.names = ct_alloc_array((size_t)filters.count, sizeof(*choice.names));
	for (int i = 0; i < filters.count; i++)
		add_filter(&choice, filters.items[i]);
	choice.interval = ct_option_number(&program, "interval", interval_text, 1, LONGEST_INTERVAL, 0) * 1000000;
	status = run(&choice, output && ct_output_is_json(&program, output), &err);
	free(choice.names);
	return status < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
