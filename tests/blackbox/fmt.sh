#!/usr/bin/env bash
# ctst fmt: which files it rewrites and how, what it says, what it leaves alone. The layout itself is in tests/unit/fmt.c.
. "$(dirname "$0")/lib.sh"

UGLY='CONNECT a->b'
PRETTY='CONNECT a -> b'

# The only things in the directory are these.
expect_files() {
	expect_same "$(find . -mindepth 1 -printf '%P\n' | sort | tr '\n' ' ')" "$*${*:+ }"
}

files_are_rewritten() {
	echo "$UGLY" >ugly.ctst
	echo "$PRETTY" >pretty.ctst
	printf '%s' "$PRETTY" >open.ctst
	touch -d @1000000000 pretty.ctst
	run ctst fmt ugly.ctst pretty.ctst open.ctst
	expect_status 0
	expect_lines err 0
	expect_same "$(cat "$CASE_DIR/out")" ugly.ctst$'\n'open.ctst
	expect_same "$(cat ugly.ctst pretty.ctst open.ctst)" "$PRETTY"$'\n'"$PRETTY"$'\n'"$PRETTY"
	expect_same "$(stat -c %Y pretty.ctst)" 1000000000
	run ctst fmt ugly.ctst pretty.ctst open.ctst
	expect_status 0
	expect_lines out 0
	expect_files open.ctst pretty.ctst ugly.ctst
}

check_writes_nothing() {
	echo "$UGLY" >ugly.ctst
	echo "$PRETTY" >pretty.ctst
	chmod 555 .
	run ctst fmt --check ugly.ctst pretty.ctst
	chmod 755 .
	expect_status 1
	expect_same "$(cat "$CASE_DIR/out")" ugly.ctst
	expect_lines err 0
	expect_same "$(cat ugly.ctst)" "$UGLY"
	run ctst fmt --check pretty.ctst
	expect_status 0
	expect_lines out 0
}

standard_input() {
	echo "$UGLY" >containust.ctst
	for argument in '' -; do
		run ctst fmt $argument <containust.ctst
		expect_status 0
		expect_same "$(cat "$CASE_DIR/out")" "$PRETTY"
	done
	expect_same "$(echo "$UGLY" | ctst fmt)" "$PRETTY"
	expect_same "$(echo "$PRETTY" | ctst fmt)" "$PRETTY"
	run ctst fmt --check - <containust.ctst
	expect_status 1
	expect_same "$(cat "$CASE_DIR/out")" '<stdin>'
	run ctst fmt - <<<"$UGLY ->"
	expect_status 1
	expect_lines out 0
	expect_err '^error\[E001\]'
	expect_same "$(cat containust.ctst)" "$UGLY"
	run ctst fmt - containust.ctst <containust.ctst
	expect_status 2
}

# A job that has an empty pipe as standard input must not take that for a checked file.
empty_standard_input() {
	: >empty
	run ctst fmt --check <empty
	expect_status 1
	expect_err 'nothing on standard input'
	run ctst fmt - <empty
	expect_status 0
	expect_same "$(wc -c <"$CASE_DIR/out")" 0
}

the_default_file() {
	echo "$UGLY" >containust.ctst
	run ctst fmt </dev/null
	expect_status 0
	expect_same "$(cat "$CASE_DIR/out" containust.ctst)" containust.ctst$'\n'"$PRETTY"
	rm containust.ctst
	run ctst fmt </dev/null
	expect_status 4
	expect_err "cannot open 'containust\.ctst'"
}

a_bad_file_does_not_stop_the_others() {
	printf 'COMPONENT a {\n    image = \n}\nCONNECT b->\n' >bad.ctst
	cp bad.ctst before
	echo "$UGLY" >ugly.ctst
	run ctst fmt missing.ctst bad.ctst ugly.ctst
	expect_status 4
	expect_same "$(cat "$CASE_DIR/out")" ugly.ctst
	expect_err "cannot open 'missing\.ctst'"
	expect_same "$(grep -c '^error\[E001\]' "$CASE_DIR/err")" 2
	expect_err '^ *--> bad\.ctst:3:1$'
	cmp bad.ctst before
	run ctst fmt --check bad.ctst ugly.ctst
	expect_status 1
	expect_lines out 0
}

