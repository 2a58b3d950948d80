/* ctst-image-export: `ctst-image export`, an image of the store as an archive. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-image/export/export.h"
#include "ctst-image/import.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/reference.h"
#include "ctst-image/store.h"

static const char *output, *format, *its_name, *platform, *project_file;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "FILE", "write to FILE and print its URI with a pin", &output },
	{ CT_OPTION_TEXT, 0, "format", "oci|docker", "what kind of archive; oci without this option", &format },
	{ CT_OPTION_TEXT, 0, "name", "NAME", "what the image is called in the archive", &its_name },
	{ CT_OPTION_TEXT, 0, "platform", "OS/ARCH", "of an image for several platforms take that one", &platform },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of FILE", &project_file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-image-export",
	.synopsis = "[-o FILE] [--format oci|docker] [--name NAME] [--platform OS/ARCH] [-f FILE] IMAGE",
	.summary = "write an image of the store as an archive that other tools read",
	.options = options,
};

static bool wants_docker(void)
{
	if (format && strcmp(format, "oci") != 0 && strcmp(format, "docker") != 0)
		ct_usage_error(&program, "'%s' is not a format; there are oci and docker", format);
	return format && strcmp(format, "docker") == 0;
}

/* Without a name of its own an image is exported without one. */
static const char *find_name(const struct pick *pick)
{
	return its_name ? its_name
			: ct_json_get_string(ct_json_get(pick->found.descriptors[0], "annotations"), STORE_REF_NAME);
}

static char *find_docker_name(const struct pick *pick)
{
	const char *name = find_name(pick);
	char *docker = name ? reference_for_docker(name) : NULL;

	if (name && !docker)
		ct_warn(program.name,
			"'%s' cannot be a name in docker's archives, so the image has none there; --name "
			"gives it one",
			name);
	return docker;
}

static int write_archive(struct archive_out *archive, const struct pick *pick, struct ct_err *err)
{
	ct_autofree char *docker_name = NULL;

	progress_start(&archive->progress, "exporting", pick->name);
	if (!wants_docker())
		return export_oci(archive, pick, find_name(pick), err);
	docker_name = find_docker_name(pick);
	return export_docker(archive, pick, docker_name, err);
}

/* What can be put into a .ctst file. */
static int print_uri(const char *path, const char *digest, struct ct_err *err)
{
	ct_autobuf line = CT_BUF_INIT;
	char resolved[PATH_MAX];

	if (!realpath(path, resolved))
		return ct_fail_errno(err, CT_NO_CODE, "cannot find '%s'", path);
	ct_buf_printf(&line, "tar://%s%s@%s\n", resolved, strchr(resolved, '#') ? "#" : "", digest);
	return ct_write_stdout(line.data, line.length, err);
}

static int export(const char *word, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	auto_pick pick = PICK_INIT;
	struct archive_out archive;
	char digest[CT_DIGEST_LENGTH + 1];
	int result;

	if (command_find_store(&project, project_file, err) < 0 || pick_image(&pick, &project, word, platform, err) < 0)
		return -1;
	result = archive_start(&archive, output, err);
	if (result == 0)
		result = write_archive(&archive, &pick, err);
	if (result < 0 && err->code[0])
		ct_err_context(err, "image '%s'", pick.name);
	if (result == 0)
		result = archive_finish(&archive, digest, err);
	archive_release(&archive);
	return result == 0 && output ? print_uri(output, digest, err) : result;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	(void)wants_docker();
	command_check_platform(&program, platform);
	if (argc - first != 1)
		ct_usage_error(&program, "expected one image");
	if (its_name && reference_check_name(its_name, &err) < 0)
		return ct_err_report(program.name, &err);
	if (output && strcmp(output, "-") == 0)
		output = NULL;
	else if (!output && isatty(STDOUT_FILENO))
		ct_usage_error(&program, "an archive is not written to a terminal: -o FILE, or a pipe");
	import_catch_signals();
	if (export(argv[first], &err) == 0)
		return CT_EXIT_OK;
	import_die_of_signal();
	return ct_err_report(program.name, &err);
}
