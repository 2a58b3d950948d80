/* What every kind of import does with its source and with what it has found. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "ctst-image/import.h"

static void add_item(struct staged_item **items, size_t *count, const char *name, const char *hex)
{
	struct staged_item *item;

	*items = ct_realloc_array(*items, *count + 1, sizeof(**items));
	item = &(*items)[(*count)++];
	snprintf(item->name, sizeof(item->name), "%s", name);
	snprintf(item->hex, sizeof(item->hex), "%s", hex);
}

void import_add_blob(struct import *import, const char *name, const char *hex)
{
	add_item(&import->blobs, &import->blob_count, name, hex);
}

void import_add_tree(struct import *import, const char *name, const char *hex)
{
	add_item(&import->trees, &import->tree_count, name, hex);
}

void import_let_times_settle(const struct stat_facts *facts)
{
	static const int64_t tick = 10000000; /* CONFIG_HZ=100 */
	static bool settled;
	int64_t age = ct_now() - facts->ctime;
	struct timespec rest = { .tv_nsec = (long)(2 * tick) };

	/* Once: everything that existed before this moment is old enough afterwards. */
	if (settled || age > 2 * tick || age < -2 * tick)
		return;
	settled = true;
	nanosleep(&rest, NULL);
}

int import_look_at_source(struct import *import, struct ct_err *err)
{
	struct stat status;

	if (fstat(import->source_fd, &status) < 0)
		return ct_fail_errno(err, "I003", "cannot look at '%s'", import->path);
	import->facts = stat_facts_of(&status);
	import_let_times_settle(&import->facts);
	return 0;
}

int import_check_unchanged(const struct import *import, struct ct_err *err)
{
	struct stat_facts now;
	struct stat status;

	if (fstat(import->source_fd, &status) < 0)
		return ct_fail_errno(err, "I003", "cannot look at '%s'", import->path);
	now = stat_facts_of(&status);
	if (!stat_facts_equal(&now, &import->facts))
		return ct_fail(err, "I003", "it changed while it was being imported");
	return 0;
}

void import_begin_index(struct import *import)
{
	unsigned char bytes[STAT_INDEX_ID_LENGTH / 2] = { 0 };

	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		bytes[0] = (unsigned char)getpid();
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(import->index_id + 2 * i, 3, "%02x", bytes[i]);
	stat_index_begin(&import->index, import->index_id);
}

char *import_name_spelling(const struct import *import)
{
	return ct_asprintf("%s#", import->uri.place);
}
