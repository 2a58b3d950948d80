#!/usr/bin/env bash
# What ctst ps shows of containers: who they are, what they do, what they use.
. "$(dirname "$0")/lib.sh"

# component NAME COMMAND [PROPERTIES]
component() {
	echo "COMPONENT $1 { image = \"preset://busybox\" command = [\"/bin/sh\", \"-c\", \"$2\"] ${3:-} }"
}

up() {
	run ctst run -d stack.ctst
	expect_status 0
}

# A container that is only its files, so that it can be in any state: pretend NAME STATUS-MEMBERS. With $held its lock is
# held as by a supervisor, for as long as the case lasts.
pretend() {
	local id directory=$PWD/.containust/containers entries=()

	id=$(cat /proc/sys/kernel/random/uuid)
	mkdir -p .containust/state "$directory/$id"
	[ ! -e entries ] || mapfile -t entries <entries
	entries+=("{\"id\":\"$id\",\"name\":\"$1\",\"created_at\":\"2026-01-02T03:04:05.000000000Z\",\"image\":\"i\",\"config_digest\":\"d\",\"network\":\"none\",\"ports\":\"${ports:-}\",\"directory\":\"/\"}")
	printf '%s\n' "${entries[@]}" >entries
	echo "{\"format\":\"ctst.state/1\",\"lineage\":\"$id\",\"serial\":1,\"containers\":[$(paste -sd, entries)]}" \
		>.containust/state/state.json
	echo "{\"format\":\"ctst.status/1\",$2,\"restarts\":${restarts:-0}}" >"$directory/$id/status.json"
	# One process, which the end of the case finds.
	if [ -n "${held:-}" ]; then
		flock --no-fork "$directory/$id" sleep 1000000 &
		await not_free "$directory/$id"
	fi
	rm -f free
}

not_free() {
	! flock -n "$1" true
}

# on_terminal COLUMNS COMMAND…: its output there
on_terminal() {
	python3 - "$@" <<-'EOF'
		import fcntl, os, pty, struct, sys, termios
		pid, terminal = pty.fork()
		if pid == 0:
		    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
		    os.execvp(sys.argv[2], sys.argv[2:])
		shown = b""
		while True:
		    try:
		        part = os.read(terminal, 65536)
		    except OSError:
		        break
		    if not part:
		        break
		    shown += part
		os.write(1, shown.replace(b"\r\n", b"\n"))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	EOF
}

all_columns() {
	{
		component web 'while :; do sleep 1000000; done' 'ports = [80, 443]'
		component a-name-that-is-longer 'exit 3'
	} >stack.ctst
	run ctst run -d stack.ctst
	await bash -c "ctst ps -a | grep -q 'failed (3)'"
	run ctst ps
	expect_lines out 2
	expect_out '^CONTAINER ID  NAME  STATE    HEALTH  CPU% +MEM USAGE +NET I/O .*PORTS   RESTARTS  UPTIME$'
	expect_out '^[0-9a-f-]{12}  web   running  -  +[0-9.]+%  [0-9.]+ [KM]iB +[-0-9].* 80,443  0 +[0-9]+s$'
	run ctst ps -a
	expect_lines out 3
	expect_out ' NAME                   STATE '
	expect_out ' a-name-that-is-longer  failed \(3\)  -  +-  +-  .*-$'
}
tap_case "the table has all columns, as wide as what is in them" all_columns

document() {
	component web 'while :; do sleep 1000000; done' 'port = 80' >stack.ctst
	up
	# What has only just been executed has no memory yet.
	await bash -c "ctst ps -o json | jq -e '.containers[0].memory.bytes > 10000'"
	ctst ps -o json >ps.json
	jq -e '.format == "ctst.ps/1" and (.containers | length == 1) and (.containers[0] |
		.name == "web" and .state == "running" and .ports == [80] and .published == [] and .restarts == 0 and
		.cpu.percent >= 0 and .cpu.interval_ms >= 0 and (.cpu.total_us > 0 or .cpu.source == "processes") and (.cpu.source | test("^(cgroup|processes)$")) and
		.memory.bytes > 10000 and (.memory.source | test("^(cgroup|processes)$")) and (.pid > 0) and (.started_at | test("Z$")))' \
		ps.json >/dev/null || {
		cat ps.json
		fail "something is missing"
	}
	# The real thing: who has the pid is the parent of the command.
	pgrep -P "$(jq '.containers[0].pid' ps.json)" >/dev/null
}
tap_case "the document has everything, with its source and interval" document

