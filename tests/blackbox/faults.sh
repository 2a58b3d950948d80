#!/usr/bin/env bash
# SIGKILL, and then an error, at the system calls of `ctst run -d`, one after the other and in each of its programs: the next
# command finds a valid state, nothing is left, and the run after that brings everything up.
#
# CTST_FAULTS=all takes every system call, which takes most of an hour; without it a sample is taken, another one each
# time. SEED, printed with a failure, makes the choices the same again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/leftovers.bash"

budget=${CTST_FAULTS_SECONDS:-5} # for each program, of a sample
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
		exec strace -qq $([ "$tool" != ctst-supervise ] || echo -f) -o "$PWD/trace" \$CTST_FAULT "$CTST_LIBEXEC/$tool" "\$@"
	END
	chmod +x "lib/$tool"
}

run_with_fault() {
	local status=0

	env "$mark" CTST_FAULT="$1" CONTAINUST_LIBEXEC="$PWD/lib" timeout --kill-after=5 60 "$CTST_PREFIX/bin/ctst" run -d \
		stack.ctst >fault.out 2>fault.err || status=$?
	# 137 may be the fault itself, which ends what ran it.
	[ "$status" -ne 124 ] || {
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

one_fault() { # TOOL INJECTION
	prepare
	run_with_fault "-e inject=all:$2"
	check_round
}

# Sets $calls, the most of one process: strace counts the calls of each process by itself.
count_calls() {
	make_tools "$1"
	prepare
	run_with_fault "-e trace=all"
	[ ! -s fault.err ] || grep -q warning fault.err || {
		cat fault.err
		fail "a run under strace fails without any fault"
	}
	calls=$(awk '/^[0-9]+ +[a-z]/ { calls[$1]++; next } { single++ } END { most = single; for (pid in calls) if (calls[pid] > most) most = calls[pid]; print most }' trace)
}

sweep() { # TOOL KIND
	local tool=$1 kind=$2 begin=$SECONDS calls number injection at=1 rounds=0

	RANDOM=${SEED:=$$}
	echo "SEED=$SEED"
	round=0
	mkdir tree
	cp "$(command -v busybox)" tree/busybox
	cat >stack.ctst <<-'END'
		COMPONENT db { image = "preset://busybox" command = ["/bin/sleep", "1000000"] env = { ROUND = "0" } healthcheck = { command = ["/bin/true"] interval = "50ms" retries = 20 } }
		COMPONENT api { image = "file://./tree" readonly = false command = ["/busybox", "sleep", "1000000"] env = { ROUND = "0" } }
		CONNECT api -> db
	END
	ctst -q run -d stack.ctst
	count_calls "$tool"
	echo "$tool: $calls system calls"
	[ "$calls" -gt 10 ] || fail "nothing was traced: $(cat trace)"
	check_round
	while :; do
		if [ "${CTST_FAULTS:-}" = all ]; then
			number=$((at++))
			[ "$number" -le $((calls + 3)) ] || break
		else
			number=$((RANDOM % calls + 1))
			[ $((SECONDS - begin)) -lt "$budget" ] || break
		fi
		injection=signal=KILL
		[ "$kind" = kill ] || injection=error=${errors[RANDOM % ${#errors[@]}]}
		echo "round $((round + 1)): $tool $injection at call $number"
		one_fault "$tool" "$injection:when=$number"
		rounds=$((rounds + 1))
	done
	echo "$rounds rounds"
	run ctst stop --force
	expect_status 0
	expect_same "$(groups)" ""
	[ "$rounds" -gt 0 ]
}

command -v strace >/dev/null || {
	nothing() { skip "strace is not installed"; }
	tap_case "faults at system calls" nothing
	tap_done
}
for tool in ${CTST_FAULTS_TOOLS:-ctst-run ctst-parse ctst-image ctst-plan ctst-spawn ctst-supervise}; do
	tap_case "SIGKILL of $tool at its system calls" sweep "$tool" kill
	tap_case "errors of system calls of $tool" sweep "$tool" error
done

tap_done
