#include "ctst-spawn/usage_json.h"

#include <inttypes.h>
#include <stdio.h>

static const char *source_name(enum usage_source source)
{
	return source == USAGE_CGROUP ? "cgroup" : "processes";
}

static void write_cpu(struct ct_json_writer *writer, const struct usage *before, const struct usage *usage)
{
	int64_t hundredths = usage_cpu(before, usage);
	char text[32];
	struct ct_json percent = { .type = CT_JSON_REAL, .text = text };

	ct_json_key(writer, "cpu");
	ct_json_open_object(writer);
	if (hundredths >= 0) {
		percent.length = (size_t)snprintf(text, sizeof(text), "%" PRId64 ".%02d", hundredths / 100,
						  (int)(hundredths % 100));
		ct_json_member_value(writer, "percent", &percent);
		ct_json_member_int(writer, "interval_ms", usage_interval(before, usage) / 1000000);
	}
	ct_json_member_int(writer, "total_us", usage->cpu_us);
	ct_json_member_string(writer, "source", source_name(usage->cpu_source));
	ct_json_close_object(writer);
}

void usage_write_json(struct ct_json_writer *writer, const struct usage *before, const struct usage *usage)
{
	if (usage->cpu_source != USAGE_UNKNOWN)
		write_cpu(writer, before, usage);
	if (usage->memory_source != USAGE_UNKNOWN) {
		ct_json_key(writer, "memory");
		ct_json_open_object(writer);
		ct_json_member_int(writer, "bytes", usage->memory);
		ct_json_member_string(writer, "source", source_name(usage->memory_source));
		ct_json_close_object(writer);
	}
	if (usage->at && usage->received >= 0) {
		ct_json_key(writer, "network_io");
		ct_json_open_object(writer);
		ct_json_member_int(writer, "received_bytes", usage->received);
		ct_json_member_int(writer, "sent_bytes", usage->sent);
		ct_json_close_object(writer);
	}
}
