/* ctst-image: what decides about digests, names, pins and freshness. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/digest.h"
#include "common/file.h"
#include "ctst-image/canonical.h"
#include "ctst-image/choose.h"
#include "ctst-image/decompress.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/platform.h"
#include "ctst-image/presets.h"
#include "ctst-image/reference.h"
#include "ctst-image/sparse.h"
#include "ctst-image/stat_index.h"
#include "ctst-image/unpack.h"
#include "ctst-image/uri.h"
#include "ctst-image/whiteouts.h"

#define PIN "sha256:a5102c52db0aae8b7b8ac7883e9b3fbd95e35b71ec28a0b19de5a94d2a6fd8b3"

/* ---- canonical tar ---- */

static const struct {
	const char *path;
	mode_t mode;
	const char *content; /* of a file, or a link's target */
} vector[] = {
	{ "bin", S_IFDIR | 0700, NULL },     { "bin/app", S_IFREG | 0755, "#!/bin/sh\necho hi\n" },
	{ "bin/sh", S_IFLNK | 0777, "app" }, { "etc", S_IFDIR | 0755, NULL },
	{ "etc/a", S_IFDIR | 0755, NULL },   { "etc/a/f", S_IFREG | 0640, "x\n" },
	{ "etc-x", S_IFDIR | 0755, NULL },   { "etc-x/g", S_IFREG | 0600, "y" },
};

#define VECTOR_COUNT (sizeof(vector) / sizeof(vector[0]))

START_TEST(canonical_vector)
{
	static const char zeros[2 * CANONICAL_BLOCK];
	char digest[CT_DIGEST_LENGTH + 1];
	ct_autobuf tar = CT_BUF_INIT;

	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		bool is_file = S_ISREG(vector[i].mode);
		int64_t size = is_file ? (int64_t)strlen(vector[i].content) : 0;

		canonical_header(&tar, vector[i].path, vector[i].mode, size, is_file ? NULL : vector[i].content);
		if (is_file) {
			ct_buf_puts(&tar, vector[i].content);
			ct_buf_append(&tar, zeros, canonical_padding(size));
		}
	}
	ct_buf_append(&tar, zeros, sizeof(zeros));
	ct_digest(tar.data, tar.length, digest);
	ck_assert_uint_eq(tar.length, 6656);
	ck_assert_str_eq(digest, PIN);
}
END_TEST

