#!/usr/bin/env bash
# time limit: 300
# SIGKILL of any of the processes at random moments: what the next command leaves.
#
# CTST_KILLS says how many times (200). The moments are random on purpose; SEED,
# printed with a failure, makes the choices the same again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/leftovers.bash"

kills=${CTST_KILLS:-200}

# A pause of some milliseconds, without a process: nobody ever writes to descriptor 9.
pause() {
	read -r -t "0.0$(printf '%02d' $((RANDOM % 15)))" -u 9 || true
}

one_of() {
	[ $# -eq 0 ] || eval "echo \${$((RANDOM % $# + 1))}"
}

survives() {
	local i victim

	RANDOM=${SEED:=$$}
	exec 9<> <(:)
	echo "SEED=$SEED"
	cat >stack.ctst <<-'EOF'
		COMPONENT db { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
		COMPONENT api { image = "preset://busybox" readonly = false env = { ROUND = "${env.ROUND}" } command = ["/bin/sleep", "1000000"] }
		COMPONENT job { image = "file://./tree" command = ["/true"] }
		CONNECT api -> db
	EOF
	# An image that changes every time is imported every time; a static program of 20 KB keeps that small. With
	# sanitizers it is not static, and the large one must do.
	mkdir tree
	cp "$CTST_BUILD/tests/bench/bench-true" tree/true
	is_static tree/true || cp "$(command -v busybox)" tree/true
	ctst build stack.ctst >/dev/null
	for i in $(seq "$kills"); do
		# Something to do each time: another configuration, or a stop before.
		if [ $((RANDOM % 3)) -eq 0 ]; then
			env "$mark" ctst stop --force >/dev/null &
		else
			echo "$i" >tree/round
			sed -i "s/ROUND = .*/ROUND = \"$i\" } command = [\"\/bin\/sleep\", \"1000000\"] }/" stack.ctst
			env "$mark" ctst run -d stack.ctst >/dev/null 2>run.err &
		fi
		[ $((RANDOM % 2)) -eq 0 ] || pause
		# shellcheck disable=SC2046 # lists of pids
		victim=$(one_of $(tools; members))
		[ -z "$victim" ] || echo "round $i: kills $(command_of "$victim")"
		[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null || true
		wait || true
		await pipeline_is_gone
		check_leftovers
	done
	run ctst run -d stack.ctst
	expect_status 0
	run ctst ps
	expect_out 'db .*running'
	expect_out 'api .*running'
	run ctst stop --force
	expect_status 0
	expect_same "$(groups)" ""
}
tap_case "SIGKILL at random moments, $kills times: nothing is left and the state is valid" survives

tap_done
