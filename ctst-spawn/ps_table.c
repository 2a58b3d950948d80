#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "common/size.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/ports.h"
#include "ctst-spawn/ps.h"

#define SHORT_ID 12
#define GAP 2
#define CELL 64 /* bytes of the text of a cell that is not of unbounded length */

enum column_id { ID, NAME, STATE, HEALTH, CPU, MEMORY, NETWORK, PORTS, RESTARTS, UPTIME, COLUMN_COUNT };

/* Where a screen is too narrow, the columns that can be shorter become so, then those with a rank are left out. */
static const struct {
	const char *heading;
	int shortest; /* 0: never shortened */
	int rank;     /* the lowest is left out first; 0: never */
} columns[COLUMN_COUNT] = {
	[ID] = { "CONTAINER ID", 0, 2 }, [NAME] = { "NAME", 16, 0 },   [STATE] = { "STATE", 0, 0 },
	[HEALTH] = { "HEALTH", 0, 5 },   [CPU] = { "CPU%", 0, 6 },     [MEMORY] = { "MEM USAGE", 0, 7 },
	[NETWORK] = { "NET I/O", 0, 1 }, [PORTS] = { "PORTS", 12, 4 }, [RESTARTS] = { "RESTARTS", 0, 3 },
	[UPTIME] = { "UPTIME", 0, 0 },
};

struct cell {
	size_t offset, length; /* in the table's text */
	const char *colour;    /* escape sequence, or NULL */
};

struct table {
	struct ct_buf text;
	struct cell *cells; /* COLUMN_COUNT a row, the headings first */
	size_t row_count;
	size_t width[COLUMN_COUNT];
	bool left_out[COLUMN_COUNT];
};

static struct cell *cell_at(const struct table *table, size_t row, int column)
{
	return &table->cells[row * COLUMN_COUNT + (size_t)column];
}

/* What was appended to the text since `begin` is the cell's; an empty one shows a dash. */
static void end_cell(struct table *table, size_t row, int column, size_t begin)
{
	struct cell *cell = cell_at(table, row, column);

	if (table->text.length == begin)
		ct_buf_putc(&table->text, '-');
	cell->offset = begin;
	cell->length = table->text.length - begin;
	if (cell->length > table->width[column])
		table->width[column] = cell->length;
}

static void set_cell(struct table *table, size_t row, int column, const char *text)
{
	size_t begin = table->text.length;

	ct_buf_puts(&table->text, text);
	end_cell(table, row, column, begin);
}

/* "running", "stopped (0)", "failed (137)". */
static void set_state(struct table *table, size_t row, const struct ct_status *status)
{
	char text[CELL];

	if (status->exit_code >= 0 && status->state != CT_RUNNING)
		snprintf(text, sizeof(text), "%s (%d)", ct_run_state_name(status->state), status->exit_code);
	else
		snprintf(text, sizeof(text), "%s", ct_run_state_name(status->state));
	set_cell(table, row, STATE, text);
	if (status->state == CT_FAILED)
		cell_at(table, row, STATE)->colour = "\033[31m";
}

static void set_health(struct table *table, size_t row, enum ct_health health)
{
	static const char *const colours[] = {
		[CT_HEALTH_NONE] = NULL,
		[CT_HEALTH_STARTING] = "\033[33m",
		[CT_HEALTH_HEALTHY] = "\033[32m",
		[CT_HEALTH_UNHEALTHY] = "\033[31m",
	};

	set_cell(table, row, HEALTH, ct_health_name(health));
	cell_at(table, row, HEALTH)->colour = colours[health];
}

static void set_usage(struct table *table, size_t row, const struct ps_row *shown)
{
	const struct usage *usage = shown->usage;
	int64_t cpu = usage_cpu(shown->before, usage);
	char text[CELL] = "", sent[CT_SIZE_TEXT];

	if (cpu >= 0)
		snprintf(text, sizeof(text), "%" PRId64 ".%d%%", (cpu + 5) / 100, (int)((cpu + 5) % 100 / 10));
	set_cell(table, row, CPU, text);
	text[0] = '\0';
	if (usage->memory_source != USAGE_UNKNOWN)
		ct_format_size(usage->memory, text, sizeof(text));
	set_cell(table, row, MEMORY, text);
	text[0] = '\0';
	if (usage->at && usage->received >= 0) {
		ct_format_size(usage->received, text, sizeof(text));
		ct_format_size(usage->sent, sent, sizeof(sent));
		strcat(text, " / ");
		strcat(text, sent);
	}
	set_cell(table, row, NETWORK, text);
}

