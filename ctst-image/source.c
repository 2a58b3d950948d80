#include "ctst-image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"

#define RECORD_MAX_BYTES ((size_t)64 << 10)
#define INDEX_MAX_BYTES ((size_t)1 << 30)

void image_source_key(const char *uri, char key[65])
{
	char digest[CT_DIGEST_LENGTH + 1];

	ct_digest(uri, strlen(uri), digest);
	memcpy(key, digest + strlen("sha256:"), 65);
}

static int read_record_file(const char *images, const char *uri, const char *suffix, size_t limit, struct ct_buf *out)
{
	ct_autobuf path = CT_BUF_INIT;
	char key[65];

	image_source_key(uri, key);
	ct_buf_printf(&path, "%s/sources/%s.%s", images, key, suffix);
	return ct_read_file_at(AT_FDCWD, path.data, limit, out);
}

static bool take_text(const struct ct_json *record, const char *member, char *to, size_t size)
{
	const char *text = ct_json_get_string(record, member);

	return !text || snprintf(to, size, "%s", text) < (int)size;
}

static bool take_number(const struct ct_json *record, const char *member, uint64_t *to)
{
	int64_t value;

	if (!ct_json_get_int(record, member, &value))
		return false;
	*to = (uint64_t)value;
	return true;
}

static bool take_facts(const struct ct_json *record, struct stat_facts *facts)
{
	uint64_t mode;

	if (!take_number(record, "device", &facts->device) || !take_number(record, "inode", &facts->inode) ||
	    !take_number(record, "mode", &mode) || !ct_json_get_int(record, "size", &facts->size) ||
	    !ct_json_get_int(record, "mtime_ns", &facts->mtime) || !ct_json_get_int(record, "ctime_ns", &facts->ctime))
		return false;
	facts->mode = (uint32_t)mode;
	return true;
}

bool image_source_load(const char *images, const char *uri, struct image_source *source)
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	const struct ct_json *record;
	const char *format, *its_uri;

	memset(source, 0, sizeof(*source));
	if (read_record_file(images, uri, "json", RECORD_MAX_BYTES, &text) < 0 || text.length == 0)
		return false;
	doc = ct_json_parse(text.data, text.length, CT_NO_CODE, &ignored);
	if (!doc)
		return false;
	record = ct_json_root(doc);
	format = ct_json_get_string(record, "format");
	its_uri = ct_json_get_string(record, "uri");
	return format && strcmp(format, "ctst.source/1") == 0 && its_uri && strcmp(its_uri, uri) == 0 &&
	       take_text(record, "path", source->path, sizeof(source->path)) && take_facts(record, &source->facts) &&
	       take_text(record, "preset", source->preset, sizeof(source->preset)) &&
	       take_text(record, "index", source->index, sizeof(source->index)) &&
	       take_text(record, "request", source->request, sizeof(source->request)) &&
	       take_text(record, "digest", source->digest, sizeof(source->digest)) &&
	       ct_digest_is_valid(source->digest) &&
	       take_text(record, "manifest", source->manifest, sizeof(source->manifest)) &&
	       ct_digest_is_valid(source->manifest);
}

/* The record's path is compared too: a preset may name another archive today. */
static bool is_same_file(const struct image_source *source, const char *path, const struct stat *status)
{
	struct stat_facts now = stat_facts_of(status);

	return strcmp(source->path, path) == 0 && stat_facts_equal(&now, &source->facts);
}

static bool is_same_tree(const char *images, const char *uri, const struct image_source *source, int root)
{
	ct_autobuf index = CT_BUF_INIT;

	return read_record_file(images, uri, "index", INDEX_MAX_BYTES, &index) == 0 &&
	       stat_index_is_current(&index, source->index, root);
}

static int check_type(const struct image_uri *uri, const char *path, const struct stat *status, struct ct_err *err)
{
	if (uri->scheme == IMAGE_DIRECTORY && !S_ISDIR(status->st_mode)) {
		ct_fail(err, "I004", "image '%s' is not a directory", uri->source);
		return S_ISREG(status->st_mode) ? ct_err_hint(err, "an archive is written as tar://%s", path) : -1;
	}
	if (uri->scheme != IMAGE_DIRECTORY && !S_ISREG(status->st_mode)) {
		ct_fail(err, "I004", "image '%s': '%s' is not a regular file", uri->source, path);
		return S_ISDIR(status->st_mode) ? ct_err_hint(err, "a directory is written as file://%s", path) : -1;
	}
	return 0;
}

int image_source_check(const char *images, const struct image_uri *uri, const struct image_preset *preset,
		       const struct image_source *source, enum image_freshness *freshness, struct ct_err *err)
{
	const char *path = preset ? preset->archive : uri->path;
	ct_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		*freshness = IMAGE_MISSING;
		ct_fail_errno(err, "I001", "cannot find image '%s'%s%s%s", uri->source, preset ? " ('" : "",
			      preset ? path : "", preset ? "')" : "");
		if (uri->name && (errno == ENOENT || errno == ENOTDIR)) {
			ct_err_hint(err, "what follows '#' is the name of an image in there; a path that has a '#' "
					 "itself is written with one more behind it");
			errno = ENOENT;
		}
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	}
	if (check_type(uri, path, &status, err) < 0)
		return -1;
	if (!source)
		*freshness = IMAGE_NEW;
	else if (!is_same_file(source, path, &status) ||
		 strcmp(source->preset, preset ? preset->definition : "") != 0 ||
		 (uri->scheme == IMAGE_DIRECTORY && !is_same_tree(images, uri->source, source, fd)))
		*freshness = IMAGE_CHANGED;
	else
		*freshness = IMAGE_CURRENT;
	return 0;
}
