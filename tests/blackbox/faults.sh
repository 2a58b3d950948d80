#!/usr/bin/env bash
# SIGKILL, and then an error, at the system calls of `ctst run -d`, one after the other and in each of its programs: the next
# command finds a valid state, nothing is left, and the run after that brings everything up.
#
# CTST_FAULTS=all takes every system call, which takes most of an hour, and CTST_FAULTS=7-12 some of them; without it a
# sample is taken, another one each time. SEED, printed with a failure, makes the choices the same again.
# CTST_FAULTS_TOOLS names the programs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/leftovers.bash"

budget=${CTST_FAULTS_SECONDS:-4} # for each program, when a sample is taken
errors=(ENOSPC EMFILE EIO EINTR ENOMEM)

# The tools, with one of them under strace: $fault says what becomes of it.
make_tools() {
	local tool=$1

	rm -rf lib
	mkdir lib
	ln -s "$CTST_LIBEXEC"/* lib/
	rm "lib/$tool"
	# With -f for what is a container's own: its init is part of the supervisor.
	cat >"lib/$tool" <<-END
		#!/bin/sh
		exec strace -qq $([ "$tool" != ctst-supervise ] || echo -f) -o "$PWD/trace.\$\$" \$CTST_FAULT "$CTST_LIBEXEC/$tool" "\$@"
	END
	chmod +x "lib/$tool"
}

# Sets $fault_status.
run_with_fault() {
	fault_status=0
	env "$mark" CTST_FAULT="$1" CONTAINUST_LIBEXEC="$PWD/lib" timeout --kill-after=5 60 "$CTST_PREFIX/bin/ctst" run -d \
		stack.ctst >fault.out 2>fault.err || fault_status=$?
	# 137 may be the fault itself, which ends what ran it.
	[ "$fault_status" -ne 124 ] || {
		cat fault.err
		fail "the run hangs"
	}
}

# Something to do in each round: both are replaced, or come anew.
prepare() {
	round=$((round + 1))
	sed -i "s/ROUND = \"[0-9]*\"/ROUND = \"$round\"/" stack.ctst
	[ $((round % 2)) -eq 0 ] || ctst rm --force db api >/dev/null 2>&1 || true
	# A changed image is imported; that is the business of some rounds.
	[ $((round % 5)) -ne 0 ] || echo $round >tree/round
}

check_round() {
	await pipeline_is_gone
	check_leftovers
	run ctst -q run -d stack.ctst
	expect_status 0
	run ctst ps -o json
	expect_same "$(jq -r '[.containers[] | .name + " " + .state] | join(" ")' "$CASE_DIR/out")" "db running api running"
	check_leftovers
	grep -q "^ROUND=$round\$" <(ctst exec api /busybox env) || fail "api is not the new one"
}

# Fills `calls`: each is the name of a system call and which of that name it is in its process. That is also how
# strace counts for its injections.
list_calls() {
	make_tools "$1"
	prepare
	rm -f trace.*
	run_with_fault "-e trace=all"
	[ "$fault_status" -eq 0 ] || {
		cat fault.err
		fail "a run under strace fails without any fault"
	}
	mapfile -t calls < <(
		for file in trace.*; do
			sed -nE "s/^([0-9]+ +)?([a-z0-9_]+)\\(.*/$file.\\1 \\2/p" "$file"
		done | awk '{ number = ++count[$1 " " $NF]; call = $NF " " number; if (!seen[call]++) print call }'
	)
}

make_stack() {
	mkdir tree
	cp "$(command -v busybox)" tree/busybox
	cat >stack.ctst <<-'END'
		COMPONENT db { image = "preset://busybox" command = ["/bin/sleep", "1000000"] env = { ROUND = "0" } healthcheck = { command = ["/bin/true"] interval = "50ms" retries = 20 } }
		COMPONENT api { image = "file://./tree" readonly = false command = ["/busybox", "sleep", "1000000"] env = { ROUND = "0" } }
		CONNECT api -> db
	END
	ctst -q run -d stack.ctst
}

one_round() { # TOOL INJECTION INDEX
	local call=${calls[$3]}

	echo "round $((round + 1)): $1 $2 at call $3, $call"
	# A call with an error is not made at all, but one close(2) that fails has closed all the same.
	[ "$2" = signal=KILL ] || [ "${call% *}" != close ] || return 0
	prepare
	rm -f trace.*
	run_with_fault "-e inject=${call% *}:$2:when=${call#* }"
	check_round
}

random_error() {
	error=error=${errors[RANDOM % ${#errors[@]}]}
}

all_faults() { # TOOL
	local index first=0 last=$((${#calls[@]} - 1))

	[ "$CTST_FAULTS" = all ] || first=${CTST_FAULTS%-*} last=${CTST_FAULTS#*-}
	for index in $(seq "$first" "$last"); do
		one_round "$1" signal=KILL "$index"
		random_error
		one_round "$1" "$error" "$index"
	done
}

some_faults() { # TOOL
	local end=$((SECONDS + budget))

	while :; do
		one_round "$1" signal=KILL $((RANDOM % ${#calls[@]}))
		random_error
		one_round "$1" "$error" $((RANDOM % ${#calls[@]}))
		[ "$SECONDS" -lt "$end" ] || break
	done
}

sweep() { # TOOL
	RANDOM=${SEED:=$$}
	echo "SEED=$SEED"
	round=0
	make_stack
	list_calls "$1"
	echo "$1: ${#calls[@]} system calls"
	[ "${#calls[@]}" -gt 10 ] || fail "nothing was traced"
	check_round
	if [ -n "${CTST_FAULTS:-}" ]; then
		all_faults "$1"
	else
		some_faults "$1"
	fi
	echo "$round rounds"
	run ctst stop --force
	expect_status 0
	expect_same "$(groups)" ""
}

command -v strace >/dev/null || {
	nothing() { skip "strace is not installed"; }
	tap_case "faults at system calls" nothing
	tap_done
}
for tool in ${CTST_FAULTS_TOOLS:-ctst-run ctst-parse ctst-image ctst-plan ctst-spawn ctst-supervise}; do
	tap_case "SIGKILL and errors at system calls of $tool" sweep "$tool"
done

tap_done
