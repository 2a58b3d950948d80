/*
 * IMPORT: the files that a composition takes its templates from.
 *
 * A path is looked for beside the importing file, then beside the file that was named on the
 * command line. A file is read once, however many paths lead to it: device and inode say
 * which it is. What the network gives is fetched by ctst-image-fetch into a cache that is
 * addressed by digest (import_remote.h).
 */
#ifndef CTST_PARSE_IMPORTS_H
#define CTST_PARSE_IMPORTS_H

struct compilation;

#define IMPORT_DEPTH_MAX 32
#define IMPORTS_MAX 4096 /* statements, in all files together */

/*
 * Reads and parses everything that compilation->composition imports, directly or not. Reports E008 (not
 * found, not readable), E013 (a circle), E014 (remote while offline) and E020 (bounds).
 */
void imports_read(struct compilation *compilation);

#endif
