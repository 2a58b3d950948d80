/* The pipe that a process in a container writes to and its supervisor reads. */
#ifndef CTST_SPAWN_OUTPUT_PIPE_H
#define CTST_SPAWN_OUTPUT_PIPE_H

#include "ctst-spawn/identity.h"

/*
 * ends[0] is read without waiting. A program that opens /dev/stdout opens the pipe's inode anew, with its own rights: so
 * the pipe belongs to root of the container, who hands it on to the command's user. -1 with errno, nothing open.
 */
int output_pipe(const struct identity *identity, int ends[2]);

#endif
