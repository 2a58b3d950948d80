#!/usr/bin/env bash
# Who the users of containers are on the host: ranges of root's containers, and subordinate ids of ordinary users. Each case has
# a /run and an /etc/subuid of its own, in a mount namespace.
. "$(dirname "$0")/lib.sh"

user=61235

# in_own_host SUBUID-TEXT CASE: the rest of a case, with these subordinate ids.
in_own_host() {
	[ "$(id -u)" = 0 ] || skip "only root can have ranges, and give them to others"
	printf '%b' "$1" >subuid
	# newuidmap(1) wants its caller to have an account.
	(cat /etc/passwd; echo "ctst-test:x:$user:$user::/:/bin/sh") >accounts
	export -f fail run expect_status expect_err expect_same tap_expect_match tap_show_last await "$2" ranges stack
	CASE_DIR=$CASE_DIR unshare --mount --propagation private bash -eu -o pipefail -c '
		mount -t tmpfs tmpfs /run
		for file in /etc/subuid /etc/subgid; do
			[ -e "$file" ] || : >"$file"
			mount --bind subuid "$file"
		done
		mount --bind accounts /etc/passwd
		'"$2"'
		ctst stop --force >/dev/null 2>&1 || true'
}

# The first host id of every container that runs.
ranges() {
	local pid
	for pid in $(ctst ps -o json | jq -r '.containers[].pid'); do
		awk '{ print $2 }' "/proc/$pid/uid_map"
	done | sort -n
}

stack() {
	local name
	for name; do
		echo "COMPONENT $name { image = \"preset://busybox\" command = [\"/bin/sleep\", \"1000\"] }"
	done >containust.ctst
}

block() {
	stack a b c
	ctst run -d
	expect_same "$(ranges | uniq | wc -l)" 3
	ranges | awk '$1 < 524288 || $1 % 65536 { exit 1 }'
}
takes_the_block() { in_own_host '' block; }
tap_case "each container of root's has a range of its own" takes_the_block

configured() {
	stack a b
	ctst run -d
	expect_same "$(ranges | tr '\n' ' ')" "200000 265536 "
	stack a b c
	run ctst run -d
	expect_status 1
	expect_err "error\[R001\]: component 'c': no range of 65536 user ids is free"
	expect_err "hint: give the user 'containust' more in /etc/subuid"
	expect_same "$(ranges | wc -l)" 2
	# One that has gone makes room.
	ctst stop a >/dev/null
	ctst run -d --no-prune >/dev/null 2>&1 || true
	expect_same "$(ranges | tr '\n' ' ')" "200000 265536 "
}
takes_what_is_configured() { in_own_host 'containust:200000:131072\n' configured; }
tap_case "the user containust in /etc/subuid says which, and no two share one" takes_what_is_configured

# All of the block but one range is a user's.
others() {
	stack a
	ctst run -d
	expect_same "$(ranges)" 1048576
	stack a b
	run ctst run -d
	expect_status 1
}
leaves_other_users_alone() { in_own_host 'someone:0:1048576\nsomeone:1114112:4000000000\n' others; }
tap_case "what /etc/subuid gives to somebody is never taken" leaves_other_users_alone

# Another project's container, or another tool that knows the lock, holds nearly everything.
claimed() {
	mkdir -m 700 /run/containust
	python3 -c '
import fcntl, os, struct, sys
claims = os.open("/run/containust/ids", os.O_RDWR | os.O_CREAT, 0o600)
lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 265536, 131072, 0)
fcntl.fcntl(claims, 37, lock)  # F_OFD_SETLK
print("ready", flush=True)
sys.stdin.read()' < <(exec sleep 1000) >ready &
	await grep -q ready ready
	stack a
	ctst run -d
	expect_same "$(ranges)" 200000
	stack a b
	run ctst run -d
	expect_status 1
	kill $!
}
respects_claims() { in_own_host 'containust:200000:196608\n' claimed; }
tap_case "a range that is in use on this host is not given out again" respects_claims

