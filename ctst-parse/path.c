#include "ctst-parse/path.h"

#include <string.h>

#include "common/json_text.h"

/* The next component of the path, without slashes; length 0 at the end. */
static struct ct_slice next_component(struct ct_slice *path)
{
	struct ct_slice component;
	const char *slash;

	while (path->length > 0 && path->text[0] == '/') {
		path->text++;
		path->length--;
	}
	component = *path;
	slash = path->length ? memchr(path->text, '/', path->length) : NULL;
	if (slash)
		component.length = (size_t)(slash - path->text);
	path->text += component.length;
	path->length -= component.length;
	return component;
}

bool path_has_dots(struct ct_slice path)
{
	for (;;) {
		struct ct_slice component = next_component(&path);

		if (component.length == 0)
			return false;
		if (ct_slice_is(component, ".") || ct_slice_is(component, ".."))
			return true;
	}
}

bool path_is_reserved(struct ct_slice path)
{
	struct ct_slice first = next_component(&path);

	return first.length == 0 || ct_slice_is(first, "proc") || ct_slice_is(first, "sys") ||
	       ct_slice_is(first, "dev");
}

struct ct_slice path_normalise(struct ct_slice path, struct ct_arena *arena)
{
	char *text = ct_arena_alloc(arena, path.length + 1);
	size_t length = 0;

	for (;;) {
		struct ct_slice component = next_component(&path);

		if (component.length == 0)
			break;
		text[length++] = '/';
		memcpy(text + length, component.text, component.length);
		length += component.length;
	}
	return (struct ct_slice){ text, length };
}

void path_write_normalised(struct ct_buf *out, struct ct_slice path)
{
	for (;;) {
		struct ct_slice component = next_component(&path);

		if (component.length == 0)
			return;
		ct_buf_putc(out, '/');
		ct_json_text_escaped(out, component.text, component.length);
	}
}

char *path_join(const char *directory, struct ct_slice rest)
{
	while (rest.length > 0 && rest.text[0] == '/') {
		rest.text++;
		rest.length--;
	}
	if (rest.length == 0)
		return ct_strdup(directory);
	return ct_asprintf("%s/%.*s", strcmp(directory, "/") == 0 ? "" : directory, (int)rest.length, rest.text);
}

bool path_is_inside(const char *path, const char *directory)
{
	struct ct_slice left = { path, strlen(path) };
	struct ct_slice wanted = { directory, strlen(directory) };
	size_t depth = 0, depth_wanted = 0, equal = 0;

	for (struct ct_slice rest = wanted; next_component(&rest).length > 0;)
		depth_wanted++;
	/* `equal` is how many components from the root on are the directory's own. */
	for (;;) {
		struct ct_slice component = next_component(&left);

		if (component.length == 0)
			return equal >= depth_wanted;
		if (ct_slice_is(component, "."))
			continue;
		if (ct_slice_is(component, "..")) {
			depth -= depth > 0;
			equal = equal < depth ? equal : depth;
			continue;
		}
		if (equal == depth && depth < depth_wanted) {
			struct ct_slice rest = wanted, expected = { 0 };

			for (size_t i = 0; i <= depth; i++)
				expected = next_component(&rest);
			equal += expected.length == component.length &&
				 memcmp(expected.text, component.text, component.length) == 0;
		} else if (equal == depth) {
			equal++;
		}
		depth++;
	}
}
