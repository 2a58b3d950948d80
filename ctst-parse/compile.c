#include "ctst-parse/compile.h"

#include <stdlib.h>

#include "ctst-parse/check.h"
#include "ctst-parse/imports.h"
#include "ctst-parse/inherit.h"
#include "ctst-parse/parser.h"
#include "ctst-parse/secrets.h"

void compile(struct compilation *compilation, struct source *entry, const struct compile_options *options)
{
	const struct source *source;

	*compilation = (struct compilation){ .options = options };
	compilation->diagnostics.sources = &compilation->sources;
	source = sources_add(&compilation->sources, entry);
	parse_source(source, &compilation->arena, &compilation->diagnostics, options->strict,
		     &compilation->composition);
	imports_read(compilation);
	inherit(compilation);
	check_compilation(compilation);
	secrets_hide(&compilation->diagnostics);
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
