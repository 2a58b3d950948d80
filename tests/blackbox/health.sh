#!/usr/bin/env bash
# Health checks: what is probed, what a result means, what becomes of probes that hang.
. "$(dirname "$0")/lib.sh"

directory_of() {
	local config

	for config in .containust/containers/*/config.json; do
		! grep -q "\"name\":\"$1\"" "$config" || dirname "$config"
	done
}

status_of() {
	local text

	text=$(cat "$(directory_of "$1")/status.json") || return 1
	echo "$text" | sed -n "s/.*\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

has_status() {
	[ "$(status_of "$1" "$2")" = "$3" ]
}

supervisor_of() {
	sed 's/.*"supervisor":{"pid":\([0-9]*\).*/\1/' "$(directory_of "$1")/status.json"
}

events_of() {
	grep "\"name\":\"$1\"" .containust/state/events.ndjson | sed 's/.*"event":"\([a-z]*\)".*/\1/'
}

probes_of() {
	grep -c '"started_at"' "$(directory_of "$1")/health.json" 2>/dev/null || true
}

has_probes() {
	[ "$(probes_of "$1")" -ge "$2" ]
}

# start NAME COMMAND HEALTHCHECK [PROPERTY…], the first two as lists without brackets
start() {
	local name=$1 command=$2 check=$3

	shift 3
	cat >stack.ctst <<-EOF2
		COMPONENT $name {
			image = "preset://busybox"
			command = [$command]
			healthcheck = { $check }
			$*
		}
	EOF2
	ctst -q run -d stack.ctst >/dev/null 2>run.err &
}

changes() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/sh", "-c", "echo probed; test -e /tmp/ready"] interval = "100ms" retries = 2'
	await has_status web state running
	await has_status web health unhealthy
	await ctst exec web /bin/touch /tmp/ready
	await has_status web health healthy
	ctst exec web /bin/rm /tmp/ready
	await has_status web health unhealthy
	expect_same "$(events_of web | grep healthy)" $'unhealthy\nhealthy\nunhealthy'
	expect_same "$(status_of web restarts)" 0
	run cat "$(directory_of web)/health.json"
	expect_out '"format":"ctst.health/1"'
	expect_out '"exit_code":1,"output":"probed\\n"'
	# Ten are kept.
	await has_probes web 10
	expect_same "$(probes_of web)" 10
	ctst stop
	expect_same "$(status_of web health)" ""
	wait
}
tap_case "healthy, unhealthy and back; each change is an event, each probe is kept for a while" changes

early() {
	local begun=$SECONDS

	start web '"/bin/sh", "-c", "sleep 0.3; touch /tmp/ready; exec sleep 1000000"' \
		'command = ["/bin/test", "-e", "/tmp/ready"] interval = "1m" retries = 1'
	await has_status web health healthy
	[ $((SECONDS - begun)) -lt 30 ] || fail "it became healthy with the interval only"
	expect_same "$(events_of web | grep -c unhealthy)" 0
	wait
}
tap_case "while a container starts its failures do not count, and its first success is found early" early

start_period() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/false"] interval = "10ms" retries = 1 start_period = "1h"'
	await has_probes web 5
	expect_same "$(status_of web health)" starting
	ctst stop --force
	wait
}
tap_case "failures in the start period do not count" start_period

