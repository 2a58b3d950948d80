#!/usr/bin/env bash
# What a container sees and can do, from inside and from the kernel's files.
. "$(dirname "$0")/lib.sh"

# A running container 'box' with a shell in it.
start_box() {
	cat >box.ctst <<-EOF
		COMPONENT box {
		    image = "preset://busybox"
		    $*
		    command = ["/bin/sleep", "1000000"]
		}
	EOF
	run ctst run -d box.ctst
	expect_status 0
}

inside() {
	run ctst exec box sh -c "$1"
}

init_pid() {
	ctst ps -o json | sed -n 's/.*"pid": \([0-9]*\).*/\1/p' | head -n 1
}

# The container's first command; the init in front of it shows nothing to an ordinary user.
payload_pid() {
	local init
	init=$(init_pid)
	tr -d ' ' <"/proc/$init/task/$init/children"
}

has_no_capabilities() {
	start_box
	inside 'grep -E "^(Cap|NoNewPrivs)" /proc/self/status'
	expect_status 0
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		expect_out "^$set:.0000000000000000$"
	done
	expect_out '^NoNewPrivs:.1$'
	# The command that ctst run started, not only the one of exec.
	payload=$(payload_pid)
	grep -qE '^CapBnd:.0000000000000000$' "/proc/$payload/status"
	grep -qE '^NoNewPrivs:.1$' "/proc/$payload/status"
}
tap_case "all capabilities are dropped and none can be regained" has_no_capabilities

keeps_asked_capabilities() {
	start_box 'capabilities = ["NET_BIND_SERVICE"]'
	inside 'grep -E "^CapEff" /proc/self/status'
	expect_out '^CapEff:.0000000000000400$'
	run ctst exec -u 1000 box grep -E '^CapEff' /proc/self/status
	expect_out '^CapEff:.0000000000000400$'
}
as_root_with_users() { [ "$(id -u)" = 0 ] || skip "a container started without root has one user only"; "$@"; }
tap_case "capabilities that were asked for are kept, for other users too" as_root_with_users keeps_asked_capabilities

root_is_read_only() {
	start_box
	inside 'touch /x || touch /bin/x || touch /etc/x || touch /dev/x'
	expect_status 1
	expect_err 'Read-only file system'
	inside 'echo a >/tmp/x && echo b >/run/x && echo c >/dev/shm/x && cat /tmp/x /run/x /dev/shm/x'
	expect_status 0
	inside 'cat /proc/self/mountinfo'
	for path in /proc/sys /proc/bus /proc/fs /proc/irq /sys; do
		expect_out " $path ro,"
	done
	for path in /proc/keys /proc/timer_list /sys/firmware; do
		[ ! -e "$path" ] || expect_out " $path r"
	done
	inside 'echo 1 >/proc/sys/kernel/hostname || echo h >/proc/sysrq-trigger || mkdir /sys/fs/cgroup/x'
	expect_status 1
}
tap_case "/ cannot be written, /tmp /run and /dev/shm can" root_is_read_only

root_can_be_writable() {
	start_box 'readonly = false'
	inside 'echo a >/x && cat /x'
	expect_status 0
	expect_out '^a$'
}
tap_case "with readonly = false the root takes changes" root_can_be_writable

devices_are_real() {
	start_box
	inside 'for d in null zero full random urandom tty; do [ -c /dev/$d ] || exit 1; done; echo x >/dev/null; head -c 4 /dev/zero | wc -c'
	expect_status 0
	expect_out '^4$'
	inside 'ls /dev'
	refute_out '(sda|vda|mem|kmsg|kvm|loop)'
}
tap_case "/dev has the harmless devices and nothing else" devices_are_real

