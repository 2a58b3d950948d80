#!/usr/bin/env bash
# Runs the benchmarks, tests/bench/p*.sh, one after the other: `name  ours  peer  ratio` each.
#
#	tests/bench/run.sh [NAME…]
#
# Nothing fails on a time; a benchmark that could not be run is named on stderr and makes the exit status 1.
set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
export CTST_BUILD=${CTST_BUILD:-$top/build}
export CTST_PREFIX=${CTST_PREFIX:-$CTST_BUILD/root}
export CTST_LIBEXEC=${CTST_LIBEXEC:-$CTST_PREFIX/libexec/containust}
export PATH=$CTST_LIBEXEC:$CTST_PREFIX/bin:$PATH

chosen() {
	local name=$1 word

	shift
	[ $# -eq 0 ] && return 0
	for word in "$@"; do
		[[ $name == *"$word"* ]] && return 0
	done
	return 1
}

status=0 ran=0
printf '%-32s %12s %12s %8s\n' name ours peer ratio
for script in "$here"/p*.sh; do
	[ -x "$script" ] || continue
	chosen "$(basename "$script" .sh)" "$@" || continue
	ran=$((ran + 1))
	"$script" </dev/null || {
		echo "bench: $(basename "$script") did not finish" >&2
		status=1
	}
done
if [ "$ran" -eq 0 ]; then
	echo "bench: no benchmark is called '$*'" >&2
	exit 2
fi
exit "$status"