START_TEST(canonical_order)
{
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		for (size_t j = 0; j < VECTOR_COUNT; j++) {
			int order = canonical_compare(vector[i].path, vector[j].path);

			ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
	ck_assert_int_lt(canonical_compare("a\x7f", "a\x80"), 0);
}
END_TEST

START_TEST(canonical_long_names)
{
	ct_autobuf tar = CT_BUF_INIT;
	char name[302];

	memset(name, 'n', sizeof(name));
	name[100] = '\0';
	canonical_header(&tar, name, S_IFREG | 0644, 0, NULL);
	ck_assert_uint_eq(tar.length, CANONICAL_BLOCK);
	ct_buf_clear(&tar);
	name[100] = 'n';
	name[101] = '\0';
	canonical_header(&tar, name, S_IFREG | 0644, 0, NULL);
	ck_assert_uint_eq(tar.length, 3 * CANONICAL_BLOCK);
	ck_assert_str_eq(tar.data, "././@LongLink");
	ck_assert_int_eq(tar.data[156], 'L');
	ck_assert_str_eq(tar.data + CANONICAL_BLOCK, name);
	ct_buf_clear(&tar);
	canonical_header(&tar, "link", S_IFLNK | 0777, 0, name);
	ck_assert_uint_eq(tar.length, 3 * CANONICAL_BLOCK);
	ck_assert_int_eq(tar.data[156], 'K');
}
END_TEST

START_TEST(canonical_large_sizes)
{
	ct_autobuf tar = CT_BUF_INIT;

	canonical_header(&tar, "f", S_IFREG | 0644, ((int64_t)1 << 33) - 1, NULL);
	ck_assert_str_eq(tar.data + 124, "77777777777");
	ct_buf_clear(&tar);
	canonical_header(&tar, "f", S_IFREG | 0644, (int64_t)1 << 33, NULL);
	ck_assert_mem_eq(tar.data + 124, "\x80\0\0\0\0\0\0\x02\0\0\0\0", 12);
	ck_assert_uint_eq(canonical_padding(0), 0);
	ck_assert_uint_eq(canonical_padding(1), 511);
	ck_assert_uint_eq(canonical_padding(512), 0);
}
END_TEST

/* ---- names of archive members ---- */

static const struct {
	const char *name;
	const char *path; /* NULL: refused */
} names[] = {
	{ "a/b", "a/b" },     { "./a//b/", "a/b" },  { "/etc/passwd", "etc/passwd" },
	{ ".", "" },          { "./", "" },          { "/", "" },
	{ "", "" },           { "a/../b", "b" },     { "a/b/../../c", "c" },
	{ "a/./b/.", "a/b" }, { "...", "..." },      { "..a/b..", "..a/b.." },
	{ "..", NULL },       { "../a", NULL },      { "a/../..", NULL },
	{ "/../a", NULL },    { "a/../../b", NULL }, { "./../a", NULL },
};

START_TEST(entry_names)
{
	struct ct_err err = CT_ERR_INIT;
	char path[PATH_MAX] = "";
	int result = entry_path_normalise(names[_i].name, path, &err);

	ck_assert_int_eq(result, names[_i].path ? 0 : -1);
	if (names[_i].path)
		ck_assert_str_eq(path, names[_i].path);
	else
		ck_assert_str_eq(err.code, "I003");
}
END_TEST

START_TEST(entry_name_limits)
{
	struct ct_err err = CT_ERR_INIT;
	char path[PATH_MAX];
	char name[2 * PATH_MAX];

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	ck_assert_int_eq(entry_path_normalise(name, path, &err), 0);
	name[255] = 'n';
	name[256] = '\0';
	ck_assert_int_eq(entry_path_normalise(name, path, &err), -1);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '/' : 'd';
	name[2 * ENTRY_PATH_MAX_DEPTH] = '\0';
	ck_assert_int_eq(entry_path_normalise(name, path, &err), 0);
	name[2 * ENTRY_PATH_MAX_DEPTH] = 'd';
	name[2 * ENTRY_PATH_MAX_DEPTH + 1] = '\0';
	ck_assert_int_eq(entry_path_normalise(name, path, &err), -1);
	memset(name, '/', sizeof(name));
	name[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(entry_path_normalise(name, path, &err), 0);
	name[PATH_MAX - 1] = '/';
	name[PATH_MAX] = '\0';
	ck_assert_int_eq(entry_path_normalise(name, path, &err), -1);
	ck_assert(entry_path_is_whiteout("a/.wh.b"));
	ck_assert(!entry_path_is_whiteout("a/wh.b"));
}
END_TEST

/* ---- URIs and pins ---- */

START_TEST(uri_parts)
{
	struct ct_err err = CT_ERR_INIT;
	struct image_uri uri;

	ck_assert_int_eq(image_uri_parse(&uri,
					 "file:///opt/x@sha256:"
					 "a5102c52db0aae8b7b8ac7883e9b3fbd95e35b71ec28a0b19de5a94d2a6fd8b3",
					 "/p", &err),
			 0);
	ck_assert_int_eq(uri.scheme, IMAGE_DIRECTORY);
	ck_assert_str_eq(uri.path, "/opt/x");
	ck_assert_str_eq(uri.source, "file:///opt/x");
	ck_assert_str_eq(uri.pin, PIN);
	image_uri_release(&uri);
	ck_assert_int_eq(image_uri_parse(&uri, "tar://.//a@b.tar", "/p", &err), 0);
	ck_assert_int_eq(uri.scheme, IMAGE_ARCHIVE);
	ck_assert_str_eq(uri.path, "/p/a@b.tar");
	ck_assert_str_eq(uri.source, "tar:///p/a@b.tar");
	ck_assert_str_eq(uri.pin, "");
	image_uri_release(&uri);
	ck_assert_int_eq(image_uri_parse(&uri, "preset://busybox:1.35", "/", &err), 0);
	ck_assert_str_eq(uri.path, "busybox");
	ck_assert_str_eq(uri.version, "1.35");
	ck_assert_str_eq(uri.source, "preset://busybox:1.35");
	image_uri_release(&uri);
}
END_TEST

static const char *const bad_uris[] = { "alpine:3.21",         "",         "file://", "http://a/b", "file:///a@sha256:",
					"file:///a@sha256:12", "FILE:///a" };

START_TEST(uri_refused)
{
	struct ct_err err = CT_ERR_INIT;
	struct image_uri uri;

	ck_assert_int_eq(image_uri_parse(&uri, bad_uris[_i], "/p", &err), -1);
	ck_assert_str_eq(err.code, "E007");
	image_uri_release(&uri);
}
END_TEST

START_TEST(uri_names)
{
	static const struct {
		const char *uri, *path, *name, *source;
	} cases[] = {
		{ "tar:///a.tar#b:1", "/a.tar", "b:1", "tar:///a.tar#b:1" },
		{ "tar://./a.tar#r.io/b:1", "/d/a.tar", "r.io/b:1", "tar:///d/a.tar#r.io/b:1" },
		{ "file:///a#b#c", "/a#b", "c", "file:///a#b#c" },
		{ "file:///a#b#", "/a#b", NULL, "file:///a#b#" },
		{ "tar:///a.tar#b@" PIN, "/a.tar", "b", "tar:///a.tar#b" },
		{ "image://a#b", "a#b", NULL, "image://a#b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ct_err err = CT_ERR_INIT;
		struct image_uri uri, again;

		ck_assert_int_eq(image_uri_parse(&uri, cases[i].uri, "/d", &err), 0);
		ck_assert_str_eq(uri.path, cases[i].path);
		ck_assert_pstr_eq(uri.name, cases[i].name);
		ck_assert_str_eq(uri.source, cases[i].source);
		/* What it says of itself means the same once more. */
		ck_assert_int_eq(image_uri_parse(&again, uri.address, "/elsewhere", &err), 0);
		ck_assert_str_eq(again.path, cases[i].path);
		ck_assert_pstr_eq(again.name, cases[i].name);
		image_uri_set_platform(&again, "linux/arm64");
		ck_assert_str_ne(again.source, uri.source);
		ck_assert_str_eq(again.address, uri.address);
		image_uri_release(&uri);
		image_uri_release(&again);
	}
}
END_TEST

/* ---- platforms ---- */

START_TEST(platform_forms)
{
	static const char *const good[] = { "linux/amd64", "linux/arm/v7", "windows/amd64" };
	static const char *const bad[] = { "",           "linux",
					   "linux/",     "/amd64",
					   "linux/arm/", "linux/arm/v7/x",
					   "linux/a b",  "linux/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct platform platform;
	char text[PLATFORM_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert(platform_parse(&platform, good[i]));
		platform_format(&platform, text);
		ck_assert_str_eq(text, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!platform_parse(&platform, bad[i]), "%s", bad[i]);
}
END_TEST

/* In each row the offers from the best to the worst; "-" begins those that will not do. */
START_TEST(platform_ranks)
{
	static const char *const rows[][7] = {
		{ "linux/amd64", "linux/amd64", "-", "linux/amd64/v2", "linux/arm64", "windows/amd64", NULL },
		{ "linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "-", "linux/amd64/v4", NULL },
		{ "linux/arm64", "linux/arm64", "linux/arm64/v8", "-", "linux/arm/v8", "linux/arm64/v9", NULL },
		{ "linux/arm/v7", "linux/arm/v7", "linux/arm", "linux/arm/v6", "linux/arm/v5", "-", "linux/arm/v8" },
		{ "linux/arm/v6", "linux/arm/v6", "linux/arm/v5", "-", "linux/arm", "linux/arm/v7", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int before = INT_MAX;
		bool fits = true;
		struct platform wanted, offered;

		ck_assert(platform_parse(&wanted, rows[i][0]));
		for (size_t j = 1; j < 7 && rows[i][j]; j++) {
			int rank;

			if (strcmp(rows[i][j], "-") == 0) {
				fits = false;
				continue;
			}
			ck_assert(platform_parse(&offered, rows[i][j]));
			rank = platform_rank(&wanted, &offered);
			ck_assert_msg(fits ? rank >= 0 && rank < before : rank < 0, "%s for %s: %d", rows[i][j],
				      rows[i][0], rank);
			before = rank;
		}
	}
}
END_TEST

/* ---- names of images ---- */

START_TEST(names_fit)
{
	static const struct {
		const char *name, *wanted;
		bool fits;
	} cases[] = {
		{ "a:1", "a:1", true },
		{ "a:latest", "a", true },
		{ "a:1", "a", false },
		{ "a", "a:latest", false },
		{ "docker.io/library/a:1", "a:1", true },
		{ "docker.io/library/a:1", "docker.io/library/a:1", true },
		{ "docker.io/b/a:1", "b/a:1", true },
		{ "docker.io/b/a:1", "a:1", false },
		{ "quay.io/b/a:1", "b/a:1", false },
		{ "ab:latest", "a", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(choose_fits(cases[i].name, cases[i].wanted) == cases[i].fits, "%s for %s", cases[i].name,
			      cases[i].wanted);
}
END_TEST

/* ---- whiteouts ---- */

START_TEST(whiteout_names)
{
	static const struct {
		const char *path, *target;
		bool opaque;
	} cases[] = {
		{ ".wh.a", "a", false },         { "d/.wh.a", "d/a", false },   { ".wh..wh..opq", "", true },
		{ "d/.wh..wh..opq", "d", true }, { "d/.wh..b", "d/.b", false }, { ".wh..wh.plnk", NULL, false },
		{ ".wh.", NULL, false },         { "d/.wh..", NULL, false },    { "d/.wh...", NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char target[PATH_MAX];
		bool opaque;
		bool is = whiteout_target(cases[i].path, target, &opaque);

		ck_assert_msg(is == (cases[i].target != NULL), "%s", cases[i].path);
		if (!is)
			continue;
		ck_assert_str_eq(target, cases[i].target);
		ck_assert_int_eq(opaque, cases[i].opaque);
	}
}
END_TEST

/* ---- decompression ---- */

/* "hello, hello, hello\n", as gzip, zstd and xz write it. */
static const struct {
	const char *bytes;
	size_t length;
	enum compression compression;
} packed[] = {
	{ "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7"
	  "\x51\xc8\x40\xa2\xb8\x00\xe7\x42\x6e\x52\x14\x00\x00\x00",
	  30, COMPRESSION_GZIP },
	{ "\x28\xb5\x2f\xfd\x04\x58\x75\x00\x00\x40\x68\x65\x6c\x6c\x6f\x2c"
	  "\x20\x0a\x01\x00\xe2\x8a\x11\x21\x69\x9d\x87",
	  27, COMPRESSION_ZSTD },
	{ "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01"
	  "\x16\x00\x00\x00\x74\x2f\xe5\xa3\xe0\x00\x13\x00\x0e\x5d\x00\x34"
	  "\x19\x49\xee\x8d\xef\x8c\x87\x31\xf5\x2f\x64\x00\x00\x00\x00\x00"
	  "\xb0\x48\x85\x59\xd7\xa9\xae\x4b\x00\x01\x2a\x14\x7e\xad\x37\x55"
	  "\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a",
	  76, COMPRESSION_XZ },
};

#define PLAIN "hello, hello, hello\n"

static bool expand(enum compression compression, const char *bytes, size_t length, size_t step, struct ct_buf *out)
{
	struct decompressor *decompressor = decompressor_new(compression);
	bool good = true;

	for (size_t at = 0; good && at < length;) {
		unsigned char room[7];
		size_t take = step < length - at ? step : length - at;
		struct decompress_io io = { .in = (const unsigned char *)bytes + at, .in_length = take };

		do {
			io.out = room;
			io.out_length = sizeof(room);
			good = decompressor_step(decompressor, &io);
			ct_buf_append(out, room, sizeof(room) - io.out_length);
		} while (good && io.out_length == 0);
		at += take - io.in_length;
		if (io.in_length > 0)
			good = false;
	}
	good = good && decompressor_is_complete(decompressor);
	decompressor_free(decompressor);
	return good;
}

START_TEST(expands)
{
	const char *bytes = packed[_i].bytes;
	size_t length = packed[_i].length;
	ct_autobuf twice = CT_BUF_INIT;

	ct_buf_append(&twice, bytes, length);
	ct_buf_append(&twice, bytes, length);
	ct_buf_append(&twice, "\0\0\0\0", 4);
	ck_assert_int_eq(compression_detect(bytes, length), packed[_i].compression);
	for (size_t step = 1; step < 2 * length + 4; step++) {
		ct_autobuf once_out = CT_BUF_INIT;
		ct_autobuf twice_out = CT_BUF_INIT;

		ck_assert(expand(packed[_i].compression, bytes, length, step, &once_out));
		ck_assert_str_eq(once_out.data, PLAIN);
		ck_assert_msg(expand(packed[_i].compression, twice.data, twice.length, step, &twice_out), "step %zu",
			      step);
		ck_assert_str_eq(twice_out.data, PLAIN PLAIN);
	}
}
END_TEST

START_TEST(expands_nothing_damaged)
{
	const char *bytes = packed[_i].bytes;
	size_t length = packed[_i].length;

	for (size_t cut = 0; cut < length; cut++) {
		ct_autobuf out = CT_BUF_INIT;

		ck_assert_msg(!expand(packed[_i].compression, bytes, cut, 5, &out), "cut at %zu", cut);
	}
	for (size_t at = 12; at + 12 < length; at++) {
		ct_autobuf out = CT_BUF_INIT;
		ct_autobuf copy = CT_BUF_INIT;

		ct_buf_append(&copy, bytes, length);
		copy.data[at] ^= 0x40;
		ck_assert_msg(!expand(packed[_i].compression, copy.data, length, 5, &out) ||
				      strcmp(out.data, PLAIN) == 0,
			      "changed at %zu", at);
	}
	{
		ct_autobuf out = CT_BUF_INIT;
		ct_autobuf more = CT_BUF_INIT;

		ct_buf_append(&more, bytes, length);
		ct_buf_puts(&more, "and more that is something else");
		ck_assert(!expand(packed[_i].compression, more.data, more.length, 5, &out));
	}
}
END_TEST

START_TEST(uri_reachable)
{
	static const struct {
		const char *uri;
		bool remote;
	} cases[] = { { "file:///a", false }, { "tar:///a", false }, { "preset://a", false },
		      { "image://a", false }, { "oci://a/b", true }, { "https://a/b", true } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int offline = 0; offline < 2; offline++) {
			struct ct_err err = CT_ERR_INIT;
			struct image_uri uri;
			int expected = cases[i].remote && offline ? -1 : 0;

			setenv("CONTAINUST_OFFLINE", offline ? "1" : "0", 1);
			ck_assert_int_eq(image_uri_parse(&uri, cases[i].uri, "/", &err), 0);
			ck_assert(image_uri_is_remote(&uri) == cases[i].remote);
			ck_assert_int_eq(image_uri_check_reachable(&uri, &err), expected);
			ck_assert_str_eq(err.code, expected < 0 ? "I005" : "");
			image_uri_release(&uri);
		}
	}
	unsetenv("CONTAINUST_OFFLINE");
}
END_TEST

START_TEST(pin_compare)
{
	struct ct_err err = CT_ERR_INIT;
	char other[] = PIN;

	ck_assert_int_eq(image_uri_check_pin("file:///a", "", PIN, &err), 0);
	ck_assert_int_eq(image_uri_check_pin("file:///a", PIN, PIN, &err), 0);
	other[sizeof(other) - 2] ^= 1;
	ck_assert_int_eq(image_uri_check_pin("file:///a", other, PIN, &err), -1);
	ck_assert_str_eq(err.code, "I002");
	ck_assert_ptr_nonnull(strstr(err.message, other));
	ck_assert_ptr_nonnull(strstr(err.message, PIN));
}
END_TEST

/* ---- the stat index ---- */

static const char index_id[] = "0123456789abcdef0123456789abcdef";

struct tree {
	char path[64];
	int root;
	struct ct_buf index;
};

static void put_file(int root, const char *name, const char *text)
{
	ct_autoclose int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
}

static void index_entry(struct tree *tree, const char *name)
{
	struct stat_facts facts;
	struct stat status;

	ck_assert_int_eq(fstatat(tree->root, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	facts = stat_facts_of(&status);
	stat_index_add(&tree->index, name, &facts);
}

static void tree_make(struct tree *tree)
{
	*tree = (struct tree){ .path = "/tmp/unit-image.XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(tree->path));
	tree->root = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(tree->root, "d", 0755), 0);
	put_file(tree->root, "d/file", "x");
	ck_assert_int_eq(symlinkat("nowhere", tree->root, "link"), 0);
	stat_index_begin(&tree->index, index_id);
	index_entry(tree, "d");
	index_entry(tree, "d/file");
	index_entry(tree, "link");
	stat_index_end(&tree->index);
}

static void tree_remove(struct tree *tree)
{
	static const char *const known[] = { "d/file", "d/new", "link" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		unlinkat(tree->root, known[i], 0);
	unlinkat(tree->root, "d", AT_REMOVEDIR);
	rmdir(tree->path);
	close(tree->root);
	ct_buf_free(&tree->index);
}

START_TEST(index_compares)
{
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct tree tree;

	tree_make(&tree);
	ck_assert(stat_index_is_current(&tree.index, index_id, tree.root));
	ck_assert(!stat_index_is_current(&tree.index, "fedcba9876543210fedcba9876543210", tree.root));
	ck_assert(!stat_index_is_current(&tree.index, "", tree.root));
	switch (_i) {
	case 0: /* a new entry is seen in its directory */
		ck_assert_int_eq(utimensat(tree.root, "d", old, 0), 0);
		put_file(tree.root, "d/new", "y");
		break;
	case 1:
		ck_assert_int_eq(unlinkat(tree.root, "d/file", 0), 0);
		break;
	case 2:
		ck_assert_int_eq(fchmodat(tree.root, "d/file", 0600, 0), 0);
		break;
	case 3: /* another file in its place, with the same times */
		put_file(tree.root, "d/new", "x");
		ck_assert_int_eq(renameat(tree.root, "d/new", tree.root, "d/file"), 0);
		break;
	default: /* only the time */
		ck_assert_int_eq(utimensat(tree.root, "link", old, AT_SYMLINK_NOFOLLOW), 0);
		break;
	}
	ck_assert(!stat_index_is_current(&tree.index, index_id, tree.root));
	tree_remove(&tree);
}
END_TEST

/* Whatever a damaged index holds, it is read within its bounds and never believed. */
START_TEST(index_damaged)
{
	struct tree tree;

	tree_make(&tree);
	for (size_t length = 0; length < tree.index.length; length++) {
		struct ct_buf part = CT_BUF_INIT;

		ct_buf_append(&part, tree.index.data, length);
		ck_assert(!stat_index_is_current(&part, index_id, tree.root));
		ct_buf_free(&part);
	}
	memset(tree.index.data + 40 + sizeof(struct stat_facts), 0xff, 4); /* the length of the first path */
	ck_assert(!stat_index_is_current(&tree.index, index_id, tree.root));
	tree_remove(&tree);
}
END_TEST

/* ---- presets ---- */

static int find_preset(struct image_preset *preset, const char *text, const char *name, const char *version,
		       char *close, struct ct_err *err)
{
	*preset = (struct image_preset)IMAGE_PRESET_INIT;
	close[0] = '\0';
	return image_preset_find_in(preset, text, strlen(text), "/data/presets.json", name, version, close, err);
}

#define HEX "a5102c52db0aae8b7b8ac7883e9b3fbd95e35b71ec28a0b19de5a94d2a6fd8b3"
#define HEAD "{\"format\":\"ctst.presets/1\",\"presets\":["

START_TEST(presets_parse)
{
	static const char text[] = HEAD
		"{\"name\":\"busybox\",\"version\":\"2\",\"arch\":\"pdp11\",\"source\":\"pdp.tar\",\"sha256\":\"" HEX
		"\"},"
		"{\"name\":\"busybox\",\"version\":\"2\",\"source\":\"two.tar\",\"sha256\":\"" HEX "\"},"
		"{\"name\":\"busybox\",\"version\":\"1\",\"source\":\"tar:///abs/one.tar\",\"sha256\":\"" HEX
		"\",\"cmd\":[\"x\"]}]}";
	struct ct_err err = CT_ERR_INIT;
	struct image_preset preset;
	char first[CT_DIGEST_LENGTH + 1];
	char close[256];

	ck_assert_int_eq(find_preset(&preset, text, "busybox", NULL, close, &err), 1);
	ck_assert_str_eq(preset.archive, "/data/two.tar");
	ck_assert_str_eq(preset.digest, PIN);
	strcpy(first, preset.definition);
	image_preset_release(&preset);
	ck_assert_int_eq(find_preset(&preset, text, "busybox", "1", close, &err), 1);
	ck_assert_str_eq(preset.archive, "/abs/one.tar");
	ck_assert_str_ne(preset.definition, first);
	image_preset_release(&preset);
	ck_assert_int_eq(find_preset(&preset, text, "busybox", "3", close, &err), 0);
	ck_assert_int_eq(find_preset(&preset, text, "busybux", NULL, close, &err), 0);
	ck_assert_str_eq(close, "busybox");
	ck_assert_int_eq(find_preset(&preset, text, "postgres", NULL, close, &err), 0);
	ck_assert_str_eq(close, "");
}
END_TEST

static const char *const bad_presets[] = {
	"",
	"{",
	"[]",
	"{\"format\":\"ctst.presets/2\",\"presets\":[]}",
	"{\"format\":\"ctst.presets/1\",\"presets\":{}}",
	HEAD "{\"name\":\"a\"}]}",
	HEAD "{\"name\":\"a\",\"source\":\"a.tar\"}]}",
	HEAD "{\"name\":\"a\",\"source\":\"a.tar\",\"sha256\":\"12\"}]}",
	HEAD "{\"name\":\"a\",\"source\":\"a.tar\",\"sha256\":\"" HEX "0\"}]}",
	HEAD "{\"name\":\"a\",\"source\":\"a.tar\",\"sha256\":\"" HEX "\",\"cmd\":\"x\"}]}",
	HEAD "{\"name\":\"a\",\"source\":\"a.tar\",\"sha256\":\"" HEX "\",\"env\":[1]}]}",
	HEAD "{\"name\":\"a\",\"source\":\"a.tar\",\"sha256\":\"" HEX "\",\"user\":1}]}",
	HEAD "{\"name\":\"a\",\"source\":\"https://a/b.tar\",\"sha256\":\"" HEX "\"}]}",
};

START_TEST(presets_refused)
{
	struct ct_err err = CT_ERR_INIT;
	struct image_preset preset;
	char close[256];

	ck_assert_int_eq(find_preset(&preset, bad_presets[_i], "a", NULL, close, &err), -1);
	ck_assert_str_eq(err.code, "I001");
	ck_assert_ptr_nonnull(strstr(err.message, "/data/presets.json"));
	image_preset_release(&preset);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- names in an index and in docker's archives ---- */

static const struct {
	const char *name;
	bool good;
	const char *docker; /* NULL: it cannot be one there */
} references[] = {
	{ "a", true, "a:latest" },
	{ "team/web:1.2", true, "team/web:1.2" },
	{ "r.io:5000/x", true, "r.io:5000/x:latest" },
	{ "r.io:5000/x:y", true, "r.io:5000/x:y" },
	{ "a--b", true, "a--b:latest" },
	{ "a---b", false, "a---b:latest" },
	{ "a__b", false, "a__b:latest" },
	{ "a___b", false, NULL },
	{ "a.b_c-d", true, "a.b_c-d:latest" },
	{ "A", true, NULL },
	{ "a+b@c", true, NULL },
	{ "a:T-1", true, "a:T-1" },
	{ "a:-1", false, NULL },
	{ "", false, NULL },
	{ "/a", false, NULL },
	{ "a/", false, NULL },
	{ "a//b", false, NULL },
	{ "-a", false, NULL },
	{ "a-", false, NULL },
	{ "a b", false, NULL },
	{ "a:", false, NULL },
	{ "a:b:c", true, NULL },
	{ "sha256:abc", false, "sha256:abc" },
};

START_TEST(reference)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autofree char *docker = reference_for_docker(references[_i].name);

	ck_assert_int_eq(reference_check_name(references[_i].name, &err) == 0, references[_i].good);
	ck_assert_pstr_eq(docker, references[_i].docker);
}
END_TEST

static const char *const source_names[][2] = {
	{ "preset://busybox", "preset/busybox" },
	{ "preset://busybox:1.35", "preset/busybox:1.35" },
	{ "file:///srv/my app", "file/srv/my_app" },
	{ "tar:///a/b--c.tar#x:1", "tar/a/b--c.tar_x:1" },
	{ "tar:///a.tar [linux/arm/v7]", "tar/a.tar_linux/arm/v7" },
	{ "file:///srv/.hidden/-x-", "file/srv/hidden/x" },
	{ "oci://:5000/o::2::/://", "oci/5000/o_2" },
};

START_TEST(reference_of_a_uri)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autofree char *name = reference_of_uri(source_names[_i][0]);

	ck_assert_str_eq(name, source_names[_i][1]);
	ck_assert_int_eq(reference_check_name(name, &err), 0);
}
END_TEST

/* ---- bounds of unpacking ---- */

static void start_unpack(struct unpack *unpack, char directory[32])
{
	strcpy(directory, "/tmp/ctst-unit.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	unpack_start(unpack, open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void end_unpack(struct unpack *unpack, const char *directory)
{
	close(unpack->root);
	unpack_release(unpack);
	ck_assert_int_eq(ct_remove_tree_at(AT_FDCWD, directory), 0);
}

/* What unpack_entry() makes of an entry of that type, size and name; a file's end is written, too. */
static int unpack_one(struct unpack *unpack, mode_t type, int64_t size, const char *name, struct ct_err *err)
{
	struct archive_entry *entry = archive_entry_new();
	int result;

	*err = (struct ct_err)CT_ERR_INIT;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, type | 0755);
	archive_entry_set_uid(entry, (la_int64_t)geteuid());
	archive_entry_set_gid(entry, (la_int64_t)getegid());
	archive_entry_set_size(entry, size);
	result = unpack_entry(unpack, entry, err);
	if (result == 1 && unpack_file_end(unpack, err) < 0)
		result = -1;
	archive_entry_free(entry);
	return result;
}

START_TEST(unpack_bounds)
{
	struct unpack unpack = UNPACK_INIT;
	char directory[32];
	struct ct_err err;

	start_unpack(&unpack, directory);
	unpack.entries = UNPACK_MAX_ENTRIES - 1;
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, 0, "last", &err), 1);
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, 0, "one-more", &err), -1);
	ck_assert_str_eq(err.code, "I003");
	ck_assert_str_eq(err.message, "it has more than 4000000 entries");
	unpack.entries = 0;
	unpack.bytes = UNPACK_MAX_BYTES - 10;
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, 10, "fits", &err), 1);
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, 1, "does-not", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "declares 1 bytes, more than the 256 GiB"));
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, INT64_MAX, "does-not", &err), -1);
	ck_assert_int_eq(faccessat(unpack.root, "does-not", F_OK, 0), -1);
	end_unpack(&unpack, directory);
}
END_TEST

START_TEST(unpack_remembers_so_much)
{
	struct unpack unpack = UNPACK_INIT;
	char directory[32];
	struct ct_err err;
	size_t before;

	start_unpack(&unpack, directory);
	before = unpack.remembered;
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, 0, "a/b/file", &err), 1);
	ck_assert_uint_eq(unpack.remembered, before);
	ck_assert_int_eq(unpack_one(&unpack, AE_IFDIR, 0, "a/b", &err), 0);
	ck_assert_uint_gt(unpack.remembered, before + strlen("a/b"));
	before = unpack.remembered;
	ck_assert_int_eq(unpack_one(&unpack, AE_IFREG, 0, "a/.wh.c", &err), 0);
	ck_assert_uint_gt(unpack.remembered, before + strlen("a/c"));
	unpack.remembered = UNPACK_MAX_REMEMBERED;
	ck_assert_int_eq(unpack_one(&unpack, AE_IFDIR, 0, "d", &err), 0);
	ck_assert_int_eq(unpack_one(&unpack, AE_IFDIR, 0, "e", &err), -1);
	ck_assert_str_eq(err.code, "I003");
	end_unpack(&unpack, directory);
}
END_TEST

