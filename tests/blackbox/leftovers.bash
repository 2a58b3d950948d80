# shellcheck shell=bash
# What commands that were killed may not leave behind, for tests that kill them; behind lib.sh.
#
# Every process of the tools carries `$mark` in its environment, a container's init included, when they are started
# with `env "$mark" ctst …`; the commands in containers do not, and are found in the cgroups of the project.

mark=CTST_LEFTOVERS_TEST=$$-$RANDOM

tools() {
	{ grep -lzF "$mark" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d/ -f3
}

# Of all containers that this project has ever had.
groups() {
	local mount id

	mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	for id in $( (ls .containust/containers 2>/dev/null && jq -r .id .containust/state/events.ndjson 2>/dev/null) | sort -u); do
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

command_of() {
	{ tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true
}

# The stages that were not killed must end by themselves.
pipeline_is_gone() {
	local pid

	for pid in $(tools); do
		case $(command_of "$pid") in
			*ctst-supervise* | *ctst-init* | *ctst-probe* | '') ;;
			*) return 1 ;;
		esac
	done
}

# A supervisor of a container that is in the list, or a process that one has made: an init, a probe.
is_known() {
	local pid=$1 command id

	command=$(command_of "$pid")
	while [[ $command == *ctst-init* || $command == *ctst-probe* ]]; do
		pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
		command=$(command_of "$pid")
	done
	case $command in
		*ctst-supervise*) ;;
		'') return 0 ;; # has ended meanwhile
		*) return 1 ;;
	esac
	id=${command##*/}
	[ -z "$id" ] || grep -q "\"id\": \"${id%% *}\"" after.json
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