rootless() {
	mkdir /run/home
	chown "$user:$user" . /run/home
	cat >containust.ctst <<'CTST'
COMPONENT web {
    image = "preset://busybox"
    user = "1000:1000"
    readonly = false
    command = ["/bin/sh", "-c", "id -u; mkdir /tmp/x; cat /proc/self/uid_map; exec sleep 1000"]
}
COMPONENT maker {
    image = "preset://busybox"
    readonly = false
    capabilities = ["CHOWN", "FOWNER"]
    command = ["/bin/sh", "-c", "mkdir /made && touch /made/file && chown -R 33:44 /made && chmod 700 /made && stat -c %u:%g /made; exec sleep 1000"]
}
CTST
	chown "$user:$user" containust.ctst
	as_user() { setpriv --reuid="$user" --regid="$user" --clear-groups -- env HOME=/run/home TMPDIR=/tmp "$@"; }
	as_user ctst run -d
	web() { as_user ctst logs web | tr -s ' ' | grep -q '1 300000 65535'; }
	maker() { as_user ctst logs maker | grep -q '^33:44$'; }
	await web
	await maker
	as_user ctst logs web | grep -qx 1000
	expect_same "$(as_user ctst exec -u 77 web id -u)" 77
	# What belongs to other ids is removed all the same.
	as_user ctst stop
	as_user ctst rm web maker
	expect_same "$(find .containust/containers -mindepth 1 | wc -l)" 0
}
maps_subordinate_ids() {
	if ! [ -x /usr/bin/newuidmap ]; then skip "newuidmap is not installed"; fi
	chmod 755 "$tap_root" "$CASE_DIR"
	setpriv --reuid="$user" --regid="$user" --clear-groups -- test -x "$CTST_LIBEXEC/ctst-spawn" ||
		skip "an ordinary user cannot reach $CTST_LIBEXEC"
	export user
	in_own_host "$user:300000:65536\n" rootless
}
tap_case "an ordinary user's containers have the users that /etc/subuid gives" maps_subordinate_ids

alone() {
	mkdir /run/home
	chown "$user:$user" . /run/home
	echo 'COMPONENT web { image = "preset://busybox" user = "1000" command = ["/bin/true"] }' >containust.ctst
	run setpriv --reuid="$user" --regid="$user" --clear-groups -- env HOME=/run/home ctst run -d
	expect_status 126
	expect_err "hint: without root the container has no users but its root, unless /etc/subuid"
}
says_what_is_missing() {
	chmod 755 "$tap_root" "$CASE_DIR"
	setpriv --reuid="$user" --regid="$user" --clear-groups -- test -x "$CTST_LIBEXEC/ctst-spawn" ||
		skip "an ordinary user cannot reach $CTST_LIBEXEC"
	export user
	in_own_host '' alone
}
tap_case "without them a user of the image is refused, with what to do" says_what_is_missing

# ---- file systems whose mounts cannot have other ids ----

mapping() {
	{ ctst doctor -o json || true; } | jq -r '.checks[] | select(.what == "id-mapped mounts") | .finding + " " + .detail'
}

# An overlay's cannot, as a host that is a container itself has them; nor can the kernel's own file systems.
unmappable() {
	mkdir tmp && mount -t tmpfs tmpfs tmp
	mkdir tmp/lower tmp/upper tmp/work tmp/overlay tmp/project
	mount -t overlay overlay -o "lowerdir=$PWD/tmp/lower,upperdir=$PWD/tmp/upper,workdir=$PWD/tmp/work" tmp/overlay
	cd tmp/overlay
	stack a
	run ctst run -d
	expect_status 0
	expect_err "warning: component 'a': the image's files are nobody's: their file system \(overlay\) has no id-mapped mounts"
	# The container's root is as far from the host's as ever, and what it may read it can execute.
	[ "$(ranges)" -ge 524288 ]
	expect_same "$(ctst exec a stat -c %u:%g /bin/busybox /tmp | tr '\n' ' ')" '65534:65534 0:0 '
	expect_same "$(ctst exec a sh -c '>/tmp/x; >/bin/x' 2>&1 | grep -c /bin/x)" 1
	mapping | grep -q '^warning not on the file system of this directory (overlay)'
	# What is written has to be somebody's.
	for property in 'volume = "data:\/data"' 'readonly = false'; do
		stack a && sed -i "s/command/$property command/" containust.ctst
		run ctst run -d
		expect_status 1
		expect_err "error\[R003\]: component 'a'"
		expect_err 'hint:.* ?ext4, xfs, btrfs (and|or) tmpfs'
	done
	ctst stop --force >/dev/null
	cd ../project
	CONTAINUST_IMAGE_STORE=../overlay mapping | grep -q '^warning not on the file system of CONTAINUST_IMAGE_STORE (overlay)'
	# From a store there all that is the project's own is as always.
	stack a && sed -i 's/command/volume = "data:\/data" command/' containust.ctst
	CONTAINUST_IMAGE_STORE=../overlay run ctst run -d
	expect_status 0
	expect_err "the image's files are nobody's"
	ctst exec a sh -c 'echo mine >/data/file'
	expect_same "$(stat -c %u .containust/volumes/data/file)" 0
	# What is mounted somewhere in a volume is named. It does not keep the project from running.
	mkdir -p 'data/in side' && mount -t proc proc 'data/in side'
	mapping | grep -q '^ok '
	stack a && sed -i 's/command/volume = ".\/data:\/data" command/' containust.ctst
	run ctst run -d
	expect_status 1
	expect_err "error\[R003\]: component 'a': cannot map the ids of '.*/data': what is mounted on '.*/data/in side' \(proc\) cannot"
	umount 'data/in side'
	run ctst run -d
	expect_status 0
}
export -f mapping
says_what_cannot_be_mapped() { in_own_host '' unmappable; }
tap_case "a file system without id-mapped mounts is named, with the way out, also by ctst doctor" says_what_cannot_be_mapped

tap_done
