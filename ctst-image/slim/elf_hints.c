/*
 * Libraries that a program loads with dlopen(3) are in no list: their names are somewhere in its text. A
 * word that looks like one is a hint and no more, so it is told to a person and decides nothing.
 */
#include <string.h>

#include "common/names.h"
#include "ctst-image/slim/elf_read.h"

static bool is_name_byte(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '.' || byte == '_' || byte == '-' || byte == '+' || byte == '/';
}

/* "libNAME.so", then nothing or ".", digits and dots. */
static bool is_library_name(const char *name, size_t length)
{
	size_t suffix;

	if (length < strlen("libx.so") || strncmp(name, "lib", 3) != 0)
		return false;
	for (suffix = length; suffix > 0 && strchr("0123456789.", name[suffix - 1]); suffix--)
		;
	if (suffix < strlen("libx.so") || strncmp(name + suffix - 3, ".so", 3) != 0)
		return false;
	return suffix == length || (name[suffix] == '.' && name[length - 1] != '.');
}

static bool is_hint(const char *word, size_t length)
{
	size_t base = length;

	while (base > 0 && word[base - 1] != '/')
		base--;
	return (base == 0 || word[0] == '/') && is_library_name(word + base, length - base);
}

/* What it needs or is is known already. */
static void know_own_names(struct ct_names *known, const struct elf_facts *facts)
{
	for (size_t i = 0; i < facts->needed_count; i++)
		ct_names_add(known, ct_slice_of(facts->needed[i]), 0, NULL);
	if (facts->soname)
		ct_names_add(known, ct_slice_of(facts->soname), 0, NULL);
}

static void add_hint(struct elf_facts *facts, struct ct_names *known, const char *word, size_t length,
		     struct ct_arena *arena)
{
	const char *name;

	if (facts->hint_count == ELF_MAX_HINTS || !is_hint(word, length) ||
	    ct_names_find(known, (struct ct_slice){ word, length }) != CT_NAME_UNKNOWN)
		return;
	name = ct_arena_copy(arena, word, length);
	ct_names_add(known, ct_slice_of(name), 0, NULL);
	facts->hints[facts->hint_count++] = name;
}

void elf_read_hints(struct elf_facts *facts, const void *bytes, size_t length, struct ct_arena *arena)
{
	ct_autonames known = CT_NAMES_INIT;
	const char *text = bytes;
	size_t begin = 0;

	facts->hints = ct_arena_array(arena, ELF_MAX_HINTS, sizeof(*facts->hints));
	facts->hint_count = 0;
	know_own_names(&known, facts);
	for (size_t at = 0; at <= length; at++) {
		if (at < length && is_name_byte((unsigned char)text[at]))
			continue;
		if (at - begin <= ELF_MAX_NAME)
			add_hint(facts, &known, text + begin, at - begin, arena);
		begin = at + 1;
	}
}
