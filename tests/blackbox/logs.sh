#!/usr/bin/env bash
# Logs of containers: rotated, followed, cut, merged, harmless on a terminal, on a full disk.
. "$(dirname "$0")/lib.sh"

# component NAME SCRIPT: with a directory /go shared with the test, in which files are signs.
component() {
	mkdir -p go
	chmod 777 go
	printf 'COMPONENT %s { image = "preset://busybox" volume = "./go:/go" command = ["/bin/sh", "-c", "%s"] }\n' "$1" "$2" >>stack.ctst
}

log_of() {
	local id

	id=$(ctst ps -a -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .id')
	echo "$PWD/.containust/containers/$id"
}

all_ended() {
	[ "$(ctst ps -a -o json | jq '[.containers[] | select(.state == "running" or .state == "restarting" or .state == "created")] | length')" = 0 ]
}

# with_log NAME TEXT: a container that has ended, with this log.
with_log() {
	component "$1" true
	run ctst run stack.ctst
	expect_status 0
	printf '%s' "$2" >"$(log_of "$1")/container.log"
}

# Entries of stdout with a second and a text: "1 a" → …:01 stdout F a
entries() {
	sed -E 's/^([0-9]) ([FP2]) ?(.*)$/2026-01-02T03:04:0\1.000000000Z stdout \2 \3/; s/ stdout 2 / stderr F /'
}

# In KiB; a sanitizer needs more addresses than there can be memory.
limit_memory() {
	[ -n "${CTST_SANITIZED:-}" ] || ulimit -v "$1"
}

# Four times as much as makes one or two files, each written when the reader has seen the one before.
flood() {
	component flood 'for block in 0 1 2 3; do seq $((block * 400000 + 1)) $((block * 400000 + 400000)); until [ -e /go/$block ]; do sleep 0.02; done; done'
	run ctst run -d stack.ctst
	ctst logs -f flood >followed 2>warnings &
	reader=$!
	for block in 0 1 2 3; do
		await sh -c "tail -n 1 followed | grep -qx $((block * 400000 + 400000))"
		touch go/$block
	done
	wait $reader
	cmp followed <(seq 1600000)
	[ ! -s warnings ] || fail "$(cat warnings)"

	directory=$(log_of flood)
	expect_same "$(cd "$directory" && echo container.log*)" "container.log container.log.1 container.log.2 container.log.3 container.log.4"
	for file in "$directory"/container.log*; do
		[ "$(stat -c %s "$file")" -le $((10485760 + 16384 + 41)) ] || fail "$file is too large"
	done
	ctst logs flood >rest
	first=$(head -n 1 rest)
	[ "$first" -gt 400000 ] || fail "the log was not rotated: it begins with $first"
	cmp rest <(seq "$first" 1600000)
	ctst logs --tail 300000 flood | cmp - <(seq 1300001 1600000)
	ctst logs --tail 3 flood | cmp - <(seq 1599998 1600000)
}
tap_case "a flood is rotated by size and number; a follower sees every line once" flood

restarts() {
	cat >stack.ctst <<-'EOF'
		COMPONENT again { image = "preset://busybox" volume = "./go:/go" restart = "on-failure:2"
			command = ["/bin/sh", "-c", "echo x >>/go/runs; echo run; printf end; exit 1"] }
	EOF
	mkdir -m 777 go
	run ctst run stack.ctst
	expect_same "$(wc -l <go/runs)" 3
	run ctst logs again
	expect_same "$(cat "$CASE_DIR/out")" "$(printf 'run\nend\nrun\nend\nrun\nend')"
}
tap_case "nothing is lost over restarts, and each begins a line of its own" restarts

bytes_as_they_are() {
	component binary 'head -c 300000 /dev/urandom | tee /go/written; printf end | tee -a /go/written'
	run ctst run -d stack.ctst
	await all_ended
	ctst logs binary >shown
	cmp shown go/written
	ctst logs -o json binary >shown.json
	jq -e 'select(.format != "ctst.log/1" or .name != "binary" or .stream != "stdout" or (has("text") == has("base64")))' shown.json >odd || :
	[ ! -s odd ] || fail "$(cat odd)"
	python3 - shown.json >decoded <<-'EOF'
		import base64, json, sys
		for line in open(sys.argv[1], encoding="utf-8"):
		    entry = json.loads(line)
		    piece = base64.b64decode(entry["base64"]) if "base64" in entry else entry["text"].encode()
		    sys.stdout.buffer.write(piece + (b"" if entry.get("partial") else b"\n"))
	EOF
	cmp decoded go/written
}
tap_case "not on a terminal, every byte is as it was written; JSON holds them too" bytes_as_they_are

utf8_in_pieces() {
	local text

	with_log piece "$(printf '1 P a\xe2\n1 P \x82\n1 F \xac\xe2\x82\xac\n1 P \xf0\x9f\n' | entries)"$'\n'
	run ctst logs -o json piece
	expect_same "$(jq -r '.text // .base64' "$CASE_DIR/out" | tr '\n' ' ')" $'a  \xe2\x82\xac\xe2\x82\xac  8J8= '
	script -qec 'ctst logs piece' /dev/null >shown </dev/null
	text=$(tr -d '\r' <shown)
	expect_same "$text" $'a\xe2\x82\xac\xe2\x82\xac\n\\xf0\\x9f'
}
tap_case "a character in two pieces is one" utf8_in_pieces

ranges() {
	local second

	with_log ranged "$(printf '%s\n' '1 F a' '2 F b' '3 P c' '4 F d' '5 2 e' '6 F f' | entries)"$'\n'
	second=2026-01-02T03:04:0
	run ctst logs --since ${second}2Z --until ${second}4Z ranged
	expect_same "$(cat "$CASE_DIR/out")" $'b\ncd'
	run ctst logs --until ${second}4Z --tail 1 ranged
	expect_same "$(cat "$CASE_DIR/out")" cd
	run ctst logs --until ${second}4.000000000Z --tail 2 -t ranged
	expect_same "$(cat "$CASE_DIR/out")" "${second}2.000000000Z b"$'\n'"${second}3.000000000Z cd"
	run ctst logs --tail 2 ranged
	expect_same "$(cat "$CASE_DIR/out" "$CASE_DIR/err")" $'f\ne'
	run ctst logs --tail 0 ranged
	expect_lines out 0
	run ctst logs --since 1h ranged
	expect_lines out 0
	run ctst logs --until 1h --tail 2 ranged
	expect_out '^f$'
	for wrong in "--until tomorrow" "--since 5" "--tail -1" "-o yaml" "--prefix --no-prefix"; do
		run ctst logs $wrong ranged
		expect_status 2
	done
}
tap_case "--since, --until and --tail; pieces of a line count as one" ranges

merged() {
	local i

	for i in 1 2 3; do
		component "c$i" 'until [ -e /go/start ]; do sleep 0.01; done; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo $i; sleep 0.01; done'
	done
	run ctst run -d stack.ctst
	ctst logs -f >followed &
	touch go/start
	wait $!
	run ctst logs -t --no-prefix
	expect_lines out 60
	LC_ALL=C sort -c <(cut -d' ' -f1 "$CASE_DIR/out")
	for i in 1 2 3; do
		grep "^c$i | " followed | sed 's/.* //' | cmp - <(seq 20)
	done
	run ctst logs c1 c2
	expect_lines out 40
	run ctst logs --prefix c1
	expect_out '^c1 \| 20$'
}
tap_case "several containers are merged by time, each in its own order" merged

clock_jumps() {
	component other true
	with_log jumped "$(printf '%s\n' '5 F first' '2 F second' '6 F third' '2 F fourth' | entries)"$'\n'
	printf '%s\n' '3 F A' '6 F B' | entries >"$(log_of other)/container.log"
	run ctst logs --no-prefix
	expect_same "$(tr '\n' ' ' <"$CASE_DIR/out")" "A first second B third fourth "
}
tap_case "a clock that jumps does not change the order within a container" clock_jumps

pieces_and_prefixes() {
	component other true
	with_log pieces "$(printf '%s\n' '1 P a' '3 P b' '4 2 error' '5 F c' '6 P d' | entries)"$'\n'
	printf '%s\n' '6 F other' '7 F last' | entries >"$(log_of other)/container.log"
	run ctst logs
	expect_same "$(cat "$CASE_DIR/out")" $'pieces | abc\nother  | other\npieces | d\nother  | last'
	ctst logs >both 2>&1
	expect_same "$(cat both)" $'pieces | ab\npieces | error\npieces | c\nother  | other\npieces | d\nother  | last'
}
tap_case "pieces of a line stand behind one prefix as long as nothing comes between" pieces_and_prefixes

terminal() {
	command -v script >/dev/null || skip "script(1) is not installed"
	component a "printf 'C0 \\\\033]0;title\\\\007 \\\\033[31m C1 \\\\302\\\\233 raw \\\\233 del \\\\177 \\\\342\\\\200\\\\256 crlf\\\\r\\\\n'"
	run ctst run stack.ctst
	ctst logs a | grep -qaF $'\033]0;title'
	script -qec 'ctst logs a' /dev/null >shown </dev/null
	expect_same "$(tr -d '\r\n' <shown)" 'C0 ^[]0;title^G ^[[31m C1 \u009b raw \x9b del ^? \u202e crlf'
	script -qec 'ctst logs -o json a' /dev/null >shown </dev/null
	! LC_ALL=C grep -qa $'[\033\177\x9b]' shown || fail "a control character reached the terminal in JSON"
	script -qec 'ctst logs --raw a' /dev/null >shown </dev/null
	grep -qaF $'\033[31m C1 \xc2\x9b raw \x9b' shown
	script -qec 'ctst run --no-prune stack.ctst' /dev/null >shown </dev/null
	! grep -qaF $'\033]0' shown || fail "a control character reached the terminal of ctst run"
}
tap_case "no control character reaches a terminal, unless --raw" terminal

full_disk() {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	component c 'echo begin; until [ -e /go/full ]; do sleep 0.02; done; seq 200000; touch /go/done; until [ -e /go/space ]; do sleep 0.02; done; echo end'
	# A first run makes the images, which are elsewhere then.
	run ctst build stack.ctst
	mkdir -p .containust/containers
	cat >inside.sh <<-'EOF'
		set -eu
		await() { local i=0; until "$@" >/dev/null 2>&1; do i=$((i + 1)); [ $i -lt 400 ] || { echo "in vain: $*"; exit 1; }; sleep 0.05; done; }
		mount -t tmpfs -o size=1m none .containust/containers
		ctst run -d stack.ctst
		await sh -c 'ctst logs c | grep begin'
		dd if=/dev/zero of=.containust/containers/fill bs=4k 2>/dev/null || :
		touch go/full
		await test -e go/done
		# The container has not waited for the disk, and what is in its log is whole.
		ctst logs c >during
		rm .containust/containers/fill
		# Nothing is printed meanwhile.
		await sh -c 'ctst logs c 2>&1 | grep missing'
		touch go/space
		await sh -c 'ctst ps -a -o json | grep "\"stopped\""'
		ctst logs c >after 2>lost
		! grep -qvaE '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}Z (stdout|stderr) [FP] ' .containust/containers/*/container.log
		ctst rm c
	EOF
	unshare -m bash inside.sh
	expect_same "$(head -n 2 after)" $'begin\n1'
	expect_same "$(tail -n 1 after)" end
	head -n -1 after | cmp - during
	# What is shown and what is said to be missing are together what was written.
	missing=$(sed -nE 's/^containust: ([0-9]+) bytes of output are missing here: cannot write the log: No space left on device$/\1/p' lost)
	written=$({ echo begin; seq 200000; echo end; } | wc -c)
	# Where the loss has cut a line there is a newline more.
	shown=$(wc -c <after)
	[ $((written - shown - missing)) -ge -1 ] && [ $((written - shown - missing)) -le 0 ] || fail "$written written, $shown shown, $missing missing"
}
tap_case "a full disk loses text but no container, and the log says how much" full_disk

supervisor_memory() {
	local pid

	component c 'dd if=/dev/zero bs=64k count=16384 2>/dev/null; touch /go/done; exec sleep 1000000'
	run ctst run -d stack.ctst
	await test -e go/done
	pid=$(ctst ps -o json | jq '.containers[0].supervisor_pid')
	# A sanitizer has memory of its own.
	[ -n "${CTST_SANITIZED:-}" ] || [ "$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status")" -lt 1500 ] || fail "$(grep Vm "/proc/$pid/status")"
	# Half of it or all: whole files are one line, and no memory either.
	(limit_memory 20000 && ctst logs --tail 1 c | wc -c) >size
	[ "$(cat size)" -gt 40000000 ] && [ "$(cat size)" -lt 52428800 ] || fail "$(cat size) bytes"
}
tap_case "a line of a gigabyte costs no memory" supervisor_memory

stop_in_flood() {
	component c 'trap : TERM; yes & while :; do wait; done'
	run ctst run -d stack.ctst
	await sh -c 'ctst logs --tail 1 c | grep y'
	run timeout 20 ctst stop -t 1 c
	expect_status 0
}
tap_case "a flood does not keep a stop" stop_in_flood

# reader_waits COMMAND…: starts it with a pipe (descriptor 3) that takes only its first output, and reads a line of that.
reader_waits() {
	local line

	mkfifo pipe
	"$@" >pipe &
	exec 3<pipe
	read -r line <&3
}

look_in_flood() {
	component c 'seq 100000; until [ -e /go/more ]; do sleep 0.02; done; echo more; exec sleep 1000000'
	run ctst run -d stack.ctst
	# In the log, not only in the pipe.
	await sh -c 'ctst logs --tail 1 c | grep -x 100000'
	reader_waits ctst logs c
	touch go/more
	await sh -c 'ctst logs --tail 1 c | grep -x more'
	expect_same "$(tail -n 1 <&3)" 100000
}
tap_case "a look at the log ends with what is there when it begins" look_in_flood

# The reader never comes to the end of the flood: what reads from it is slower than that.
others_in_flood() {
	component flood "yes $(printf %0200d 0)"
	component quiet 'until [ -e /go/speak ]; do sleep 0.02; done; echo hello; exec sleep 1000000'
	run ctst run -d stack.ctst
	await sh -c 'ctst logs --tail 1 flood | grep 0'
	cat >slow.py <<-'EOF'
		import sys, time
		for number, line in enumerate(sys.stdin.buffer):
		    if number == 10000:
		        open("go/speak", "w")
		    if line == b"quiet | hello\n":
		        sys.exit(0)
		    if number % 2000 == 0:
		        time.sleep(0.01)
		sys.exit(1)
	EOF
	ctst logs -q -f | timeout 60 python3 slow.py || [ "${PIPESTATUS[1]}" = 0 ]
}
tap_case "who follows a flood sees what others write" others_in_flood

until_while_following() {
	component c 'while :; do echo tick; sleep 0.1; done'
	run ctst run -d stack.ctst
	run timeout 20 ctst logs -f --until "$(date -u -d '+1 second' +%FT%TZ)" c
	expect_status 0
	expect_out tick
	run timeout 20 ctst logs -f --until 1h c
	expect_status 0
	expect_lines out 0
}
tap_case "-f with --until ends at that time" until_while_following

full_output() {
	component c 'echo text'
	run ctst run stack.ctst
	status=0
	ctst logs c >/dev/full 2>message || status=$?
	expect_same "$status" 1
	grep -q "cannot write to standard output" message
}
tap_case "output that cannot be written is an error" full_output

thousand() {
	component c true
	run ctst run stack.ctst
	# As many containers as an index can name; each with a log of two files.
	python3 - <<-'EOF'
		import json, os, uuid
		root = os.path.abspath(".containust")
		state = json.load(open(root + "/state/state.json"))
		entry = state["containers"][0]
		for i in range(1000):
		    new = dict(entry, id=str(uuid.uuid4()), name="n%04d" % i)
		    new["directory"] = root + "/containers/" + new["id"]
		    os.mkdir(new["directory"])
		    for number, name in ((0, "container.log.1"), (1, "container.log")):
		        with open(new["directory"] + "/" + name, "w") as log:
		            for line in range(100):
		                log.write("2026-01-02T03:04:%02d.%09dZ stdout F %d\n" % (number, line * 1000 + i, number * 100 + line))
		    state["containers"].append(new)
		json.dump(state, open(root + "/state/state.json", "w"))
	EOF
	(limit_memory 100000 && ctst logs -t --no-prefix) >"$CASE_DIR/out"
	expect_lines out 200000
	LC_ALL=C sort -c "$CASE_DIR/out"
	run ctst logs --tail 1
	expect_lines out 1000
	! grep -qv ' | 199$' "$CASE_DIR/out"
}
tap_case "a thousand containers are merged in bounded memory" thousand

# stays NAME WORD [MORE]: a component that says the word, and at its end that it goes.
stays() {
	printf 'COMPONENT %s { image = "preset://busybox" %s command = ["/bin/sh", "-c", "trap '\''echo %s goes; exit'\'' TERM; echo %s; while :; do sleep 0.1; done"] }\n' "$1" "${3:-}" "$2" "$2"
}

replaced_while_followed() {
	local id

	{ stays a one; stays b other; } >stack.ctst
	ctst run stack.ctst >shown 2>&1 &
	run_job=$!
	await grep -q 'other' shown
	await grep -q 'one' shown
	id=$(ctst ps -q --filter name=a)
	ctst logs -f a >followed &
	name_job=$!
	ctst logs -f "$id" >of_id &
	id_job=$!
	await grep -qx one followed
	await grep -qx one of_id
	{ stays a two; stays b other; } >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	# That one container has ended, its component has not.
	wait $id_job
	await grep -qx two followed
	await grep -q 'a | two' shown
	# Nothing runs for a moment now.
	stays a three >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	await grep -qx three followed
	kill -INT $run_job
	wait $run_job
	wait $name_job
	expect_same "$(cat of_id)" $'one\none goes'
	expect_same "$(cat followed)" $'one\none goes\ntwo\ntwo goes\nthree\nthree goes'
	expect_same "$(grep '^a | ' shown)" $'a | one\na | one goes\na | two\na | two goes\na | three\na | three goes'
	expect_same "$(grep '^b | ' shown)" $'b | other\nb | other goes'
}
tap_case "who follows a component, or runs it in the foreground, sees what replaces it" replaced_while_followed

undone_while_followed() {
	stays a one >stack.ctst
	run ctst run -d stack.ctst
	ctst logs -f >followed 2>&1 &
	job=$!
	await grep -qx one followed
	stays a two 'healthcheck = { command = ["/bin/false"] interval = "50ms" retries = 2 }' >stack.ctst
	run ctst run -d --rollback stack.ctst
	expect_status 1
	await sh -c '[ "$(grep -cx one followed)" = 2 ]'
	run ctst stop
	wait $job
	expect_same "$(cat followed)" $'one\none goes\ntwo\ntwo goes\none\none goes'
}
tap_case "a replacement that is undone is shown, and nothing twice" undone_while_followed

ends_with_its_run() {
	stays a one >stack.ctst
	mkfifo shown
	cat shown >copy &
	job=$!
	ctst run stack.ctst >shown 2>&1 &
	run_job=$!
	await grep -q one copy
	kill -KILL $run_job
	# Nobody writes there any more.
	await sh -c "! kill -0 $job"
	expect_same "$(ctst ps -q | wc -l)" 1
}
tap_case "when ctst run is killed its output ends, and the containers go on" ends_with_its_run

waits_for_who_works() {
	component a 'echo text'
	run ctst run stack.ctst
	exec 9<>.containust/state/lock
	flock 9
	# One container by its id has no successor; of a component it is not known as long as somebody is at work.
	run timeout 20 ctst logs -f "$(ctst ps -a -q)" 9>&-
	expect_status 0
	ctst logs -f a >followed 9>&- &
	job=$!
	await grep -q text followed
	await sh -c "ls -l /proc/$job/fd | grep -q inotify"
	exec 9>&-
	wait $job
	# Nobody is at work: it ends at once.
	run timeout 20 ctst logs -f a
	expect_status 0
}
tap_case "who follows a component that has ended waits while somebody works on the project, and no longer" waits_for_who_works

# As a container looks whose start takes longer than anybody waits for, and which ends at once.
starts_late() {
	local directory

	with_log late ''
	directory=$(log_of late)
	mv "$directory/status.json" status.json
	exec 8<"$directory" 9<>.containust/state/lock
	flock 8
	flock 9
	ctst logs -f >followed 8>&- 9>&- &
	job=$!
	await sh -c "ls -l /proc/$job/fd | grep -q inotify"
	echo '1 F said' | entries >>"$directory/container.log"
	mv status.json "$directory/status.json"
	exec 8>&- 9>&-
	wait $job
	expect_same "$(cat followed)" said
}
tap_case "what a container says that starts late and ends at once is shown" starts_late

reader_of_silence_goes() {
	component a 'echo once; exec sleep 1000000'
	run ctst run -d stack.ctst
	expect_same "$(timeout 20 bash -c 'ctst-logs -f | head -n 1; echo "${PIPESTATUS[0]}"')" $'once\n141'
	timeout 20 bash -c 'trap "" PIPE; ctst-logs -f 2>message | head -n 1; [ "${PIPESTATUS[0]}" = 1 ]'
	grep -q 'cannot write to standard output: Broken pipe' message
	ctst stop --force
	# What runs in the foreground ends with its output.
	timeout 20 bash -c 'ctst-run stack.ctst 2>/dev/null | head -n 1'
	await all_ended
}
tap_case "that nobody reads any more is noticed while the containers are silent" reader_of_silence_goes

failure_is_told() {
	component dies 'echo dying; exit 3'
	component ends 'echo ending'
	component lives 'until [ -e /go/end ]; do sleep 0.02; done'
	ctst run stack.ctst >shown 2>messages &
	job=$!
	await grep -q "'dies' has ended with exit code 3" messages
	touch go/end
	status=0
	wait $job || status=$?
	expect_same "$status" 1
	grep -q 'dies  | dying' shown
	! grep -E "'(ends|lives)' has ended" messages || fail "more than failures are told"
	run ctst logs -f
	refute_err 'has ended'
}
tap_case "who follows several is told when one of them fails" failure_is_told

tap_done
