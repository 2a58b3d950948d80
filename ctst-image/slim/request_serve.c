#include "ctst-image/slim/request_serve.h"

#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/size.h"
#include "ctst-image/slim/report.h"
#include "ctst-image/slim/request.h"
#include "ctst-image/slim/root.h"
#include "ctst-image/store.h"
#include "ctst-image/text.h"

#define MAX_REQUEST_BYTES ((size_t)64 << 20)

static void tell_savings(const struct slim *slim, const char *uri)
{
	struct ct_err ignored = CT_ERR_INIT;
	int64_t whole = report_count_root(slim->root, &ignored), size = tree_size(&slim->tree);
	char whole_text[32], size_text[32];

	if (whole < 0 || size >= whole)
		return;
	ct_format_size(whole, whole_text, sizeof(whole_text));
	ct_format_size(size, size_text, sizeof(size_text));
	ct_note(SLIM_PROGRAM, "image '%s' has %s; with distroless = true its components would get %s", uri, whole_text,
		size_text);
}

/* A request without settings is for an image that sets nothing. */
static int format_settings(const struct ct_json *document, struct ct_buf *config, struct ct_err *err)
{
	const struct ct_json *settings = ct_json_get_typed(document, "config", CT_JSON_OBJECT);
	struct ct_json_writer *writer = ct_json_writer_new(config, false);

	ct_json_open_object(writer);
	ct_json_each(member, settings)
		ct_json_member_value(writer, member->key, member);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

static int carry_out(const struct ct_json *document, const struct image_place *place, struct slim *slim,
		     struct ct_err *err)
{
	auto_request request = REQUEST_INIT;
	ct_autobuf config = CT_BUF_INIT;
	char manifest[CT_DIGEST_LENGTH + 1];

	slim->runtimes = true;
	if (request_read(&request, document, err) < 0 || request_carry_out(&request, slim, err) < 0)
		return -1;
	if (!place->uri) {
		tell_savings(slim, ct_json_get_string(document, "image"));
		return 0;
	}
	if (format_settings(document, &config, err) < 0 || image_make(slim, &config, place, manifest, err) < 0)
		return -1;
	report_warn(slim);
	return 0;
}

static int open_image(const struct ct_json *document, const struct image_place *place, struct store_image *image,
		      struct ct_err *err)
{
	const char *manifest = ct_json_get_string(document, "manifest");

	if (!manifest || !ct_digest_is_valid(manifest))
		return ct_fail(err, "P001", "the request names no manifest");
	if (store_image_load(image, place->images, place->layers, manifest, err) < 0)
		return -1;
	return root_open_layers(image->layers, image->layer_count, err);
}

static int serve(const struct ct_json *document, const struct image_place *place, struct ct_err *err)
{
	const char *format = ct_json_get_string(document, "format"), *uri = ct_json_get_string(document, "image");
	auto_store_image image = STORE_IMAGE_INIT;
	ct_autoclose int root = -1;
	struct slim slim;
	int result;

	if (!format || strcmp(format, REQUEST_FORMAT "/1") != 0 || !uri)
		return ct_fail(err, "P001", "the request is no " REQUEST_FORMAT "/1 document");
	root = open_image(document, place, &image, err);
	if (root < 0)
		return -1;
	slim_start(&slim, root);
	slim.what = slim_text(&slim, "image '%s'", uri);
	result = carry_out(document, place, &slim, err);
	slim_release(&slim);
	return result;
}

int request_serve(const struct image_place *place, struct ct_err *err)
{
	struct image_place known = *place;
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	char key[CT_DIGEST_LENGTH + 1];

	if (ct_read_all(STDIN_FILENO, MAX_REQUEST_BYTES, &text) < 0)
		return ct_fail_errno(err, "P001", "cannot read the request");
	doc = ct_json_parse(text.data ? text.data : "", text.length, "P001", err);
	if (!doc)
		return ct_err_context(err, "the request");
	ct_digest(text.data, text.length, key);
	known.request = key;
	return serve(ct_json_root(doc), &known, err);
}
