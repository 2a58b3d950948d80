#include "ctst-spawn/ports.h"

#include <inttypes.h>
#include <string.h>

static void append_published(struct ct_buf *out, const struct ct_json *item)
{
	const char *address = ct_json_get_string(item, "address");
	const char *protocol = ct_json_get_string(item, "protocol");
	int64_t host_port = 0, container_port = 0;

	if (!ct_json_get_int(item, "host_port", &host_port) ||
	    !ct_json_get_int(item, "container_port", &container_port))
		return;
	if (out->length)
		ct_buf_putc(out, ',');
	if (address && strchr(address, ':'))
		ct_buf_printf(out, "[%s]:", address);
	else if (address)
		ct_buf_printf(out, "%s:", address);
	ct_buf_printf(out, "%" PRId64 "->%" PRId64 "/%s", host_port, container_port, protocol ? protocol : "tcp");
}

static bool is_published(const struct ct_json *published, int64_t port)
{
	int64_t container_port = 0;

	ct_json_each(item, published) {
		if (ct_json_get_int(item, "container_port", &container_port) && container_port == port)
			return true;
	}
	return false;
}

void ports_append(struct ct_buf *out, const struct ct_json *container)
{
	const struct ct_json *published = ct_json_get_typed(container, "published", CT_JSON_ARRAY);

	ct_json_each(item, published)
		append_published(out, item);
	ct_json_each(port, ct_json_get_typed(container, "ports", CT_JSON_ARRAY)) {
		if (!is_published(published, port->integer))
			ct_buf_printf(out, "%s%" PRId64, out->length ? "," : "", port->integer);
	}
}
