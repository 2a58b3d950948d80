#!/usr/bin/env bash
# What the installed programs are made of: what keeps a hole in one of them from being used.
. "$(dirname "$0")/lib.sh"

programs() {
	find "$CTST_LIBEXEC" "$CTST_PREFIX/bin" -type f -perm /111 | while IFS= read -r file; do
		if [ "$(head -c 4 "$file" | tail -c 3)" = ELF ]; then echo "$file"; fi
	done
}

need_readelf() {
	command -v readelf >/dev/null || skip "readelf is not installed"
	[ "$(programs | wc -l)" -ge 20 ] || fail "expected at least 20 programs"
}

# each WHAT CMD…: the command must succeed for every program.
each() {
	local what=$1 file bad=0
	shift
	while IFS= read -r file; do
		"$@" "$file" || { bad=1 && echo "$file: $what"; }
	done < <(programs)
	[ "$bad" -eq 0 ]
}

is_position_independent() { readelf -hW "$1" | grep -E '^ *Type: *DYN' >/dev/null; }
# Addresses in code that have to be changed at a start keep it writable.
has_constant_code() { ! readelf -dW "$1" | grep TEXTREL >/dev/null; }
positions_are_random() {
	need_readelf
	each "is not position-independent" is_position_independent
	each "has relocations in its code" has_constant_code
}
tap_case "every program is position-independent" positions_are_random

has_no_executable_data() {
	readelf -lW "$1" | grep -E '^ *GNU_STACK .* RW +0x' >/dev/null && ! readelf -lW "$1" | grep -E '^ *LOAD .* RWE' >/dev/null
}
data_is_not_executed() {
	need_readelf
	each "has memory that is writable and executable" has_no_executable_data
}
tap_case "nothing is both writable and executable, nor the stack" data_is_not_executed

has_relro() { readelf -lW "$1" | grep GNU_RELRO >/dev/null; }
is_bound_at_start() { is_static "$1" || readelf -dW "$1" | grep -E 'BIND_NOW|FLAGS_1.* NOW' >/dev/null; }
relocations_are_read_only() {
	need_readelf
	each "has no PT_GNU_RELRO" has_relro
	each "is bound lazily" is_bound_at_start
}
tap_case "relocations are done at the start, and read-only then" relocations_are_read_only

# A static program has no loader that does it: the mapping of its file that can be written is not all of its data.
static_programs_protect_theirs() {
	need_readelf
	is_static "$CTST_LIBEXEC/ctst-supervise" || skip "the programs are linked dynamically here"
	printf 'COMPONENT box { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }\n' >box.ctst
	ctst run -d box.ctst
	local supervisor
	supervisor=$(ctst ps -o json | jq '.containers[0].supervisor_pid')
	awk '/ r--p .*ctst-supervise/ { constant = 1 } / rw-p .*ctst-supervise/ { writable++ }
		END { exit !(constant && writable == 1) }' "/proc/$supervisor/maps" || {
		cat "/proc/$supervisor/maps"
		fail "the relocated tables of the supervisor are writable"
	}
}
tap_case "a static program makes its relocated tables read-only itself" static_programs_protect_theirs

# A name in the table of symbols, or of those that come from the C library.
knows() { readelf -sW "$2" | grep "$1" >/dev/null; }
stacks_are_guarded() {
	need_readelf
	[ -n "$(readelf -SW "$CTST_LIBEXEC/ctst-supervise" | grep '\.symtab')" ] || skip "the programs are stripped"
	each "has no stack protector" knows __stack_chk_fail
}
tap_case "every program has guards on its stack" stacks_are_guarded

is_fortified() { is_static "$1" || knows '_chk@' "$1"; }
calls_are_checked() {
	need_readelf
	[ -z "${CTST_SANITIZED:-}" ] || skip "sanitizers do this themselves"
	each "is not fortified" is_fortified
}
tap_case "programs of the system's C library are fortified" calls_are_checked

carries_no_path() { ! readelf -dW "$1" | grep -E 'RPATH|RUNPATH' >/dev/null; }
libraries_are_the_systems() {
	need_readelf
	each "looks for libraries in a place of its own" carries_no_path
}
tap_case "no program looks for libraries anywhere but in the system" libraries_are_the_systems

nothing_is_privileged() {
	expect_same "$(find "$CTST_LIBEXEC" "$CTST_PREFIX/bin" -perm /6000 -o -type f -perm /022)" ""
	command -v getcap >/dev/null || return 0
	expect_same "$(getcap -r "$CTST_LIBEXEC" "$CTST_PREFIX/bin")" ""
}
tap_case "no program is setuid, has capabilities, or can be written by others" nothing_is_privileged

tap_done
