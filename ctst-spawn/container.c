#include "ctst-spawn/container.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/capability_names.h"
#include "ctst-spawn/network/published.h"
#include "ctst-spawn/signals.h"

struct context {
	const char *code;
	struct ct_err *err;
};

static int wrong(const struct context *context, const char *member, const char *expected)
{
	return ct_fail(context->err, context->code, "container configuration: '%s' is missing or not %s", member,
		       expected);
}

static int read_text(const struct context *context, const struct ct_json *object, const char *key, const char **text)
{
	*text = ct_json_get_string(object, key);
	return *text ? 0 : wrong(context, key, "a string");
}

/* An optional integer that must not be negative. */
static int read_amount(const struct context *context, const struct ct_json *object, const char *key, int64_t *amount)
{
	if (ct_json_get(object, key) && (!ct_json_get_int(object, key, amount) || *amount < 0))
		return wrong(context, key, "a number of at least 0");
	return 0;
}

static bool is_absolute(const char *path)
{
	return path && path[0] == '/';
}

static int read_layers(const struct context *context, const struct ct_json *image, struct container *container)
{
	const struct ct_json *layers = ct_json_get_typed(image, "layers", CT_JSON_ARRAY);

	if (!layers || layers->length == 0) {
		ct_fail(context->err, context->code, "the image '%s' has no unpacked layers", container->image);
		return ct_err_hint(context->err, "put 'ctst-image build' in front of ctst-plan, or use 'ctst run'");
	}
	if (layers->length > CONTAINER_MOST_LAYERS)
		return ct_fail(context->err, context->code, "the image '%s' has more than %d layers", container->image,
			       CONTAINER_MOST_LAYERS);
	container->layers = ct_alloc_array(layers->length, sizeof(*container->layers));
	ct_json_each(layer, layers) {
		if (layer->type != CT_JSON_STRING || !is_absolute(layer->text))
			return wrong(context, "image.layers", "a list of absolute paths");
		container->layers[container->layer_count++] = layer->text;
	}
	return 0;
}

/* Component by component, however many slashes are between them: what lies inside another comes behind it. */
static int compare_targets(const void *a, const void *b)
{
	const char *first = ((const struct container_mount *)a)->target;
	const char *second = ((const struct container_mount *)b)->target;

	for (;;) {
		size_t first_length, second_length, shorter;
		int difference;

		first += strspn(first, "/");
		second += strspn(second, "/");
		first_length = strcspn(first, "/");
		second_length = strcspn(second, "/");
		shorter = first_length < second_length ? first_length : second_length;
		difference = memcmp(first, second, shorter);
		if (difference || first_length != second_length)
			return difference ? difference : first_length < second_length ? -1 : 1;
		if (shorter == 0)
			return 0;
		first += shorter;
		second += shorter;
	}
}

static int read_mounts(const struct context *context, const struct ct_json *object, struct container *container)
{
	const struct ct_json *mounts = ct_json_get(object, "mounts");

	if (!mounts)
		return 0;
	if (mounts->type != CT_JSON_ARRAY || mounts->length > CONTAINER_MOST_MOUNTS)
		return wrong(context, "mounts", "a list of at most 100 mounts");
	container->mounts = ct_alloc_array(mounts->length, sizeof(*container->mounts));
	ct_json_each(item, mounts) {
		struct container_mount *mount = &container->mounts[container->mount_count++];
		const char *kind = ct_json_get_string(item, "kind");

		mount->project = kind && strcmp(kind, "project") == 0;
		mount->readonly = ct_json_get_bool(item, "readonly", false);
		mount->turn = -1;
		mount->source = ct_json_get_string(item, "source");
		mount->target = ct_json_get_string(item, "target");
		if (!mount->source || !is_absolute(mount->target) || mount->target[1] == '\0')
			return wrong(context, "mounts", "a list of mounts with source and target");
	}
	if (container->mount_count > 1)
		qsort(container->mounts, container->mount_count, sizeof(*container->mounts), compare_targets);
	return 0;
}

/* An array or object whose values are all strings. */
static int read_texts(const struct context *context, const struct ct_json *object, const char *key,
		      enum ct_json_type type, const struct ct_json **texts)
{
	*texts = ct_json_get_typed(object, key, type);
	if (!*texts)
		return wrong(context, key, type == CT_JSON_ARRAY ? "a list" : "an object");
	ct_json_each(item, *texts) {
		if (item->type != CT_JSON_STRING)
			return wrong(context, key, "made of strings");
	}
	return 0;
}

static int read_capabilities(const struct context *context, const struct ct_json *object, struct container *container)
{
	const struct ct_json *names = ct_json_get_typed(object, "capabilities", CT_JSON_ARRAY);

	ct_json_each(name, names) {
		int number = name->type == CT_JSON_STRING ? ct_capability_number(ct_slice_of(name->text)) : -1;

		if (number < 0)
			return wrong(context, "capabilities", "a list of capabilities this kernel knows");
		container->capabilities |= UINT64_C(1) << number;
	}
	return 0;
}

