#include "ctst-image/pull_command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "common/process.h"
#include "common/project.h"
#include "ctst-image/helper.h"
#include "ctst-image/platform.h"
#include "ctst-image/registry_reference.h"
#include "ctst-image/source.h"
#include "ctst-image/store.h"

static const char *name, *platform, *output, *project_file, *ca_file;
static bool insecure_loopback;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 0, "name", "NAME", "call it so in the store, as image://NAME does", &name },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of an image for several platforms take that one", &platform },
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "the pinned reference (the default), or a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "into the store of FILE's project", &project_file },
	{ CT_OPTION_TEXT, 0, "ca-file", "FILE", "trust these certificate authorities too", &ca_file },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "use http:// for a registry of this host", &insecure_loopback },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image pull",
	.synopsis =
		"[--name NAME] [--platform OS/ARCH] [-o text|json] [-f FILE] [--ca-file FILE] [--insecure-loopback] "
		"IMAGE",
	.summary = "bring an image of a registry into the store and print its pinned reference",
	.details =
		"IMAGE is written as nginx:1.27, ghcr.io/owner/name:tag or oci://...; docker.io is the registry where\n"
		"none is given.",
	.options = options,
};

/* Without a project the store is the current directory's. */
static int find_store(struct ct_project *project, struct ct_err *err)
{
	if (ct_project_find(project, project_file, err) == 0)
		return 0;
	ct_project_release(project);
	*err = (struct ct_err)CT_ERR_INIT;
	return project_file ? -1 : ct_project_of_directory(project, ".", err);
}

static void fill_arguments(const char *argv[], const struct ct_project *project, const char *digest)
{
	int count = 1;

	argv[count++] = "--print-digest";
	argv[count++] = "--images";
	argv[count++] = project->images;
	argv[count++] = "--layers";
	argv[count++] = project->layers;
	if (digest[0]) {
		argv[count++] = "--pin";
		argv[count++] = digest;
	}
	if (platform) {
		argv[count++] = "--platform";
		argv[count++] = platform;
	}
	if (name) {
		argv[count++] = "--name";
		argv[count++] = name;
	}
	if (insecure_loopback)
		argv[count++] = "--insecure-loopback";
	argv[count++] = "--";
	argv[count] = NULL;
}

/* The digest of what the reference names goes into `digest`, which holds that of a pin or "". */
static int run_importer(const struct ct_project *project, const char *address, char digest[CT_DIGEST_LENGTH + 1],
			struct ct_err *err)
{
	ct_autofree char *importer = ct_asprintf("%s/ctst-image-import", ct_libexec_directory());
	const char *argv[24] = { importer };
	ct_autobuf said = CT_BUF_INIT;
	ct_autofree char *what = ct_asprintf("the pull of '%s'", address);
	int ends[2], status, count = 0;

	fill_arguments(argv, project, digest);
	while (argv[count])
		count++;
	argv[count] = address;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot make a pipe");
	status = helper_run(argv, -1, ends[1]);
	if (status < 0)
		ct_fail_errno(err, "I003", "cannot execute '%s'", importer);
	close(ends[1]);
	(void)ct_read_all(ends[0], 4096, &said);
	close(ends[0]);
	if (status != 0)
		return status < 0 ? -1 : helper_failed(status, "I006", what, err);
	if (said.length != CT_DIGEST_LENGTH + 1)
		return ct_fail(err, "I003", "the importer did not say what it has imported");
	memcpy(digest, said.data, CT_DIGEST_LENGTH);
	digest[CT_DIGEST_LENGTH] = '\0';
	return ct_digest_is_valid(digest) ? 0 : ct_fail(err, "I003", "the importer did not say what it has imported");
}

static int write_document(struct ct_buf *out, const char *address, const char *called, const char *digest,
			  const char *manifest, const struct store_image *image, struct ct_err *err)
{
	ct_autofree char *pinned = ct_asprintf("%s@%s", address, digest);
	struct ct_json_writer *writer = ct_json_writer_new(out, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.pull/1");
	ct_json_member_string(writer, "reference", pinned);
	ct_json_member_string(writer, "name", called);
	ct_json_member_string(writer, "digest", digest);
	ct_json_member_string(writer, "manifest", manifest);
	ct_json_member_int(writer, "layers", (int64_t)image->layer_count);
	ct_json_member_int(writer, "size", image->size);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

/* Looked up as a composition will look it up. */
static int describe(const struct ct_project *project, const char *address, const char *digest, struct ct_buf *out,
		    struct ct_err *err)
{
	ct_autofree char *source = ct_asprintf("%s@%s%s%s%s", address, digest, platform ? " [" : "",
					       platform ? platform : "", platform ? "]" : "");
	auto_store_image image = STORE_IMAGE_INIT;
	struct image_source record;

	if (!image_source_load(project->images, source, &record))
		return ct_fail(err, "I003", "the pull of '%s' left no record in the store", address);
	if (store_image_load(&image, project->images, project->layers, record.manifest, err) < 0)
		return -1;
	return write_document(out, address, name ? name : address + strlen("oci://"), digest, record.manifest, &image,
			      err);
}

static int pull(const struct reference *reference, bool json, struct ct_err *err)
{
	ct_autofree char *plain = reference_name(reference);
	ct_autofree char *address = ct_asprintf("oci://%s", plain);
	char digest[CT_DIGEST_LENGTH + 1];
	ct_autoproject project = { 0 };
	ct_autobuf out = CT_BUF_INIT;

	strcpy(digest, reference->digest);
	if (find_store(&project, err) < 0 || run_importer(&project, address, digest, err) < 0)
		return -1;
	if (!json)
		ct_buf_printf(&out, "%s@%s\n", address, digest);
	else if (describe(&project, address, digest, &out, err) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

static void check_options(void)
{
	struct platform parsed;

	if (name && strncmp(name, "image://", 8) == 0)
		name += 8;
	if (name && !reference_is_name(name))
		ct_usage_error(&program,
			       "'%s' cannot be the name of an image: small letters, digits, '.', '_', '-', '/'", name);
	if (platform && !platform_parse(&parsed, platform))
		ct_usage_error(&program, "'%s' is not a platform such as linux/amd64", platform);
	if (ca_file)
		setenv("CONTAINUST_CA_FILE", ca_file, 1);
}

int pull_command(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	struct reference reference;
	int first = ct_options_parse(&program, argc, argv);
	bool json = output && ct_output_is_json(&program, output);

	if (argc - first != 1)
		ct_usage_error(&program, "exactly one image is needed");
	check_options();
	if (reference_parse(&reference, argv[first], CT_USAGE, &err) < 0 || pull(&reference, json, &err) < 0)
		return ct_err_report("ctst-image", &err);
	return CT_EXIT_OK;
}
