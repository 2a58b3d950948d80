#!/usr/bin/env bash
# Runs docs/tutorials/ as a newcomer would, each from its first command to its last.
# time limit: 600
#
# A fenced block whose first line names a file (```text db.conf) is that file; ```console is a transcript (transcript.sh).
# Debian's packages are unpacked once for each build directory; without a mirror the tutorial is skipped.
cache=${CTST_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}/debian

# Two suites at the same time share one tree.
unpack_debian() {
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9
	[ ! -e "$cache/tree/.done" ] || return 0
	rm -rf "$cache/tree"
	debootstrap --variant=minbase --include=postgresql,redis-server,nginx-light bookworm "$cache/tree" >"$cache/log" 2>&1 &&
		touch "$cache/tree/.done"
}
# Packages come from outside.
if [ -z "${CTST_TEST_NETWORK:-}" ] && [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then
	(unpack_debian) || true
fi
. "$(dirname "$0")/lib.sh"
. "$SOURCE_ROOT/tests/transcript.sh"

# The place of debootstrap in a transcript: what it has made is there already.
debootstrap() {
	grep -qF -- "$*" <<<"--variant=minbase --include=postgresql,redis-server,nginx-light bookworm debian" ||
		fail "another system is wanted than the one that was unpacked"
	[ -e "$cache/tree/.done" ] || skip "debootstrap: $(tail -n 1 "$cache/log" 2>/dev/null || echo "it did not run")"
	ln -s "$cache/tree" debian
}

# check COMMAND EXPECTED: run in this shell, so that variables last.
check() {
	local status=0

	eval "$1" >"$CASE_DIR/out" 2>"$CASE_DIR/err" || status=$?
	[ "$status" -eq 0 ] && shows "$CASE_DIR/out" "$2" || {
		echo "$1 (status $status)"
		tell_difference "$2" "$CASE_DIR/out" "$CASE_DIR/err"
		fail "this is not what the tutorial shows"
	}
}

run_tutorial() {
	local number=0 kind name block

	[ "$(id -u)" = 0 ] || skip "debootstrap needs root"
	command -v debootstrap >/dev/null || skip "debootstrap is not installed"
	mkdir "$CASE_DIR/blocks"
	awk -v directory="$CASE_DIR/blocks" '
		/^```/ && inside { inside = 0; close(file); next }
		/^```/ { inside = 1; file = sprintf("%s/%03d", directory, ++count); print substr($0, 4) >file; next }
		inside { print >file }' "$1"
	for block in "$CASE_DIR"/blocks/*; do
		read -r kind name <"$block"
		sed -i 1d "$block"
		case $kind in
			console) each_command check <"$block" ;;
			*) [ -z "$name" ] || cp "$block" "$name" ;;
		esac
		number=$((number + 1))
	done
	[ "$number" -gt 3 ] || fail "no blocks were found"
}

for tutorial in "$SOURCE_ROOT"/docs/tutorials/*.md; do
	tap_case "$(basename "$tutorial" .md)" run_tutorial "$tutorial"
done
tap_done
