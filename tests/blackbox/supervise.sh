#!/usr/bin/env bash
# What a supervisor does for its container: restarts, payloads that misbehave, secrets, and its own end.
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

has_restarts() {
	[ "$(status_of "$1" restarts)" -ge "$2" ]
}

supervisor_of() {
	sed 's/.*"supervisor":{"pid":\([0-9]*\).*/\1/' "$(directory_of "$1")/status.json"
}

init_of() {
	sed 's/.*"init":{"pid":\([0-9]*\).*/\1/' "$(directory_of "$1")/status.json"
}

events_of() {
	grep "\"name\":\"$1\"" .containust/state/events.ndjson
}

# component NAME SHELL [PROPERTY…] is added to stack.ctst, in front of it one that nothing may happen to.
component() {
	local name=$1 command=$2

	shift 2
	[ -e stack.ctst ] ||
		echo 'COMPONENT other { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }' >stack.ctst
	echo "COMPONENT $name { image = \"preset://busybox\" command = [\"/bin/sh\", \"-c\", \"$command\"] $* }" >>stack.ctst
}

expect_no_process() {
	[ -z "$(cat "$1/cgroup.procs")" ]
}

other_is_untouched() {
	expect_same "$(status_of other state) $(status_of other restarts)" "running 0"
}

exits_at_once() {
	component job 'exit 3' 'restart = "always"'
	run ctst run -d stack.ctst
	await has_restarts job 3
	expect_same "$(status_of job exit_code)" 3
	run ctst ps
	expect_out 'job .*restarting'
	# In the pause between two runs, too.
	run ctst stop job
	expect_status 0
	expect_same "$(status_of job state)" stopped
	events_of job | sed 's/.*"event":"\([a-z]*\)".*/\1/' >events
	# A restart that the stop has prevented is none.
	expect_same "$(status_of job restarts)" "$(grep -c restarted events)"
	expect_same "$(sed -n 2,6p events | paste -sd ' ')" "started died restarted died restarted"
	expect_same "$(tail -n 1 events)" stopped
	# 100 ms, 200 ms and so on: the times from an end to the next start.
	events_of job | sed -n 's/.*T[0-9:]*:\([0-9.]*\)Z","event":"\([a-z]*\)".*/\2 \1/p' |
		awk '$1 == "died" { end = $2 } $1 == "restarted" { pause = $2 - end; if (pause < 0) pause += 60; print pause }' >pauses
	awk 'BEGIN { least = 0.1 } $1 < least { exit 1 } { least *= 2 }' pauses || fail "the pauses are too short: $(cat pauses)"
	other_is_untouched
}
tap_case "what exits at once for ever is started again after longer and longer pauses" exits_at_once

counts_failures() {
	component job 'exit 3' 'restart = "on-failure:2"'
	component good 'exit 0' 'restart = "on-failure"'
	run ctst run -d stack.ctst
	await has_status job state failed
	expect_same "$(status_of job restarts) $(status_of job exit_code)" "2 3"
	await has_status good state stopped
	expect_same "$(status_of good restarts)" 0
	other_is_untouched
}
tap_case "on-failure:2 starts it twice again, and what ends well not at all" counts_failures

signals() {
	component job 'kill -TERM $$'
	component killed 'kill -KILL $$'
	run ctst run -d stack.ctst
	await has_status job state failed
	await has_status killed state failed
	expect_same "$(status_of job exit_code) $(status_of killed exit_code)" "143 137"
	run events_of killed
	expect_out '"event":"died".*"exit_code":137'
	refute_out 'oom_killed'
}
tap_case "a signal is told apart from an exit, and a kill from a lack of memory" signals

ignores_the_signal() {
	component job "trap '' TERM; while :; do sleep 1000; done"
	run ctst run -d stack.ctst
	await has_status job state running
	run ctst stop -t 1 job
	expect_status 0
	expect_same "$(status_of job state) $(status_of job exit_code)" "stopped 137"
	other_is_untouched
}
tap_case "what ignores its stop signal is killed when the time is over" ignores_the_signal