/* ---- holes ---- */

START_TEST(zeros_are_holes)
{
	ct_autoclose int fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	ct_autofree char *bytes = ct_alloc_array(1, 4 * SPARSE_SHORTEST);
	ct_autofree char *back = ct_alloc_array(1, 4 * SPARSE_SHORTEST);
	size_t length = 4 * SPARSE_SHORTEST;

	ck_assert(sparse_is_hole(bytes, SPARSE_SHORTEST));
	ck_assert(!sparse_is_hole(bytes, SPARSE_SHORTEST - 1));
	bytes[SPARSE_SHORTEST - 1] = 'x';
	ck_assert(!sparse_is_hole(bytes, SPARSE_SHORTEST));
	ck_assert(!sparse_is_hole(bytes, 2 * SPARSE_SHORTEST));
	ck_assert_int_eq(sparse_write(fd, bytes, SPARSE_SHORTEST), 0);
	ck_assert_int_eq(sparse_write(fd, bytes + SPARSE_SHORTEST, length - SPARSE_SHORTEST), 0);
	ck_assert_int_eq(sparse_end(fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)length);
	ck_assert_int_eq(pread(fd, back, length, 0), (ssize_t)length);
	ck_assert_mem_eq(back, bytes, length);
	ck_assert_int_le(lseek(fd, 0, SEEK_HOLE), (off_t)SPARSE_SHORTEST);
}
END_TEST

