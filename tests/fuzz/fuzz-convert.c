/*
 * Any YAML through the converter, as one compose file or, with a line "%%%" between them, as two that are merged. What comes out
 * always parses, is in canonical layout, and every refusal has a code.
 */
#include <string.h>

#include "ctst-parse/compile.h"
#include "ctst-parse/convert/convert.h"
#include "ctst-parse/fmt/format.h"
#include "tests/fuzz/fuzz.h"

#define SEPARATOR "\n%%%\n"

static void check_result(const struct ct_buf *text)
{
	const struct compile_options options = { .offline = false };
	struct compilation compilation;
	struct source source;
	ct_autobuf formatted = CT_BUF_INIT;

	source_from_text(&source, "result.ctst", "/nonexistent", text->data, text->length);
	fuzz_require(format_source(&source, &formatted) == FORMAT_UNCHANGED, "not formatted:\n%s", text->data);
	compile(&compilation, &source, &options);
	fuzz_require(compilation.diagnostics.errors.total == 0, "%s:\n%s",
		     compilation.diagnostics.errors.items[0].message, text->data);
	compilation_release(&compilation);
}

static void check_report(struct report *report)
{
	ct_autobuf text = CT_BUF_INIT;

	report_write_text(report, false, &text);
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		fuzz_require(byte >= ' ' || byte == '\n', "control character 0x%02x", byte);
	}
	ct_buf_clear(&text);
	report_write_json(report, false, &text);
}

/* No file is read and no variable of this process: only what is in the input counts. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes, *everything = "*";
	const char *separator = length ? memmem(text, length, SEPARATOR, strlen(SEPARATOR)) : NULL;
	size_t first = separator ? (size_t)(separator - text) : length;
	struct convert_source sources[2] = { { "a.yaml", "/nonexistent/a.yaml", "/nonexistent", text, first } };
	struct convert_options options = { .oci = length & 1,
					   .profiles = &everything,
					   .profile_count = length & 2 ? 1 : 0 };
	struct ct_arena arena = CT_ARENA_INIT;
	struct report report = { .arena = &arena };
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf out = CT_BUF_INIT;
	struct place at;

	if (separator)
		sources[1] = (struct convert_source){ "b.yaml", "/nonexistent/b.yaml", "/nonexistent",
						      separator + strlen(SEPARATOR),
						      length - first - strlen(SEPARATOR) };
	if (convert_text(sources, separator ? 2 : 1, &options, &report, &out, &at, &err) == 0) {
		check_result(&out);
	} else {
		fuzz_require(err.code[0], "no code: %s", err.message);
		fuzz_require(strncmp(err.message, "the result would", 16) != 0, "%s:\n%s", err.message, out.data);
	}
	check_report(&report);
	report_release(&report);
	ct_arena_release(&arena);
	return 0;
}
