#include "ctst-parse/fmt/problems.h"

#include <string.h>

#include "ctst-parse/parser.h"
#include "ctst-parse/render.h"
#include "ctst-parse/secrets.h"

/* What a value means or a name stands for is for "ctst parse" to say: it does not keep a text from being laid out. */
static bool is_about_grammar(const struct diagnostic *diagnostic)
{
	return strcmp(diagnostic->code, "E001") == 0 || strcmp(diagnostic->code, "E020") == 0;
}

static size_t render_errors(const struct diagnostics *all, bool only_grammar, bool colour, struct ct_buf *out)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(all, sorted), rendered = 0;

	for (size_t i = 0; i < count; i++) {
		if (sorted[i]->severity != SEVERITY_ERROR || (only_grammar && !is_about_grammar(sorted[i])))
			continue;
		if (rendered++ > 0)
			ct_buf_putc(out, '\n');
		render_text(out, all, sorted[i], colour);
	}
	return rendered;
}

size_t problems_describe(struct source *source, bool colour, struct ct_buf *out)
{
	const struct sources only = { .items = &source, .count = 1 };
	struct diagnostics diagnostics = { .sources = &only };
	struct composition composition;
	struct ct_arena arena = CT_ARENA_INIT;
	size_t count;

	parse_source(source, &arena, &diagnostics, false, &composition);
	secrets_hide(&diagnostics);
	count = render_errors(&diagnostics, true, colour, out);
	/* Only so many are kept, and those in front may all be others: then these have to be corrected first. */
	if (count == 0)
		count = render_errors(&diagnostics, false, colour, out);
	composition_release(&composition);
	diagnostics_release(&diagnostics);
	ct_arena_release(&arena);
	return count;
}
