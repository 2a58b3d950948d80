#include <ctype.h>
#include <string.h>

#include "common/utf8.h"
#include "ctst-parse/lexer_internal.h"

/* Characters that come from word processors and web pages, and what was meant. */
static const struct {
	uint32_t character;
	const char *name;
	const char *hint;
} known_characters[] = {
	{ 0x00a0, "no-break space", "use an ordinary space" },
	{ 0x2007, "figure space", "use an ordinary space" },
	{ 0x202f, "narrow no-break space", "use an ordinary space" },
	{ 0x2009, "thin space", "use an ordinary space" },
	{ 0x3000, "ideographic space", "use an ordinary space" },
	{ 0x200b, "zero width space", "remove it" },
	{ 0x200e, "left-to-right mark", "remove it" },
	{ 0x202e, "right-to-left override", "remove it" },
	{ 0x2028, "line separator", "use a line feed" },
	{ 0xfeff, "byte order mark", "it may only be the first character of the file" },
	{ 0x2013, "en dash", "use '-'" },
	{ 0x2014, "em dash", "use '-'" },
};

#define KNOWN_COUNT (sizeof(known_characters) / sizeof(known_characters[0]))

static size_t find_known(uint32_t character)
{
	size_t i = 0;

	while (i < KNOWN_COUNT && known_characters[i].character != character)
		i++;
	return i;
}

static bool is_quote(uint32_t character)
{
	return character == '\'' || (character >= 0x2018 && character <= 0x201f);
}

static bool is_arrow(uint32_t character)
{
	return character == 0x2192 || character == 0x21d2 || character == 0x27f6;
}

bool lexer_at_foreign_letter(const struct lexer *lexer, const char *at)
{
	uint32_t character;

	return (unsigned char)*at >= 0x80 && ct_utf8_decode(at, (size_t)(lexer->end - at), &character) > 0 &&
	       character >= 0xa1 && !is_quote(character) && !is_arrow(character) &&
	       find_known(character) == KNOWN_COUNT;
}

void lexer_foreign_word(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at;
	struct diagnostic *problem;

	token->kind = TOKEN_WORD;
	token->damaged = true;
	token->span = lexer_span(lexer, begin, begin);
	for (;;) {
		if (isalnum((unsigned char)*lexer->at) || *lexer->at == '_' ||
		    (*lexer->at == '-' && lexer->at[1] != '>'))
			lexer->at++;
		else if (lexer_at_foreign_letter(lexer, lexer->at))
			lexer_step_wide(lexer);
		else
			break;
	}
	token->text = (struct ct_slice){ begin, (size_t)(lexer->at - begin) };
	token->span.length = (uint32_t)token->text.length;
	problem = lexer_error(lexer, "E001", token->span, "malformed name '%.*s'", SHOWN(token->text));
	diagnostic_hint(problem, "names have only ASCII letters, digits, '_' and '-'");
}

/* What is neither a letter nor text: a run of one character, or of bytes that are not UTF-8. */
static void stray_character(struct lexer *lexer)
{
	const char *begin = lexer->at;
	struct span span = lexer_span(lexer, begin, begin + 1);
	uint32_t character = 0, next;
	struct diagnostic *problem;
	size_t length, known;

	length = ct_utf8_decode(begin, (size_t)(lexer->end - begin), &character);
	if (length == 0) {
		lexer_error(lexer, "E001", span, "invalid UTF-8: byte 0x%02x", (unsigned char)*begin);
		do
			lexer->at++;
		while ((unsigned char)*lexer->at >= 0x80 &&
		       ct_utf8_decode(lexer->at, (size_t)(lexer->end - lexer->at), &next) == 0);
		return;
	}
	/* A line indented with no-break spaces is one mistake. */
	do
		lexer_step_wide(lexer);
	while ((unsigned char)*lexer->at >= 0x80 &&
	       ct_utf8_decode(lexer->at, (size_t)(lexer->end - lexer->at), &next) > 0 && next == character);
	span.length = (uint32_t)(lexer->at - begin);
	known = find_known(character);
	if (known == KNOWN_COUNT) {
		lexer_error(lexer, "E001", span, "control character U+%04X", character);
		return;
	}
	problem = lexer_error(lexer, "E001", span, "unexpected %s (U+%04X)", known_characters[known].name, character);
	diagnostic_hint(problem, "%s", known_characters[known].hint);
}

bool lexer_wrong_arrow(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at;
	struct span span = lexer_span(lexer, begin, begin + 1);
	uint32_t character = 0;
	size_t length = ct_utf8_decode(begin, (size_t)(lexer->end - begin), &character);

	if (memcmp(begin, "=>", 2) == 0)
		length = 2;
	else if (length == 0 || !is_arrow(character))
		return false;
	span.length = (uint32_t)length;
	diagnostic_hint(lexer_error(lexer, "E001", span, "unexpected '%.*s'", (int)length, begin),
			"an arrow is written '->'");
	lexer_step_wide(lexer);
	if (length == 2)
		lexer->at++;
	token->kind = TOKEN_ARROW;
	token->span = span;
	return true;
}

