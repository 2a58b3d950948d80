#!/usr/bin/env bash
# --offline: the kernel refuses sockets to the tools and to all that they execute, and containers keep theirs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/images.bash"

# Says in the file tries what came of an attempt to make a socket of each family, and by io_uring.
tries() {
	cat >try.py <<-'END'
		import ctypes, errno, socket, sys
		result = []
		for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET):
		    try:
		        socket.socket(family, socket.SOCK_RAW if family in (socket.AF_NETLINK, socket.AF_PACKET) else socket.SOCK_STREAM)
		        result.append("made")
		    except OSError as error:
		        result.append(errno.errorcode[error.errno])
		libc = ctypes.CDLL(None, use_errno=True)
		made = libc.syscall(425, 1, ctypes.create_string_buffer(120))
		result.append("ring" if made >= 0 else errno.errorcode[ctypes.get_errno()])
		print(*result, file=open(sys.argv[1], "a"))
	END
}

# fake TOOL: in CONTAINUST_LIBEXEC, one that tries and fails; the others are as they are.
fake() {
	mkdir -p libexec
	ln -sf "$CTST_LIBEXEC"/* libexec/
	rm "libexec/$1"
	printf '#!/bin/sh\npython3 "%s/try.py" "%s/tries"\nexit 1\n' "$PWD" "$PWD" >"libexec/$1"
	chmod +x "libexec/$1"
	export CONTAINUST_LIBEXEC=$PWD/libexec
}

expect_no_socket() {
	expect_same "$(sort -u tries)" 'EACCES EACCES EACCES EACCES EACCES ENOSYS'
	rm tries
}

importers() {
	tries
	fake ctst-image-import
	mkdir root
	printf 'COMPONENT a { image = "file://./root" command = ["/x"] }\n' >s.ctst
	run ctst-image build --offline < <(ctst-parse s.ctst)
	expect_status 1
	expect_no_socket
	for command in build run; do
		run ctst --offline "$command" s.ctst
		expect_status 1
		expect_no_socket
		CONTAINUST_OFFLINE=1 run ctst "$command" s.ctst
		expect_no_socket
	done
	mkdir -p .containust/images
	run ctst --offline image verify
	expect_no_socket
	run ctst --offline pull example.org/a/b
	expect_no_socket
	# The test can tell the difference.
	run ctst build s.ctst
	! grep -q EACCES tries || skip "sockets are forbidden here anyway"
}
tap_case "what image commands execute cannot make a socket" importers

remote_imports() {
	tries
	fake ctst-image-fetch
	printf 'IMPORT "https://example.org/t.ctst@sha256:%064d"\nCOMPONENT a FROM t { }\n' 0 >s.ctst
	run env CONTAINUST_OFFLINE=1 XDG_CACHE_HOME="$PWD/cache" ctst-parse s.ctst
	expect_status 1
	[ ! -e tries ] || fail "the fetcher was run"
}
tap_case "ctst-parse runs no fetcher" remote_imports

# Every tool by itself, whatever it is asked: the filter is there before it does anything.
every_tool() {
	local tool

	for tool in parse plan graph fmt convert image build image-import image-fetch image-pull ps logs stop rm; do
		CONTAINUST_OFFLINE=1 run strace -f -o trace -e trace=seccomp,socket "$CTST_LIBEXEC/ctst-$tool" nowhere.ctst </dev/null
		grep -q 'seccomp(SECCOMP_SET_MODE_FILTER.* = 0' trace || fail "ctst-$tool installs no filter"
		! grep -q 'socket(' trace || fail "ctst-$tool asks for a socket"
	done
}
command -v strace >/dev/null && tap_case "every tool that starts no containers has the filter" every_tool

containers() {
	printf 'COMPONENT a { image = "preset://busybox" command = ["/bin/sh", "-c", "nc 127.0.0.1 1 2>&1"] }\n' >s.ctst
	run ctst run --offline s.ctst
	expect_out 'a \| .*Connection refused'
	run ctst run s.ctst
	expect_out 'a \| .*Connection refused'
}
tap_case "a container of an --offline run makes sockets in a network of its own" containers

foreign_calls() {
	printf 'int main(void) { int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20)); return r > 0 ? 0 : 7; }\n' >x.c
	[ "$(uname -m)" = x86_64 ] && command -v cc >/dev/null && cc -o x x.c || skip "this needs a compiler for x86-64"
	./x || skip "this kernel has no 32-bit calls"
	mkdir libexec
	ln -s "$CTST_LIBEXEC"/* libexec/
	rm libexec/ctst-image-import
	cp x libexec/ctst-image-import
	mkdir root
	printf 'COMPONENT a { image = "file://./root" }\n' >s.ctst
	CONTAINUST_LIBEXEC=$PWD/libexec run ctst-image build --offline < <(ctst-parse s.ctst)
	expect_status 7
}
tap_case "calls by another architecture's numbers do not get around it" foreign_calls

tap_done
