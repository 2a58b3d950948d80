#include "ctst-plan/plan_inherited.h"

#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "ctst-plan/escape.h"

static int widest(const struct ct_json *inherited)
{
	size_t width = 0;

	ct_json_each(value, inherited) {
		size_t length = strlen(value->key);

		width = length > width ? length : width;
	}
	return width < 40 ? (int)width : 40;
}

static void write_value(const struct ct_json *value, int width, const char *place, struct ct_buf *out)
{
	ct_autobuf key = CT_BUF_INIT;

	ct_buf_puts(&key, "");
	plan_escape(&key, value->key);
	ct_buf_printf(out, "    %-*s  inherited from ", width, key.data);
	plan_escape(out, value->text);
	if (place) {
		ct_buf_puts(out, ", ");
		plan_escape(out, place);
	}
	ct_buf_putc(out, '\n');
}

void plan_write_inherited(const struct component *component, struct ct_buf *out)
{
	int width = component->inherited ? widest(component->inherited) : 0;
	ct_autonames places = CT_NAMES_INIT;
	uint32_t count = 0, number;
	const struct ct_json **origins;

	if (!component->inherited)
		return;
	origins = ct_alloc_array(component->origins ? component->origins->length : 0, sizeof(*origins));
	ct_json_each(origin, component->origins) {
		origins[count] = origin;
		ct_names_add(&places, ct_slice_of(origin->key), count++, NULL);
	}
	ct_json_each(value, component->inherited) {
		write_value(value, width,
			    ct_names_get(&places, ct_slice_of(value->key), &number) ? origins[number]->text : NULL,
			    out);
	}
	free(origins);
}
