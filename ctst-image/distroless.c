#include "ctst-image/distroless.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "common/process.h"
#include "ctst-image/helper.h"
#include "ctst-image/image_config.h"

#define NAME_DIGITS 12

/* One image and those who run from it. */
struct slimming {
	const struct resolved_image *whole;
	const struct ct_json *config; /* of the whole image, in the composition's words */
	const char *uri;
	const struct ct_json *components;
	const struct ct_project *project;
	const struct build_options *options;
	bool of_whole; /* the components that have not asked for it */
};

bool distroless_is_wanted(const struct ct_json *component, const struct build_options *options)
{
	return options->distroless || ct_json_get_bool(component, "distroless", false);
}

static bool takes_part(const struct slimming *slimming, const struct ct_json *component)
{
	const char *uri = ct_json_get_string(component, "image");

	return uri && strcmp(uri, slimming->uri) == 0 &&
	       !ct_json_get_typed(component, "required_params", CT_JSON_ARRAY) &&
	       distroless_is_wanted(component, slimming->options) != slimming->of_whole;
}

static void write_strings(struct ct_json_writer *writer, const struct ct_json *list)
{
	ct_json_each(item, list) {
		if (item->type == CT_JSON_STRING)
			ct_json_string(writer, item->text);
	}
}

static void open_command(struct ct_json_writer *writer, const char *what, const char *name)
{
	ct_autofree char *whose = ct_asprintf("%s of '%s'", what, name);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "for", whose);
	ct_json_key(writer, "argv");
	ct_json_open_array(writer);
}

static void close_command(struct ct_json_writer *writer)
{
	ct_json_close_array(writer);
	ct_json_close_object(writer);
}

/* The rule is the plan's: an entrypoint in the file drops the image's command, a command replaces it. */
static void write_main_command(struct ct_json_writer *writer, const struct ct_json *component,
			       const struct ct_json *config, const char *name)
{
	const struct ct_json *entrypoint = ct_json_get_typed(component, "entrypoint", CT_JSON_ARRAY);
	const struct ct_json *command = ct_json_get_typed(component, "command", CT_JSON_ARRAY);

	open_command(writer, "the command", name);
	write_strings(writer, entrypoint ? entrypoint : ct_json_get_typed(config, "entrypoint", CT_JSON_ARRAY));
	if (command)
		write_strings(writer, command);
	else if (!entrypoint)
		write_strings(writer, ct_json_get_typed(config, "cmd", CT_JSON_ARRAY));
	close_command(writer);
}

static void write_health_command(struct ct_json_writer *writer, const struct ct_json *component,
				 const struct ct_json *config, const char *name)
{
	const struct ct_json *check = ct_json_get(component, "healthcheck");
	const struct ct_json *command = ct_json_get_typed(check ? check : ct_json_get(config, "healthcheck"), "command",
							  CT_JSON_ARRAY);

	/* The one word NONE, as in docker's files, says that the image's own is not to be run. */
	if (!command || (command->length == 1 && command->first->text && strcmp(command->first->text, "NONE") == 0))
		return;
	open_command(writer, "the health check", name);
	write_strings(writer, command);
	close_command(writer);
}

