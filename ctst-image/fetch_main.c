/* ctst-image-fetch: a file from an https URL, complete and verified, or nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "ctst-image/fetch.h"
#include "ctst-image/fetch_url.h"

static const char *output, *digest, *ca_file, *max_bytes, *connect_timeout, *stall_timeout, *retries, *backoff;
static struct ct_option_list media_types;
static bool insecure_loopback;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "FILE", "where it goes; replaced when it exists", &output },
	{ CT_OPTION_TEXT, 0, "digest", "DIGEST", "refuse other content: sha256:HEX", &digest },
	{ CT_OPTION_TEXT, 0, "max-bytes", "N", "refuse more (17179869184)", &max_bytes },
	{ CT_OPTION_LIST, 0, "accept", "TYPE", "a media type to ask for; may be repeated", &media_types },
	{ CT_OPTION_TEXT, 0, "ca-file", "FILE", "trust these certificate authorities too", &ca_file },
	{ CT_OPTION_TEXT, 0, "connect-timeout", "SECONDS", "for a connection (30)", &connect_timeout },
	{ CT_OPTION_TEXT, 0, "stall-timeout", "SECONDS", "below 1024 bytes a second (30)", &stall_timeout },
	{ CT_OPTION_TEXT, 0, "retries", "N", "after a failure that may pass (4)", &retries },
	{ CT_OPTION_TEXT, 0, "backoff", "MILLISECONDS", "before the first one, doubled each time (1000)", &backoff },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "allow http:// to this host", &insecure_loopback },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image-fetch",
	.synopsis = "[--digest DIGEST] [--max-bytes N] [--accept TYPE]... [--ca-file FILE] URL -o FILE",
	.summary = "download an https URL into a file, verified; for tools that need something from the network",
	.details = "Without --digest the digest of the content is printed.",
	.options = options,
};

/* It goes into a header line as it is. */
static void check_accept(void)
{
	for (int i = 0; i < media_types.count; i++) {
		for (const char *at = media_types.items[i]; *at || at == media_types.items[i]; at++) {
			if (*at < ' ' || *at > '~')
				ct_usage_error(&program, "--accept takes a media type such as application/json");
		}
	}
}

static struct fetch_request read_request(const char *url)
{
	struct fetch_request request = { .program = program.name,
					 .url = url,
					 .path = output,
					 .digest = digest,
					 .accept = &media_types,
					 .limit_hint = "--max-bytes sets another limit" };

	if (!output || !output[0])
		ct_usage_error(&program, "-o FILE is needed");
	if (strcmp(output, "-") == 0)
		ct_usage_error(&program, "standard output cannot be taken back when the digest is another one: give a "
					 "FILE, or './-'");
	if (digest && !ct_digest_is_valid(digest))
		ct_usage_error(&program, "'%s' is not a digest", digest);
	check_accept();
	request.max_bytes = ct_option_number(&program, "max-bytes", max_bytes, 0, INT64_MAX / 2, INT64_C(16) << 30);
	request.connect_timeout = ct_option_number(&program, "connect-timeout", connect_timeout, 1, 3600,
						   FETCH_CONNECT_TIMEOUT);
	request.stall_timeout = ct_option_number(&program, "stall-timeout", stall_timeout, 1, 3600,
						 FETCH_STALL_TIMEOUT);
	request.retries = ct_option_number(&program, "retries", retries, 0, 100, FETCH_RETRIES);
	request.backoff = ct_option_number(&program, "backoff", backoff, 0, 60000, FETCH_BACKOFF);
	return request;
}

static int load_trust(struct fetch_request *request, struct ct_err *err)
{
	const char *path = ca_file ? ca_file : getenv("CONTAINUST_CA_FILE");

	return path && path[0] ? fetch_trust_load(&request->trust, path, err) : 0;
}

static int print_digest(const char *content, struct ct_err *err)
{
	char line[CT_DIGEST_LENGTH + 2];
	int length = snprintf(line, sizeof(line), "%s\n", content);

	return ct_write_stdout(line, (size_t)length, err);
}

static int check_online(const char *url, struct ct_err *err)
{
	char shown[FETCH_URL_SHOWN_SIZE];

	if (!ct_offline())
		return 0;
	fetch_url_show(url, shown);
	ct_fail(err, "I005", "'%s' is remote and --offline is set", shown);
	return ct_err_hint(err, "fetch it once without --offline");
}

static int fetch(struct fetch_request *request, struct ct_err *err)
{
	char content[CT_DIGEST_LENGTH + 1], shown[FETCH_URL_SHOWN_SIZE];

	if (fetch_url_check(request->url, insecure_loopback, CT_USAGE, &request->plain, err) < 0) {
		fetch_url_show(request->url, shown);
		return ct_err_context(err, "cannot fetch '%s'", shown);
	}
	if (check_online(request->url, err) < 0 || load_trust(request, err) < 0 || fetch_prepare(err) < 0)
		return -1;
	if (fetch_run(request, content, err) < 0)
		return -1;
	return request->digest ? 0 : print_digest(content, err);
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	struct fetch_request request;
	int first, result;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first != 1)
		ct_usage_error(&program, "exactly one URL is needed");
	request = read_request(argv[first]);
	fetch_catch_signals();
	result = fetch(&request, &err);
	fetch_trust_release(&request.trust);
	if (result == 0)
		return CT_EXIT_OK;
	fetch_die_of_signal();
	return ct_err_report(program.name, &err);
}
