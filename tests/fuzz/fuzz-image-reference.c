/* Any text as whatever names an image or a thing in it: URI, name in an index, platform, name of an archive's member. */
#include <limits.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/suggest.h"
#include "ctst-image/choose.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/platform.h"
#include "ctst-image/reference.h"
#include "ctst-image/source.h"
#include "ctst-image/uri.h"
#include "tests/fuzz/fuzz.h"

/* What an address leads to is the same wherever it is read. */
static void check_uri(const char *text)
{
	auto_image_uri uri = IMAGE_URI_INIT;
	auto_image_uri again = IMAGE_URI_INIT;
	ct_autofree char *pinned = NULL;
	ct_autofree char *name = NULL;
	struct ct_err err = CT_ERR_INIT;

	if (image_uri_parse(&uri, text, "/directory", &err) < 0) {
		fuzz_require(strcmp(err.code, "E007") == 0, "%s", err.message);
		return;
	}
	pinned = ct_asprintf("%s%s%s", uri.address, uri.pin[0] ? "@" : "", uri.pin);
	fuzz_require(image_uri_parse(&again, pinned, "/elsewhere", &err) == 0, "%s: %s", pinned, err.message);
	fuzz_require(strcmp(uri.address, again.address) == 0, "%s, %s", uri.address, again.address);
	fuzz_require(strcmp(uri.pin, again.pin) == 0, "%s, %s", uri.pin, again.pin);
	fuzz_require(strcmp(uri.path, again.path) == 0, "%s, %s", uri.path, again.path);
	fuzz_require(!uri.name == !again.name && (!uri.name || strcmp(uri.name, again.name) == 0), "%s", pinned);
	name = reference_of_uri(uri.source);
	fuzz_require(strlen(name) > REFERENCE_MAX || strstr(name, "@sha256:") || reference_check_name(name, &err) == 0,
		     "%s", name);
}

static void check_name(const char *text)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autofree char *docker = NULL;
	ct_autofree char *again = NULL;

	fuzz_require(choose_fits(text, text), "%s", text);
	if (reference_check_name(text, &err) < 0)
		fuzz_require(strcmp(err.code, "E007") == 0, "%s", err.message);
	docker = reference_for_docker(text);
	if (!docker)
		return;
	again = reference_for_docker(docker);
	fuzz_require(again && strcmp(docker, again) == 0, "%s", docker);
	fuzz_require(choose_fits(docker, text), "%s, %s", docker, text);
}

static void check_platform(const char *text)
{
	struct platform platform, again;
	char formatted[PLATFORM_TEXT];

	if (!platform_parse(&platform, text))
		return;
	platform_format(&platform, formatted);
	fuzz_require(strcmp(formatted, text) == 0, "%s", formatted);
	fuzz_require(platform_parse(&again, formatted) && platform_rank(&platform, &again) == 100, "%s", formatted);
}

static void check_member(const char *text)
{
	char path[PATH_MAX], again[PATH_MAX];
	struct ct_err err = CT_ERR_INIT;

	if (entry_path_normalise(text, path, &err) < 0) {
		fuzz_require(strcmp(err.code, "I003") == 0, "%s", err.message);
		return;
	}
	fuzz_require(path[0] != '/' && strncmp(path, "../", 3) != 0 && strcmp(path, "..") != 0 && !strstr(path, "/../"),
		     "%s", path);
	fuzz_require(entry_path_normalise(path, again, &err) == 0 && strcmp(path, again) == 0, "%s", path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	ct_autofree char *text = ct_strndup((const char *)bytes, strnlen((const char *)bytes, length));

	check_uri(text);
	check_name(text);
	check_platform(text);
	check_member(text);
	return 0;
}