# Ten thousand processes take a while where others want the processors, too.
await_long() {
	for _ in 1 2 3 4; do
		! (await "$@") >/dev/null || return 0
	done
	fail "waited 80 seconds in vain for: $*"
}

has_said_done() {
	ctst logs job | grep -q 'done$'
}

orphans_are_reaped() {
	! ctst exec job /bin/sh -c 'cat /proc/[0-9]*/stat' | grep -q ') Z '
}

orphans() {
	component job 'i=0; while [ $i -lt 10000 ]; do (/bin/true &); i=$((i+1)); done; echo done; exec sleep 1000000'
	run ctst run -d stack.ctst
	await_long has_said_done
	await orphans_are_reaped
	run ctst stop --force job
	expect_status 0
	other_is_untouched
}
tap_case "10,000 orphans are collected" orphans

children() {
	component job 'i=0; while [ $i -lt 10000 ]; do sleep 1000000 & i=$((i+1)); done; echo no end; sleep 1000000'
	run ctst run -d stack.ctst
	# The limit that nobody asked for ends the shell, and its children with it.
	timeout 100 ctst logs -f job >log 2>&1
	has_status job state failed
	grep -qi "can't fork" log || fail "what it said: $(tail -n 3 log)"
	other_is_untouched
	run ctst run -d stack.ctst
	expect_status 0
	run ctst stop --force
	expect_status 0
	[ ! -e "/proc/$(init_of job)" ]
}
tap_case "a command with 10,000 children ends at its limit, and others go on" children

# The number of poll(2), and -1 as its time.
waits_for_ever() {
	grep -Eq '^7 0x[0-9a-f]+ 0x[0-9a-f]+ 0x(f*)ffffffff ' "/proc/$(supervisor_of "$1")/syscall"
}

closes_output() {
	component job 'exec >&- 2>&-; exec sleep 1000000'
	run ctst run -d stack.ctst
	expect_status 0
	[ "$(uname -m)" != x86_64 ] || ! cat "/proc/$(supervisor_of job)/syscall" >/dev/null 2>&1 ||
		await waits_for_ever job
	expect_same "$(status_of job state)" running
	run ctst stop job
	expect_status 0
}
tap_case "what closes its output runs on, and nobody turns in circles for it" closes_output

writes_for_ever() {
	component job 'while :; do echo yes; done'
	run ctst run -d stack.ctst
	expect_status 0
	run ctst exec job /bin/true
	expect_status 0
	run ctst stop -t 1 job
	expect_status 0
	expect_same "$(status_of job state)" stopped
	other_is_untouched
}
tap_case "what writes without end is stopped as quickly as anything else" writes_for_ever

fills_its_tmpfs() {
	component job 'head -c 1000000000 /dev/zero >/tmp/large; echo status $?; ls /'
	run ctst run -d stack.ctst
	await has_status job state stopped
	run ctst logs job
	expect_out '^status 1$'
	expect_out 'proc'
	other_is_untouched
}
tap_case "a full tmpfs is an error of the command's and nobody else's" fills_its_tmpfs

is_gone() {
	[ ! -e "/proc/$1" ]
}

supervisor_killed() {
	local init

	component job 'sleep 1000000' 'restart = "always"'
	run ctst run -d stack.ctst
	init=$(init_of job)
	kill -KILL "$(supervisor_of job)"
	await is_gone "$init"
	run ctst ps -a
	expect_out 'job .*failed \(137\)'
	run ctst exec job /bin/true
	expect_status 1
	expect_err 'R007.*job.*not running: it is failed'
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(status_of job state)" running
	other_is_untouched
}
tap_case "without its supervisor a container is ended and failed; ctst run starts it again" supervisor_killed

