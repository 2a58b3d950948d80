#include "ctst-image/fetch_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctst-image/fetch_response.h"

/*
 * libcurl has brought forms like 127.1 and 0x7f000001 into the usual one, and resolves "localhost" without asking
 * anybody.
 */
bool fetch_host_is_loopback(const char *host)
{
	struct in_addr address;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

static int check_plain(CURLU *parts, bool allow_plain, const char *code, struct ct_err *err)
{
	char *host = NULL;
	bool loopback = curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && fetch_host_is_loopback(host);

	curl_free(host);
	if (loopback && allow_plain)
		return 0;
	ct_fail(err, code, "http:// is not encrypted");
	return ct_err_hint(err, loopback ? "use https://, or --insecure-loopback for this host's own server"
					 : "use https://");
}

static int check_scheme(CURLU *parts, bool allow_plain, const char *code, bool *plain, struct ct_err *err)
{
	char *scheme = NULL;
	int result = 0;

	if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return ct_fail(err, code, "the URL has no scheme");
	*plain = strcmp(scheme, "http") == 0;
	if (*plain)
		result = check_plain(parts, allow_plain, code, err);
	else if (strcmp(scheme, "https") != 0) {
		ct_fail(err, code, "scheme '%s' is not fetched", scheme);
		result = ct_err_hint(err, "use https://");
	}
	curl_free(scheme);
	return result;
}

int fetch_url_check(const char *url, bool allow_plain, const char *code, bool *plain, struct ct_err *err)
{
	CURLU *parts;
	CURLUcode parsed;
	int result;

	*plain = false;
	if (strlen(url) > FETCH_URL_LONGEST)
		return ct_fail(err, code, "the URL is longer than %d bytes", FETCH_URL_LONGEST);
	parts = curl_url();
	if (!parts)
		return ct_fail(err, code, "no memory for the URL");
	parsed = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
	if (parsed == CURLUE_USER_NOT_ALLOWED) {
		ct_fail(err, code, "the URL holds a user name or password");
		result = ct_err_hint(err, "everybody who sees the URL would know them: leave them out");
	} else if (parsed != CURLUE_OK) {
		result = ct_fail(err, code, "malformed URL: %s", curl_url_strerror(parsed));
	} else {
		result = check_scheme(parts, allow_plain, code, plain, err);
	}
	curl_url_cleanup(parts);
	return result;
}

/* "https://host:port"; NULL when it is no URL. To be released with curl_free(). */
static char *origin_of(const char *url)
{
	static const CURLUPart others[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
					    CURLUPART_PATH, CURLUPART_QUERY,    CURLUPART_FRAGMENT };
	CURLU *parts = curl_url();
	char *origin = NULL;

	if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK) {
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			(void)curl_url_set(parts, others[i], NULL, 0);
		(void)curl_url_get(parts, CURLUPART_URL, &origin, CURLU_DEFAULT_PORT);
	}
	curl_url_cleanup(parts);
	return origin;
}

bool fetch_url_same_origin(const char *left, const char *right)
{
	char *one = origin_of(left), *other = origin_of(right);
	bool same = one && other && strcasecmp(one, other) == 0;

	curl_free(one);
	curl_free(other);
	return same;
}

void fetch_url_show(const char *url, char text[FETCH_URL_SHOWN_SIZE])
{
	size_t length = strcspn(url, "?#");
	size_t shown = length < FETCH_URL_SHOWN ? length : FETCH_URL_SHOWN;

	fetch_show_text(url, shown, text, FETCH_URL_SHOWN_SIZE);
	if (url[shown] != '\0')
		strcat(text, "...");
}
