/* Which components of a composition are there only so that others can be made from them. */
#ifndef CTST_PARSE_TEMPLATES_H
#define CTST_PARSE_TEMPLATES_H

struct compilation;

/*
 * Sets is_template: of a component with required_params, and of one that is a parent of
 * another and is named by no CONNECT, no EXPOSE … FROM and no `${…}`. Properties have been merged before.
 */
void templates_find(struct compilation *compilation);

#endif
