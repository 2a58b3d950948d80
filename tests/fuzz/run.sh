#!/usr/bin/env bash
# Fuzzes the targets one after the other; "./dev fuzz" has built them in CTST_BUILD:
#
#	tests/fuzz/run.sh [NAME…] [--seconds N]
#
# NAME chooses targets whose name contains it, N is how long each of them runs. What libFuzzer learns stays in
# CTST_BUILD/corpus/NAME and is where the next run begins; corpus/NAME here holds the seeds. An input that
# breaks something is kept in CTST_BUILD/crashes.
#
# Exit status: 0 nothing found, 1 something found, 2 wrong use.
set -u -o pipefail

fuzz=$(cd "$(dirname "$0")" && pwd)
: "${CTST_BUILD:?where the targets are built; ./dev fuzz sets it}"
seconds=60
names=()

wrong_use() {
	echo "fuzz: $*" >&2
	echo "usage: ./dev fuzz [NAME…] [--seconds N]" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
		--seconds)
			[ $# -gt 1 ] || wrong_use "--seconds needs a number"
			seconds=$2
			shift
			;;
		--seconds=*) seconds=${1#*=} ;;
		-*) wrong_use "unknown option '$1'" ;;
		*) names+=("$1") ;;
	esac
	shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || wrong_use "--seconds takes a whole number, not '$seconds'"

chosen() {
	local word

	[ ${#names[@]} -gt 0 ] || return 0
	for word in "${names[@]}"; do
		[[ $1 == *"$word"* ]] && return 0
	done
	return 1
}

# A line of libFuzzer's statistics.
statistic() {
	sed -n "s/^stat::$1: *//p" "$log"
}

# One target. False when it found something, which is then in $crashes.
fuzz_target() {
	local name=$1 learned=$CTST_BUILD/corpus/$1 status=0
	# Without -entropic: in libFuzzer 14, choosing inputs that way costs more than running them.
	local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -entropic=0
		-artifact_prefix="$crashes/$1-")

	mkdir -p "$learned"
	[ ! -f "$fuzz/$name.dict" ] || options+=(-dict="$fuzz/$name.dict")
	"$CTST_BUILD/tests/fuzz/fuzz-$name" "${options[@]}" "$learned" "$fuzz/corpus/$name" </dev/null >"$log" 2>&1 ||
		status=$?
	if [ "$status" -eq 0 ]; then
		printf '%-12s %s runs in %d seconds, %s a second, %d inputs kept\n' "$name" \
			"$(statistic number_of_executed_units)" "$seconds" "$(statistic average_exec_per_sec)" \
			"$(find "$learned" -type f | wc -l)"
		return 0
	fi
	printf '%-12s FAILED (exit status %d)\n' "$name" "$status"
	grep -v -e '^#[0-9]' -e '^NEW_FUNC' -e '^INFO:' -e '^stat::' "$log" | tail -n 60 | sed 's/^/    /'
	return 1
}

reproduce() {
	local name=$1 file

	for file in "$crashes/$name"-*; do
		[ -f "$file" ] || continue
		echo "  again:  $CTST_BUILD/tests/fuzz/fuzz-$name $file"
		echo "  shrink: $CTST_BUILD/tests/fuzz/fuzz-$name -minimize_crash=1 -runs=100000 $file"
		echo "  keep:   cp $file $fuzz/corpus/$name/WHAT-IT-WAS"
	done
}

crashes=$CTST_BUILD/crashes
mkdir -p "$crashes" || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# libFuzzer ends well on Ctrl+C; the next target must not begin.
trap 'exit 130' INT TERM
found=0 ran=0
for source in "$fuzz"/fuzz-*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz-}
	chosen "$name" || continue
	ran=$((ran + 1))
	fuzz_target "$name" || {
		found=1
		reproduce "$name"
	}
done
[ "$ran" -gt 0 ] || wrong_use "no target is called '${names[*]}'"
exit "$found"
