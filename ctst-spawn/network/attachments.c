#include "ctst-spawn/network/attachments.h"

#include <string.h>
#include <sys/socket.h>

struct network_address attachment_gateway(const struct network_address *address)
{
	struct network_address gateway = network_address_base(address);

	if (gateway.family)
		gateway.bytes[network_address_length(&gateway) - 1] |= 1;
	return gateway;
}

/* Room for more than a network's own address and the bridge's. */
static bool is_place(const struct network_address *address, int family, unsigned most)
{
	return address->family == family && address->prefix >= 8 && address->prefix <= most;
}

static int read_one(const struct ct_json *item, const char *state_file, struct attachment *attachment)
{
	const char *address6 = ct_json_get_string(item, "address6");

	attachment->network = ct_json_get_string(item, "network");
	if (!attachment->network || !network_address_parse(ct_json_get_string(item, "address"), &attachment->address) ||
	    !is_place(&attachment->address, AF_INET, 30))
		return -1;
	if (address6 && (!network_address_parse(address6, &attachment->address6) ||
			 !is_place(&attachment->address6, AF_INET6, 126)))
		return -1;
	ct_bridge_name(state_file, attachment->network, attachment->bridge);
	attachment->gateway = attachment_gateway(&attachment->address);
	if (address6)
		attachment->gateway6 = attachment_gateway(&attachment->address6);
	return 0;
}

int attachments_read(const struct ct_json *list, const char *state_file, const char *code,
		     struct attachments *attachments, struct ct_err *err)
{
	attachments->count = 0;
	if (list && list->length > ATTACHMENTS_MOST)
		return ct_fail(err, code, "more than %d addresses of one container", ATTACHMENTS_MOST);
	ct_json_each(item, list) {
		attachments->items[attachments->count] = (struct attachment){ 0 };
		if (read_one(item, state_file, &attachments->items[attachments->count]) < 0)
			return ct_fail(err, code, "addresses[%zu] is damaged", attachments->count);
		attachments->count++;
	}
	return 0;
}
