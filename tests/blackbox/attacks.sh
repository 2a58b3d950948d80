#!/usr/bin/env bash
# The ways out of a container, and into its neighbours, that other runtimes have had to close one after the other.
. "$(dirname "$0")/lib.sh"

start_box() {
	cat >box.ctst <<-COMPONENT
		COMPONENT box {
		    image = "preset://busybox"
		    $*
		    command = ["/bin/sleep", "1000000"]
		}
	COMPONENT
	run ctst run -d box.ctst
	expect_status 0
}

inside() {
	run ctst exec box sh -c "$1"
}

checksums() {
	cat "$CTST_LIBEXEC"/* "$CTST_PREFIX/bin/ctst" | sha256sum
}

# CVE-2019-5736: a command that is /proc/self/exe makes the runtime execute itself inside, where its file can be had.
runtime_is_not_overwritten() {
	local before after
	before=$(checksums)
	cat >self.ctst <<-'COMPONENT'
		COMPONENT self { image = "preset://busybox" command = ["/proc/self/exe"] }
	COMPONENT
	run ctst run self.ctst
	[ "$status" -ne 0 ] || fail "the runtime ran inside"
	start_box 'readonly = false'
	# As the exploit does: the container waits for whoever comes in and writes to its executable.
	ctst exec box sh -c 'echo >/tmp/ready; while [ ! -e /tmp/end ]; do
		for p in /proc/[0-9]*; do
			case $(readlink $p/exe) in */busybox|"") ;; *) readlink $p/exe >>/tmp/seen; cp /bin/true $p/exe && echo written $p >>/tmp/written;; esac
		done 2>/dev/null; done' &
	await ctst exec box test -e /tmp/ready
	for _ in 1 2 3 4 5; do
		run ctst exec box /proc/self/exe
		[ "$status" -ne 0 ] || fail "the runtime ran inside"
		run ctst exec box sh -c 'exec 3>>/proc/self/exe'
		[ "$status" -ne 0 ]
	done
	ctst exec box touch /tmp/end
	wait
	run ctst exec box cat /tmp/written
	[ "$status" -ne 0 ] || fail "an executable was written to"
	after=$(checksums)
	expect_same "$after" "$before"
}
tap_case "the runtime's executables cannot be reached through /proc/self/exe" runtime_is_not_overwritten

# CVE-2024-21626: a working directory that is a descriptor the runtime has left open.
descriptors_lead_nowhere() {
	local number
	exec 7</ 8<"$HOME" 9</etc/passwd
	start_box
	for number in 3 4 5 6 7 8 9 10 11 12 13 32 33 37 38 39 64 65 66 67; do
		run ctst exec -w "/proc/self/fd/$number" box sh -c 'ls ../../../../..; cat ../../../../../etc/shadow; pwd'
		refute_out "(root:|unreachable|lost|ctst-test)"
		[ "$status" -ne 0 ] || fail "descriptor $number can be entered"
	done
	ctst stop --force && ctst rm box
	for number in 3 5 7 8 9 32 64 65 66 67 68; do
		cat >cwd.ctst <<-COMPONENT
			COMPONENT cwd {
			    image = "preset://busybox"
			    workdir = "/proc/self/fd/$number"
			    command = ["/bin/sh", "-c", "ls / ../../../.. ; cat ../../../../etc/shadow; pwd"]
			}
		COMPONENT
		run ctst run cwd.ctst
		refute_out "(root:|unreachable|ctst-test)"
	done
}
tap_case "no descriptor of the caller or the runtime is a way to the host" descriptors_lead_nowhere

# CVE-2021-30465 and its like: another container exchanges the target of a volume for a link while it is mounted.
swapped_target_stays_inside() {
	local i mounts
	mkdir -p data/dir "$CASE_DIR/outside" mine && echo mine >mine/file
	start_box 'volume = "./data:/data"'
	mounts=$(wc -l </proc/self/mountinfo)
	ctst exec box sh -c "cd /data; touch go; while [ -e go ]; do
		mkdir t 2>/dev/null; rmdir t; ln -s ../../../../../../../..$CASE_DIR/outside t; rm t; ln -s /proc t; rm t; ln -s / t; rm t; done" &
	await test -e data/go
	cat >victim.ctst <<-'COMPONENT'
		COMPONENT box { image = "preset://busybox" volume = "./data:/data" command = ["/bin/sleep", "1000000"] }
		COMPONENT victim {
		    image = "preset://busybox"
		    volumes = ["./data:/data", "./mine:/data/t"]
		    command = ["/bin/sh", "-c", "[ -e /proc/self/status ] && echo proc is real; touch /data/t/mark || :"]
		}
	COMPONENT
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		run ctst run -d victim.ctst
		run ctst logs victim
		[ ! -s "$CASE_DIR/out" ] || expect_out 'proc is real'
		ctst rm --force victim >/dev/null 2>&1 || :
	done
	rm data/go
	wait
	expect_same "$(ls -A "$CASE_DIR/outside")" ""
	expect_same "$(wc -l </proc/self/mountinfo)" "$mounts"
}
tap_case "a target that is exchanged for a link during the start leads nowhere" swapped_target_stays_inside

