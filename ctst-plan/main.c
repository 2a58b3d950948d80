#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "ctst-plan/plan.h"
#include "ctst-plan/publish.h"
#include "ctst-plan/stages.h"

#define EXIT_CHANGES 2 /* --detailed-exitcode */
#define ROUTES_LIMIT ((size_t)64 << 20)

struct settings {
	const char *output;
	bool detailed;
	bool json;
	struct plan_options plan;
};

static bool is_verbose(void)
{
	const char *level = getenv("CONTAINUST_LOG");

	return level && (strcmp(level, "info") == 0 || strcmp(level, "debug") == 0);
}

static int write_plan(const struct plan *plan, const struct settings *settings, const char *program, struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;

	for (size_t i = 0; i < plan->warnings.count; i++)
		ct_warn(program, "%s", plan->warnings.items[i]);
	if (!settings->json)
		plan_write_text(plan, is_verbose(), ct_colour(STDOUT_FILENO), &out);
	else if (plan_write_json(plan, isatty(STDOUT_FILENO), &out, err) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

/* Name servers are reached by the default route, which takes no addresses: each is a route of its own here. */
static void add_name_servers(struct ct_buf *routes)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
	char *rest, *line;

	if (fd < 0 || ct_read_all(fd, 65536, &text) < 0)
		return;
	ct_buf_puts(&text, "");
	for (rest = text.data; (line = strsep(&rest, "\n"));) {
		char word[46];
		struct in_addr address;

		if (sscanf(line, "nameserver %45s", word) == 1 && inet_pton(AF_INET, word, &address) == 1)
			ct_buf_printf(routes, "dns %08X 0 0 0 0 0 FFFFFFFF\n", address.s_addr);
	}
}

/* What the host routes; the subnets of networks keep out of its way. Where that cannot be read nothing is known of it. */
static void read_routes(struct ct_buf *routes)
{
	if (ct_read_file_at(AT_FDCWD, "/proc/net/route", ROUTES_LIMIT, routes) < 0)
		ct_buf_clear(routes);
	ct_buf_putc(routes, '\n');
	add_name_servers(routes);
	ct_buf_puts(routes, "");
}

/* Returns the exit status, or -1. */
static int run(const char *file, struct settings *settings, const char *program, struct ct_err *err)
{
	ct_autobuf routes = CT_BUF_INIT;
	ct_autojson *doc = stages_read_composition(file, true, err);
	autocomposition composition = COMPOSITION_INIT;
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	autoplan plan = { 0 };

	read_routes(&routes);
	settings->plan.routes = routes.data;
	settings->plan.offline = ct_offline();
	if (!doc || composition_read(&composition, ct_json_root(doc), err) < 0 ||
	    images_read(&composition, ct_json_root(doc), err) < 0 ||
	    ct_project_of_directory(&project, composition.directory, err) < 0 ||
	    ct_state_load(&project, &state, err) < 0 ||
	    plan_make(&plan, &composition, &project, &state, &settings->plan, err) < 0 ||
	    write_plan(&plan, settings, program, err) < 0)
		return -1;
	return settings->detailed && plan_has_changes(&plan) ? EXIT_CHANGES : 0;
}

int main(int argc, char **argv)
{
	static struct settings settings;
	static const struct ct_option options[] = {
		{ CT_OPTION_TEXT, 'o', "output", "FORMAT", "text or json; the default is text on a terminal",
		  &settings.output },
		{ CT_OPTION_FLAG, 0, "detailed-exitcode", NULL, "exit 2 when there are changes", &settings.detailed },
		{ CT_OPTION_FLAG, 0, "no-prune", NULL, "leave containers alone that the composition does not name",
		  &settings.plan.no_prune },
		{ CT_OPTION_FLAG, 0, "strict-env", NULL, "an undefined ${env.NAME} is an error",
		  &settings.plan.strict_env },
		PUBLISH_OPTION(&settings.plan.publish_address),
		{ CT_OPTION_END },
	};
	static const struct ct_program program = {
		.name = "ctst-plan",
		.synopsis = "[-o text|json] [--detailed-exitcode] [--no-prune] [--strict-env] [--publish-addr ADDRESS] "
			    "[FILE]",
		.summary = "show what running a composition would change",
		.details = "Without FILE, and with a composition on standard input, it is a filter:\n"
			   "  ctst-parse FILE | ctst-image build | ctst-plan | ctst-spawn\n"
			   "Otherwise it runs the stages in front itself; FILE defaults to " CT_DEFAULT_FILE ".",
		.options = options,
	};
	struct ct_err err = CT_ERR_INIT;
	int first, status;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first > 1)
		ct_usage_error(&program, "one FILE at most, '%s' is one too many", argv[first + 1]);
	settings.json = ct_output_is_json(&program, settings.output);
	settings.plan.publish_address = publish_address(&program, settings.plan.publish_address);
	status = run(first < argc ? argv[first] : NULL, &settings, program.name, &err);
	if (status >= 0)
		return status;
	if (settings.json)
		ct_json_pass_failure(program.name, &err);
	return ct_err_report(program.name, &err);
}
