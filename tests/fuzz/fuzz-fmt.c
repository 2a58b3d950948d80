/*
 * Any text through the formatter. What it does not format the parser has a reason to refuse; what it does
 * format stays as it is when formatted again, and has the same errors, or none, as before.
 */
#include <string.h>

#include "ctst-parse/fmt/format.h"
#include "ctst-parse/parser.h"
#include "tests/fuzz/fuzz.h"

/* The codes of all errors, in the order of their places. */
static void list_errors(const struct source *source, struct ct_buf *codes)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	struct source *only = (struct source *)source;
	const struct sources sources = { .items = &only, .count = 1 };
	struct diagnostics diagnostics = { .sources = &sources };
	struct composition composition;
	struct ct_arena arena = CT_ARENA_INIT;
	size_t count;

	parse_source(source, &arena, &diagnostics, false, &composition);
	count = diagnostics_sort(&diagnostics, sorted);
	ct_buf_printf(codes, "%zu", diagnostics.errors.total);
	for (size_t i = 0; i < count; i++) {
		if (sorted[i]->severity == SEVERITY_ERROR)
			ct_buf_printf(codes, " %s", sorted[i]->code);
	}
	composition_release(&composition);
	diagnostics_release(&diagnostics);
	ct_arena_release(&arena);
}

static void check_formatted(const struct source *source, const struct ct_buf *text)
{
	const struct source formatted = {
		.shown = source->shown,
		.file = source->file,
		.directory = source->directory,
		.bytes = text->data,
		.length = text->length,
	};
	ct_autobuf again = CT_BUF_INIT;
	ct_autobuf before = CT_BUF_INIT;
	ct_autobuf after = CT_BUF_INIT;

	fuzz_require(format_source(&formatted, &again) == FORMAT_UNCHANGED, "not idempotent:\n%s", again.data);
	list_errors(source, &before);
	list_errors(&formatted, &after);
	fuzz_require(strcmp(before.data, after.data) == 0, "errors '%s' became '%s'", before.data, after.data);
}

/* The parser sees it too, unless there are more errors than it keeps. */
static void check_refused(const struct source *source)
{
	ct_autobuf errors = CT_BUF_INIT;

	list_errors(source, &errors);
	fuzz_require(strstr(errors.data, "E001") || strstr(errors.data, "E020") ||
			     strtoul(errors.data, NULL, 10) > DIAGNOSTICS_KEPT,
		     "refused, and the parser has no reason: %s", errors.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct source source;
	ct_autobuf text = CT_BUF_INIT;

	if (length > SOURCE_MAX_BYTES)
		return 0;
	source_from_text(&source, "fuzz.ctst", "/nonexistent", (const char *)bytes, length);
	switch (format_source(&source, &text)) {
	case FORMAT_UNCHANGED:
	case FORMAT_CHANGED:
		check_formatted(&source, &text);
		break;
	case FORMAT_NO_SYNTAX:
		check_refused(&source);
		break;
	case FORMAT_TOO_LARGE:
		break;
	case FORMAT_MISTAKE:
		fuzz_require(false, "another meaning:\n%s", text.data);
	}
	source_release(&source);
	return 0;
}
