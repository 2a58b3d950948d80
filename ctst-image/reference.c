#include "ctst-image/reference.h"

#include <ctype.h>
#include <string.h>

#include "common/buf.h"

static bool is_alphanumeric(char byte)
{
	return isalnum((unsigned char)byte) && (unsigned char)byte < 0x80;
}

/* One character, or two hyphens. */
static size_t separator_length(const char *text)
{
	if (text[0] == '-' && text[1] == '-')
		return 2;
	return text[0] && strchr("-._:@+", text[0]) ? 1 : 0;
}

static bool is_component(const char **text)
{
	const char *at = *text;

	for (;;) {
		if (!is_alphanumeric(*at))
			return false;
		while (is_alphanumeric(*at))
			at++;
		if (separator_length(at) == 0)
			break;
		at += separator_length(at);
	}
	*text = at;
	return true;
}

static bool is_name(const char *name)
{
	while (is_component(&name)) {
		if (!*name)
			return true;
		if (*name++ != '/')
			return false;
	}
	return false;
}

int reference_check_name(const char *name, struct ct_err *err)
{
	if (strlen(name) > REFERENCE_MAX)
		return ct_fail(err, "E007", "an image's name has at most %d characters", REFERENCE_MAX);
	if (strncmp(name, "sha256:", 7) == 0 || strstr(name, "@sha256:"))
		return ct_fail(err, "E007", "'%s' is a digest, not a name", name);
	if (is_name(name))
		return 0;
	ct_fail(err, "E007", "'%s' is not a name for an image", name);
	return ct_err_hint(err,
			   "a name is like team/web:1.2: letters and digits, between them any of - . _ : @ + and /");
}

/* What stands between two alphanumeric parts: a slash if there is one in it, itself if it can stand there, else a '_'. */
static size_t put_separator(char *to, const char *run, size_t length)
{
	if (memchr(run, '/', length)) {
		*to = '/';
		return 1;
	}
	if (separator_length(run) == length) {
		memcpy(to, run, length);
		return length;
	}
	*to = '_';
	return 1;
}

/* Never longer than the URI: whatever is replaced becomes shorter or stays as it is. */
char *reference_of_uri(const char *uri)
{
	/* image://NAME is its name already. */
	size_t skip = strncmp(uri, "image://", strlen("image://")) == 0 ? strlen("image://") : 0;
	char *name = ct_alloc(strlen(uri) + 1);
	char *to = name;

	uri += skip;
	while (*uri) {
		const char *run = uri;

		while (is_alphanumeric(*uri))
			*to++ = *uri++;
		if (uri > run)
			continue;
		while (*uri && !is_alphanumeric(*uri))
			uri++;
		if (*uri && to > name)
			to += put_separator(to, run, (size_t)(uri - run));
	}
	*to = '\0';
	return name;
}

/* regexp.go of the distribution project: lower-case letters and digits, between them '/', '.', '_', "__" or any number of '-'. */
static size_t docker_separator_length(const char *text, size_t length)
{
	size_t same = 0;

	while (same < length && text[same] == text[0])
		same++;
	if (text[0] == '-')
		return same;
	if (text[0] == '_' && same <= 2)
		return same;
	return (text[0] == '/' || text[0] == '.') && same == 1 ? 1 : 0;
}

static bool is_docker_path(const char *path, size_t length)
{
	bool ended = false;

	for (size_t i = 0; i < length;) {
		size_t step = (path[i] >= 'a' && path[i] <= 'z') || (path[i] >= '0' && path[i] <= '9') ? 1 : 0;

		ended = step > 0;
		if (step == 0 && i > 0 &&
		    ((path[i - 1] >= 'a' && path[i - 1] <= 'z') || (path[i - 1] >= '0' && path[i - 1] <= '9')))
			step = docker_separator_length(path + i, length - i);
		if (step == 0)
			return false;
		i += step;
	}
	return ended;
}

static bool is_docker_tag(const char *tag)
{
	size_t length = strlen(tag);

	for (size_t i = 0; i < length; i++) {
		if (!is_alphanumeric(tag[i]) && tag[i] != '_' && (i == 0 || !strchr(".-", tag[i])))
			return false;
	}
	return length > 0 && length <= 128;
}

/* A registry's port has a colon, too: "localhost:5000/a". */
static size_t host_length(const char *name)
{
	size_t length = strcspn(name, "/");
	const char *colon = memchr(name, ':', length);

	if (!colon || !name[length])
		return 0;
	return strspn(colon + 1, "0123456789") == (size_t)(name + length - colon - 1) &&
			       is_docker_path(name, (size_t)(colon - name))
		       ? length + 1
		       : 0;
}

char *reference_for_docker(const char *name)
{
	const char *path = name + host_length(name);
	size_t length = strcspn(path, ":");

	if ((size_t)(path - name) + length > REFERENCE_MAX || !is_docker_path(path, length))
		return NULL;
	if (!path[length])
		return ct_asprintf("%s:latest", name);
	return is_docker_tag(path + length + 1) ? ct_strdup(name) : NULL;
}
