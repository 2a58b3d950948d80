#include "ctst-plan/secret.h"

#include <stddef.h>
#include <string.h>

#include "common/template.h"

const char *shown_secret(const char *value)
{
	size_t length = strlen(value);
	struct ct_template template = ct_template_start(value, length);
	struct ct_template_part part = ct_template_next(&template);
	bool is_reference = part.kind == CT_TEMPLATE_SECRET || (part.kind == CT_TEMPLATE_ENV && !part.has_fallback);

	return is_reference && part.source.length == length ? value : MASKED;
}
