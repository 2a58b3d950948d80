#!/usr/bin/env bash
# Runs what the manual shows. In man/:
#
# - EXAMPLES: the `.Bd -literal` blocks are commands and their standard output, as transcript.sh describes it. Each
#   page's commands run in order in one directory that holds copies of examples/.
# - The block after a line `.\" example: ctst.FORMAT/1` is a complete document of that format: it must be
#   what its readers accept.
. "$(dirname "$0")/blackbox/lib.sh"
. "$(dirname "$0")/transcript.sh"

# The literal text of mdoc(7) source.
plain() {
	sed -e 's/\\&//g' -e 's/\\-/-/g' -e 's/\\(dq/"/g' -e "s/\\\\(aq/'/g" -e 's/\\(ga/`/g' -e 's/\\e/\\/g'
}

# Lines of the literal blocks of EXAMPLES; a line with only U+0001 ends a block.
example_lines() {
	awk '
		/^\.Sh / { inside = ($0 ~ /^\.Sh EXAMPLES/) }
		inside && /^\.Bd .*-literal/ { block = 1; next }
		block && /^\.Ed/ { block = 0; print "\001"; next }
		block { print }' "$1" | plain
}

# The first document of that format.
example_document() {
	awk -v mark="example: $2" '
		index($0, mark) { marked = 1; next }
		marked && /^\.Bd .*-literal/ { block = 1; next }
		block && /^\.Ed/ { exit }
		block { print }' "$1" | plain
}

check_command() {
	local command=$1 expected=$2 status=0

	timeout 60 bash -c "$command" <"$CASE_DIR/no-input" >"$CASE_DIR/out" 2>"$CASE_DIR/err" || status=$?
	if [ "$status" -ne 0 ] || ! shows "$CASE_DIR/out" "$expected"; then
		echo "command: $command"
		echo "status: $status"
		tell_difference "$expected" "$CASE_DIR/out" "$CASE_DIR/err"
		fail "the manual shows something else"
	fi
}

