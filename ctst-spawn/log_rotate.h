/*
 * Rotation of a container's log: container.log gets the number 1, each older file the next one, and the oldest goes.
 * The names change from the oldest file on, so that at no moment a file that should stay has lost its name.
 */
#ifndef CTST_SPAWN_LOG_ROTATE_H
#define CTST_SPAWN_LOG_ROTATE_H

#include "ctst-spawn/log_writer.h"

/*
 * `writer->file` is an empty container.log afterwards. Where no file can be made or renamed, the writer goes on in the
 * one that it has for a while, so that not every entry tries again. Nothing is synced.
 */
void log_rotate(struct log_writer *writer);

#endif
