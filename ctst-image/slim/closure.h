/* All that the taken files need to run: loaders and libraries of ELF files, interpreters of scripts, and what those need. */
#ifndef SLIM_CLOSURE_H
#define SLIM_CLOSURE_H

#include "ctst-image/slim/slim.h"

/* Looks at every file that was taken and not looked at, and takes what it needs, to the end. -1: I003 naming who needs what. */
int closure_run(struct slim *slim, struct ct_err *err);

/* The ELF facts of a taken file; NULL and no error when it is none. *script may be NULL. -1: I003. */
int closure_facts(struct slim *slim, uint32_t index, struct elf_facts **facts, struct ct_err *err);

/* closure_script.c: takes who runs a script. -1: I003. */
struct script;
int closure_script(struct slim *slim, uint32_t index, const struct script *script, struct ct_err *err);

#endif
