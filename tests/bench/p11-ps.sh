#!/usr/bin/env bash
# P11: ctst ps with 1,000 running containers (ms; the goal is 20), with what they use and without; the peer is ps(1) over
# the same processes.
export CTST_BENCH_RUNS=${CTST_BENCH_RUNS:-20}
. "$(dirname "$0")/lib.sh"

for i in $(seq "${CTST_BENCH_CONTAINERS:-1000}"); do
	echo "COMPONENT c$i { image = \"preset://busybox\" command = [\"/bin/sleep\", \"1000000\"] }"
done >many.ctst
ctst run -d many.ctst >/dev/null 2>&1
"$programs/bench-race" "$runs" \
	ours "$CTST_LIBEXEC/ctst-ps" -- \
	ids "$CTST_LIBEXEC/ctst-ps" -q -- \
	ps "$(command -v ps)" -e -o pid,pcpu,rss,etime,comm >times
row "P11 ctst ps / ps(1)" ours ps
row "P11 ctst ps -q / ps(1)" ids ps
