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

tap_done