sees_nothing_of_the_host() {
	start_box
	inside 'hostname; ps; cat /proc/self/mountinfo; ls -l /proc/1/ 2>/dev/null'
	expect_status 0
	expect_out '^box$'
	refute_out "$(hostname)\$"
	refute_out "$PWD"
	refute_out 'ctst-supervise'
	[ "$(grep -c 'ctst-init' "$CASE_DIR/out")" -ge 1 ]
	# The host's disks may be named as sources, but no directory of the host's is reachable.
	inside 'ls /home /usr /var /opt'
	expect_status 1
}
tap_case "processes, mounts and name of the host are not visible" sees_nothing_of_the_host

namespaces_differ() {
	local name inner
	start_box
	for name in user mnt pid net ipc uts cgroup; do
		inner=$(readlink "/proc/$(payload_pid)/ns/$name")
		[ -n "$inner" ] && [ "$(readlink "/proc/self/ns/$name")" != "$inner" ] || fail "$name is the host's"
		# The cgroup namespace of an exec is another one with the same root.
		[ "$name" != cgroup ] || continue
		run ctst exec box readlink "/proc/self/ns/$name"
		expect_same "$(cat "$CASE_DIR/out")" "$inner"
	done
}
tap_case "every namespace is the container's own, and exec is in the same ones" namespaces_differ

only_standard_descriptors() {
	exec 7</dev/null 8>/dev/null
	start_box
	payload=$(payload_pid)
	expect_same "$(ls "/proc/$payload/fd" | tr '\n' ' ')" "0 1 2 "
	run ctst exec box sh -c 'ls /proc/$$/fd'
	refute_out '^[78]$'
}
tap_case "no descriptor of the caller's gets in" only_standard_descriptors

only_declared_environment() {
	MARK_OF_THE_CALLER=1 start_box 'env = { DECLARED = "yes" }'
	payload=$(payload_pid)
	tr '\0' '\n' <"/proc/$payload/environ" >environ
	grep -q '^DECLARED=yes$' environ
	! grep -q MARK_OF_THE_CALLER environ
}
tap_case "the environment is the declared one" only_declared_environment