as_the_container() {
	local check='for f in Uid Gid Groups CapEff CapBnd NoNewPrivs Seccomp; do grep ^$f: /proc/self/status; done; pwd; env | sort; cat /proc/self/cgroup; hostname; for n in ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done; ls /proc/self/fd | wc -l'

	[ "$(id -u)" != 0 ] || user='user = "1234:1235"'
	start web '"/bin/sh", "-c", "for f in Uid Gid Groups CapEff CapBnd NoNewPrivs Seccomp; do grep ^$f: /proc/self/status; done; pwd; env | sort; cat /proc/self/cgroup; hostname; for n in ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done; ls /proc/self/fd | wc -l; exec sleep 1000000"' \
		"command = [\"/bin/sh\", \"-c\", \"$check\"] interval = \"10ms\"" \
		"${user:-} workdir = \"/etc\" hostname = \"one\" env = { WORD = \"\${secret.word}\" OTHER = \"other\" }"
	await has_status web health healthy
	sed -n 's/.*"output":"\(.*\)"}.*/\1/p' "$(directory_of web)/health.json" | sed -n 1p | sed 's/\\n/\n/g; s/\\t/\t/g' |
		sed '/^$/d' >probe
	ctst logs --no-prefix web | sed '/^$/d' >command
	grep -q '^WORD=hidden$' probe || fail "the secret is not there"
	# The cgroup namespace is another one, with the group of the probe as its root.
	sed -i '/^cgroup:/d; s/^SHLVL=.*//' probe command
	diff command probe
	wait
}
export CONTAINUST_SECRET_WORD=hidden
tap_case "a probe has what the container's command has: ids, capabilities, environment, namespaces" as_the_container

writes_where_the_container_may() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/sh", "-c", "echo x >>/data/probed && ! echo x >/etc/probed"] interval = "10ms" retries = 1' \
		'volume = "data:/data"'
	await has_status web health healthy
	run ctst exec web /bin/cat /data/probed
	expect_out '^x$'
	ctst stop --force
	wait
}
tap_case "a probe may write where the container may, and nowhere else" writes_where_the_container_may

no_group_left() {
	local group

	group=$(status_of "$1" cgroup)
	[ -z "$group" ] || [ -z "$(find "$group" -mindepth 1 -type d)" ]
}

hangs() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/sh", "-c", "test -e /tmp/hung && exit 0; touch /tmp/hung; trap : TERM; sleep 1111 & setsid sleep 1112 & (setsid sleep 1113 &); echo hung; sleep 1114"] interval = "1h" timeout = "200ms" retries = 1' \
		"${1:-}"
	await has_status web health healthy
	run head -n 2 "$(directory_of web)/health.json"
	expect_out '"exit_code":137,"timed_out":true,"output":"hung\\n"'
	ctst exec web /bin/sh -c 'cat /proc/[0-9]*/cmdline' | tr '\0' ' ' >left
	! grep -q 'sleep 111' left || fail "it has left something: $(cat left)"
	await no_group_left web
	ctst stop --force
	wait
}
tap_case "a probe that hangs is killed when its time is over, with all it has started" hangs
[ "$(id -u)" != 0 ] || tap_case "also where the command is not root's" hangs 'user = "1234"'

leaves() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/sh", "-c", "(setsid sleep 1113 &)"] interval = "10ms"'
	await has_probes web 3
	expect_same "$(status_of web health)" healthy
	# Of the one that runs just now there may be a child.
	[ "$(ctst exec web /bin/sh -c 'cat /proc/[0-9]*/cmdline' | tr '\0' ' ' | grep -o 'sleep 1113' | wc -l)" -le 1 ] ||
		fail "children are left"
	ctst stop --force
	wait
}
tap_case "what a probe leaves behind is ended with it" leaves

floods() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/sh", "-c", "head -c 2000000 /dev/zero | tr '"'\\\\0' '\\\\001'"'; printf '"'\\\\377'"'"] interval = "10ms" timeout = "1m"'
	await has_status web health healthy
	[ "$(grep -o 'u0001' "$(directory_of web)/health.json" | wc -l)" -eq 4096 ] ||
		[ "$(probes_of web)" -gt 1 ] || fail "the output is not kept as it should be"
	[ "$(stat -c %s "$(directory_of web)/health.json")" -lt 300000 ] || fail "too much is kept"
	ctst stop --force
	wait
}
tap_case "a probe that writes without end is not held up, and little of it is kept" floods

endless() {
	start web '"/bin/sleep", "1000000"' \
		'command = ["/bin/sh", "-c", "while :; do echo yes; done"] interval = "1h" timeout = "300ms" retries = 1'
	await has_probes web 1
	run cat "$(directory_of web)/health.json"
	expect_out '"timed_out":true,"output":"yes\\n'
	ctst stop --force
	wait
}
tap_case "a probe that writes for ever is ended like one that is silent" endless

