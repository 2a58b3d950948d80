#include "ctst-image/build.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "common/project.h"
#include "ctst-image/distroless.h"
#include "ctst-image/image_config.h"
#include "ctst-image/manage/usage.h"
#include "ctst-image/resolve.h"

/* "component 'api' (stack.ctst:4:13)" */
static char *describe(const struct ct_json *component)
{
	const char *name = ct_json_get_string(component, "name");
	const char *at = ct_json_get_string(ct_json_get(component, "origins"), "image");

	if (!at)
		at = ct_json_get_string(component, "at");
	return ct_asprintf("component '%s'%s%s%s", name ? name : "?", at ? " (" : "", at ? at : "", at ? ")" : "");
}

/* What an import would find is known before it only as far as a data file or a pin tells it. */
static void write_pending(struct ct_json_writer *writer, const struct resolved_image *resolved)
{
	static const char *const settings[] = { "entrypoint", "cmd", "env", "user", "workdir" };

	if (resolved->source.digest[0])
		ct_json_member_string(writer, "digest", resolved->source.digest);
	if (resolved->image.config) {
		ct_json_key(writer, "config");
		image_config_write(writer, ct_json_root(resolved->image.config));
	} else if (resolved->preset.entry) {
		ct_json_key(writer, "config");
		ct_json_open_object(writer);
		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
			const struct ct_json *value = ct_json_get(resolved->preset.entry, settings[i]);

			if (value)
				ct_json_member_value(writer, settings[i], value);
		}
		ct_json_close_object(writer);
	}
	ct_json_member_string(writer, "import", resolved->pending);
}

static void write_image(struct ct_json_writer *writer, const char *uri, const struct resolved_image *resolved,
			bool distroless)
{
	ct_json_open_object(writer);
	ct_json_member_string(writer, "uri", uri);
	if (distroless)
		ct_json_member_bool(writer, "distroless", true);
	if (resolved->pending) {
		write_pending(writer, resolved);
	} else {
		ct_json_member_string(writer, "digest", resolved->source.digest);
		ct_json_member_string(writer, "manifest", resolved->source.manifest);
		ct_json_key(writer, "layers");
		ct_json_open_array(writer);
		for (size_t i = 0; i < resolved->image.layer_count; i++)
			ct_json_string(writer, resolved->image.layers[i]);
		ct_json_close_array(writer);
		ct_json_key(writer, "config");
		image_config_write(writer, ct_json_root(resolved->image.config));
	}
	ct_json_close_object(writer);
}

/* What the loop over the components needs. */
struct building {
	struct ct_json_writer *writer;
	const struct ct_json *components;
	const struct ct_project *project;
	const struct build_options *options;
};

/* The slim image takes the place of the whole one, which stays in the store: it is what the next slim one is made from. */
static int resolve_component(const struct building *building, const struct ct_json *component, const char *uri,
			     struct ct_err *err)
{
	bool distroless = distroless_is_wanted(component, building->options);
	ct_autofree char *subject = describe(component);
	struct resolved_image resolved;
	int result;

	result = resolve_image(&resolved, uri, subject, building->project, building->options, err);
	if (result == 0 && distroless && !resolved.pending)
		result = distroless_replace(&resolved, uri, subject, building->components, building->project,
					    building->options, err);
	else if (result == 0 && !resolved.pending && building->options->savings)
		distroless_tell_savings(&resolved, uri, building->components, building->project, building->options);
	if (result == 0)
		write_image(building->writer, uri, &resolved, distroless);
	resolved_image_release(&resolved);
	return result;
}

/* A component that wants its image slim has another one than its neighbour that wants it whole. */
static int write_images(const struct building *building, struct ct_err *err)
{
	ct_autonames whole = CT_NAMES_INIT, slim = CT_NAMES_INIT;

	ct_json_each(component, building->components) {
		const char *uri = ct_json_get_string(component, "image");
		bool distroless = distroless_is_wanted(component, building->options);

		/* A template that nobody fills in has no image. */
		if (!uri || !ct_names_add(distroless ? &slim : &whole, ct_slice_of(uri), 0, NULL))
			continue;
		if (resolve_component(building, component, uri, err) < 0)
			return -1;
	}
	return 0;
}

/* With --distroless every component says so, that the stages behind know which image is whose. */
static void write_component(struct ct_json_writer *writer, const struct ct_json *component)
{
	ct_json_open_object(writer);
	ct_json_each(member, component) {
		if (strcmp(member->key, "distroless") != 0)
			ct_json_member_value(writer, member->key, member);
	}
	ct_json_member_bool(writer, "distroless", true);
	ct_json_close_object(writer);
}

static void write_member(struct ct_json_writer *writer, const struct ct_json *member,
			 const struct build_options *options)
{
	if (!options->distroless || strcmp(member->key, "components") != 0 || member->type != CT_JSON_ARRAY) {
		ct_json_member_value(writer, member->key, member);
		return;
	}
	ct_json_key(writer, member->key);
	ct_json_open_array(writer);
	ct_json_each(component, member)
		write_component(writer, component);
	ct_json_close_array(writer);
}

int build_composition(const struct ct_json *composition, const struct build_options *options, struct ct_buf *out,
		      struct ct_err *err)
{
	const char *directory = ct_json_get_string(composition, "directory");
	struct ct_err ignored = CT_ERR_INIT;
	struct ct_json_writer *writer;
	ct_autoproject project = { 0 };
	struct building building;
	int result;

	if (!directory || directory[0] != '/')
		return ct_fail(err, "P001", "the composition does not say which directory it is of");
	if (ct_project_of_directory(&project, directory, err) < 0)
		return -1;
	writer = ct_json_writer_new(out, false);
	ct_json_open_object(writer);
	ct_json_each(member, composition) {
		/* What an earlier run of this filter appended is decided anew. */
		if (strcmp(member->key, "images") != 0)
			write_member(writer, member, options);
	}
	ct_json_key(writer, "images");
	ct_json_open_array(writer);
	building = (struct building){ writer, ct_json_get_typed(composition, "components", CT_JSON_ARRAY), &project,
				      options };
	result = write_images(&building, err);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, result < 0 ? &ignored : err) < 0)
		return -1;
	if (result == 0 && !options->dry_run && usage_is_shared(&project))
		usage_join(&project);
	return result;
}
