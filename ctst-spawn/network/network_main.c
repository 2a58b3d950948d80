/* ctst-network: the networks of a project and who is on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/names.h"
#include "common/network_name.h"
#include "common/options.h"
#include "common/status.h"
#include "ctst-spawn/network/attachments.h"
#include "ctst-spawn/reconcile.h"

static const char *file, *output;

static const struct ct_option options[] = {
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "a table (default) or a document", &output },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-network",
	.synopsis = "ls [-o text|json] [-f FILE]",
	.summary = "list the networks of a project and who is on them",
	.options = options,
};

struct listed_member {
	const struct ct_state_entry *entry;
	const struct ct_state_address *address; /* NULL: on the host's network */
	bool runs;
};

struct listed {
	const char *name;
	struct listed_member *members; /* owned */
	size_t count;
};

struct list {
	struct listed *networks; /* owned; in the order of the index */
	size_t count;
	struct ct_names names;
};

static struct listed *network_named(struct list *list, const char *name)
{
	uint32_t index = (uint32_t)list->count;

	if (!ct_names_add(&list->names, ct_slice_of(name), index, &index))
		return &list->networks[index];
	/* Grown by doubling: the count is a power of two exactly when the array is full. */
	if ((list->count & (list->count - 1)) == 0)
		list->networks = ct_realloc_array(list->networks, list->count ? list->count * 2 : 1,
						  sizeof(*list->networks));
	list->networks[list->count] = (struct listed){ .name = name };
	return &list->networks[list->count++];
}

static void add_member(struct list *list, const char *name, const struct listed_member *member)
{
	struct listed *network = network_named(list, name);

	if ((network->count & (network->count - 1)) == 0)
		network->members = ct_realloc_array(network->members, network->count ? network->count * 2 : 1,
						    sizeof(*network->members));
	network->members[network->count++] = *member;
}

static void add_entry(struct list *list, const struct ct_state_entry *entry)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct listed_member member = { .entry = entry };
	struct ct_status status;

	member.runs = ct_status_read(entry->directory, &status, &ignored) == 0 && status.state == CT_RUNNING;
	if (entry->network && strcmp(entry->network, "host") == 0)
		add_member(list, "host", &member);
	for (size_t i = 0; i < entry->address_count; i++) {
		member.address = &entry->addresses[i];
		add_member(list, entry->addresses[i].network, &member);
	}
}

static void release(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->networks[i].members);
	free(list->networks);
	ct_names_release(&list->names);
}

/* "10.4.8.0/22" of "10.4.8.2/22", and the bridge's address. Empty texts when there is none. */
static void describe(const char *address, char subnet[NETWORK_ADDRESS_TEXT], char gateway[NETWORK_ADDRESS_TEXT])
{
	struct network_address parsed, base;
	size_t length;

	subnet[0] = gateway[0] = '\0';
	if (!network_address_parse(address, &parsed))
		return;
	base = network_address_base(&parsed);
	network_address_format(&base, subnet);
	length = strlen(subnet);
	snprintf(subnet + length, NETWORK_ADDRESS_TEXT - length, "/%u", parsed.prefix);
	base = attachment_gateway(&parsed);
	network_address_format(&base, gateway);
}

/* Without the prefix. */
static void write_address(struct ct_json_writer *writer, const char *key, const char *text)
{
	struct network_address parsed;
	char address[NETWORK_ADDRESS_TEXT];

	if (!network_address_parse(text, &parsed))
		return;
	network_address_format(&parsed, address);
	ct_json_member_string(writer, key, address);
}

static void write_member(struct ct_json_writer *writer, const struct listed_member *member)
{
	ct_json_open_object(writer);
	ct_json_member_string(writer, "name", member->entry->name);
	ct_json_member_string(writer, "id", member->entry->id);
	if (member->address) {
		write_address(writer, "address", member->address->address);
		write_address(writer, "address6", member->address->address6);
	}
	ct_json_member_bool(writer, "running", member->runs);
	ct_json_close_object(writer);
}

