#include "ctst-image/slim/loader_cache.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/slim/library_directories.h"
#include "ctst-image/slim/machine.h"

#define HEADER_BYTES 48
#define ENTRY_BYTES 24
#define FLAG_LITTLE_ENDIAN 2 /* cache_file_new_flags_endian_little */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Any length of digits, without a number that could overflow. */
static int compare_numbers(const char **left, const char **right)
{
	size_t left_length, right_length;
	int result;

	while (**left == '0' && is_digit((*left)[1]))
		(*left)++;
	while (**right == '0' && is_digit((*right)[1]))
		(*right)++;
	left_length = strspn(*left, "0123456789");
	right_length = strspn(*right, "0123456789");
	if (left_length != right_length)
		return left_length < right_length ? -1 : 1;
	result = strncmp(*left, *right, left_length);
	*left += left_length;
	*right += right_length;
	return result;
}

int loader_cache_compare(const char *left, const char *right)
{
	while (*left) {
		if (is_digit(*left) && is_digit(*right)) {
			int result = compare_numbers(&left, &right);

			if (result)
				return result;
		} else if (is_digit(*left)) {
			return 1;
		} else if (is_digit(*right)) {
			return -1;
		} else if (*left != *right) {
			return *left - *right;
		} else {
			left++;
			right++;
		}
	}
	return *left - *right;
}

/* Descending: that is the order the loader's binary search expects. */
static int compare_items(const void *left, const void *right)
{
	const struct loader_cache_item *a = left, *b = right;
	int result = loader_cache_compare(b->name, a->name);

	return result ? result : strcmp(a->path, b->path);
}

static void put_number(struct ct_buf *out, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		ct_buf_putc(out, (char)(value & 0xff));
		value >>= 8;
	}
}

void loader_cache_format(struct ct_buf *out, struct loader_cache_item *items, size_t count)
{
	ct_autobuf strings = CT_BUF_INIT;
	uint32_t base = (uint32_t)(HEADER_BYTES + ENTRY_BYTES * count);
	ct_autobuf entries = CT_BUF_INIT;

	if (count > 1)
		qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0; i < count; i++) {
		put_number(&entries, items[i].flags, 4);
		put_number(&entries, base + strings.length, 4);
		ct_buf_append(&strings, items[i].name, strlen(items[i].name) + 1);
		put_number(&entries, base + strings.length, 4);
		ct_buf_append(&strings, items[i].path, strlen(items[i].path) + 1);
		put_number(&entries, 0, 4 + 8); /* no kernel version, no processor asked for */
	}
	ct_buf_puts(out, "glibc-ld.so.cache1.1");
	put_number(out, count, 4);
	put_number(out, strings.length, 4);
	put_number(out, FLAG_LITTLE_ENDIAN, 1);
	put_number(out, 0, 3 + 4 + 12); /* no extensions */
	ct_buf_append(out, entries.data, entries.length);
	ct_buf_append(out, strings.data, strings.length);
}

/* Of libraries that one loader loads. */
struct listing {
	struct slim *slim;
	const struct machine *machine;
	struct loader_cache_item *items;
	size_t count, capacity;
	struct ct_names names; /* the first directory that has one is the one it is taken from */
};

static void add_item(struct listing *listing, const char *directory, const char *name)
{
	if (!ct_names_add(&listing->names, ct_slice_of(name), 0, NULL))
		return;
	if (listing->count == listing->capacity) {
		listing->capacity = listing->capacity ? 2 * listing->capacity : 64;
		listing->items = ct_realloc_array(listing->items, listing->capacity, sizeof(*listing->items));
	}
	listing->items[listing->count++] = (struct loader_cache_item){
		name, slim_text(listing->slim, "%s/%s", directory, name), listing->machine->cache_flags
	};
}

/* A library, or a link to one, of the right kind. */
static bool is_library(struct listing *listing, const struct tree_entry *entry, const char *name)
{
	const struct tree *tree = &listing->slim->tree;
	auto_found found = FOUND_INIT;
	uint32_t index;

	if ((strncmp(name, "lib", 3) != 0 && strncmp(name, "ld-", 3) != 0) || !strstr(name, ".so"))
		return false;
	if (entry->kind == TREE_LINK) {
		if (slim_find(listing->slim, entry->path, &found) < 0)
			return false;
		index = tree_find(tree, found.path);
		entry = index == TREE_NOTHING ? entry : &tree->entries[index];
	}
	return entry->kind == TREE_FILE && entry->elf && machine_find(entry->elf->kind) == listing->machine;
}

static void list_directory(struct listing *listing, const char *directory)
{
	const struct tree *tree = &listing->slim->tree;
	auto_found found = FOUND_INIT;
	size_t length;

	if (slim_find(listing->slim, directory, &found) < 0)
		return;
	length = strlen(found.path);
	for (size_t i = 0; i < tree->count; i++) {
		const char *path = tree->entries[i].path;

		if (strncmp(path, found.path, length) != 0 || path[length] != '/' || strchr(path + length + 1, '/'))
			continue;
		if (is_library(listing, &tree->entries[i], path + length + 1))
			add_item(listing, directory, path + length + 1);
	}
}

/* The C library of glibc itself says that its loader is there, and for which machine. */
static const struct machine *next_machine(const struct slim *slim, size_t *at)
{
	for (; *at < slim->tree.count; ++*at) {
		const struct elf_facts *elf = slim->tree.entries[*at].elf;

		if (elf && elf->soname && strcmp(elf->soname, "libc.so.6") == 0 && machine_find(elf->kind)) {
			++*at;
			return machine_find(elf->kind);
		}
	}
	return NULL;
}

static void list_machine(struct listing *listing)
{
	struct directories directories = { .count = 0 };

	directories_of_glibc(listing->slim, listing->machine->kind, &directories);
	for (size_t i = 0; i < directories.count; i++)
		list_directory(listing, directories.items[i]);
	ct_names_clear(&listing->names);
}

void loader_cache_take(struct slim *slim)
{
	struct listing listing = { .slim = slim };
	const struct machine *seen[4];
	size_t at = 0, count = 0;

	while (count < 4 && (listing.machine = next_machine(slim, &at))) {
		bool again = listing.machine->kind.big;

		for (size_t i = 0; i < count; i++)
			again |= seen[i] == listing.machine;
		if (again)
			continue;
		seen[count++] = listing.machine;
		list_machine(&listing);
	}
	if (listing.count > 0) {
		ct_autobuf text = CT_BUF_INIT;

		loader_cache_format(&text, listing.items, listing.count);
		slim_take_text(slim, "etc/ld.so.cache", 0644, text.data, text.length,
			       "tells the loader where libraries are");
	}
	free(listing.items);
	ct_names_release(&listing.names);
}
