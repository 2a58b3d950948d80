/*
 * How a registry learns who asks: basic authentication, or a token of the server that it names (the distribution
 * project's "Token Authentication Specification").
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/challenge.h"
#include "ctst-image/fetch_url.h"
#include "ctst-image/registry.h"

#define TOKEN_LARGEST ((size_t)256 << 10)
#define BEARER "Bearer "

static char *authorization(void *context, unsigned *version)
{
	struct registry *registry = context;
	char *value;

	pthread_mutex_lock(&registry->lock);
	*version = registry->version;
	value = registry->authorization ? ct_strdup(registry->authorization) : NULL;
	pthread_mutex_unlock(&registry->lock);
	return value;
}

/* ---- the token server ---- */

/* It gets the credentials as they are, once. */
static char *token_authorization(void *context, unsigned *version)
{
	const struct registry *registry = context;

	*version = 0;
	return credentials_basic(&registry->credentials);
}

static int token_refused(void *context, const char *challenges, unsigned version, struct ct_err *err)
{
	const struct registry *registry = context;

	(void)challenges;
	(void)version;
	if (registry->credentials.user)
		return ct_err_hint(err, "the user name or the password for '%s' is not the right one",
				   registry->reference->registry);
	return ct_err_hint(err, "log in with `docker login`, or set CONTAINUST_REGISTRY_USER and _PASSWORD");
}

static void add_parameter(struct ct_buf *url, const char *name, const char *value)
{
	char *escaped = value[0] ? curl_easy_escape(NULL, value, 0) : NULL;

	if (escaped)
		ct_buf_printf(url, "%c%s=%s", strchr(url->data, '?') ? '&' : '?', name, escaped);
	curl_free(escaped);
}

/* To pull from one repository is all that is ever asked for, whatever a registry would like to hand out. */
static bool is_for_pulling(const char *scope)
{
	const char *actions = strrchr(scope, ':');

	return strncmp(scope, "repository:", strlen("repository:")) == 0 && strcmp(actions, ":pull") == 0 &&
	       !strchr(scope, ' ');
}

static void format_token_url(const struct registry *registry, const struct challenge *challenge, struct ct_buf *url)
{
	ct_autofree char *own = ct_asprintf("repository:%s:pull", registry->reference->repository);

	ct_buf_append(url, challenge->realm, strcspn(challenge->realm, "#"));
	add_parameter(url, "service", challenge->service);
	add_parameter(url, "scope", is_for_pulling(challenge->scope) ? challenge->scope : own);
}

static char *read_token(const struct ct_buf *text, struct ct_err *err)
{
	struct ct_err ignored = CT_ERR_INIT;
	/* What the parser says of it could be shown, and what it has read is a secret. */
	ct_autojson *doc = ct_json_parse(text->length ? text->data : "", text->length, CT_NO_CODE, &ignored);
	const char *token = doc ? ct_json_get_string(ct_json_root(doc), "token") : NULL;

	if (doc && (!token || !token[0]))
		token = ct_json_get_string(ct_json_root(doc), "access_token");
	for (const char *at = token; at && *at; at++) {
		if (*at <= ' ' || *at > '~')
			token = NULL;
	}
	if (token && token[0])
		return ct_asprintf(BEARER "%s", token);
	ct_fail(err, "I006", "the token server gave no token");
	return NULL;
}

static int check_token_server(const struct registry *registry, const char *url, bool *plain, struct ct_err *err)
{
	char shown[FETCH_URL_SHOWN_SIZE];

	/* A registry of this host may have a token server of this host. */
	if (fetch_url_check(url, registry->plain, "I006", plain, err) == 0)
		return 0;
	fetch_url_show(url, shown);
	return ct_err_context(err, "the registry names the token server '%s'", shown);
}

static int fetch_token(const struct registry *registry, const struct challenge *challenge, char **token,
		       struct ct_err *err)
{
	struct fetch_access access = { (void *)registry, token_authorization, token_refused };
	struct fetch_request request = { .program = registry->program,
					 .access = &access,
					 .trust = registry->trust,
					 .max_bytes = TOKEN_LARGEST,
					 .connect_timeout = FETCH_CONNECT_TIMEOUT,
					 .stall_timeout = FETCH_STALL_TIMEOUT,
					 .retries = registry->retries,
					 .backoff = registry->backoff };
	ct_autobuf url = CT_BUF_INIT;
	ct_autobuf text = CT_BUF_INIT;
	char digest[CT_DIGEST_LENGTH + 1];

	format_token_url(registry, challenge, &url);
	request.url = url.data;
	request.body = &text;
	if (check_token_server(registry, url.data, &request.plain, err) < 0 || fetch_run(&request, digest, err) < 0)
		return -1;
	*token = read_token(&text, err);
	if (text.length > 0)
		explicit_bzero(text.data, text.length);
	return *token ? 0 : -1;
}

/* ---- what the registry asks ---- */

static int no_credentials(const struct registry *registry, struct ct_err *err)
{
	return ct_err_hint(err,
			   "the registry '%s' wants a login: `docker login`, or CONTAINUST_REGISTRY_USER and _PASSWORD",
			   registry->reference->registry);
}

static int look_up(struct registry *registry, struct ct_err *err)
{
	if (registry->looked_up)
		return 0;
	registry->looked_up = true;
	return credentials_find(&registry->credentials, registry->reference->registry, err);
}

/* What there is to say to it. NULL: nothing, or nothing new; *err says why. */
static char *find_answer(struct registry *registry, const char *challenges, struct ct_err *err)
{
	struct challenge challenge;
	char *answer = NULL;

	challenge_parse(&challenge, challenges);
	if (registry->credentials.token)
		answer = ct_asprintf(BEARER "%s", registry->credentials.token);
	else if (challenge.kind == CHALLENGE_BASIC)
		answer = credentials_basic(&registry->credentials);
	else if (challenge.kind == CHALLENGE_BEARER) {
		struct ct_err token_err = CT_ERR_INIT;

		if (fetch_token(registry, &challenge, &answer, &token_err) < 0) {
			*err = token_err;
			return NULL;
		}
	} else {
		ct_err_hint(err, "how the server wants to be asked is not understood");
		return NULL;
	}
	if (!answer)
		no_credentials(registry, err);
	return answer;
}

/* The same once more would be refused once more, but for a token, of which the last one may have expired. */
static int answer(struct registry *registry, const char *challenges, struct ct_err *err)
{
	struct ct_err lookup_err = CT_ERR_INIT;
	char *value;

	if (look_up(registry, &lookup_err) < 0) {
		*err = lookup_err;
		return -1;
	}
	value = find_answer(registry, challenges, err);
	if (!value)
		return -1;
	if (registry->authorization && strcmp(registry->authorization, value) == 0) {
		credentials_forget(value);
		return ct_err_hint(err, "the registry '%s' does not take these credentials for this image",
				   registry->reference->registry);
	}
	credentials_forget(registry->authorization);
	registry->authorization = value;
	registry->version++;
	return 0;
}

static int challenged(void *context, const char *challenges, unsigned version, struct ct_err *err)
{
	struct registry *registry = context;
	int result = 0;

	pthread_mutex_lock(&registry->lock);
	/* Another thread has answered meanwhile. */
	if (version == registry->version)
		result = answer(registry, challenges, err);
	pthread_mutex_unlock(&registry->lock);
	return result;
}

void registry_login_start(struct registry *registry)
{
	registry->access = (struct fetch_access){ registry, authorization, challenged };
}