processor_time() {
	{
		component busy 'while :; do :; done'
		component idle 'sleep 1000000'
	} >stack.ctst
	up
	ctst ps -o json >before.json
	ctst ps --interval 400 -o json >ps.json
	# How much processor there was to be had on this host at this time is not known, so it is compared with itself.
	jq -e --slurpfile before before.json '
		def cpu: [.containers[] | {(.name): .cpu}] | add; def spent: .percent * .interval_ms * 10;
		($before[0] | cpu) as $before | cpu | (.busy.interval_ms | . >= 400 and . < 30000) and
		(.busy | spent) > 0 and (.busy | spent) <= (.busy.total_us - $before.busy.total_us) * 1.01 + 100 and
		(.busy | spent) > (.idle | spent) and (.idle | spent) < 40000' ps.json >/dev/null || {
		cat before.json ps.json
		fail "not what they use"
	}
	# Without an interval it is the time since the start.
	jq -e '.containers[0].cpu | .percent * .interval_ms * 10 - .total_us | fabs < 20000' before.json >/dev/null
	for wrong in 0 -1 x 60001; do
		run ctst ps --interval "$wrong"
		expect_status 2
	done
}
tap_case "CPU% is over the interval that is asked for, or since the start" processor_time

chosen_ones() {
	restarts=0 held=1 pretend one '"state":"running","health":"healthy","supervisor":{"pid":1,"start_time":1}'
	held=1 pretend two '"state":"running","health":"unhealthy"'
	held=1 pretend three '"state":"restarting"'
	pretend four '"state":"stopped","exit_code":0'
	pretend five '"state":"failed","exit_code":9'
	shown() {
		ctst ps --no-trunc "$@" | awk 'NR > 1 { print $2 }' | tr '\n' ' '
	}
	expect_same "$(shown)" 'one two three '
	expect_same "$(shown -a)" 'one two three four five '
	expect_same "$(shown --filter state=failed)" 'five '
	expect_same "$(shown --filter state=failed --filter state=restarting)" 'three five '
	expect_same "$(shown --filter health=unhealthy)" 'two '
	expect_same "$(shown --filter health=none)" 'three '
	expect_same "$(shown --filter name=one --filter name=three)" 'one three '
	expect_same "$(shown --filter name=four)" ''
	expect_same "$(shown -a --filter name=four)" 'four '
	expect_same "$(shown --filter name=one --filter health=unhealthy)" ''
	id=$(ctst ps -q --filter name=two)
	[[ $id =~ ^[0-9a-f-]{36}$ ]]
	expect_same "$(shown --filter "name=${id:0:8}")" 'two '
	expect_same "$(ctst ps -q -a | wc -l)" 5
	expect_same "$(ctst ps --no-trunc --filter name=two | awk 'NR == 2 { print $1 }')" "$id"
	for wrong in state=dead health=ill name= label=x state; do
		run ctst ps --filter "$wrong"
		expect_status 2
	done
}
tap_case "filters, ids" chosen_ones

terminal_width() {
	held=1 ports=127.0.0.1:8080-\>80/tcp,127.0.0.1:8443-\>443/tcp pretend a-rather-long-name-of-a-component \
		'"state":"running","health":"unhealthy"'
	expect_same "$(on_terminal 300 ctst-ps | sed -e $'s/\033[^m]*m//g')" "$(ctst ps)"
	for columns in 130 110 90 80 60 40; do
		on_terminal "$columns" ctst-ps | sed -e $'s/\033[^m]*m//g' >shown
		[ "$(wc -l <shown)" -eq 2 ]
		[ "$(wc -L <shown)" -le "$columns" ] || {
			cat shown
			fail "wider than $columns"
		}
		grep -q 'a-rather-long-..' shown
		grep -q running shown
	done
	on_terminal 80 ctst-ps --no-trunc >shown
	grep -q '8443->443/tcp' shown
	on_terminal 80 ctst-ps | grep -q $'\033\\[31munhealthy\033\\[0m'
	NO_COLOR=1 on_terminal 80 ctst-ps >shown
	! grep -q $'\033' shown
	! ctst-ps | grep -q $'\033'
}
tap_case "a terminal's width is respected, health has a colour, NO_COLOR is heard" terminal_width

