#!/usr/bin/env bash
# From a health change to the start of a dependent (ms): from the event "healthy" of what is needed to the moment the command
# of what needs it runs, against the same from the dependent's own creation: what is more than that was waited in vain.
. "$(dirname "$0")/lib.sh"

runs=${CTST_BENCH_RUNS:-30}

cp "$(command -v busybox)" rootfs/bin/busybox
cat >health.ctst <<'EOT'
COMPONENT db {
    image = "file://./rootfs"
    command = ["/bin/busybox", "sh", "-c", "/bin/busybox usleep 50000; : >/tmp/ready; exec /bin/busybox sleep 1000000"]
    healthcheck = { command = ["/bin/busybox", "test", "-e", "/tmp/ready"], interval = "20ms", retries = 1000 }
}
COMPONENT api { image = "file://./rootfs" command = ["/bin/busybox", "sleep", "1000000"] }
CONNECT api -> db
EOT
ctst build health.ctst >/dev/null
for _ in $(seq "$runs"); do
	rm -f .containust/state/events.ndjson
	ctst -q run -d health.ctst
	jq -rs 'def at($event; $name): map(select(.event == $event and .name == $name)) | last | .time |
			(.[0:19] + "Z" | fromdate) + (.[19:29] | tonumber);
		[at("started"; "api") - at("healthy"; "db"), at("started"; "api") - at("created"; "api")] |
			map(. * 1000 | tostring) | join(" ")' .containust/state/events.ndjson
	ctst rm --force db api >/dev/null
done >differences
median() {
	cut -d ' ' -f "$1" differences | sort -g | sed -n "$(((runs + 1) / 2))p"
}
printf 'ours %s\nstart %s\n' "$(median 1)" "$(median 2)" >times
row "P12 health to start / start" ours start
