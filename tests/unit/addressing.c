/* Subnets and addresses of a plan: where they come from, and that they stay. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "ctst-plan/addressing.h"
#include "ctst-plan/plan.h"
#include "ctst-plan/space.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NETWORK(a, b, c, d) (((uint32_t)(a) << 24) + ((uint32_t)(b) << 16) + ((uint32_t)(c) << 8) + (uint32_t)(d))

struct fixture {
	struct ct_json_doc *doc;
	struct composition composition;
	struct ct_project project;
	struct ct_state state;
	struct plan plan;
	struct ct_err err;
};

static struct fixture f;

static void forget_plan(void)
{
	plan_release(&f.plan);
	composition_release(&f.composition);
	ct_json_free(f.doc);
	f.doc = NULL;
	memset(&f.plan, 0, sizeof(f.plan));
}

static void setup(void)
{
	memset(&f, 0, sizeof(f));
	f.project = (struct ct_project){
		.directory = ct_strdup("/p"),
		.name = ct_strdup("p"),
		.root = ct_strdup("/p/.containust"),
		.state_file = ct_strdup("/p/.containust/state/state.json"),
		.volumes = ct_strdup("/p/.containust/volumes"),
	};
}

static void teardown(void)
{
	forget_plan();
	ct_state_release(&f.state);
	ct_project_release(&f.project);
}

/* A plan for these components, JSON with single quotes; each needs 'name', 'image' and what else it has. */
static int make(const char *components, const char *connections, struct plan_options options)
{
	ct_autofree char *text = ct_asprintf(
		"{'format':'ctst.composition/1','file':'/p/s.ctst','directory':'/p','components':[%s],"
		"'connections':[%s],'images':[{'uri':'i','digest':'" DIGEST "','manifest':'" DIGEST
		"','layers':['/l'],'config':{'cmd':['x']}}]}",
		components, connections);

	for (char *at = text; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	forget_plan();
	f.err = (struct ct_err)CT_ERR_INIT;
	options.publish_address = "127.0.0.1";
	f.doc = ct_json_parse(text, strlen(text), "P001", &f.err);
	ck_assert_msg(f.doc != NULL, "%s", f.err.message);
	ck_assert_int_eq(composition_read(&f.composition, ct_json_root(f.doc), &f.err), 0);
	ck_assert_int_eq(images_read(&f.composition, ct_json_root(f.doc), &f.err), 0);
	return plan_make(&f.plan, &f.composition, &f.project, &f.state, &options, &f.err);
}

static void make_with_routes(const char *components, const char *routes)
{
	ck_assert_msg(make(components, "", (struct plan_options){ .routes = routes }) == 0, "%s", f.err.message);
}

/* The address of a component on a network as the plan tells it; "" when it has none. */
static const char *address_of(const char *component, const char *network)
{
	static char texts[8][64];
	static unsigned next;
	char *text = texts[next++ % 8];
	ct_autobuf json = CT_BUF_INIT;
	ct_autojson *doc = NULL;

	text[0] = '\0';
	ck_assert_int_eq(plan_write_json(&f.plan, false, &json, &f.err), 0);
	doc = ct_json_parse(json.data, json.length, "P001", &f.err);
	ct_json_each(item, ct_json_get(ct_json_root(doc), "networks")) {
		if (strcmp(ct_json_get_string(item, "name"), network) != 0)
			continue;
		ct_json_each(member, ct_json_get(item, "members")) {
			const char *address = ct_json_get_string(member, "address");

			if (address && strcmp(ct_json_get_string(member, "component"), component) == 0)
				snprintf(text, 64, "%s", address);
		}
	}
	return text;
}

static void exists(const char *name, const char *network, const char *address)
{
	struct ct_state_address place = { (char *)network, (char *)address, NULL };
	struct ct_state_entry entry = { .id = "0b9d6a3e-5c1f-4f0e-8a77-2f7b7a0c9d11",
					.name = (char *)name,
					.created_at = (char *)"2026-11-24T08:15:03.123456789Z",
					.image = (char *)"i",
					.config_digest = (char *)DIGEST,
					.directory = (char *)"/nowhere",
					.addresses = &place,
					.address_count = 1 };

	ct_state_add(&f.state, &entry);
}

#define A "{'name':'a','image':'i'}"
#define B "{'name':'b','image':'i'}"

START_TEST(space_keeps_out_of_what_is_taken)
{
	static struct space space;
	uint32_t address;

	memset(&space, 0, sizeof(space));
	ck_assert(space_find(&space, 0, 22, &address));
	ck_assert_uint_eq(address, NETWORK(10, 0, 0, 0));
	/* One address is enough, and so is a network around it. */
	space_take(&space, NETWORK(10, 0, 3, 7), 32);
	space_take(&space, NETWORK(10, 0, 4, 0), 23);
	ck_assert(space_find(&space, 0, 22, &address));
	ck_assert_uint_eq(address, NETWORK(10, 0, 8, 0));
	ck_assert(space_find(&space, 0, 21, &address));
	ck_assert_uint_eq(address, NETWORK(10, 0, 8, 0));
	ck_assert(space_find(&space, 0, 16, &address));
	ck_assert_uint_eq(address, NETWORK(10, 1, 0, 0));
	ck_assert(space_is_taken(&space, NETWORK(10, 0, 0, 0), 8));
	ck_assert(!space_is_taken(&space, NETWORK(10, 0, 8, 0), 22));
	ck_assert(!space_is_taken(&space, NETWORK(8, 8, 8, 8), 32));
}
END_TEST

START_TEST(space_goes_on_elsewhere)
{
	static struct space space;
	uint32_t address;

	memset(&space, 0, sizeof(space));
	space_take(&space, NETWORK(10, 0, 0, 0), 8);
	ck_assert(space_find(&space, 5, 22, &address));
	ck_assert_uint_eq(address, NETWORK(172, 16, 20, 0));
	/* Twice as large as the block. */
	space_take(&space, NETWORK(172, 0, 0, 0), 8);
	ck_assert(space_find(&space, 1, 22, &address));
	ck_assert_uint_eq(address, NETWORK(192, 168, 4, 0));
	ck_assert(!space_find(&space, 1, 15, &address));
	space_take(&space, NETWORK(192, 168, 0, 0), 16);
	ck_assert(!space_find(&space, 1, 22, &address));
}
END_TEST

static bool is_mine(const char *interface, void *context)
{
	return strcmp(interface, context) == 0;
}

START_TEST(routes_are_read)
{
	static struct space space;
	char mine[] = "mine";

	memset(&space, 0, sizeof(space));
	space_take_routes(&space,
			  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
			  "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
			  "tun0\t0000010A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
			  "mine\t0000020A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
			  "*\t0000030A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
			  "nonsense\n\n"
			  "eth1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF",
			  is_mine, mine);
	ck_assert(space_is_taken(&space, NETWORK(10, 1, 0, 0), 16));
	ck_assert(!space_is_taken(&space, NETWORK(10, 2, 0, 0), 16));
	ck_assert(space_is_taken(&space, NETWORK(10, 3, 255, 0), 24));
	ck_assert(space_is_taken(&space, NETWORK(192, 168, 1, 0), 24));
	ck_assert(!space_is_taken(&space, NETWORK(172, 16, 0, 0), 12));
	ck_assert(!space_is_taken(&space, NETWORK(10, 0, 0, 0), 16));
}
END_TEST

START_TEST(equal_input_gives_equal_addresses)
{
	char before[64];

	make_with_routes(A "," B, NULL);
	snprintf(before, sizeof(before), "%s", address_of("a", "bridge"));
	ck_assert_int_eq(strncmp(before, "10.", 3), 0);
	ck_assert_str_ne(before, address_of("b", "bridge"));
	/* Whoever else is there. */
	make_with_routes(B "," A ",{'name':'c','image':'i'}", NULL);
	ck_assert_str_eq(before, address_of("a", "bridge"));
}
END_TEST

START_TEST(networks_do_not_overlap_and_avoid_routes)
{
	char routes[128];
	uint32_t subnet;

	make_with_routes(A ",{'name':'b','image':'i','network':'n'}", NULL);
	ck_assert_uint_eq(f.plan.networks.count, 2);
	ck_assert_uint_ne(f.plan.networks.items[0].subnet, f.plan.networks.items[1].subnet);
	subnet = f.plan.networks.items[0].subnet;
	snprintf(routes, sizeof(routes), "eth0\t%08X\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
		 __builtin_bswap32(subnet));
	make_with_routes(A ",{'name':'b','image':'i','network':'n'}", routes);
	ck_assert_uint_ne(subnet, f.plan.networks.items[0].subnet);
	/* But for the one over its own bridge. */
	snprintf(routes, sizeof(routes), "%s\t%08X\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
		 f.plan.networks.items[0].bridge, __builtin_bswap32(subnet));
	make_with_routes(A ",{'name':'b','image':'i','network':'n'}", routes);
	ck_assert_uint_eq(subnet, f.plan.networks.items[0].subnet);
}
END_TEST

START_TEST(what_exists_keeps_its_address)
{
	exists("a", "bridge", "10.7.4.9/22");
	make_with_routes(A "," B, NULL);
	ck_assert_str_eq(address_of("a", "bridge"), "10.7.4.9");
	ck_assert_int_eq(strncmp(address_of("b", "bridge"), "10.7.", 5), 0);
	/* One that goes keeps it until it has gone, so that nobody gets it before. */
	ct_state_release(&f.state);
	make_with_routes(B, NULL);
	{
		char text[80];

		snprintf(text, sizeof(text), "%s/22", address_of("b", "bridge"));
		exists("old", "bridge", text);
		make_with_routes(B, NULL);
		text[strlen(text) - 3] = '\0';
		ck_assert_str_ne(address_of("b", "bridge"), text);
	}
}
END_TEST

START_TEST(a_subnet_that_nobody_uses_any_more_makes_way)
{
	/* It ended, so it is replaced, and the host routes its subnet elsewhere by now. */
	exists("a", "bridge", "10.7.4.9/22");
	make_with_routes(A, "eth0\t0000070A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n");
	ck_assert_int_ne(strncmp(address_of("a", "bridge"), "10.7.", 5), 0);
}
END_TEST

START_TEST(hostile_states_do_no_harm)
{
	static const char *const addresses[] = {
		"",           "10.7.4.9",      "10.7.4.9/0",     "10.7.4.9/33",        "10.7.4.0/22", "10.7.4.1/22",
		"fd00::1/64", "10.7.7.255/22", "x/22",           "10.7.4.9/-1",        "10.7.4.9/22", "10.7.4.9/22",
		"10.7.4.9/9", "8.8.8.8/22",    "10.7.4.9/22/22", "255.255.255.255/22",
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		exists(i % 2 ? "a" : "x", i % 3 ? "bridge" : "other", addresses[i]);
	make_with_routes(A "," B, NULL);
	ck_assert_str_ne(address_of("a", "bridge"), "");
	ck_assert_str_ne(address_of("a", "bridge"), address_of("b", "bridge"));
}
END_TEST

START_TEST(all_addresses_are_different)
{
	ct_autobuf components = CT_BUF_INIT;
	ct_autofree unsigned char *seen = ct_alloc_array(65536, 1);
	const struct network *network;

	for (int i = 0; i < 3000; i++)
		ct_buf_printf(&components, "%s{'name':'c%d','image':'i'}", i ? "," : "", i);
	make_with_routes(components.data, NULL);
	network = &f.plan.networks.items[0];
	/* Room for half as many again. */
	ck_assert_uint_eq(network->prefix, 19);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t number = *addressing_number(&f.plan.networks, i, network);

		ck_assert(number >= 2 && number < 8191 && !seen[number]);
		seen[number] = 1;
	}
}
END_TEST

START_TEST(no_room_is_said)
{
	ck_assert_int_eq(make(A, "",
			      (struct plan_options){ .routes = "e\t0000000A\t0\t1\t0\t0\t0\t000000FF\n"
							       "e\t000010AC\t0\t1\t0\t0\t0\t0000F0FF\n"
							       "e\t0000A8C0\t0\t1\t0\t0\t0\t0000FFFF\n" }),
			 -1);
	ck_assert_str_eq(f.err.code, "R011");
	ck_assert_ptr_nonnull(strstr(f.err.message, "no subnet is left for the network 'bridge'"));
}
END_TEST

START_TEST(too_many_networks_are_refused)
{
	ct_autobuf components = CT_BUF_INIT;
	ct_autobuf connections = CT_BUF_INIT;

	ct_buf_puts(&components, A);
	for (int i = 0; i < 32; i++) {
		ct_buf_printf(&components, ",{'name':'c%d','image':'i','network':'n%d'}", i, i);
		ct_buf_printf(&connections, "%s{'from':'a','to':'c%d'}", i ? "," : "", i);
	}
	ck_assert_int_eq(make(components.data, connections.data, (struct plan_options){ 0 }), -1);
	ck_assert_str_eq(f.err.code, "R011");
	ck_assert_ptr_nonnull(strstr(f.err.message, "component 'a' would be on 33 networks"));
}
END_TEST

START_TEST(the_host_has_no_subnet)
{
	ck_assert_int_eq(make("{'name':'a','image':'i','network':'host'}," B, "{'from':'a','to':'b'}",
			      (struct plan_options){ 0 }),
			 0);
	ck_assert_str_eq(address_of("a", "host"), "");
	ck_assert_str_eq(address_of("a", "bridge"), "");
	ck_assert_str_ne(address_of("b", "bridge"), "");
	ck_assert_int_eq(make("{'name':'a','image':'i','network':'host'}", "",
			      (struct plan_options){ .offline = true }),
			 -1);
	ck_assert_str_eq(f.err.code, "R011");
}
END_TEST

START_TEST(offline_is_part_of_the_configuration)
{
	ct_autobuf json = CT_BUF_INIT;

	ck_assert_int_eq(make(A ",{'name':'b','image':'i','network':'none'}", "",
			      (struct plan_options){ .offline = true }),
			 0);
	ck_assert_int_eq(plan_write_json(&f.plan, false, &json, &f.err), 0);
	ck_assert_ptr_nonnull(strstr(json.data, "\"network\":\"bridge\",\"offline\":true,"));
	ck_assert_ptr_nonnull(strstr(json.data, "\"network\":\"none\",\"ports\""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("addressing");
	TCase *cases = tcase_create("addressing");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, space_keeps_out_of_what_is_taken);
	tcase_add_test(cases, space_goes_on_elsewhere);
	tcase_add_test(cases, routes_are_read);
	tcase_add_test(cases, equal_input_gives_equal_addresses);
	tcase_add_test(cases, networks_do_not_overlap_and_avoid_routes);
	tcase_add_test(cases, what_exists_keeps_its_address);
	tcase_add_test(cases, a_subnet_that_nobody_uses_any_more_makes_way);
	tcase_add_test(cases, hostile_states_do_no_harm);
	tcase_add_test(cases, all_addresses_are_different);
	tcase_add_test(cases, no_room_is_said);
	tcase_add_test(cases, too_many_networks_are_refused);
	tcase_add_test(cases, the_host_has_no_subnet);
	tcase_add_test(cases, offline_is_part_of_the_configuration);
	suite_add_tcase(suite, cases);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
