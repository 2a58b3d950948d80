#!/usr/bin/env bash
# Limits of containers. The kernel that runs the tests may have no controllers to try them with, so a virtual machine does,
# as root and as an ordinary user with a cgroup of its own; what needs none is tried here.
# The kernel of the machine comes from outside.
[ -n "${CTST_TEST_NETWORK:-}" ] || "$(dirname "$0")/../vm/kernel" "${CTST_BUILD:-$(dirname "$0")/../../build}/vm" 2>/dev/null || true
. "$(dirname "$0")/lib.sh"

kernel=${CTST_BUILD:-$SOURCE_ROOT/build}/vm

no_controllers() {
	local mount
	mount=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
	[ -z "$mount" ] || ! grep -qw "$1" "$mount/cgroup.controllers"
}

says_what_cannot_be_enforced() {
	no_controllers pids || skip "this host has the controller"
	cat >containust.ctst <<'CTST'
COMPONENT job { image = "preset://busybox" pids = 10 command = ["/bin/true"] }
CTST
	run ctst run -d
	expect_status 1
	expect_err "error\[R002\]: component 'job': 'pids' cannot be enforced"
	expect_err "allow-unlimited"
	[ "$(ctst ps -a -o json | jq -r '.containers[0].state')" = failed ]
}

runs_unlimited_when_told_to() {
	no_controllers memory || skip "this host has the controller"
	cat >containust.ctst <<'CTST'
COMPONENT job { image = "preset://busybox" memory = "16MiB" cpu = "0.5" command = ["/bin/sleep", "1000"] }
CTST
	run ctst run -d --allow-unlimited
	expect_status 0
	expect_err "component 'job': 'memory', 'cpu': not enforced"
	[ "$(ctst ps -o json | jq -r '.containers[0].state')" = running ]
}

# The number of processes is limited everywhere, by the kernel's older means where the controller is missing.
a_fork_bomb_stops() {
	cat >containust.ctst <<'CTST'
COMPONENT bomb {
    image = "preset://busybox"
    command = ["/bin/sh", "-c", "i=0; while [ $i -lt 6000 ]; do sleep 1000 & i=$((i+1)); done; echo all; wait"]
}
COMPONENT other { image = "preset://busybox" command = ["/bin/sleep", "1000"] }
CTST
	ctst run -d
	# The shell gives up at the first fork that fails.
	timeout 60 ctst logs -f bomb >log 2>&1 || true
	grep -qi "can't fork" log
	if grep -q '^all' log; then fail "all were started"; fi
	[ "$(ctst ps -a -o json | jq -r '.containers[] | select(.name == "other").state')" = running ]
}

checks_numbers() {
	cat >containust.ctst <<'CTST'
COMPONENT job {
    image = "preset://busybox"
    pids = 0
    io_weight = 10001
}
CTST
	run ctst-parse
	expect_status 1
	expect_err "'pids' must be 1 to 4194304"
	expect_err "'io_weight' must be 1 to 10000"
	cat >containust.ctst <<'CTST'
COMPONENT job { image = "preset://busybox" pids = 100 io_weight = 50 }
CTST
	ctst-parse | ctst-image build | ctst-plan -o json |
		jq -e '.actions[0].container | .pids_max == 100 and .io_weight == 50' >/dev/null
}

tap_case "a number of processes that cannot be enforced is refused" says_what_cannot_be_enforced
tap_case "--allow-unlimited runs it and says so" runs_unlimited_when_told_to
tap_case "a fork bomb ends at 4096 processes" a_fork_bomb_stops
tap_case "pids and io_weight are checked and planned" checks_numbers

# ---- in the virtual machine: one boot, the cases of tests/vm/limits in it ----

prepare_guest() {
	local root=$1
	mkdir -p "$root$CTST_PREFIX" "$root/work"
	cp -a "$CTST_PREFIX/." "$root$CTST_PREFIX/"
	cat >"$root/work/containust.ctst" <<'CTST'
COMPONENT job { image = "preset://busybox" }
CTST
	(cd "$root/work" && ctst build >/dev/null && ctst image tag preset://busybox guest)
	cp "$SOURCE_ROOT/tests/vm/limits" "$root/test"
	mkdir -p "$root/etc"
	printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
	printf '%s\n' "$CTST_PREFIX" >"$root/etc/prefix"
}

in_guest() {
	is_static "$CTST_PREFIX/bin/ctst" || skip "the guest has no C library for programs that are linked dynamically"
	if [ "$(uname -m)" != x86_64 ]; then skip "the guest is x86-64"; fi
	command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86_64 is not installed"
	[ "$(id -u)" -eq 0 ] || skip "files of root are put on the guest's disk"
	"$SOURCE_ROOT/tests/vm/kernel" "$kernel" 2>reason || skip "no kernel for a guest: $(tail -n 1 reason)"
	prepare_guest "$CASE_DIR/root"
	TMPDIR=$CASE_DIR "$SOURCE_ROOT/tests/vm/guest" "$kernel" "$CASE_DIR/root" >"$tap_root/guest" || status=$?
	cat "$tap_root/guest"
	# Each of its cases is judged below.
	[ "${status:-0}" -lt 2 ]
}

one_of_guest() {
	[ -s "$tap_root/guest" ] || skip "the virtual machine did not run"
	grep -Fx -- "ok - $1" "$tap_root/guest" || {
		sed -n "/^not ok - $1/,/^\(ok\|not ok\) - /p" "$tap_root/guest"
		exit 1
	}
}

tap_case "a virtual machine tries the limits" in_guest
while IFS= read -r line; do
	tap_case "in the virtual machine: $line" one_of_guest "$line"
done < <(sed -n 's/^try "\([^"]*\)".*/\1/p' "$SOURCE_ROOT/tests/vm/limits")
tap_done
