#include "ctst-image/slim/elf_read.h"

#include <elf.h>
#include <string.h>

#define MAX_SEGMENTS 1024
#define MAX_LOADED 128
#define MAX_TEXT ((uint64_t)64 << 10) /* a search path may be long */
#define MAX_NAME ((uint64_t)4096)

struct segment {
	uint64_t type, offset, address, size;
};

struct elf {
	const unsigned char *bytes;
	uint64_t length;
	struct elf_kind kind;
	struct segment loaded[MAX_LOADED];
	size_t loaded_count;
	struct segment dynamic; /* size 0: none */
	uint64_t strings;       /* offset of the string table */
	uint64_t strings_size;
};

static int malformed(struct ct_err *err, const char *what)
{
	return ct_fail(err, "I003", "it is a damaged ELF file: %s", what);
}

/* A number of `width` bytes at the offset, in the file's byte order. The caller has checked the range. */
static uint64_t number_at(const struct elf *elf, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++) {
		unsigned place = elf->kind.big ? i : width - 1 - i;

		value = value << 8 | elf->bytes[offset + place];
	}
	return value;
}

static bool is_inside(const struct elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->length && size <= elf->length - offset;
}

/* A member whose place and width differ between the two classes. */
static uint64_t member(const struct elf *elf, uint64_t base, unsigned narrow, unsigned wide, unsigned wide_width)
{
	return elf->kind.wide ? number_at(elf, base + wide, wide_width)
			      : number_at(elf, base + narrow, wide_width == 8 ? 4 : wide_width);
}

