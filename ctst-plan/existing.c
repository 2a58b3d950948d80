#include "ctst-plan/existing.h"

#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/status.h"

#define CONFIG_LIMIT ((size_t)64 << 20)

const char *reason_to_restart(const struct ct_state_entry *entry, struct ct_arena *arena)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct ct_status status;

	if (ct_status_read(entry->directory, &status, &ignored) < 0)
		return "has no readable status";
	/* A supervisor that has written how its container ended is about to go. */
	if (status.alive && status.state != CT_STOPPED && status.state != CT_FAILED)
		return NULL;
	if (status.state == CT_CREATED || status.started_at == 0)
		return "was never started";
	if (status.exit_code < 0)
		return "could not be started";
	return ct_arena_printf(arena, "ended with %d", status.exit_code);
}

struct ct_json_doc *existing_config(const struct ct_state_entry *entry)
{
	ct_autofree char *path = ct_asprintf("%s/config.json", entry->directory);
	struct ct_err ignored = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;

	if (ct_read_file_at(AT_FDCWD, path, CONFIG_LIMIT, &text) < 0)
		return NULL;
	return ct_json_parse(text.data, text.length, "S001", &ignored);
}
