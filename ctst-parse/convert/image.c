/* image and build: where the component's image will be found. */
#include <ctype.h>
#include <string.h>

#include "common/digest.h"
#include "common/secret_names.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/service.h"

/* "registry:5000/team/app:1.2@sha256:…" in its parts; registry and repository are filled in as docker does. */
struct reference {
	const char *registry;
	const char *repository;
	const char *tag;    /* NULL: none */
	const char *digest; /* "sha256:…"; NULL: none */
};

static void comment(struct job *job, const char *text)
{
	output_comment(job->all->arena, &job->component->comments, &job->component->last_comment, text);
}

static bool is_registry(const char *text, size_t length)
{
	return memchr(text, '.', length) || memchr(text, ':', length) ||
	       (length == 9 && memcmp(text, "localhost", 9) == 0);
}

static struct reference split_reference(struct ct_arena *arena, const char *text)
{
	struct reference reference = { .registry = "docker.io" };
	const char *at = strchr(text, '@');
	char *name = ct_arena_copy(arena, text, at ? (size_t)(at - text) : strlen(text));
	char *slash = strchr(name, '/'), *last, *colon;

	reference.digest = at ? at + 1 : NULL;
	if (slash && is_registry(name, (size_t)(slash - name))) {
		reference.registry = ct_arena_copy(arena, name, (size_t)(slash - name));
		name = slash + 1;
	}
	last = strrchr(name, '/');
	colon = strchr(last ? last : name, ':');
	if (colon) {
		*colon = '\0';
		reference.tag = colon + 1;
	}
	reference.repository = name;
	if (!strchr(name, '/') && strcmp(reference.registry, "docker.io") == 0)
		reference.repository = ct_arena_printf(arena, "library/%s", name);
	return reference;
}

static void append_file_name(struct ct_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		ct_buf_putc(out, byte < 0x80 && (isalnum(byte) || strchr("._-", byte)) ? *text : '-');
	}
}

static void remember_archive(struct conversion *all, const char *image)
{
	if ((all->archive_count & (all->archive_count + 1)) == 0)
		all->archive_images = ct_realloc_array(all->archive_images, 2 * all->archive_count + 2,
						       sizeof(*all->archive_images));
	all->archive_images[all->archive_count++] = image;
}

/* "16" of a tag, the digest's begin where there is none. */
static const char *archive_version(struct ct_arena *arena, const struct reference *reference)
{
	const char *colon = reference->digest ? strchr(reference->digest, ':') : NULL;

	if (reference->tag || !reference->digest)
		return reference->tag ? reference->tag : "latest";
	return ct_arena_printf(arena, "%.12s", colon ? colon + 1 : reference->digest);
}

/* "postgres-16": the last part of the name; when another image has that already, all of it, and in the end a number. */
static const char *archive_name(struct conversion *all, const struct reference *reference, const char *image)
{
	const char *version = archive_version(all->arena, reference);
	uint32_t number = 0;

	for (int attempt = 0;; attempt++) {
		ct_autobuf name = CT_BUF_INIT;
		const char *text;

		append_file_name(&name, attempt == 0 ? path_name(reference->repository) : reference->repository);
		ct_buf_putc(&name, '-');
		append_file_name(&name, version);
		/* So many files have names already that this one is free. */
		if (attempt > 1)
			ct_buf_printf(&name, "-%zu", all->archive_count + (size_t)attempt);
		text = ct_arena_take(all->arena, &name);
		if (ct_names_add(&all->archives, ct_slice_of(text), (uint32_t)all->archive_count, &number)) {
			remember_archive(all, image);
			return text;
		}
		if (strcmp(all->archive_images[number], image) == 0)
			return text;
	}
}

static void use_archive(struct job *job, const struct reference *reference, const char *image, struct cause cause)
{
	struct ct_arena *arena = job->all->arena;
	const char *name = archive_name(job->all, reference, image);
	const char *tag = reference->digest ? "" : reference->tag ? reference->tag : "latest";

	comment(job, ct_arena_printf(arena, "skopeo copy docker://%s/%s%s%s docker-archive:images/%s.tar",
				     reference->registry, reference->repository, reference->digest ? "@" : ":",
				     reference->digest ? reference->digest : tag, name));
	output_text(&job->all->output, job->component, PROPERTY_IMAGE, SHAPE_ONE, cause,
		    ct_arena_printf(arena, "tar://./images/%s.tar", name));
}

void convert_image(struct job *job, const struct member *member)
{
	const char *image = node_text(member->value);
	struct cause cause = { member->place, "image", NULL };
	struct reference reference;

	/* What is built is not fetched; convert_build() names the image in its comment. */
	if (node_get(job->service->node, "build"))
		return;
	if (!image || !*image) {
		lose(job, member->place, "image", NULL, "it names no image");
		return;
	}
	reference = split_reference(job->all->arena, image);
	if (job->all->options->oci && reference.digest) {
		output_text(&job->all->output, job->component, PROPERTY_IMAGE, SHAPE_ONE, cause,
			    ct_arena_printf(job->all->arena, "oci://%s/%s%s%s@%s", reference.registry,
					    reference.repository, reference.tag ? ":" : "",
					    reference.tag ? reference.tag : "", reference.digest));
		return;
	}
	if (job->all->options->oci)
		note(job, member->place, "image", NULL,
		     "'%.100s' has no digest, which oci:// needs, so it is read from an archive; 'ctst pull' prints "
		     "the pin",
		     image);
	use_archive(job, &reference, image, cause);
}

