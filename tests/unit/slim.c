/* ctst-image-slim: what is read in ELF files, scripts and configurations, and how libraries are searched. */
#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/accompany.h"
#include "ctst-image/slim/closure.h"
#include "ctst-image/slim/elf_read.h"
#include "ctst-image/slim/library_directories.h"
#include "ctst-image/slim/library_search.h"
#include "ctst-image/slim/loader_cache.h"
#include "ctst-image/slim/machine.h"
#include "ctst-image/slim/report.h"
#include "ctst-image/slim/script.h"
#include "ctst-image/slim/slim.h"
#include "ctst-image/slim/tree.h"

/* ---- ELF files, made to measure ---- */

struct crafted {
	bool narrow, big;
	uint16_t machine; /* 0: x86-64, and i386 when narrow */
	const char *interpreter;
	const char *soname, *rpath, *runpath;
	const char *needed[8];
	uint64_t flags;
	const char *text; /* somewhere in it */
};

static void put(struct ct_buf *out, const struct crafted *crafted, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		ct_buf_putc(out, (char)(value >> 8 * (crafted->big ? width - 1 - i : i)));
}

static void put_word(struct ct_buf *out, const struct crafted *crafted, uint64_t value)
{
	put(out, crafted, value, crafted->narrow ? 4 : 8);
}

static uint64_t add_string(struct ct_buf *strings, const char *text)
{
	uint64_t place = strings->length;

	ct_buf_append(strings, text, strlen(text) + 1);
	return place;
}

static void put_item(struct ct_buf *out, const struct crafted *crafted, uint64_t tag, uint64_t value)
{
	put_word(out, crafted, tag);
	put_word(out, crafted, value);
}

static void put_text_item(struct ct_buf *out, struct ct_buf *strings, const struct crafted *crafted, uint64_t tag,
			  const char *text)
{
	if (text)
		put_item(out, crafted, tag, add_string(strings, text));
}

static void put_segment(struct ct_buf *out, const struct crafted *crafted, uint32_t type, uint64_t offset,
			uint64_t size)
{
	put(out, crafted, type, 4);
	if (!crafted->narrow)
		put(out, crafted, PF_R, 4);
	put_word(out, crafted, offset);
	put_word(out, crafted, offset + 0x1000);
	put_word(out, crafted, offset + 0x1000);
	put_word(out, crafted, size);
	put_word(out, crafted, size);
	if (crafted->narrow)
		put(out, crafted, PF_R, 4);
	put_word(out, crafted, 1);
}

static void put_header(struct ct_buf *out, const struct crafted *crafted, uint64_t segments)
{
	const unsigned char ident[EI_NIDENT] = { 0x7f,
						 'E',
						 'L',
						 'F',
						 crafted->narrow ? ELFCLASS32 : ELFCLASS64,
						 crafted->big ? ELFDATA2MSB : ELFDATA2LSB,
						 EV_CURRENT };
	uint64_t size = crafted->narrow ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);

	ct_buf_append(out, ident, sizeof(ident));
	put(out, crafted, ET_DYN, 2);
	put(out, crafted, crafted->machine ? crafted->machine : crafted->narrow ? EM_386 : EM_X86_64, 2);
	put(out, crafted, EV_CURRENT, 4);
	put_word(out, crafted, 0);
	put_word(out, crafted, size);
	put_word(out, crafted, 0);
	put(out, crafted, 0, 4);
	put(out, crafted, size, 2);
	put(out, crafted, crafted->narrow ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr), 2);
	put(out, crafted, segments, 2);
	put(out, crafted, 0, 6);
}

/* Header, segments, interpreter, strings and text, dynamic section. */
static void craft(struct ct_buf *out, const struct crafted *crafted)
{
	ct_autobuf strings = CT_BUF_INIT, dynamic = CT_BUF_INIT;
	size_t header = crafted->narrow ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
	size_t segments = crafted->interpreter ? 3 : 2;
	size_t start = header + segments * (crafted->narrow ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr));
	size_t interpreter = crafted->interpreter ? strlen(crafted->interpreter) + 1 : 0;
	uint64_t strings_at = start + interpreter;

	add_string(&strings, "");
	for (size_t i = 0; i < 8 && crafted->needed[i]; i++)
		put_text_item(&dynamic, &strings, crafted, DT_NEEDED, crafted->needed[i]);
	put_text_item(&dynamic, &strings, crafted, DT_SONAME, crafted->soname);
	put_text_item(&dynamic, &strings, crafted, DT_RPATH, crafted->rpath);
	put_text_item(&dynamic, &strings, crafted, DT_RUNPATH, crafted->runpath);
	if (crafted->flags)
		put_item(&dynamic, crafted, DT_FLAGS_1, crafted->flags);
	put_item(&dynamic, crafted, DT_STRTAB, strings_at + 0x1000);
	put_item(&dynamic, crafted, DT_STRSZ, strings.length);
	put_item(&dynamic, crafted, DT_NULL, 0);
	if (crafted->text)
		add_string(&strings, crafted->text);

	put_header(out, crafted, segments);
	put_segment(out, crafted, PT_LOAD, 0, strings_at + strings.length + dynamic.length);
	put_segment(out, crafted, PT_DYNAMIC, strings_at + strings.length, dynamic.length);
	if (crafted->interpreter) {
		put_segment(out, crafted, PT_INTERP, start, interpreter);
		ct_buf_append(out, crafted->interpreter, interpreter);
	}
	ct_buf_append(out, strings.data, strings.length);
	ct_buf_append(out, dynamic.data, dynamic.length);
}

