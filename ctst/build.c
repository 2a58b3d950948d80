/* ctst build: ctst-parse FILE | ctst-image build, and what came of it for a person. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst/events.h"
#include "ctst/pipeline.h"

static bool dry_run, locked, distroless, insecure_loopback;
static const char *output;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 0, "dry-run", NULL, "check the file and name its images, import nothing", &dry_run },
	{ CT_OPTION_FLAG, 0, "locked", NULL, "refuse an image whose source has changed", &locked },
	{ CT_OPTION_FLAG, 0, "distroless", NULL, "take of every image only what its components need", &distroless },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "use http:// for registries of this host", &insecure_loopback },
	{ CT_OPTION_TEXT, 'o', "output", "FORMAT", "text or json (default: text on a terminal)", &output },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-build",
	.synopsis = "[--distroless] [--dry-run] [--insecure-loopback] [--locked] [-o text|json] [FILE]",
	.summary = "import a composition's images and print their pinned references",
	.details = "FILE defaults to " CT_DEFAULT_FILE "; '-' is standard input.",
	.options = options,
};

static void describe(struct pipeline *pipeline, const char *file)
{
	struct stage *stage = pipeline_stage(pipeline, "ctst-parse");

	stage_add(stage, file);
	if (dry_run)
		return;
	stage = pipeline_stage(pipeline, "ctst-image");
	stage_add(stage, "build");
	stage_add(stage, locked ? "--locked" : NULL);
	stage_add(stage, insecure_loopback ? "--insecure-loopback" : NULL);
	stage_add(stage, distroless ? "--distroless" : "--savings");
}

/* Appends what fd has now. False at its end, and when it sends more than a document may have. */
static bool drain(int fd, struct ct_buf *document)
{
	ssize_t got;

	for (;;) {
		ct_buf_reserve(document, 65536);
		got = read(fd, document->data + document->length, 65536);
		if (got <= 0)
			return got < 0 && (errno == EAGAIN || errno == EINTR);
		document->length += (size_t)got;
		if (document->length > CT_JSON_MAX_BYTES)
			return false;
	}
}

/* Reads the last stage's document while watching over the stages. */
static void collect(struct pipeline *pipeline, int events, int fd, struct ct_buf *document)
{
	struct pollfd sources[2] = { { .fd = fd, .events = POLLIN }, { .fd = events, .events = POLLIN } };

	/* The end of the pipe may come before or after the end of its writer is known. */
	while (pipeline_reap(pipeline) > 0 || sources[0].fd >= 0) {
		if (poll(sources, 2, -1) < 0)
			continue;
		if (sources[0].revents && !drain(fd, document))
			sources[0].fd = -1;
		sources[0].revents = 0;
		while (events_poll(events) != 0)
			;
	}
}

static int run_stages(struct pipeline *pipeline, struct ct_buf *document, struct ct_err *err)
{
	int events = events_open(false, err);
	ct_autoclose int reader = -1;
	int ends[2], started;

	if (events < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_errno(err, "R004", "cannot make a pipe");
	reader = ends[0];
	(void)fcntl(reader, F_SETFL, O_NONBLOCK);
	started = pipeline_start(pipeline, ends[1], err);
	close(ends[1]);
	collect(pipeline, events, reader, document);
	close(events);
	return started;
}

/* Of one URI there may be the whole image and a slim one. */
static const char *digest_of(const struct ct_json *root, const char *uri, bool slim)
{
	ct_json_each(image, ct_json_get_typed(root, "images", CT_JSON_ARRAY)) {
		const char *candidate = ct_json_get_string(image, "uri");

		if (candidate && strcmp(candidate, uri) == 0 && ct_json_get_bool(image, "distroless", false) == slim)
			return ct_json_get_string(image, "digest");
	}
	return NULL;
}

/* "name  uri@digest"; a pin that is written in the file has been checked and is the same. */
static void print_line(struct ct_buf *out, const struct ct_json *root, const struct ct_json *component, int width)
{
	const char *name = ct_json_get_string(component, "name");
	const char *uri = ct_json_get_string(component, "image");
	bool slim = ct_json_get_bool(component, "distroless", false);
	const char *digest = uri ? digest_of(root, uri, slim) : NULL;

	if (!name || !uri)
		return;
	ct_buf_printf(out, "%-*s  %s", width, name, uri);
	if (digest && !strstr(uri, "@sha256:"))
		ct_buf_printf(out, "@%s", digest);
	ct_buf_puts(out, slim ? "  slim\n" : "\n");
}

static void print_text(struct ct_buf *out, const struct ct_json *root)
{
	const struct ct_json *components = ct_json_get_typed(root, "components", CT_JSON_ARRAY);
	int width = 0;

	ct_json_each(component, components) {
		const char *name = ct_json_get_string(component, "name");

		if (name && (int)strlen(name) > width)
			width = (int)strlen(name);
	}
	ct_json_each(component, components)
		print_line(out, root, component, width);
}

static int show(const struct ct_buf *document, bool json, struct ct_err *err)
{
	ct_autojson *parsed = NULL;
	ct_autobuf text = CT_BUF_INIT;

	if (json)
		return ct_write_stdout(document->data, document->length, err);
	parsed = ct_json_parse(document->data, document->length, "P001", err);
	if (!parsed)
		return ct_err_context(err, "the composition");
	print_text(&text, ct_json_root(parsed));
	return ct_write_stdout(text.data, text.length, err);
}

int main(int argc, char **argv)
{
	struct pipeline pipeline = { .program = program.name, .tied = true };
	ct_autobuf document = CT_BUF_INIT;
	struct ct_err err = CT_ERR_INIT;
	int first, status;
	bool json;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first > 1)
		ct_usage_error(&program, "one FILE, not %d", argc - first);
	json = ct_output_is_json(&program, output);
	describe(&pipeline, first < argc ? argv[first] : CT_DEFAULT_FILE);
	if (run_stages(&pipeline, &document, &err) < 0)
		return ct_err_report(program.name, &err);
	status = pipeline_status(&pipeline);
	pipeline_release(&pipeline);
	if (status != CT_EXIT_OK)
		return status;
	return show(&document, json, &err) < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
