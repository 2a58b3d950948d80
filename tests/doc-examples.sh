#!/usr/bin/env bash
# Runs what README.md and docs/ show, in the order in which they show it:
#
# - ```ctst is a complete file without an error. When its first line is `// file: NAME`, the blocks below find it under that
#   name.
# - ```ctst-error is a file with one kind of error: the code that was named last before the block.
#
# In docs/errors.md each section `### CODE` is a project of its own, and
#
# - ```ctst is stack.ctst, or what its first line says;
# - ```text directly behind a ```ctst is what ctst-parse says of that file, exactly; without one, the file
#   must not have that error;
# - ```console is a transcript (transcript.sh), with standard error in it;
# - a section in which nothing can be run says `No example is run`, and why.
. "$(dirname "$0")/blackbox/lib.sh"
. "$(dirname "$0")/transcript.sh"

blocks=$tap_root/blocks
errors=$SOURCE_ROOT/docs/errors.md

# The fenced blocks of a document as files NUMBER-LINE-SECTION-CODE.KIND: SECTION is the heading above, CODE the last one named.
split_blocks() {
	rm -rf "$blocks"
	mkdir "$blocks"
	awk -v directory="$blocks" '
		/^```/ && inside { inside = 0; close(file); next }
		/^```/ {
			inside = 1
			kind = substr($0, 4) == "" ? "none" : substr($0, 4)
			file = sprintf("%s/%04d-%d-%s-%s.%s", directory, ++count, NR, section, code, kind)
			printf "" >file
			next
		}
		inside { print >file; next }
		/^### / { section = $2 }
		{
			rest = $0
			while (match(rest, /[EIPRS][0-9][0-9][0-9]/)) {
				code = substr(rest, RSTART, RLENGTH)
				rest = substr(rest, RSTART + RLENGTH)
			}
		}' section=none code=none "$1"
}

# field N FILE: a part of the file's name.
field() {
	basename "${2%.*}" | cut -d- -f"$1"
}

# What the block asks to be called, else the second argument.
name_of() {
	local name

	name=$(sed -n '1s|^// file: ||p' "$1")
	echo "${name:-$2}"
}

place() {
	local name

	name=$(name_of "$@")
	mkdir -p "$(dirname "./$name")"
	cp "$1" "./$name"
}

# The files that blocks before this one have named.
place_files_before() {
	local block

	for block in "$blocks"/*.ctst; do
		[[ $block < $1 ]] || break
		[ -z "$(name_of "$block" '')" ] || place "$block" ''
	done
}

is_good() {
	place_files_before "$1"
	place "$1" block.ctst
	run ctst-parse "$(name_of "$1" block.ctst)"
	expect_status 0
}

has_its_error() {
	local code

	code=$(field 4 "$1")
	place_files_before "$1"
	place "$1" block.ctst
	run ctst-parse --diagnostics json block.ctst
	expect_status 1
	expect_same "$(jq -r 'select(.severity == "error").code' "$CASE_DIR/err" | sort -u)" "$code"
}

has_blocks() {
	local kind

	for kind in "$@"; do
		ls "$blocks"/*."$kind" >/dev/null 2>&1 || fail "there is no \`\`\`$kind"
	done
}

check_document() {
	local document=$1 name block

	name=${document#"$SOURCE_ROOT"/}
	split_blocks "$document"
	for block in "$blocks"/*.ctst; do
		[ ! -e "$block" ] || tap_case "$name:$(field 2 "$block") is good" is_good "$block"
	done
	for block in "$blocks"/*.ctst-error; do
		[ ! -e "$block" ] || tap_case "$name:$(field 2 "$block") has $(field 4 "$block")" has_its_error "$block"
	done
}

# ---- docs/errors.md ----

# What ctst-parse makes of the file, without the code of the section.
judge_corrected() {
	run ctst-parse "$2"
	expect_status 0
	refute_err "\\[$1\\]"
}

judge_wrong() {
	local code=$1 file=$2 expected

	expected=$(cat "$3" && echo .)
	run ctst-parse "$file"
	expect_err "\\[$code\\]"
	shows "$CASE_DIR/err" "${expected%.}" || {
		tell_difference "${expected%.}" "$CASE_DIR/err"
		fail "docs/errors.md:$(field 2 "$3"): ctst-parse says something else"
	}
}

check_command() {
	local command=$1 expected=$2 status=0

	timeout 60 bash -c "$command" <"$CASE_DIR/no-input" >"$CASE_DIR/out" 2>&1 || status=$?
	if [ "$status" -eq 124 ] || ! shows "$CASE_DIR/out" "$expected"; then
		echo "command: $command"
		echo "status: $status"
		tell_difference "$expected" "$CASE_DIR/out"
		fail "docs/errors.md shows something else"
	fi
}

check_section() {
	local code=$1 block kind file='' seen=false

	: >"$CASE_DIR/no-input"
	for block in "$blocks"/*-"$code"-*; do
		[ -e "$block" ] || break
		kind=${block##*.}
		if [ -n "$file" ] && [ "$kind" = text ]; then
			judge_wrong "$code" "$file" "$block"
			file=
			seen=true
			continue
		fi
		[ -z "$file" ] || judge_corrected "$code" "$file"
		file=
		case $kind in
			ctst)
				file=$(name_of "$block" stack.ctst)
				place "$block" stack.ctst
				;;
			console)
				grep -qF "$code" "$block" || fail "the transcript does not show $code"
				each_command check_command <"$block"
				seen=true
				;;
		esac
	done
	[ -z "$file" ] || judge_corrected "$code" "$file"
	$seen || section_text "$code" | grep -q '^No example is run' || fail "neither an example nor the reason why there is none"
}

# The lines of a section.
section_text() {
	awk -v heading="### $1" '/^##/ { inside = ($0 == heading) } inside' "$errors"
}

codes_of_sources() {
	grep -rhoE '"[EIPRS][0-9]{3}"' "$SOURCE_ROOT"/common "$SOURCE_ROOT"/ctst "$SOURCE_ROOT"/ctst-* --include='*.c' |
		tr -d '"' | sort -u
}

every_code_has_a_section() {
	local code missing=()

	codes_of_sources >../codes
	[ -s ../codes ] || fail "no codes found in the sources"
	while IFS= read -r code; do
		grep -q "^### $code\$" "$errors" || missing+=("$code")
	done <../codes
	[ ${#missing[@]} -eq 0 ] || fail "docs/errors.md has no section for ${missing[*]}"
	expect_same "$(sed -n 's/^| \[\([EIPRS][0-9]*\)\].*/\1/p' "$errors")" "$(sed -n 's/^### //p' "$errors")"
}

for document in "$SOURCE_ROOT"/README.md "$SOURCE_ROOT"/docs/*.md; do
	[ "$document" = "$errors" ] || check_document "$document"
done
split_blocks "$SOURCE_ROOT/docs/language.md"
tap_case "docs/language.md has files and mistakes" has_blocks ctst ctst-error
split_blocks "$errors"
while IFS= read -r code; do
	tap_case "docs/errors.md: $code" check_section "$code"
done < <(sed -n 's/^### //p' "$errors")
tap_case "docs/errors.md has a section for every code in the sources, and a row for every section" every_code_has_a_section
tap_done
