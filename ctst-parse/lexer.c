#include "ctst-parse/lexer.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "ctst-parse/lexer_internal.h"

enum byte_class {
	CLASS_WORD_BEGIN = 1 << 0,
	CLASS_WORD = 1 << 1,
	CLASS_DIGIT = 1 << 2,
	CLASS_PLAIN = 1 << 3, /* can stand in a comment without a second look */
};

#define LETTER (CLASS_WORD_BEGIN | CLASS_WORD | CLASS_PLAIN)

static const uint8_t classes[256] = {
	['\t'] = CLASS_PLAIN,
	[' ' ... ','] = CLASS_PLAIN,
	['-'] = CLASS_WORD | CLASS_PLAIN,
	['.' ... '/'] = CLASS_PLAIN,
	['0' ... '9'] = CLASS_WORD | CLASS_DIGIT | CLASS_PLAIN,
	[':' ... '@'] = CLASS_PLAIN,
	['A' ... 'Z'] = LETTER,
	['[' ... '^'] = CLASS_PLAIN,
	['_'] = LETTER,
	['`'] = CLASS_PLAIN,
	['a' ... 'z'] = LETTER,
	['{' ... '~'] = CLASS_PLAIN,
};

static bool is_class(char byte, enum byte_class class)
{
	return classes[(unsigned char)byte] & class;
}

struct span lexer_span(const struct lexer *lexer, const char *begin, const char *end)
{
	return (struct span){
		.offset = (uint32_t)(begin - lexer->source->bytes) + lexer->source->base,
		.length = (uint32_t)(end - begin),
		.line = lexer->line,
		.column = (uint32_t)(begin - lexer->line_base) + 1,
	};
}

bool lexer_step_wide(struct lexer *lexer)
{
	uint32_t character;
	size_t length = ct_utf8_decode(lexer->at, (size_t)(lexer->end - lexer->at), &character);

	if (length == 0) {
		lexer->at++;
		return false;
	}
	lexer->at += length;
	lexer->line_base += length - 1;
	return true;
}

static void step_over_newline(struct lexer *lexer)
{
	if (lexer->at[0] == '\r' && lexer->at[1] == '\n')
		lexer->at++;
	lexer->at++;
	lexer->line++;
	lexer->line_base = lexer->at;
	lexer->line_begins = true;
}

/* Up to the end of the line. Bytes that are not text are reported once a comment. */
static void skip_comment(struct lexer *lexer)
{
	bool reported = false;

	for (;;) {
		const char *at = lexer->at;

		while (is_class(*at, CLASS_PLAIN))
			at++;
		lexer->at = at;
		if (at == lexer->end || *at == '\n' || *at == '\r')
			return;
		if ((unsigned char)*at >= 0x80) {
			struct span span = lexer_span(lexer, at, at + 1);

			if (lexer_step_wide(lexer) || reported)
				continue;
			lexer_error(lexer, "E001", span, "invalid UTF-8: byte 0x%02x", (unsigned char)*at);
		} else {
			lexer->at++;
			if (reported)
				continue;
			lexer_error(lexer, "E001", lexer_span(lexer, at, at + 1),
				    "control character U+%04X in a comment", (unsigned char)*at);
		}
		reported = true;
	}
}

static void skip_space(struct lexer *lexer)
{
	for (;;) {
		switch (*lexer->at) {
		case ' ':
		case '\t':
			lexer->at++;
			break;
		case '\n':
		case '\r':
			step_over_newline(lexer);
			break;
		case '/':
			if (lexer->at[1] != '/')
				return;
			skip_comment(lexer);
			break;
		default:
			return;
		}
	}
}

