/*
 * What a person has told this machine about a registry: CONTAINUST_REGISTRY_TOKEN, _USER and _PASSWORD
 * (for the registry that CONTAINUST_REGISTRY names, where it is set), else the
 * configuration that docker login and podman login write (config.json: credHelpers, auths, credsStore), with the
 * programs docker-credential-NAME that it names.
 *
 * Nothing of it is ever an argument of a program, or part of a message.
 */
#ifndef IMAGE_CREDENTIALS_H
#define IMAGE_CREDENTIALS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/json.h"

struct credentials {
	char *user; /* owned; NULL: none */
	char *password;
	char *token; /* what goes behind "Bearer" as it is; NULL: none */
};

/* All members NULL when nothing is known of the registry. -1: what there is cannot be read or used. */
int credentials_find(struct credentials *credentials, const char *registry, struct ct_err *err);

/* "Basic …" of user and password; NULL when there are none. The caller wipes it and frees. */
char *credentials_basic(const struct credentials *credentials);

/* Wipes and frees. */
void credentials_release(struct credentials *credentials);
/* The same for one secret; NULL is fine. */
void credentials_forget(char *secret);

/*
 * Asks docker-credential-<helper>, from PATH, for `server`; within half a minute and 64 KiB. 1: it has answered; 0: it
 * does not know the server; -1: I006.
 */
int credential_helper_ask(const char *helper, const char *server, struct credentials *credentials, struct ct_err *err);

/* An "auths" entry of the configuration: whether it holds something. */
bool credentials_read_entry(struct credentials *credentials, const struct ct_json *entry);

/* Whether a key of "auths" ("https://host/v1/", "host") is about that registry. */
bool credentials_key_fits(const char *key, const char *registry);

#endif
