#include "ctst-spawn/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-spawn/network/counters.h"

#define ROWS_AT_ONCE 16  /* that a process takes on; processors are not equally free */
#define ROWS_WORTH_IT 64 /* a fork costs as much as this many rows */
#define MOST_PROCESSES 8

/* Shared by all processes; the rows follow. */
struct table {
	size_t next; /* index of the first row that nobody has taken on */
	struct survey_row rows[];
};

struct work {
	struct table *table;
	const struct ct_state *state;
	int containers; /* the directory that has all of theirs */
	bool usage;
	void (*each)(const struct work *work, size_t index);
	struct network_counted *counted; /* one for each row; read by all, written by this process only */
};

static struct table *table_of(const struct survey *survey)
{
	return (struct table *)((char *)survey->rows - offsetof(struct table, rows));
}

static size_t table_size(size_t count)
{
	return sizeof(struct table) + count * sizeof(struct survey_row);
}

static void fill(const struct work *work, size_t index)
{
	struct survey_row *row = &work->table->rows[index];
	struct ct_err ignored = CT_ERR_INIT;

	row->readable = ct_status_read_at(work->containers, work->state->entries[index].id, &row->status, &ignored) ==
			0;
	if (work->usage && row->readable)
		usage_read(&row->status, &row->usage);
	row->done = true;
}

static void take_on(const struct work *work)
{
	for (;;) {
		size_t first = __atomic_fetch_add(&work->table->next, ROWS_AT_ONCE, __ATOMIC_RELAXED);

		if (first >= work->state->count)
			return;
		for (size_t i = first; i < work->state->count && i < first + ROWS_AT_ONCE; i++)
			work->each(work, i);
	}
}

/* How many processes are worth while beside this one. */
static int helpers_for(size_t count)
{
	size_t most = count / ROWS_WORTH_IT;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (processors < 1)
		processors = 1;
	if (processors > MOST_PROCESSES)
		processors = MOST_PROCESSES;
	return (int)(most < (size_t)processors - 1 ? most : (size_t)processors - 1);
}

/* Starts helpers, does `meanwhile` unless it is NULL, helps, and waits for all. */
static void share(const struct work *work, void (*meanwhile)(const struct work *work))
{
	pid_t helpers[MOST_PROCESSES];
	int count = 0;

	work->table->next = 0;
	for (int wanted = helpers_for(work->state->count); count < wanted; count++) {
		helpers[count] = fork();
		if (helpers[count] < 0)
			break;
		if (helpers[count] == 0) {
			take_on(work);
			_exit(0);
		}
	}
	if (meanwhile)
		meanwhile(work);
	take_on(work);
	while (count-- > 0) {
		while (waitpid(helpers[count], NULL, 0) < 0 && errno == EINTR)
			;
	}
}

/* In "none" there is nothing but a loopback, and what goes through the host's own interfaces is not the container's. */
static bool has_interfaces(const struct ct_state_entry *entry)
{
	return !entry->network || (strcmp(entry->network, "none") != 0 && strcmp(entry->network, "host") != 0);
}

static void look_here(const struct work *work)
{
	for (size_t i = 0; i < work->state->count; i++)
		work->counted[i] = (struct network_counted){ .id = work->state->entries[i].id,
							     .own_network = has_interfaces(&work->state->entries[i]) };
	network_counters_here(work->counted, work->state->count);
}

static void set_traffic(struct survey_row *row, const struct network_counters *counters)
{
	if (!row->usage.at || !counters->known)
		return;
	row->usage.received = (int64_t)counters->received_bytes;
	row->usage.sent = (int64_t)counters->sent_bytes;
}

static bool is_inside(const struct work *work, size_t index)
{
	const struct network_counted *counted = &work->counted[index];

	return counted->own_network && !counted->counters.known && work->table->rows[index].usage.at;
}

/* Of a container both ends of whose interfaces are in other namespaces than ours. */
static void look_inside(const struct work *work, size_t index)
{
	struct survey_row *row = &work->table->rows[index];
	struct network_counted counted = work->counted[index];

	if (!is_inside(work, index))
		return;
	counted.init = row->status.init;
	network_counters_inside(&counted);
	set_traffic(row, &counted.counters);
}

static void add_traffic(struct work *work)
{
	bool any_inside = false;

	for (size_t i = 0; i < work->state->count; i++) {
		set_traffic(&work->table->rows[i], &work->counted[i].counters);
		any_inside = any_inside || is_inside(work, i);
	}
	work->each = look_inside;
	if (any_inside)
		share(work, NULL);
}

static void survey_rows(struct work *work)
{
	work->each = fill;
	share(work, work->usage ? look_here : NULL);
	/* What a helper that was killed has left. */
	for (size_t i = 0; i < work->state->count; i++) {
		if (!work->table->rows[i].done)
			fill(work, i);
	}
	if (work->usage)
		add_traffic(work);
}

int survey_take(struct survey *survey, const struct ct_project *project, const struct ct_state *state, bool usage,
		struct ct_err *err)
{
	ct_autoclose int containers = open(project->containers, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct work work = { .state = state, .usage = usage };
	ct_autofree struct network_counted *counted = ct_alloc_array(state->count, sizeof(*counted));

	*survey = (struct survey)SURVEY_INIT;
	/* One that is not there has none in it: -1 makes each of them unreadable, and survey_check() says why. */
	work.containers = containers;
	work.counted = counted;
	work.table = mmap(NULL, table_size(state->count), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (work.table == MAP_FAILED)
		return ct_fail_errno(err, CT_NO_CODE, "cannot get memory for %zu containers", state->count);
	survey_rows(&work);
	*survey = (struct survey){ .rows = work.table->rows, .count = state->count };
	return 0;
}

int survey_check(const struct survey *survey, const struct ct_state *state, size_t index, struct ct_err *err)
{
	struct ct_status status;

	return survey->rows[index].readable ? 0 : ct_status_read(state->entries[index].directory, &status, err);
}

void survey_release(struct survey *survey)
{
	if (survey->rows)
		munmap(table_of(survey), table_size(survey->count));
	*survey = (struct survey)SURVEY_INIT;
}
