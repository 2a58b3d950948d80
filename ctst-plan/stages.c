#include "ctst-plan/stages.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/process.h"
#include "common/project.h"

#define MOST_STAGES 2

struct stage {
	const char *program;
	char *const *arguments; /* argv[1…], ends with NULL */
	pid_t pid;
};

bool stages_is_filter(const char *file)
{
	struct stat status;

	return !file && fstat(STDIN_FILENO, &status) == 0 && !S_ISCHR(status.st_mode);
}

static pid_t start(const struct stage *stage, int input, int output)
{
	ct_autofree char *path = ct_asprintf("%s/%s", ct_libexec_directory(), stage->program);
	char *argv[8] = { path };

	for (size_t i = 0; stage->arguments[i] && i + 2 < sizeof(argv) / sizeof(argv[0]); i++)
		argv[i + 1] = stage->arguments[i];
	return ct_process_start(argv, input, output);
}

/* Starts the stages with pipes between them. Returns the end to read from, or -1; *started says how many run. */
static int start_all(struct stage *stages, size_t count, size_t *started, struct ct_err *err)
{
	ct_autoclose int input = -1; /* the first one inherits ours: FILE may be "-" */

	for (*started = 0; *started < count; ++*started) {
		struct stage *stage = &stages[*started];
		ct_autoclose int output = -1;
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return ct_fail_errno(err, CT_NO_CODE, "cannot make a pipe");
		output = ends[1];
		stage->pid = start(stage, input, output);
		if (input >= 0)
			close(input);
		input = ends[0];
		if (stage->pid < 0)
			return ct_fail_errno(err, CT_NO_CODE, "cannot start '%s'", stage->program);
	}
	return ct_take_fd(&input);
}

/* The first stage that ended badly decides; it has printed its reason, unless a signal ended it. */
static int wait_all(const struct stage *stages, size_t count, bool complete, struct ct_err *err)
{
	int first = 0;
	const char *program = NULL;

	for (size_t i = 0; i < count; i++) {
		int status = ct_process_wait(stages[i].pid);

		/* Who is ended by SIGPIPE had nobody to write to: the reason is another's. */
		if (status != 0 && status != CT_EXIT_SIGNAL_BASE + SIGPIPE && first == 0) {
			first = status;
			program = stages[i].program;
		}
	}
	/* Where the last document says what failed, that is the better account. */
	if (first == 0 || err->reported)
		return complete ? 0 : -1;
	ct_fail(err, CT_NO_CODE, "'%s' ended with %d", program, first);
	err->exit_status = first;
	err->reported = first < CT_EXIT_SIGNAL_BASE;
	return -1;
}

static struct ct_json_doc *read_from_stages(struct stage *stages, size_t count, struct ct_err *err)
{
	ct_autojson *doc = NULL;
	struct ct_json_doc *result = NULL;
	size_t started;

	{
		ct_autoclose int output = start_all(stages, count, &started, err);

		if (output < 0) {
			struct ct_err ignored = CT_ERR_INIT;

			(void)wait_all(stages, started, false, &ignored);
			return NULL;
		}
		doc = ct_json_read_document(output, "ctst.composition", 1, "P001", err);
		/* Closed here: a stage that still writes to a reader that gave up ends. */
	}
	if (wait_all(stages, started, doc != NULL, err) < 0)
		return NULL;
	result = doc;
	doc = NULL;
	return result;
}

struct ct_json_doc *stages_read_composition(const char *file, bool images, struct ct_err *err)
{
	ct_autofree char *name = ct_strdup(file ? file : CT_DEFAULT_FILE);
	char dashes[] = "--", build[] = "build", dry_run[] = "--dry-run";
	/* "--", so that a file called "-x" is not an option; "-" itself is standard input. */
	char *parse_arguments[] = { dashes, name, NULL };
	char *image_arguments[] = { build, dry_run, NULL };
	struct stage stages[MOST_STAGES] = {
		{ .program = "ctst-parse", .arguments = parse_arguments },
		{ .program = "ctst-image", .arguments = image_arguments },
	};

	if (stages_is_filter(file))
		return ct_json_read_document(STDIN_FILENO, "ctst.composition", 1, "P001", err);
	return read_from_stages(stages, images ? 2 : 1, err);
}
