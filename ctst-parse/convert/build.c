/* build: the command that makes the image, in a comment. */
#include <string.h>

#include "common/secret_names.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/service.h"
#include "ctst-parse/convert/words.h"

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

/* Whether it can be seen, on one line; else it is left out of the comment. */
static bool is_printable(struct job *job, struct place place, const char *key, const char *entry, const char *text)
{
	if (!text || lose_secret(job, (struct cause){ place, key, entry }, text))
		return false;
	for (const char *at = text; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			lose(job, place, key, entry,
			     "it has more than one line or a control character; give it to the build by hand");
			return false;
		}
	}
	return true;
}

static void append_argument(struct job *job, struct ct_buf *out, const struct argument *argument)
{
	struct ct_slice name = ct_slice_of(argument->name);
	const char *value = argument->value;

	if (!is_printable(job, argument->place, "build.args", NULL, argument->name))
		return;
	if (value && ct_name_is_secret(name) && !ct_value_is_no_secret(ct_slice_of(value))) {
		lose(job, argument->place, "build.args", argument->name,
		     "its value is not in the comment; give it to the build by hand");
		value = NULL;
	}
	if (value && !is_printable(job, argument->place, "build.args", argument->name, value))
		value = NULL;
	ct_buf_puts(out, " --build-arg ");
	append_shell_word(out,
			  value ? ct_arena_printf(job->all->arena, "%s=%s", argument->name, value) : argument->name);
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

static void append_option(struct ct_buf *out, const char *option, const char *value)
{
	ct_buf_printf(out, " %s ", option);
	append_shell_word(out, value);
}

static bool is_remote(const char *path)
{
	return strstr(path, "://") || strncmp(path, "git@", 4) == 0;
}

/* Where it is built from, as seen from the result; NULL: that cannot be shown. */
static const char *context_path(struct job *job, const struct node *build, const struct node *context)
{
	const char *path = node_text(context);

	if (!path || !*path)
		return path_seen_from(job->all->arena, job->all->directory, build->place.file->directory);
	if (!is_printable(job, context->place, "build.context", NULL, path))
		return NULL;
	if (is_remote(path))
		return path;
	return path_seen_from(job->all->arena, job->all->directory,
			      path_absolute(job->all->arena, context->place.file->directory, path));
}

/* A path in the context, which for docker is one from here; in a remote one it is one there. */
static void append_dockerfile(struct job *job, struct ct_buf *out, const struct node *file, const char *context)
{
	const char *path = node_text(file);

	if (!path || !*path || !is_printable(job, file->place, "build.dockerfile", NULL, path))
		return;
	if (path[0] != '/' && context && !is_remote(context))
		path = ct_arena_printf(job->all->arena, "%s/%s", context, path);
	append_option(out, "--file", path);
}

/* "docker build -f … --output images/web ./web": what fills the directory. */
static const char *build_command(struct job *job, const struct node *build, const char *name)
{
	bool is_map = build->kind == NODE_MAP;
	const char *context = context_path(job, build, is_map ? node_get(build, "context") : build);
	const struct node *target = is_map ? node_get(build, "target") : NULL;
	ct_autobuf out = CT_BUF_INIT;

	ct_buf_puts(&out, "docker build");
	if (is_map) {
		append_dockerfile(job, &out, node_get(build, "dockerfile"), context);
		if (node_text(target) && *node_text(target) &&
		    is_printable(job, target->place, "build.target", NULL, node_text(target)))
			append_option(&out, "--target", node_text(target));
		append_arguments(job, &out, node_get(build, "args"));
	}
	ct_buf_printf(&out, " --output images/%s ", name);
	append_shell_word(&out, context ? context : "CONTEXT");
	return ct_arena_take(job->all->arena, &out);
}

static void note_build(struct job *job, const struct member *member, const char *name)
{
	if (!first_time(job->all, "build"))
		return;
	note(job, member->place, "build", NULL,
	     "containust builds no images; a comment says how to make the directory with the files. It has the files "
	     "only: "
	     "what the Dockerfile says with ENV, WORKDIR, USER, EXPOSE, ENTRYPOINT and CMD is lost, unless it is set "
	     "here. "
	     "An archive keeps it: docker build --output type=docker,dest=images/%s.tar, and image = "
	     "\"tar://./images/%s.tar\"",
	     name, name);
}

void convert_build(struct job *job, const struct member *member)
{
	static const char *const known[] = { "context", "dockerfile", "target", "args", NULL };
	const struct node *build = member->value;
	const char *name = job->service->names[0], *image = node_text(node_get(job->service->node, "image"));
	struct cause cause = { member->place, "build", NULL };

	if (says_nothing(build)) {
		lose(job, member->place, "build", NULL, "it names no directory to build from");
		return;
	}
	lose_others(job, build, "build", known, "nothing is built here; do it where you run the build");
	if (image && *image && is_printable(job, member->place, "image", NULL, image))
		comment_component(job, ct_arena_printf(job->all->arena, "%s is built, with:", image));
	else
		comment_component(job, "the image is built, with:");
	comment_component(job, ct_arena_printf(job->all->arena, "    %s", build_command(job, build, name)));
	output_text(&job->all->output, job->component, PROPERTY_IMAGE, SHAPE_ONE, cause,
		    ct_arena_printf(job->all->arena, "file://./images/%s", name));
	note_build(job, member, name);
}
