/*
 * Which files a log has and in which order, while its writer may be renaming them (log_rotate.h).
 *
 * Whoever has a file open knows it by its inode. Its number only ever grows, and a number between two files that is
 * missing is either being filled at this moment or has been removed by somebody; so a neighbour is right when
 * afterwards the file still has its number and what was missing still is.
 */
#ifndef CTST_SPAWN_LOG_FILES_H
#define CTST_SPAWN_LOG_FILES_H

/*
 * Each opens a file of the log in `directory` for reading: the oldest; the newest; the one written before `file`; the
 * one written after it. -1 with errno: ENOENT when there is none, ESTALE when `file` is no longer one of the log.
 */
int log_files_oldest(const char *directory);
int log_files_newest(const char *directory);
int log_files_before(const char *directory, int file);
int log_files_after(const char *directory, int file);

#endif
