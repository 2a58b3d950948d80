#!/usr/bin/env bash
# time limit: 400
# The same tests once more as an ordinary user, when this is run by root: a user of no
# account, with nothing but a directory of its own.
. "$(dirname "$0")/lib.sh"

user=61234

as_user() {
	setpriv --reuid="$user" --regid="$user" --clear-groups -- env HOME="$CASE_DIR" TMPDIR="$CASE_DIR/tmp" "$@"
}

suite() {
	[ "$(id -u)" = 0 ] || skip "this is an ordinary user already: the suites say it themselves"
	mkdir "$CASE_DIR/tmp"
	chmod 755 "$tap_root" "$CASE_DIR"
	chown "$user:$user" "$CASE_DIR/tmp"
	as_user test -x "$CTST_LIBEXEC/ctst-spawn" -a -r "$SOURCE_ROOT/tests/blackbox/$1.sh" ||
		skip "an ordinary user cannot reach $SOURCE_ROOT"
	as_user unshare --user true 2>/dev/null || skip "this host gives no user namespaces to ordinary users"
	run as_user "$SOURCE_ROOT/tests/blackbox/$1.sh"
	grep -v '^ok' "$CASE_DIR/out" || true
	grep '# SKIP' "$CASE_DIR/out" || true
	expect_status 0
}
tap_case "isolation holds without root" suite isolation
tap_case "the known ways out are closed without root" suite attacks
tap_case "nothing the probe tries is open without root" suite probe
tap_case "the life of containers without root" suite life
tap_case "every tool without root" suite tools
tap_case "health checks without root" suite health
tap_case "supervisors without root" suite supervise
tap_case "exec without root" suite exec
tap_case "slim images without root" suite slim
tap_case "volumes without root" suite volumes
tap_case "what containers use, without root" suite ps
tap_case "what is known of containers, without root" suite inspect

# A host may forbid that files in memory are executed, unless they ask for it (1) or all of them (2); a pid namespace has its own setting.
memory_is_not_executed_by_accident() {
	local level
	[ "$(id -u)" = 0 ] || skip "only root can set it"
	[ -e /proc/sys/vm/memfd_noexec ] || skip "this kernel has no vm.memfd_noexec"
	chmod 755 "$tap_root" "$CASE_DIR"
	chown "$user:$user" .
	as_user test -x "$CTST_LIBEXEC/ctst-spawn" || skip "an ordinary user cannot reach $CTST_LIBEXEC"
	echo 'COMPONENT box { image = "preset://busybox" network = "none" command = ["/bin/true"] }' >box.ctst
	mkdir -m 777 "$CASE_DIR/tmp"
	export -f as_user
	export user CASE_DIR
	for level in 1 2; do
		# shellcheck disable=SC2016 # for the inner shell
		run unshare --pid --fork --mount-proc bash -c 'echo "$1" >/proc/sys/vm/memfd_noexec && as_user ctst run box.ctst' bash $level
		expect_status $((level - 1))
	done
	expect_err 'error\[R004\].*sealed copy in memory: Permission denied'
	expect_err "hint: 'sysctl vm.memfd_noexec' should be 0 or 1"
}
tap_case "files in memory are executed where they have to ask for it, and a host that forbids it is told of" memory_is_not_executed_by_accident

# A /proc in which a user sees nothing but what it may look into: hidepid.
proc_hides_others() {
	[ "$(id -u)" = 0 ] || skip "only root can mount it"
	chmod 755 "$tap_root" "$CASE_DIR"
	chown "$user:$user" .
	as_user test -x "$CTST_LIBEXEC/ctst-spawn" || skip "an ordinary user cannot reach $CTST_LIBEXEC"
	cat >box.ctst <<-'COMPONENT'
		COMPONENT box { image = "preset://busybox" command = ["/bin/sleep", "1000000"] healthcheck = { command = ["/bin/true"] } }
	COMPONENT
	mkdir -m 777 "$CASE_DIR/tmp"
	export -f as_user fail run expect_status expect_out expect_err expect_same tap_expect_match tap_show_last
	export user CASE_DIR
	unshare --mount --propagation private bash -eu -o pipefail -c '
		mount -t proc -o hidepid=invisible proc /proc 2>/dev/null || mount -t proc -o hidepid=2 proc /proc
		as_user test ! -e /proc/1
		as_user ctst run -d box.ctst
		run as_user ctst exec box id -u
		expect_status 0
		expect_out "^0$"
		[ "$(as_user ctst ps -o json | jq ".containers[0].pid")" -gt 0 ]
		run as_user ctst exec box sh -c "exit 7"
		expect_status 7
		as_user ctst stop >/dev/null
		run as_user ctst exec box id
		expect_status 1
		expect_err R007'
}
tap_case "containers can be entered where /proc hides other processes" proc_hides_others

tap_done