# A caller that ignores every signal that can be, blocks all, and has memory at places that are known (as gdb starts programs).
starts_afresh() {
	cat >strange.py <<-'PYTHON'
		import ctypes, os, signal, sys
		for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
		    signal.signal(number, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
		ctypes.CDLL(None).personality(0x40000)
		os.umask(0)
		os.execvp(sys.argv[1], sys.argv[1:])
	PYTHON
	local ask="grep -E '^Sig(Blk|Ign)|^Umask' /proc/self/status; cat /proc/self/personality"
	cat >box.ctst <<-CTST
		COMPONENT box { image = "preset://busybox" command = ["/bin/sh", "-c", "$ask; exec sleep 1000000"] }
	CTST
	printf 'SigBlk:\t%s\nSigIgn:\t%s\nUmask:\t0022\n00000000\n' 0000000000000000 0000000000000000 | sort >expected
	python3 strange.py ctst run -d box.ctst
	await sh -c 'ctst logs box | grep -qx 00000000'
	expect_same "$(ctst logs box | sort)" "$(cat expected)"
	expect_same "$(python3 strange.py ctst exec box sh -c "$ask" | sort)" "$(cat expected)"
	expect_same "$(find .containust -maxdepth 2 -perm /022 -not -type l)" ""
}
tap_case "signals, the creation mask and the layout of memory are not the caller's" starts_afresh

init_is_out_of_reach() {
	start_box
	inside 'readlink /proc/1/exe || cat /proc/1/environ || ls /proc/1/fd/'
	expect_status 1
	expect_err 'ermission denied'
}
tap_case "the runtime's own process and executable are out of reach" init_is_out_of_reach

init_cannot_be_traced() {
	start_box 'capabilities = ["SYS_PTRACE", "KILL", "DAC_OVERRIDE"]'
	inside 'readlink /proc/1/exe || cat /proc/1/environ || ls /proc/1/fd/'
	expect_status 1
	expect_err 'ermission denied'
}
tap_case "not even with the capability to trace" init_cannot_be_traced

ids_are_nobodys() {
	start_box
	local uid
	uid=$(awk '/^Uid:/ { print $2 }' "/proc/$(payload_pid)/status")
	[ "$uid" -ge 524288 ] || fail "the payload runs as $uid"
	inside 'stat -c %u /bin/busybox'
	expect_out '^0$'
}
tap_case "root inside is an unprivileged id outside, and the image's files are root's inside" as_root_with_users ids_are_nobodys

has_own_cgroup() {
	local group
	start_box
	group=$(ctst ps -o json | sed -n 's/.*"cgroup": "\(.*\)".*/\1/p')
	[ -n "$group" ] || skip "no cgroup can be made here"
	grep -q "^$(payload_pid)$" "$group/cgroup.procs"
	inside 'cat /proc/self/cgroup'
	expect_out '^0::/$'
	before=$(wc -l <"$group/cgroup.procs")
	ctst exec box sleep 1000000 &
	await sh -c '[ "$(wc -l <"$1/cgroup.procs")" -gt "$2" ]' sh "$group" "$before"
	run ctst stop --force
	[ ! -e "$group" ] || fail "$group is still there"
}
tap_case "it has a cgroup of its own, which goes with it" has_own_cgroup

has_loopback() {
	start_box
	inside 'ifconfig -a; cat /etc/hosts /etc/hostname'
	expect_out '127\.0\.0\.1'
	expect_out '^10\..*	box$'
	expect_out '^box$'
	refute_out '^(eth[1-9]|veth|br|wl|ct)'
}
tap_case "of a network it has a loopback and an interface of its own" has_loopback

volumes_work() {
	mkdir data && echo from-host >data/file
	start_box 'volumes = ["./data:/data", "./data:/read/only/deep:ro", "kept:/kept", "./data/file:/etc/one-file:ro"]'
	inside 'cat /data/file /read/only/deep/file /etc/one-file; echo x >/data/written; touch /read/only/deep/x 2>/dev/null || echo refused; touch /kept/y'
	expect_status 0
	expect_lines out 4
	expect_out '^refused$'
	[ "$(cat data/written)" = x ]
	[ "$(stat -c %u data/written)" = "$(id -u)" ] || fail "the file belongs to $(stat -c %u data/written)"
	[ -e .containust/volumes/kept/y ]
	run ctst stop --force
	run ctst rm box
	expect_status 0
	[ -e data/file ] && [ -e .containust/volumes/kept/y ] || fail "data was removed"
}
tap_case "volumes are mounted with the caller's ids, read-only where said, and survive the container" volumes_work

project_volume_hides_state() {
	echo from-host >seen
	start_box 'volumes = ["./:/app", "./../:/above:ro", "kept:/kept"]'
	inside 'cat /app/seen; ls -A /app/.containust | wc -l; ls -A /above/*/.containust | wc -l; touch /kept/y && echo kept
	        touch /app/.containust/x || rmdir /app/.containust || mv /app/.containust /app/moved || echo refused'
	expect_out '^from-host$'
	[ "$(grep -c "^0$" "$CASE_DIR/out")" = 2 ] || fail "the state can be seen"
	expect_out '^kept$'
	expect_out '^refused$'
	inside "find /app /above -name config.json"
	refute_out config.json
	[ -e .containust/state/state.json ]
}
tap_case "a volume of the project's own directory hides its state" project_volume_hides_state

state_is_no_volume() {
	local source
	for source in ./../:/above ./.containust:/s:ro ./.containust/containers:/c; do
		cat >box.ctst <<-EOF
			COMPONENT box { image = "preset://busybox" volume = "$source" command = ["/bin/true"] }
		EOF
		run ctst run box.ctst
		expect_status 1
		expect_err 'R003'
		expect_err "project's"
	done
}
tap_case "no container gets the state of its project" state_is_no_volume

volumes_are_private() {
	[ "$(id -u)" = 0 ] || skip "only root can mount on the host's side"
	mkdir data
	cat >box.ctst <<-EOF
		COMPONENT box { image = "preset://busybox" volume = "./data:/data" command = ["/bin/sleep", "1000000"] }
	EOF
	# In a mount namespace of its own: what is mounted there goes with it.
	run unshare --mount --propagation private sh -ec '
		mount -t tmpfs before data
		mount --make-shared data
		mkdir data/sub
		ctst run -d box.ctst
		mount -t tmpfs later data/sub
		touch data/sub/later
		ctst exec box ls /data /data/sub'
	expect_status 0
	expect_out '^sub$'
	refute_out later
}
tap_case "what the host mounts later does not appear in a volume" volumes_are_private

volume_links_are_refused() {
	mkdir data "$CASE_DIR/secret"
	echo secret >"$CASE_DIR/secret/file"
	# As a container that has ./data would do it between two starts of another one.
	ln -s "$CASE_DIR/secret" data/sub
	cat >box.ctst <<-EOF
		COMPONENT box {
		    image = "preset://busybox"
		    volume = "./data/sub:/sub"
		    command = ["/bin/cat", "/sub/file"]
		}
	EOF
	run ctst run box.ctst
	expect_status 1
	expect_err 'R003.*data/sub'
	expect_err 'symbolic link'
	refute_out secret
	rm data/sub
	ln -s "$CASE_DIR/secret" linked
	sed -i 's/data.sub:/linked\/new:/' box.ctst
	run ctst run box.ctst
	expect_status 1
	[ ! -e "$CASE_DIR/secret/new" ] || fail "a directory was made outside"
}
tap_case "no symbolic link leads a volume to another place of the host" volume_links_are_refused

no_nested_namespaces() {
	start_box
	inside 'unshare -U true'
	expect_status 1
	inside 'cat /proc/sys/user/max_user_namespaces'
	expect_out '^0$'
}
tap_case "no user namespace can be made inside" no_nested_namespaces

hostile_paths_stay_inside() {
	mkdir -p rootfs/bin && cp "$(command -v busybox)" rootfs/bin/busybox
	ln -s busybox rootfs/bin/sh && ln -s busybox rootfs/bin/sleep && ln -s busybox rootfs/bin/cat
	# Every place that is mounted on points out of the image.
	mkdir "$CASE_DIR/outside" && ln -s "$CASE_DIR/outside" rootfs/proc && ln -s "$CASE_DIR/outside" rootfs/etc
	ln -s "$CASE_DIR/outside" rootfs/data && ln -s ../../../../../../../..$CASE_DIR/outside rootfs/tmp
	mkdir data && echo mine >data/file
	cat >box.ctst <<-EOF
		COMPONENT box {
		    image = "file://./rootfs"
		    volume = "./data:/data/sub"
		    command = ["/bin/sh", "-c", "cat /data/sub/file /etc/hostname; echo t >/tmp/t; sleep 1000000"]
		}
	EOF
	run ctst run -d box.ctst
	expect_status 0
	await ctst exec box cat /tmp/t
	run ctst logs box
	expect_out '^mine$'
	expect_same "$(ls -A "$CASE_DIR/outside")" ""
}
tap_case "an image's symlinks cannot lead a mount out of the root" hostile_paths_stay_inside

user_is_resolved() {
	start_box 'user = "1234:4321"'
	inside 'id -u; id -g'
	expect_out '^1234$'
	expect_out '^4321$'
	cat >bad.ctst <<-'EOF'
		COMPONENT bad { image = "preset://busybox" user = "nobody-knows-me" command = ["/bin/true"] }
	EOF
	run ctst run -d bad.ctst
	expect_status 1
	expect_err 'R004.*nobody-knows-me'
}
tap_case "the user is resolved in the image, and an unknown one is an error" as_root_with_users user_is_resolved

tap_done
