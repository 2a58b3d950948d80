/*
 * Any text through the parser, the imports and the checks. What they find nothing wrong with is a composition that
 * ctst-plan reads.
 *
 * The input is one or more files with U+001E between them; the first is compiled, and IMPORT "1" means the one behind it. The two
 * functions through which ctst-parse looks at files are replaced (meson.build) so that it sees these and no others.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/emit.h"
#include "ctst-parse/render.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reader.h"

#define SEPARATOR 0x1e
#define FILES_MAX 10

static struct ct_slice files[FILES_MAX];
static size_t file_count;

/* The last character of the path is the number of the file. NULL: there is none. */
static const struct ct_slice *find_file(const char *path)
{
	size_t number = (size_t)(path[0] ? path[strlen(path) - 1] - '0' : FILES_MAX);

	return number < file_count ? &files[number] : NULL;
}

bool __wrap_source_identify(const char *path, dev_t *device, ino_t *inode);
int __wrap_source_read(struct source *source, const char *path, struct ct_err *err);

bool __wrap_source_identify(const char *path, dev_t *device, ino_t *inode)
{
	const struct ct_slice *file = find_file(path);

	errno = ENOENT;
	*device = 1;
	*inode = file ? (ino_t)(file - files) + 1 : 0;
	return file;
}

int __wrap_source_read(struct source *source, const char *path, struct ct_err *err)
{
	const struct ct_slice *file = find_file(path);

	*source = (struct source){ 0 };
	if (!file)
		return ct_fail(err, CT_NO_CODE, "no such file");
	source_from_text(source, "import.ctst", "/nonexistent", file->text, file->length);
	source->device = 1;
	source->inode = (ino_t)(file - files) + 1;
	return 0;
}

static void split_files(const char *bytes, size_t length)
{
	const char *end = bytes + length;

	for (file_count = 0; file_count < FILES_MAX; file_count++) {
		const char *separator = bytes < end ? memchr(bytes, SEPARATOR, (size_t)(end - bytes)) : NULL;

		if (file_count + 1 == FILES_MAX || !separator)
			separator = end;
		files[file_count] = (struct ct_slice){ bytes, (size_t)(separator - bytes) };
		if (separator == end) {
			file_count++;
			return;
		}
		bytes = separator + 1;
	}
}

static void check_document(const struct compilation *compilation)
{
	const struct composition *composition = &compilation->composition;
	ct_autoclose int fd = memfd_create("composition", MFD_CLOEXEC);
	ct_autobuf json = CT_BUF_INIT;
	struct reader_found found = { 0 };
	size_t connections = 0;
	char message[1024] = "";

	fuzz_require(fd >= 0 && emit_composition(fd, compilation) == 0, "emit");
	fuzz_require(lseek(fd, 0, SEEK_SET) == 0 && ct_read_all(fd, SIZE_MAX, &json) == 0, "read");
	fuzz_require(reader_accepts(json.data, json.length, &found, message, sizeof(message)) == 0, "%s", message);
	for (size_t i = 0; i < composition->connection_count; i++)
		connections += !composition->connections[i].duplicate;
	fuzz_require(found.connections == connections, "%zu of %zu", found.connections, connections);
	fuzz_require(found.exposures == composition->exposure_count, "%zu", found.exposures);
}

/* More of them would only be slow. */
#define RENDERED 4

/* Diagnostics in both forms: places beyond the text, or control characters, show up here. */
static void check_diagnostics(const struct diagnostics *all)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(all, sorted);
	ct_autobuf text = CT_BUF_INIT;
	ct_autobuf json = CT_BUF_INIT;

	for (size_t i = 0; i < count && i < RENDERED; i++) {
		render_text(&text, all, sorted[i], false);
		render_json(&json, all, sorted[i]);
	}
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		fuzz_require(byte >= ' ' || byte == '\n' || byte == '\t', "control character 0x%02x", byte);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct compile_options options = { .strict = true, .offline = true };
	struct compilation compilation;
	struct source source;

	if (length > SOURCE_MAX_BYTES)
		return 0;
	split_files((const char *)bytes, length);
	source_from_text(&source, "fuzz.ctst", "/nonexistent", files[0].text, files[0].length);
	source.device = source.inode = 1;
	compile(&compilation, &source, &options);
	check_diagnostics(&compilation.diagnostics);
	if (compilation.diagnostics.errors.total == 0)
		check_document(&compilation);
	compilation_release(&compilation);
	return 0;
}
