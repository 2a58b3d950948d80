#include "ctst-image/registry.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/choose.h"
#include "ctst-image/fetch_url.h"

#define SCHEMA_ONE "application/vnd.docker.distribution.manifest.v1"

static const char *const manifest_types[] = { TYPE_INDEX, TYPE_MANIFEST, TYPE_DOCKER_LIST, TYPE_DOCKER_MANIFEST };
static const char *const blob_types[] = { "application/octet-stream", "*/*" };

/* The hub's registry has another name than its images. */
static const char *host_of(const struct reference *reference)
{
	return strcmp(reference->registry, "docker.io") == 0 ? "registry-1.docker.io" : reference->registry;
}

static char *url_of(const struct registry *registry, const char *kind, const char *name)
{
	return ct_asprintf("%s://%s/v2/%s/%s/%s", registry->plain ? "http" : "https", host_of(registry->reference),
			   registry->reference->repository, kind, name);
}

void registry_start(struct registry *registry, const struct reference *reference, const char *program)
{
	*registry = (struct registry){
		.reference = reference, .program = program, .retries = FETCH_RETRIES, .backoff = FETCH_BACKOFF
	};
	pthread_mutex_init(&registry->lock, NULL);
	registry_login_start(registry);
}

void registry_release(struct registry *registry)
{
	fetch_trust_release(&registry->trust);
	credentials_release(&registry->credentials);
	credentials_forget(registry->authorization);
	pthread_mutex_destroy(&registry->lock);
}

static struct fetch_request request_to(const struct registry *registry, const char *url)
{
	return (struct fetch_request){ .program = registry->program,
				       .url = url,
				       .access = &registry->access,
				       .trust = registry->trust,
				       .connect_timeout = FETCH_CONNECT_TIMEOUT,
				       .stall_timeout = FETCH_STALL_TIMEOUT,
				       .retries = registry->retries,
				       .backoff = registry->backoff,
				       .plain = registry->plain };
}

/* ---- manifests ---- */

static int not_found(const struct registry *registry, struct ct_err *err)
{
	ct_autofree char *name = reference_name(registry->reference);

	*err = (struct ct_err)CT_ERR_INIT;
	ct_fail(err, "I001", "the registry has no image '%s%s%s'", name, registry->reference->digest[0] ? "@" : "",
		registry->reference->digest);
	return ct_err_hint(err, "check the name and the tag");
}

static bool is_known_type(const char *type)
{
	for (size_t i = 0; i < sizeof(manifest_types) / sizeof(manifest_types[0]); i++) {
		if (strcmp(type, manifest_types[i]) == 0)
			return true;
	}
	return false;
}

/*
 * A document that is a manifest to some and an index to others could pass for two images: the server's word, its own
 * and its members have to agree (manifest.md and image-index.md, "mediaType").
 */
static int check_type(const struct ct_json *root, const char *type, struct ct_err *err)
{
	const char *own = ct_json_get_string(root, "mediaType");
	bool index = strcmp(type, TYPE_INDEX) == 0 || strcmp(type, TYPE_DOCKER_LIST) == 0;

	if (own && strcmp(own, type) != 0)
		return ct_fail(err, "I006", "the server says it is of the type '%s' and it says '%.100s' itself", type,
			       own);
	if (ct_json_get(root, index ? "layers" : "manifests") || ct_json_get(root, index ? "config" : "fsLayers"))
		return ct_fail(err, "I006", "it is of the type '%s' and has members of another", type);
	return 0;
}

static int check_manifest(const struct ct_buf *text, const struct fetch_reply *reply, struct ct_err *err)
{
	ct_autojson *doc = NULL;

	if (strncmp(reply->type, SCHEMA_ONE, strlen(SCHEMA_ONE)) == 0) {
		ct_fail(err, "I004", "the image has a manifest of docker's first kind, which is not read any more");
		return ct_err_hint(err, "push the image again with a tool of today");
	}
	if (!is_known_type(reply->type)) {
		ct_fail(err, "I006", "the server sent something of the type '%s' in the place of a manifest",
			reply->type);
		return ct_err_hint(err, "check that this is the address of a registry");
	}
	doc = ct_json_parse(text->length ? text->data : "", text->length, "I006", err);
	if (!doc)
		return ct_err_context(err, "the manifest");
	return check_type(ct_json_root(doc), reply->type, err);
}

/* A registry tells the digest of what it sends; where it is another one something on the way has changed it. */
static int check_digest(const struct ct_buf *text, const struct fetch_reply *reply, struct ct_err *err)
{
	char digest[CT_DIGEST_LENGTH + 1];

	if (!reply->digest[0])
		return 0;
	ct_digest(text->length ? text->data : "", text->length, digest);
	if (strcmp(digest, reply->digest) == 0)
		return 0;
	return ct_fail(err, "I002", "the server says the manifest is %s but its content is %s", reply->digest, digest);
}

int registry_manifest(struct registry *registry, const char *name, struct ct_buf *text, char *type, struct ct_err *err)
{
	ct_autofree char *url = url_of(registry, "manifests", name);
	struct ct_option_list accept = { (const char **)manifest_types,
					 sizeof(manifest_types) / sizeof(manifest_types[0]) };
	struct fetch_request request = request_to(registry, url);
	char digest[CT_DIGEST_LENGTH + 1], shown[FETCH_URL_SHOWN_SIZE];
	struct fetch_reply reply = { .status = 0 };

	request.body = text;
	request.reply = &reply;
	request.accept = &accept;
	request.digest = ct_digest_is_valid(name) ? name : NULL;
	request.max_bytes = REGISTRY_MAX_MANIFEST;
	if (fetch_run(&request, digest, err) < 0)
		return reply.status == 404 ? not_found(registry, err) : -1;
	fetch_url_show(url, shown);
	if (check_digest(text, &reply, err) < 0 || check_manifest(text, &reply, err) < 0)
		return ct_err_context(err, "'%s'", shown);
	strcpy(type, reply.type);
	return 0;
}

/* ---- blobs ---- */

int registry_blob(struct registry *registry, const struct descriptor *blob, const char *path,
		  const struct registry_transfer *transfer, struct ct_err *err)
{
	ct_autofree char *url = url_of(registry, "blobs", blob->digest);
	struct ct_option_list accept = { (const char **)blob_types, sizeof(blob_types) / sizeof(blob_types[0]) };
	struct fetch_request request = request_to(registry, url);
	char digest[CT_DIGEST_LENGTH + 1];

	request.path = path;
	request.accept = &accept;
	request.digest = blob->digest;
	request.sized = blob->size >= 0;
	request.max_bytes = request.sized ? blob->size : REGISTRY_MAX_BLOB;
	request.curl = transfer->curl;
	request.cancelled = transfer->cancelled;
	request.received = transfer->received;
	return fetch_run(&request, digest, err);
}