static void write_network(struct ct_json_writer *writer, const struct ct_project *project, const struct listed *network)
{
	const struct ct_state_address *address = network->members[0].address;
	char bridge[CT_BRIDGE_NAME_LENGTH + 1], subnet[NETWORK_ADDRESS_TEXT], gateway[NETWORK_ADDRESS_TEXT];

	ct_json_open_object(writer);
	ct_json_member_string(writer, "name", network->name);
	if (address) {
		ct_bridge_name(project->state_file, network->name, bridge);
		ct_json_member_string(writer, "bridge", bridge);
		describe(address->address, subnet, gateway);
		ct_json_member_string(writer, "subnet", subnet);
		ct_json_member_string(writer, "gateway", gateway);
		describe(address->address6, subnet, gateway);
		ct_json_member_string(writer, "subnet6", subnet[0] ? subnet : NULL);
		ct_json_member_string(writer, "gateway6", gateway[0] ? gateway : NULL);
	}
	ct_json_key(writer, "members");
	ct_json_open_array(writer);
	for (size_t i = 0; i < network->count; i++)
		write_member(writer, &network->members[i]);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
}

static int print_json(const struct ct_project *project, const struct list *list, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.networks/1");
	ct_json_key(writer, "networks");
	ct_json_open_array(writer);
	for (size_t i = 0; i < list->count; i++)
		write_network(writer, project, &list->networks[i]);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	return ct_write_stdout(text.data, text.length, err);
}

/* Names are letters, digits, '-' and '_' where they come from; an index that says otherwise reaches no terminal raw. */
static void append_plain(struct ct_buf *text, const char *name)
{
	for (; *name; name++)
		ct_buf_putc(text, (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name);
}

static void print_row(struct ct_buf *text, const struct ct_project *project, const struct listed *network, int width)
{
	const struct ct_state_address *address = network->members[0].address;
	char bridge[CT_BRIDGE_NAME_LENGTH + 1] = "-", subnet[NETWORK_ADDRESS_TEXT] = "-", gateway[NETWORK_ADDRESS_TEXT];
	size_t begin = text->length;

	if (address) {
		ct_bridge_name(project->state_file, network->name, bridge);
		describe(address->address, subnet, gateway);
	}
	append_plain(text, network->name);
	ct_buf_printf(text, "%*s  %-13s  %-18s  ",
		      width - (int)(text->length - begin) > 0 ? width - (int)(text->length - begin) : 0, "", bridge,
		      subnet);
	for (size_t i = 0; i < network->count; i++) {
		ct_buf_puts(text, i > 0 ? ", " : "");
		append_plain(text, network->members[i].entry->name);
	}
	ct_buf_putc(text, '\n');
}

static int print_table(const struct ct_project *project, const struct list *list, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	int width = 7;

	for (size_t i = 0; i < list->count; i++) {
		int length = (int)strlen(list->networks[i].name);

		width = length > width ? length : width;
	}
	ct_buf_printf(&text, "%-*s  %-13s  %-18s  %s\n", width, "NETWORK", "BRIDGE", "SUBNET", "MEMBERS");
	for (size_t i = 0; i < list->count; i++)
		print_row(&text, project, &list->networks[i], width);
	return ct_write_stdout(text.data, text.length, err);
}

static int list_networks(bool json, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	struct list list = { 0 };
	int status;

	if (ct_project_find(&project, file, err) < 0 || reconcile_if_free(&project, &state, err) < 0)
		return -1;
	for (size_t i = 0; i < state.count; i++)
		add_entry(&list, &state.entries[i]);
	status = json ? print_json(&project, &list, err) : print_table(&project, &list, err);
	release(&list);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	if (operand < argc && strcmp(argv[operand], "ls") == 0)
		operand++;
	if (operand != argc)
		ct_usage_error(&program, "'%s' is no command of it: there is 'ls'", argv[operand]);
	return list_networks(output && ct_output_is_json(&program, output), &err) < 0
		       ? ct_err_report(program.name, &err)
		       : CT_EXIT_OK;
}
