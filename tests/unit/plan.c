/* ctst-plan without its main(): graph, wiring, arguments, templates, differences, rendering. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/names.h"
#include "common/status.h"
#include "ctst-plan/graph.h"
#include "ctst-plan/graph_output.h"
#include "ctst-plan/plan.h"
#include "ctst-plan/secret.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define IMAGE(uri, config) \
	"{'uri':'" uri "','digest':'" DIGEST "','manifest':'" DIGEST "','layers':['/layers/a'],'config':" config "}"
#define BUSYBOX IMAGE("preset://busybox", "{'cmd':['/bin/sh'],'env':['PATH=/bin']}")

/* Everything of one plan, made from the text of a composition's lists. */
struct fixture {
	struct ct_json_doc *doc;
	struct composition composition;
	struct ct_project project;
	struct ct_state state;
	struct plan plan;
	struct ct_err err;
	char directory[64]; /* a temporary one, where a test needs container directories */
};

static struct fixture f;

/* JSON with single quotes, so that tests can be read. */
static char *requoted(const char *text)
{
	char *copy = ct_strdup(text);

	for (char *at = copy; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	return copy;
}

static void setup(void)
{
	memset(&f, 0, sizeof(f));
	strcpy(f.directory, "/tmp/unit-plan.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f.directory));
	f.project = (struct ct_project){
		.directory = ct_strdup("/p"),
		.name = ct_strdup("p"),
		.root = ct_strdup("/p/.containust"),
		.state_file = ct_strdup("/p/.containust/state/state.json"),
		.volumes = ct_strdup("/p/.containust/volumes"),
	};
}

static void forget(void)
{
	plan_release(&f.plan);
	composition_release(&f.composition);
	ct_json_free(f.doc);
	memset(&f.plan, 0, sizeof(f.plan));
	f.doc = NULL;
}

static void teardown(void)
{
	forget();
	ct_state_release(&f.state);
	ct_project_release(&f.project);
	ck_assert_int_eq(ct_remove_tree_at(AT_FDCWD, f.directory), 0);
}

static int read_document(const char *text)
{
	ct_autofree char *json = requoted(text);

	forget();
	f.err = (struct ct_err)CT_ERR_INIT;
	f.doc = ct_json_parse(json, strlen(json), "P001", &f.err);
	ck_assert_msg(f.doc != NULL, "%s in %s", f.err.message, json);
	if (composition_read(&f.composition, ct_json_root(f.doc), &f.err) < 0)
		return -1;
	return images_read(&f.composition, ct_json_root(f.doc), &f.err);
}

static int read_lists(const char *components, const char *connections, const char *exposed, const char *images)
{
	ct_autofree char *text = ct_asprintf("{'format':'ctst.composition/1','file':'/p/s.ctst','directory':'/p',"
					     "'components':[%s],'connections':[%s],'exposed':[%s],'images':[%s]}",
					     components, connections, exposed, images);

	return read_document(text);
}

static int make_with(const char *components, const char *connections, const char *images, struct plan_options options)
{
	if (!options.publish_address)
		options.publish_address = "127.0.0.1";
	if (read_lists(components, connections, "", images) < 0)
		return -1;
	return plan_make(&f.plan, &f.composition, &f.project, &f.state, &options, &f.err);
}

static int make(const char *components, const char *connections, const char *images)
{
	return make_with(components, connections, images, (struct plan_options){ 0 });
}

static void make_well(const char *components, const char *connections, const char *images)
{
	ck_assert_msg(make(components, connections, images) == 0, "%s: %s", f.err.code, f.err.message);
}

static void fails_with(const char *code, const char *part)
{
	ck_assert_str_eq(f.err.code, code);
	ck_assert_msg(strstr(f.err.message, part) != NULL, "'%s' is not in: %s", part, f.err.message);
}

static const struct container *container_named(const char *name)
{
	uint32_t index;

	ck_assert(ct_names_get(&f.composition.names, ct_slice_of(name), &index));
	return &f.plan.containers[index];
}

static const char *variable_of(const char *component, const char *key)
{
	const struct container *container = container_named(component);

	for (size_t i = 0; i < container->env_count; i++) {
		if (strcmp(container->env[i].key, key) == 0)
			return container->env[i].value;
	}
	return NULL;
}

/* The arguments with blanks between them. */
static char *args_of(const char *component)
{
	const struct container *container = container_named(component);
	struct ct_buf text = CT_BUF_INIT;

	for (size_t i = 0; i < container->arg_count; i++)
		ct_buf_printf(&text, "%s%s", i ? " " : "", container->args[i]);
	return ct_buf_detach(&text);
}

static void args_are(const char *component, const char *expected)
{
	ct_autofree char *args = args_of(component);

	ck_assert_str_eq(args, expected);
}

static char *text_of_plan(bool verbose)
{
	struct ct_buf text = CT_BUF_INIT;

	plan_write_text(&f.plan, verbose, false, &text);
	return ct_buf_detach(&text);
}

static char *json_of_plan(void)
{
	struct ct_buf text = CT_BUF_INIT;

	ck_assert_int_eq(plan_write_json(&f.plan, false, &text, &f.err), 0);
	return ct_buf_detach(&text);
}

static void text_is(const char *expected)
{
	ct_autofree char *text = text_of_plan(false);

	ck_assert_str_eq(text, expected);
}

/* ---- graph ---- */

static void order_is(size_t count, const struct edge *edges, size_t edge_count, const uint32_t *expected)
{
	autograph graph = GRAPH_INIT;
	uint32_t order[16];

	graph_init(&graph, count, edges, edge_count);
	ck_assert_int_eq(graph_order(&graph, order), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(order[i], expected[i]);
}

START_TEST(independent_nodes_keep_their_order)
{
	order_is(4, NULL, 0, (const uint32_t[]){ 0, 1, 2, 3 });
}
END_TEST

START_TEST(needs_come_first)
{
	const struct edge edges[] = { { 0, 2 }, { 2, 3 }, { 0, 2 } };

	order_is(4, edges, 3, (const uint32_t[]){ 1, 3, 2, 0 });
}
END_TEST

/* 4 becomes ready when 5 is placed, but 1 and 2 were declared before it. */
START_TEST(ties_go_by_declaration)
{
	const struct edge edges[] = { { 0, 4 }, { 4, 5 }, { 1, 3 } };

	order_is(6, edges, 3, (const uint32_t[]){ 2, 3, 1, 5, 4, 0 });
}
END_TEST

START_TEST(duplicate_edges_count_once)
{
	const struct edge edges[] = { { 0, 1 }, { 0, 1 }, { 0, 2 }, { 0, 1 } };
	autograph graph = GRAPH_INIT;

	graph_init(&graph, 3, edges, 4);
	ck_assert_uint_eq(graph.needs.begin[1], 2);
	ck_assert_uint_eq(graph.users.begin[3], 2);
}
END_TEST

START_TEST(the_cycle_is_the_shortest_and_without_its_tail)
{
	/* 0 needs 1; 1 -> 2 -> 3 -> 1 is a cycle, 1 -> 3 makes it shorter. */
	const struct edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 3, 1 }, { 1, 3 } };
	autograph graph = GRAPH_INIT;
	uint32_t nodes[4];

	graph_init(&graph, 4, edges, 5);
	ck_assert_int_eq(graph_order(&graph, nodes), -1);
	ck_assert_uint_eq(graph_find_cycle(&graph, nodes), 2);
	ck_assert_uint_eq(nodes[0], 1);
	ck_assert_uint_eq(nodes[1], 3);
}
END_TEST

START_TEST(a_cycle_is_told_with_its_whole_path)
{
	ck_assert_int_eq(make("{'name':'a','image':'preset://busybox'},{'name':'b','image':'preset://busybox'},"
			      "{'name':'c','image':'preset://busybox'}",
			      "{'from':'a','to':'b'},{'from':'b','to':'c'},{'from':'c','to':'a'}", BUSYBOX),
			 -1);
	fails_with("P001", "dependency cycle: a -> b -> c -> a");
}
END_TEST

/* A chain and a ring of 100,000: nothing recurses. */
START_TEST(long_chains_and_rings)
{
	const size_t count = 100000;
	ct_autofree struct edge *edges = ct_alloc_array(count, sizeof(*edges));
	ct_autofree uint32_t *order = ct_alloc_array(count, sizeof(*order));
	autograph chain = GRAPH_INIT, ring = GRAPH_INIT;

	for (uint32_t i = 0; i < count; i++)
		edges[i] = (struct edge){ i, (uint32_t)((i + 1) % count) };
	graph_init(&chain, count, edges, count - 1);
	ck_assert_int_eq(graph_order(&chain, order), 0);
	ck_assert_uint_eq(order[0], count - 1);
	graph_init(&ring, count, edges, count);
	ck_assert_int_eq(graph_order(&ring, order), -1);
	ck_assert_uint_eq(graph_find_cycle(&ring, order), count);
}
END_TEST

/* ---- names ---- */

START_TEST(names_are_found_after_growth_and_gone_after_clear)
{
	ct_autonames names = CT_NAMES_INIT;
	char texts[1000][8];
	uint32_t value = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(texts[i], sizeof(texts[i]), "n%u", i);
		ck_assert(ct_names_add(&names, ct_slice_of(texts[i]), i, NULL));
	}
	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert(ct_names_get(&names, ct_slice_of(texts[i]), &value));
		ck_assert_uint_eq(value, i);
	}
	ck_assert(!ct_names_add(&names, ct_slice_of("n7"), 0, &value));
	ck_assert_uint_eq(value, 7);
	ck_assert(!ct_names_replace(&names, ct_slice_of("n7"), 70, NULL));
	ck_assert(ct_names_get(&names, ct_slice_of("n7"), &value) && value == 70);
	ct_names_clear(&names);
	ck_assert(!ct_names_get(&names, ct_slice_of("n7"), &value));
	ck_assert(ct_names_add(&names, ct_slice_of("n7"), 1, NULL));
}
END_TEST

