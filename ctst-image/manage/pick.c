#include "ctst-image/manage/pick.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/store.h"

/* An index of nothing but what was found, in which choose_image() can look for the platform. */
static struct ct_json_doc *make_index(const struct lookup *found, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);

	ct_json_open_object(writer);
	ct_json_key(writer, "manifests");
	ct_json_open_array(writer);
	for (size_t i = 0; i < found->count; i++) {
		/* One image under several names is one image. */
		if (i == 0 || strcmp(ct_json_get_string(found->descriptors[i], "digest"),
				     ct_json_get_string(found->descriptors[0], "digest")) != 0)
			ct_json_value(writer, found->descriptors[i]);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return NULL;
	return ct_json_parse(text.data, text.length, "I002", err);
}

static bool is_index(const struct pick *pick, const struct descriptor *descriptor)
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	if (layout_read(pick->blobs, descriptor, &text, &ignored) < 0)
		return false;
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", &ignored);
	return doc && ct_json_get_typed(ct_json_root(doc), "manifests", CT_JSON_ARRAY);
}

static int choose(struct pick *pick, const char *platform, struct ct_err *err)
{
	ct_autojson *index = make_index(&pick->found, err);
	struct descriptor first;
	struct platform wanted;
	struct choice choice = { .spelling = "image://", .wanted = &wanted };

	if (!index || descriptor_read(&first, pick->found.descriptors[0], "the index", err) < 0)
		return -1;
	if (!platform && ct_json_get(ct_json_root(index), "manifests")->length == 1 && !is_index(pick, &first)) {
		pick->chosen = (struct chosen){ .manifest_size = first.size };
		strcpy(pick->chosen.digest, first.digest);
		strcpy(pick->chosen.manifest, first.digest);
		snprintf(pick->chosen.manifest_type, sizeof(pick->chosen.manifest_type), "%s",
			 first.type[0] ? first.type : TYPE_MANIFEST);
		return 0;
	}
	platform_host(&wanted);
	if (platform)
		(void)platform_parse(&wanted, platform);
	if (choose_image(&pick->chosen, ct_json_root(index), pick->blobs, &choice, err) == 0)
		return 0;
	ct_err_hint(err, "--platform OS/ARCH says for which platform");
	return ct_err_context(err, "image '%s'", pick->name);
}

int pick_image(struct pick *pick, const struct ct_project *project, const char *word, const char *platform,
	       struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/blobs/sha256", project->images);
	struct descriptor descriptor;

	*pick = (struct pick)PICK_INIT;
	pick->index = store_read_index(project->images, err);
	if (!pick->index && err->message[0])
		return -1;
	if (lookup_image(&pick->found, pick->index ? ct_json_get(ct_json_root(pick->index), "manifests") : NULL, word,
			 err) < 0)
		return -1;
	pick->name = lookup_name(pick->found.descriptors[0]);
	pick->blobs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pick->blobs < 0)
		return ct_fail_errno(err, "I001", "cannot read the blobs of '%s'", project->images);
	if (choose(pick, platform, err) < 0)
		return -1;
	descriptor = (struct descriptor){ .type = pick->chosen.manifest_type, .size = pick->chosen.manifest_size };
	strcpy(descriptor.digest, pick->chosen.manifest);
	return manifest_load(&pick->manifest, pick->blobs, &descriptor, err) < 0
		       ? ct_err_context(err, "image '%s'", pick->name)
		       : 0;
}

void pick_release(struct pick *pick)
{
	ct_json_free(pick->index);
	lookup_release(&pick->found);
	manifest_release(&pick->manifest);
	free(pick->name);
	ct_cleanup_close(&pick->blobs);
	*pick = (struct pick)PICK_INIT;
}