many() {
	for i in $(seq 66); do
		component "c$i" 'while :; do sleep 1000000; done'
	done >stack.ctst
	up
	await bash -c "ctst ps -o json | jq -e '[.containers[] | select(.memory.bytes > 10000)] | length == 66'"
	ctst ps -o json >ps.json
	expect_same "$(jq '[.containers[] | select(.state == "running" and .memory.bytes > 10000 and .cpu.total_us >= 0)] | length' ps.json)" 66
	expect_same "$(jq -r '.containers[].name' ps.json)" "$(seq -f 'c%g' 66)"
	# What dies is seen, and its cgroup is cleared away by the same look.
	cgroup=$(jq -r '.containers[6].cgroup // empty' ps.json)
	kill -KILL "$(jq '.containers[6].supervisor_pid' ps.json)"
	await not_alive
	ctst ps -a --filter name=c7 | grep -q 'failed (137)'
	expect_same "$(ctst ps -q | wc -l)" 65
	[ -z "$cgroup" ] || [ ! -e "$cgroup" ]
	# Status that cannot be read is an error of the one who asks for it.
	echo '{' >".containust/containers/$(jq -r '.containers[7].id' ps.json)/status.json"
	run ctst ps
	expect_status 1
	expect_err 'S001.*damaged'
	[ -e "/proc/$(jq '.containers[7].pid' ps.json)" ] || fail "and it was killed"
	run ctst ps --filter name=c9
	expect_status 0
	expect_lines out 2
	# Nor does it keep the others from being stopped, and with force it is itself.
	run ctst stop -t 0 c9 c8
	[ ! -e "/proc/$(jq '.containers[8].pid' ps.json)" ]
	if [ -n "$cgroup" ]; then
		expect_status 0
	else
		expect_status 1
		expect_err "R007.*'c8'"
		expect_err 'hint: .*pgrep -f'
		pgrep -f "$(jq -r '.containers[7].id' ps.json)" >shown
		grep -qx "$(jq '.containers[7].supervisor_pid' ps.json)" shown
		kill -KILL "$(jq '.containers[7].supervisor_pid' ps.json)"
	fi
	await sh -c "[ ! -e /proc/$(jq '.containers[7].pid' ps.json) ]"
}
not_alive() {
	ctst ps -a -o json | jq -e '.containers[6].state == "failed"'
}
tap_case "many containers at once, some of them dead or damaged" many

older_index() {
	component web 'sleep 1000000' 'ports = [80, 443]' >stack.ctst
	up
	ctst ps >before
	jq -c 'del(.containers[].ports, .containers[].network)' .containust/state/state.json >state.json
	cp state.json .containust/state/state.json
	run ctst ps
	expect_status 0
	expect_out ' 80,443 '
	# Recovered, it has them again.
	echo damaged >.containust/state/state.json
	run ctst ps --recover
	expect_status 0
	expect_same "$(jq -r '.containers[0] | .ports, .network' .containust/state/state.json)" $'80,443\nbridge'
}
tap_case "an index that an older version has written will do" older_index

full_disk() {
	held=1 pretend one '"state":"running"'
	for how in '' '-q' '-o json'; do
		run bash -c "ctst ps $how >/dev/full"
		expect_status 1
	done
}
tap_case "a full disk under the output is noticed" full_disk

between_runs() {
	component web 'exit 1' 'restart = "always"' >stack.ctst
	up
	[ "$(ctst ps -o json | jq '.containers[0] | has("cgroup")')" = true ] || skip "no cgroup"
	restarting() { ctst ps -o json | jq -e '.containers[0] | .state == "restarting" and .cpu.total_us > 0 and (has("memory") | not)'; }
	await restarting
	# An interval that ends or begins there has its share.
	known() { ctst ps -o json --interval 50 | jq -e '.containers[0] | .restarts > 1 and .cpu.percent >= 0'; }
	await known
}
tap_case "processor time is counted over restarts" between_runs

tap_done
