#!/usr/bin/env bash
# P3: components on one bridge network, from `ctst run -d` until all are reported running (ms): the whole pipeline. 500 against
# 50 shows whether the time grows with the number. The peer, where it is installed, is podman-compose with 5 (per container).
. "$(dirname "$0")/lib.sh"

few=50
many=${CTST_BENCH_MANY:-500}
rounds=${CTST_BENCH_ROUNDS:-5}

make_file() {
	local i

	for i in $(seq "$1"); do
		printf 'COMPONENT c%d { image = "file://./rootfs" command = ["/bin/busybox", "sleep", "1000000"] }\n' "$i"
	done
}

cp /bin/busybox rootfs/bin/busybox
make_file "$few" >few.ctst
make_file "$many" >many.ctst
ctst build many.ctst >/dev/null 2>&1

milliseconds() {
	local begin=${EPOCHREALTIME/[.,]/}

	"$@" >/dev/null 2>&1
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}

median() {
	sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

clear_up() {
	ctst stop -t 0 >/dev/null 2>&1
	# shellcheck disable=SC2046 # names have no blanks
	ctst rm $(ctst ps -a -o json | jq -r '.containers[].name') >/dev/null 2>&1
}

: >few.times
: >many.times
for _ in $(seq "$rounds"); do
	milliseconds ctst run -d few.ctst >>few.times
	[ "$(ctst ps -o json | jq '[.containers[] | select(.state == "running")] | length')" = "$few" ]
	clear_up
	milliseconds ctst run -d many.ctst >>many.times
	[ "$(ctst ps -o json | jq '[.containers[] | select(.state == "running")] | length')" = "$many" ]
	clear_up
done
few_time=$(median <few.times)
many_time=$(median <many.times)
printf '%-32s %12.3f %12.3f %8.2f\n' "P3 $many / $few containers" "$many_time" "$few_time" \
	"$(jq -n "$many_time / $few_time")"

if command -v podman-compose >/dev/null; then
	{
		echo 'services:'
		for i in 1 2 3 4 5; do
			printf '  c%d: {image: "localhost/bench:latest", command: ["/bin/busybox", "sleep", "1000000"]}\n' "$i"
		done
	} >compose.yaml
	tar -C rootfs -c . | podman import - localhost/bench:latest >/dev/null 2>&1
	if peer_time=$(milliseconds podman-compose up -d) && [ "$(podman ps -q 2>/dev/null | wc -l)" -eq 5 ]; then
		printf '%-32s %12.3f %12.3f %8.4f\n' "P3 one / podman-compose" "$(jq -n "$many_time / $many")" \
			"$(jq -n "$peer_time / 5")" "$(jq -n "($many_time / $many) / ($peer_time / 5)")"
	fi
	podman-compose down -t 0 >/dev/null 2>&1 || true
fi