link_to_proc_is_no_target() {
	local place
	mkdir -p data mine
	for place in /proc /proc/sys ../../sys /dev /; do
		ln -sfn "$place" data/t
		cat >box.ctst <<-'COMPONENT'
			COMPONENT box {
			    image = "preset://busybox"
			    volumes = ["./data:/data", "./mine:/data/t"]
			    command = ["/bin/true"]
			}
		COMPONENT
		run ctst run box.ctst
		expect_status 1
		expect_err "R003.* on '/data/t': it leads to"
		ctst rm --force box
	done
}
tap_case "no link leads a volume over /proc, /sys, /dev or the root" link_to_proc_is_no_target

# What a container with the right to mount can do about the kernel's own files: nothing, since its root is not the host's.
kernel_files_stay_closed() {
	start_box 'readonly = false
	    capabilities = ["SYS_ADMIN", "DAC_OVERRIDE", "MKNOD", "SYS_RAWIO", "SYS_PTRACE"]'
	inside 'umount /proc/sys; umount /proc/sysrq-trigger; mkdir /p; mount -t proc proc /p
		for f in /proc /p; do
			echo "|/bin/true" >$f/sys/kernel/core_pattern && echo open $f core_pattern
			echo 1 >$f/sys/kernel/sysrq && echo open $f sysrq
			echo h >$f/sysrq-trigger && echo open $f trigger
			echo /x >$f/sys/kernel/modprobe && echo open $f modprobe
		done
		mkdir /c; mount -t cgroup -o rdma cgroup /c && echo open cgroup v1
		[ ! -e /c/release_agent ] || { echo /x >/c/release_agent && echo open release_agent; }
		mount -o remount,rw /sys; echo /x >/sys/kernel/uevent_helper && echo open uevent_helper
		mknod /disk b 8 0 && cat /disk && echo open disk
		mknod /memory c 1 1 && cat /memory && echo open memory
		mount -t debugfs d /c && echo open debugfs
		true'
	expect_status 0
	refute_out '^open'
}
tap_case "core_pattern, sysrq, release_agent, uevent_helper and devices are the host's, whatever a component may do" kernel_files_stay_closed

# CVE-2020-15257: with the host's network the abstract sockets of its daemons are in the same namespace.
abstract_sockets_are_out_of_reach() {
	local name=ctst-test-$$-$RANDOM
	[ "$(ctst doctor -o json | jq -r '.checks[] | select(.what == "landlock") | .detail' | grep -Ec 'ABI ([6-9]|[0-9][0-9])')" = 1 ] ||
		skip "this kernel's Landlock does not know abstract sockets (ABI 6)"
	mkdir -p rootfs/bin && cp "$CTST_BUILD/tests/probe/probe" rootfs/bin/probe && cp "$(command -v busybox)" rootfs/bin/busybox
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(5); print("ready", flush=True)
while True: s.accept()' "$name" >listening &
	await grep -q ready listening
	cat >box.ctst <<-COMPONENT
		COMPONENT box { image = "file://./rootfs" network = "host" command = ["/bin/probe", "abstract=$name"] }
		COMPONENT other { image = "file://./rootfs" network = "host" command = ["/bin/busybox", "sleep", "1000000"] }
	COMPONENT
	run ctst run -d box.ctst
	expect_status 0
	await sh -c 'ctst logs box | grep -q "^[^{]*}$"'
	run ctst logs box
	expect_out '"abstract_socket": "closed: Operation not permitted"'
	run ctst exec other /bin/probe "abstract=$name"
	expect_out '"abstract_socket": "closed: Operation not permitted"'
}
tap_case "abstract sockets of the host are out of reach also with its network" abstract_sockets_are_out_of_reach

# The supervisor is nobody's to trace: it is not visible inside, and the first process cannot be traced.
supervisor_is_not_traced() {
	local supervisor
	start_box 'capabilities = ["SYS_PTRACE", "KILL", "SYS_ADMIN"]'
	supervisor=$(ctst inspect box | jq -r '.. | objects | select(has("supervisor")) | .supervisor | if type == "object" then .pid else . end' | head -n 1)
	[ -n "$supervisor" ] && [ -e "/proc/$supervisor" ]
	inside 'ls -d /proc/[0-9]*; cat /proc/1/mem; cat /proc/1/maps; ls /proc/1/root/ /proc/1/cwd/ /proc/1/task/1/fd/; kill -STOP 1; kill -KILL 1; echo still'
	expect_out '^still$'
	refute_out "/proc/$supervisor\$"
	expect_err 'ermission denied'
	await ctst exec box true
	[ "$(awk '/^State/ { print $2 }' "/proc/$supervisor/status")" = S ]
}
tap_case "the supervisor is out of reach and the first process cannot be traced or killed" supervisor_is_not_traced

