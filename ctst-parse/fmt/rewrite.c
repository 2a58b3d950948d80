#include "ctst-parse/fmt/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

struct target {
	const char *shown; /* as the person named it */
	int directory;
	const char *name;
	struct stat status;
};

/* Somebody may have saved the file in an editor since it was read. */
static int check_unchanged(const struct target *target, int fd, const struct source *source, struct ct_err *err)
{
	ct_autobuf now = CT_BUF_INIT;

	if (ct_read_all(fd, SOURCE_MAX_BYTES, &now) < 0 && errno != EFBIG)
		return ct_fail_errno(err, CT_NO_CODE, "cannot read '%s'", target->shown);
	if (now.length == source->length && (now.length == 0 || memcmp(now.data, source->bytes, now.length) == 0))
		return 0;
	ct_fail(err, CT_NO_CODE, "'%s' was changed while it was formatted; it is left alone", target->shown);
	return ct_err_hint(err, "run the command again");
}

static int check_target(struct target *target, const struct source *source, struct ct_err *err)
{
	ct_autoclose int fd = openat(target->directory, target->name,
				     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &target->status) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot open '%s'", target->shown);
	if (!S_ISREG(target->status.st_mode))
		return ct_fail(err, CT_NO_CODE, "'%s' is not a regular file any more", target->shown);
	/* A new file in its place would not ask for this. */
	if (faccessat(target->directory, target->name, W_OK, AT_EACCESS) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot write to '%s'", target->shown);
	return check_unchanged(target, fd, source, err);
}

/* A file without a name where the file system has that: what is killed leaves nothing. Else one called `name`. */
static int create(int directory, const char *name, bool *named)
{
	int fd = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	*named = fd < 0;
	return *named ? openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : fd;
}

/* The owner before the mode: a change of owner clears the set-user-ID bit. */
static int fill(int fd, const struct stat *status, const struct ct_buf *text)
{
	struct stat made;

	if (ct_write_all(fd, text->data, text->length) < 0 || fstat(fd, &made) < 0)
		return -1;
	if ((made.st_uid != status->st_uid || made.st_gid != status->st_gid) &&
	    fchown(fd, status->st_uid, status->st_gid) < 0)
		return -1;
	return fchmod(fd, status->st_mode & 07777) < 0 ? -1 : fsync(fd);
}

static int give_name(int directory, int fd, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW);
}

static int replace(const struct target *target, const struct ct_buf *text, struct ct_err *err)
{
	char temporary[64];
	bool named;
	ct_autoclose int fd = -1;

	/* A name of its own: two of these may be at work on one file, and nobody else's file is in the way. */
	snprintf(temporary, sizeof(temporary), ".ctst-fmt.%ld.new", (long)getpid());
	fd = create(target->directory, temporary, &named);
	if (fd < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot create a file beside '%s'", target->shown);
	if (fill(fd, &target->status, text) == 0 && (named || give_name(target->directory, fd, temporary) == 0)) {
		named = true;
		if (renameat(target->directory, temporary, target->directory, target->name) == 0)
			return 0;
	}
	ct_fail_errno(err, CT_NO_CODE, "cannot replace '%s'", target->shown);
	if (named)
		unlinkat(target->directory, temporary, 0);
	return -1;
}

/* What a person or a system that shuts down sends waits until the temporary file is gone. */
static void block_signals(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, before);
}

int rewrite_file(const char *path, const struct source *source, const struct ct_buf *text, struct ct_err *err)
{
	ct_autofree char *real = realpath(path, NULL);
	ct_autoclose int directory = -1;
	struct target target = { .shown = path };
	sigset_t before;
	char *slash;
	int result;

	if (!real)
		return ct_fail_errno(err, CT_NO_CODE, "cannot open '%s'", path);
	slash = strrchr(real, '/');
	target.name = slash + 1;
	*slash = '\0';
	directory = open(slash == real ? "/" : real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot open the directory of '%s'", path);
	target.directory = directory;
	if (check_target(&target, source, err) < 0)
		return -1;
	block_signals(&before);
	result = replace(&target, text, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}
