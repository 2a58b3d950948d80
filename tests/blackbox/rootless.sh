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

tap_done
