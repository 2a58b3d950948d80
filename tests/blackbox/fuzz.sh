#!/usr/bin/env bash
# The fuzz targets without a fuzzer: every seed, and every input that once broke something, goes through its target.
. "$(dirname "$0")/lib.sh"

: "${CTST_BUILD:=$(dirname "$CTST_PREFIX")}"

every_input_is_harmless() {
	local name=$1 files=("$SOURCE_ROOT/tests/fuzz/corpus/$1"/*)

	[ -f "${files[0]}" ] || fail "tests/fuzz/corpus/$name has no seeds"
	run "$CTST_BUILD/tests/fuzz/fuzz-$name" "${files[@]}"
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$CASE_DIR/err"
		fail "fuzz-$name ends with $status; the input is the last file above"
	fi
	expect_same "$(cat "$CASE_DIR/out")" ${#files[@]}
}

for source in "$SOURCE_ROOT"/tests/fuzz/fuzz-*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz-}
	tap_case "what was found by fuzzing $name stays fixed" every_input_is_harmless "$name"
done
tap_done