/* Those that decide which files a program finds; others, which may well be secret, are nobody's business here. */
static bool decides_files(const char *text)
{
	static const char *const names[] = { "PATH=",     "LD_LIBRARY_PATH=", "LANG=", "LC_ALL=",
					     "LC_CTYPE=", "LC_MESSAGES=",     "TZ=" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* The component's behind the image's: the last one counts. A value that is known only later is left out. */
static void write_environment(struct ct_json_writer *writer, const struct ct_json *component,
			      const struct ct_json *config)
{
	ct_json_key(writer, "env");
	ct_json_open_array(writer);
	ct_json_each(item, ct_json_get_typed(config, "env", CT_JSON_ARRAY)) {
		if (item->type == CT_JSON_STRING && decides_files(item->text))
			ct_json_string(writer, item->text);
	}
	ct_json_each(item, ct_json_get_typed(component, "env", CT_JSON_OBJECT)) {
		ct_autofree char *text = item->type == CT_JSON_STRING ? ct_asprintf("%s=%s", item->key, item->text)
								      : NULL;

		if (text && decides_files(text) && !strstr(text, "${"))
			ct_json_string(writer, text);
	}
	ct_json_close_array(writer);
}

static void write_group(struct ct_json_writer *writer, const struct ct_json *component, const struct ct_json *config)
{
	const char *name = ct_json_get_string(component, "name");
	const char *workdir = ct_json_get_string(component, "workdir");

	ct_json_open_object(writer);
	write_environment(writer, component, config);
	ct_json_member_string(writer, "workdir", workdir ? workdir : ct_json_get_string(config, "workdir"));
	ct_json_key(writer, "commands");
	ct_json_open_array(writer);
	write_main_command(writer, component, config, name ? name : "?");
	write_health_command(writer, component, config, name ? name : "?");
	ct_json_close_array(writer);
	ct_json_close_object(writer);
}

/* All that the result depends on, the version of the tools included: equal requests have equal results. */
static int format_request(const struct slimming *slimming, struct ct_buf *out, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, false);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.slim-request/1");
	ct_json_member_string(writer, "version", CT_VERSION);
	ct_json_member_string(writer, "image", slimming->uri);
	ct_json_member_string(writer, "manifest", slimming->whole->source.manifest);
	ct_json_key(writer, "groups");
	ct_json_open_array(writer);
	ct_json_each(component, slimming->components) {
		if (takes_part(slimming, component))
			write_group(writer, component, slimming->config);
	}
	ct_json_close_array(writer);
	ct_json_member_value(writer, "config", slimming->config);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

static int as_input(const struct ct_buf *text, struct ct_err *err)
{
	int fd = memfd_create("request", MFD_CLOEXEC);

	if (fd >= 0 && ct_write_all(fd, text->data, text->length) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	ct_fail_errno(err, "I003", "cannot pass the request on");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Returns the helper's exit status, as ct_process_wait() gives it. */
static int run_helper(const struct slimming *slimming, const struct ct_buf *request, const char *as,
		      const char *subject, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-image-slim", ct_libexec_directory());
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ct_autoclose int input = as_input(request, err);
	const char *argv[16] = { program,    "--request",
				 "--images", slimming->project->images,
				 "--layers", slimming->project->layers };
	int count = 6, status;

	if (input < 0)
		return -1;
	if (as) {
		argv[count++] = "--as";
		argv[count++] = as;
	}
	if (subject) {
		argv[count++] = "--subject";
		argv[count++] = subject;
	}
	argv[count] = NULL;
	status = helper_run(argv, input, null);
	return status < 0 ? ct_fail_errno(err, "I003", "cannot execute '%s'", program) : status;
}

/* The helper has told its own failures itself. */
static int make(const struct slimming *slimming, const struct ct_buf *request, const char *as, const char *subject,
		struct ct_err *err)
{
	int status = run_helper(slimming, request, as, subject, err);
	ct_autofree char *what = NULL;

	if (status <= 0)
		return status;
	what = ct_asprintf("%s: making the slim image of '%s'", subject, slimming->uri);
	return helper_failed(status, "I003", what, err);
}

/*
 * Where it is in the store: named by what it was made of and for, but not by the content. When that changes, the new one
 * takes the old one's place.
 */
static char *name_slim_image(const struct slimming *slimming, struct ct_err *err)
{
	ct_autobuf names = CT_BUF_INIT;
	char digest[CT_DIGEST_LENGTH + 1];
	struct ct_json_writer *writer = ct_json_writer_new(&names, false);

	ct_json_open_array(writer);
	ct_json_each(component, slimming->components) {
		if (takes_part(slimming, component))
			write_group(writer, component, slimming->config);
	}
	ct_json_close_array(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return NULL;
	ct_digest(names.data, names.length, digest);
	return ct_asprintf("slim://%.*s/%s", NAME_DIGITS, digest + strlen("sha256:"), slimming->uri);
}

static bool load(const struct ct_project *project, const char *as, const char *key, struct image_source *source,
		 struct store_image *image)
{
	struct ct_err ignored = CT_ERR_INIT;

	*image = (struct store_image)STORE_IMAGE_INIT;
	if (image_source_load(project->images, as, source) && strcmp(source->request, key) == 0 &&
	    store_image_load(image, project->images, project->layers, source->manifest, &ignored) == 0)
		return true;
	store_image_release(image);
	return false;
}

static int make_and_load(const struct slimming *slimming, const struct ct_buf *request, const char *as,
			 const char *subject, struct image_source *source, struct store_image *image,
			 struct ct_err *err)
{
	char key[CT_DIGEST_LENGTH + 1];

	ct_digest(request->data, request->length, key);
	if (load(slimming->project, as, key, source, image))
		return 0;
	if (slimming->options->dry_run)
		return 1;
	if (make(slimming, request, as, subject, err) < 0)
		return -1;
	if (load(slimming->project, as, key, source, image))
		return 0;
	return ct_fail(err, "I003", "%s: the slim image of '%s' is not in the store", subject, slimming->uri);
}

int distroless_replace(struct resolved_image *resolved, const char *uri, const char *subject,
		       const struct ct_json *components, const struct ct_project *project,
		       const struct build_options *options, struct ct_err *err)
{
	ct_autojson *config = image_config_read(resolved->image.config, err);
	struct slimming slimming = { resolved, NULL, uri, components, project, options, false };
	ct_autobuf request = CT_BUF_INIT;
	ct_autofree char *as = NULL;
	struct image_source source;
	struct store_image image = STORE_IMAGE_INIT;
	int result;

	if (!config)
		return -1;
	slimming.config = ct_json_root(config);
	as = name_slim_image(&slimming, err);
	if (!as || format_request(&slimming, &request, err) < 0)
		return -1;
	result = make_and_load(&slimming, &request, as, subject, &source, &image, err);
	if (result < 0)
		return -1;
	/* What is not made yet will say what the whole one says. */
	if (result == 1) {
		resolved->pending = "new";
		return 0;
	}
	store_image_release(&resolved->image);
	resolved->image = image;
	/* The digest stays that of the source: it is what a file can pin. */
	strcpy(resolved->source.manifest, source.manifest);
	return 0;
}

void distroless_tell_savings(const struct resolved_image *resolved, const char *uri, const struct ct_json *components,
			     const struct ct_project *project, const struct build_options *options)
{
	struct slimming slimming = { resolved, NULL, uri, components, project, options, true };
	struct ct_err ignored = CT_ERR_INIT;
	ct_autobuf request = CT_BUF_INIT;
	ct_autojson *config = NULL;

	if ((!resolved->imported && !ct_verbose()) || options->dry_run || ct_quiet())
		return;
	config = image_config_read(resolved->image.config, &ignored);
	if (!config)
		return;
	slimming.config = ct_json_root(config);
	if (format_request(&slimming, &request, &ignored) == 0)
		(void)run_helper(&slimming, &request, NULL, NULL, &ignored);
}