/* `words` of one length, so that a word is compared with at most two. */
static enum keyword find_keyword(const char *text, size_t length)
{
	static const struct {
		const char *word;
		uint8_t length;
		uint8_t keyword;
	} table[] = {
		{ "AS", 2, KEYWORD_AS },
		{ "env", 3, KEYWORD_LOWER_ENV },
		{ "FROM", 4, KEYWORD_FROM },
		{ "true", 4, KEYWORD_TRUE },
		{ "false", 5, KEYWORD_FALSE },
		{ "IMPORT", 6, KEYWORD_IMPORT },
		{ "EXPOSE", 6, KEYWORD_EXPOSE },
		{ "SECRET", 6, KEYWORD_SECRET },
		{ "secret", 6, KEYWORD_LOWER_SECRET },
		{ "CONNECT", 7, KEYWORD_CONNECT },
		{ "RESTART", 7, KEYWORD_RESTART },
		{ "NETWORK", 7, KEYWORD_NETWORK },
		{ "COMPONENT", 9, KEYWORD_COMPONENT },
		{ "HEALTHCHECK", 11, KEYWORD_HEALTHCHECK },
	};
	/* Where the words of a length begin. */
	static const uint8_t begin[] = { 0, 0, 0, 1, 2, 4, 5, 9, 12, 12, 13, 13 };

	if (length < 2 || length > 11)
		return KEYWORD_NONE;
	for (size_t i = begin[length]; i < sizeof(table) / sizeof(table[0]) && table[i].length == length; i++) {
		if (text[0] == table[i].word[0] && memcmp(text, table[i].word, length) == 0)
			return table[i].keyword;
	}
	return KEYWORD_NONE;
}

static void lex_word(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at, *at = begin, *last;

	while (is_class(*at, CLASS_WORD) && !(at[0] == '-' && at[1] == '>'))
		at++;
	if ((unsigned char)*at >= 0x80 && lexer_at_foreign_letter(lexer, at)) {
		lexer_foreign_word(lexer, token);
		return;
	}
	for (last = at; last[-1] == '-'; last--)
		;
	token->kind = TOKEN_WORD;
	token->span = lexer_span(lexer, begin, last);
	token->text = (struct ct_slice){ begin, (size_t)(last - begin) };
	token->keyword = (uint8_t)find_keyword(begin, token->text.length);
	if (token->text.length > NAME_MAX_BYTES) {
		lexer_error(lexer, "E020", token->span, "name longer than %d characters", NAME_MAX_BYTES);
		token->damaged = true;
		token->text.length = NAME_MAX_BYTES;
	}
	if (last != at) {
		struct ct_slice whole = { begin, (size_t)(at - begin) };
		struct diagnostic *problem = lexer_error(lexer, "E001", lexer_span(lexer, begin, at),
							 "the name '%.*s' ends in '-'", SHOWN(whole));

		if (*at == '>')
			diagnostic_hint(problem, "an arrow is written '->'");
	}
	lexer->at = at;
}

static void malformed_number(struct lexer *lexer, struct token *token, const char *end)
{
	struct ct_slice text = { lexer->at, (size_t)(end - lexer->at) };
	struct diagnostic *problem = lexer_error(lexer, "E001", token->span, "malformed number '%.*s'", SHOWN(text));

	token->damaged = true;
	if (text.length > 2 && text.text[0] == '0' && (text.text[1] == 'x' || text.text[1] == 'X'))
		diagnostic_hint(problem, "integers are decimal");
	else if (text.text[text.length - 1] != '.')
		diagnostic_hint(problem, "a value with a unit or a fraction is a string: \"%.*s\"", SHOWN(text));
}

static void lex_number(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->at;
	int64_t value = 0;
	bool overflow = false;

	for (; is_class(*at, CLASS_DIGIT); at++)
		overflow |= __builtin_mul_overflow(value, 10, &value) ||
			    __builtin_add_overflow(value, *at - '0', &value);
	token->kind = TOKEN_INTEGER;
	token->integer = value;
	if (is_class(*at, CLASS_WORD_BEGIN) || *at == '.') {
		/* 512MB, 0.5, 1m30s, 0x1f, 10.0.0.1 */
		while ((is_class(*at, CLASS_WORD) && *at != '-') || *at == '.')
			at++;
		token->span = lexer_span(lexer, lexer->at, at);
		malformed_number(lexer, token, at);
	} else {
		token->span = lexer_span(lexer, lexer->at, at);
		if (overflow) {
			token->damaged = true;
			lexer_error(lexer, "E001", token->span, "integer does not fit in 64 bits");
		}
	}
	lexer->at = at;
}

static void take(struct lexer *lexer, struct token *token, enum token_kind kind, int length)
{
	token->kind = (uint8_t)kind;
	token->span = lexer_span(lexer, lexer->at, lexer->at + length);
	lexer->at += length;
}

