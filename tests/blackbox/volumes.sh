#!/usr/bin/env bash
# What containers mount from the host: kinds, order, owners; and where hostile images and neighbours try to lead it.
. "$(dirname "$0")/lib.sh"

# An image of our own, so that it can have anything at any place.
make_image() {
	mkdir -p rootfs/bin rootfs/etc
	cp "$(command -v busybox)" rootfs/bin/busybox
	for name in sh sleep cat ls id touch stat; do
		ln -s busybox "rootfs/bin/$name"
	done
}

# box VOLUMES [COMMAND [PROPERTIES]]
box() {
	cat >stack.ctst <<-EOF
		COMPONENT box {
		    image = "${image:-preset://busybox}"
		    volumes = [$1]
		    command = ["/bin/sh", "-c", "${2:-sleep 1000000}"]
		    ${3:-}
		}
	EOF
}

kinds() {
	mkdir -p data/dir other
	echo one >data/file
	echo two >other/file
	box '"./data:/rw", "./data:/ro:ro", "./data/file:/etc/file:ro", "./other/file:/etc/new/deep/file", "kept:/kept"'
	run ctst run -d stack.ctst
	expect_status 0
	run ctst exec box sh -c 'cat /rw/file /ro/file /etc/file /etc/new/deep/file; echo w >/rw/w; echo x >>/etc/new/deep/file
		for place in /ro/x /ro/dir/x; do touch $place 2>/dev/null && echo $place can be written; done
		echo x 2>/dev/null >>/etc/file && echo file can be written; touch /kept/k'
	expect_same "$(tr '\n' ' ' <"$CASE_DIR/out")" 'one one one two '
	expect_same "$(cat data/w other/file | tr '\n' ' ')" 'w two x '
	[ -e .containust/volumes/kept/k ]
	expect_same "$(stat -c %u data/w .containust/volumes/kept/k | sort -u)" "$(id -u)"
	# One on the other cannot be.
	for wrong in '"./data:/etc/hosts"' '"./data/file:/tmp"'; do
		box "$wrong"
		run ctst run -d stack.ctst
		expect_status 1
		expect_err 'R003.*one is a directory and the other is not'
	done
}
tap_case "directories and files, for reading and writing, project volumes; what root makes inside is the caller's" kinds

owners() {
	[ "$(id -u)" = 0 ] || skip "an ordinary user has not the same ids on every host"
	mkdir data
	box '"./data:/data"' 'touch /data/root; id -u >/data/mine; sleep 1000000' 'user = "1234:1234"'
	chown 1234:1234 data
	run ctst run -d stack.ctst
	await test -s data/mine
	expect_same "$(stat -c %u:%g data/mine)" 1234:1234
	expect_same "$(cat data/mine)" 1234
}
tap_case "an id in a volume is the same inside and outside" owners

nested() {
	mkdir -p inner outer/b deepest
	echo inner >inner/file
	echo outer >outer/file
	echo deepest >deepest/file
	box '"./deepest:/a/b/c", "./inner:/a/b", "./outer:/a", "./inner:/a-b"' 'cat /a/file /a/b/file /a/b/c/file /a-b/file'
	mkdir inner/c
	run ctst run stack.ctst
	expect_status 0
	expect_same "$(sed 's/.*| //' "$CASE_DIR/out" | tr '\n' ' ')" 'outer inner deepest inner '
}
tap_case "a volume inside another one is seen, in whatever order they are written" nested

missing_source() {
	echo 'COMPONENT db { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }' >first.ctst
	# shellcheck disable=SC2016
	box '"${env.WHERE}/no/such:/data"'
	cat first.ctst >>stack.ctst
	export WHERE=/nonexistent
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R003.*component 'box'.*cannot open the volume source '/nonexistent/no/such'"
	expect_err 'create it'
	run ctst ps -a
	expect_lines out 1
	# Nor is what runs stopped for a successor that cannot be.
	WHERE=$PWD run ctst run -d stack.ctst
	expect_status 0
	pid=$(ctst ps -o json --filter name=box | jq '.containers[0].pid')
	sed -i 's/sleep 1000000/sleep 999999/; s/no.such/none\/such/' stack.ctst
	run ctst run -d stack.ctst
	expect_status 1
	expect_err 'R003.*/nonexistent/none/such'
	expect_same "$(ctst ps -o json --filter name=box | jq '.containers[0].pid')" "$pid"
}
tap_case "a missing source is found before anything is started or stopped" missing_source

read_only_below() {
	[ "$(id -u)" = 0 ] || skip "only root can mount on the host's side"
	mkdir -p data/sub
	box '"./data:/ro:ro", "./data:/rw"'
	run unshare --mount --propagation private sh -ec '
		mount -t tmpfs sub data/sub
		mkdir data/sub/deeper
		mount -t tmpfs -o ro deeper data/sub/deeper
		ctst run -d stack.ctst
		ctst exec box sh -c "touch /ro/sub/x || echo below: refused; touch /ro/sub/deeper/x || echo deeper: refused
			touch /rw/sub/x && echo written; touch /rw/sub/deeper/x || echo still refused"
		ctst inspect -o json box | jq -r ".containers[0].mounts[].options" | sed "s/,.*//"
		ctst stop -t 0'
	expect_status 0
	expect_same "$(grep -v '^box$' "$CASE_DIR/out" | tr '\n' ' ')" 'below: refused deeper: refused written still refused ro rw '
}
tap_case "what is mounted below a read-only volume is read-only as well, and nothing read-only becomes writable" read_only_below

