#include "ctst-image/slim/image.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/process.h"
#include "ctst-image/helper.h"
#include "ctst-image/slim/machine.h"
#include "ctst-image/slim/stage.h"
#include "ctst-image/source.h"

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

void image_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

void image_die_of_signal(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}

int image_signal(void)
{
	return caught;
}

/* The machine that the programs are for, which need not be this one. */
static const char *architecture(const struct slim *slim)
{
	for (size_t i = 0; i < slim->tree.count; i++) {
		const struct elf_facts *elf = slim->tree.entries[i].elf;

		if (elf && machine_find(elf->kind))
			return machine_find(elf->kind)->architecture;
	}
	return NULL;
}

static int add_architecture(const struct slim *slim, const struct ct_buf *config, struct ct_buf *out,
			    struct ct_err *err)
{
	ct_autojson *doc = ct_json_parse(config->data, config->length, "I003", err);
	struct ct_json_writer *writer;

	if (!doc)
		return -1;
	writer = ct_json_writer_new(out, false);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "architecture", architecture(slim));
	ct_json_each(member, ct_json_root(doc))
		ct_json_member_value(writer, member->key, member);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

static int as_input(const struct ct_buf *text, struct ct_err *err)
{
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd >= 0 && ct_write_all(fd, text->data, text->length) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	ct_fail_errno(err, "I003", "cannot pass the settings on");
	if (fd >= 0)
		close(fd);
	return -1;
}

static int run_importer(const char *tree, int config, const struct image_place *place, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-image-import", ct_libexec_directory());
	ct_autofree char *source = ct_asprintf("file://%s", tree);
	const char *argv[20] = { program,    "--images", place->images, "--layers", place->layers,
				 "--config", "-",        "--as",        place->uri };
	int count = 9, status;

	if (place->request) {
		argv[count++] = "--request";
		argv[count++] = place->request;
	}
	if (place->subject) {
		argv[count++] = "--subject";
		argv[count++] = place->subject;
	}
	argv[count++] = "--";
	argv[count++] = source;
	argv[count] = NULL;
	/* Nothing it prints belongs on this program's stdout. */
	status = helper_run(argv, config, STDERR_FILENO);
	if (status < 0)
		return ct_fail_errno(err, "I003", "cannot execute '%s'", program);
	return status == 0 ? 0 : helper_failed(status, "I003", "the import", err);
}

static int import(const struct slim *slim, const struct stage *stage, const struct ct_buf *config,
		  const struct image_place *place, char manifest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	ct_autobuf settings = CT_BUF_INIT;
	struct image_source source;
	ct_autoclose int input = -1;

	if (add_architecture(slim, config, &settings, err) < 0)
		return -1;
	input = as_input(&settings, err);
	if (input < 0 || run_importer(stage->path, input, place, err) < 0)
		return -1;
	if (!image_source_load(place->images, place->uri, &source))
		return ct_fail(err, "I003", "the import of '%s' left no record in the store", place->uri);
	memcpy(manifest, source.manifest, sizeof(source.manifest));
	return 0;
}

int image_make(const struct slim *slim, const struct ct_buf *config, const struct image_place *place,
	       char manifest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	struct stage stage = STAGE_INIT;
	int result = -1;

	if (stage_create(&stage, place->images, place->layers, err) == 0 && stage_fill(&stage, slim, err) == 0)
		result = import(slim, &stage, config, place, manifest, err);
	stage_discard(&stage);
	return result;
}
