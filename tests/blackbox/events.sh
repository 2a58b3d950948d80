#!/usr/bin/env bash
# What ctst events shows: what was written, and what is written while it waits.
. "$(dirname "$0")/lib.sh"

box() {
	echo 'COMPONENT box { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }' >stack.ctst
	echo 'COMPONENT bin { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }' >>stack.ctst
}

# An event of the past that needs no container: put TIME EVENT NAME [MORE]
put() {
	mkdir -p .containust/state
	printf '{"format":"ctst.event/1","time":"%s","event":"%s","id":"%s","name":"%s"%s}\n' "$1" "$2" \
		"$(printf '%s' "$3" | md5sum | sed -E 's/(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-4\3-8\4-\5/')" "$3" "${4:-}" \
		>>.containust/state/events.ndjson
}

# Starts ctst events -f in the background with its output in ./followed; $follower is its pid.
follow() {
	ctst-events -f "$@" >followed 2>follow-errors &
	follower=$!
}

life_of_a_container() {
	box
	run ctst run -d stack.ctst
	expect_status 0
	ctst stop -t 0 box
	ctst rm box
	run ctst events box
	expect_status 0
	expect_same "$(jq -r .event "$CASE_DIR/out" | head -n 1)" created
	expect_same "$(jq -r .event "$CASE_DIR/out" | tail -n 1)" removed
	expect_same "$(jq -r .event "$CASE_DIR/out" | grep -c removed)" 1
	expect_same "$(jq -r '.name, .image' "$CASE_DIR/out" | sort -u)" $'box\npreset://busybox'
	expect_same "$(jq -r .format "$CASE_DIR/out" | sort -u)" ctst.event/1
	# Whatever removes a container says so: replaced, taken out of the file, its directory gone by hand.
	sed -i 's/1000000/999999/' stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(ctst events bin | jq -r .event | grep -Ec 'created|removed')" 3
	sed -i '/COMPONENT box/d' stack.ctst
	run ctst run -d stack.ctst
	expect_same "$(ctst events --filter event=removed --filter name=box | wc -l)" 2
	ctst stop -t 0
	rm -rf .containust/containers/*
	run ctst ps -a
	expect_same "$(ctst events --filter event=removed --filter name=bin | wc -l)" 2
}
tap_case "a container's events begin with created and end with removed, whoever removes it" life_of_a_container

text_for_people() {
	put 2026-01-02T03:04:05.678901234Z started web
	put 2026-01-02T03:04:06Z died web ',"exit_code":137,"oom_killed":true,"restarts":2'
	run ctst events -o text
	expect_status 0
	expect_out '^2026-01-02T03:04:05\.678Z  started    web$'
	expect_out '^2026-01-02T03:04:06\.000Z  died       web               exit code 137  out of memory  restarts 2$'
}
tap_case "lines for people" text_for_people

chosen_ones() {
	put 2026-01-02T03:04:05Z started web
	put 2026-01-02T03:04:06Z started db
	put 2026-01-02T03:04:07Z healthy db
	put 2026-01-02T03:04:08Z died web
	shown() {
		ctst events -o text "$@" | sed 's/^[^ ]* *//' | tr -s ' ' | tr '\n' ','
	}
	expect_same "$(shown web)" 'started web,died web,'
	expect_same "$(shown --filter name=db)" 'started db,healthy db,'
	expect_same "$(shown db web | wc -c)" "$(shown | wc -c)"
	expect_same "$(shown --filter event=died --filter event=healthy)" 'healthy db,died web,'
	expect_same "$(shown web --filter event=died)" 'died web,'
	expect_same "$(shown --since 2026-01-02T03:04:07Z)" 'healthy db,died web,'
	expect_same "$(shown --until 2026-01-02T03:04:06Z)" 'started web,started db,'
	expect_same "$(shown --since 1s)" ''
	expect_same "$(shown "$(ctst events db | jq -r '.id[:8]' | head -n 1)")" 'started db,healthy db,'
	run ctst events wbe
	expect_status 4
	expect_err 'R005.*wbe'
	for wrong in '--filter event=stoped' '--filter label=x' '--filter name=' '--since yesterday' '-o yaml'; do
		# shellcheck disable=SC2086 # words
		run ctst events $wrong
		expect_status 2
	done
}
tap_case "events are chosen by container, kind and time" chosen_ones

