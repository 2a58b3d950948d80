#include <string.h>

#include "ctst-parse/lexer_internal.h"

/* Bytes of a string that need no second look. A raw tab is one of them, other control characters too, but not NUL. */
static bool is_plain(unsigned char byte)
{
	return byte < 0x80 && byte != '"' && byte != '\\' && byte != '\n' && byte != '\r' && byte != '$' &&
	       byte != '\0';
}

struct scan {
	const char *first_escape; /* NULL: the text can be used as it stands */
	bool closed;
	bool bad_bytes;
};

static void report_byte(struct lexer *lexer, struct scan *scan, struct span span)
{
	unsigned char byte = (unsigned char)*source_bytes(lexer->source, span.offset);

	if (!scan->bad_bytes) {
		if (byte == 0)
			lexer_error(lexer, "E001", span, "NUL character in a string");
		else
			lexer_error(lexer, "E001", span, "invalid UTF-8: byte 0x%02x", byte);
	}
	scan->bad_bytes = true;
}

static void scan_escape(struct lexer *lexer, struct scan *scan)
{
	char next = lexer->at[1];

	if (!scan->first_escape)
		scan->first_escape = lexer->at;
	if (next == '"' || next == '\\' || next == 'n' || next == 't') {
		lexer->at += 2;
		return;
	}
	if (next > ' ' && lexer->diagnostics) {
		struct diagnostic *problem = diagnostics_warning(lexer->diagnostics, "E001",
								 lexer_span(lexer, lexer->at, lexer->at + 2),
								 "unknown escape '\\%c' stands for itself", next);

		diagnostic_hint(problem, "write '\\\\%c' to say so", next);
	}
	/* The character behind it is looked at by itself: it may be long, or end the line. */
	lexer->at++;
}

/* From behind the opening quote to behind the closing one, or to the end of the line. */
static struct scan scan_string(struct lexer *lexer, struct token *token)
{
	struct scan scan = { 0 };

	for (;;) {
		const char *at = lexer->at;

		while (is_plain((unsigned char)*at))
			at++;
		lexer->at = at;
		if (*at == '"') {
			lexer->at++;
			scan.closed = true;
			return scan;
		}
		if (*at == '\n' || *at == '\r' || at == lexer->end)
			return scan;
		if (*at == '$') {
			token->has_template |= at[1] == '{';
			lexer->at++;
		} else if (*at == '\\') {
			scan_escape(lexer, &scan);
		} else {
			struct span span = lexer_span(lexer, at, at + 1);

			if (*at == '\0')
				lexer->at++;
			else if (lexer_step_wide(lexer))
				continue;
			report_byte(lexer, &scan, span);
		}
	}
}

/* The byte that an escape stands for, or 0 when the backslash stands for itself. */
static char escaped_byte(char letter)
{
	switch (letter) {
	case '"':
	case '\\':
		return letter;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

static struct ct_slice resolve_escapes(struct ct_arena *arena, const char *text, size_t length)
{
	char *copy = ct_arena_alloc(arena, length);
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		char byte = text[i] == '\\' && i + 1 < length ? escaped_byte(text[i + 1]) : 0;

		copy[count++] = byte ? byte : text[i];
		i += byte != 0;
	}
	return (struct ct_slice){ copy, count };
}

void lexer_string(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at;
	struct span opening = lexer_span(lexer, begin, begin + 1);
	struct scan scan;
	const char *last;

	token->kind = TOKEN_STRING;
	lexer->at++;
	scan = scan_string(lexer, token);
	token->span = opening;
	token->span.length = (uint32_t)(lexer->at - begin);
	token->damaged = !scan.closed || scan.bad_bytes;
	last = lexer->at - scan.closed;
	token->text = (struct ct_slice){ begin + 1, (size_t)(last - begin - 1) };
	if (!scan.closed)
		diagnostic_hint(lexer_error(lexer, "E001", token->span, "unterminated string"),
				"a string ends with '\"' on its own line; a line break in it is written \\n");
	if (token->text.length > STRING_MAX_BYTES) {
		token->damaged = true;
		lexer_error(lexer, "E020", opening, "string longer than 64 KiB");
	} else if (scan.first_escape && lexer->diagnostics) {
		token->text = resolve_escapes(lexer->arena, token->text.text, token->text.length);
	}
}

struct string_cursor string_cursor_start(const struct source *source, struct span literal)
{
	return (struct string_cursor){
		.text = source_bytes(source, literal.offset) + 1,
		.size = literal.length > 2 ? literal.length - 2 : 0,
		.literal = literal,
		.column = literal.column + 1,
	};
}

/* The bytes that stand for the text's next one. */
static size_t written_length(const struct string_cursor *cursor)
{
	const char *at = cursor->text + cursor->raw;

	return at[0] == '\\' && cursor->raw + 1 < cursor->size && escaped_byte(at[1]) ? 2 : 1;
}

/* Steps over one byte of the text, which has one or two in the source. */
static void step(struct string_cursor *cursor)
{
	for (size_t left = written_length(cursor); left > 0; left--, cursor->raw++)
		cursor->column += ((unsigned char)cursor->text[cursor->raw] & 0xc0) != 0x80;
	cursor->offset++;
}

struct span string_cursor_span(struct string_cursor *cursor, size_t offset, size_t length)
{
	struct span span = cursor->literal;
	struct string_cursor end;

	while (cursor->raw < cursor->size && cursor->offset < offset)
		step(cursor);
	end = *cursor;
	while (end.raw < end.size && end.offset < offset + length)
		step(&end);
	span.offset = cursor->literal.offset + 1 + (uint32_t)cursor->raw;
	span.length = (uint32_t)(end.raw - cursor->raw);
	span.column = cursor->column;
	return span;
}
