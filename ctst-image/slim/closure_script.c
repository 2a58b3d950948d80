/* Scripts: who runs them, and for those of a shell the programs that the text names. */
#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/closure.h"
#include "ctst-image/slim/script.h"

#define MAX_SHELL_BYTES ((size_t)1 << 20)

static bool is_env(const char *program)
{
	return strcmp(strrchr(program, '/') + 1, "env") == 0;
}

/*
 * A part of a whole tree is looked at for what it lacks only: a library of thousands of files holds
 * scripts for its maintainers, and those would bring their shells along.
 */
static void tell_interpreter(struct slim *slim, uint32_t index, const char *name)
{
	const struct tree_entry *entry = &slim->tree.entries[index];
	auto_found found = FOUND_INIT;
	ct_autofree char *path = NULL;

	if (!(entry->status.st_mode & 0111) || slim_find_program(slim, name, &found) < 0)
		return;
	path = ct_asprintf("/%s", found.path);
	slim_note(slim, SLIM_NOTE_LEFT_OUT, path, "scripts such as '/%s' are run by '%s'", entry->path, path);
}

static int take_interpreter(struct slim *slim, uint32_t index, const char *name, struct ct_err *err)
{
	const char *script = slim->tree.entries[index].path;
	auto_found found = FOUND_INIT;

	if (slim_find_program(slim, name, &found) < 0) {
		ct_fail(err, "I003", "%s: '/%.300s' is run by '%.200s', which is not there", slim->what, script, name);
		return ct_err_hint(err, "the first line of a script names the program that reads it");
	}
	slim_take(slim, &found, slim_text(slim, "runs /%s", script), SLIM_TAKE_FILE);
	return 0;
}

static void take_named(struct slim *slim, uint32_t index)
{
	const struct tree_entry *entry = &slim->tree.entries[index];
	ct_autoclose int fd = ct_open_in_root(slim->root, entry->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	ct_autobuf text = CT_BUF_INIT;
	ct_autofree char *whose = ct_asprintf("/%s", entry->path);

	if (fd < 0 || ct_read_all(fd, MAX_SHELL_BYTES, &text) < 0) {
		slim_note(slim, SLIM_NOTE_LEFT_OUT, NULL, "'%s' is too long to look for what it starts", whose);
		return;
	}
	slim_take_shell_text(slim, text.data, text.length, whose);
}

int closure_script(struct slim *slim, uint32_t index, const struct script *script, struct ct_err *err)
{
	char name[SCRIPT_MAX_LINE] = "";
	bool through_env = is_env(script->interpreter) && script_env_program(script->argument, name);
	const char *runner = through_env ? name : script->interpreter;

	if (slim->tree.entries[index].lenient) {
		tell_interpreter(slim, index, runner);
		return 0;
	}
	if (take_interpreter(slim, index, script->interpreter, err) < 0 ||
	    (through_env && take_interpreter(slim, index, name, err) < 0))
		return -1;
	if (script_is_shell(runner))
		take_named(slim, index);
	return 0;
}