static Suite *image_suite(void)
{
	Suite *suite = suite_create("image");
	TCase *tests = tcase_create("image");

	tcase_add_test(tests, canonical_vector);
	tcase_add_test(tests, canonical_order);
	tcase_add_test(tests, canonical_long_names);
	tcase_add_test(tests, canonical_large_sizes);
	tcase_add_loop_test(tests, entry_names, 0, COUNT(names));
	tcase_add_test(tests, entry_name_limits);
	tcase_add_test(tests, uri_parts);
	tcase_add_loop_test(tests, uri_refused, 0, COUNT(bad_uris));
	tcase_add_test(tests, uri_names);
	tcase_add_test(tests, platform_forms);
	tcase_add_test(tests, platform_ranks);
	tcase_add_test(tests, names_fit);
	tcase_add_test(tests, whiteout_names);
	tcase_add_loop_test(tests, expands, 0, COUNT(packed));
	tcase_add_loop_test(tests, expands_nothing_damaged, 0, COUNT(packed));
	tcase_add_test(tests, uri_reachable);
	tcase_add_test(tests, pin_compare);
	tcase_add_loop_test(tests, index_compares, 0, 5);
	tcase_add_test(tests, index_damaged);
	tcase_add_test(tests, presets_parse);
	tcase_add_loop_test(tests, presets_refused, 0, COUNT(bad_presets));
	tcase_add_loop_test(tests, reference, 0, COUNT(references));
	tcase_add_loop_test(tests, reference_of_a_uri, 0, COUNT(source_names));
	tcase_add_test(tests, unpack_bounds);
	tcase_add_test(tests, unpack_remembers_so_much);
	tcase_add_test(tests, zeros_are_holes);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(image_suite());
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
