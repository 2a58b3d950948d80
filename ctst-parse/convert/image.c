/* image: where the component's image will be found. */
#include <ctype.h>
#include <string.h>

#include "common/digest.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/service.h"
#include "ctst-parse/convert/words.h"

/* "registry:5000/team/app:1.2@sha256:…" in its parts; registry and repository are filled in as docker does. */
struct reference {
	const char *registry;
	const char *repository;
	const char *tag;    /* NULL: none */
	const char *digest; /* "sha256:…"; NULL: none */
};

void comment_component(struct job *job, const char *text)
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
	ct_autobuf line = CT_BUF_INIT;
	const char *tag = reference->digest ? "" : reference->tag ? reference->tag : "latest";

	ct_buf_puts(&line, "skopeo copy ");
	append_shell_word(&line,
			  ct_arena_printf(arena, "docker://%s/%s%s%s", reference->registry, reference->repository,
					  reference->digest ? "@" : ":", reference->digest ? reference->digest : tag));
	ct_buf_printf(&line, " docker-archive:images/%s.tar", name);
	comment_component(job, ct_arena_take(arena, &line));
	output_text(&job->all->output, job->component, PROPERTY_IMAGE, SHAPE_ONE, cause,
		    ct_arena_printf(arena, "tar://./images/%s.tar", name));
}

/* The bytes that names, tags and digests are made of: none has a meaning to a shell. */
static bool is_reference(const char *text)
{
	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte >= 0x80 || (!isalnum(byte) && (at == text || !strchr("._-/:@+[]", byte))))
			return false;
	}
	return true;
}

bool says_nothing(const struct node *node)
{
	return node_is_null(node) || (node_text(node) && !*node_text(node));
}

void convert_image(struct job *job, const struct member *member)
{
	const char *image = node_text(member->value);
	struct cause cause = { member->place, "image", NULL };
	struct reference reference;

	/* What is built is not fetched; convert_build() names the image in its comment. */
	if (!says_nothing(node_get(job->service->node, "build")))
		return;
	if (!image || !*image) {
		lose(job, member->place, "image", NULL, "it names no image");
		return;
	}
	if (lose_secret(job, cause, image))
		return;
	if (!is_reference(image)) {
		lose(job, member->place, "image", image,
		     "it is no name of an image; expected [REGISTRY/]NAME[:TAG][@DIGEST]");
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
