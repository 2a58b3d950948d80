/* The kernel's capabilities by name, capabilities(7), without "CAP_". */
#ifndef CT_CAPABILITY_NAMES_H
#define CT_CAPABILITY_NAMES_H

#include "common/template.h"

#define CT_CAPABILITY_COUNT 41

/* In the order of their numbers, linux/capability.h; a unit test compares them with that header. */
extern const char *const ct_capability_names[CT_CAPABILITY_COUNT];

/* The number of a name in capital letters, without "CAP_"; -1 when there is none. */
int ct_capability_number(struct ct_slice name);

#endif