# What a container writes must not become what a terminal does (CVE-2021-25743 and others).
terminals_are_not_driven() {
	cat >loud.ctst <<-'COMPONENT'
		COMPONENT loud {
		    image = "preset://busybox"
		    command = ["/bin/printf", "before\\033]0;title\\007\\033[2Jafter\\n"]
		}
	COMPONENT
	run script -qec 'ctst run loud.ctst' /dev/null </dev/null
	grep -q 'before' "$CASE_DIR/out"
	! grep -q "$(printf '\033]0;title')" "$CASE_DIR/out" || fail "the container's control characters reach the terminal"
	run script -qec 'ctst logs loud' /dev/null </dev/null
	grep -q 'before' "$CASE_DIR/out"
	! grep -q "$(printf '\033]0;title')" "$CASE_DIR/out" || fail "the container's control characters reach the terminal"
}
tap_case "control characters of a container do not reach the terminal" terminals_are_not_driven

# CVE-2016-3697, CVE-2022-29162 and their like: who one becomes is decided by files of the image.
hostile_accounts() {
	local entry
	mkdir -p rootfs/bin rootfs/etc
	cp "$(command -v busybox)" rootfs/bin/busybox
	for entry in 'evil:x:4294967296:0::/:/bin/sh' 'evil:x:-1:0::/:/bin/sh' 'evil:x:0x0:0::/:/bin/sh' 'evil:x:+0:0::/:/bin/sh' \
		'evil:x: 0:0::/:/bin/sh' 'evil:x:4294967295:4294967295::/:/bin/sh' 'evil:x::0::/:/bin/sh' 'evil:x:65536:1::/:/bin/sh' \
		'evil:x:18446744073709551616:0::/:/bin/sh' 'evil:x:1:4294967296::/:/bin/sh'; do
		printf '%s\n' "$entry" >rootfs/etc/passwd
		cat >evil.ctst <<-'COMPONENT'
			COMPONENT evil { image = "file://./rootfs" user = "evil" command = ["/bin/busybox", "id"] }
		COMPONENT
		run ctst run evil.ctst
		expect_status 1
		expect_err 'R004.*evil'
		refute_out 'uid='
	done
	# Files that would have no end, or that are none.
	rm rootfs/etc/passwd && ln -s /dev/zero rootfs/etc/passwd
	run timeout 20 ctst run evil.ctst
	expect_status 1
	rm rootfs/etc/passwd && mkfifo rootfs/etc/passwd
	run timeout 20 ctst run evil.ctst
	expect_status 1
	rm rootfs/etc/passwd
	for entry in 4294967296 4294967295 65536 -1 0x1 00000000000000000000000000000000000000000000001x 1:4294967296 1:-1; do
		sed "s/user = \"[^\"]*\"/user = \"$entry\"/" evil.ctst >id.ctst
		run ctst run id.ctst
		[ "$status" -ne 0 ] || fail "the user $entry was taken"
		refute_out 'uid='
	done
}
tap_case "ids of an image's passwd that are none are refused, never wrapped to 0" hostile_accounts

hostile_image_config() {
	mkdir -p layout/blobs/sha256 rootfs/bin
	cp "$(command -v busybox)" rootfs/bin/busybox
	tar -C rootfs -cf layer.tar .
	local layer config user
	for user in 4294967296 -1 '0:4294967296' '../../etc/passwd' "$(printf 'a\\u001b[2Jb')"; do
		layer=$(sha256sum layer.tar | cut -d' ' -f1) && cp layer.tar "layout/blobs/sha256/$layer"
		printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"config":{"User":"%s","Cmd":["/bin/busybox","id"],"Env":["PATH=/bin","LD_PRELOAD=/x"],"WorkingDir":"/proc/self/fd/9"}}' \
			"$layer" "$user" >config.json
		config=$(sha256sum config.json | cut -d' ' -f1) && cp config.json "layout/blobs/sha256/$config"
		printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}' \
			"$config" "$(stat -c %s config.json)" "$layer" "$(stat -c %s layer.tar)" >manifest.json
		manifest=$(sha256sum manifest.json | cut -d' ' -f1) && cp manifest.json "layout/blobs/sha256/$manifest"
		printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d}]}' \
			"$manifest" "$(stat -c %s manifest.json)" >layout/index.json
		echo '{"imageLayoutVersion":"1.0.0"}' >layout/oci-layout
		rm -f image.tar && tar -C layout -cf image.tar .
		echo 'COMPONENT evil { image = "tar://./image.tar" }' >evil.ctst
		run ctst run evil.ctst
		[ "$status" -ne 0 ] || fail "the user $user was taken"
		refute_out 'uid='
		! grep -q "$(printf '\033\[2J')" "$CASE_DIR/err" || fail "control characters of an image reach the terminal"
	done
}
tap_case "what an image's configuration says of users is checked, too" hostile_image_config

