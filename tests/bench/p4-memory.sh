#!/usr/bin/env bash
# P4: memory of a running container beside its command: KiB of PSS of its supervisor and its init, the mean of 100 that run,
# against the 64 KiB they may have. (conmon, which podman keeps for each container, has some 600.)
. "$(dirname "$0")/lib.sh"

count=${CTST_BENCH_CONTAINERS:-100}

cp "$(command -v busybox)" rootfs/bin/busybox
for i in $(seq "$count"); do
	echo "COMPONENT c$i { image = \"file://./rootfs\" command = [\"/bin/busybox\", \"sleep\", \"1000000\"] }"
done >many.ctst
ctst -q run -d many.ctst >/dev/null
# Each of the two by its pid.
for pid in $(ctst ps -o json | sed -n 's/.*"\(supervisor_\)\{0,1\}pid": \([0-9]*\).*/\2/p'); do
	cat "/proc/$pid/smaps_rollup"
done | awk -v count="$count" '/^Pss:/ { sum += $2; processes++ } END {
	if (processes != 2 * count) { print "expected two processes of each container" >"/dev/stderr"; exit 1 }
	printf "%-32s %12.1f %12.1f %8.2f\n", "P4 memory (KiB) / 64 KiB", sum / count, 64, sum / count / 64
}'
