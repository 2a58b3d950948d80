/* ctst-image-import: one source into the store, or the store against its digests. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-image/import.h"
#include "ctst-image/source.h"

static const char *images, *layers, *pin, *subject, *platform, *restore, *recorded_as, *settings, *request, *name;
static bool verify, insecure_loopback, print_digest;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 0, "images", "DIR", "the store, an OCI image layout", &images },
	{ CT_OPTION_TEXT, 0, "layers", "DIR", "where layers are unpacked", &layers },
	{ CT_OPTION_TEXT, 0, "pin", "DIGEST", "refuse a source of another digest", &pin },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of an image for several platforms take that one", &platform },
	{ CT_OPTION_TEXT, 0, "as", "URI", "record the image as the one of URI", &recorded_as },
	{ CT_OPTION_TEXT, 0, "config", "FILE", "the settings of a root file system, JSON; - is standard input",
	  &settings },
	{ CT_OPTION_TEXT, 0, "request", "DIGEST", "keep in the record what a derived image was made for", &request },
	{ CT_OPTION_TEXT, 0, "restore", "DIGEST", "unpack this manifest's layers from the store if that can be done",
	  &restore },
	{ CT_OPTION_TEXT, 0, "name", "NAME", "call the image so in the store", &name },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "use http:// for a registry of this host", &insecure_loopback },
	{ CT_OPTION_FLAG, 0, "print-digest", NULL, "say what was imported", &print_digest },
	{ CT_OPTION_TEXT, 0, "subject", "TEXT", "put TEXT in front of error messages", &subject },
	{ CT_OPTION_FLAG, 0, "verify", NULL, "import nothing, compare the store with its digests", &verify },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = IMPORT_PROGRAM,
	.synopsis =
		"[--pin DIGEST] [--platform OS/ARCH] [--as URI] [--config FILE] [--request DIGEST] [--restore DIGEST] "
		"[--name NAME] [--insecure-loopback] [--print-digest] [--subject TEXT] --images DIR --layers DIR URI "
		"| --verify --images DIR --layers DIR",
	.summary = "import an image into the store; ctst-image runs this where a source is new or has changed",
	.options = options,
};

/* A tree that contains the store would contain its own import. */
static int check_store_outside(const struct import *import, int store, const char *path, struct ct_err *err)
{
	int at = openat(store, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat source, here, before = { 0 };

	if (fstat(import->source_fd, &source) < 0)
		at = -1;
	while (at >= 0 && fstat(at, &here) == 0 && !(here.st_ino == before.st_ino && here.st_dev == before.st_dev)) {
		int up;

		if (here.st_ino == source.st_ino && here.st_dev == source.st_dev) {
			close(at);
			ct_fail(err, "I003", "it contains the store '%s'", path);
			return ct_err_hint(err, "keep the root file system in a directory of its own");
		}
		before = here;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	ct_cleanup_close(&at);
	return 0;
}

static int import_tree(struct import *import, struct ct_err *err)
{
	if (import->uri.name) {
		ct_fail(err, "I001", "it is a plain root file system, so there is nothing called '%s' in it",
			import->uri.name);
		return ct_err_hint(err, "leave out the '#' and what follows it");
	}
	if (check_store_outside(import, import->staging.images_fd, import->images, err) < 0 ||
	    check_store_outside(import, import->staging.layers_fd, import->layers, err) < 0)
		return -1;
	return import_directory(import, err);
}

static int import_content(struct import *import, struct ct_err *err)
{
	switch (import->uri.scheme) {
	case IMAGE_CATALOGUE:
		return import_catalogued(import, err);
	case IMAGE_REGISTRY:
		return import_registry(import, err);
	case IMAGE_DOWNLOAD:
		return import_download(import, err);
	case IMAGE_DIRECTORY:
		return import_is_layout(import->source_fd) ? import_layout(import, err) : import_tree(import, err);
	default:
		return import_archive(import, err);
	}
}

static int run_import(struct import *import, struct ct_err *err)
{
	progress_start(&import->progress, "importing", import->uri.source);
	if (staging_create(&import->staging, import->images, import->layers, err) < 0)
		return -1;
	if (import_content(import, err) < 0)
		return ct_err_context(err, "image '%s'", import->uri.source);
	if (image_uri_check_pin(import->uri.source, import->pin, import->digest, err) < 0 ||
	    image_uri_check_pin(import->uri.source, import->preset.digest, import->digest, err) < 0)
		return -1;
	return import->uri.scheme == IMAGE_CATALOGUE ? import_commit_trees(import, err) : import_commit(import, err);
}

/* What the source is, before anything is created. */
static int open_source(struct import *import, struct ct_err *err)
{
	const struct image_preset *preset = NULL;
	enum image_freshness freshness;

	if (image_uri_check_reachable(&import->uri, err) < 0)
		return -1;
	if (import->uri.scheme == IMAGE_CATALOGUE || image_uri_is_remote(&import->uri))
		return 0;
	if (import->uri.scheme == IMAGE_PRESET) {
		if (image_preset_find(&import->preset, import->uri.path, import->uri.version, err) < 0)
			return -1;
		preset = &import->preset;
	}
	import->path = preset ? preset->archive : import->uri.path;
	if (image_source_check(import->images, &import->uri, preset, NULL, &freshness, err) < 0 ||
	    freshness == IMAGE_MISSING)
		return -1;
	import->source_fd = open(import->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (import->source_fd < 0)
		return ct_fail_errno(err, "I001", "cannot read image '%s'", import->uri.source);
	return 0;
}

static void start_import(struct import *import)
{
	*import = (struct import){ .images = images,
				   .layers = layers,
				   .platform = platform,
				   .name = name,
				   .insecure_loopback = insecure_loopback,
				   .subject = subject,
				   .source_fd = -1,
				   .staging = STAGING_INIT };
	platform_host(&import->wanted);
	if (platform)
		(void)platform_parse(&import->wanted, platform);
}

/* Also between two attempts. */
static void end_import(struct import *import)
{
	progress_end(&import->progress);
	staging_discard(&import->staging);
	ct_buf_free(&import->index);
	ct_buf_free(&import->manifest);
	ct_buf_free(&import->config);
	ct_json_free(import->settings);
	free(import->blobs);
	free(import->trees);
	ct_cleanup_close(&import->source_fd);
	image_preset_release(&import->preset);
	image_uri_release(&import->uri);
}

#define MAX_SETTINGS_BYTES ((size_t)1 << 20)

static int read_settings(struct import *import, struct ct_err *err)
{
	ct_autoclose int fd = -1;
	ct_autobuf text = CT_BUF_INIT;

	if (!settings)
		return 0;
	if (strcmp(settings, "-") != 0 && (fd = open(settings, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		return ct_fail_errno(err, "I003", "cannot read the settings '%s'", settings);
	if (ct_read_all(fd < 0 ? STDIN_FILENO : fd, MAX_SETTINGS_BYTES, &text) < 0)
		return ct_fail_errno(err, "I003", "cannot read the settings '%s'", settings);
	import->settings = ct_json_parse(text.data ? text.data : "", text.length, "I003", err);
	return import->settings ? 0 : ct_err_context(err, "the settings '%s'", settings);
}

static int parse_uri(struct import *import, const char *text, struct ct_err *err)
{
	char directory[PATH_MAX];

	if (!getcwd(directory, sizeof(directory)))
		return ct_fail_errno(err, CT_NO_CODE, "cannot find the current directory");
	if (image_uri_parse(&import->uri, text, directory, err) < 0)
		return -1;
	if (pin && image_uri_is_remote(&import->uri))
		strcpy(import->uri.pin, pin);
	if (platform || pin)
		image_uri_set_platform(&import->uri, platform);
	import->pin = pin ? pin : import->uri.pin;
	if (!recorded_as)
		return 0;
	free(import->uri.source);
	import->uri.source = ct_strdup(recorded_as);
	return 0;
}

/* The blobs of the store are enough, as long as nobody has damaged them. */
static int run_restore(const char *text, struct ct_err *err)
{
	struct import import;
	int result;

	start_import(&import);
	result = parse_uri(&import, text, err);
	if (result == 0) {
		progress_start(&import.progress, "unpacking", import.uri.source);
		result = staging_create(&import.staging, images, layers, err);
	}
	if (result == 0)
		result = import_restore(&import, restore, err);
	if (result == 0)
		result = import_commit_trees(&import, err);
	if (result < 0)
		ct_err_context(err, "image '%s': its layers cannot be unpacked again", text);
	end_import(&import);
	return result;
}

static int say_digest(const struct import *import, struct ct_err *err)
{
	char line[CT_DIGEST_LENGTH + 2];

	snprintf(line, sizeof(line), "%s\n", import->digest);
	return ct_write_stdout(line, strlen(line), err);
}

static int run_source(const char *text, struct ct_err *err)
{
	struct import import;
	int result;

	start_import(&import);
	import.request = request;
	result = read_settings(&import, err);
	if (result == 0)
		result = parse_uri(&import, text, err);
	if (result == 0)
		result = open_source(&import, err);
	if (result == 0)
		result = run_import(&import, err);
	if (result == 0 && print_digest)
		result = say_digest(&import, err);
	end_import(&import);
	return result;
}

static int import_uri(const char *text, struct ct_err *err)
{
	struct ct_err restore_err = CT_ERR_INIT;

	if (!restore)
		return run_source(text, err);
	if (run_restore(text, &restore_err) == 0)
		return 0;
	ct_info(IMPORT_PROGRAM, "%s", restore_err.message);
	if (import_signal() != 0 || run_source(text, err) == 0)
		return import_signal() != 0 ? -1 : 0;
	/* Where the source is gone too, what is wrong with the store is the better answer. */
	if (strcmp(err->code, "I001") == 0)
		*err = restore_err;
	return -1;
}

static int run_verify(struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;
	int result = verify_store(images, layers, &out, err);
	struct ct_err write_err = CT_ERR_INIT;

	if (ct_write_stdout(out.data ? out.data : "", out.length, &write_err) < 0 && result == 0) {
		*err = write_err;
		return -1;
	}
	return result;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	struct platform parsed;
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first != (verify ? 0 : 1))
		ct_usage_error(&program, "%s", verify ? "--verify takes no URI" : "exactly one URI is needed");
	if (!images || !layers || images[0] != '/' || layers[0] != '/')
		ct_usage_error(&program, "--images and --layers are needed, as absolute paths");
	if (pin && !ct_digest_is_valid(pin))
		ct_usage_error(&program, "'%s' is not a digest", pin);
	if (restore && !ct_digest_is_valid(restore))
		ct_usage_error(&program, "'%s' is not a digest", restore);
	if (platform && !platform_parse(&parsed, platform))
		ct_usage_error(&program, "'%s' is not a platform such as linux/amd64", platform);
	/*
	 * The C locale on purpose: names are bytes. In a UTF-8 locale libarchive would bring those of
	 * pax headers into Unicode's composed form; in this one it gives up and keeps them.
	 */
	setlocale(LC_ALL, "C");
	umask(0); /* as unpack_start() wants it; every mode here is meant */
	import_catch_signals();
	if ((verify ? run_verify(&err) : import_uri(argv[first], &err)) == 0)
		return CT_EXIT_OK;
	import_die_of_signal();
	if (subject && subject[0])
		ct_err_context(&err, "%s", subject);
	return ct_err_report(program.name, &err);
}
