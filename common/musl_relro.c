/*
 * A static program that is position-independent relocates itself. Its tables of pointers and the addresses of functions are
 * constant from then on, and the linker has put them together (PT_GNU_RELRO in elf(5)): the dynamic loader would make them
 * read-only, and musl's start file does not.
 */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* Where the linker has put the file's header; without an address of its own in the table of symbols. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

void ct_protect_relocations(void) __attribute__((constructor));

/* Linked by its name (meson.build): nobody calls it. */
void ct_protect_relocations(void)
{
	uintptr_t base = (uintptr_t)&__ehdr_start, page = getauxval(AT_PAGESZ);
	const Elf64_Phdr *headers = (const Elf64_Phdr *)(base + __ehdr_start.e_phoff);

	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		const Elf64_Phdr *header = &headers[i];
		uintptr_t begin = base + header->p_vaddr, end = begin + header->p_memsz;

		if (header->p_type != PT_GNU_RELRO)
			continue;
		begin &= ~(page - 1);
		end &= ~(page - 1);
		if (mprotect((void *)begin, end - begin, PROT_READ) < 0)
			abort();
	}
}
