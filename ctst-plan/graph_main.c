#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/file.h"
#include "common/json.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst-plan/graph_output.h"
#include "ctst-plan/networks.h"
#include "ctst-plan/publish.h"
#include "ctst-plan/stages.h"

enum form { FORM_TEXT, FORM_DOT, FORM_JSON };

static int write_graph(const struct graph_view *view, enum form form, struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;

	if (form == FORM_TEXT)
		graph_write_text(view, &out);
	else if (form == FORM_DOT)
		graph_write_dot(view, &out);
	else if (graph_write_json(view, isatty(STDOUT_FILENO), &out, err) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

static int run(const char *file, enum form form, const char *address, struct ct_err *err)
{
	ct_autojson *doc = stages_read_composition(file, false, err);
	autocomposition composition = COMPOSITION_INIT;
	autograph graph = GRAPH_INIT;
	autonetworks networks = NETWORKS_INIT;
	ct_autofree uint32_t *order = NULL;
	struct graph_view view;

	if (!doc || composition_read(&composition, ct_json_root(doc), err) < 0 ||
	    graph_of_composition(&composition, &graph, &order, err) < 0)
		return -1;
	networks_make(&networks, &composition, &graph, order);
	view = (struct graph_view){ &composition, &graph, order, &networks, address };
	return write_graph(&view, form, err);
}

static enum form choose_form(const struct ct_program *program, const char *word)
{
	if (!word)
		return isatty(STDOUT_FILENO) ? FORM_TEXT : FORM_JSON;
	if (strcmp(word, "text") == 0)
		return FORM_TEXT;
	if (strcmp(word, "dot") == 0)
		return FORM_DOT;
	if (strcmp(word, "json") == 0)
		return FORM_JSON;
	ct_usage_error(program, "unknown output '%s': it is text, dot or json", word);
}

int main(int argc, char **argv)
{
	static const char *output, *address;
	static const struct ct_option options[] = {
		{ CT_OPTION_TEXT, 'o', "output", "FORMAT", "text, dot or json; the default is text on a terminal",
		  &output },
		PUBLISH_OPTION(&address),
		{ CT_OPTION_END },
	};
	static const struct ct_program program = {
		.name = "ctst-graph",
		.synopsis = "[-o text|dot|json] [--publish-addr ADDRESS] [FILE]",
		.summary = "show which component depends on which, their networks and exposed ports",
		.details = "Without FILE, and with a composition on standard input, it is a filter:\n"
			   "  ctst-parse FILE | ctst-graph -o dot | dot -Tsvg\n"
			   "Otherwise it runs ctst-parse itself; FILE defaults to " CT_DEFAULT_FILE ".",
		.options = options,
	};
	struct ct_err err = CT_ERR_INIT;
	enum form form;
	int first;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	if (argc - first > 1)
		ct_usage_error(&program, "one FILE at most, '%s' is one too many", argv[first + 1]);
	form = choose_form(&program, output);
	address = publish_address(&program, address);
	if (run(first < argc ? argv[first] : NULL, form, address, &err) == 0)
		return 0;
	if (form == FORM_JSON)
		ct_json_pass_failure(program.name, &err);
	return ct_err_report(program.name, &err);
}