run_examples() {
	: >"$CASE_DIR/no-input"
	# Not what a run has left there: `*` does not match .containust.
	cp -R "$SOURCE_ROOT"/examples/* .
	example_lines "$1" >"$CASE_DIR/lines"
	each_command check_command <"$CASE_DIR/lines"
}

# A document of that format as ctst-image writes it.
write_image_document() {
	mkdir -p one two
	echo 1 >one/a
	echo 2 >two/a
	touch two/b
	printf 'COMPONENT a { image = "file://./one" }\nCOMPONENT b { image = "file://./two" }\nCOMPONENT c { image = "preset://busybox" }\n' >a.ctst
	ctst build a.ctst >/dev/null 2>&1
	ctst-image tag preset://busybox tools:1
	case $1 in
		ctst.images/1) ctst-image ls ;;
		ctst.image/1) ctst-image inspect preset://busybox ;;
		ctst.image-history/1) ctst-image history preset://busybox ;;
		ctst.image-diff/1) ctst-image diff file://./one file://./two ;;
		ctst.image-removal/1) ctst-image rm preset://busybox ;;
		*) fail "nothing writes '$1'" ;;
	esac
}

# An entry of a log as ctst-logs writes it.
write_log_entry() {
	printf 'COMPONENT db { image = "preset://busybox" command = ["/bin/sh", "-c", "printf waiting >&2"] }\n' >db.ctst
	ctst run db.ctst >/dev/null 2>&1
	ctst logs -o json db
}

# A document of that format as a command writes it of a container that runs.
write_container_document() {
	printf 'COMPONENT a { image = "preset://busybox" port = 80 env = { A = "b" } volume = "data:/data" command = ["/bin/sleep", "1000000"] }' >a.ctst
	ctst run -d a.ctst >/dev/null 2>&1
	case $1 in
		ctst.ps/1) ctst-ps -o json ;;
		ctst.inspect/1) ctst-inspect -o json a ;;
	esac
}

# Nobody reads these but people's scripts: what the tool writes has no member that the page's document has not, and none of
# another type.
has_the_shape() {
	jq -e --slurpfile written "$1" 'def shape: [paths as $p | {(($p | map(if type == "number" then 0 else . end)) | tojson):
		(getpath($p) | type)}] | add; shape as $shown | $written[0] | shape | to_entries |
		all($shown[.key] == .value)' "$CASE_DIR/document" >/dev/null || {
		cat "$1"
		fail "the tool writes something else"
	}
}

# What a reader of each format makes of the page's document.
check_document() {
	local page=$1 format=$2 name

	example_document "$page" "$format" >"$CASE_DIR/document"
	[ -s "$CASE_DIR/document" ] || fail "there is no literal block behind the mark"
	[ "$format" = ctst/1 ] || jq -e --arg format "$format" 'keys_unsorted[0] == "format" and .format == $format' \
		"$CASE_DIR/document" >/dev/null || fail "not JSON that begins with \"format\": \"$format\""
	case $format in
		ctst/1)
			run ctst-parse - <"$CASE_DIR/document"
			;;
		ctst.composition/1)
			run ctst-plan -o json <"$CASE_DIR/document"
			;;
		ctst.plan/1)
			# Read completely and found good, it is refused for the one thing that cannot be true here: the
			# state it was made against.
			jq --arg here "$PWD" '.project.directory = $here | .state.serial = 1000000' "$CASE_DIR/document" >plan.json
			run ctst-spawn <plan.json
			expect_err 'error\[P002\]'
			return
			;;
		ctst.state/1)
			mkdir -p .containust/state
			cp "$CASE_DIR/document" .containust/state/state.json
			run ctst-ps -a -o json
			;;
		ctst.networks/1)
			printf 'COMPONENT db { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }\n' >a.ctst
			ctst run -d a.ctst >/dev/null 2>&1
			ctst network ls -o json >written.json
			has_the_shape written.json
			return
			;;
		ctst.ps/1 | ctst.inspect/1)
			write_container_document "$format" >written.json
			has_the_shape written.json
			return
			;;
		ctst.event/1)
			mkdir -p .containust/state
			jq -c . "$CASE_DIR/document" >.containust/state/events.ndjson
			run ctst-events -o json
			expect_same "$(cat "$CASE_DIR/out")" "$(cat .containust/state/events.ndjson)"
			;;
		ctst.presets/1)
			# A person's own presets are looked at first; this one's archive does not exist, and the
			# message names it.
			mkdir -p "$HOME/.config/containust"
			cp "$CASE_DIR/document" "$HOME/.config/containust/presets.json"
			name=$(jq -r '.presets[0].name' "$CASE_DIR/document")
			printf 'COMPONENT a { image = "preset://%s" command = ["x"] }\n' "$name" >a.ctst
			run ctst build a.ctst
			rm "$HOME/.config/containust/presets.json"
			expect_err "$(basename "$(jq -r '.presets[0].source' "$CASE_DIR/document")")"
			return
			;;
		ctst.images/1 | ctst.image/1 | ctst.image-*/1 | ctst.log/1)
			if [ "$format" = ctst.log/1 ]; then
				write_log_entry
			else
				write_image_document "$format"
			fi >written.json
			has_the_shape written.json
			return
			;;
		*)
			fail "no reader of '$format' is known here"
			;;
	esac
	expect_status 0
}

every_tool_has_a_page() {
	local tool

	for tool in ctst "$CTST_LIBEXEC"/ctst-*; do
		tool=$(basename "$tool")
		ls "$SOURCE_ROOT/man/$tool".[1-8] >/dev/null 2>&1 || fail "no manual for $tool"
	done
}

tap_count_pages=0
for page in "$SOURCE_ROOT"/man/*.[1-8]; do
	name=$(basename "$page")
	if example_lines "$page" | grep -q '^\$ '; then
		tap_case "the examples of $name" run_examples "$page"
		tap_count_pages=$((tap_count_pages + 1))
	fi
	while IFS= read -r format; do
		tap_case "the $format document of $name" check_document "$page" "$format"
		tap_count_pages=$((tap_count_pages + 1))
	done < <(sed -n 's/^\.\\" example: \([a-z.]*\/[0-9]*\)$/\1/p' "$page" | sort -u)
done
if [ "$tap_count_pages" -eq 0 ]; then
	tap_case "the manual has examples" fail "no page in man/ has any"
fi
tap_case "every installed tool has a manual" every_tool_has_a_page
tap_done
