#include "ctst-image/presets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"
#include "common/suggest.h"

#define CLOSE_SIZE 256

bool image_preset_is_for_this_machine(const struct ct_json *entry)
{
	const char *arch = ct_json_get_string(entry, "arch");
	struct utsname machine;

	return !arch || (uname(&machine) == 0 && strcmp(arch, machine.machine) == 0);
}

static bool fits(const struct ct_json *entry, const char *name, const char *version)
{
	const char *its_name = ct_json_get_string(entry, "name");
	const char *its_version = ct_json_get_string(entry, "version");

	return its_name && strcmp(its_name, name) == 0 &&
	       (!version || (its_version && strcmp(its_version, version) == 0)) &&
	       image_preset_is_for_this_machine(entry);
}

char *image_preset_archive(const char *file, const char *source)
{
	const char *slash = strrchr(file, '/');

	if (strncmp(source, "tar://", 6) == 0)
		source += 6;
	if (source[0] == '/' || !slash)
		return ct_strdup(source);
	return ct_asprintf("%.*s/%s", (int)(slash - file), file, source);
}

static void digest_of_entry(const struct ct_json *entry, char digest[CT_DIGEST_LENGTH + 1])
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_err ignored = CT_ERR_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);

	ct_json_value(writer, entry);
	(void)ct_json_writer_finish(writer, &ignored);
	ct_digest(text.data, text.length, digest);
}

/* What goes into the image's config as it stands. */
static int check_settings(const struct ct_json *entry, const char *name, const char *file, struct ct_err *err)
{
	static const char *const lists[] = { "env", "cmd", "entrypoint" };
	static const char *const texts[] = { "user", "workdir" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct ct_json *list = ct_json_get(entry, lists[i]);
		bool good = !list || list->type == CT_JSON_ARRAY;

		ct_json_each(item, list)
			good = good && item->type == CT_JSON_STRING;
		if (!good)
			return ct_fail(err, "I001", "preset '%s' in '%s': %s is not a list of strings", name, file,
				       lists[i]);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct ct_json *text = ct_json_get(entry, texts[i]);

		if (text && text->type != CT_JSON_STRING)
			return ct_fail(err, "I001", "preset '%s' in '%s': %s is not a string", name, file, texts[i]);
	}
	return 0;
}

static int take_entry(struct image_preset *preset, const struct ct_json *entry, const char *file, struct ct_err *err)
{
	const char *name = ct_json_get_string(entry, "name");
	const char *source = ct_json_get_string(entry, "source");
	const char *hex = ct_json_get_string(entry, "sha256");

	if (!source || !hex)
		return ct_fail(err, "I001", "preset '%s' in '%s' lacks its %s", name, file,
			       source ? "sha256" : "source");
	if (strstr(source, "://") && strncmp(source, "tar://", 6) != 0) {
		ct_fail(err, "I001", "preset '%s' in '%s' has the source '%s', which cannot be fetched", name, file,
			source);
		return ct_err_hint(err, "version " CT_VERSION " serves archives in the file system only");
	}
	snprintf(preset->digest, sizeof(preset->digest), "sha256:%.64s", hex);
	if (!ct_digest_is_valid(preset->digest) || strlen(hex) != 64)
		return ct_fail(err, "I001", "preset '%s' in '%s': sha256 is not 64 hexadecimal digits", name, file);
	if (check_settings(entry, name, file, err) < 0)
		return -1;
	preset->entry = entry;
	preset->archive = image_preset_archive(file, source);
	digest_of_entry(entry, preset->definition);
	return 1;
}

static void find_close(const struct ct_json *list, const char *name, char *close)
{
	close[0] = '\0';
	ct_json_each(entry, list) {
		const char *its_name = ct_json_get_string(entry, "name");

		if (its_name && image_preset_is_for_this_machine(entry) && ct_suggest(name, &its_name, 1)) {
			snprintf(close, CLOSE_SIZE, "%s", its_name);
			return;
		}
	}
}

