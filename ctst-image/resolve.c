#include "ctst-image/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-image/catalogue.h"
#include "ctst-image/helper.h"

struct request {
	const char *subject;
	const struct ct_project *project;
	const struct build_options *options;
	struct image_uri uri;
	const struct image_preset *preset; /* NULL for other schemes */
};

/* `pin` "": any content. `manifest` NULL: nothing that could be unpacked from the store. */
static int run_importer(const struct request *request, const char *pin, const char *manifest, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-image-import", ct_libexec_directory());
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *argv[20] = { program };
	int count = 1;
	ct_autofree char *what = NULL;
	int status;

	argv[count++] = "--subject";
	argv[count++] = request->subject;
	argv[count++] = "--images";
	argv[count++] = request->project->images;
	argv[count++] = "--layers";
	argv[count++] = request->project->layers;
	if (pin[0]) {
		argv[count++] = "--pin";
		argv[count++] = pin;
	}
	if (request->options->platform) {
		argv[count++] = "--platform";
		argv[count++] = request->options->platform;
	}
	if (request->options->insecure_loopback)
		argv[count++] = "--insecure-loopback";
	if (manifest) {
		argv[count++] = "--restore";
		argv[count++] = manifest;
	}
	argv[count++] = "--";
	argv[count++] = request->uri.address;
	argv[count] = NULL;
	status = helper_run(argv, null, null);
	if (status < 0)
		return ct_fail_errno(err, "I003", "cannot execute '%s' to import '%s'", program, request->uri.source);
	what = ct_asprintf("import of '%s'", request->uri.source);
	return status == 0 ? 0 : helper_failed(status, "I003", what, err);
}

static int load_imported(struct resolved_image *resolved, const struct request *request, struct ct_err *err)
{
	return store_image_load(&resolved->image, request->project->images, request->project->layers,
				resolved->source.manifest, err);
}

static int import_and_load(struct resolved_image *resolved, const struct request *request, const char *pin,
			   struct ct_err *err)
{
	if (run_importer(request, pin, NULL, err) < 0)
		return -1;
	resolved->imported = true;
	if (!image_source_load(request->project->images, request->uri.source, &resolved->source))
		return ct_fail(err, "I003", "the import of '%s' left no record in the store", request->uri.source);
	return load_imported(resolved, request, err);
}

/* What --locked asks: the content that was imported before, whatever stat(2) says about the source now. */
static int choose_pin(const struct request *request, const struct image_source *known, const char **pin,
		      struct ct_err *err)
{
	*pin = request->uri.pin;
	if (!request->options->locked || (*pin)[0])
		return 0;
	if (!known) {
		ct_fail(err, "I001", "image '%s' was never imported and --locked is set", request->uri.source);
		return ct_err_hint(err, "build once without --locked, or pin the image with @sha256:DIGEST");
	}
	*pin = known->digest;
	return 0;
}

/* What the output says of an image that is not imported: only what a pin or a preset tells beforehand. */
static void defer(struct resolved_image *resolved, const struct request *request, const char *pending)
{
	resolved->pending = pending;
	resolved->source = (struct image_source){ .path = "" };
	strcpy(resolved->source.digest, request->preset ? request->preset->digest : request->uri.pin);
}

/* With --locked nothing is imported for a dry run either, so a source that looks changed is refused there. */
static int defer_import(struct resolved_image *resolved, const struct request *request, enum image_freshness freshness,
			struct ct_err *err)
{
	defer(resolved, request, freshness == IMAGE_NEW ? "new" : "changed");
	ct_info("ctst-image", "would import '%s' (%s)", request->uri.source, resolved->pending);
	if (request->options->locked && freshness == IMAGE_CHANGED)
		return ct_fail(err, "I002", "image '%s' has changed since it was imported and --locked is set",
			       request->uri.source);
	return 0;
}

/*
 * *err says why there is no image. A dry run answers all the same, and tells the person what would stop a
 * build; with --locked that is an error in both, for the question is whether all is as it was.
 */
static int defer_absent(struct resolved_image *resolved, const struct request *request, const char *pending,
			struct ct_err *err)
{
	if (!request->options->dry_run || request->options->locked)
		return -1;
	ct_warn("ctst-image", "%s: %s; %s", request->subject, err->message,
		err->hint[0] ? err->hint : "put it there before `ctst run`");
	*err = (struct ct_err)CT_ERR_INIT;
	defer(resolved, request, pending);
	return 0;
}

/* The blobs may be all that a store was given; where they are damaged too, the source is imported again. */
static int repair(struct resolved_image *resolved, const struct request *request, struct ct_err *err)
{
	const char *pin = request->options->locked ? resolved->source.digest : request->uri.pin;

	if (run_importer(request, pin, resolved->source.manifest, err) < 0)
		return -1;
	if (!image_source_load(request->project->images, request->uri.source, &resolved->source))
		return ct_fail(err, "I003", "the import of '%s' left no record in the store", request->uri.source);
	return load_imported(resolved, request, err);
}

