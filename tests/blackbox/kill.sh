#!/usr/bin/env bash
# SIGKILL of any of the processes at random moments: what the next command leaves.
#
# CTST_KILLS says how many times (200). The moments are random on purpose; SEED,
# printed with a failure, makes the choices the same again.
. "$(dirname "$0")/lib.sh"

kills=${CTST_KILLS:-200}

# Every process of the tools carries this in its environment, a container's init included; the
# commands in containers do not, and are found in the cgroups of the project's containers.
mark=CTST_KILL_TEST=$$-$RANDOM

tools() {
	{ grep -lzF "$mark" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d/ -f3
}

groups() {
	local mount id

	mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	for id in $(ls .containust/containers 2>/dev/null); do
		compgen -G "$mount/containust-$id-*" || true
	done
	return 0
}

members() {
	local group

	for group in $(groups); do
		cat "$group/cgroup.procs" 2>/dev/null || true
	done
}

# A pause of some milliseconds, without a process: nobody ever writes to descriptor 9.
pause() {
	read -r -t "0.0$(printf '%02d' $((RANDOM % 15)))" -u 9 || true
}

one_of() {
	[ $# -eq 0 ] || eval "echo \${$((RANDOM % $# + 1))}"
}

command_of() {
	{ tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true
}

# The stages that were not killed must end by themselves.
pipeline_is_gone() {
	local pid

	for pid in $(tools); do
		case $(command_of "$pid") in
			*ctst-supervise* | *ctst-init* | '') ;;
			*) return 1 ;;
		esac
	done
}

# A supervisor of a container that is in the list, or the init of such a one.
is_known() {
	local pid=$1 command id

	command=$(command_of "$pid")
	case $command in
		*ctst-supervise*) ;;
		*ctst-init*) command=$(command_of "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)") ;;
		'') return 0 ;; # has ended meanwhile
		*) return 1 ;;
	esac
	id=${command##*/}
	[ -z "$id" ] || grep -q "\"id\": \"${id% }\"" after.json
}

# The work directory of an overlay cannot be entered by an ordinary user.
nothing_half_written() {
	[ -z "$(find .containust -path '*/writable/work' -prune -o \
		\( -name '.*.new' -o -name '.staging*' -o -name '*.tmp' -o -name '.removed-*' \) -print)" ]
}

check_leftovers() {
	local pid expected group id

	ctst ps -a -o json >after.json || fail "ctst ps failed"
	# The state is what ps could read; nothing half-written stays beside it. A living supervisor
	# may be writing just now, so this is awaited; what the dead have left would stay.
	await nothing_half_written
	expected=$(grep -c '"id":' after.json || true)
	[ "$(ls .containust/containers | wc -l)" -eq "$expected" ] || fail "directories: $(ls .containust/containers), index: $(cat after.json)"
	for pid in $(tools); do
		is_known "$pid" || fail "process $pid is left: $(command_of "$pid")"
	done
	for group in $(groups); do
		id=${group##*containust-}
		grep -q "\"id\": \"${id%-*}\"" after.json || fail "cgroup $group is left"
	done
	! grep -q "$PWD" /proc/self/mountinfo || fail "a mount is left"
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
	! ldd tree/true >/dev/null 2>&1 || cp "$(command -v busybox)" tree/true
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
