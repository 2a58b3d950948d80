/* What a project's networks are called on the host. */
#ifndef CT_NETWORK_NAME_H
#define CT_NETWORK_NAME_H

#define CT_BRIDGE_NAME_LENGTH 13

/*
 * The bridge of a project's network: "ct-" and ten hexadecimal digits of a digest of the index's path and the
 * network's name, since the kernel takes 15 characters and these must not be those of another project.
 */
void ct_bridge_name(const char *state_file, const char *network, char name[CT_BRIDGE_NAME_LENGTH + 1]);

/* Whether the text is one. */
_Bool ct_is_bridge_name(const char *text);

#endif
