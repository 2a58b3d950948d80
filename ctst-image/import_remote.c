/*
 * oci:// and https://: ctst-image-pull and ctst-image-fetch bring what is remote into the staging area, where it goes
 * away with everything else when the import fails. From there on it is an image layout or an archive like others.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"
#include "ctst-image/choose.h"
#include "ctst-image/helper.h"
#include "ctst-image/import.h"

#define PULLED "pulled" /* in the staging area */
#define DOWNLOADED "downloaded"
#define LARGEST_DOWNLOAD "1099511627776"

/* ---- programs ---- */

static int run_program(const char *argv[], struct ct_err *err)
{
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ct_autofree char *what = ct_asprintf("'%s'", argv[0]);
	int status;

	if (import_check_signals(err) < 0)
		return -1;
	status = helper_run(argv, null, null);
	if (status < 0)
		return ct_fail_errno(err, "I006", "cannot execute '%s'", argv[0]);
	if (import_check_signals(err) < 0)
		return -1;
	return status == 0 ? 0 : helper_failed(status, "I006", what, err);
}

static char *staged_path(const struct import *import, const char *name)
{
	return ct_asprintf("%s/%s/%s", import->images, import->staging.name, name);
}

/* ---- oci:// ---- */

static int run_pull(const struct import *import, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-image-pull", ct_libexec_directory());
	ct_autofree char *output = staged_path(import, PULLED);
	ct_autofree char *known = ct_asprintf("%s/blobs/sha256", import->images);
	ct_autofree char *image = ct_asprintf("%s%s%s", import->uri.address, import->pin[0] ? "@" : "", import->pin);
	const char *argv[20] = { program, "-o", output, "--known", known };
	int count = 5;

	if (import->platform) {
		argv[count++] = "--platform";
		argv[count++] = import->platform;
	}
	if (import->subject) {
		argv[count++] = "--subject";
		argv[count++] = import->subject;
	}
	if (import->insecure_loopback)
		argv[count++] = "--insecure-loopback";
	argv[count++] = "--";
	argv[count++] = image;
	argv[count] = NULL;
	return run_program(argv, err);
}

/* From now on the blobs that were pulled are those that are staged. */
static int take_over_blobs(struct import *import, struct ct_err *err)
{
	int blobs = openat(import->staging.blobs_fd, PULLED "/blobs/sha256",
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (blobs < 0)
		return ct_fail_errno(err, "I003", "cannot read what was pulled");
	close(import->staging.blobs_fd);
	import->staging.blobs_fd = blobs;
	return 0;
}

static int choose_pulled(struct import *import, struct chosen *chosen, struct ct_err *err)
{
	struct choice choice = { .spelling = "", .wanted = &import->wanted };
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	if (ct_read_file_at(import->staging.blobs_fd, PULLED "/index.json", LAYOUT_MAX_DOCUMENT, &text) < 0)
		return ct_fail_errno(err, "I003", "cannot read what was pulled");
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", err);
	if (!doc || take_over_blobs(import, err) < 0)
		return -1;
	return choose_image(chosen, ct_json_root(doc), import->staging.blobs_fd, &choice, err);
}

int import_registry(struct import *import, struct ct_err *err)
{
	struct descriptor manifest;
	struct chosen chosen;

	if (run_pull(import, err) < 0 || choose_pulled(import, &chosen, err) < 0)
		return -1;
	strcpy(import->digest, chosen.digest);
	if (!import->uri.pin[0])
		image_uri_set_pin(&import->uri, chosen.digest, import->platform);
	manifest = (struct descriptor){ .type = chosen.manifest_type, .size = chosen.manifest_size };
	strcpy(manifest.digest, chosen.manifest);
	return import_image(import, import->staging.blobs_fd, false, &manifest, err);
}

/* ---- https:// ---- */

static int run_fetch(const struct import *import, const char *output, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-image-fetch", ct_libexec_directory());
	const char *argv[16] = { program, "--max-bytes", LARGEST_DOWNLOAD, "-o", output };
	int count = 5;

	if (import->pin[0]) {
		argv[count++] = "--digest";
		argv[count++] = import->pin;
	}
	argv[count++] = "--";
	argv[count++] = import->uri.address;
	argv[count] = NULL;
	return run_program(argv, err);
}

int import_download(struct import *import, struct ct_err *err)
{
	ct_autofree char *output = staged_path(import, DOWNLOADED);
	int result = run_fetch(import, output, err);

	if (result < 0)
		return -1;
	import->path = import->uri.address;
	import->source_fd = openat(import->staging.blobs_fd, DOWNLOADED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (import->source_fd < 0)
		return ct_fail_errno(err, "I003", "cannot read what was downloaded");
	/* Its room is given back as soon as it has been read. */
	(void)unlinkat(import->staging.blobs_fd, DOWNLOADED, 0);
	if (import_archive(import, err) < 0)
		return -1;
	image_uri_set_pin(&import->uri, import->digest, import->platform);
	return 0;
}