bool elf_read_kind(struct elf_kind *kind, const void *bytes, size_t length)
{
	struct elf elf = { .bytes = bytes, .length = length };

	if (length < ELF_KIND_BYTES || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return false;
	if (elf.bytes[EI_CLASS] != ELFCLASS32 && elf.bytes[EI_CLASS] != ELFCLASS64)
		return false;
	if (elf.bytes[EI_DATA] != ELFDATA2LSB && elf.bytes[EI_DATA] != ELFDATA2MSB)
		return false;
	elf.kind.wide = elf.bytes[EI_CLASS] == ELFCLASS64;
	elf.kind.big = elf.bytes[EI_DATA] == ELFDATA2MSB;
	*kind = elf.kind;
	kind->machine = (uint16_t)number_at(&elf, offsetof(Elf64_Ehdr, e_machine), 2);
	return true;
}

static struct segment read_segment(const struct elf *elf, uint64_t at)
{
	return (struct segment){
		.type = number_at(elf, at, 4),
		.offset = member(elf, at, offsetof(Elf32_Phdr, p_offset), offsetof(Elf64_Phdr, p_offset), 8),
		.address = member(elf, at, offsetof(Elf32_Phdr, p_vaddr), offsetof(Elf64_Phdr, p_vaddr), 8),
		.size = member(elf, at, offsetof(Elf32_Phdr, p_filesz), offsetof(Elf64_Phdr, p_filesz), 8),
	};
}

static int read_interpreter(const struct elf *elf, const struct segment *segment, struct elf_facts *facts,
			    struct ct_arena *arena, struct ct_err *err)
{
	const char *text = (const char *)elf->bytes + segment->offset; /* inside, as note_segment() has found */

	if (segment->size < 2 || segment->size > 4096 || text[0] != '/' ||
	    strnlen(text, segment->size) != segment->size - 1)
		return malformed(err, "the name of its loader is no path");
	facts->interpreter = ct_arena_copy(arena, text, segment->size - 1);
	return 0;
}

static int note_segment(struct elf *elf, const struct segment *segment, struct elf_facts *facts, struct ct_arena *arena,
			struct ct_err *err)
{
	if (segment->type != PT_LOAD && segment->type != PT_DYNAMIC && segment->type != PT_INTERP)
		return 0;
	/* In a file of debugging symbols only, the segments that were taken out are still listed: nothing runs it. */
	if (!is_inside(elf, segment->offset, segment->size)) {
		facts->runs = false;
		return 0;
	}
	if (segment->type == PT_INTERP && !facts->interpreter)
		return read_interpreter(elf, segment, facts, arena, err);
	if (segment->type == PT_DYNAMIC && elf->dynamic.size == 0)
		elf->dynamic = *segment;
	if (segment->type == PT_LOAD && elf->loaded_count == MAX_LOADED)
		return malformed(err, "it has too many segments");
	if (segment->type == PT_LOAD)
		elf->loaded[elf->loaded_count++] = *segment;
	return 0;
}

static int read_segments(struct elf *elf, struct elf_facts *facts, struct ct_arena *arena, struct ct_err *err)
{
	uint64_t table = member(elf, 0, offsetof(Elf32_Ehdr, e_phoff), offsetof(Elf64_Ehdr, e_phoff), 8);
	uint64_t size = member(elf, 0, offsetof(Elf32_Ehdr, e_phentsize), offsetof(Elf64_Ehdr, e_phentsize), 2);
	uint64_t count = member(elf, 0, offsetof(Elf32_Ehdr, e_phnum), offsetof(Elf64_Ehdr, e_phnum), 2);

	if (count == 0)
		return 0;
	if (count > MAX_SEGMENTS)
		return malformed(err, "it has too many segments");
	if (size < (elf->kind.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || !is_inside(elf, table, size * count))
		return malformed(err, "its segments are listed beyond its end");
	for (uint64_t i = 0; i < count; i++) {
		struct segment segment = read_segment(elf, table + i * size);

		if (note_segment(elf, &segment, facts, arena, err) < 0)
			return -1;
	}
	return 0;
}

/* Where the byte that is at this address in memory is in the file. */
static bool find_offset(const struct elf *elf, uint64_t address, uint64_t *offset)
{
	for (size_t i = 0; i < elf->loaded_count; i++) {
		const struct segment *segment = &elf->loaded[i];

		if (address >= segment->address && address - segment->address < segment->size) {
			*offset = segment->offset + (address - segment->address);
			return true;
		}
	}
	return false;
}

/* An entry of the dynamic section. */
struct item {
	uint64_t tag, value;
};

static size_t item_size(const struct elf *elf)
{
	return elf->kind.wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
}

/* False at the end. */
static bool read_item(const struct elf *elf, uint64_t index, struct item *item)
{
	unsigned width = elf->kind.wide ? 8 : 4;
	uint64_t at = elf->dynamic.offset + index * item_size(elf);

	if ((index + 1) * item_size(elf) > elf->dynamic.size)
		return false;
	*item = (struct item){ number_at(elf, at, width), number_at(elf, at + width, width) };
	return item->tag != DT_NULL;
}

static int find_strings(struct elf *elf, struct ct_err *err)
{
	uint64_t address = 0;
	struct item item;

	for (uint64_t i = 0; read_item(elf, i, &item); i++) {
		if (item.tag == DT_STRTAB)
			address = item.value;
		else if (item.tag == DT_STRSZ)
			elf->strings_size = item.value;
	}
	if (!find_offset(elf, address, &elf->strings) || !is_inside(elf, elf->strings, elf->strings_size))
		return malformed(err, "its strings are beyond its end");
	return 0;
}

static const char *string_at(const struct elf *elf, uint64_t place, uint64_t most, struct ct_arena *arena)
{
	const char *text;
	uint64_t room, length;

	if (place >= elf->strings_size)
		return NULL;
	text = (const char *)elf->bytes + elf->strings + place;
	room = elf->strings_size - place < most ? elf->strings_size - place : most;
	length = strnlen(text, room);
	return length == room ? NULL : ct_arena_copy(arena, text, length);
}

static int add_needed(const struct elf *elf, struct elf_facts *facts, uint64_t place, struct ct_arena *arena,
		      struct ct_err *err)
{
	const char *name;

	if (facts->needed_count == ELF_MAX_NEEDED)
		return malformed(err, "it needs too many libraries");
	name = string_at(elf, place, MAX_NAME, arena);
	if (!name || name[0] == '\0')
		return malformed(err, "the name of a library it needs is no name");
	facts->needed[facts->needed_count++] = name;
	return 0;
}

/* Of the strings there is one each, the last that is listed; nothing is copied more than once however often it is. */
struct places {
	uint64_t soname, rpath, runpath;
};

#define NO_PLACE UINT64_MAX

static int read_text(const struct elf *elf, uint64_t place, const char **text, struct ct_arena *arena,
		     struct ct_err *err)
{
	if (place == NO_PLACE)
		return 0;
	*text = string_at(elf, place, MAX_TEXT, arena);
	return *text ? 0 : malformed(err, "a string of its dynamic section is beyond its end");
}

static int read_texts(const struct elf *elf, const struct places *places, struct elf_facts *facts,
		      struct ct_arena *arena, struct ct_err *err)
{
	if (read_text(elf, places->soname, &facts->soname, arena, err) < 0 ||
	    read_text(elf, places->rpath, &facts->rpath, arena, err) < 0)
		return -1;
	return read_text(elf, places->runpath, &facts->runpath, arena, err);
}

static int take_item(const struct elf *elf, const struct item *item, struct places *places, struct elf_facts *facts,
		     struct ct_arena *arena, struct ct_err *err)
{
	switch (item->tag) {
	case DT_NEEDED:
		return add_needed(elf, facts, item->value, arena, err);
	case DT_SONAME:
		places->soname = item->value;
		break;
	case DT_RPATH:
		places->rpath = item->value;
		break;
	case DT_RUNPATH:
		places->runpath = item->value;
		break;
	case DT_FLAGS_1:
		facts->no_default_directories = (item->value & DF_1_NODEFLIB) != 0;
		break;
	default:
		break;
	}
	return 0;
}

static uint64_t count_needed(const struct elf *elf)
{
	uint64_t count = 0;
	struct item item;

	for (uint64_t i = 0; read_item(elf, i, &item) && count < ELF_MAX_NEEDED; i++)
		count += item.tag == DT_NEEDED;
	return count;
}

/* So many entries no linker writes. */
#define MAX_ITEMS 16384

static int read_dynamic(struct elf *elf, struct elf_facts *facts, struct ct_arena *arena, struct ct_err *err)
{
	struct places places = { NO_PLACE, NO_PLACE, NO_PLACE };
	struct item item;

	if (elf->dynamic.size == 0 || !read_item(elf, 0, &item))
		return 0;
	if (find_strings(elf, err) < 0)
		return -1;
	facts->needed = ct_arena_array(arena, count_needed(elf), sizeof(*facts->needed));
	for (uint64_t i = 0; read_item(elf, i, &item); i++) {
		if (i == MAX_ITEMS)
			return malformed(err, "its dynamic section is too long");
		if (take_item(elf, &item, &places, facts, arena, err) < 0)
			return -1;
	}
	return read_texts(elf, &places, facts, arena, err);
}

int elf_read(struct elf_facts *facts, const void *bytes, size_t length, struct ct_arena *arena, struct ct_err *err)
{
	struct elf elf = { .bytes = bytes, .length = length };
	uint64_t type;

	*facts = (struct elf_facts){ .runs = false };
	if (!elf_read_kind(&elf.kind, bytes, length))
		return malformed(err, "it has no ELF header");
	if (length < (elf.kind.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return malformed(err, "it ends within its header");
	facts->kind = elf.kind;
	type = number_at(&elf, offsetof(Elf64_Ehdr, e_type), 2);
	if (type != ET_EXEC && type != ET_DYN)
		return 0;
	facts->runs = true;
	if (read_segments(&elf, facts, arena, err) < 0)
		return -1;
	return facts->runs ? read_dynamic(&elf, facts, arena, err) : 0;
}
