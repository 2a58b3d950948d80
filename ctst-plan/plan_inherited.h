/* Where values come from that a component has from its parents: what "ctst plan -v" adds. */
#ifndef PLAN_PLAN_INHERITED_H
#define PLAN_PLAN_INHERITED_H

#include "common/buf.h"
#include "ctst-plan/composition.h"

/* A line for each inherited value: "    memory  inherited from base, lib/base.ctst:4:12". Nothing when there is none. */
void plan_write_inherited(const struct component *component, struct ct_buf *out);

#endif
