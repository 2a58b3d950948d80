#include "ctst/manual.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/process.h"
#include "ctst/commands.h"

static char *page_in(const char *section, const char *prefix, const char *name)
{
	/* A distribution compresses its pages. */
	static const char *const endings[] = { "", ".gz" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char *path = ct_asprintf("%s/man%s/%s%s.%s%s", CT_MAN_DIRECTORY, section, prefix, name, section,
					 endings[i]);

		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* The installed page, or NULL. `ctst help plan` means the command before the document. */
static char *page_of(const char *name)
{
	static const char *const sections[] = { "1", "5", "7" };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		char *path = page_in(sections[i], "ctst-", name);

		if (!path)
			path = page_in(sections[i], "", name);
		if (path)
			return path;
	}
	return NULL;
}

static void show_file(const char *path)
{
	/* -l: this very file; man-db's and mandoc's man know it. mandoc by itself has -a for the pager. */
	execlp("man", "man", "-l", path, (char *)NULL);
	execlp("mandoc", "mandoc", "-a", path, (char *)NULL);
}

/* Asked before, so that what man would say of a page it does not have is said by us. */
static bool man_knows(const char *page)
{
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0)
			execlp("man", "man", "-w", page, (char *)NULL);
		_exit(CT_EXIT_NO_COMMAND);
	}
	return child > 0 && ct_process_wait(child) == 0;
}

int manual_open(const char *name, struct ct_err *err)
{
	const struct alias *alias = alias_find(name);
	ct_autofree char *page = NULL;
	ct_autofree char *foreign = NULL;

	if (alias->tool)
		name = alias->tool;
	if (!command_name_is_valid(name))
		return ct_fail(err, CT_USAGE, "'%s' is not a name of a command", name);
	page = page_of(name);
	/* A person's own command may have its page where man looks. */
	foreign = ct_asprintf("ctst-%s", name);
	if (page)
		show_file(page);
	else if (man_knows(foreign))
		execlp("man", "man", foreign, (char *)NULL);
	if (!page) {
		ct_fail(err, CT_NO_CODE, "there is no manual for '%s'", name);
		err->exit_status = CT_EXIT_NOT_FOUND;
		return ct_err_hint(err, "'ctst help' lists the commands");
	}
	ct_fail(err, CT_NO_CODE, "cannot open the manual of '%s': there is no man and no mandoc", name);
	err->exit_status = CT_EXIT_NO_COMMAND;
	return ct_err_hint(err, "install man-db or mandoc; the page is '%s'", page);
}
