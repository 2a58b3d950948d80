#include "ctst-spawn/log_rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NEW_FILE "." LOG_FILE ".new"

static int rename_in(int directory, const char *from, const char *to)
{
	return renameat(directory, from, directory, to);
}

/* A number that is missing, because somebody has removed the file, is no failure. */
static int shift(int directory)
{
	for (int i = LOG_FILES - 1; i > 0; i--) {
		if (rename_in(directory, log_file_name(i - 1), log_file_name(i)) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

void log_rotate(struct log_writer *writer)
{
	/* Made before anything is renamed: on a full disk the log stays as it is. */
	int fresh = openat(writer->directory, NEW_FILE,
			   O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fresh < 0 || shift(writer->directory) < 0 || rename_in(writer->directory, NEW_FILE, LOG_FILE) < 0) {
		if (fresh >= 0)
			close(fresh);
		writer->rotate_at = writer->size + writer->limit / 16;
		return;
	}
	close(writer->file);
	writer->file = fresh;
	writer->size = 0;
	writer->torn = false;
	writer->rotate_at = writer->limit;
}