# Who enters a container executes what the container has put there.
exec_of_a_replaced_shell() {
	start_box 'readonly = false'
	inside 'rm /bin/sh; printf "#!/bin/busybox sh\nexec 2>&1; id; cat /proc/\$PPID/environ /proc/\$PPID/maps; ls -l /proc/\$PPID/ /proc/self/fd/ ; for i in 3 4 5 6 7 8 9 32 33 38; do ls /proc/self/fd/\$i/; done; grep -E \"^(Cap|Seccomp|NoNewPrivs)\" /proc/self/status; echo mark >/marked\n" >/bin/sh; chmod +x /bin/sh'
	# By a pipe: the names of files that the caller hands over are no secret.
	MARK_OF_THE_CALLER=1 run sh -c 'ctst exec box sh -c true | cat'
	expect_out '^Seccomp:.2$'
	expect_out '^NoNewPrivs:.1$'
	expect_out '^CapEff:.0000000000000000$'
	refute_out 'MARK_OF_THE_CALLER'
	refute_out "ctst-test"
	[ ! -e /marked ]
}
tap_case "exec into a container that has replaced its shell gives it nothing" exec_of_a_replaced_shell

badness_is_not_inherited() {
	local before
	before=$(cat /proc/self/oom_score_adj)
	sh -c 'echo -500 >/proc/self/oom_score_adj' 2>/dev/null || skip "only root with CAP_SYS_RESOURCE can spare itself; the virtual machine of limits.sh tries it"
	printf 'COMPONENT box { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }\n' >box.ctst
	run sh -c 'echo -500 >/proc/self/oom_score_adj && ctst run -d box.ctst'
	expect_status 0
	inside 'cat /proc/1/oom_score_adj; cat /proc/2/oom_score_adj'
	expect_same "$(cat "$CASE_DIR/out")" "$(printf '0\n0')"
	expect_same "$(cat /proc/self/oom_score_adj)" "$before"
}
tap_case "a caller that is spared when memory is short does not hand that on" badness_is_not_inherited

# Whoever is not of the container's own ids is somebody of the host, with the rights of that one.
nobody_of_the_host_is_inside() {
	cat >box.ctst <<-'COMPONENT'
		COMPONENT box {
		    image = "preset://busybox"
		    command = ["/bin/sleep", "1000000"]
		    healthcheck = { command = ["/bin/sleep", "900000"] interval = "100ms" timeout = "1h" start_period = "1h" }
		}
	COMPONENT
	ctst run -d box.ctst &
	await sh -c 'ctst exec box ps | grep -q "[s]leep 900000"'
	inside 'cat /proc/[0-9]*/status | awk "\$1 == \"Uid:\" || \$1 == \"Gid:\" { print \$2, \$3, \$4, \$5 }" | sort | uniq -c'
	expect_same "$(awk '{ print $2, $3, $4, $5 }' "$CASE_DIR/out")" "0 0 0 0"
	# The first process, the command, the check and the process that watches it, and what looks at them.
	[ "$(awk '{ print $1 }' "$CASE_DIR/out")" -ge 12 ]
}
tap_case "no process of another user is in a container, also while its health is checked" nobody_of_the_host_is_inside

state_is_private() {
	cat >box.ctst <<-'COMPONENT'
		COMPONENT box {
		    image = "preset://busybox"
		    env = { TOKEN = "${secret.token}" }
		    command = ["/bin/sleep", "1000000"]
		}
	COMPONENT
	mkdir -m 700 "$CASE_DIR/secrets" && (umask 077 && echo not-for-others >"$CASE_DIR/secrets/token")
	CONTAINUST_SECRETS_DIR=$CASE_DIR/secrets run ctst run -d box.ctst
	expect_status 0
	! grep -rIl not-for-others .containust || fail "a secret was written down"
	expect_same "$(stat -c %a .containust)" 700
	expect_same "$(find .containust/state .containust/containers -not -type l -perm /077 -not -path '*/writable*' | head)" ""
}
tap_case "the project's state is its owner's alone, and holds no secret" state_is_private

tap_done
