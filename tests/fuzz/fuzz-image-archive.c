/*
 * Any bytes as an archive, imported into a store of its own on tmpfs. Whatever it is, nothing is written anywhere else; what is
 * refused leaves nothing; what is accepted is a store in which `ctst-image verify` finds no damage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/import.h"
#include "tests/fuzz/fuzz.h"

void __wrap_ct_warn(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

void __wrap_ct_warn(const char *program, const char *format, ...)
{
	(void)program;
	(void)format;
}

struct scratch {
	char path[64];
	char images[96];
	char layers[96];
	char archive[96];
	char canary[96];
};

static void make_scratch(struct scratch *scratch, const uint8_t *bytes, size_t length)
{
	int fd;

	snprintf(scratch->path, sizeof(scratch->path), "%s/ctst-fuzz.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fuzz_require(mkdtemp(scratch->path), "%s: %s", scratch->path, strerror(errno));
	snprintf(scratch->images, sizeof(scratch->images), "%s/store/images", scratch->path);
	snprintf(scratch->layers, sizeof(scratch->layers), "%s/store/layers", scratch->path);
	snprintf(scratch->archive, sizeof(scratch->archive), "%s/archive", scratch->path);
	snprintf(scratch->canary, sizeof(scratch->canary), "%s/canary", scratch->path);
	fd = open(scratch->archive, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	fuzz_require(fd >= 0 && ct_write_all(fd, bytes, length) == 0, "%s", strerror(errno));
	close(fd);
	fd = open(scratch->canary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	fuzz_require(fd >= 0 && ct_write_all(fd, "untouched", 9) == 0, "%s", strerror(errno));
	close(fd);
}

static size_t count_entries(const char *path)
{
	DIR *stream = opendir(path);
	size_t count = 0;

	while (stream && readdir(stream))
		count++;
	if (stream)
		closedir(stream);
	return count;
}

/* Beside the store there are the archive and this file, as they were. */
static void check_outside(const struct scratch *scratch, bool imported)
{
	ct_autobuf text = CT_BUF_INIT;
	struct stat status;

	fuzz_require(ct_read_file_at(AT_FDCWD, scratch->canary, 100, &text) == 0 && strcmp(text.data, "untouched") == 0,
		     "something outside of the store has changed");
	fuzz_require(stat(scratch->canary, &status) == 0 && (status.st_mode & 07777) == 0400 && status.st_nlink == 1,
		     "mode %o, %u links", (unsigned)status.st_mode, (unsigned)status.st_nlink);
	fuzz_require(count_entries(scratch->path) == (imported ? 5 : 4), "%zu entries", count_entries(scratch->path));
}

static void start(struct import *import, const struct scratch *scratch)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autofree char *uri = ct_asprintf("tar://%s", scratch->archive);

	*import = (struct import){ .images = scratch->images,
				   .layers = scratch->layers,
				   .pin = "",
				   .source_fd = open(scratch->archive, O_RDONLY | O_CLOEXEC),
				   .staging = STAGING_INIT };
	platform_host(&import->wanted);
	fuzz_require(image_uri_parse(&import->uri, uri, "/", &err) == 0, "%s", err.message);
	import->path = import->uri.path;
}

static void end(struct import *import)
{
	staging_discard(&import->staging);
	ct_buf_free(&import->index);
	ct_buf_free(&import->manifest);
	ct_buf_free(&import->config);
	free(import->blobs);
	free(import->trees);
	ct_cleanup_close(&import->source_fd);
	image_uri_release(&import->uri);
}

static void check_store(const struct scratch *scratch)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf report = CT_BUF_INIT;
	int result = verify_store(scratch->images, scratch->layers, &report, &err);

	fuzz_require(result == 0 && strncmp(report.data, "1 images", 8) == 0, "%s: %s", err.message,
		     report.length ? report.data : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct ct_err err = CT_ERR_INIT;
	struct scratch scratch;
	struct import import;
	bool imported;

	make_scratch(&scratch, bytes, length);
	start(&import, &scratch);
	imported = staging_create(&import.staging, scratch.images, scratch.layers, &err) == 0 &&
		   import_archive(&import, &err) == 0 && import_commit(&import, &err) == 0;
	end(&import);
	fuzz_require(imported || err.code[0], "refused without a code: %s", err.message);
	check_outside(&scratch, imported);
	if (imported)
		check_store(&scratch);
	fuzz_require(ct_remove_tree_at(AT_FDCWD, scratch.path) == 0, "%s: %s", scratch.path, strerror(errno));
	return 0;
}