/* A comment of C: to its end, over as many lines as it has, or to the end of the file. */
static void block_comment(struct lexer *lexer)
{
	const char *begin = lexer->at;
	struct diagnostic *problem = lexer_error(lexer, "E001", lexer_span(lexer, begin, begin + 2), "unexpected '/*'");
	const char *end = memmem(begin + 2, (size_t)(lexer->end - begin - 2), "*/", 2);

	diagnostic_hint(problem, "comments begin with // and end with the line");
	end = end ? end + 2 : lexer->end;
	while (lexer->at < end) {
		bool newline = *lexer->at == '\n' || (*lexer->at == '\r' && lexer->at[1] != '\n');

		if ((unsigned char)*lexer->at >= 0x80) {
			lexer_step_wide(lexer);
			continue;
		}
		lexer->at++;
		if (newline) {
			lexer->line++;
			lexer->line_base = lexer->at;
		}
	}
}

static void hash_comment(struct lexer *lexer)
{
	struct diagnostic *problem = lexer_error(lexer, "E001", lexer_span(lexer, lexer->at, lexer->at + 1),
						 "unexpected '#'");

	diagnostic_hint(problem, "comments begin with //");
	while (lexer->at < lexer->end && *lexer->at != '\n' && *lexer->at != '\r') {
		if ((unsigned char)*lexer->at >= 0x80)
			lexer_step_wide(lexer);
		else
			lexer->at++;
	}
}

static void stray_minus(struct lexer *lexer)
{
	const char *end = lexer->at + 1;
	struct diagnostic *problem;

	while (isdigit((unsigned char)*end))
		end++;
	problem = lexer_error(lexer, "E001", lexer_span(lexer, lexer->at, end),
			      end > lexer->at + 1 ? "there are no negative numbers" : "unexpected '-'");
	if (end == lexer->at + 1)
		diagnostic_hint(problem, "an arrow is written '->'");
	/* The digits stay: a value is still a value. */
	lexer->at++;
}

void lexer_stray(struct lexer *lexer)
{
	unsigned char byte = (unsigned char)*lexer->at;
	struct span span = lexer_span(lexer, lexer->at, lexer->at + 1);
	struct diagnostic *problem;

	if (byte >= 0x80) {
		stray_character(lexer);
	} else if (byte == '#') {
		hash_comment(lexer);
	} else if (byte == '/' && lexer->at[1] == '*') {
		block_comment(lexer);
	} else if (byte == '-') {
		stray_minus(lexer);
	} else if (byte < 0x20 || byte == 0x7f) {
		const char *begin = lexer->at;

		while (lexer->at < lexer->end && *lexer->at == *begin)
			lexer->at++;
		span.length = (uint32_t)(lexer->at - begin);
		if (byte == 0)
			lexer_error(lexer, "E001", span, "NUL character");
		else
			lexer_error(lexer, "E001", span, "control character U+%04X", byte);
	} else {
		lexer->at++;
		problem = lexer_error(lexer, "E001", span, "unexpected '%c'", byte);
		if (byte == ';')
			diagnostic_hint(problem, "nothing has to end a statement");
		else if (byte == '/')
			diagnostic_hint(problem, "comments begin with //");
		else if (byte == '$')
			diagnostic_hint(problem, "${...} stands inside a string");
	}
}

bool lexer_at_wrong_quote(const struct lexer *lexer)
{
	uint32_t character;

	return (*lexer->at == '\'' || (unsigned char)*lexer->at >= 0x80) &&
	       ct_utf8_decode(lexer->at, (size_t)(lexer->end - lexer->at), &character) > 0 && is_quote(character);
}

void lexer_wrong_quotes(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at;
	struct span span = lexer_span(lexer, begin, begin + 1);
	bool closed = false;

	lexer_step_wide(lexer);
	token->text.text = lexer->at;
	while (!closed && lexer->at < lexer->end && *lexer->at != '\n' && *lexer->at != '\r') {
		closed = lexer_at_wrong_quote(lexer);
		token->text.length = (size_t)(lexer->at - token->text.text);
		lexer_step_wide(lexer);
	}
	if (!closed)
		token->text.length = (size_t)(lexer->at - token->text.text);
	span.length = (uint32_t)(lexer->at - begin);
	diagnostic_hint(lexer_error(lexer, "E001", span, "a string in other quotes"),
			"strings have straight double quotes: \"");
	token->kind = TOKEN_STRING;
	token->damaged = true;
	token->span = span;
}
