#include "ctst-image/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"

#define CONFIG_LARGEST ((size_t)4 << 20)
#define SECRET_LONGEST ((size_t)64 << 10)
#define HUB "docker.io"
#define HUB_KEY "https://index.docker.io/v1/" /* what docker login calls it */

void credentials_forget(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void credentials_release(struct credentials *credentials)
{
	free(credentials->user);
	credentials_forget(credentials->password);
	credentials_forget(credentials->token);
	*credentials = (struct credentials){ 0 };
}

char *credentials_basic(const struct credentials *credentials)
{
	ct_autofree char *pair = NULL;
	char *value;
	size_t length;

	if (!credentials->user || !credentials->password)
		return NULL;
	pair = ct_asprintf("%s:%s", credentials->user, credentials->password);
	length = strlen(pair);
	value = ct_alloc(6 + 4 * ((length + 2) / 3) + 1);
	strcpy(value, "Basic ");
	EVP_EncodeBlock((unsigned char *)value + 6, (const unsigned char *)pair, (int)length);
	explicit_bzero(pair, length);
	return value;
}

/* ---- config.json ---- */

bool credentials_key_fits(const char *key, const char *registry)
{
	const char *host = strstr(key, "://");
	size_t length;

	host = host ? host + 3 : key;
	length = strcspn(host, "/");
	if (strcmp(registry, HUB) == 0 && ((length == 15 && strncmp(host, "index.docker.io", length) == 0) ||
					   (length == 20 && strncmp(host, "registry-1.docker.io", length) == 0)))
		return true;
	return length == strlen(registry) && strncmp(host, registry, length) == 0;
}

/* "auth": user and password in Base64 with a colon in between. */
static bool read_pair(struct credentials *credentials, const char *text)
{
	size_t length = strlen(text);
	ct_autofree char *pair = NULL;
	char *colon;
	int decoded;

	if (length == 0 || length % 4 != 0 || length > SECRET_LONGEST)
		return false;
	pair = ct_alloc(length / 4 * 3 + 1);
	decoded = EVP_DecodeBlock((unsigned char *)pair, (const unsigned char *)text, (int)length);
	if (decoded < 0)
		return false;
	pair[decoded] = '\0';
	colon = strchr(pair, ':');
	if (colon) {
		*colon = '\0';
		credentials->user = ct_strdup(pair);
		credentials->password = ct_strdup(colon + 1);
	}
	explicit_bzero(pair, (size_t)decoded);
	return colon != NULL;
}

bool credentials_read_entry(struct credentials *credentials, const struct ct_json *entry)
{
	const char *user = ct_json_get_string(entry, "username"), *password = ct_json_get_string(entry, "password");
	const char *token = ct_json_get_string(entry, "registrytoken"), *auth = ct_json_get_string(entry, "auth");

	if (token && token[0])
		credentials->token = ct_strdup(token);
	if (auth && auth[0])
		return read_pair(credentials, auth) || credentials->token;
	if (user && user[0] && password) {
		credentials->user = ct_strdup(user);
		credentials->password = ct_strdup(password);
	}
	return credentials->user || credentials->token;
}

/* The key as it stands first: a helper or an entry that is meant for exactly this one. */
static const struct ct_json *find_member(const struct ct_json *object, const char *registry)
{
	const struct ct_json *exact = ct_json_get(object, registry);

	if (exact || !object || object->type != CT_JSON_OBJECT)
		return exact;
	ct_json_each(member, object) {
		if (credentials_key_fits(member->key, registry))
			return member;
	}
	return NULL;
}

static int ask_helper(struct credentials *credentials, const char *helper, const char *registry, struct ct_err *err)
{
	return credential_helper_ask(helper, strcmp(registry, HUB) == 0 ? HUB_KEY : registry, credentials, err);
}

static int read_config(struct credentials *credentials, const struct ct_json *config, const char *registry,
		       struct ct_err *err)
{
	const struct ct_json *helper = find_member(ct_json_get(config, "credHelpers"), registry);
	const struct ct_json *entry = find_member(ct_json_get(config, "auths"), registry);
	const char *store = ct_json_get_string(config, "credsStore");
	const char *identity = ct_json_get_string(entry, "identitytoken");
	int known = 0;

	if (helper && helper->type == CT_JSON_STRING && helper->text[0])
		return ask_helper(credentials, helper->text, registry, err) < 0 ? -1 : 0;
	if (store && store[0])
		known = ask_helper(credentials, store, registry, err);
	if (known != 0 || !entry || credentials_read_entry(credentials, entry))
		return known < 0 ? -1 : 0;
	if (!identity || !identity[0])
		return 0;
	ct_fail(err, "I006", "what is known of the registry '%s' is an identity token, which this version cannot use",
		registry);
	return ct_err_hint(err, "log in with a password or an access token, or set CONTAINUST_REGISTRY_TOKEN");
}

/* NULL: there is none. The caller frees. */
static char *config_path(void)
{
	const char *directory = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (directory && directory[0])
		return ct_asprintf("%s/config.json", directory);
	return home && home[0] == '/' ? ct_asprintf("%s/.docker/config.json", home) : NULL;
}

static int read_config_file(struct credentials *credentials, const char *registry, struct ct_err *err)
{
	ct_autofree char *path = config_path();
	ct_autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	int result;

	if (fd < 0)
		return path && errno != ENOENT && errno != ENOTDIR
			       ? ct_fail_errno(err, CT_NO_CODE, "cannot read '%s'", path)
			       : 0;
	if (ct_read_all(fd, CONFIG_LARGEST, &text) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot read '%s'", path);
	if (text.length == 0)
		return 0;
	/* The parser's message says where, not what stands there. */
	doc = ct_json_parse(text.data, text.length, CT_NO_CODE, err);
	explicit_bzero(text.data, text.length);
	if (!doc)
		return ct_err_context(err, "'%s'", path);
	result = read_config(credentials, ct_json_root(doc), registry, err);
	return result < 0 ? ct_err_context(err, "'%s'", path) : 0;
}

/* ---- where to look ---- */

/* CONTAINUST_REGISTRY keeps what is meant for one registry from the others that a composition names. */
static bool read_environment(struct credentials *credentials, const char *registry)
{
	const char *token = getenv("CONTAINUST_REGISTRY_TOKEN"), *user = getenv("CONTAINUST_REGISTRY_USER");
	const char *password = getenv("CONTAINUST_REGISTRY_PASSWORD"), *whose = getenv("CONTAINUST_REGISTRY");

	if (whose && whose[0] && !credentials_key_fits(whose, registry))
		return false;
	if (token && token[0])
		credentials->token = ct_strdup(token);
	if (user && user[0]) {
		credentials->user = ct_strdup(user);
		credentials->password = ct_strdup(password ? password : "");
	}
	return credentials->token || credentials->user;
}

int credentials_find(struct credentials *credentials, const char *registry, struct ct_err *err)
{
	*credentials = (struct credentials){ 0 };
	if (!read_environment(credentials, registry) && read_config_file(credentials, registry, err) < 0)
		return -1;
	if (credentials->user && strchr(credentials->user, ':'))
		return ct_fail(err, "I006", "the user name for the registry '%s' has a colon in it", registry);
	for (const char *at = credentials->token; at && *at; at++) {
		if (*at <= ' ' || *at > '~')
			return ct_fail(err, "I006", "the token for the registry '%s' has a byte that none can have",
				       registry);
	}
	return 0;
}
