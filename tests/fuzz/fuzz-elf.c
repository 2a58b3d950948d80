/* Any file through the readers of ctst-image-slim: as an ELF file, as a script, as a shell's text. */
#include <string.h>

#include "ctst-image/slim/elf_read.h"
#include "ctst-image/slim/script.h"
#include "tests/fuzz/fuzz.h"

/* What is handed on is used as paths and names: it ends, and is not longer than it may be. */
static void check_facts(const struct elf_facts *facts)
{
	fuzz_require(facts->needed_count <= ELF_MAX_NEEDED, "%zu", facts->needed_count);
	for (size_t i = 0; i < facts->needed_count; i++)
		fuzz_require(facts->needed[i][0] && strlen(facts->needed[i]) < 4096, "%zu", i);
	fuzz_require(!facts->interpreter || facts->interpreter[0] == '/', "%s", facts->interpreter);
	fuzz_require(facts->runs || facts->needed_count == 0, "what does not run needs something");
}

static void read_as_elf(const uint8_t *bytes, size_t length)
{
	struct ct_arena arena = CT_ARENA_INIT;
	struct ct_err err = CT_ERR_INIT;
	struct elf_facts facts;

	if (elf_read(&facts, bytes, length, &arena, &err) == 0)
		check_facts(&facts);
	else
		fuzz_require(err.message[0], "refused without a reason");
	elf_read_hints(&facts, bytes, length, &arena);
	fuzz_require(facts.hint_count <= ELF_MAX_HINTS, "%zu", facts.hint_count);
	for (size_t i = 0; i < facts.hint_count; i++)
		fuzz_require(strstr(facts.hints[i], ".so") && strlen(facts.hints[i]) <= ELF_MAX_NAME, "%zu", i);
	ct_arena_release(&arena);
}

static void read_as_text(const char *text, size_t length)
{
	struct shell_words words = { .text = text, .length = length };
	char name[SCRIPT_MAX_LINE], word[SHELL_MAX_WORD];
	struct script script;

	if (script_read(&script, text, length)) {
		fuzz_require(script.interpreter[0] == '/', "%s", script.interpreter);
		if (script_env_program(script.argument, name))
			fuzz_require(name[0] && !strpbrk(name, " \t="), "%s", name);
	}
	while (shell_words_next(&words, word))
		fuzz_require(word[0] && word[0] != '-', "%s", word);
	fuzz_require(words.at == length, "%zu of %zu", words.at, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	read_as_elf(bytes, length);
	read_as_text((const char *)bytes, length);
	return 0;
}