static const struct crafted complete = {
	.interpreter = "/lib64/ld-linux-x86-64.so.2",
	.soname = "libself.so.1",
	.rpath = "/opt/a:$ORIGIN/b",
	.runpath = "/opt/c",
	.needed = { "liba.so.1", "libb.so" },
	.flags = DF_1_NODEFLIB,
	.text = "libhint.so.2",
};

static void check_needed(const struct elf_facts *facts)
{
	ck_assert(facts->runs);
	ck_assert(facts->no_default_directories);
	ck_assert_uint_eq(facts->needed_count, 2);
	ck_assert_str_eq(facts->needed[0], "liba.so.1");
	ck_assert_str_eq(facts->needed[1], "libb.so");
}

static void check_texts(const struct elf_facts *facts)
{
	ck_assert_str_eq(facts->interpreter, "/lib64/ld-linux-x86-64.so.2");
	ck_assert_str_eq(facts->soname, "libself.so.1");
	ck_assert_str_eq(facts->rpath, "/opt/a:$ORIGIN/b");
	ck_assert_str_eq(facts->runpath, "/opt/c");
}

START_TEST(elf_every_class_and_order)
{
	for (int i = 0; i < 4; i++) {
		struct crafted crafted = complete;
		struct ct_arena arena = CT_ARENA_INIT;
		ct_autobuf bytes = CT_BUF_INIT;
		struct ct_err err = CT_ERR_INIT;
		struct elf_facts facts;

		crafted.narrow = i & 1;
		crafted.big = i & 2;
		craft(&bytes, &crafted);
		ck_assert_int_eq(elf_read(&facts, bytes.data, bytes.length, &arena, &err), 0);
		check_needed(&facts);
		check_texts(&facts);
		ck_assert_int_eq(facts.kind.wide, !crafted.narrow);
		ck_assert_int_eq(facts.kind.big, crafted.big);
		ck_assert_uint_eq(facts.kind.machine, crafted.narrow ? EM_386 : EM_X86_64);
		ct_arena_release(&arena);
	}
}
END_TEST

/* Read from memory of exactly that size, so that a sanitizer sees one byte too many. */
static int read_exactly(const void *bytes, size_t length)
{
	struct ct_arena arena = CT_ARENA_INIT;
	struct ct_err err = CT_ERR_INIT;
	struct elf_facts facts;
	char *copy = malloc(length ? length : 1);
	int result;

	memcpy(copy, bytes, length);
	result = elf_read(&facts, copy, length, &arena, &err);
	elf_read_hints(&facts, copy, length, &arena);
	if (result < 0) {
		ck_assert_str_eq(err.code, "I003");
		ck_assert_ptr_nonnull(strstr(err.message, "damaged ELF file"));
	}
	free(copy);
	ct_arena_release(&arena);
	return result;
}

START_TEST(elf_cut_anywhere)
{
	ct_autobuf bytes = CT_BUF_INIT;

	craft(&bytes, &complete);
	for (size_t length = 0; length < bytes.length; length++)
		(void)read_exactly(bytes.data, length);
	ck_assert_int_lt(read_exactly(bytes.data, 40), 0);
}
END_TEST

START_TEST(elf_every_byte_changed)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	ct_autobuf bytes = CT_BUF_INIT;
	size_t refused = 0;

	craft(&bytes, &complete);
	for (size_t at = 4; at < bytes.length; at++) {
		char before = bytes.data[at];

		for (size_t i = 0; i < sizeof(values); i++) {
			bytes.data[at] = (char)values[i];
			refused += read_exactly(bytes.data, bytes.length) < 0;
		}
		bytes.data[at] = before;
	}
	ck_assert_uint_gt(refused, 50);
}
END_TEST

/* Bytes at an offset, and what is said about them. */
static void expect_refused(size_t at, const void *bytes, size_t length, const char *reason)
{
	struct ct_arena arena = CT_ARENA_INIT;
	ct_autobuf file = CT_BUF_INIT;
	struct ct_err err = CT_ERR_INIT;
	struct elf_facts facts;

	craft(&file, &complete);
	memcpy(file.data + at, bytes, length);
	ck_assert_int_lt(elf_read(&facts, file.data, file.length, &arena, &err), 0);
	ck_assert_msg(strstr(err.message, reason) != NULL, "'%s' for '%s'", err.message, reason);
	ct_arena_release(&arena);
}