/* An index that an older version has written does not have them. */
static void set_ports(struct table *table, size_t row, const struct ct_state_entry *entry)
{
	size_t begin = table->text.length;
	ct_autobuf ports = CT_BUF_INIT;
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;

	if (entry->ports) {
		ct_buf_puts(&table->text, entry->ports);
	} else if (config_read(entry->directory, &config, &ignored) == 0) {
		ports_append(&ports, ct_json_get(ct_json_root(config.doc), "container"));
		ct_buf_append(&table->text, ports.data, ports.length);
		config_release(&config);
	}
	end_cell(table, row, PORTS, begin);
}

static void set_row(struct table *table, size_t row, const struct ps_row *shown, bool whole, int64_t now)
{
	const struct ct_status *status = shown->status;
	char text[CELL];

	snprintf(text, sizeof(text), "%.*s", whole ? CT_ID_LENGTH : SHORT_ID, shown->entry->id);
	set_cell(table, row, ID, text);
	set_cell(table, row, NAME, shown->entry->name);
	set_state(table, row, status);
	set_health(table, row, status->health);
	set_usage(table, row, shown);
	set_ports(table, row, shown->entry);
	snprintf(text, sizeof(text), "%d", status->restarts);
	set_cell(table, row, RESTARTS, text);
	text[0] = '\0';
	if (status->state == CT_RUNNING)
		ct_format_age(now - status->started_at, text, sizeof(text));
	set_cell(table, row, UPTIME, text);
}

/* Columns of the terminal; 0 when standard output is none. */
static size_t screen_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static size_t line_width(const struct table *table)
{
	size_t width = 0;

	for (int i = 0; i < COLUMN_COUNT; i++)
		width += table->left_out[i] ? 0 : table->width[i] + (width ? GAP : 0);
	return width;
}

static void shorten(struct table *table, int column, size_t screen)
{
	size_t width = line_width(table), shortest = (size_t)columns[column].shortest;
	size_t excess = width > screen ? width - screen : 0;

	if (excess == 0 || table->width[column] <= shortest)
		return;
	table->width[column] = table->width[column] - shortest > excess ? table->width[column] - excess : shortest;
}

static void fit(struct table *table, size_t screen)
{
	shorten(table, PORTS, screen);
	shorten(table, NAME, screen);
	for (int rank = 1; rank <= COLUMN_COUNT && line_width(table) > screen; rank++) {
		for (int i = 0; i < COLUMN_COUNT; i++) {
			if (columns[i].rank == rank)
				table->left_out[i] = true;
		}
	}
}

/* Component names, ports and our own words are of ASCII: a byte is a column. Anything else came from a damaged index. */
static void append_plain(struct ct_buf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		ct_buf_putc(out, (unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f ? '?' : text[i]);
}

static void append_cell(struct ct_buf *out, const struct table *table, const struct cell *cell, size_t width, bool last)
{
	const char *text = table->text.data + cell->offset;
	bool cut = cell->length > width;
	size_t shown = cut ? width - 2 : cell->length;

	if (cell->colour)
		ct_buf_puts(out, cell->colour);
	append_plain(out, text, shown);
	if (cut)
		ct_buf_puts(out, "..");
	if (cell->colour)
		ct_buf_puts(out, "\033[0m");
	for (size_t i = cut ? width : shown; !last && i < width + GAP; i++)
		ct_buf_putc(out, ' ');
}

static void append_rows(struct ct_buf *out, const struct table *table)
{
	bool colour = ct_colour(STDOUT_FILENO);

	for (size_t row = 0; row < table->row_count; row++) {
		for (int i = 0; i < COLUMN_COUNT; i++) {
			struct cell cell = *cell_at(table, row, i);

			if (!colour)
				cell.colour = NULL;
			/* The last column is never left out. */
			if (!table->left_out[i])
				append_cell(out, table, &cell, table->width[i], i == COLUMN_COUNT - 1);
		}
		ct_buf_putc(out, '\n');
	}
}

int ps_print_table(const struct ps_row *rows, size_t count, bool whole, struct ct_err *err)
{
	struct table table = { .row_count = count + 1 };
	size_t screen = whole ? 0 : screen_width();
	ct_autobuf out = CT_BUF_INIT;
	int64_t now = ct_now();

	table.cells = ct_alloc_array(table.row_count * COLUMN_COUNT, sizeof(*table.cells));
	for (int i = 0; i < COLUMN_COUNT; i++)
		set_cell(&table, 0, i, columns[i].heading);
	for (size_t i = 0; i < count; i++)
		set_row(&table, i + 1, &rows[i], whole, now);
	if (screen > 0)
		fit(&table, screen);
	append_rows(&out, &table);
	free(table.cells);
	ct_buf_free(&table.text);
	return ct_write_stdout(out.data, out.length, err);
}