/* ---- wiring ---- */

START_TEST(schemes_by_image)
{
	static const char *const expected[][2] = {
		{ "oci://registry.example:5000/library/postgres:16@" DIGEST, "postgres" },
		{ "preset://redis:7", "redis" },
		{ "tar:///images/mariadb.tar.gz", "mysql" },
		{ "file:///opt/mysql/", "mysql" },
		{ "file:///opt/mongo@" DIGEST, "mongodb" },
		{ "image://rabbitmq", "amqp" },
		{ "https://example.org/amqp.tar.zst@" DIGEST, "amqp" },
		{ "file:///opt/postgres/web", "http" },
		{ "tar://./images/postgres-16.tar", "postgres" },
		{ "tar:///images/redis_7.2-alpine.tar.gz", "redis" },
		{ "file:///opt/postgres-exporter-1", "http" },
		{ "file:///opt/my-redis", "http" },
		{ "file:///opt/redis.d", "http" },
		{ "preset://", "http" },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_str_eq(scheme_of_image(expected[i][0]), expected[i][1]);
}
END_TEST

#define API(rest) "{'name':'api','image':'preset://busybox'" rest "}"
#define DB(rest) "{'name':'my-db','image':'file:///opt/postgres'" rest "}"
#define POSTGRES(config) IMAGE("file:///opt/postgres", config)
#define API_TO_DB "{'from':'api','to':'my-db'}"

START_TEST(connect_gives_three_variables)
{
	make_well(API("") "," DB(",'ports':[5432,5433]"), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	ck_assert_str_eq(variable_of("api", "MY_DB_HOST"), "my-db");
	ck_assert_str_eq(variable_of("api", "MY_DB_PORT"), "5432");
	ck_assert_str_eq(variable_of("api", "MY_DB_CONNECTION_STRING"), "postgres://my-db:5432");
	ck_assert_ptr_null(variable_of("my-db", "API_HOST"));
}
END_TEST

START_TEST(without_a_port_only_the_host)
{
	make_well(API("") "," DB(""), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	ck_assert_str_eq(variable_of("api", "MY_DB_HOST"), "my-db");
	ck_assert_ptr_null(variable_of("api", "MY_DB_PORT"));
	ck_assert_ptr_null(variable_of("api", "MY_DB_CONNECTION_STRING"));
}
END_TEST

START_TEST(ports_of_the_image_count_where_the_file_has_none)
{
	make_well(API("") "," DB(""), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x'],'ports':['53/udp','5432/tcp']}"));
	ck_assert_str_eq(variable_of("api", "MY_DB_PORT"), "5432");
	make_well(API("") "," DB(",'ports':[1]"), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x'],'ports':['5432']}"));
	ck_assert_str_eq(variable_of("api", "MY_DB_PORT"), "1");
}
END_TEST

START_TEST(the_file_wins_over_connect_and_the_plan_says_so)
{
	const struct container *api;

	make_well(API(",'env':{'MY_DB_PORT':'1','PATH':'/x'}") "," DB(",'ports':[5432]"), API_TO_DB,
		  BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	api = container_named("api");
	ck_assert_str_eq(variable_of("api", "MY_DB_PORT"), "1");
	ck_assert_uint_eq(api->env_count, 4);
	/* Each variable once, where its own layer stands. */
	ck_assert_str_eq(api->env[0].key, "MY_DB_HOST");
	ck_assert_str_eq(api->env[3].key, "PATH");
	ck_assert_str_eq(api->env[3].value, "/x");
	ck_assert_uint_eq(f.plan.warnings.count, 1);
	ck_assert_ptr_nonnull(strstr(f.plan.warnings.items[0], "env.MY_DB_PORT"));
}
END_TEST

/* All three layers name one variable: it stays once. */
START_TEST(image_below_wiring_below_file)
{
	make_well(
		"{'name':'api','image':'file:///i','env':{'MY_DB_HOST':'file'}},"
		"{'name':'other','image':'file:///i'}," DB(""),
		API_TO_DB ",{'from':'other','to':'my-db'}",
		IMAGE("file:///i", "{'cmd':['x'],'env':['MY_DB_HOST=image','MY_DB_HOST=again','A=${b}']}") "," POSTGRES(
			"{'cmd':['x']}"));
	ck_assert_str_eq(variable_of("api", "MY_DB_HOST"), "file");
	ck_assert_str_eq(variable_of("other", "MY_DB_HOST"), "my-db");
	ck_assert_str_eq(variable_of("api", "A"), "$${b}");
	ck_assert_uint_eq(container_named("api")->env_count, 2);
	ck_assert_uint_eq(container_named("other")->env_count, 2);
}
END_TEST

START_TEST(two_targets_with_one_prefix)
{
	ck_assert_int_eq(make(API("") ",{'name':'my_db','image':'preset://busybox'}," DB(""),
			      API_TO_DB ",{'from':'api','to':'my_db'}", BUSYBOX "," POSTGRES("{'cmd':['x']}")),
			 -1);
	fails_with("E019", "'my-db' and 'my_db'");
}
END_TEST

START_TEST(nobody_reaches_network_none)
{
	ck_assert_int_eq(make(API("") "," DB(",'network':'none'"), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x']}")),
			 -1);
	fails_with("E006", "network 'none'");
}
END_TEST

START_TEST(connect_joins_the_network)
{
	ct_autofree char *json = NULL;

	make_well(API("") "," DB(",'network':'back'"), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	json = json_of_plan();
	ck_assert_ptr_nonnull(strstr(json, "\"network\":\"bridge\",\"joins\":[\"back\"],"));
	text_is("+ my-db  image file:///opt/postgres\n+ api  image preset://busybox\n"
		"  api joins network back of my-db\nPlan: 2 to add, 0 to change, 0 to destroy.\n");
}
END_TEST

/* ---- arguments ---- */

START_TEST(arguments_by_the_rules)
{
	static const char *const image = IMAGE("preset://busybox", "{'entrypoint':['/e','${x}'],'cmd':['c']}");

	make_well(API(""), "", image);
	args_are("api", "/e $${x} c");
	make_well(API(",'command':['d','$${y}']"), "", image);
	args_are("api", "/e $${x} d $${y}");
	make_well(API(",'entrypoint':['/f']"), "", image);
	args_are("api", "/f");
	make_well(API(",'entrypoint':['/f'],'command':['g']"), "", image);
	args_are("api", "/f g");
	make_well(API(",'command':[]"), "", image);
	args_are("api", "/e $${x}");
}
END_TEST

START_TEST(nothing_to_run)
{
	ck_assert_int_eq(make(API(""), "", IMAGE("preset://busybox", "{}")), -1);
	fails_with("E005", "component 'api' has nothing to run");
	ck_assert_ptr_nonnull(strstr(f.err.hint, "command = ["));
	ck_assert_int_eq(make(API(",'command':['']"), "", IMAGE("preset://busybox", "{}")), -1);
	fails_with("E006", "empty string");
}
END_TEST

/* ---- templates ---- */

START_TEST(components_are_resolved_and_nothing_else)
{
	const struct container *api;

	setenv("UNIT_SET", "value", 1);
	unsetenv("UNIT_UNSET");
	make_well(API(",'env':{'U':'${my-db.connection_string}/$${my-db.host} ${secret.s} "
		      "${env.UNIT_SET}${env.UNIT_UNSET}${env.UNIT_UNSET:-d}'},"
		      "'command':['${my-db.host}'],'workdir':'/${my-db.port}','hostname':'x-${my-db.port}',"
		      "'volumes':[{'kind':'bind','source':'/d/${my-db.host}','target':'/"
		      "t'},{'kind':'project','source':'v','target':'/v','readonly':true}],"
		      "'healthcheck':{'command':['${my-db.port}']}") "," DB(",'ports':[5432]"),
		  "", BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	api = container_named("api");
	ck_assert_str_eq(variable_of("api", "U"), "postgres://my-db:5432/$${my-db.host} ${secret.s} ${env.UNIT_SET}"
						  "${env.UNIT_UNSET}${env.UNIT_UNSET:-d}");
	args_are("api", "my-db");
	ck_assert_str_eq(api->workdir, "/5432");
	ck_assert_str_eq(api->hostname, "x-5432");
	ck_assert_str_eq(api->mounts[0].source, "/d/my-db");
	ck_assert_str_eq(api->mounts[1].source, "/p/.containust/volumes/v");
	ck_assert_str_eq(api->health_command[0], "5432");
	ck_assert_uint_eq(f.plan.warnings.count, 1);
	ck_assert_ptr_nonnull(strstr(f.plan.warnings.items[0], "'UNIT_UNSET'"));
}
END_TEST

START_TEST(strict_env_is_strict)
{
	unsetenv("UNIT_UNSET");
	ck_assert_int_eq(make_with(API(",'env':{'U':'${env.UNIT_UNSET}'}"), "", BUSYBOX,
				   (struct plan_options){ .strict_env = true }),
			 -1);
	fails_with("E017", "env.U: environment variable 'UNIT_UNSET' is not set");
	ck_assert_int_eq(make_with(API(",'env':{'U':'${env.UNIT_UNSET:-}'}"), "", BUSYBOX,
				   (struct plan_options){ .strict_env = true }),
			 0);
}
END_TEST

START_TEST(bad_references)
{
	static const struct {
		const char *component;
		const char *part;
	} cases[] = {
		{ API(",'env':{'A':'${nobody.host}'}"), "env.A: there is no such component: ${nobody.host}" },
		{ API(",'env':{'A':'${api.colour}'}"), "${api.colour}" },
		{ API(",'env':{'A':'${api.port}'}"), "'api' has no port" },
		{ API(",'env':{'A':'${api.host'}"), "unclosed" },
		{ API(",'command':['a','${secret.s}']"), "command[1]: a secret is allowed" },
		{ API(",'workdir':'${secret.s}'"), "workdir: a secret" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(make(cases[i].component, "", BUSYBOX), -1);
		fails_with("E017", cases[i].part);
	}
}
END_TEST

START_TEST(values_that_only_show_after_resolution)
{
	static const struct {
		const char *component;
		const char *part;
	} cases[] = {
		{ API(",'workdir':'tmp'"), "workdir: 'tmp' is not an absolute path" },
		{ API(",'hostname':'a_b'"), "hostname: 'a_b'" },
		{ API(",'hostname':'-a'"), "hostname" },
		{ API(",'volumes':[{'kind':'project','source':'../x','target':'/t'}]"), "volumes[0]: '../x'" },
		{ API(",'volumes':[{'kind':'project','source':'${env.HOME}','target':'/t'}]"), "volumes[0]" },
		{ API(",'volumes':[{'kind':'bind','source':'x','target':'/t'}]"), "volumes[0]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(make(cases[i].component, "", BUSYBOX), -1);
		fails_with("E006", cases[i].part);
	}
}
END_TEST

/* ---- the foreign document ---- */

#define IN(members) "{'file':'/p/s','directory':'/p','images':[]," members "}"

START_TEST(malformed_documents_name_the_member)
{
	static const char *const cases[][2] = {
		{ "[]", "expected an object, found a list" },
		{ "{}", "file: required member is missing" },
		{ "{'file':'/p/s','directory':'p','components':[]}", "directory: 'p' is not an absolute path" },
		{ "{'file':'/p/s','directory':'/p','components':[]}", "images: required member is missing" },
		{ IN("'components':{}"), "components: expected a list, found an object" },
		{ IN("'components':[1]"), "components[0]: expected an object" },
		{ IN("'components':[{'name':'a'}]"), "components[0].image: required" },
		{ IN("'components':[{'name':'a b','image':'x'}]"), "components[0].name: 'a b'" },
		{ IN("'components':[{'name':'a','image':'x'},{'name':'a','image':'x'}]"), "components[1].name: two" },
		{ IN("'components':[{'name':'a','image':'x'}]"), "images: there is none for 'x' of component 'a'" },
		{ IN("'components':[{'name':'a','image':'x','ports':[1,70000]}]"), "components[0].ports[1]: 70000" },
		{ IN("'components':[{'name':'a','image':'x','ports':['1']}]"),
		  "components[0].ports[0]: expected an integer" },
		{ IN("'components':[{'name':'a','image':'x','ports':[1.5]}]"),
		  "components[0].ports[0]: expected an integer" },
		{ IN("'components':[{'name':'a','image':'x','memory':1000}]"), "components[0].memory: 1000" },
		{ IN("'components':[{'name':'a','image':'x','cpu':{}}]"), "components[0].cpu: expected either" },
		{ IN("'components':[{'name':'a','image':'x','cpu':{'shares':1}}]"), "components[0].cpu.shares: 1" },
		{ IN("'components':[{'name':'a','image':'x','env':{'A=B':'x'}}]"), "components[0].env.A=B" },
		{ IN("'components':[{'name':'a','image':'x','env':{'A':1}}]"),
		  "components[0].env.A: expected a string" },
		{ IN("'components':[{'name':'a','image':'x','volumes':[{'kind':'tmp','source':'/','target':'/t'}]}]"),
		  "volumes[0].kind" },
		{ IN("'components':[{'name':'a','image':'x','volumes':[{'kind':'bind','source':'/','target':'/proc/"
		     "x'}]}]"),
		  "volumes[0].target" },
		{ IN("'components':[{'name':'a','image':'x','volumes':[{'kind':'bind','source':'/','target':'/a/../"
		     "proc'}]}]"),
		  "volumes[0].target" },
		{ IN("'components':[{'name':'a','image':'x','volumes':[{'kind':'bind','source':'/','target':'/'}]}]"),
		  "volumes[0].target" },
		{ IN("'components':[{'name':'a','image':'x','restart':{'policy':'often'}}]"),
		  "restart.policy: 'often'" },
		{ IN("'components':[{'name':'a','image':'x','restart':{'policy':'always','max_retries':-1}}]"),
		  "restart.max_retries: -1" },
		{ IN("'components':[{'name':'a','image':'x','healthcheck':{'command':[]}}]"),
		  "healthcheck.command: must not be empty" },
		{ IN("'components':[{'name':'a','image':'x','healthcheck':{'command':['x'],'interval_ms':0}}]"),
		  "healthcheck.interval_ms: 0" },
		{ IN("'components':[{'name':'a','image':'x','capabilities':['net']}]"), "capabilities[0]: 'net'" },
		{ IN("'components':[{'name':'a','image':'x','readonly':'yes'}]"), "readonly: expected a boolean" },
		{ IN("'components':[{'name':'a','image':'x','network':'a b'}]"), "network: 'a b'" },
		{ IN("'components':[{'name':'a','image':'x'}],'connections':[{'from':'a','to':'b'}]"),
		  "connections[0].to: there is no component 'b'" },
		{ IN("'components':[{'name':'a','image':'x'}],'connections':[{'from':'a','to':'a'}]"),
		  "'a' depends on itself" },
		{ IN("'components':[{'name':'a','image':'x'},{'name':'t','required_params':['image']}],'connections':[{"
		     "'from':'a','to':'t'}]"),
		  "it is a template" },
		{ IN("'components':[{'name':'a','image':'x'}],'exposed':[{'component':'a','host_port':0,'container_"
		     "port':1}]"),
		  "exposed[0].host_port: 0" },
		{ IN("'components':[{'name':'a','image':'x'}],'exposed':[{'component':'a','host_port':1,'container_"
		     "port':1,'address':'here'}]"),
		  "exposed[0].address" },
		{ IN("'components':[{'name':'a','image':'x'}],'exposed':[{'component':'a','host_port':1,'container_"
		     "port':1,'protocol':'sctp'}]"),
		  "exposed[0].protocol" },
		{ "{'file':'/p/s','directory':'/p','components':[],'images':[{'uri':'x','digest':'sha256:1'}]}",
		  "images[0].digest" },
		{ "{'file':'/p/s','directory':'/p','components':[],'images':[{'uri':'x','layers':['/l']}]}",
		  "images[0].digest: required" },
		{ "{'file':'/p/s','directory':'/p','components':[],'images':[{'uri':'x','digest':'" DIGEST
		  "','layers':['l']}]}",
		  "images[0].layers[0]: 'l'" },
		{ "{'file':'/p/s','directory':'/p','components':[],'images':[{'uri':'x','config':{'env':['A']}}]}",
		  "images[0].config.env: 'A'" },
		{ "{'file':'/p/s','directory':'/p','components':[],'images':[{'uri':'x','import':7}]}",
		  "images[0].import" },
		{ "{'file':'/p/s','directory':'/p','components':[],'images':[{'uri':'x'},{'uri':'x'}]}",
		  "images[1]: 'x' is here twice" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(read_document(cases[i][0]), -1);
		fails_with("P001", cases[i][1]);
	}
}
END_TEST

START_TEST(a_host_port_is_given_away_once)
{
	static const char *const twice = "{'component':'api','host_port':80,'container_port':80},"
					 "{'component':'api','host_port':80,'container_port':81}";
	static const char *const other_protocol =
		"{'component':'api','host_port':80,'container_port':80},"
		"{'component':'api','host_port':80,'container_port':80,'protocol':'udp','address':'::1'}";

	ck_assert_int_eq(read_lists(API(""), "", twice, BUSYBOX), -1);
	fails_with("E015", "host port 80");
	ck_assert_int_eq(read_lists(API(""), "", other_protocol, BUSYBOX), 0);
}
END_TEST

START_TEST(unknown_members_are_ignored)
{
	ck_assert_int_eq(
		read_document("{'new':1,'file':'/p/s','directory':'/p','images':[],'components':[],'more':{'a':[]}}"),
		0);
}
END_TEST

START_TEST(templates_are_not_deployed)
{
	make_well("{'name':'t','required_params':['image']}," API(""), "", BUSYBOX);
	ck_assert_uint_eq(f.plan.action_count, 1);
}
END_TEST

/* ---- the container and its digest ---- */

START_TEST(the_container_has_its_defaults_in_order)
{
	ct_autobuf bytes = CT_BUF_INIT;
	char digest[CT_DIGEST_LENGTH + 1], again[CT_DIGEST_LENGTH + 1];

	make_well(API(""), "", BUSYBOX);
	ck_assert_int_eq(container_serialise(&f.plan.building, container_named("api"), &bytes, digest, &f.err), 0);
	ck_assert_str_eq(
		bytes.data,
		"{\"name\":\"api\",\"project\":\"p\",\"image\":{\"uri\":\"preset://busybox\",\"digest\":\"" DIGEST
		"\",\"layers\":[\"/layers/a\"]},\"args\":[\"/bin/sh\"],\"env\":{\"PATH\":\"/bin\"},\"workdir\":\"/\","
		"\"user\":\"\",\"hostname\":\"api\",\"readonly\":true,\"mounts\":[],\"network\":\"bridge\",\"ports\":[]"
		","
		"\"published\":[],\"restart\":{\"policy\":\"never\"},\"capabilities\":[],\"stop_signal\":\"SIGTERM\"}");
	ct_digest(bytes.data, bytes.length, again);
	ck_assert_str_eq(digest, again);
	ck_assert_str_eq(f.plan.actions[0].config_digest, digest);
}
END_TEST

START_TEST(the_container_has_what_was_set)
{
	ct_autofree char *json = NULL;
	struct plan_options options = { .publish_address = "0.0.0.0" };

	ck_assert_int_eq(
		read_lists(API(",'memory':1048576,'cpu':{'shares':512},'user':'1:2','readonly':false,"
			       "'restart':{'policy':'on-failure','max_retries':3},'capabilities':['CHOWN'],'ports':["
			       "8080]"),
			   "",
			   "{'component':'api','host_port':80,'container_port':8080,'address':null,'protocol':'tcp'}",
			   IMAGE("preset://busybox", "{'cmd':['x'],'workdir':'/w','user':'9','stop_signal':'SIGINT'}")),
		0);
	ck_assert_int_eq(plan_make(&f.plan, &f.composition, &f.project, &f.state, &options, &f.err), 0);
	json = json_of_plan();
	ck_assert_ptr_nonnull(
		strstr(json, "\"workdir\":\"/w\",\"user\":\"1:2\",\"hostname\":\"api\",\"readonly\":false"));
	ck_assert_ptr_nonnull(strstr(json,
				     "\"published\":[{\"address\":\"0.0.0.0\",\"host_port\":80,\"container_port\":8080,"
				     "\"protocol\":\"tcp\"}],\"memory_max\":1048576,\"cpu_weight\":20,"
				     "\"restart\":{\"policy\":\"on-failure\",\"max_retries\":3},"
				     "\"capabilities\":[\"CHOWN\"],\"stop_signal\":\"SIGINT\""));
}
END_TEST

/* The file's own, else the image's, whose text is no template; NONE is neither. */
START_TEST(health_checks)
{
	static const char image[] = IMAGE(
		"preset://busybox",
		"{'cmd':['x'],'healthcheck':{'command':['/bin/sh','-c','ping ${PORT}'],'interval_ms':2000}}");
	static const char *const cases[][2] = {
		{ API(""), "\"healthcheck\":{\"command\":[\"/bin/sh\",\"-c\",\"ping $${PORT}\"],\"interval_ms\":2000,"
			   "\"timeout_ms\":30000,\"retries\":3,\"start_period_ms\":0}" },
		{ API(",'healthcheck':{'command':['/t','${env.X}'],'retries':5}"),
		  "\"healthcheck\":{\"command\":[\"/t\",\"${env.X}\"],\"interval_ms\":30000,\"timeout_ms\":5000,"
		  "\"retries\":5,\"start_period_ms\":0}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ct_autofree char *json = NULL;

		make_well(cases[i][0], "", image);
		json = json_of_plan();
		ck_assert_msg(strstr(json, cases[i][1]) != NULL, "%s", json);
		ck_assert_ptr_nonnull(strstr(json, "\"ready\":\"healthy\""));
	}
}
END_TEST

START_TEST(no_health_check)
{
	ct_autofree char *json = NULL;

	make_well(API(",'healthcheck':{'command':['NONE']}"), "",
		  IMAGE("preset://busybox", "{'cmd':['x'],'healthcheck':{'command':['/t']}}"));
	json = json_of_plan();
	ck_assert_ptr_null(strstr(json, "healthcheck"));
	ck_assert_ptr_nonnull(strstr(json, "\"ready\":\"started\""));
}
END_TEST

START_TEST(shares_and_cores)
{
	static const char *const cases[][2] = {
		{ API(",'cpu':{'shares':2}"), "\"cpu_weight\":1," },
		{ API(",'cpu':{'shares':1024}"), "\"cpu_weight\":39," },
		{ API(",'cpu':{'shares':262144}"), "\"cpu_weight\":10000," },
		{ API(",'cpu':{'millicores':500}"), "\"cpu_max_us\":50000," },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ct_autofree char *json = NULL;

		make_well(cases[i][0], "", BUSYBOX);
		json = json_of_plan();
		ck_assert_ptr_nonnull(strstr(json, cases[i][1]));
	}
}
END_TEST

START_TEST(equal_input_gives_equal_bytes)
{
	ct_autofree char *first = NULL;
	ct_autofree char *second = NULL;

	make_well(API("") "," DB(""), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	first = json_of_plan();
	make_well(API("") "," DB(""), API_TO_DB, BUSYBOX "," POSTGRES("{'cmd':['x']}"));
	second = json_of_plan();
	ck_assert_str_eq(first, second);
}
END_TEST

/* ---- against what exists ---- */

#define ID "11111111-1111-4111-8111-111111111111"

/* Puts the present plan's container into the state, as ctst-spawn would, under `name`. */
static char *record(const char *name, const char *digest)
{
	char *directory = ct_asprintf("%s/%s", f.directory, name);
	struct ct_state_entry entry = {
		.id = ID,
		.name = (char *)(uintptr_t)name,
		.created_at = (char *)(uintptr_t) "2026-01-02T03:04:05.000000000Z",
		.image = (char *)(uintptr_t) "preset://busybox",
		.config_digest = (char *)(uintptr_t)digest,
		.directory = directory,
	};

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	ct_state_add(&f.state, &entry);
	return directory;
}

static void record_config(const char *directory, const char *component)
{
	ct_autobuf container = CT_BUF_INIT;
	ct_autofree char *text = NULL;
	char digest[CT_DIGEST_LENGTH + 1];
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(container_serialise(&f.plan.building, container_named(component), &container, digest, &f.err),
			 0);
	text = ct_asprintf("{\"format\":\"ctst.container/1\",\"container\":%s}", container.data);
	ck_assert_int_eq(ct_replace_file_at(fd, "config.json", text, strlen(text), 0600, false), 0);
}

static void record_status(const char *directory, struct ct_status status)
{
	ct_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(ct_status_write(fd, &status), 0);
}

/* Holds the lock that a supervisor would hold; the caller closes it. */
static int pretend_alive(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static char *digest_of(const char *component)
{
	ct_autobuf container = CT_BUF_INIT;
	char digest[CT_DIGEST_LENGTH + 1];

	ck_assert_int_eq(container_serialise(&f.plan.building, container_named(component), &container, digest, &f.err),
			 0);
	return ct_strdup(digest);
}

START_TEST(what_runs_with_the_same_configuration_is_kept)
{
	ct_autofree char *digest = NULL;
	ct_autofree char *directory = NULL;
	int alive;

	make_well(API(""), "", BUSYBOX);
	digest = digest_of("api");
	directory = record("api", digest);
	record_status(directory, (struct ct_status){ .state = CT_RUNNING, .started_at = 1, .exit_code = -1 });
	alive = pretend_alive(directory);
	make_well(API(""), "", BUSYBOX);
	ck_assert_int_eq(f.plan.actions[0].kind, ACTION_KEEP);
	ck_assert(!plan_has_changes(&f.plan));
	text_is("No changes. 1 component is up to date.\n");
	ct_autofree char *verbose = text_of_plan(true);
	ck_assert_str_eq(verbose, "= api (stays as it is)\nNo changes. 1 component is up to date.\n");
	close(alive);
}
END_TEST

START_TEST(what_has_ended_is_started_anew)
{
	static const struct {
		struct ct_status status;
		const char *reason;
	} cases[] = {
		{ { .state = CT_FAILED, .started_at = 1, .exit_code = 1 }, "ended with 1" },
		{ { .state = CT_STOPPED, .started_at = 1, .exit_code = 0 }, "ended with 0" },
		{ { .state = CT_CREATED, .exit_code = -1 }, "was never started" },
		/* The supervisor was killed: its last word is not true any more. */
		{ { .state = CT_RUNNING, .started_at = 1, .exit_code = -1 }, "ended with 137" },
	};
	ct_autofree char *digest = NULL;
	ct_autofree char *directory = NULL;

	make_well(API(""), "", BUSYBOX);
	digest = digest_of("api");
	directory = record("api", digest);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		record_status(directory, cases[i].status);
		make_well(API(""), "", BUSYBOX);
		ck_assert_int_eq(f.plan.actions[0].kind, ACTION_REPLACE);
		ck_assert_str_eq(f.plan.actions[0].reason, cases[i].reason);
		ck_assert_uint_eq(f.plan.actions[0].changes.count, 0);
	}
	text_is("~ api (ended with 137, will be started anew)\nPlan: 0 to add, 1 to change, 0 to destroy.\n");
}
END_TEST

START_TEST(changes_field_by_field)
{
	ct_autofree char *directory = NULL;
	ct_autofree char *json = NULL;

	make_well(API(",'env':{'X':'1','GONE':'g','DB_PASSWORD':'old','KEY_TOKEN':'t'},'memory':1048576"), "", BUSYBOX);
	directory = record("api", DIGEST);
	record_config(directory, "api");
	make_well(API(",'env':{'X':'2','NEW':'','DB_PASSWORD':'new','KEY_TOKEN':'${secret.t}'},'ports':[80]"), "",
		  BUSYBOX);
	text_is("~ api env.X: 1 → 2\n"
		"~ api env.NEW: (not set) → \"\"\n"
		"~ api env.DB_PASSWORD: *** → ***\n"
		"~ api env.KEY_TOKEN: *** → ${secret.t}\n"
		"~ api env.GONE: g → (not set)\n"
		"~ api ports: [] → [80]\n"
		"~ api memory_max: 1048576 → (not set)\n"
		"Plan: 0 to add, 1 to change, 0 to destroy.\n");
	json = json_of_plan();
	ck_assert_ptr_nonnull(strstr(json, "{\"action\":\"replace\",\"name\":\"api\",\"id\":\"" ID
					   "\",\"reason\":\"changed\","
					   "\"changes\":[{\"field\":\"env.X\",\"from\":\"1\",\"to\":\"2\"},"
					   "{\"field\":\"env.NEW\",\"to\":\"\"},"));
	ck_assert_ptr_nonnull(strstr(json, "{\"field\":\"env.DB_PASSWORD\",\"from\":\"***\",\"to\":\"***\"}"));
}
END_TEST

START_TEST(a_damaged_configuration_is_replaced)
{
	make_well(API(""), "", BUSYBOX);
	free(record("api", DIGEST));
	make_well(API(""), "", BUSYBOX);
	ck_assert_int_eq(f.plan.actions[0].kind, ACTION_REPLACE);
	text_is("~ api (changed, will be started anew)\nPlan: 0 to add, 1 to change, 0 to destroy.\n");
}
END_TEST

START_TEST(what_is_gone_is_destroyed_last_and_backwards)
{
	struct plan_options keep = { .no_prune = true };

	free(record("base", DIGEST));
	free(record("on-top", DIGEST));
	make_well(API(""), "", BUSYBOX);
	text_is("+ api  image preset://busybox\n- on-top (will be stopped and removed)\n"
		"- base (will be stopped and removed)\nPlan: 1 to add, 0 to change, 2 to destroy.\n");
	ck_assert_int_eq(make_with(API(""), "", BUSYBOX, keep), 0);
	ck_assert_uint_eq(f.plan.action_count, 1);
}
END_TEST

START_TEST(an_image_that_is_not_there_yet)
{
	ct_autofree char *directory = NULL;

	make_well(API(""), "", "{'uri':'preset://busybox'}");
	text_is("+ api  image preset://busybox (will be imported)\nPlan: 1 to add, 0 to change, 0 to destroy.\n");
	make_well(API(",'memory':1048576"), "", BUSYBOX);
	directory = record("api", DIGEST);
	record_config(directory, "api");
	make_well(API(",'memory':2097152"), "", "{'uri':'preset://busybox'}");
	text_is("~ api memory_max: 1048576 → 2097152\n~ api image: will be imported\n"
		"Plan: 0 to add, 1 to change, 0 to destroy.\n");
	make_well(API(",'memory':1048576"), "", "{'uri':'preset://busybox','import':'missing'}");
	text_is("~ api image: not there yet\nPlan: 0 to add, 1 to change, 0 to destroy.\n");
	make_well(API(",'memory':1048576"), "", "{'uri':'preset://busybox','import':'remote'}");
	text_is("~ api image: will be pulled\nPlan: 0 to add, 1 to change, 0 to destroy.\n");
}
END_TEST

START_TEST(strangers_cannot_move_the_cursor)
{
	make_well("{'name':'a','image':'file:///\\u001b[2J\\n\\u009b1m\\u202eä'}", "",
		  IMAGE("file:///\\u001b[2J\\n\\u009b1m\\u202eä", "{'cmd':['x']}"));
	text_is("+ a  image file:///\\x1b[2J\\n\\u009b1m\\u202eä\nPlan: 1 to add, 0 to change, 0 to destroy.\n");
}
END_TEST

START_TEST(colours_are_only_on_the_marks)
{
	ct_autobuf text = CT_BUF_INIT;

	make_well(API(""), "", BUSYBOX);
	plan_write_text(&f.plan, false, true, &text);
	ck_assert_str_eq(text.data,
			 "\033[32m+\033[0m api  image preset://busybox\nPlan: 1 to add, 0 to change, 0 to destroy.\n");
}
END_TEST

START_TEST(what_is_shown_of_a_secret)
{
	ck_assert_str_eq(shown_secret("x"), MASKED);
	ck_assert_str_eq(shown_secret("${secret.x}"), "${secret.x}");
	ck_assert_str_eq(shown_secret("${env.X:-plain}"), MASKED);
	ck_assert_str_eq(shown_secret("${secret.x}y"), MASKED);
}
END_TEST

/* ---- ctst-graph ---- */

enum graph_form { GRAPH_TEXT, GRAPH_DOT, GRAPH_JSON };

/* Of the composition that was read last, in one of the three forms. */
static char *graph_as(enum graph_form form)
{
	autograph graph = GRAPH_INIT;
	autonetworks networks = NETWORKS_INIT;
	ct_autofree uint32_t *order = NULL;
	struct ct_buf out = CT_BUF_INIT;
	struct graph_view view;

	ck_assert_int_eq(graph_of_composition(&f.composition, &graph, &order, &f.err), 0);
	networks_make(&networks, &f.composition, &graph, order);
	view = (struct graph_view){ &f.composition, &graph, order, &networks, "127.0.0.1" };
	if (form == GRAPH_TEXT)
		graph_write_text(&view, &out);
	else if (form == GRAPH_DOT)
		graph_write_dot(&view, &out);
	else
		ck_assert_int_eq(graph_write_json(&view, false, &out, &f.err), 0);
	return ct_buf_detach(&out);
}

static void graph_is(enum graph_form form, const char *expected)
{
	ct_autofree char *text = graph_as(form);
	ct_autofree char *wanted = form == GRAPH_JSON ? requoted(expected) : ct_strdup(expected);

	ck_assert_str_eq(text, wanted);
}

START_TEST(the_graph_in_three_forms)
{
	ck_assert_int_eq(read_lists(API(",'ports':[80,443]") "," DB(""), API_TO_DB, "", BUSYBOX "," POSTGRES("{}")), 0);
	graph_is(GRAPH_TEXT, "my-db\napi -> my-db\n");
	graph_is(GRAPH_DOT, "digraph composition {\n\t\"my-db\";\n\t\"api\";\n\t\"api\" -> \"my-db\";\n}\n");
	graph_is(GRAPH_JSON, "{'format':'ctst.graph/1','file':'/p/s.ctst','components':["
			     "{'name':'my-db','after':[],'network':'bridge','ports':[]},"
			     "{'name':'api','after':['my-db'],'network':'bridge','ports':[80,443]}],"
			     "'networks':[{'name':'bridge','members':['my-db','api']}],'exposed':[]}\n");
}
END_TEST

/* Two networks, a component on none, one that is joined to another's network, ports of both protocols. */
START_TEST(the_graph_with_networks_and_ports)
{
	ck_assert_int_eq(
		read_lists(API(",'network':'front'") "," DB(
				   ",'network':'back'") ","
							"{'name':'job','image':'preset://busybox','network':'none'},"
							"{'name':'web','image':'preset://busybox'}",
			   API_TO_DB,
			   "{'component':'api','host_port':80,'container_port':8080},"
			   "{'component':'web','host_port':1,'container_port':2},"
			   "{'component':'api','host_port':53,'container_port':53,'protocol':'udp','address':'::1'}",
			   BUSYBOX "," POSTGRES("{}")),
		0);
	graph_is(GRAPH_TEXT, "my-db         (network back)\n"
			     "api -> my-db  (networks front, back; 127.0.0.1:80 -> 8080, [::1]:53 -> 53/udp)\n"
			     "job           (network none)\n"
			     "web           (127.0.0.1:1 -> 2)\n");
	graph_is(GRAPH_DOT, "digraph composition {\n"
			    "\tsubgraph \"cluster_back\" {\n\t\tlabel=\"network back\";\n\t\t\"my-db\";\n\t}\n"
			    "\tsubgraph \"cluster_front\" {\n\t\tlabel=\"network front\";\n\t\t\"api\";\n\t}\n"
			    "\tsubgraph \"cluster_bridge\" {\n\t\tlabel=\"network bridge\";\n\t\t\"web\";\n\t}\n"
			    "\t\"my-db\";\n"
			    "\t\"api\";\n"
			    "\t\"api\" -> \"my-db\" [label=\"joins back\"];\n"
			    "\t\"job\";\n"
			    "\t\"web\";\n"
			    "\t\":host\" [label=\"host\", shape=box];\n"
			    "\t\":host\" -> \"api\" [style=dashed, label=\"127.0.0.1:80 -> 8080\"];\n"
			    "\t\":host\" -> \"api\" [style=dashed, label=\"[::1]:53 -> 53/udp\"];\n"
			    "\t\":host\" -> \"web\" [style=dashed, label=\"127.0.0.1:1 -> 2\"];\n"
			    "}\n");
	graph_is(GRAPH_JSON,
		 "{'format':'ctst.graph/1','file':'/p/s.ctst','components':["
		 "{'name':'my-db','after':[],'network':'back','ports':[]},"
		 "{'name':'api','after':['my-db'],'network':'front','ports':[]},"
		 "{'name':'job','after':[],'network':'none','ports':[]},"
		 "{'name':'web','after':[],'network':'bridge','ports':[]}],"
		 "'networks':[{'name':'back','members':['my-db','api']},{'name':'front','members':['api']},"
		 "{'name':'bridge','members':['web']}],'exposed':["
		 "{'component':'api','host_port':80,'container_port':8080,'address':'127.0.0.1','protocol':'tcp'},"
		 "{'component':'api','host_port':53,'container_port':53,'address':'::1','protocol':'udp'},"
		 "{'component':'web','host_port':1,'container_port':2,'address':'127.0.0.1','protocol':'tcp'}]}\n");
}
END_TEST

/* Two needs on one network join it once; a long list of needs does not push the others' brackets away. */
START_TEST(a_network_is_joined_once)
{
	ck_assert_int_eq(read_lists("{'name':'gathers-from-everywhere','image':'preset://busybox'},"
				    "{'name':'first-source-of-it','image':'preset://busybox','network':'x'},"
				    "{'name':'other','image':'preset://busybox','network':'y'},"
				    "{'name':'third','image':'preset://busybox','network':'x'}",
				    "{'from':'gathers-from-everywhere','to':'first-source-of-it'},"
				    "{'from':'gathers-from-everywhere','to':'other'},"
				    "{'from':'gathers-from-everywhere','to':'third'}",
				    "", BUSYBOX),
			 0);
	graph_is(GRAPH_TEXT, "first-source-of-it  (network x)\n"
			     "other               (network y)\n"
			     "third               (network x)\n"
			     "gathers-from-everywhere -> first-source-of-it, other, third  (networks bridge, x, y)\n");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_graph(TCase *tcase)
{
	tcase_add_test(tcase, independent_nodes_keep_their_order);
	tcase_add_test(tcase, needs_come_first);
	tcase_add_test(tcase, ties_go_by_declaration);
	tcase_add_test(tcase, duplicate_edges_count_once);
	tcase_add_test(tcase, the_cycle_is_the_shortest_and_without_its_tail);
	tcase_add_test(tcase, a_cycle_is_told_with_its_whole_path);
	tcase_add_test(tcase, long_chains_and_rings);
	tcase_add_test(tcase, names_are_found_after_growth_and_gone_after_clear);
	tcase_add_test(tcase, the_graph_in_three_forms);
	tcase_add_test(tcase, the_graph_with_networks_and_ports);
	tcase_add_test(tcase, a_network_is_joined_once);
}

static void add_wiring(TCase *tcase)
{
	tcase_add_test(tcase, schemes_by_image);
	tcase_add_test(tcase, connect_gives_three_variables);
	tcase_add_test(tcase, without_a_port_only_the_host);
	tcase_add_test(tcase, ports_of_the_image_count_where_the_file_has_none);
	tcase_add_test(tcase, the_file_wins_over_connect_and_the_plan_says_so);
	tcase_add_test(tcase, image_below_wiring_below_file);
	tcase_add_test(tcase, two_targets_with_one_prefix);
	tcase_add_test(tcase, nobody_reaches_network_none);
	tcase_add_test(tcase, connect_joins_the_network);
}

static void add_container(TCase *tcase)
{
	tcase_add_test(tcase, arguments_by_the_rules);
	tcase_add_test(tcase, nothing_to_run);
	tcase_add_test(tcase, components_are_resolved_and_nothing_else);
	tcase_add_test(tcase, strict_env_is_strict);
	tcase_add_test(tcase, bad_references);
	tcase_add_test(tcase, values_that_only_show_after_resolution);
	tcase_add_test(tcase, the_container_has_its_defaults_in_order);
	tcase_add_test(tcase, the_container_has_what_was_set);
	tcase_add_test(tcase, health_checks);
	tcase_add_test(tcase, no_health_check);
	tcase_add_test(tcase, shares_and_cores);
	tcase_add_test(tcase, equal_input_gives_equal_bytes);
}

static void add_document(TCase *tcase)
{
	tcase_add_test(tcase, malformed_documents_name_the_member);
	tcase_add_test(tcase, a_host_port_is_given_away_once);
	tcase_add_test(tcase, unknown_members_are_ignored);
	tcase_add_test(tcase, templates_are_not_deployed);
}

static void add_difference(TCase *tcase)
{
	tcase_add_test(tcase, what_runs_with_the_same_configuration_is_kept);
	tcase_add_test(tcase, what_has_ended_is_started_anew);
	tcase_add_test(tcase, changes_field_by_field);
	tcase_add_test(tcase, a_damaged_configuration_is_replaced);
	tcase_add_test(tcase, what_is_gone_is_destroyed_last_and_backwards);
	tcase_add_test(tcase, an_image_that_is_not_there_yet);
	tcase_add_test(tcase, strangers_cannot_move_the_cursor);
	tcase_add_test(tcase, colours_are_only_on_the_marks);
	tcase_add_test(tcase, what_is_shown_of_a_secret);
}

int main(void)
{
	Suite *suite = suite_create("plan");
	SRunner *runner;
	int failed;

	add_graph(add_case(suite, "graph"));
	add_wiring(add_case(suite, "wiring"));
	add_container(add_case(suite, "container"));
	add_document(add_case(suite, "document"));
	add_difference(add_case(suite, "difference"));
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
