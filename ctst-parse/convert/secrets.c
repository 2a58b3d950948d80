/*
 * Variables like DB_PASSWORD: their values stay out of the file. Each becomes "${secret.db_password}"; where two components
 * have different values under one name, the component's name goes in front.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ctst-parse/convert/service.h"

struct known {
	const char *value;
	bool differs; /* somebody has another one */
};

struct secrets {
	struct ct_names names; /* of secrets, to indices of known */
	struct known *known;
	size_t count;
};

static const char *secret_name(struct ct_arena *arena, const char *variable)
{
	ct_autobuf name = CT_BUF_INIT;

	for (; *variable; variable++) {
		unsigned char byte = (unsigned char)*variable;

		ct_buf_putc(&name, byte < 0x80 && (isalnum(byte) || byte == '-') ? (char)tolower(byte) : '_');
	}
	return ct_arena_take(arena, &name);
}

static void learn(struct secrets *secrets, const char *name, const char *value)
{
	uint32_t number;

	if (secrets->known && ct_names_get(&secrets->names, ct_slice_of(name), &number)) {
		secrets->known[number].differs |= strcmp(secrets->known[number].value, value) != 0;
		return;
	}
	if ((secrets->count & (secrets->count + 1)) == 0)
		secrets->known = ct_realloc_array(secrets->known, 2 * secrets->count + 2, sizeof(*secrets->known));
	ct_names_add(&secrets->names, ct_slice_of(name), (uint32_t)secrets->count, NULL);
	secrets->known[secrets->count++] = (struct known){ .value = value };
}

/* Values of variables keep their names, whatever else is called like them. */
static void learn_marked(struct conversion *all, struct secrets *secrets)
{
	for (size_t i = 0; i < all->loader->secrets.count; i++) {
		const struct secret_value *item = &all->loader->secrets.items[i];

		learn(secrets, secret_of(all->arena, ct_slice_of(item->name)), item->value);
	}
}

static void append_variable(struct ct_buf *out, const char *secret)
{
	for (; *secret; secret++)
		ct_buf_putc(out, *secret == '.' || *secret == '-' ? '_' : (char)toupper((unsigned char)*secret));
}

void note_secret(struct conversion *all, struct subject subject, struct cause cause, const char *secret)
{
	ct_autobuf variable = CT_BUF_INIT;
	char key[300];

	snprintf(key, sizeof(key), "secret %.280s", secret);
	if (!first_time(all, key))
		return;
	append_variable(&variable, secret);
	report_note(all->report, subject, cause,
		    "the secret '%.100s' is not copied; put its value into a file of that name in a directory that "
		    "CONTAINUST_SECRETS_DIR names, mode 0400, or into CONTAINUST_SECRET_%.100s",
		    secret, variable.data);
}

static void name_secret(struct conversion *all, struct secrets *secrets, const struct output_component *component,
			struct part *part)
{
	const char *name = secret_name(all->arena, part->cause.entry);
	uint32_t number = ct_names_find(&secrets->names, ct_slice_of(name));

	if (secrets->known[number].differs)
		name = ct_arena_printf(all->arena, "%s.%s", component->original, name);
	part->text = ct_arena_printf(all->arena, "%s\"${secret.%s}\"", part->text, name);
	part->secret = NULL;
	note_secret(all, part->subject, part->cause, name);
}

static struct part *variables_of(const struct output_component *component)
{
	const struct output_property *env = component->properties[PROPERTY_ENV];

	return env ? env->parts.first : NULL;
}

void name_secrets(struct conversion *all)
{
	struct secrets secrets = { 0 };

	learn_marked(all, &secrets);
	for (struct output_component *component = all->output.first; component; component = component->next) {
		for (struct part *part = variables_of(component); part; part = part->next) {
			if (part->secret)
				learn(&secrets, secret_name(all->arena, part->cause.entry), part->secret);
		}
	}
	for (struct output_component *component = all->output.first; component; component = component->next) {
		for (struct part *part = variables_of(component); part; part = part->next) {
			if (part->secret)
				name_secret(all, &secrets, component, part);
		}
	}
	free(secrets.known);
	ct_names_release(&secrets.names);
}
