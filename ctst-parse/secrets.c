#include "ctst-parse/secrets.h"

#include <string.h>

#include "common/secret_names.h"
#include "ctst-parse/lexer.h"

bool secret_is_literal(struct ct_slice text)
{
	struct ct_template template = ct_template_start(text.text, text.length);

	for (;;) {
		struct ct_template_part part = ct_template_next(&template);

		if (part.kind == CT_TEMPLATE_END)
			return false;
		if (part.kind == CT_TEMPLATE_LITERAL || part.kind == CT_TEMPLATE_BROKEN)
			return true;
	}
}

/* scheme://user:password@host; the '@' of a pin is no such thing. */
static bool has_password(struct ct_slice text)
{
	const char *mark = text.length ? memmem(text.text, text.length, "://", 3) : NULL;
	const char *end = text.text + text.length, *at;

	if (!mark)
		return false;
	at = memchr(mark, '@', (size_t)(end - mark));
	return at && !(end - at > 8 && memcmp(at, "@sha256:", 8) == 0);
}

static void hide(struct diagnostics *diagnostics, const struct token *token)
{
	if (token->kind != TOKEN_STRING || secret_is_literal(token->text))
		diagnostics_hide(diagnostics, token->span);
}

/* Behind a secret name and its '=': the value, or all that is in its brackets. Leaves the token behind. */
static void hide_value(struct diagnostics *diagnostics, struct lexer *lexer, struct token *token)
{
	size_t depth = 0;

	do {
		bool opens = token->kind == TOKEN_LEFT_BRACKET || token->kind == TOKEN_LEFT_BRACE;
		bool closes = token->kind == TOKEN_RIGHT_BRACKET || token->kind == TOKEN_RIGHT_BRACE;

		if (closes && depth == 0)
			return;
		depth += opens;
		depth -= closes;
		if (token->kind == TOKEN_STRING || token->kind == TOKEN_INTEGER || token->kind == TOKEN_WORD)
			hide(diagnostics, token);
		lexer_next(lexer, token);
	} while (depth > 0 && token->kind != TOKEN_END);
}

static void hide_in_source(struct diagnostics *diagnostics, const struct source *source)
{
	struct ct_arena arena = CT_ARENA_INIT;
	struct lexer lexer;
	struct token token;

	lexer_start(&lexer, source, &arena, NULL);
	lexer_next(&lexer, &token);
	while (token.kind != TOKEN_END) {
		bool is_name = token.kind == TOKEN_WORD || token.kind == TOKEN_STRING;
		bool is_secret = is_name && ct_name_is_secret(token.text);

		if (token.kind == TOKEN_STRING && has_password(token.text))
			diagnostics_hide(diagnostics, token.span);
		lexer_next(&lexer, &token);
		if (!is_secret || (token.kind != TOKEN_EQUALS && token.kind != TOKEN_COLON))
			continue;
		lexer_next(&lexer, &token);
		hide_value(diagnostics, &lexer, &token);
	}
	ct_arena_release(&arena);
}

/* Messages quote what they are about. */
static void erase(char *text, struct ct_slice secret)
{
	size_t length = (size_t)shown_length(secret);
	char *at = text && length > 0 ? memmem(text, strlen(text), secret.text, length) : NULL;

	while (at) {
		size_t stars = length < 3 ? length : 3;

		memset(at, '*', stars);
		memmove(at + stars, at + length, strlen(at + length) + 1);
		at = memmem(at + stars, strlen(at + stars), secret.text, length);
	}
}

static void erase_in(const struct diagnostics *all, struct diagnostic *diagnostic)
{
	struct span about = diagnostic->span;

	for (size_t i = 0; i < all->secret_count; i++) {
		struct span span = all->secrets[i];
		struct ct_slice text = { source_bytes(sources_find(all->sources, span.offset), span.offset),
					 span.length };

		if (span.offset >= about.offset + about.length || about.offset >= span.offset + span.length)
			continue;
		if (text.length >= 2 && text.text[0] == '"')
			text = (struct ct_slice){ text.text + 1, text.length - 2 };
		erase(diagnostic->message, text);
		erase(diagnostic->hint, text);
	}
}

void secrets_hide(struct diagnostics *diagnostics)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(diagnostics, sorted);
	const struct source *last = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct source *source = sources_find(diagnostics->sources, sorted[i]->span.offset);

		if (source != last)
			hide_in_source(diagnostics, source);
		last = source;
	}
	for (size_t i = 0; i < diagnostics->errors.kept; i++)
		erase_in(diagnostics, &diagnostics->errors.items[i]);
	for (size_t i = 0; i < diagnostics->warnings.kept; i++)
		erase_in(diagnostics, &diagnostics->warnings.items[i]);
}
