#include "ctst-parse/compile.h"

#include <stdlib.h>

#include "ctst-parse/check.h"
#include "ctst-parse/imports.h"
#include "ctst-parse/inherit.h"
#include "ctst-parse/parser.h"
#include "ctst-parse/values.h"

/* Before anything is merged: a value is hidden once, where it is written. */
static void hide_all_secrets(struct compilation *compilation, const struct composition *file)
{
	for (size_t i = 0; i < file->component_count; i++)
		hide_secrets(&compilation->diagnostics, &file->components[i]);
}

void compile(struct compilation *compilation, struct source *entry, const struct compile_options *options)
{
	const struct source *source;

	*compilation = (struct compilation){ .options = options };
	compilation->diagnostics.sources = &compilation->sources;
	source = sources_add(&compilation->sources, entry);
	parse_source(source, &compilation->arena, &compilation->diagnostics, options->strict,
		     &compilation->composition);
	imports_read(compilation);
	hide_all_secrets(compilation, &compilation->composition);
	for (size_t i = 0; i < compilation->imported_count; i++)
		hide_all_secrets(compilation, compilation->imported[i]);
	inherit(compilation);
	check_compilation(compilation);
}

void compilation_release(struct compilation *compilation)
{
	for (size_t i = 0; i < compilation->imported_count; i++)
		composition_release(compilation->imported[i]);
	free(compilation->imported);
	composition_release(&compilation->composition);
	diagnostics_release(&compilation->diagnostics);
	ct_arena_release(&compilation->arena);
	sources_release(&compilation->sources);
}