reserved_targets() {
	make_image
	mkdir data
	for place in /proc /sys /dev /dev/pts / /.. ../../../proc /bin/../dev; do
		rm -f rootfs/data
		ln -s "$place" rootfs/data
		image=file://./rootfs box '"./data:/data"'
		run ctst run -d stack.ctst
		expect_status 1
		expect_err "R003.*cannot mount '.*/data' on '/data': it leads to '/"
	done
	# What is not in the image but made at each start becomes a directory instead of the link.
	for place in /proc/self /proc/sys/kernel /sys/fs/cgroup; do
		rm -f rootfs/data
		ln -s "$place" rootfs/data
		image=file://./rootfs box '"./data:/data"'
		run ctst run -d stack.ctst
		expect_status 0
		expect_same "$(ctst exec box cat /proc/self/mounts | grep -c ' /data ')" 1
		ctst rm --force box
	done
	# As a neighbour does it in a volume that both have.
	mkdir shared
	ln -s /proc shared/link
	rm rootfs/data
	image=file://./rootfs box '"./shared:/shared", "./data:/shared/link/sys"'
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R003.*it leads to '/proc/sys'"
	# And a plan that no parser has seen.
	image=file://./rootfs box '"./data:/elsewhere"'
	ctst build stack.ctst >/dev/null
	for place in /proc /sys/kernel /dev // /./ /x/../proc; do
		ctst-parse stack.ctst | ctst-image build | ctst-plan -o json |
			jq -c --arg place "$place" '.actions[0].container.mounts[0].target = $place' >plan.json
		run ctst-spawn <plan.json
		[ "$status" -ne 0 ]
		expect_err 'R003|P001'
	done
	run ctst ps
	expect_lines out 1
}
tap_case "no link leads a volume over /, /proc, /sys or /dev" reserved_targets

links_inside() {
	make_image
	mkdir -p data rootfs/real "$CASE_DIR/outside"
	echo mine >data/file
	ln -s ../../../../real rootfs/link
	ln -s "$CASE_DIR/outside" rootfs/away
	image=file://./rootfs box '"./data:/link", "./data:/away/further"' 'cat /real/file /away/further/file'
	run ctst run stack.ctst
	expect_status 0
	expect_lines out 2
	expect_same "$(ls -A "$CASE_DIR/outside")" ''
}
tap_case "other links of an image lead to where they lead inside it" links_inside

swapped_meanwhile() {
	mkdir -p shared/place data "$CASE_DIR/outside"
	echo mine >data/file
	box '"./shared:/shared", "./data:/shared/place"' '[ -r /proc/self/status ] && [ -e /proc/1 ] && [ ! -e /proc/file ] && [ -d /etc ] && [ ! -e /etc/file ]'
	ctst build stack.ctst >/dev/null
	(
		while :; do
			mv -T shared/place shared/kept && ln -s /proc shared/place
			rm shared/place && ln -s "$CASE_DIR/outside" shared/place
			rm shared/place && mv -T shared/kept shared/place
		done 2>/dev/null
	) &
	for _ in $(seq 15); do
		run ctst run stack.ctst
		[ "$status" -eq 0 ] || expect_err R003
		ctst rm --force box >/dev/null 2>&1 || :
	done
	kill $!
	expect_same "$(ls -A "$CASE_DIR/outside")" ''
	! grep -q "$CASE_DIR" /proc/self/mountinfo
}
tap_case "a place that is exchanged while it is mounted on leads nowhere else" swapped_meanwhile

accounts_behind_links() {
	make_image
	mkdir -p rootfs/usr/lib
	echo 'app:x:1000:1000::/home/app:/bin/sh' >rootfs/usr/lib/passwd
	echo 'more:x:2000:app' >rootfs/usr/lib/group
	ln -s ../usr/lib/passwd rootfs/etc/passwd
	ln -s /usr/lib/group rootfs/etc/group
	[ "$(id -u)" = 0 ] || echo 'app:x:0:0::/home/app:/bin/sh' >rootfs/usr/lib/passwd
	image=file://./rootfs box '' 'echo $HOME; id -u; id -G' 'user = "app"'
	sed -i '/volumes/d' stack.ctst
	run ctst run stack.ctst
	expect_status 0
	expect_out '/home/app$'
	[ "$(id -u)" != 0 ] || {
		expect_out '1000$'
		expect_out '1000 2000$'
	}
	# The host's own is not found by way of any link, and one that leads nowhere names nobody.
	echo 'secret:x:7:7::/outside:/bin/sh' >"$CASE_DIR/passwd"
	for place in "$CASE_DIR/passwd" "../../../../../../../..$CASE_DIR/passwd" /proc/self/cwd"$CASE_DIR/passwd" /proc/self/fd/3; do
		ln -sf "$place" rootfs/etc/passwd
		sed -i 's/user = .*/user = "secret"/' stack.ctst
		run ctst run stack.ctst
		expect_err "R004.*'secret' is not in the image's /etc/passwd"
	done
	rm rootfs/etc/passwd
	mkfifo rootfs/etc/passwd 2>/dev/null && run timeout 20 ctst run stack.ctst && [ "$status" -ne 124 ]
}
tap_case "accounts are found behind links of the image, never outside" accounts_behind_links

false_devices() {
	[ "$(id -u)" = 0 ] || skip "only root can exchange the host's devices"
	box '' true
	sed -i '/volumes/d' stack.ctst
	ctst build stack.ctst >/dev/null
	run unshare --mount --propagation private sh -ec 'echo file >file; mount --bind file /dev/full; ctst run stack.ctst'
	expect_status 1
	expect_err "R003.*'/dev/full' of this host is not the device"
	expect_err '1, 7'
	run unshare --mount --propagation private sh -ec 'mount --bind /dev/zero /dev/full; ctst run stack.ctst'
	expect_err "R003.*'/dev/full' of this host"
	run ctst run stack.ctst
	expect_status 0
}
tap_case "what is not a device gets into no container as one" false_devices

tap_done
