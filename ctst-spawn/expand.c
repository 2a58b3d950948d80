#include "ctst-spawn/expand.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/template.h"

#define SECRET_LIMIT 65536

static const char *secret_variable(const char *name)
{
	char variable[256] = "CONTAINUST_SECRET_";
	size_t length = strlen(variable);

	for (; *name && length < sizeof(variable) - 1; name++)
		variable[length++] = *name == '.' || *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	variable[length] = '\0';
	return getenv(variable);
}

/* 1: found and appended; 0: not there; -1: there, but not to be trusted. */
static int secret_file(const char *directory, const char *name, struct ct_buf *out, struct ct_err *err)
{
	char path[PATH_MAX];
	ct_autoclose int fd = -1;
	struct stat status;
	size_t before = out->length;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return ct_fail_errno(err, "R013", "secret '%s': cannot open '%s'", name, path);
	if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid()) ||
	    ((status.st_mode & 07777) != 0400 && (status.st_mode & 07777) != 0600)) {
		ct_fail(err, "R013", "secret '%s': '%s' is not trusted", name, path);
		return ct_err_hint(err, "it must be a regular file of root or yours with mode 0400 or 0600");
	}
	if (ct_read_all(fd, SECRET_LIMIT, out) < 0)
		return ct_fail_errno(err, "R013", "secret '%s': cannot read '%s'", name, path);
	if (strlen(out->data + before) != out->length - before)
		return ct_fail(err, "R013", "secret '%s': '%s' holds a NUL byte", name, path);
	if (out->length > before && out->data[out->length - 1] == '\n')
		out->data[--out->length] = '\0';
	return 1;
}

static int append_secret(struct ct_buf *out, const char *name, struct ct_err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	ct_autofree char *own = ct_asprintf("%s/containust/secrets",
					    runtime && runtime[0] == '/' ? runtime : "/nonexistent");
	const char *const directories[] = { getenv("CONTAINUST_SECRETS_DIR"), "/run/containust/secrets", own };
	const char *value = secret_variable(name);

	if (value) {
		ct_buf_puts(out, value);
		return 0;
	}
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		int found = directories[i] ? secret_file(directories[i], name, out, err) : 0;

		if (found)
			return found < 0 ? -1 : 0;
	}
	ct_fail(err, "R013", "the secret '%s' is nowhere to be found", name);
	return ct_err_hint(
		err,
		"put it into $CONTAINUST_SECRETS_DIR/%s, /run/containust/secrets/%s or "
		"$XDG_RUNTIME_DIR/containust/secrets/%s (mode 0600), or into its CONTAINUST_SECRET_ variable",
		name, name, name);
}

static void append_environment(struct ct_buf *out, const char *name, const struct ct_template_part *part)
{
	const char *value = getenv(name);

	if (value && (value[0] || !part->has_fallback))
		ct_buf_puts(out, value);
	else if (part->has_fallback)
		ct_buf_append(out, part->fallback.text, part->fallback.length);
}

char *expand_template(const char *text, struct ct_err *err)
{
	struct ct_template template = ct_template_start(text, strlen(text));
	ct_autobuf out = CT_BUF_INIT;

	ct_buf_reserve(&out, template.length);
	for (;;) {
		struct ct_template_part part = ct_template_next(&template);
		ct_autofree char *name = ct_strndup(part.name.text ? part.name.text : "", part.name.length);

		switch (part.kind) {
		case CT_TEMPLATE_END:
			return ct_buf_detach(&out);
		case CT_TEMPLATE_LITERAL:
			ct_buf_append(&out, part.text.text, part.text.length);
			break;
		case CT_TEMPLATE_ENV:
			append_environment(&out, name, &part);
			break;
		case CT_TEMPLATE_SECRET:
			if (append_secret(&out, name, err) < 0)
				return NULL;
			break;
		case CT_TEMPLATE_COMPONENT:
		case CT_TEMPLATE_BROKEN:
			ct_fail(err, "S001", "the configuration holds a reference that should be resolved: '%.*s'",
				(int)part.source.length, part.source.text);
			return NULL;
		}
	}
}
