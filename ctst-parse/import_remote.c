#include "ctst-parse/import_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/process.h"
#include "ctst-parse/compile.h"

#define PIN "@sha256:"
#define URL_MAX_BYTES 2048
#define FAILED_FETCHES_MAX 3
#define HEX_OFFSET (sizeof("sha256:") - 1)

static bool begins_with(struct ct_slice text, const char *prefix)
{
	size_t length = strlen(prefix);

	return text.length >= length && memcmp(text.text, prefix, length) == 0;
}

bool import_is_remote(struct ct_slice path)
{
	const char *mark = path.length ? memmem(path.text, path.length, "://", 3) : NULL;
	const char *slash = path.length ? memchr(path.text, '/', path.length) : NULL;

	return mark && mark < slash;
}

struct ct_slice import_url(struct ct_slice path)
{
	const char *pin = path.length ? memmem(path.text, path.length, PIN, sizeof(PIN) - 1) : NULL;

	if (pin)
		path.length = (size_t)(pin - path.text);
	return path;
}

static bool is_printable(struct ct_slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.text[i] <= ' ' || text.text[i] == 0x7f)
			return false;
	}
	return true;
}

static struct diagnostic *remote_error(struct diagnostics *diagnostics, const struct import *import, const char *code,
				       const char *reason)
{
	return diagnostics_error(diagnostics, code, import->path_span, "cannot import '%.*s': %s",
				 SHOWN(import_url(import->path)), reason);
}

/* Writes the pin as a digest. False: reported. */
static bool read_pin(struct diagnostics *diagnostics, const struct import *import, char digest[CT_DIGEST_LENGTH + 1])
{
	struct ct_slice url = import_url(import->path), pin;

	if (memchr(url.text, '@', url.length)) {
		/* Whoever reads the message must not learn it. */
		diagnostics_error(diagnostics, "E008", import->path_span,
				  "cannot import this URL: no user name or password may be in it");
		return false;
	}
	if (!begins_with(url, "https://") || url.length == strlen("https://")) {
		diagnostic_hint(remote_error(diagnostics, import, "E008", "only https:// is read from the network"),
				"write https://host/file.ctst@sha256:..., or the path of a local file");
		return false;
	}
	if (url.length > URL_MAX_BYTES || !is_printable(url)) {
		remote_error(diagnostics, import, "E008",
			     url.length > URL_MAX_BYTES ? "the URL is too long"
							: "there is a space or control character in the URL");
		return false;
	}
	pin = (struct ct_slice){ url.text + url.length, import->path.length - url.length };
	if (pin.length == CT_DIGEST_LENGTH + 1) {
		memcpy(digest, pin.text + 1, CT_DIGEST_LENGTH);
		digest[CT_DIGEST_LENGTH] = '\0';
		if (ct_digest_is_valid(digest))
			return true;
	}
	diagnostic_hint(remote_error(diagnostics, import, "E008", pin.length ? "malformed pin" : "it has no pin"),
			"write %.*s@sha256:<the 64 hex digits that sha256sum prints for the file>", SHOWN(url));
	return false;
}

/* NULL when nothing says where it could be. The caller frees it. */
static char *cache_path(const char *digest)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (base && base[0] == '/')
		return ct_asprintf("%s/containust/imports/%s", base, digest + HEX_OFFSET);
	if (home && home[0] == '/')
		return ct_asprintf("%s/.cache/containust/imports/%s", home, digest + HEX_OFFSET);
	return NULL;
}

/* Makes the directories above the path. False with errno. */
static bool make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool made;

		*slash = '\0';
		made = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
		if (!made)
			return false;
	}
	return true;
}

bool import_is_pinned(const struct import *import, const char *content, size_t length)
{
	char actual[CT_DIGEST_LENGTH + 1];
	struct ct_slice pin = import->path;
	size_t url = import_url(pin).length;

	ct_digest(content, length, actual);
	return pin.length == url + 1 + CT_DIGEST_LENGTH && memcmp(pin.text + url + 1, actual, CT_DIGEST_LENGTH) == 0;
}

static bool is_cached(const struct import *import, const char *path)
{
	ct_autobuf content = CT_BUF_INIT;

	return ct_read_file_at(AT_FDCWD, path, SOURCE_MAX_BYTES, &content) == 0 &&
	       import_is_pinned(import, content.data ? content.data : "", content.length);
}

/* Runs the fetcher, which says on standard error what goes wrong. Its exit status, or -1 with errno. */
static int run_fetcher(struct ct_slice url, const char *digest, const char *path)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-image-fetch", ct_libexec_directory());
	ct_autofree char *address = ct_strndup(url.text, url.length);
	ct_autofree char *limit = ct_asprintf("%zu", SOURCE_MAX_BYTES);
	ct_autofree char *target = ct_strdup(path);
	ct_autofree char *pin = ct_strdup(digest);
	char digest_option[] = "--digest", limit_option[] = "--max-bytes", output_option[] = "-o", dashes[] = "--";
	char *argv[] = {
		program, digest_option, pin, limit_option, limit, output_option, target, dashes, address, NULL
	};
	/* Our standard output is for the composition alone. */
	pid_t pid = ct_process_start(argv, -1, STDERR_FILENO);

	return pid < 0 ? -1 : ct_process_wait(pid);
}

static bool fetch(struct compilation *compilation, const struct import *import, const char *digest, char *path)
{
	struct diagnostics *diagnostics = &compilation->diagnostics;
	int status;

	/* A network that is down makes every attempt wait. */
	if (compilation->failed_fetches >= FAILED_FETCHES_MAX) {
		remote_error(diagnostics, import, "E008", "not tried: other downloads have failed");
		return false;
	}
	if (!make_directories(path)) {
		diagnostic_hint(remote_error(diagnostics, import, "E008", "there is no cache directory to keep it in"),
				"set XDG_CACHE_HOME to a directory that you can write to");
		return false;
	}
	status = run_fetcher(import_url(import->path), digest, path);
	if (status == 0 && is_cached(import, path))
		return true;
	compilation->failed_fetches++;
	if (status < 0)
		diagnostic_hint(remote_error(diagnostics, import, "E008", "ctst-image-fetch cannot be run"),
				"fetch the file yourself and import it by its path");
	else
		remote_error(diagnostics, import, "E008", "the download failed");
	return false;
}

char *import_fetch(struct compilation *compilation, const struct import *import)
{
	struct diagnostics *diagnostics = &compilation->diagnostics;
	char digest[CT_DIGEST_LENGTH + 1];
	ct_autofree char *path = NULL;

	if (!read_pin(diagnostics, import, digest))
		return NULL;
	path = cache_path(digest);
	if (!path) {
		diagnostic_hint(remote_error(diagnostics, import, "E008", "there is no cache directory to keep it in"),
				"set XDG_CACHE_HOME to a directory that you can write to");
		return NULL;
	}
	if (is_cached(import, path))
		return ct_take_text(&path);
	if (compilation->options->offline) {
		diagnostic_hint(remote_error(diagnostics, import, "E014",
					     "it has not been fetched before, and --offline is set"),
				"run the command once without --offline");
		return NULL;
	}
	return fetch(compilation, import, digest, path) ? ct_take_text(&path) : NULL;
}
