#!/usr/bin/env bash
# The filter of system calls that a component brings along, or gives up (seccomp = …).
. "$(dirname "$0")/lib.sh"

: "${CTST_BUILD:?where the probe is; tests/run sets it}"

write_box() {
	mkdir -p rootfs/bin
	cp "$CTST_BUILD/tests/probe/probe" rootfs/bin/probe
	cp "$(command -v busybox)" rootfs/bin/busybox
	ln -sf busybox rootfs/bin/mkdir
	cat >box.ctst <<-COMPONENT
		COMPONENT box {
		    image = "file://./rootfs"
		    $*
		    command = ["/bin/busybox", "sleep", "1000000"]
		}
	COMPONENT
}

# What the probe says of a point: open or closed.
verdict() {
	jq -r --arg point "$1" '.[$point] | split(":")[0]' "$CASE_DIR/out"
}

unconfined_is_open() {
	write_box 'seccomp = "unconfined"'
	run ctst run -d box.ctst
	expect_status 0
	run ctst exec box /bin/probe
	expect_status 0
	expect_same "$(verdict seccomp) $(verdict keyctl) $(verdict io_uring_setup) $(verdict ioctl_TIOCSTI)" "open open open open"
	# Only the filter is gone.
	expect_same "$(verdict capabilities) $(verdict new_privileges) $(verdict write_root)" "closed closed closed"
	[ ! -e .containust/containers/*/seccomp.bpf ]
	run ctst inspect box
	expect_out '"seccomp": *"unconfined"'
}
tap_case "seccomp = \"unconfined\" takes the filter away and nothing else" unconfined_is_open

# A container without a filter asks for keys; what it finds must not be those of its caller's session.
keyring_is_private() {
	cat >session.py <<-'PYTHON'
		import ctypes, os, platform, sys
		add_key, keyctl = (248, 250) if platform.machine() == "x86_64" else (217, 219)
		call = ctypes.CDLL(None, use_errno=True).syscall
		assert call(keyctl, 1, None) > 0 and call(add_key, b"user", b"ctst-probe", b"secret", 6, -3) > 0
		os.execvp(sys.argv[1], sys.argv[1:])
	PYTHON
	write_box 'seccomp = "unconfined"
	    healthcheck = { command = ["/bin/probe"] }'
	run python3 session.py rootfs/bin/probe
	[ "$(verdict session_key)" = open ] || skip "this host has no keys"
	sed -i 's|"/bin/busybox", "sleep", "1000000"|"/bin/busybox", "sh", "-c", "/bin/probe; exec sleep 1000000"|' box.ctst
	run python3 session.py ctst run -d box.ctst
	expect_status 0
	await sh -c 'ctst logs box | jq -e .session_key'
	run ctst logs box
	expect_same "$(verdict session_key) $(verdict keyctl)" "closed open"
	run python3 session.py ctst exec box /bin/probe
	expect_same "$(verdict session_key) $(verdict keyctl)" "closed open"
	ctst inspect box | jq -r '.containers[0].probes[0].output' >"$CASE_DIR/probe"
	grep '"session_key": "closed' "$CASE_DIR/probe"
}
tap_case "the session keyring is the container's own, without a filter as well" keyring_is_private

profile_replaces_the_list() {
	cat >profile.json <<-'JSON'
		{ "defaultAction": "SCMP_ACT_ALLOW",
		  "syscalls": [
		    { "names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95 },
		    { "names": ["personality"], "action": "SCMP_ACT_ERRNO",
		      "args": [{ "index": 0, "value": 262144, "op": "SCMP_CMP_EQ" }] },
		    { "names": ["keyctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": { "caps": ["CAP_SYS_CHROOT"] } },
		    { "names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "includes": { "caps": ["CAP_SYS_CHROOT"] } },
		    { "names": ["bpf"], "action": "SCMP_ACT_ERRNO", "includes": { "minKernel": "999.0" } },
		    { "names": ["userfaultfd"], "action": "SCMP_ACT_ERRNO", "includes": { "arches": ["amd64", "arm64"] } } ] }
	JSON
	write_box 'seccomp = "./profile.json"'
	run ctst run -d box.ctst
	expect_status 0
	run ctst exec box /bin/busybox mkdir /tmp/x
	expect_status 1
	expect_err 'not supported'
	run ctst exec box /bin/probe
	expect_status 0
	expect_same "$(for p in personality keyctl kcmp bpf userfaultfd calls_of_i386; do verdict $p; done | tr '\n' ' ')" \
		"closed closed open open closed closed "
	run ctst inspect box
	expect_out "\"seccomp\": *\"$PWD/profile.json\""
}
tap_case "a profile in Docker's format takes the place of the list" profile_replaces_the_list

usual_profile_works() {
	[ -e /usr/share/containers/seccomp.json ] || skip "golang-github-containers-common is not installed"
	write_box 'seccomp = "/usr/share/containers/seccomp.json" capabilities = ["SYS_CHROOT"]'
	run ctst run -d box.ctst
	expect_status 0
	run ctst exec box /bin/probe
	expect_status 0
	expect_same "$(verdict seccomp) $(verdict bpf) $(verdict chroot)" "closed closed open"
}
tap_case "podman's own profile works" usual_profile_works

bad_profiles_are_refused() {
	local profile
	write_box 'seccomp = "./profile.json"'
	for profile in '' '[]' '{}' '{"defaultAction":"SCMP_ACT_NOTIFY"}' '{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_MAYBE"}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":5000}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"op":"SCMP_CMP_EQ","value":"7"}]}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":{"index":0}}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","includes":["CAP_KILL"]}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","includes":{"caps":"CAP_KILL"}}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","excludes":{"arches":[1]}}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":"EPERM"}]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":{"names":["read"]}}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","architectures":["ARM"]}' \
		'{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"]}'; do
		printf '%s' "$profile" >profile.json
		run ctst run -d box.ctst
		expect_status 1
		expect_err 'R004.*profile.json'
	done
	run ctst exec box /bin/probe
	[ "$status" -ne 0 ]
}
tap_case "a profile that is none starts nothing" bad_profiles_are_refused

damage_is_not_overlooked() {
	printf '{"defaultAction":"SCMP_ACT_ALLOW"}' >profile.json
	write_box 'seccomp = "./profile.json"'
	run ctst run -d box.ctst
	expect_status 0
	printf 1234567 >"$(echo .containust/containers/*/seccomp.bpf)"
	run ctst exec box /bin/probe
	expect_status 1
	expect_err 'S001.*seccomp.bpf'
	rm .containust/containers/*/seccomp.bpf
	run ctst exec box /bin/probe
	expect_status 1
	expect_err 'S001.*seccomp.bpf'
}
tap_case "exec without the filter of its container is refused" damage_is_not_overlooked

language() {
	local value
	for value in '"unconfind"' '"profile.json"' '""' 'true' '"./missing.json"' '"."' '"${env.X}"'; do
		write_box "seccomp = $value"
		run ctst-parse box.ctst
		expect_status 1
		expect_err 'seccomp'
	done
	mkdir sub && printf '{"defaultAction":"SCMP_ACT_ALLOW"}' >sub/profile.json
	echo 'COMPONENT base { image = "preset://busybox" seccomp = "./profile.json" }' >sub/base.ctst
	printf 'IMPORT "./sub/base.ctst" AS b\nCOMPONENT box FROM b.base { command = ["/bin/true"] }\n' >box.ctst
	run ctst-parse box.ctst
	expect_status 0
	expect_out "\"seccomp\":\"$PWD/sub/profile.json\""
	run ctst-parse --strict box.ctst
	expect_err 'seccomp'
}
tap_case "the property is a file beside the one that names it, or unconfined" language

tap_done