odd_files() {
	mkdir directory
	mkfifo fifo
	truncate -s 16777217 huge.ctst
	run timeout 10 ctst fmt directory
	expect_status 1
	expect_err 'is a directory'
	run timeout 10 ctst fmt fifo
	expect_status 1
	expect_err 'not a regular file'
	run ctst fmt huge.ctst
	expect_status 1
	expect_err 'error\[E020\]'
	run ctst fmt - <huge.ctst
	expect_status 1
	expect_err 'error\[E020\]'
	# What would be too large to be read again.
	{ printf 'COMPONENT a { ports = [' && seq 1200000 && printf '] }'; } >wide.ctst
	run ctst fmt wide.ctst
	expect_status 1
	expect_err 'error\[E020\].*would be larger than 16 MiB'
	expect_files directory fifo huge.ctst wide.ctst
}

mode_is_kept() {
	local mode

	umask 077
	for mode in 640 755 666 4711; do
		echo "$UGLY" >ugly.ctst
		chmod "$mode" ugly.ctst
		run ctst fmt ugly.ctst
		expect_status 0
		expect_same "$(stat -c %a ugly.ctst)" "$mode"
	done
}

owner_is_kept() {
	[ "$(id -u)" -eq 0 ] || skip "only root can give files away"
	echo "$UGLY" >ugly.ctst
	chown 1234:5678 ugly.ctst
	run ctst fmt ugly.ctst
	expect_status 0
	expect_same "$(stat -c %u:%g ugly.ctst)" 1234:5678
}

# A file that nobody may write, in a directory where it could be replaced.
read_only_files_are_left_alone() {
	[ "$(id -u)" -ne 0 ] || skip "root can write everything"
	echo "$UGLY" >ugly.ctst
	chmod 444 ugly.ctst
	run ctst fmt ugly.ctst
	expect_status 3
	expect_err "cannot write to 'ugly\.ctst': Permission denied"
	expect_same "$(cat ugly.ctst)" "$UGLY"
	expect_files ugly.ctst
}

links() {
	mkdir real
	echo "$UGLY" >real/ugly.ctst
	ln -s real/ugly.ctst link.ctst
	ln -s link.ctst far.ctst
	run ctst fmt far.ctst
	expect_status 0
	expect_same "$(cat "$CASE_DIR/out" real/ugly.ctst)" far.ctst$'\n'"$PRETTY"
	expect_same "$(readlink far.ctst) $(readlink link.ctst)" 'link.ctst real/ugly.ctst'
	expect_files far.ctst link.ctst real real/ugly.ctst
}

# Whoever has the old text open keeps it: nothing was written into that file.
replaced_in_one_step() {
	echo "$UGLY" >ugly.ctst
	exec 3<ugly.ctst
	run ctst fmt ugly.ctst
	expect_status 0
	expect_same "$(cat <&3)" "$UGLY"
	expect_same "$(cat ugly.ctst)" "$PRETTY"
}

nothing_is_left_after_a_failure() {
	seq -f 'CONNECT a%g->b' 1000 >ugly.ctst
	cp ugly.ctst "$CASE_DIR/before"
	# The new text is larger than a file may be here; as with a full disk, write(2) fails in the middle.
	run bash -c 'trap "" XFSZ; ulimit -f 2; exec ctst fmt ugly.ctst 2>&1 | cat' bash
	expect_out "cannot replace 'ugly\.ctst': File too large"
	cmp ugly.ctst "$CASE_DIR/before"
	expect_files ugly.ctst
}