const struct ct_json *image_presets_parse(struct ct_json_doc **doc, const char *text, size_t length, const char *file,
					  struct ct_err *err)
{
	const struct ct_json *list;
	const char *format;

	*doc = ct_json_parse(text, length, "I001", err);
	if (!*doc) {
		ct_err_context(err, "presets file '%s'", file);
		return NULL;
	}
	format = ct_json_get_string(ct_json_root(*doc), "format");
	list = ct_json_get_typed(ct_json_root(*doc), "presets", CT_JSON_ARRAY);
	if (format && strcmp(format, "ctst.presets/1") == 0 && list)
		return list;
	ct_fail(err, "I001", "presets file '%s' is not a ctst.presets/1 document", file);
	return NULL;
}

int image_preset_find_in(struct image_preset *preset, const char *text, size_t length, const char *file,
			 const char *name, const char *version, char *close, struct ct_err *err)
{
	ct_autojson *doc = NULL;
	const struct ct_json *list = image_presets_parse(&doc, text, length, file, err);
	int found;

	if (!list)
		return -1;
	ct_json_each(entry, list) {
		if (!fits(entry, name, version))
			continue;
		found = take_entry(preset, entry, file, err);
		if (found == 1) {
			preset->doc = doc;
			doc = NULL;
		}
		return found;
	}
	find_close(list, name, close);
	return 0;
}

static char *user_file(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && config[0] == '/')
		return ct_asprintf("%s/containust/presets.json", config);
	if (home && home[0] == '/')
		return ct_asprintf("%s/.config/containust/presets.json", home);
	return NULL;
}

/* 1 found, 0 not there (also: no such file), -1. */
static int find_in_file(struct image_preset *preset, const char *file, const char *name, const char *version,
			char *close, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	char its_close[CLOSE_SIZE] = "";
	int found;

	if (ct_read_file_at(AT_FDCWD, file, IMAGE_PRESETS_MAX_BYTES, &text) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return ct_fail_errno(err, "I001", "cannot read the presets file '%s'", file);
	}
	found = image_preset_find_in(preset, text.data ? text.data : "", text.length, file, name, version, its_close,
				     err);
	if (found == 0 && !close[0])
		memcpy(close, its_close, CLOSE_SIZE);
	return found;
}

void image_presets_files(char *files[IMAGE_PRESETS_FILES])
{
	files[0] = user_file();
	files[1] = ct_strdup("/etc/containust/presets.json");
	files[2] = ct_asprintf("%s/presets/presets.json", ct_data_directory());
}

static int fail_unknown(const char *name, const char *version, const char *close, const char *supplied,
			struct ct_err *err)
{
	ct_fail(err, "I001", "there is no preset '%s%s%s'", name, version ? ":" : "", version ? version : "");
	if (close[0])
		return ct_err_hint(err, "did you mean preset://%s?", close);
	return ct_err_hint(err, "presets are listed in %s and in files of your own, see ctst-presets(5)", supplied);
}

int image_preset_find(struct image_preset *preset, const char *name, const char *version, struct ct_err *err)
{
	char *files[IMAGE_PRESETS_FILES];
	char close[CLOSE_SIZE] = "";
	int found = 0;

	*preset = (struct image_preset)IMAGE_PRESET_INIT;
	image_presets_files(files);
	for (size_t i = 0; found == 0 && i < IMAGE_PRESETS_FILES; i++)
		found = files[i] ? find_in_file(preset, files[i], name, version, close, err) : 0;
	if (found == 0)
		fail_unknown(name, version, close, files[IMAGE_PRESETS_FILES - 1], err);
	for (size_t i = 0; i < IMAGE_PRESETS_FILES; i++)
		free(files[i]);
	return found > 0 ? 0 : -1;
}

void image_preset_release(struct image_preset *preset)
{
	ct_json_free(preset->doc);
	free(preset->archive);
	*preset = (struct image_preset)IMAGE_PRESET_INIT;
}
