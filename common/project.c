#include "common/project.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Networks, cgroups and log prefixes carry the name, so it keeps to letters that are plain everywhere. */
static char *project_name(const char *directory)
{
	const char *base = strrchr(directory, '/');
	char *name = ct_strdup(base && base[1] ? base + 1 : "root");

	if (strlen(name) > 63)
		name[63] = '\0';
	for (char *at = name; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		*at = (char)(isalnum(byte) && byte < 0x80 ? tolower(byte) : byte == '-' ? '-' : '_');
	}
	return name;
}

static char *absolute(const char *path)
{
	char current[PATH_MAX];

	if (path[0] == '/' || !getcwd(current, sizeof(current)))
		return ct_strdup(path);
	return ct_asprintf("%s/%s", strcmp(current, "/") == 0 ? "" : current, path);
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/*
 * Commands act on what .containust says: they signal processes and remove directories. So it must be the caller's own
 * and nobody else may write to it; otherwise whoever can write to a directory above decides what root removes.
 */
static int check_trust(const char *root, struct ct_err *err)
{
	struct stat status;

	if (lstat(root, &status) < 0)
		return errno == ENOENT ? 0 : ct_fail_errno(err, "S003", "cannot look at '%s'", root);
	if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	ct_fail(err, "S003", "'%s' is not trusted: it must be a directory of yours that nobody else can write to",
		root);
	if (S_ISDIR(status.st_mode) && status.st_uid == geteuid())
		return ct_err_hint(err, "if nobody else has put anything into it: chmod go-w '%s'", root);
	return ct_err_hint(err, "run the command as its owner (user id %u), or remove it", (unsigned)status.st_uid);
}

int ct_project_of_directory(struct ct_project *project, const char *directory, struct ct_err *err)
{
	const char *state_file = environment("CONTAINUST_STATE_FILE");
	const char *store = environment("CONTAINUST_IMAGE_STORE");
	char resolved[PATH_MAX];

	*project = (struct ct_project){ 0 };
	if (!realpath(directory, resolved))
		return ct_fail_errno(err, "S004", "cannot find the project directory '%s'", directory);
	project->directory = ct_strdup(resolved);
	project->name = project_name(resolved);
	project->root = ct_asprintf("%s/.containust", strcmp(resolved, "/") == 0 ? "" : resolved);
	project->state_file = state_file ? absolute(state_file) : ct_asprintf("%s/state/state.json", project->root);
	project->state_moved = strncmp(project->state_file, project->root, strlen(project->root)) != 0 ||
			       strcmp(project->state_file + strlen(project->root), "/state/state.json") != 0;
	project->containers = ct_asprintf("%s/containers", project->root);
	project->images = store ? absolute(store) : ct_asprintf("%s/images", project->root);
	project->layers = store ? ct_asprintf("%s/layers", project->images) : ct_asprintf("%s/layers", project->root);
	project->volumes = ct_asprintf("%s/volumes", project->root);
	if (check_trust(project->root, err) < 0) {
		ct_project_release(project);
		return -1;
	}
	return 0;
}

static int project_of_file(struct ct_project *project, const char *file, struct ct_err *err)
{
	ct_autofree char *directory = absolute(file);
	struct stat status;

	if (stat(file, &status) < 0)
		return ct_fail_errno(err, "S004", "cannot find '%s'", file);
	if (!S_ISDIR(status.st_mode)) {
		char *slash = strrchr(directory, '/');

		slash[slash == directory ? 1 : 0] = '\0';
	}
	return ct_project_of_directory(project, directory, err);
}

int ct_project_find(struct ct_project *project, const char *file, struct ct_err *err)
{
	char directory[PATH_MAX], root[PATH_MAX + sizeof("/.containust")];
	struct stat status;

	if (file)
		return project_of_file(project, file, err);
	if (!getcwd(directory, sizeof(directory)))
		return ct_fail_errno(err, "S004", "cannot find the current directory");
	for (;;) {
		char *slash = strrchr(directory, '/');

		strcpy(root, directory);
		strcat(root, "/.containust");
		if (stat(root, &status) == 0 && S_ISDIR(status.st_mode))
			return ct_project_of_directory(project, directory, err);
		if (!slash || slash[1] == '\0')
			break;
		slash[slash == directory ? 1 : 0] = '\0';
	}
	*project = (struct ct_project){ 0 };
	ct_fail(err, "S004", "no project here: there is no .containust in this directory or above it");
	return ct_err_hint(err, "start one with 'ctst run FILE', or name its file with -f FILE");
}

void ct_project_release(struct ct_project *project)
{
	free(project->directory);
	free(project->name);
	free(project->root);
	free(project->state_file);
	free(project->containers);
	free(project->images);
	free(project->layers);
	free(project->volumes);
	*project = (struct ct_project){ 0 };
}