/* False: what stands there was not a token and has been stepped over. */
static bool lex_punctuation(struct lexer *lexer, struct token *token)
{
	switch (*lexer->at) {
	case '{':
		take(lexer, token, TOKEN_LEFT_BRACE, 1);
		return true;
	case '}':
		take(lexer, token, TOKEN_RIGHT_BRACE, 1);
		return true;
	case '[':
		take(lexer, token, TOKEN_LEFT_BRACKET, 1);
		return true;
	case ']':
		take(lexer, token, TOKEN_RIGHT_BRACKET, 1);
		return true;
	case ',':
		take(lexer, token, TOKEN_COMMA, 1);
		return true;
	case ':':
		take(lexer, token, TOKEN_COLON, 1);
		return true;
	case '.':
		take(lexer, token, TOKEN_DOT, 1);
		return true;
	case '=':
		if (lexer->at[1] == '>')
			return lexer_wrong_arrow(lexer, token);
		take(lexer, token, TOKEN_EQUALS, 1);
		return true;
	case '-':
		if (lexer->at[1] != '>')
			break;
		take(lexer, token, TOKEN_ARROW, 2);
		return true;
	default:
		break;
	}
	if (lexer_at_wrong_quote(lexer)) {
		lexer_wrong_quotes(lexer, token);
		return true;
	}
	if (lexer_wrong_arrow(lexer, token))
		return true;
	lexer_stray(lexer);
	return false;
}

void lexer_start(struct lexer *lexer, const struct source *source, struct ct_arena *arena,
		 struct diagnostics *diagnostics)
{
	*lexer = (struct lexer){
		.source = source,
		.arena = arena,
		.diagnostics = diagnostics,
		.at = source->bytes,
		.end = source->bytes + source->length,
		.line = 1,
		.line_begins = true,
	};
	if (source->length >= 3 && memcmp(source->bytes, "\xef\xbb\xbf", 3) == 0)
		lexer->at += 3;
	lexer->line_base = lexer->at;
}

void lexer_next(struct lexer *lexer, struct token *token)
{
	for (;;) {
		skip_space(lexer);
		*token = (struct token){ .first_on_line = lexer->line_begins };
		lexer->line_begins = false;
		if (is_class(*lexer->at, CLASS_WORD_BEGIN) ||
		    ((unsigned char)*lexer->at >= 0x80 && lexer_at_foreign_letter(lexer, lexer->at))) {
			lex_word(lexer, token);
			return;
		}
		if (*lexer->at == '"') {
			lexer_string(lexer, token);
			return;
		}
		if (is_class(*lexer->at, CLASS_DIGIT)) {
			lex_number(lexer, token);
			return;
		}
		if (lexer->at == lexer->end) {
			token->kind = TOKEN_END;
			token->span = lexer_span(lexer, lexer->at, lexer->at);
			token->first_on_line = true;
			return;
		}
		if (lex_punctuation(lexer, token))
			return;
		lexer->line_begins |= token->first_on_line;
	}
}

enum token_kind lexer_peek(const struct lexer *lexer)
{
	struct lexer ahead = *lexer;
	struct token token;

	ahead.diagnostics = NULL;
	lexer_next(&ahead, &token);
	return token.kind;
}

const char *token_describe(const struct token *token, char text[TOKEN_TEXT_SIZE])
{
	static const char *const marks[] = {
		[TOKEN_LEFT_BRACE] = "'{'",    [TOKEN_RIGHT_BRACE] = "'}'", [TOKEN_LEFT_BRACKET] = "'['",
		[TOKEN_RIGHT_BRACKET] = "']'", [TOKEN_EQUALS] = "'='",      [TOKEN_COMMA] = "','",
		[TOKEN_COLON] = "':'",         [TOKEN_DOT] = "'.'",         [TOKEN_ARROW] = "'->'",
	};

	switch (token->kind) {
	case TOKEN_END:
		return "the end of the file";
	case TOKEN_STRING:
		return "a string";
	case TOKEN_WORD:
		snprintf(text, TOKEN_TEXT_SIZE, "'%.*s'", SHOWN(token->text));
		return text;
	case TOKEN_INTEGER:
		if (token->damaged)
			return "a number";
		snprintf(text, TOKEN_TEXT_SIZE, "'%lld'", (long long)token->integer);
		return text;
	default:
		return marks[token->kind];
	}
}