# A file that is a mount cannot be replaced, as one that was mounted into a container.
nothing_is_left_when_the_last_step_fails() {
	unshare --user --map-root-user --mount true 2>/dev/null || skip "no mount namespace for us"
	echo "$UGLY" >ugly.ctst
	echo "$UGLY" >"$CASE_DIR/before"
	# shellcheck disable=SC2016 # for the inner shell
	run unshare --user --map-root-user --mount sh -c 'mount --bind "$1" ugly.ctst && ctst fmt ugly.ctst' sh "$CASE_DIR/before"
	expect_status 1
	expect_err "cannot replace 'ugly\.ctst': .*[Rr]esource busy"
	expect_files ugly.ctst
}

a_full_disk_under_standard_output() {
	[ -w /dev/full ] || skip "no /dev/full"
	run bash -c 'echo "CONNECT a->b" | ctst-fmt >/dev/full'
	expect_status 1
	expect_err 'cannot write to standard output'
}

odd_names() {
	echo "$UGLY" >"./-odd name"$'\e[31m'.ctst
	run ctst fmt -- "-odd name"$'\e[31m'.ctst
	expect_status 0
	expect_same "$(cat "$CASE_DIR/out")" "-odd name"$'\e[31m'.ctst
	# On a terminal the name must not become a command to it.
	command -v script >/dev/null || skip "script(1) is not installed"
	echo "$UGLY" >"-odd name"$'\e[31m'.ctst
	run script -qec "ctst fmt -- -odd*.ctst" /dev/null </dev/null
	expect_out '^-odd name\?\[31m\.ctst'
}

# All of them are written down in the layout that people will take from them.
examples_are_formatted() {
	run ctst fmt --check "$SOURCE_ROOT"/examples/*.ctst
	expect_status 0
	expect_lines out 0
}

# A text with comments in every place: they all survive, in order, and the composition is the same.
meaning_is_kept() {
	local text='COMPONENT a { image = "preset://busybox" port = 1 env = { A = "x" , B = "y" } command = [ "a" , "b" ] }
COMPONENT b { image = "preset://busybox" healthcheck = { command = [ "x" ] interval = "1m" } }
CONNECT a -> b EXPOSE 80 : 1 FROM a'
	local word number=0 before after

	{
		set -f
		for word in $text; do
			number=$((number + 1))
			printf '%s // %d\n' "$word" "$number"
		done
		set +f
	} >a.ctst
	before=$(ctst-parse a.ctst | jq -S 'del(.. | .at?, .origins?)')
	run ctst fmt a.ctst
	expect_status 0
	after=$(ctst-parse a.ctst | jq -S 'del(.. | .at?, .origins?)')
	expect_same "$before" "$after"
	expect_same "$(grep -o '// .*' a.ctst)" "$(seq -f '// %g' "$number")"
	run ctst fmt --check a.ctst
	expect_status 0
}

usage() {
	run ctst fmt --help
	expect_status 0
	expect_out '--check'
	run ctst fmt --diff
	expect_status 2
	run ctst help
	expect_out '^  fmt '
}

tap_case "files are rewritten, and named when they change" files_are_rewritten
tap_case "--check names files and writes nothing" check_writes_nothing
tap_case "standard input is formatted to standard output" standard_input
tap_case "an empty pipe that nobody asked for is an error" empty_standard_input
tap_case "containust.ctst is the default" the_default_file
tap_case "a bad file is explained and left alone, the others are done" a_bad_file_does_not_stop_the_others
tap_case "directories, FIFOs and too large files are refused" odd_files
tap_case "the mode is kept" mode_is_kept
tap_case "the owner is kept" owner_is_kept
tap_case "read-only files are left alone" read_only_files_are_left_alone
tap_case "of a symbolic link the file behind it is rewritten" links
tap_case "a file is replaced in one step" replaced_in_one_step
tap_case "a failure leaves the file and nothing else" nothing_is_left_after_a_failure
tap_case "a file that cannot be replaced is left, and nothing else" nothing_is_left_when_the_last_step_fails
tap_case "a full disk under standard output is noticed" a_full_disk_under_standard_output
tap_case "odd names" odd_names
tap_case "the examples are formatted" examples_are_formatted
tap_case "comments in every place survive, the meaning stays" meaning_is_kept
tap_case "usage" usage
tap_done
