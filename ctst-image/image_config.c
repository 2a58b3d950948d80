#include "ctst-image/image_config.h"

#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* A list of the OCI config under our name for it; an empty one counts as not set (config.md, "OPTIONAL"). */
static void write_list(struct ct_json_writer *writer, const char *key, const struct ct_json *config, const char *theirs)
{
	const struct ct_json *list = ct_json_get_typed(config, theirs, CT_JSON_ARRAY);

	if (list && list->length > 0)
		ct_json_member_value(writer, key, list);
}

static void write_text(struct ct_json_writer *writer, const char *key, const struct ct_json *config, const char *theirs)
{
	const char *text = ct_json_get_string(config, theirs);

	if (text && text[0])
		ct_json_member_string(writer, key, text);
}

/* The keys of an object whose values are all empty objects: ports and volumes. */
static void write_keys(struct ct_json_writer *writer, const char *key, const struct ct_json *config, const char *theirs)
{
	const struct ct_json *set = ct_json_get_typed(config, theirs, CT_JSON_OBJECT);

	if (!set || set->length == 0)
		return;
	ct_json_key(writer, key);
	ct_json_open_array(writer);
	ct_json_each(item, set)
		ct_json_string(writer, item->key);
	ct_json_close_array(writer);
}

/* Images exist whose list holds a name without a value; there is nothing to set then. */
static void write_env(struct ct_json_writer *writer, const struct ct_json *config)
{
	const struct ct_json *list = ct_json_get_typed(config, "Env", CT_JSON_ARRAY);

	if (!list || list->length == 0)
		return;
	ct_json_key(writer, "env");
	ct_json_open_array(writer);
	ct_json_each(item, list) {
		const char *equals = item->type == CT_JSON_STRING ? strchr(item->text, '=') : NULL;

		if (equals && equals > item->text)
			ct_json_string(writer, item->text);
	}
	ct_json_close_array(writer);
}

/* A relative one is meant from the root. */
static void write_workdir(struct ct_json_writer *writer, const struct ct_json *config)
{
	const char *text = ct_json_get_string(config, "WorkingDir");
	ct_autofree char *absolute = NULL;

	if (!text || !text[0])
		return;
	absolute = ct_asprintf("%s%s", text[0] == '/' ? "" : "/", text);
	ct_json_member_string(writer, "workdir", absolute);
}

static void write_milliseconds(struct ct_json_writer *writer, const char *key, const struct ct_json *check,
			       const char *theirs)
{
	int64_t nanoseconds;

	if (ct_json_get_int(check, theirs, &nanoseconds) && nanoseconds > 0)
		ct_json_member_int(writer, key, nanoseconds / 1000000);
}

/* docker's "Healthcheck", which OCI does not have: "CMD" and words, "CMD-SHELL" and one line, or "NONE". */
static void write_health_command(struct ct_json_writer *writer, const struct ct_json *test)
{
	bool shell = strcmp(test->first->text, "CMD-SHELL") == 0;

	ct_json_key(writer, "command");
	ct_json_open_array(writer);
	if (shell) {
		ct_json_string(writer, "/bin/sh");
		ct_json_string(writer, "-c");
	}
	for (const struct ct_json *word = test->first->next; word; word = word->next)
		ct_json_string(writer, word->text);
	ct_json_close_array(writer);
}

static bool is_health_command(const struct ct_json *test)
{
	ct_json_each(word, test) {
		if (word->type != CT_JSON_STRING)
			return false;
	}
	return test && test->length >= 2 && strncmp(test->first->text, "CMD", 3) == 0;
}

static void write_healthcheck(struct ct_json_writer *writer, const struct ct_json *config)
{
	const struct ct_json *check = ct_json_get_typed(config, "Healthcheck", CT_JSON_OBJECT);
	const struct ct_json *test = ct_json_get_typed(check, "Test", CT_JSON_ARRAY);
	int64_t retries;

	if (!is_health_command(test))
		return;
	ct_json_key(writer, "healthcheck");
	ct_json_open_object(writer);
	write_health_command(writer, test);
	write_milliseconds(writer, "interval_ms", check, "Interval");
	write_milliseconds(writer, "timeout_ms", check, "Timeout");
	if (ct_json_get_int(check, "Retries", &retries) && retries > 0)
		ct_json_member_int(writer, "retries", retries);
	write_milliseconds(writer, "start_period_ms", check, "StartPeriod");
	ct_json_close_object(writer);
}

void image_config_write(struct ct_json_writer *writer, const struct ct_json *document)
{
	const struct ct_json *config = ct_json_get(document, "config");

	ct_json_open_object(writer);
	write_list(writer, "entrypoint", config, "Entrypoint");
	write_list(writer, "cmd", config, "Cmd");
	write_env(writer, config);
	write_text(writer, "user", config, "User");
	write_workdir(writer, config);
	write_keys(writer, "ports", config, "ExposedPorts");
	write_text(writer, "stop_signal", config, "StopSignal");
	write_keys(writer, "volumes", config, "Volumes");
	write_healthcheck(writer, config);
	ct_json_close_object(writer);
}

struct ct_json_doc *image_config_read(const struct ct_json_doc *config, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);

	image_config_write(writer, ct_json_root(config));
	if (ct_json_writer_finish(writer, err) < 0)
		return NULL;
	return ct_json_parse(text.data, text.length, "I002", err);
}