# Processes that no signal ends, as those that wait for a disk: a group that cannot be removed is what is seen of them.
cannot_be_ended() {
	local group

	component job 'sleep 1000000'
	run ctst run -d stack.ctst
	group=$(status_of job cgroup)
	[ -n "$group" ] || skip "containers have no cgroups here"
	mkdir "$group/inner"
	kill -KILL "$(supervisor_of job)"
	await expect_no_process "$group"
	run ctst ps -a
	expect_status 0
	expect_out 'job .*failed \(137\)'
	other_is_untouched
	run ctst stop job
	expect_status 1
	expect_err "R007.*'job' was killed, and its processes have not ended"
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R002.*component 'job': cannot remove the cgroup"
	other_is_untouched
	run ctst stop other
	expect_status 0
	rmdir "$group/inner"
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(status_of job state)" running
	[ ! -e "$group" ] || fail "the group is still there"
}
tap_case "processes that cannot be ended keep nobody else from anything" cannot_be_ended

# Whoever opens the file waits for as long as this lives, or for the kernel's patience of 45 seconds (fcntl(2), F_SETLEASE).
lease() {
	exec python3 - "$1" <<-'EOF2'
		import fcntl, os, signal, sys
		signal.signal(signal.SIGIO, signal.SIG_IGN)
		fcntl.fcntl(os.open(sys.argv[1], os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_WRLCK)
		open("leased", "w").close()
		signal.pause()
	EOF2
}

# As while a large image is copied into a new volume.
long_start() {
	mkdir -p image/bin image/data
	cp "$(command -v busybox)" image/bin/sleep
	echo text >image/data/file
	echo 'COMPONENT job { image = "file://./image" command = ["/bin/sleep", "1000000"] volume = "v:/data" }' >stack.ctst
	run ctst build stack.ctst
	lease "$(find .containust/layers -name file -type f)" &
	await test -e leased
	ctst run -d stack.ctst >run.out 2>&1 &
	await has_status job state created
	run ctst ps -a
	expect_out 'job .*created'
	# The run has the lock until the start is over.
	kill -INT $!
	run timeout 30 ctst stop
	expect_status 0
	expect_out '^job$'
	expect_same "$(status_of job state)" stopped
	expect_same "$(events_of job | tail -n 1 | sed 's/.*"event":"\([a-z]*\)".*/\1/')" stopped
	expect_same "$(cat run.out)" "ctst-spawn: waiting until 'job' has started
ctst-spawn: interrupted: what was started goes on, and 'ctst run' does the rest"
	kill %1
	wait
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(status_of job state)" running
}
tap_case "a start that takes long can be stopped" long_start

# What a machine that was switched off has left: files that name processes which are others by now.
rebooted() {
	local directory bystander

	component job 'sleep 1000000' 'restart = "always"'
	run ctst run -d stack.ctst
	directory=$(directory_of job)
	cp "$directory/status.json" before
	ctst stop --force
	sleep 1000000 &
	bystander=$!
	# The same pid with another start, and even with the same one.
	for start in 1 "$(cut -d ' ' -f 22 "/proc/$bystander/stat")"; do
		sed "s/\"pid\":[0-9]*,\"start_time\":[0-9]*/\"pid\":$bystander,\"start_time\":$start/g" before >"$directory/status.json"
		run ctst ps -a
		expect_out 'job .*failed \(137\)'
		run ctst stop --force job
		expect_status 0
		kill -0 "$bystander" || fail "a bystander was killed"
	done
	run ctst run -d stack.ctst
	expect_status 0
	kill -0 "$bystander" || fail "a bystander was killed"
	expect_same "$(status_of job state)" running
	kill "$bystander"
}
tap_case "after a reboot nothing runs, no process is mistaken for another, and ctst run starts all of it" rebooted

full_disk() {
	[ "$(id -u)" = 0 ] || skip "mounting a small file system needs root here"
	unshare --mount --propagation private bash -eu <<-'SCRIPT'
		mount -t tmpfs -o size=24m small .
		cd "$PWD"
		cat >stack.ctst <<-'EOF2'
			COMPONENT job { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
			COMPONENT again { image = "preset://busybox" command = ["/bin/sleep", "1000000"] restart = "always" }
		EOF2
		ctst -q run -d stack.ctst
		head -c 100000000 /dev/zero >fill 2>/dev/null || true
		for name in job again; do
			ctst exec "$name" /bin/sh -c 'kill -9 -1' >/dev/null 2>&1 || true
		done
		tries=0
		until grep -q '"state":"failed","exit_code":137\|"state":"failed".*"exit_code":137' .containust/containers/*/status.json &&
			grep -q '"state":"running".*"restarts":1' .containust/containers/*/status.json; do
			tries=$((tries + 1))
			[ $tries -lt 400 ] || { cat .containust/containers/*/status.json; df .; exit 1; }
			sleep 0.05
		done
		ctst ps -a
		rm fill
		ctst stop --force
	SCRIPT
}
tap_case "a full disk: what is true is written all the same, and restarts go on" full_disk

value=hush-$$-$RANDOM-hush

# Whether any page of the process holds the value.
memory_holds() {
	python3 - "$1" "$value" <<-'EOF2'
		import sys
		pid, value = sys.argv[1], sys.argv[2].encode()
		with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
		    for line in maps:
		        begin, end = (int(part, 16) for part in line.split()[0].split("-"))
		        if " r" not in line.split("-", 1)[1][:20] or "[v" in line:
		            continue
		        try:
		            memory.seek(begin)
		            if value in memory.read(end - begin):
		                print(line)
		                sys.exit(0)
		        except OSError:
		            pass
		sys.exit(1)
	EOF2
}

is_restarted() {
	has_status job restarts "$1" && has_status job state running
}

secrets() {
	local supervisor init

	component job 'exec sleep 1000000' 'restart = "always" env = { WORD = "${secret.word}" PLAIN = "plain" }' \
		'healthcheck = { command = ["/bin/true"] interval = "50ms" }'
	run env CONTAINUST_SECRET_WORD="$value" ctst run -d stack.ctst
	expect_status 0
	supervisor=$(supervisor_of job)
	run ctst exec job /bin/sh -c 'echo $WORD'
	expect_out "^$value$"
	! grep -rqF "$value" .containust || fail "it is in a file: $(grep -rlF "$value" .containust)"
	run ctst plan -o json stack.ctst
	refute_out "$value"
	! tr '\0' '\n' <"/proc/$supervisor/environ" | grep -qF "$value" || fail "it is in the supervisor's environment"
	# Where it has to be it is found in this way.
	init=$(init_of job)
	memory_holds "$(tr -d ' ' <"/proc/$init/task/$init/children")" || fail "it is not in the memory of the command"
	! memory_holds "$supervisor" || fail "it is in the supervisor's memory"
	! memory_holds "$init" || fail "it is in the memory of init"
	# Not by a pipe: the arguments of grep itself would be among them.
	cat /proc/[0-9]*/cmdline >arguments 2>/dev/null || true
	! grep -qaF "$value" arguments || fail "it is in somebody's arguments"
	# A restart finds it without being told again.
	ctst exec job /bin/sh -c 'kill -9 -1' || true
	await is_restarted 1
	run ctst exec job /bin/sh -c 'echo $WORD'
	expect_out "^$value$"
	expect_same "$(supervisor_of job)" "$supervisor"
	! memory_holds "$supervisor" || fail "it is in the supervisor's memory after a restart"
}
tap_case "a secret is in the container's environment and in sealed memory, and nowhere else" secrets

rotation() {
	local before

	component job 'exec sleep 1000000' 'env = { WORD = "x ${secret.word} y" }'
	export CONTAINUST_SECRET_WORD=first
	run ctst run -d stack.ctst
	expect_status 0
	before=$(supervisor_of job)
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(supervisor_of job)" "$before"
	# Whoever does not know it changes nothing.
	run env -u CONTAINUST_SECRET_WORD ctst run -d stack.ctst
	expect_status 0
	expect_same "$(supervisor_of job)" "$before"
	export CONTAINUST_SECRET_WORD=second
	run ctst run -d stack.ctst
	expect_status 0
	[ "$(supervisor_of job)" != "$before" ] || fail "it was not replaced"
	run ctst exec job /bin/sh -c 'echo "$WORD"'
	expect_out '^x second y$'
	other_is_untouched
	expect_same "$(ls .containust/containers | wc -l)" 2
}
tap_case "a secret with another value replaces the containers that have it" rotation

tap_done