START_TEST(elf_refusals)
{
	size_t first = sizeof(Elf64_Ehdr), interpreter = first + 2 * sizeof(Elf64_Phdr);

	expect_refused(offsetof(Elf64_Ehdr, e_phnum), "\xff\xff", 2, "too many segments");
	expect_refused(offsetof(Elf64_Ehdr, e_phoff), "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "beyond its end");
	expect_refused(offsetof(Elf64_Ehdr, e_phentsize), "\x01\x00", 2, "beyond its end");
	expect_refused(interpreter + offsetof(Elf64_Phdr, p_filesz), "\x01\x00\x00\x00\x00\x00\x00\x00", 8, "no path");
	/* The strings lie outside of all that is loaded. */
	expect_refused(first + offsetof(Elf64_Phdr, p_vaddr), "\x00\x00\x00\x00\x00\x00\x00\x70", 8, "strings");
}
END_TEST

START_TEST(elf_what_does_not_run)
{
	struct ct_arena arena = CT_ARENA_INIT;
	ct_autobuf file = CT_BUF_INIT;
	struct ct_err err = CT_ERR_INIT;
	struct elf_facts facts;

	craft(&file, &complete);
	file.data[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
	ck_assert_int_eq(elf_read(&facts, file.data, file.length, &arena, &err), 0);
	ck_assert(!facts.runs);
	/* Debugging symbols of a program: its segments are listed and not there. */
	file.data[offsetof(Elf64_Ehdr, e_type)] = ET_DYN;
	ck_assert_int_eq(elf_read(&facts, file.data, sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr), &arena, &err), 0);
	ck_assert(!facts.runs);
	ct_arena_release(&arena);
}
END_TEST

START_TEST(elf_hints)
{
	static const char text[] = "cannot load libone.so.1, try \"libtwo.so\" (libthree.so.1.2)\0xlibfour.so\0"
				   "liba.so.1\0libself.so.1\0/opt/x/libfive.so.5\0lib.so\0libsix.sofa\0libseven.so.\0"
				   "dir/libeight.so\0libone.so.1\0lib%s.so\0libnine.so.1a";
	static const char *const expected[] = { "libone.so.1", "libtwo.so", "libthree.so.1.2", "/opt/x/libfive.so.5" };
	struct ct_arena arena = CT_ARENA_INIT;
	const char *needed[] = { "liba.so.1" };
	struct elf_facts facts = { .needed = needed, .needed_count = 1, .soname = "libself.so.1" };

	elf_read_hints(&facts, text, sizeof(text), &arena);
	ck_assert_uint_eq(facts.hint_count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(facts.hints[i], expected[i]);
	ct_arena_release(&arena);
}
END_TEST

START_TEST(elf_hints_are_bounded)
{
	struct ct_arena arena = CT_ARENA_INIT;
	ct_autobuf text = CT_BUF_INIT;
	struct elf_facts facts = { .runs = true };

	for (int i = 0; i < 1000; i++)
		ct_buf_printf(&text, "libx%d.so ", i);
	elf_read_hints(&facts, text.data, text.length, &arena);
	ck_assert_uint_eq(facts.hint_count, ELF_MAX_HINTS);
	ct_arena_release(&arena);
}
END_TEST

/* ---- scripts ---- */

START_TEST(script_lines)
{
	static const struct {
		const char *text, *interpreter, *argument; /* interpreter NULL: no script */
	} cases[] = {
		{ "#!/bin/sh\n", "/bin/sh", "" },
		{ "#! /usr/bin/env python3 -u \nx", "/usr/bin/env", "python3 -u" },
		{ "#!\t/bin/sh\t-e x", "/bin/sh", "-e x" },
		{ "#!/bin/sh", "/bin/sh", "" },
		{ "#!\n/bin/sh", NULL, NULL },
		{ "#!sh\n", NULL, NULL },
		{ "# !/bin/sh\n", NULL, NULL },
		{ "#", NULL, NULL },
		{ "", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script;
		bool is = script_read(&script, cases[i].text, strlen(cases[i].text));

		ck_assert_int_eq(is, cases[i].interpreter != NULL);
		if (!is)
			continue;
		ck_assert_str_eq(script.interpreter, cases[i].interpreter);
		ck_assert_str_eq(script.argument, cases[i].argument);
	}
}
END_TEST

START_TEST(script_line_too_long)
{
	char text[1000] = "#!/bin/sh ";
	struct script script;

	memset(text + 10, 'x', sizeof(text) - 10);
	ck_assert(script_read(&script, text, sizeof(text)));
	ck_assert_str_eq(script.interpreter, "/bin/sh");
	ck_assert_uint_lt(strlen(script.argument), SCRIPT_MAX_LINE);
}
END_TEST

START_TEST(script_env)
{
	static const struct {
		const char *argument, *program;
	} cases[] = {
		{ "python3", "python3" },
		{ "-S python3 -u", "python3" },
		{ "-Spython3 -u", "python3" },
		{ "-i A=b -u HOME perl", "perl" },
		{ "--chdir /tmp node", "node" },
		{ "", NULL },
		{ "-i A=b", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[SCRIPT_MAX_LINE];

		ck_assert_int_eq(script_env_program(cases[i].argument, name), cases[i].program != NULL);
		if (cases[i].program)
			ck_assert_str_eq(name, cases[i].program);
	}
}
END_TEST

START_TEST(shell_text)
{
	static const char text[] = "redis-cli ping | grep -q 'PONG' && exit 0; # curl is not run\n"
				   "if [ \"$x\" = y ]; then exec \"/usr/bin/a b\" ${HOME}/c; fi; X=1 id>out\necho a#b";
	static const char *const expected[] = { "redis-cli",  "ping", "grep", "PONG", "0",  "y",   "]",
						"/usr/bin/a", "b",    "HOME", "/c",   "id", "out", "a#b" };
	struct shell_words words = { .text = text, .length = strlen(text) };
	char word[SHELL_MAX_WORD];
	size_t count = 0;

	while (shell_words_next(&words, word)) {
		ck_assert_uint_lt(count, sizeof(expected) / sizeof(expected[0]));
		ck_assert_str_eq(word, expected[count++]);
	}
	ck_assert_uint_eq(count, sizeof(expected) / sizeof(expected[0]));
}
END_TEST

/* ---- the loader's cache ---- */

START_TEST(cache_order)
{
	ck_assert_int_lt(loader_cache_compare("liba.so.9", "liba.so.10"), 0);
	ck_assert_int_gt(loader_cache_compare("libb.so.1", "liba.so.2"), 0);
	ck_assert_int_eq(loader_cache_compare("liba.so.1", "liba.so.1"), 0);
	ck_assert_int_gt(loader_cache_compare("lib1.so", "liba.so"), 0);
	ck_assert_int_eq(loader_cache_compare("liba.so.01", "liba.so.1"), 0);
	ck_assert_int_lt(loader_cache_compare("liba.so.99999999999999999999", "liba.so.100000000000000000000"), 0);
}
END_TEST

static uint32_t number_at(const char *bytes)
{
	const unsigned char *at = (const unsigned char *)bytes;

	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

START_TEST(cache_bytes)
{
	struct loader_cache_item items[] = { { "liba.so.9", "/x/liba.so.9", 0x303 },
					     { "liba.so.10", "/x/liba.so.10", 0x303 } };
	ct_autobuf out = CT_BUF_INIT;

	loader_cache_format(&out, items, 2);
	ck_assert_int_eq(memcmp(out.data, "glibc-ld.so.cache1.1", 20), 0);
	ck_assert_uint_eq(number_at(out.data + 20), 2);
	ck_assert_uint_eq(number_at(out.data + 24), out.length - 48 - 2 * 24);
	ck_assert_uint_eq(number_at(out.data + 48), 0x303);
	ck_assert_str_eq(out.data + number_at(out.data + 52), "liba.so.10");
	ck_assert_str_eq(out.data + number_at(out.data + 56), "/x/liba.so.10");
	ck_assert_str_eq(out.data + number_at(out.data + 76), "liba.so.9");
	ck_assert_str_eq(out.data + number_at(out.data + 80), "/x/liba.so.9");
}
END_TEST

/* ---- roots of crafted files ---- */

static char root[] = "/tmp/ctst-unit-slim.XXXXXX";
static int root_fd;
static struct slim slim;

static void make_root(void)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
	slim_start(&slim, root_fd);
	slim.what = "the root";
}

static void remove_root(void)
{
	slim_release(&slim);
	close(root_fd);
	ck_assert_int_eq(ct_remove_tree_at(AT_FDCWD, root), 0);
}

static void make_parents(const char *path)
{
	ct_autofree char *full = ct_asprintf("%s%s", root, path);

	*strrchr(full, '/') = '\0';
	ck_assert_int_eq(ct_make_directories(full, 0755), 0);
}

static void write_file(const char *path, mode_t mode, const void *bytes, size_t length)
{
	ct_autofree char *full = ct_asprintf("%s%s", root, path);
	ct_autoclose int fd = -1;

	make_parents(path);
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ct_write_all(fd, bytes, length), 0);
}

static void write_text(const char *path, mode_t mode, const char *text)
{
	write_file(path, mode, text, strlen(text));
}

static void write_elf(const char *path, struct crafted crafted)
{
	ct_autobuf bytes = CT_BUF_INIT;

	craft(&bytes, &crafted);
	write_file(path, 0755, bytes.data, bytes.length);
}

static void link_to(const char *path, const char *target)
{
	ct_autofree char *full = ct_asprintf("%s%s", root, path);

	make_parents(path);
	ck_assert_int_eq(symlink(target, full), 0);
}

static bool has(const char *path)
{
	return tree_find(&slim.tree, path) != TREE_NOTHING;
}

static const char *why(const char *path)
{
	uint32_t index = tree_find(&slim.tree, path);

	return index == TREE_NOTHING ? "" : slim.tree.entries[index].reason;
}

/* The closure of one program. */
static int take(const char *program, struct ct_err *err)
{
	*err = (struct ct_err)CT_ERR_INIT;
	return slim_take_command(&slim, &program, 1, "the test", err) < 0 ? -1 : closure_run(&slim, err);
}

START_TEST(finds_chains_of_links)
{
	auto_found found = FOUND_INIT;

	write_text("/usr/lib/libx.so.1.2", 0644, "x");
	link_to("/usr/lib/libx.so.1", "libx.so.1.2");
	link_to("/lib", "usr/lib");
	link_to("/opt/x", "/lib/libx.so.1");
	link_to("/up", "../../../lib");
	link_to("/loop", "loop");
	ck_assert_int_eq(slim_find(&slim, "/opt/x", &found), 0);
	ck_assert_str_eq(found.path, "usr/lib/libx.so.1.2");
	ck_assert_uint_eq(found.link_count, 3);
	ck_assert_str_eq(found.texts.data + found.links[0].path, "opt/x");
	ck_assert_str_eq(found.texts.data + found.links[0].target, "/lib/libx.so.1");
	ck_assert_str_eq(found.texts.data + found.links[1].path, "lib");
	ck_assert_str_eq(found.texts.data + found.links[2].path, "usr/lib/libx.so.1");
	ck_assert_int_eq(slim_find(&slim, "/up/./../lib/libx.so.1", &found), 0);
	ck_assert_str_eq(found.path, "usr/lib/libx.so.1.2");
	ck_assert_int_eq(slim_find(&slim, "/", &found), 0);
	ck_assert_str_eq(found.path, "");
	ck_assert_int_lt(slim_find(&slim, "/loop", &found), 0);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_lt(slim_find(&slim, "/usr/lib/libx.so.1/y", &found), 0);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_lt(slim_find(&slim, "/usr/none", &found), 0);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_ne(slim_take_path(&slim, "/opt/x", "t"), TREE_NOTHING);
	ck_assert(has("opt/x") && has("lib") && has("usr/lib/libx.so.1") && has("usr/lib/libx.so.1.2") && has("usr"));
}
END_TEST

#define LOADER "/lib64/ld-linux-x86-64.so.2"

static void write_loader(void)
{
	write_elf(LOADER, (struct crafted){ .soname = "ld-linux-x86-64.so.2" });
}

START_TEST(searches_default_directories)
{
	struct ct_err err;

	write_loader();
	write_text("/etc/ld.so.conf", 0644, "include /etc/ld.so.conf.d/*.conf # and no more\n/opt/last\n");
	write_text("/etc/ld.so.conf.d/a.conf", 0644, "/opt/first\n");
	write_text("/etc/ld.so.conf.d/b.txt", 0644, "/opt/not\n");
	write_elf("/bin/p", (struct crafted){ .interpreter = LOADER, .needed = { "liba.so", "libb.so", "libc.so.9" } });
	write_elf("/opt/first/liba.so", (struct crafted){ .narrow = true });
	write_elf("/opt/last/liba.so", (struct crafted){ .needed = { "libd.so" } });
	write_elf("/usr/lib/x86_64-linux-gnu/libb.so", (struct crafted){ .soname = "libd.so" });
	write_elf("/lib/libc.so.9", (struct crafted){ .narrow = false });
	ck_assert_int_eq(take("/bin/p", &err), 0);
	ck_assert(has("opt/last/liba.so") && has("usr/lib/x86_64-linux-gnu/libb.so") && has("lib/libc.so.9"));
	ck_assert(!has("opt/first/liba.so"));
	ck_assert_str_eq(why("lib64/ld-linux-x86-64.so.2"), "the loader of /bin/p");
	ck_assert_str_eq(why("opt/last/liba.so"), "needed by /bin/p");
	loader_cache_take(&slim);
	/* Nothing here is glibc itself. */
	ck_assert(!has("etc/ld.so.cache"));
}
END_TEST

START_TEST(a_missing_library_names_who_needs_it)
{
	struct ct_err err;

	write_loader();
	write_elf("/bin/p", (struct crafted){ .interpreter = LOADER, .needed = { "liba.so" } });
	write_elf("/lib/liba.so", (struct crafted){ .needed = { "libgone.so.7" } });
	ck_assert_int_lt(take("/bin/p", &err), 0);
	ck_assert_str_eq(err.code, "I003");
	ck_assert_ptr_nonnull(strstr(err.message, "'/lib/liba.so' needs the library 'libgone.so.7'"));
	ck_assert_int_lt(take("/bin/none", &err), 0);
	ck_assert_str_eq(err.code, "I001");
	write_elf("/bin/m", (struct crafted){ .interpreter = "/lib/ld-none.so.1" });
	ck_assert_int_lt(take("/bin/m", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "needs the loader '/lib/ld-none.so.1'"));
}
END_TEST

/* ld.so(8): RPATH of the object and of all that loaded it, unless the object has a RUNPATH, which counts for it alone. */
START_TEST(rpath_is_inherited_and_runpath_is_not)
{
	struct ct_err err;

	write_loader();
	write_elf("/app/p", (struct crafted){ .interpreter = LOADER, .rpath = "$ORIGIN/r", .needed = { "liba.so" } });
	write_elf("/app/r/liba.so", (struct crafted){ .needed = { "libdeep.so" } });
	write_elf("/app/r/libdeep.so", (struct crafted){ .soname = "libdeep.so" });
	ck_assert_int_eq(take("/app/p", &err), 0);
	ck_assert(has("app/r/libdeep.so"));

	write_elf("/run/p",
		  (struct crafted){ .interpreter = LOADER, .runpath = "${ORIGIN}/r", .needed = { "libq.so" } });
	write_elf("/run/r/libq.so", (struct crafted){ .needed = { "libdeeper.so" } });
	write_elf("/run/r/libdeeper.so", (struct crafted){ .soname = "libdeeper.so" });
	ck_assert_int_lt(take("/run/p", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "'/run/r/libq.so' needs the library 'libdeeper.so'"));
}
END_TEST

START_TEST(a_runpath_switches_the_rpath_off)
{
	struct ct_err err;

	write_loader();
	write_elf("/app/p",
		  (struct crafted){
			  .interpreter = LOADER, .rpath = "/app/r", .runpath = "/app/u", .needed = { "liba.so" } });
	write_elf("/app/r/liba.so", (struct crafted){ .soname = "liba.so" });
	write_elf("/usr/lib/liba.so", (struct crafted){ .soname = "liba.so" });
	ck_assert_int_eq(take("/app/p", &err), 0);
	ck_assert(!has("app/r/liba.so") && has("usr/lib/liba.so"));
	/* For what its libraries need too. */
	write_elf("/app/q",
		  (struct crafted){
			  .interpreter = LOADER, .rpath = "/app/r", .runpath = "/app/u", .needed = { "libu.so" } });
	write_elf("/app/u/libu.so", (struct crafted){ .needed = { "libr.so" } });
	write_elf("/app/r/libr.so", (struct crafted){ .soname = "libr.so" });
	ck_assert_int_lt(take("/app/q", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "'/app/u/libu.so' needs the library 'libr.so'"));
}
END_TEST

START_TEST(tokens_and_no_default_directories)
{
	struct ct_err err;

	write_loader();
	write_elf("/app/p", (struct crafted){ .interpreter = LOADER,
					      .flags = DF_1_NODEFLIB,
					      .runpath = "/app/$LIB/$PLATFORM",
					      .needed = { "liba.so" } });
	write_elf("/app/lib64/x86_64/liba.so", (struct crafted){ .soname = "liba.so" });
	ck_assert_int_eq(take("/app/p", &err), 0);
	ck_assert(has("app/lib64/x86_64/liba.so"));
	write_elf("/app/q", (struct crafted){ .interpreter = LOADER, .flags = DF_1_NODEFLIB, .needed = { "libb.so" } });
	write_elf("/usr/lib/libb.so", (struct crafted){ .soname = "libb.so" });
	ck_assert_int_lt(take("/app/q", &err), 0);
}
END_TEST

START_TEST(variants_for_newer_processors_come_along)
{
	struct ct_err err;

	write_loader();
	write_elf("/app/p", (struct crafted){ .interpreter = LOADER, .needed = { "liba.so" } });
	write_elf("/usr/lib/liba.so", (struct crafted){ .soname = "liba.so" });
	write_elf("/usr/lib/glibc-hwcaps/x86-64-v3/liba.so",
		  (struct crafted){ .soname = "liba.so", .needed = { "libfast.so" } });
	write_elf("/usr/lib/libfast.so", (struct crafted){ .soname = "libfast.so" });
	write_elf("/usr/lib/glibc-hwcaps/x86-64-v2/libother.so", (struct crafted){ .soname = "libother.so" });
	ck_assert_int_eq(take("/app/p", &err), 0);
	ck_assert(has("usr/lib/liba.so") && has("usr/lib/glibc-hwcaps/x86-64-v3/liba.so") && has("usr/lib/libfast.so"));
	ck_assert(!has("usr/lib/glibc-hwcaps/x86-64-v2/libother.so"));
}
END_TEST

START_TEST(musl_has_its_own_search)
{
	struct ct_err err;

	write_elf("/lib/ld-musl-x86_64.so.1", (struct crafted){ .soname = "libc.musl-x86_64.so.1" });
	write_text("/etc/ld-musl-x86_64.path", 0644, "/opt/a:/opt/b\n/opt/c\n");
	write_elf("/bin/p", (struct crafted){ .interpreter = "/lib/ld-musl-x86_64.so.1",
					      .runpath = "/app",
					      .needed = { "liba.so", "libc.musl-x86_64.so.1", "libpthread.so.0" } });
	write_elf("/app/liba.so", (struct crafted){ .needed = { "libdeep.so", "libb.so" } });
	write_elf("/app/libdeep.so", (struct crafted){ .soname = "libdeep.so" });
	write_elf("/opt/c/libb.so", (struct crafted){ .soname = "libb.so" });
	ck_assert_int_eq(take("/bin/p", &err), 0);
	ck_assert(has("app/libdeep.so") && has("opt/c/libb.so") && has("etc/ld-musl-x86_64.path"));
	loader_cache_take(&slim);
	ck_assert(!has("etc/ld.so.cache"));
}
END_TEST

START_TEST(a_cache_lists_the_libraries_of_glibc)
{
	struct ct_err err;
	const struct tree_entry *cache;
	uint32_t index;

	write_loader();
	write_text("/etc/ld.so.conf", 0644, "/opt/lib\n");
	write_elf("/bin/p", (struct crafted){ .interpreter = LOADER, .needed = { "libc.so.6", "liba.so.1" } });
	write_elf("/lib/libc.so.6", (struct crafted){ .soname = "libc.so.6" });
	write_elf("/opt/lib/liba.so.1.5", (struct crafted){ .soname = "liba.so.1" });
	link_to("/opt/lib/liba.so.1", "liba.so.1.5");
	ck_assert_int_eq(take("/bin/p", &err), 0);
	loader_cache_take(&slim);
	index = tree_find(&slim.tree, "etc/ld.so.cache");
	ck_assert_uint_ne(index, TREE_NOTHING);
	cache = &slim.tree.entries[index];
	ck_assert_uint_eq(number_at(cache->text + 20), 3);
	ck_assert_uint_eq(number_at(cache->text + 48), 0x303);
	ck_assert_str_eq(cache->text + number_at(cache->text + 52), "libc.so.6");
	ck_assert_str_eq(cache->text + number_at(cache->text + 56), "/lib/libc.so.6");
	ck_assert_str_eq(cache->text + number_at(cache->text + 76), "liba.so.1.5");
	ck_assert_str_eq(cache->text + number_at(cache->text + 100), "liba.so.1");
	ck_assert_str_eq(cache->text + number_at(cache->text + 104), "/opt/lib/liba.so.1");
}
END_TEST

START_TEST(scripts_bring_their_interpreters)
{
	struct ct_err err;

	write_loader();
	write_elf("/bin/sh", (struct crafted){ .interpreter = LOADER });
	write_elf("/usr/bin/env", (struct crafted){ .interpreter = LOADER });
	write_elf("/usr/bin/lua", (struct crafted){ .interpreter = LOADER, .needed = { "liblua.so" } });
	write_elf("/usr/lib/liblua.so", (struct crafted){ .soname = "liblua.so" });
	write_elf("/usr/bin/tool", (struct crafted){ .interpreter = LOADER });
	write_text("/app/start", 0755, "#!/bin/sh\n# other\nexec /app/main tool\n");
	write_elf("/usr/bin/other", (struct crafted){ .interpreter = LOADER });
	write_text("/app/main", 0755, "#!/usr/bin/env -S lua -x\n");
	ck_assert_int_eq(take("/app/start", &err), 0);
	ck_assert(has("bin/sh") && has("app/main") && has("usr/bin/env") && has("usr/bin/lua") &&
		  has("usr/lib/liblua.so"));
	ck_assert(has("usr/bin/tool") && !has("usr/bin/other"));
	write_text("/app/broken", 0755, "#!/usr/bin/env none\n");
	ck_assert_int_lt(take("/app/broken", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "'/app/broken' is run by 'none'"));
	/* One that runs itself ends all the same. */
	write_text("/app/self", 0755, "#!/app/self\n");
	ck_assert_int_eq(take("/app/self", &err), 0);
}
END_TEST

static int take_argv(const char *const *argv, struct ct_err *err)
{
	size_t count = 0;

	while (argv[count])
		count++;
	*err = (struct ct_err)CT_ERR_INIT;
	return slim_take_command(&slim, argv, count, "the test", err) < 0 ? -1 : closure_run(&slim, err);
}

START_TEST(commands_bring_what_they_name)
{
	struct ct_err err;

	write_loader();
	write_elf("/bin/sh", (struct crafted){ .interpreter = LOADER });
	write_elf("/usr/bin/timeout", (struct crafted){ .interpreter = LOADER });
	write_elf("/usr/bin/cli", (struct crafted){ .interpreter = LOADER });
	write_elf("/usr/bin/ping", (struct crafted){ .interpreter = LOADER });
	write_text("/etc/cli.conf", 0644, "x");
	write_text("/app/data/deep/file", 0644, "x");
	slim.workdir = "/app";
	ck_assert_int_eq(take_argv((const char *[]){ "cli", "ping", "-f", "/etc/cli.conf", "/app/data", "${env.X}",
						     NULL },
				   &err),
			 0);
	ck_assert(has("usr/bin/cli") && has("etc/cli.conf") && has("app/data/deep/file"));
	/* A word that only looks like a program is none of a program that starts nothing. */
	ck_assert(!has("usr/bin/ping") && !has("bin/sh"));
	ck_assert_int_eq(take_argv((const char *[]){ "timeout", "5", "sh", "-ec", "ping x", NULL }, &err), 0);
	ck_assert(has("bin/sh") && has("usr/bin/ping"));
	ck_assert_int_lt(take_argv((const char *[]){ "${env.X}", NULL }, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "not known before the run"));
	ck_assert_int_lt(take_argv((const char *[]){ "/etc/cli.conf", NULL }, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "not a file that can be executed"));
}
END_TEST

START_TEST(trees_are_lenient)
{
	struct ct_err err = CT_ERR_INIT;

	write_loader();
	write_elf("/mod/a.so", (struct crafted){ .needed = { "libgone.so" } });
	write_text("/mod/broken.so", 0644, "\177ELF\2\1\1 and no more than that, which is not enough for a header");
	write_text("/mod/script", 0755, "#!/bin/none\n");
	link_to("/mod/nowhere", "/none");
	link_to("/mod/self", ".");
	link_to("/mod/out", "/data");
	write_text("/data/x", 0644, "x");
	ck_assert_int_eq(slim_include(&slim, "/mod", "asked for", &err), 0);
	ck_assert_int_eq(closure_run(&slim, &err), 0);
	ck_assert(has("mod/a.so") && has("mod/nowhere"));
	ck_assert(has("mod/self"));
	ck_assert(has("data/x"));
	ck_assert_uint_eq(slim.note_count, 2);
	ck_assert_ptr_nonnull(strstr(slim.notes[0].text, "'/mod/a.so' needs the library 'libgone.so'"));
	ck_assert_ptr_nonnull(strstr(slim.notes[1].text, "'/mod/broken.so' was not looked at"));
	ck_assert_int_lt(slim_include(&slim, "/none", "asked for", &err), 0);
	ck_assert_str_eq(err.code, "I001");
	/* The same file by itself is an error. */
	ck_assert_int_eq(slim_include(&slim, "/data/x", "asked for", &err), 0);
}
END_TEST

START_TEST(what_may_be_loaded_is_told_when_it_is_there)
{
	struct ct_err err;

	write_loader();
	write_elf("/bin/p", (struct crafted){ .interpreter = LOADER, .text = "libplug.so.1 libnone.so.1" });
	write_elf("/usr/lib/libplug.so.1", (struct crafted){ .soname = "libplug.so.1" });
	ck_assert_int_eq(take("/bin/p", &err), 0);
	ck_assert_uint_eq(slim.note_count, 1);
	ck_assert_int_eq(slim.notes[0].kind, SLIM_NOTE_RUNTIME);
	ck_assert_str_eq(slim.notes[0].include, "/usr/lib/libplug.so.1");
	ck_assert(report_note_matters(&slim, &slim.notes[0]));
	ck_assert_int_eq(slim_include(&slim, "/usr/lib/libplug.so.1", "asked for", &err), 0);
	ck_assert(!report_note_matters(&slim, &slim.notes[0]));
}
END_TEST

START_TEST(what_the_c_library_reads)
{
	struct ct_err err;

	write_loader();
	write_elf("/bin/p", (struct crafted){ .interpreter = LOADER, .needed = { "libc.so.6" } });
	write_elf("/usr/lib/libc.so.6", (struct crafted){ .soname = "libc.so.6" });
	write_elf("/usr/lib/libgcc_s.so.1", (struct crafted){ .soname = "libgcc_s.so.1" });
	write_text("/etc/nsswitch.conf", 0644,
		   "# passwd: none\npasswd: files mine\nhosts:\tdns [!UNAVAIL=return] other # last\n");
	write_elf("/lib/libnss_mine.so.2", (struct crafted){ .needed = { "libidm.so" } });
	write_elf("/lib/libidm.so", (struct crafted){ .soname = "libidm.so" });
	write_elf("/usr/lib/libnss_other.so.2", (struct crafted){ .soname = "libnss_other.so.2" });
	write_elf("/usr/lib/libnss_last.so.2", (struct crafted){ .soname = "libnss_last.so.2" });
	write_elf("/usr/lib/libnss_none.so.2", (struct crafted){ .soname = "libnss_none.so.2" });
	write_text("/etc/passwd", 0644, "its own\n");
	write_text("/usr/lib/locale/xx_YY.utf8/LC_CTYPE", 0644, "x");
	write_text("/usr/share/zoneinfo/Europe/Berlin", 0644, "x");
	write_text("/usr/share/zoneinfo/Europe/Paris", 0644, "x");
	slim.locales[slim.locale_count++] = (struct slim_locale){ "xx_YY.UTF-8", false };
	slim.zones[slim.zone_count++] = ":Europe/Berlin";
	slim.zones[slim.zone_count++] = "../../../etc/ld.so.conf";
	ck_assert_int_eq(take("/bin/p", &err), 0);
	ck_assert_int_eq(accompany(&slim, &err), 0);
	ck_assert(has("usr/lib/libgcc_s.so.1") && has("etc/nsswitch.conf") && has("etc/passwd"));
	ck_assert(has("lib/libnss_mine.so.2") && has("lib/libidm.so") && has("usr/lib/libnss_other.so.2"));
	ck_assert(!has("usr/lib/libnss_last.so.2") && !has("usr/lib/libnss_none.so.2"));
	ck_assert(has("usr/lib/locale/xx_YY.utf8/LC_CTYPE") && has("usr/share/zoneinfo/Europe/Berlin"));
	ck_assert(!has("usr/share/zoneinfo/Europe/Paris") && !has("etc/ssl"));
}
END_TEST

START_TEST(configuration_that_includes_itself)
{
	struct directories directories = { .count = 0 };
	struct elf_kind kind = { EM_AARCH64, true, false };

	write_text("/etc/ld.so.conf", 0644, "include ld.so.conf\n/a/b c/d /e=libc6\nhwcap 0 x\ninclude /etc/none/*\n");
	directories_of_glibc(&slim, kind, &directories);
	ck_assert_str_eq(directories.items[0], "/a/b");
	ck_assert_str_eq(directories.items[1], "/e");
	ck_assert_str_eq(directories.items[2], "/lib/aarch64-linux-gnu");
	ck_assert_uint_eq(directories.count, 8);
}
END_TEST

static Suite *slim_suite(void)
{
	Suite *suite = suite_create("slim");
	TCase *pure = tcase_create("text and bytes");
	TCase *roots = tcase_create("roots");

	tcase_add_test(pure, elf_every_class_and_order);
	tcase_add_test(pure, elf_cut_anywhere);
	tcase_add_test(pure, elf_every_byte_changed);
	tcase_add_test(pure, elf_refusals);
	tcase_add_test(pure, elf_what_does_not_run);
	tcase_add_test(pure, elf_hints);
	tcase_add_test(pure, elf_hints_are_bounded);
	tcase_add_test(pure, script_lines);
	tcase_add_test(pure, script_line_too_long);
	tcase_add_test(pure, script_env);
	tcase_add_test(pure, shell_text);
	tcase_add_test(pure, cache_order);
	tcase_add_test(pure, cache_bytes);
	suite_add_tcase(suite, pure);
	tcase_add_checked_fixture(roots, make_root, remove_root);
	tcase_add_test(roots, finds_chains_of_links);
	tcase_add_test(roots, searches_default_directories);
	tcase_add_test(roots, a_missing_library_names_who_needs_it);
	tcase_add_test(roots, rpath_is_inherited_and_runpath_is_not);
	tcase_add_test(roots, a_runpath_switches_the_rpath_off);
	tcase_add_test(roots, tokens_and_no_default_directories);
	tcase_add_test(roots, variants_for_newer_processors_come_along);
	tcase_add_test(roots, musl_has_its_own_search);
	tcase_add_test(roots, a_cache_lists_the_libraries_of_glibc);
	tcase_add_test(roots, scripts_bring_their_interpreters);
	tcase_add_test(roots, commands_bring_what_they_name);
	tcase_add_test(roots, trees_are_lenient);
	tcase_add_test(roots, what_may_be_loaded_is_told_when_it_is_there);
	tcase_add_test(roots, what_the_c_library_reads);
	tcase_add_test(roots, configuration_that_includes_itself);
	suite_add_tcase(suite, roots);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(slim_suite());
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
