#!/usr/bin/env bash
# P2: ctst run of a file with one component whose image is in the store, the whole pipeline (ms), against
# crun's run of a prepared bundle.
. "$(dirname "$0")/lib.sh"

ctst run bench.ctst
"$programs/bench-race" "$runs" \
	crun crun run -b "$work/bundle" "bench-$$" -- \
	ours "!ctst-rm bench >/dev/null" ctst run bench.ctst -- \
	again ctst run bench.ctst >times
row "P2 run / crun run" ours crun
row "P2 run once more / crun run" again crun
