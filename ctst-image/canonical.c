#include "ctst-image/canonical.h"

#include <stdio.h>
#include <string.h>

#define CANONICAL_TIME 1153704088

/* Old GNU header: magic and version are one string of 8 bytes. Numbers are octal digits up to a final NUL. */
struct gnu_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char linkname[100];
	char magic[8];
	char uname[32];
	char gname[32];
	char device_major[8];
	char device_minor[8];
	char unused[167];
};

_Static_assert(sizeof(struct gnu_header) == CANONICAL_BLOCK, "a tar header is one block");

static void put_octal(char *field, size_t size, uint64_t value)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

/* A size past eleven octal digits is written in base 256, as GNU tar does. */
static void put_size(char field[12], uint64_t value)
{
	if (value < (uint64_t)1 << 33) {
		put_octal(field, 12, value);
		return;
	}
	for (size_t i = 12; i-- > 0; value >>= 8)
		field[i] = (char)(value & 0xff);
	field[0] = (char)0x80;
}

static void put_text(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	memcpy(field, text, length < size ? length : size);
}

static void append_block(struct ct_buf *out, struct gnu_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	put_octal(header->checksum, sizeof(header->checksum), sum);
	ct_buf_append(out, header, sizeof(*header));
}

static void start_header(struct gnu_header *header, char type, mode_t mode, int64_t size, int64_t mtime)
{
	memset(header, 0, sizeof(*header));
	put_octal(header->mode, sizeof(header->mode), mode);
	put_octal(header->uid, sizeof(header->uid), 0);
	put_octal(header->gid, sizeof(header->gid), 0);
	put_size(header->size, (uint64_t)size);
	put_octal(header->mtime, sizeof(header->mtime), (uint64_t)mtime);
	header->type = type;
	memcpy(header->magic, "ustar  ", 8);
}

/* The GNU extension for what does not fit into a header: a record of type L (name) or K (link target). */
static void append_long(struct ct_buf *out, char type, const char *text)
{
	static const char zeros[CANONICAL_BLOCK];
	struct gnu_header header;
	size_t length = strlen(text) + 1;

	start_header(&header, type, 0644, (int64_t)length, 0);
	put_text(header.name, sizeof(header.name), "././@LongLink");
	append_block(out, &header);
	ct_buf_append(out, text, length);
	ct_buf_append(out, zeros, canonical_padding((int64_t)length));
}

static char type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return '5';
	case S_IFLNK:
		return '2';
	case S_IFIFO:
		return '6';
	default:
		return '0';
	}
}

void canonical_header(struct ct_buf *out, const char *path, mode_t mode, int64_t size, const char *target)
{
	_Bool executable = S_ISDIR(mode) || S_ISLNK(mode) || (mode & S_IXUSR);
	struct gnu_header header;

	if (strlen(path) > sizeof(header.name))
		append_long(out, 'L', path);
	if (target && strlen(target) > sizeof(header.linkname))
		append_long(out, 'K', target);
	start_header(&header, type_of(mode), executable ? 0755 : 0644, S_ISREG(mode) ? size : 0, CANONICAL_TIME);
	put_octal(header.device_major, sizeof(header.device_major), 0);
	put_octal(header.device_minor, sizeof(header.device_minor), 0);
	put_text(header.name, sizeof(header.name), path);
	if (target)
		put_text(header.linkname, sizeof(header.linkname), target);
	append_block(out, &header);
}

size_t canonical_padding(int64_t size)
{
	size_t rest = (size_t)(size % CANONICAL_BLOCK);

	return rest ? CANONICAL_BLOCK - rest : 0;
}

int canonical_compare(const char *left, const char *right)
{
	/* The slash sorts below every other byte, so that "etc/a" comes before "etc-x". */
	for (;; left++, right++) {
		unsigned char a = (unsigned char)*left;
		unsigned char b = (unsigned char)*right;

		if (a == b && a)
			continue;
		if (a == b)
			return 0;
		if (!a || !b)
			return a ? 1 : -1;
		if (a == '/' || b == '/')
			return a == '/' ? -1 : 1;
		return a < b ? -1 : 1;
	}
}
