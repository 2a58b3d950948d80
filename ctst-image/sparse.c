#include "ctst-image/sparse.h"

#include <string.h>
#include <unistd.h>

#include "common/file.h"

/* Each byte is compared with the one behind it. Most content ends this at its first bytes. */
bool sparse_is_hole(const void *bytes, size_t length)
{
	const char *text = bytes;

	return length >= SPARSE_SHORTEST && text[0] == '\0' && memcmp(text, text + 1, length - 1) == 0;
}

int sparse_write(int fd, const void *bytes, size_t length)
{
	if (sparse_is_hole(bytes, length))
		return lseek(fd, (off_t)length, SEEK_CUR) < 0 ? -1 : 0;
	return ct_write_all(fd, bytes, length);
}

int sparse_end(int fd)
{
	off_t end = lseek(fd, 0, SEEK_CUR);

	return end < 0 ? -1 : ftruncate(fd, end);
}