not_there() {
	start web '"/bin/sleep", "1000000"' 'command = ["/no/such/probe"] interval = "10ms" retries = 1'
	await has_status web health unhealthy
	run head -n 2 "$(directory_of web)/health.json"
	expect_out '"exit_code":127,"output":"cannot execute .*/no/such/probe.*No such file'
	ctst stop --force
	wait
}
tap_case "a command that is not in the image is a failure with a reason" not_there

has_restarts() {
	[ "$(status_of "$1" restarts)" -ge "$2" ]
}

restarts() {
	start web '"/bin/sh", "-c", "trap '"'exit 0'"' TERM; while :; do sleep 1000 & wait $!; done"' \
		'command = ["/bin/false"] interval = "10ms" retries = 1' "restart = \"$1\""
	await has_restarts web 2
	expect_same "$(events_of web | head -n 7)" "$(printf '%s\n' created started unhealthy died restarted unhealthy died)"
	[ "$1" = always ] || {
		await has_status web health unhealthy
		expect_same "$(status_of web restarts)" 2
		expect_same "$(status_of web state)" running
	}
	ctst stop --force
	wait
}
tap_case "an unhealthy container is ended and started again: always" restarts always
tap_case "an unhealthy container is ended and started again, as often as on-failure says" restarts on-failure:2

# What a process waits in, as the kernel shows it: the number of poll(2) and its third argument.
waits_for_ever() {
	grep -Eq '^7 0x[0-9a-f]+ 0x[0-9a-f]+ 0x(f*)ffffffff ' "/proc/$(supervisor_of "$1")/syscall"
}

quiet() {
	grep -q '^x86_64' <(uname -m) || skip "the number of poll(2) is another one here"
	echo 'COMPONENT web { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }' >stack.ctst
	ctst -q run -d stack.ctst
	cat "/proc/$(supervisor_of web)/syscall" >/dev/null 2>&1 || skip "/proc/PID/syscall cannot be read"
	await waits_for_ever web
}
tap_case "without a health check the supervisor waits without a limit" quiet

waits_for_long() {
	local wait

	wait=$(cut -d ' ' -f 1,4 "/proc/$(supervisor_of web)/syscall")
	[ "$wait" = "7 0x7fffffff" ]
}

months() {
	grep -q '^x86_64' <(uname -m) || skip "the number of poll(2) is another one here"
	start web '"/bin/sleep", "1000000"' 'command = ["/bin/true"] interval = "720h"'
	await has_status web health healthy
	cat "/proc/$(supervisor_of web)/syscall" >/dev/null 2>&1 || skip "/proc/PID/syscall cannot be read"
	await waits_for_long
	wait
}
tap_case "an interval of a month is waited for" months

# Its children have ended, and it has not collected them.
is_over() {
	! ps -o stat= --ppid "$1" | grep -qv Z
}

# All of it has happened when the supervisor looks again: the command has ended well, and the kernel has killed the probe for that.
ends_meanwhile() {
	local supervisor

	start job '"/bin/sh", "-c", "until [ -e /tmp/end ]; do sleep 0.01; done"' \
		'command = ["/bin/sleep", "1000000"] interval = "50ms" timeout = "1m" retries = 1' 'restart = "on-failure"'
	await has_status job state running
	supervisor=$(supervisor_of job)
	await pgrep -P "$supervisor" ctst-probe
	# The interval has to pass before a failure counts.
	sleep 0.1
	kill -STOP "$supervisor"
	ctst exec job /bin/sh -c 'echo >/tmp/end' || true
	await is_over "$supervisor"
	kill -CONT "$supervisor"
	wait
	await has_status job state stopped
	expect_same "$(status_of job exit_code) $(status_of job restarts)" "0 0"
	run events_of job
	refute_out unhealthy
}
tap_case "a probe that is cut off by the container's end says nothing of it" ends_meanwhile

tap_done
