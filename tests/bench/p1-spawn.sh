#!/usr/bin/env bash
# P1: one warm container, plan in, exit out (ms), against crun's run of a prepared bundle and against the floor.
. "$(dirname "$0")/lib.sh"

ctst-parse bench.ctst | ctst-image build | ctst-plan -o json >plan.json
ctst-spawn --wait-exit <plan.json
"$programs/bench-race" "$runs" \
	floor "$programs/bench-floor" "$work/rootfs" /bin/true -- \
	crun crun run -b "$work/bundle" "bench-$$" -- \
	ours "<$work/plan.json" "!ctst-rm bench >/dev/null" "$CTST_LIBEXEC/ctst-spawn" --wait-exit >times
row "P1 spawn / crun run" ours crun
row "P1 spawn / floor" ours floor
