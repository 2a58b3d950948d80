#!/usr/bin/env bash
# What a payload can see and do, told by a program that is run as one (tests/probe/), and how other runtimes fare.
. "$(dirname "$0")/lib.sh"

: "${CTST_BUILD:?where the probe is; tests/run sets it}"

# A running container 'box' that has the probe.
start_box() {
	mkdir -p rootfs/bin
	cp "$CTST_BUILD/tests/probe/probe" rootfs/bin/probe
	cp "$(command -v busybox)" rootfs/bin/busybox
	cat >box.ctst <<-COMPONENT
		COMPONENT box {
		    image = "file://./rootfs"
		    $*
		    command = ["/bin/busybox", "sleep", "1000000"]
		}
	COMPONENT
	run ctst run -d box.ctst
	expect_status 0
}

# The points that are open, one a line; the argument says what the answers are of.
open_points() {
	jq -r 'to_entries[] | select(.value | startswith("open")) | .key' "$1"
}

has_points() {
	[ "$(jq length "$1")" -gt 90 ] || fail "the probe has answered $(jq length "$1") points only"
}

everything_is_closed() {
	mkdir answers
	"$SOURCE_ROOT/tests/probe/table.sh" "$PWD/answers" >table
	has_points answers/ours.json
	expect_same "$(open_points answers/ours.json)" ""
	echo "$PWD/answers"
}

closed_and_no_less_than_others() {
	local name closed
	everything_is_closed
	for name in crun runc podman bubblewrap; do
		[ -e "answers/$name.json" ] || continue
		closed=$(jq -n -r --slurpfile ours answers/ours.json --slurpfile other "answers/$name.json" '
			$other[0] | to_entries[] | select(.value | startswith("closed")) | .key |
			select($ours[0][.] | startswith("open"))')
		expect_same "$closed" ""
		# The probe sees what is open: each of them leaves something so.
		[ "$(open_points "answers/$name.json" | wc -l)" -gt 10 ] || fail "$name: the probe finds nothing open"
	done
}
tap_case "nothing the probe tries is open, and nothing that another runtime closes" closed_and_no_less_than_others

# Of the columns whose programs are installed; another version of one may answer otherwise, but not to our disadvantage.
table_is_documented() {
	local documented points
	documented=$(sed -n '/^<!-- table/,/^<!-- end of table/p' "$SOURCE_ROOT/docs/security.md" | grep '^|')
	mkdir answers
	"$SOURCE_ROOT/tests/probe/table.sh" "$PWD/answers" >table
	points=$(awk -F'|' '{ print $2 "|" $3 }' table)
	expect_same "$(awk -F'|' '{ print $2 "|" $3 }' <<<"$documented")" "$points"
}
tap_case "docs/security.md has the table" table_is_documented

exec_is_as_closed() {
	start_box
	PROBE_OF_THE_CALLER=1 run ctst exec box /bin/probe $(for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done)
	expect_status 0
	has_points "$CASE_DIR/out"
	expect_same "$(open_points "$CASE_DIR/out")" ""
}
tap_case "a command of ctst exec is as closed" exec_is_as_closed

capabilities_widen() {
	start_box 'capabilities = ["SYS_PTRACE", "SYS_CHROOT", "SYS_NICE"]'
	run ctst exec box /bin/probe
	expect_status 0
	# Nothing but what the three are for; and to look into the container's processes, exec is not under Landlock.
	expect_same "$(open_points "$CASE_DIR/out" | grep -v ^capabilities | sort | tr '\n' ' ')" \
		"chroot kcmp make_whiteout migrate_pages pidfd_getfd process_madvise set_mempolicy "
}
tap_case "a kept capability opens what it is for and nothing else" capabilities_widen

tap_done
