#!/usr/bin/env bash
# Many commands on one project at the same time: each does what it says or says why not, and nothing is lost.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/leftovers.bash"

count=${CTST_COMMANDS:-200}

names=(a b c d e f)

write_stack() { # VALUE
	local name

	for name in "${names[@]}"; do
		echo "COMPONENT $name { image = \"preset://busybox\" command = [\"/bin/sh\", \"-c\", \"echo says $name; exec sleep 1000000\"] env = { VALUE = \"$1\" } }"
	done
	echo "CONNECT b -> a CONNECT c -> b CONNECT d -> a"
}

# command NUMBER: one of all kinds, with its output and status in files of its own.
command() {
	local name=${names[RANDOM % ${#names[@]}]} status=0

	case $(($1 % 8)) in
		0) set -- "$1" run -d stack.ctst ;;
		1) set -- "$1" run -d --rollback other.ctst ;;
		2) set -- "$1" ps -a -o json ;;
		3) set -- "$1" stop "$name" ;;
		4) set -- "$1" rm --force "$name" ;;
		5) set -- "$1" exec "$name" /bin/echo hello ;;
		6) set -- "$1" logs "$name" ;;
		7) set -- "$1" plan -o json stack.ctst ;;
	esac
	echo "${*:2}" >"c$1.command"
	env "$mark" timeout 100 ctst "${@:2}" >"c$1.out" 2>"c$1.err" || status=$?
	echo "$status" >"c$1.status"
}

# What a command may say when another one was faster.
may_fail() {
	case $1 in
		run*) grep -Eq 'error\[(P002|S002|R014)\]' "$2" ;;
		stop* | rm* | logs*) grep -Eq 'error\[(R005|S002)\]' "$2" ;;
		# It may die at any moment between being found and being entered.
		exec*) grep -Eq 'error\[(R002|R005|R007|R008)\]' "$2" ;;
		*) false ;;
	esac
}

check_command() {
	local command status

	command=$(cat "$1.command") status=$(cat "$1.status")
	case $command in
		ps* | plan*) jq -e .format "$1.out" >/dev/null || fail "$command: $(cat "$1.out")" ;;
		exec*) [ "$status" -ne 0 ] || [ "$(cat "$1.out")" = hello ] || fail "$command: $(cat "$1.out")" ;;
	esac
	# A command in a container that is stopped is killed with it.
	[[ $command != exec* ]] || [ "$status" -ne 137 ] || return 0
	[ "$status" -eq 0 ] || may_fail "$command" "$1.err" || fail "$command: status $status: $(cat "$1.err")"
}

storm() {
	local number pids=()

	RANDOM=${SEED:=$$}
	echo "SEED=$SEED"
	write_stack 1 >stack.ctst
	write_stack 2 >other.ctst
	env "$mark" ctst -q run -d stack.ctst
	for number in $(seq "$count"); do
		command "$number" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for number in $(seq "$count"); do
		check_command "c$number"
	done
	# Not all gave way to one.
	[ "$(grep -lx 0 c*.status | wc -l)" -gt $((count / 5)) ] || fail "most of them failed: $(cat c*.err)"
	pipeline_is_gone || fail "something still works: $(tools)"
	check_leftovers
	run ctst -q run -d stack.ctst
	expect_status 0
	run ctst ps -o json
	expect_same "$(jq -r '[.containers[] | select(.state == "running") | .name] | sort | join("")' "$CASE_DIR/out")" abcdef
	for name in "${names[@]}"; do
		ctst exec "$name" env | grep -q '^VALUE=1$'
		logged() { ctst logs "$name" | grep -qx "says $name"; }
		await logged
	done
	check_leftovers
	run ctst stop --force
	expect_status 0
	expect_same "$(groups)" ""
}
tap_case "$count commands at once: none is lost, and nothing they had to do" storm

# The same file, many times: one of them does it, the others find it done.
same_run() {
	local number pids=()

	write_stack 1 >stack.ctst
	ctst build stack.ctst >/dev/null 2>&1
	for number in $(seq 40); do
		ctst -q run -d stack.ctst >"c$number.out" 2>&1 &
		pids+=($!)
	done
	for number in $(seq 40); do
		wait "${pids[number - 1]}" || fail "status $?: $(cat "c$number.out")"
	done
	expect_same "$(jq -r .event .containust/state/events.ndjson | grep -c created)" 6
	expect_same "$(ls .containust/containers | wc -l)" 6
}
tap_case "forty runs of one file at once start everything once" same_run

tap_done
