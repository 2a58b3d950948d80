/* `ctst-image pull`, also known as `ctst pull`: an image of a registry into the project's store, its pinned reference out. */
#ifndef IMAGE_PULL_COMMAND_H
#define IMAGE_PULL_COMMAND_H

/* argv[0] is the word "pull". The exit status. */
int pull_command(int argc, char **argv);

#endif
