/* Signals by name, as in an image's stop signal: "SIGTERM", "TERM", "15". */
#ifndef CTST_SPAWN_SIGNALS_H
#define CTST_SPAWN_SIGNALS_H

/* The number, or -1. */
int signal_number(const char *name);

#endif
