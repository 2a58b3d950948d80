#include "ctst-plan/plan_inherited.h"

#include <string.h>

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

/*
 * The place of a value. Both objects name the values in the same order, so the search goes on from *at, where the last
 * one ended; only in somebody else's document may it have to begin anew.
 */
static const char *place_of(const struct component *component, const struct ct_json **at, const char *key)
{
	const struct ct_json *first = component->origins ? component->origins->first : NULL;
	const struct ct_json *origin = *at;

	while (origin && strcmp(origin->key, key) != 0)
		origin = origin->next;
	for (origin = origin ? origin : first; origin && strcmp(origin->key, key) != 0;)
		origin = origin->next;
	*at = origin;
	return origin ? origin->text : NULL;
}

void plan_write_inherited(const struct component *component, struct ct_buf *out)
{
	int width = component->inherited ? widest(component->inherited) : 0;
	const struct ct_json *at = NULL;

	ct_json_each(value, component->inherited) {
		const char *place = place_of(component, &at, value->key);
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
}
