/* configs and secrets of a service: files that are mounted. */
#include <string.h>

#include "ctst-parse/convert/service.h"

/* What tells the two apart. */
struct kind {
	const char *key; /* also of the definitions at the top level */
	const char *directory;
	const char *advice; /* for those that are no file */
};

static const struct kind configs = {
	"configs",
	"",
	"only a config with 'file' can be mounted: write the content into a file and name that",
};

static const struct kind secrets = {
	"secrets",
	"/run/secrets/",
	"only a secret with 'file' can be mounted: write it into a file, or give it to the process as a variable, "
	"NAME = \"${secret.name}\"",
};

static void mount_file(struct job *job, const struct kind *kind, struct cause cause, const struct node *file,
		       const char *target)
{
	ct_autobuf text = CT_BUF_INIT;
	const char *path;
	bool template;

	if (lose_secret(job, cause, file->text) || lose_secret(job, cause, target))
		return;
	if (strchr(target, ':')) {
		lose(job, cause.place, cause.key, cause.entry, "a place with a ':' in it, '%.100s', cannot be written",
		     target);
		return;
	}
	path = host_path(job->all, file->place, file->text, &template);
	if (target[0] != '/')
		target = ct_arena_printf(job->all->arena, "%s%s", kind->directory[0] ? kind->directory : "/", target);
	append_quoted(&text, ct_arena_printf(job->all->arena, "%s:%s:ro", path, target), template);
	output_add(&job->all->output, job->component, PROPERTY_VOLUMES, SHAPE_LIST, cause,
		   ct_arena_take(job->all->arena, &text));
}

static void mount_item(struct job *job, const struct kind *kind, const struct member *item)
{
	static const char *const known[] = { "source", "target", NULL };
	const struct node *value = item->value;
	const char *name = node_text(value->kind == NODE_MAP ? node_get(value, "source") : value);
	const char *target = node_text(node_get(value, "target"));
	struct cause cause = { item->place, kind->key, name };
	const struct node *definition, *file;

	lose_others(job, value, kind->key, known, "the file keeps the owner and mode that it has");
	if (!name) {
		lose(job, item->place, kind->key, NULL, "it names nothing");
		return;
	}
	definition = node_get(node_get(job->all->root, kind->key), name);
	file = node_get(definition, "file");
	if (!definition)
		lose(job, item->place, kind->key, name, "there is none of that name at the top level");
	else if (!node_text(file))
		lose(job, item->place, kind->key, name, "%s", kind->advice);
	else
		mount_file(job, kind, cause, file, target ? target : name);
}

static const char *target_of(struct job *job, const struct kind *kind, const struct node *value)
{
	const char *name = node_text(value->kind == NODE_MAP ? node_get(value, "source") : value);
	const char *target = node_text(node_get(value, "target"));

	if (target || !name)
		return target;
	return ct_arena_printf(job->all->arena, "%s%s", kind->directory[0] ? kind->directory : "/", name);
}

static const char *target_of_config(struct job *job, const struct member *item)
{
	return target_of(job, &configs, item->value);
}

static const char *target_of_secret(struct job *job, const struct member *item)
{
	return target_of(job, &secrets, item->value);
}

static void mount_all(struct job *job, const struct kind *kind, const struct node *list,
		      const char *(*target)(struct job *job, const struct member *item))
{
	const struct member **chosen;
	size_t count;

	if (node_is_null(list))
		return;
	chosen = last_of_each(job, list, target, &count);
	for (size_t i = 0; i < count; i++)
		mount_item(job, kind, chosen[i]);
}

void convert_configs(struct job *job, const struct member *member)
{
	mount_all(job, &configs, member->value, target_of_config);
}

void convert_secrets(struct job *job, const struct member *member)
{
	mount_all(job, &secrets, member->value, target_of_secret);
}
