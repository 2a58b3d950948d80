#include "ctst-spawn/network/names.h"

#include <stdio.h>

/* The id is a UUID: its dash is left out. */
void network_port_name(const char *id, unsigned number, char name[IF_NAMESIZE])
{
	snprintf(name, IF_NAMESIZE, "ct%.8s%.2s-%u", id, id + 9, number);
}
