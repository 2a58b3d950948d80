/* ctst-image-pull: an image of a registry into a new OCI image layout, verified. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-image/fetch_url.h"
#include "ctst-image/pull.h"

static const char *output, *known, *platform, *ca_file, *retries, *backoff, *subject;
static bool insecure_loopback;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "DIR", "the layout, a directory that does not exist yet", &output },
	{ CT_OPTION_TEXT, 0, "known", "DIR", "link blobs that are in DIR instead of fetching them", &known },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of an image for several platforms take that one", &platform },
	{ CT_OPTION_TEXT, 0, "ca-file", "FILE", "trust these certificate authorities too", &ca_file },
	{ CT_OPTION_TEXT, 0, "retries", "N", "after a failure that may pass (4)", &retries },
	{ CT_OPTION_TEXT, 0, "backoff", "MILLISECONDS", "before the first one, doubled each time (1000)", &backoff },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "use http:// for a registry of this host", &insecure_loopback },
	{ CT_OPTION_TEXT, 0, "subject", "TEXT", "put TEXT in front of error messages", &subject },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image-pull",
	.synopsis = "[--platform OS/ARCH] [--known DIR] [--ca-file FILE] [--insecure-loopback] IMAGE -o DIR",
	.summary = "make an OCI image layout of an image of a registry; ctst-image-import runs this for oci://",
	.options = options,
};

static bool is_of_this_host(const struct reference *reference)
{
	const char *end = strrchr(reference->registry, ':');
	ct_autofree char *host = NULL;

	if (end && strchr(end, ']'))
		end = NULL;
	host = end ? ct_strndup(reference->registry, (size_t)(end - reference->registry))
		   : ct_strdup(reference->registry);
	return fetch_host_is_loopback(host);
}

static int load_trust(struct fetch_trust *trust, struct ct_err *err)
{
	const char *path = ca_file ? ca_file : getenv("CONTAINUST_CA_FILE");

	return path && path[0] ? fetch_trust_load(trust, path, err) : 0;
}

static int check_online(const struct reference *reference, struct ct_err *err)
{
	ct_autofree char *name = reference_name(reference);

	if (!ct_offline())
		return 0;
	ct_fail(err, "I005", "image '%s' is remote and --offline is set", name);
	return ct_err_hint(err, "pull it once without --offline, or bring it as an archive");
}

static int run(const struct reference *reference, struct ct_err *err)
{
	struct pull pull = { .reference = reference, .output = output, .known = known };
	int result;

	registry_start(&pull.registry, reference, program.name);
	pull.registry.plain = insecure_loopback && is_of_this_host(reference);
	pull.registry.retries = ct_option_number(&program, "retries", retries, 0, 100, FETCH_RETRIES);
	pull.registry.backoff = ct_option_number(&program, "backoff", backoff, 0, 60000, FETCH_BACKOFF);
	platform_host(&pull.wanted);
	if (platform)
		(void)platform_parse(&pull.wanted, platform);
	result = check_online(reference, err);
	if (result == 0)
		result = load_trust(&pull.registry.trust, err);
	if (result == 0)
		result = fetch_prepare(err);
	if (result == 0)
		result = pull_run(&pull, err);
	registry_release(&pull.registry);
	return result;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	struct reference reference;
	struct platform parsed;
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first != 1)
		ct_usage_error(&program, "exactly one image is needed");
	if (!output || !output[0])
		ct_usage_error(&program, "-o DIR is needed");
	if (platform && !platform_parse(&parsed, platform))
		ct_usage_error(&program, "'%s' is not a platform such as linux/amd64", platform);
	fetch_catch_signals();
	if (reference_parse(&reference, argv[first], CT_USAGE, &err) == 0 && run(&reference, &err) == 0)
		return CT_EXIT_OK;
	fetch_die_of_signal();
	if (subject && subject[0])
		ct_err_context(&err, "%s", subject);
	return ct_err_report(program.name, &err);
}
