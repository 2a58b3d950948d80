#!/usr/bin/env bash
# New project volumes: what is in them, and whose they are.
. "$(dirname "$0")/lib.sh"

image() {
	mkdir -p image/bin image/data/deep/er image/empty image/tmp
	cp "$(command -v busybox)" image/bin/busybox
	ln -s busybox image/bin/sh
	echo kept >image/data/deep/er/file
	chmod 604 image/data/deep/er/file
	ln -s deep/er/file image/data/link
	chmod 2775 image/data
	[ "$(id -u)" != 0 ] || chown -R 5:6 image/data
}

component() {
	echo "COMPONENT job { image = \"file://./image\" $1 command = [\"/bin/sh\", \"-c\", \"$2\"] }" >containust.ctst
}

copies_what_the_image_has() {
	image
	component 'volume = "v:/data"' 'cat /data/link; busybox stat -c %u:%g:%a /data /data/deep/er/file'
	run ctst run
	expect_out 'kept$'
	if [ "$(id -u)" = 0 ]; then
		# Root without capabilities may not write to another's directory.
		expect_out '5:6:2775$'
		expect_out '5:6:604$'
	fi
	[ -L .containust/volumes/v/link ]
	[ ! -e .containust/volumes/.v.new ] || fail "it still counts as new"
}
tap_case "a new volume holds what the image has there, with its owners" copies_what_the_image_has

copies_once() {
	image
	component 'volume = "v:/data"' 'echo started'
	ctst run
	rm .containust/volumes/v/link
	ctst run
	[ ! -e .containust/volumes/v/link ] || fail "it was copied a second time"
}
tap_case "a volume that was used is left as it is" copies_once

completes_what_was_interrupted() {
	image
	component 'volume = "v:/data"' 'echo started'
	mkdir -p .containust/volumes/v/deep
	chmod 700 .containust .containust/volumes
	: >.containust/volumes/.v.new
	echo own >.containust/volumes/v/mine
	ctst run
	[ "$(cat .containust/volumes/v/deep/er/file)" = kept ]
	[ "$(cat .containust/volumes/v/mine)" = own ] || fail "something was removed"
}
tap_case "what an interrupted start began is completed" completes_what_was_interrupted

belongs_to_the_user() {
	[ "$(id -u)" = 0 ] || skip "an ordinary user's containers may have no other users"
	image
	component 'user = "7:8" volumes = ["v:/empty", "w:/nowhere"]' 'echo x >/empty/file && echo x >/nowhere/file && echo both'
	run ctst run
	expect_out 'both$'
	expect_same "$(stat -c %u:%g .containust/volumes/v .containust/volumes/w | uniq)" 7:8
}
tap_case "an empty one is the user's whom the component runs as" belongs_to_the_user

# A place in the image that leads out of it is resolved inside it, so there is nothing to copy.
stays_inside() {
	image
	ln -s ../../../etc image/outside
	component 'volume = "v:/outside"' 'echo started'
	run ctst run
	[ ! -e .containust/volumes/v/shadow ] || fail "the host's /etc was copied"
	[ ! -e .containust/volumes/v/hostname ] || [ "$(cat .containust/volumes/v/hostname)" != "$(cat /etc/hostname)" ]
}
tap_case "an image cannot have the host's files copied" stays_inside

two_at_once() {
	image
	cat >containust.ctst <<'CTST'
COMPONENT one { image = "file://./image" volume = "v:/data" command = ["/bin/sh", "-c", "cat /data/link"] }
COMPONENT two { image = "file://./image" volume = "v:/data" command = ["/bin/sh", "-c", "cat /data/link"] }
CTST
	ctst run -d
	both() { [ "$(ctst logs --no-prefix | grep -c 'kept$')" = 2 ]; }
	await both
}
tap_case "two that start with the same new volume both find it filled" two_at_once

# As a container that was started first may do while the second one starts.
holds_a_lock() {
	image
	mkdir -p .containust/volumes/v
	touch .containust/volumes/.v.new
	flock --no-fork .containust/volumes/v sleep 1000000 &
	await sh -c '! flock -n .containust/volumes/v true'
	component 'volume = "v:/data"' 'cat /data/link'
	run timeout 20 ctst run
	expect_status 0
	expect_out kept
}
tap_case "whoever locks a volume's directory keeps nobody from starting" holds_a_lock

is_in_state() { grep -q "\"state\":\"$1\"" .containust/containers/*/status.json; }

# The file that stands for the turn is held, as by a container that takes long to start.
waits_its_turn() {
	image
	mkdir -p .containust/volumes/v
	touch .containust/volumes/.v.new
	flock --no-fork .containust/volumes/.v.new sleep 1000000 &
	await sh -c '! flock -n .containust/volumes/.v.new true'
	component 'volume = "v:/data"' 'cat /data/link; exec busybox sleep 1000000'
	ctst run -d 2>run.err &
	await is_in_state created
	await grep -q "waiting until 'job' has started" run.err
	kill -INT $!
	run ctst stop
	expect_status 0
	is_in_state stopped
	ctst run -d 2>run.err &
	await grep -q "waiting until 'job' has started" run.err
	kill %1
	wait $!
	run ctst logs
	expect_out kept
}
tap_case "who waits until another has filled a new volume can be stopped, and goes on when it may" waits_its_turn

# The second one has other volumes as well, in another order.
turns() {
	image
	cat >containust.ctst <<'CTST'
COMPONENT one { image = "file://./image" volumes = ["v:/data", "w:/etc"] command = ["/bin/sh", "-c", "cat /data/link; exec sleep 1000000"] }
COMPONENT two { image = "file://./image" volumes = ["w:/data", "v:/etc", "v:/tmp/v"] command = ["/bin/sh", "-c", "cat /data/link; exec sleep 1000000"] }
COMPONENT three { image = "file://./image" volumes = ["v:/data:ro", "x:/etc"] command = ["/bin/sh", "-c", "exec sleep 1000000"] }
CTST
	for _ in 1 2 3; do
		run timeout 20 ctst run -d
		expect_status 0
		run ctst stop --force
		run rm -rf .containust/volumes
	done
}
tap_case "those that share new volumes in different orders do not wait for each other" turns

read_only_first() {
	image
	component 'volume = "v:/data:ro"' 'ls /data'
	run ctst run
	expect_status 0
	component 'volume = "v:/data"' 'cat /data/link'
	run ctst run
	expect_out kept
}
tap_case "a new volume that was only read is still filled" read_only_first

tap_done