foreign_lines() {
	put 2026-01-02T03:04:05Z started web
	{
		echo 'not JSON'
		echo '{"format":"ctst.event/2","time":"2026-01-02T03:04:05Z","event":"started","id":"x","name":"x"}'
		echo '{"format":"ctst.event/1","time":"now","event":"started","id":"x","name":"x"}'
		echo '{"format":"ctst.event/1","time":"2026-01-02T03:04:05Z","event":"star'
		printf '\0\0\0\0\n\n\377\376\n'
		head -c 300000 /dev/zero | tr '\0' '['
		echo
		printf '{"format":"ctst.event/1","time":"2026-01-02T03:04:05Z","event":"started","id":"x","name":"%s"}\n' \
			"$(head -c 100000 /dev/zero | tr '\0' 'n')"
		printf '{"format":"ctst.event/1","time":"2026-01-02T03:04:06Z","event":"danced","id":"x","name":"a\\u001b[31mb\\u009b","more":1}\n'
	} >>.containust/state/events.ndjson
	# What follows a line that a full disk has cut is not lost with it.
	printf '{"format":"ctst.event/1","time":"2026-01-02T03:04:07Z","even' >>.containust/state/events.ndjson
	put 2026-01-02T03:04:08Z died web
	run ctst events -o json
	expect_status 0
	expect_same "$(jq -r .event "$CASE_DIR/out" | tr '\n' ' ')" 'started danced died '
	run ctst events -o text
	expect_lines out 3
	# shellcheck disable=SC2016
	expect_out 'danced  *a\^\[\[31mb'
	refute_out $'\033|\302\233'
}
tap_case "lines that are no events are passed over, control characters are not sent to a terminal" foreign_lines

nothing_yet() {
	run ctst events
	expect_status 4
	mkdir .containust
	run ctst events
	expect_status 0
	expect_lines out 0
	expect_same "$(ls .containust)" ''
}
tap_case "without a project it says so; one without events has none, and nothing is written" nothing_yet

follows_rotation() {
	box
	put 2026-01-02T03:04:05Z started web
	follow
	await grep -q web followed
	# A file that has grown this large is renamed by whoever appends next.
	yes '{"nothing":"of interest"}' | head -c 8400000 >>.containust/state/events.ndjson || :
	run ctst run -d stack.ctst
	expect_status 0
	ctst rm --force box bin
	[ -s .containust/state/events.ndjson.1 ] || fail "no rotation"
	yes '{"nothing":"of interest"}' | head -c 8400000 >>.containust/state/events.ndjson || :
	run ctst run -d stack.ctst
	ctst rm --force box bin
	put 2026-01-02T03:04:05Z stopped last
	await grep -q last followed
	kill "$follower"
	for name in box bin; do
		expect_same "$(jq -r "select(.name == \"$name\") | .event" followed | grep -E 'created|removed' | tr '\n' ' ')" \
			'created removed created removed '
	done
	# A new reader sees what the two files still have.
	expect_same "$(ctst events | tail -n 1 | jq -r .name)" last
	ctst events | jq -r .event | grep -q created
	expect_same "$(wc -c <follow-errors)" 0
}
tap_case "-f goes on over renamed files and neither loses nor repeats an event" follows_rotation

follows_two_renames() {
	put 2026-01-02T03:04:05Z started first
	follow
	await grep -q first followed
	kill -STOP "$follower"
	for name in second third; do
		mv .containust/state/events.ndjson .containust/state/events.ndjson.1
		put 2026-01-02T03:04:05Z started "$name"
	done
	kill -CONT "$follower"
	await grep -q third followed
	kill "$follower"
	expect_same "$(jq -r .name followed | tr '\n' ' ')" 'first second third '
}
tap_case "two renames between two looks lose nothing" follows_two_renames

follows_from_the_start() {
	box
	follow --file stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	await grep -q '"event":"created".*"name":"bin"' followed
	ctst rm --force box bin
	await grep -q '"event":"removed".*"name":"bin"' followed
	kill "$follower"
}
tap_case "-f may begin before the project does" follows_from_the_start

ends_of_following() {
	local started=$EPOCHSECONDS

	put 2026-01-02T03:04:05Z started web
	# Nobody reads any more.
	timeout 20 bash -c 'ctst-events -f | head -n 1' >first
	expect_same "$(jq -r .name first)" web
	# It is time.
	run timeout 20 ctst events -f --until "$(date -u -d '+1 second' +%FT%TZ)"
	expect_status 0
	run timeout 20 ctst events -f --until 1h
	expect_status 0
	[ $((EPOCHSECONDS - started)) -lt 15 ]
	# Ctrl+C, without a word. A shell without job control starts what is in the background deaf to it.
	set -m
	follow
	set +m
	await grep -q web followed
	kill -INT "$follower"
	status=0
	wait "$follower" || status=$?
	expect_same "$status" 130
	expect_same "$(wc -c <follow-errors)" 0
}
tap_case "-f ends with its reader, at its time and on Ctrl+C" ends_of_following

many_at_once() {
	mkdir -p .containust/state
	follow
	for i in $(seq 40); do
		echo "COMPONENT c$i { image = \"preset://busybox\" command = [\"/bin/true\"] }"
	done >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	# shellcheck disable=SC2046 # names
	await ctst rm $(seq -f 'c%g' 40)
	all_removed() { [ "$(grep -c '"event":"removed"' followed)" -eq 40 ]; }
	await all_removed
	kill "$follower"
	jq -e . followed >/dev/null
	expect_same "$(jq -r 'select(.event == "created") | .name' followed | sort -u | wc -l)" 40
}
tap_case "events of many containers at once are whole lines" many_at_once

full_disk() {
	put 2026-01-02T03:04:05Z started web
	run bash -c 'ctst events >/dev/full'
	expect_status 1
	expect_err 'cannot write'
}
tap_case "a full disk under the output is noticed" full_disk

tap_done