/* A build argument, NAME=value or NAME: value NULL. */
struct argument {
	const char *name, *value;
	struct place place;
};

static struct argument read_argument(struct ct_arena *arena, const struct member *item)
{
	const char *text = node_text(item->value), *equals = text && !item->key ? strchr(text, '=') : NULL;

	if (item->key)
		return (struct argument){ item->key, text, item->place };
	if (!equals)
		return (struct argument){ text ? text : "", NULL, item->place };
	return (struct argument){ ct_arena_copy(arena, text, (size_t)(equals - text)), equals + 1, item->place };
}

static void append_argument(struct job *job, struct ct_buf *out, const struct argument *argument)
{
	ct_buf_printf(out, " --build-arg %s", argument->name);
	if (!argument->value)
		return;
	if (ct_name_is_secret(ct_slice_of(argument->name)) || strpbrk(argument->value, " '\"\\$\n\t"))
		lose(job, argument->place, "build.args", argument->name,
		     "its value is not in the comment; give it to the build by hand");
	else
		ct_buf_printf(out, "=%s", argument->value);
}

/* Each name once, with its last value. Values of secrets are not shown. */
static void append_arguments(struct job *job, struct ct_buf *out, const struct node *arguments)
{
	ct_autonames names = CT_NAMES_INIT;
	struct argument *all;
	uint32_t count = 0;

	if (!arguments || arguments->kind == NODE_SCALAR)
		return;
	all = ct_arena_array(job->all->arena, (size_t)arguments->count + 1, sizeof(*all));
	node_each(item, arguments) {
		struct argument argument = read_argument(job->all->arena, item);
		uint32_t number = count;

		if (ct_names_add(&names, ct_slice_of(argument.name), count, &number))
			number = count++;
		all[number] = argument;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (all[i].name[0])
			append_argument(job, out, &all[i]);
	}
}

static void append_option(struct ct_buf *out, const char *option, const struct node *value)
{
	if (node_text(value) && node_text(value)[0])
		ct_buf_printf(out, " %s %s", option, node_text(value));
}

/* "docker build -f … --output images/web ./web": what fills the directory. */
static const char *build_command(struct job *job, const struct node *build, const char *name)
{
	const struct node *context = build->kind == NODE_MAP ? node_get(build, "context") : build;
	const char *path = node_text(context) ? node_text(context) : ".";
	ct_autobuf out = CT_BUF_INIT;

	if (!strstr(path, "://") && strncmp(path, "git@", 4) != 0 && context)
		path = path_seen_from(job->all->arena, job->all->directory,
				      path_absolute(job->all->arena, context->place.file->directory, path));
	ct_buf_puts(&out, "docker build");
	if (build->kind == NODE_MAP) {
		const char *dockerfile = node_text(node_get(build, "dockerfile"));

		if (dockerfile)
			ct_buf_printf(&out, " --file %s%s%s", dockerfile[0] == '/' ? "" : path,
				      dockerfile[0] == '/' ? "" : "/", dockerfile);
		append_option(&out, "--target", node_get(build, "target"));
		append_arguments(job, &out, node_get(build, "args"));
	}
	ct_buf_printf(&out, " --output images/%s %s", name, path);
	return ct_arena_take(job->all->arena, &out);
}

void convert_build(struct job *job, const struct member *member)
{
	static const char *const known[] = { "context", "dockerfile", "target", "args", NULL };
	const struct node *build = member->value;
	const char *name = job->service->names[0], *image = node_text(node_get(job->service->node, "image"));
	struct cause cause = { member->place, "build", NULL };

	if (node_is_null(build)) {
		lose(job, member->place, "build", NULL, "it names no directory to build from");
		return;
	}
	lose_others(job, build, "build", known, "nothing is built here; do it where you run the build");
	if (image)
		comment(job, ct_arena_printf(job->all->arena, "%s is built, with:", image));
	else
		comment(job, "the image is built, with:");
	comment(job, ct_arena_printf(job->all->arena, "    %s", build_command(job, build, name)));
	output_text(&job->all->output, job->component, PROPERTY_IMAGE, SHAPE_ONE, cause,
		    ct_arena_printf(job->all->arena, "file://./images/%s", name));
	if (first_time(job->all, "build"))
		note(job, member->place, "build", NULL,
		     "containust builds no images; a comment says how to make the directory with the files. It knows "
		     "no "
		     "default command: set 'command' where the compose file has none");
}
