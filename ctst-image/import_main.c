/* ctst-image-import: one source into the store, or the store against its digests. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
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

static const char *images, *layers, *pin, *subject;
static bool verify;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 0, "images", "DIR", "the store, an OCI image layout", &images },
	{ CT_OPTION_TEXT, 0, "layers", "DIR", "where layers are unpacked", &layers },
	{ CT_OPTION_TEXT, 0, "pin", "DIGEST", "refuse a source of another digest", &pin },
	{ CT_OPTION_TEXT, 0, "subject", "TEXT", "put TEXT in front of error messages", &subject },
	{ CT_OPTION_FLAG, 0, "verify", NULL, "import nothing, compare the store with its digests", &verify },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = IMPORT_PROGRAM,
	.synopsis =
		"[--pin DIGEST] [--subject TEXT] --images DIR --layers DIR URI | --verify --images DIR --layers DIR",
	.summary = "import an image into the store; ctst-image runs this where a source is new or has changed",
	.options = options,
};

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

void import_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int import_signal(void)
{
	return caught;
}

int import_check_signals(struct ct_err *err)
{
	return caught ? ct_fail(err, CT_NO_CODE, "interrupted") : 0;
}

void import_let_times_settle(const struct stat_facts *facts)
{
	static const int64_t tick = 10000000; /* CONFIG_HZ=100 */
	static bool settled;
	int64_t age = ct_now() - facts->ctime;
	struct timespec rest = { .tv_nsec = (long)(2 * tick) };

	/* Once: everything that existed before this moment is old enough afterwards. */
	if (settled || age > 2 * tick || age < -2 * tick)
		return;
	settled = true;
	nanosleep(&rest, NULL);
}

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

static int import_content(struct import *import, struct ct_err *err)
{
	if (import->uri.scheme != IMAGE_DIRECTORY)
		return import_archive(import, err);
	if (check_store_outside(import, import->staging.images_fd, import->images, err) < 0 ||
	    check_store_outside(import, import->staging.layers_fd, import->layers, err) < 0)
		return -1;
	return import_directory(import, err);
}

static int run_import(struct import *import, struct ct_err *err)
{
	progress_start(&import->progress, "importing", import->uri.source);
	if (staging_create(&import->staging, import->images, import->layers, err) < 0)
		return -1;
	unpack_start(&import->unpack, import->staging.tree_fd);
	if (import_content(import, err) < 0)
		return ct_err_context(err, "image '%s'", import->uri.source);
	if (image_uri_check_pin(import->uri.source, import->pin, import->digest, err) < 0 ||
	    image_uri_check_pin(import->uri.source, import->preset.digest, import->digest, err) < 0)
		return -1;
	return import_commit(import, err);
}

/* What the source is, before anything is created. */
static int open_source(struct import *import, struct ct_err *err)
{
	const struct image_preset *preset = NULL;
	enum image_freshness freshness;

	if (image_uri_check_served(&import->uri, err) < 0)
		return -1;
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

static int import_uri(const char *text, struct ct_err *err)
{
	struct import import = {
		.images = images, .layers = layers, .source_fd = -1, .staging = STAGING_INIT, .unpack = UNPACK_INIT
	};
	char directory[PATH_MAX];
	int result = -1;

	if (!getcwd(directory, sizeof(directory)))
		return ct_fail_errno(err, CT_NO_CODE, "cannot find the current directory");
	if (image_uri_parse(&import.uri, text, directory, err) == 0) {
		import.pin = pin ? pin : import.uri.pin;
		if (open_source(&import, err) == 0)
			result = run_import(&import, err);
	}
	progress_end(&import.progress);
	unpack_release(&import.unpack);
	staging_discard(&import.staging);
	ct_buf_free(&import.index);
	ct_cleanup_close(&import.source_fd);
	image_preset_release(&import.preset);
	image_uri_release(&import.uri);
	return result;
}

/* The caller learns from the signal itself what ended the import. */
static void die_of_signal(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
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
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first != (verify ? 0 : 1))
		ct_usage_error(&program, "%s", verify ? "--verify takes no URI" : "exactly one URI is needed");
	if (!images || !layers || images[0] != '/' || layers[0] != '/')
		ct_usage_error(&program, "--images and --layers are needed, as absolute paths");
	if (pin && !ct_digest_is_valid(pin))
		ct_usage_error(&program, "'%s' is not a digest", pin);
	/*
	 * The C locale on purpose: names are bytes. In a UTF-8 locale libarchive would bring those of
	 * pax headers into Unicode's composed form; in this one it gives up and keeps them.
	 */
	setlocale(LC_ALL, "C");
	import_catch_signals();
	if ((verify ? run_verify(&err) : import_uri(argv[first], &err)) == 0)
		return CT_EXIT_OK;
	die_of_signal();
	if (subject && subject[0])
		ct_err_context(&err, "%s", subject);
	return ct_err_report(program.name, &err);
}
