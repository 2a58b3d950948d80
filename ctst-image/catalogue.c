#include "ctst-image/catalogue.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-image/store.h"

static bool is_there(const struct ct_json *index, const char *name)
{
	ct_json_each(descriptor, ct_json_get(index, "manifests")) {
		if (choose_is_named(descriptor, name))
			return true;
	}
	return false;
}

int catalogue_find(struct chosen *chosen, const char *images, const struct image_uri *uri,
		   const struct platform *wanted, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/blobs/sha256", images);
	struct choice choice = { .name = uri->path, .spelling = "image://", .wanted = wanted };
	ct_autoclose int blobs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ct_autojson *index = store_read_index(images, err);

	if (!index && err->message[0])
		return -1;
	if (!index || blobs < 0 || !is_there(ct_json_root(index), uri->path)) {
		ct_fail(err, "I001", "the store has no image called '%s'", uri->path);
		return ct_err_hint(err, "`ctst-image ls` lists what the store holds");
	}
	return choose_image(chosen, ct_json_root(index), blobs, &choice, err);
}
