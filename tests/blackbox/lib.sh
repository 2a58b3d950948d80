# shellcheck shell=bash
# Black-box tests in TAP: what every tests/blackbox/*.sh sources first.
#
#	. "$(dirname "$0")/lib.sh"
#	shows_the_version() {
#		run ctst --version
#		expect_status 0
#		expect_out '^ctst [0-9]'
#	}
#	tap_case "ctst shows its version" shows_the_version
#	tap_done
#
# A case is a function. It runs in a subshell with `set -eu -o pipefail`, in a
# fresh directory of its own ($PWD); the first command that fails fails the case,
# and everything it printed is shown. What it started is stopped afterwards,
# however it ended.
#
# A script can be run by itself when CTST_PREFIX says where the tools are
# installed; tests/run does that for all of them.

# Networks of containers are bridges of the host's and rules of its packet filter: root's tests have a host of their own. What a
# script needs from outside it gets before it sources this file.
if [ -z "${CTST_TEST_NETWORK:-}" ] && [ "$(id -u)" -eq 0 ] && unshare --net true 2>/dev/null; then
	export CTST_TEST_NETWORK=own
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --net sh -c 'busybox ip link set lo up; exec "$0" "$@"' "$0" "$@"
fi

: "${CTST_PREFIX:?where the tools are installed; tests/run sets it}"
: "${CTST_LIBEXEC:=$CTST_PREFIX/libexec/containust}"
export CTST_PREFIX CTST_LIBEXEC
case ":$PATH:" in
	*":$CTST_LIBEXEC:"*) ;;
	*) PATH=$CTST_LIBEXEC:$CTST_PREFIX/bin:$PATH ;;
esac
export PATH

# The repository's own files, for cases that need the examples or the sources.
SOURCE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export SOURCE_ROOT

# What a person has set for their own work must not change a test.
unset CONTAINUST_OFFLINE CONTAINUST_STATE_FILE CONTAINUST_LOG CONTAINUST_LIBEXEC CONTAINUST_DATADIR \
	CONTAINUST_IMAGE_STORE CONTAINUST_PUBLISH_ADDR CONTAINUST_SECRETS_DIR CONTAINUST_BACKEND \
	XDG_CONFIG_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
export LC_ALL=C

readonly TAP_SKIPPED=77 # exit status of a case that skip() ended
tap_count=0
tap_failures=0
tap_root=$(mktemp -d "${TMPDIR:-/tmp}/ctst-test.XXXXXXXX") || exit 1
CASE_DIR=$tap_root
export HOME=$tap_root/home
mkdir "$HOME"

# Stops the containers of every project below a case's directory and removes it.
tap_clean() {
	local directory=$1 root

	[ -d "$directory" ] || return 0
	find "$directory" -maxdepth 4 -type d -name .containust -print 2>/dev/null |
		while IFS= read -r root; do
			[ -e "$root/state/state.json" ] || continue
			(cd "$(dirname "$root")" && timeout 30 ctst stop --force) </dev/null >/dev/null 2>&1
		done
	# The work directories of an overlay have no permissions at all.
	rm -rf "$directory" 2>/dev/null || {
		chmod -R u+rwx "$directory" 2>/dev/null
		rm -rf "$directory"
	}
}

trap 'tap_clean "$tap_root"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Ends what a case has left in the background; a job started with `set -m` with its whole process group.
tap_end_jobs() {
	local job

	for job in $(jobs -p); do
		kill -KILL -- "-$job" 2>/dev/null || kill -KILL "$job" 2>/dev/null || true
	done
}

tap_indent() {
	sed 's/^/#   /'
}

# tap_case "what is shown" function [ARGUMENT…]
tap_case() {
	local description=$1 log status
	shift
	tap_count=$((tap_count + 1))
	CASE_DIR=$tap_root/$tap_count
	log=$tap_root/$tap_count.log
	mkdir -p "$CASE_DIR/project"
	# Not part of a condition: there `set -e` would have no effect in the subshell.
	(
		trap tap_end_jobs EXIT
		set -eEu -o pipefail
		trap 'echo "failed: ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
		cd "$CASE_DIR/project"
		"$@"
	) >"$log" 2>&1
	status=$?
	if [ "$status" -eq 0 ]; then
		echo "ok $tap_count - $description"
	elif [ "$status" -eq "$TAP_SKIPPED" ] && [ -e "$CASE_DIR/skipped" ]; then
		echo "ok $tap_count - $description # SKIP $(cat "$CASE_DIR/skipped")"
	else
		tap_failures=$((tap_failures + 1))
		echo "not ok $tap_count - $description"
		echo "#   (status $status)"
		tail -n 60 "$log" | tap_indent
	fi
	tap_clean "$CASE_DIR"
}

# Prints the plan; the script's exit status says whether all went well.
tap_done() {
	echo "1..$tap_count"
	[ "$tap_failures" -eq 0 ]
	exit
}

# ---- inside a case ----

# Ends the case as failed.
fail() {
	echo "$*"
	exit 1
}

# Ends the case as skipped.
skip() {
	echo "$*" >"$CASE_DIR/skipped"
	exit "$TAP_SKIPPED"
}

# Runs a command without judging it: $status, and the files out and err in $CASE_DIR.
run() {
	status=0
	"$@" >"$CASE_DIR/out" 2>"$CASE_DIR/err" || status=$?
	tap_last_command=$*
}

tap_show_last() {
	echo "command: ${tap_last_command:-}"
	echo "status: ${status:-}"
	echo "stdout:"
	head -c 4000 "$CASE_DIR/out" | sed 's/^/  /'
	echo "stderr:"
	head -c 4000 "$CASE_DIR/err" | sed 's/^/  /'
}

expect_status() {
	[ "$status" -eq "$1" ] || {
		tap_show_last
		fail "expected status $1"
	}
}

tap_expect_match() {
	grep -Eq -- "$2" "$CASE_DIR/$1" || {
		tap_show_last
		fail "expected $1 to match: $2"
	}
}

tap_refute_match() {
	! grep -Eq -- "$2" "$CASE_DIR/$1" || {
		tap_show_last
		fail "expected $1 not to match: $2"
	}
}

# Extended regular expressions, matched line by line.
expect_out() { tap_expect_match out "$1"; }
expect_err() { tap_expect_match err "$1"; }
refute_out() { tap_refute_match out "$1"; }
refute_err() { tap_refute_match err "$1"; }

# It needs no loader and no library of the host.
is_static() {
	! readelf -lW "$1" | grep INTERP >/dev/null
}

# expect_lines out|err N
expect_lines() {
	[ "$(wc -l <"$CASE_DIR/$1")" -eq "$2" ] || {
		tap_show_last
		fail "expected $2 lines in $1"
	}
}

# expect_same 'text' 'other text'
expect_same() {
	[ "$1" = "$2" ] || {
		diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") || true
		fail "expected the two to be the same (< first, > second)"
	}
}

# await CMD…: until the command succeeds, at most 20 seconds. For things that happen
# when they happen; never for a fixed span of time.
await() {
	local tries=0

	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || {
			"$@" || true
			fail "waited 20 seconds in vain for: $*"
		}
		sleep 0.05
	done
}
