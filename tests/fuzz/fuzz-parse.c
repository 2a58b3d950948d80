/* Any text through the parser and the checks. What they find nothing wrong with is a composition that ctst-plan reads. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-parse/check.h"
#include "ctst-parse/emit.h"
#include "ctst-parse/parser.h"
#include "ctst-parse/render.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reader.h"

static void check_document(const struct composition *composition, const struct diagnostics *diagnostics)
{
	ct_autoclose int fd = memfd_create("composition", MFD_CLOEXEC);
	ct_autobuf json = CT_BUF_INIT;
	struct reader_found found = { 0 };
	size_t connections = 0;
	char message[1024] = "";

	fuzz_require(fd >= 0 && emit_composition(fd, composition, diagnostics) == 0, "emit");
	fuzz_require(lseek(fd, 0, SEEK_SET) == 0 && ct_read_all(fd, SIZE_MAX, &json) == 0, "read");
	fuzz_require(reader_accepts(json.data, json.length, &found, message, sizeof(message)) == 0, "%s", message);
	for (size_t i = 0; i < composition->connection_count; i++)
		connections += !composition->connections[i].duplicate;
	fuzz_require(found.connections == connections, "%zu of %zu", found.connections, connections);
	fuzz_require(found.exposures == composition->exposure_count, "%zu", found.exposures);
}

/* More of them would only be slow. */
#define RENDERED 4

/* Diagnostics in both forms: places beyond the text, or control characters, show up here. */
static void check_diagnostics(const struct diagnostics *all)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(all, sorted);
	ct_autobuf text = CT_BUF_INIT;
	ct_autobuf json = CT_BUF_INIT;

	for (size_t i = 0; i < count && i < RENDERED; i++) {
		render_text(&text, all, sorted[i], false);
		render_json(&json, all, sorted[i]);
	}
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		fuzz_require(byte >= ' ' || byte == '\n' || byte == '\t', "control character 0x%02x", byte);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct parse_options parse_options = { .strict = true };
	const struct check_options check_options = { .strict = true, .offline = true };
	struct source source;
	struct diagnostics diagnostics = { .source = &source };
	struct composition composition;
	struct ct_arena arena = CT_ARENA_INIT;

	if (length > SOURCE_MAX_BYTES)
		return 0;
	source_from_text(&source, "fuzz.ctst", "/nonexistent", (const char *)bytes, length);
	parse_source(&source, &arena, &diagnostics, &parse_options, &composition);
	check_composition(&composition, &arena, &diagnostics, &check_options);
	check_diagnostics(&diagnostics);
	if (diagnostics.errors.total == 0)
		check_document(&composition, &diagnostics);
	composition_release(&composition);
	diagnostics_release(&diagnostics);
	ct_arena_release(&arena);
	source_release(&source);
	return 0;
}