static int read_seccomp(const struct context *context, const struct ct_json *object, struct container *container)
{
	const char *text = ct_json_get_string(object, "seccomp");

	if (!ct_json_get(object, "seccomp"))
		return 0;
	if (!is_absolute(text) && (!text || strcmp(text, "unconfined") != 0))
		return wrong(context, "seccomp", "an absolute path or 'unconfined'");
	container->seccomp = is_absolute(text) ? SECCOMP_PROFILE : SECCOMP_UNCONFINED;
	return 0;
}

static int read_restart(const struct context *context, const struct ct_json *object, struct container *container)
{
	static const char *const names[] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
	};
	const struct ct_json *restart = ct_json_get(object, "restart");
	const char *policy = ct_json_get_string(restart, "policy");

	if (!restart)
		return 0;
	for (size_t i = 0; policy && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(policy, names[i]) == 0) {
			container->restart = (enum restart_policy)i;
			return read_amount(context, restart, "max_retries", &container->max_retries);
		}
	}
	return wrong(context, "restart.policy", "never, on-failure or always");
}

static int read_time(const struct context *context, const struct ct_json *object, const char *key, int64_t least,
		     int64_t *time)
{
	if (read_amount(context, object, key, time) < 0)
		return -1;
	return *time < least || *time > CONTAINER_LONGEST_MS ? wrong(context, key, "a time of at most a year") : 0;
}

static int read_healthcheck(const struct context *context, const struct ct_json *object, struct container *container)
{
	const struct ct_json *check = ct_json_get(object, "healthcheck");
	struct container_healthcheck *out = &container->healthcheck;

	if (!check)
		return 0;
	*out = (struct container_healthcheck){ .interval_ms = 30000, .timeout_ms = 5000, .retries = 3 };
	if (read_texts(context, check, "command", CT_JSON_ARRAY, &out->command) < 0)
		return ct_err_context(context->err, "healthcheck");
	if (out->command->length == 0)
		return wrong(context, "healthcheck.command", "a command");
	if (read_time(context, check, "interval_ms", 1, &out->interval_ms) < 0 ||
	    read_time(context, check, "timeout_ms", 1, &out->timeout_ms) < 0 ||
	    read_time(context, check, "start_period_ms", 0, &out->start_period_ms) < 0 ||
	    read_amount(context, check, "retries", &out->retries) < 0)
		return ct_err_context(context->err, "healthcheck");
	return 0;
}

static int read_stop_signal(const struct context *context, const struct ct_json *object, struct container *container)
{
	const char *name = ct_json_get_string(object, "stop_signal");

	container->stop_signal = name && name[0] ? signal_number(name) : signal_number("SIGTERM");
	if (container->stop_signal < 0)
		return wrong(context, "stop_signal", "the name of a signal");
	return 0;
}

static int read_members(const struct context *context, const struct ct_json *object, struct container *container)
{
	const struct ct_json *image = ct_json_get(object, "image");

	if (read_text(context, object, "name", &container->name) < 0 ||
	    read_text(context, image, "uri", &container->image) < 0 || read_layers(context, image, container) < 0 ||
	    read_texts(context, object, "args", CT_JSON_ARRAY, &container->args) < 0 ||
	    read_texts(context, object, "env", CT_JSON_OBJECT, &container->environment) < 0 ||
	    read_text(context, object, "workdir", &container->workdir) < 0 ||
	    read_text(context, object, "user", &container->user) < 0 ||
	    read_text(context, object, "hostname", &container->hostname) < 0 ||
	    read_text(context, object, "network", &container->network) < 0 ||
	    read_mounts(context, object, container) < 0 ||
	    read_amount(context, object, "memory_max", &container->memory_max) < 0 ||
	    read_amount(context, object, "cpu_weight", &container->cpu_weight) < 0 ||
	    read_amount(context, object, "cpu_max_us", &container->cpu_max_us) < 0 ||
	    read_amount(context, object, "pids_max", &container->pids_max) < 0 ||
	    read_amount(context, object, "io_weight", &container->io_weight) < 0 ||
	    read_restart(context, object, container) < 0 || read_capabilities(context, object, container) < 0 ||
	    read_seccomp(context, object, container) < 0 || read_healthcheck(context, object, container) < 0 ||
	    read_stop_signal(context, object, container) < 0)
		return -1;
	if (container->args->length == 0)
		return wrong(context, "args", "a command");
	container->readonly = ct_json_get_bool(object, "readonly", true);
	container->joins = ct_json_get_typed(object, "joins", CT_JSON_ARRAY);
	container->offline = ct_json_get_bool(object, "offline", false);
	container->published = ct_json_get_typed(object, "published", CT_JSON_ARRAY);
	return published_check(container->published, context->code, context->err);
}

int container_read(const struct ct_json *object, const char *code, struct container *container, struct ct_err *err)
{
	struct context context = { code, err };

	*container = (struct container){ 0 };
	if (!object || object->type != CT_JSON_OBJECT)
		return wrong(&context, "container", "an object");
	if (read_members(&context, object, container) < 0) {
		if (container->name)
			ct_err_context(err, "component '%s'", container->name);
		container_release(container);
		return -1;
	}
	return 0;
}

void container_release(struct container *container)
{
	for (size_t i = 0; i < container->mount_count; i++) {
		if (container->mounts[i].turn >= 0)
			close(container->mounts[i].turn);
	}
	free(container->layers);
	free(container->mounts);
	free(container->filter);
	*container = (struct container){ 0 };
}
