#include "ctst-parse/convert/words.h"

#include <string.h>

struct splitter {
	struct ct_arena *arena;
	struct words *words;
	struct ct_buf word;
	bool in_word;
	char quote; /* ' " ` or ( for what began with $( ; 0: none */
	bool escaped;
};

static void end_word(struct splitter *splitter)
{
	struct words *words = splitter->words;

	if (!splitter->in_word)
		return;
	if (words->count == words->capacity) {
		const char **grown;

		words->capacity = words->capacity ? 2 * words->capacity : 8;
		grown = ct_arena_array(splitter->arena, words->capacity, sizeof(*grown));
		if (words->count > 0)
			memcpy(grown, words->items, words->count * sizeof(*grown));
		words->items = grown;
	}
	ct_buf_puts(&splitter->word, "");
	words->items[words->count++] = ct_arena_take(splitter->arena, &splitter->word);
	splitter->in_word = false;
}

static void add(struct splitter *splitter, char byte)
{
	ct_buf_putc(&splitter->word, byte);
	splitter->in_word = true;
}

/* Inside quotes, or what ends them. Backticks and $( ) stay in the word with what is in them. */
static void quoted_byte(struct splitter *splitter, char byte)
{
	char quote = splitter->quote;
	bool ends = quote == '(' ? byte == ')' : byte == quote;

	if (ends)
		splitter->quote = 0;
	if (!ends || quote == '`' || quote == '(')
		add(splitter, byte);
	splitter->in_word = true;
}

/* NULL, or what is wrong. */
static const char *plain_byte(struct splitter *splitter, char byte)
{
	switch (byte) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		end_word(splitter);
		return NULL;
	case '(':
		if (splitter->word.length == 0 || splitter->word.data[splitter->word.length - 1] != '$')
			return "a '(' outside quotes";
		splitter->quote = '(';
		add(splitter, byte);
		return NULL;
	case ')':
		return "a ')' outside quotes";
	case '\'':
	case '"':
	case '`':
		splitter->quote = byte;
		if (byte == '`')
			add(splitter, byte);
		splitter->in_word = true;
		return NULL;
	default:
		add(splitter, byte);
		return NULL;
	}
}

/* "2>file": the number in front of an operator belongs to it. */
static void cut(struct splitter *splitter, const char *rest)
{
	splitter->words->rest = rest;
	if (*rest == '>' && splitter->word.length > 0 &&
	    strspn(splitter->word.data, "0123456789") == splitter->word.length) {
		splitter->in_word = false;
		ct_buf_clear(&splitter->word);
	}
	end_word(splitter);
}

static const char *split(struct splitter *splitter, const char *text)
{
	const char *problem = NULL;

	for (; *text && !problem && splitter->words->count < WORDS_MAX; text++) {
		if (splitter->escaped) {
			add(splitter, *text == 't' ? '\t' : *text == 'n' ? '\n' : *text);
			splitter->escaped = false;
		} else if (*text == '\\' && splitter->quote != '\'') {
			splitter->escaped = true;
		} else if (splitter->quote) {
			quoted_byte(splitter, *text);
		} else if (strchr(";&|<>", *text)) {
			cut(splitter, text);
			return NULL;
		} else {
			problem = plain_byte(splitter, *text);
		}
	}
	if (*text && !problem)
		return "more than 4096 words";
	end_word(splitter);
	if (!problem && (splitter->quote || splitter->escaped))
		problem = "a quote is not closed";
	return problem;
}

const char *words_split(struct ct_arena *arena, const char *text, struct words *words)
{
	struct splitter splitter = { .arena = arena, .words = words };
	const char *problem;

	*words = (struct words){ 0 };
	problem = split(&splitter, text);
	ct_buf_free(&splitter.word);
	return problem;
}

void append_shell_word(struct ct_buf *out, const char *text)
{
	if (*text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,")]) {
		ct_buf_puts(out, text);
		return;
	}
	ct_buf_putc(out, '\'');
	for (; *text; text++)
		ct_buf_printf(out, *text == '\'' ? "'\\''" : "%c", *text);
	ct_buf_putc(out, '\'');
}