/* What is in the store by name has no source to compare it with. */
static int resolve_catalogued(struct resolved_image *resolved, const struct request *request, struct ct_err *err)
{
	const struct image_uri *uri = &request->uri;
	struct ct_err load_err = CT_ERR_INIT;
	struct platform wanted;
	struct chosen chosen;

	platform_host(&wanted);
	if (request->options->platform)
		(void)platform_parse(&wanted, request->options->platform);
	if (catalogue_find(&chosen, request->project->images, uri, &wanted, err) < 0) {
		ct_err_context(err, "image '%s'", uri->source);
		return strcmp(err->code, "I001") == 0 ? defer_absent(resolved, request, "missing", err) : -1;
	}
	if (image_uri_check_pin(uri->source, uri->pin, chosen.digest, err) < 0)
		return -1;
	strcpy(resolved->source.digest, chosen.digest);
	strcpy(resolved->source.manifest, chosen.manifest);
	if (load_imported(resolved, request, &load_err) == 0)
		return 0;
	store_image_release(&resolved->image);
	if (request->options->dry_run) {
		defer(resolved, request, "new");
		strcpy(resolved->source.digest, chosen.digest);
		return 0;
	}
	if (run_importer(request, uri->pin, NULL, err) < 0)
		return -1;
	return load_imported(resolved, request, err);
}

static int resolve_request(struct resolved_image *resolved, const struct request *request, struct ct_err *err)
{
	const struct image_uri *uri = &request->uri;
	bool known = image_source_load(request->project->images, uri->source, &resolved->source);
	struct ct_err load_err = CT_ERR_INIT;
	enum image_freshness freshness;
	const char *pin;

	if (image_source_check(request->project->images, uri, request->preset, known ? &resolved->source : NULL,
			       &freshness, err) < 0)
		return -1;
	/* What a pin names is in the store whether its source still exists or not; a store can be carried elsewhere. */
	if (freshness == IMAGE_CURRENT ||
	    (freshness == IMAGE_MISSING && known && strcmp(uri->pin, resolved->source.digest) == 0)) {
		if (image_uri_check_pin(uri->source, uri->pin, resolved->source.digest, err) < 0)
			return -1;
		if (load_imported(resolved, request, &load_err) == 0)
			return 0;
		store_image_release(&resolved->image);
		if (!request->options->dry_run)
			return repair(resolved, request, err);
	}
	if (freshness == IMAGE_MISSING)
		return defer_absent(resolved, request, "missing", err);
	if (choose_pin(request, known ? &resolved->source : NULL, &pin, err) < 0)
		return -1;
	if (request->options->dry_run)
		return defer_import(resolved, request, freshness, err);
	return import_and_load(resolved, request, pin, err);
}

static int refuse_unpinned(const struct image_uri *uri, struct ct_err *err)
{
	ct_fail(err, "E007", "image '%s' has no pin, and what is behind a name can change", uri->source);
	return ct_err_hint(err, uri->scheme == IMAGE_REGISTRY ? "`ctst pull` prints it with its pin"
							      : "add @sha256: and what sha256sum(1) prints of it");
}

/* Content that is known by its digest is either here or not; whether it still is where it came from does not matter. */
static int resolve_remote(struct resolved_image *resolved, const struct request *request, struct ct_err *err)
{
	const struct image_uri *uri = &request->uri;
	struct ct_err load_err = CT_ERR_INIT;

	if (!uri->pin[0])
		return image_uri_check_reachable(uri, err) < 0 ? -1 : refuse_unpinned(uri, err);
	if (image_source_load(request->project->images, uri->source, &resolved->source)) {
		if (load_imported(resolved, request, &load_err) == 0)
			return 0;
		store_image_release(&resolved->image);
		if (!request->options->dry_run)
			return repair(resolved, request, err);
		defer(resolved, request, "new");
		return 0;
	}
	/* Offline, it cannot come later either. */
	if (image_uri_check_reachable(uri, err) < 0)
		return -1;
	if (!request->options->dry_run)
		return import_and_load(resolved, request, uri->pin, err);
	ct_fail(err, "I001", "image '%s' is not in the store", uri->address);
	ct_err_hint(err, "`ctst build` brings it there");
	return defer_absent(resolved, request, "remote", err);
}

static int resolve_parsed(struct resolved_image *resolved, struct request *request, struct ct_err *err)
{
	const struct image_uri *uri = &request->uri;

	if (image_uri_is_remote(uri))
		return resolve_remote(resolved, request, err);
	if (uri->scheme == IMAGE_CATALOGUE)
		return resolve_catalogued(resolved, request, err);
	if (uri->scheme == IMAGE_PRESET) {
		if (image_preset_find(&resolved->preset, uri->path, uri->version, err) < 0)
			return -1;
		request->preset = &resolved->preset;
	}
	return resolve_request(resolved, request, err);
}

int resolve_image(struct resolved_image *resolved, const char *text, const char *subject,
		  const struct ct_project *project, const struct build_options *options, struct ct_err *err)
{
	struct request request = { .subject = subject, .project = project, .options = options };
	int result = -1;

	*resolved = (struct resolved_image){ .pending = NULL };
	if (image_uri_parse(&request.uri, text, project->directory, err) == 0) {
		if (options->platform)
			image_uri_set_platform(&request.uri, options->platform);
		result = resolve_parsed(resolved, &request, err);
	}
	if (result < 0 && !err->reported)
		ct_err_context(err, "%s", subject);
	image_uri_release(&request.uri);
	return result;
}

void resolved_image_release(struct resolved_image *resolved)
{
	store_image_release(&resolved->image);
	image_preset_release(&resolved->preset);
}
