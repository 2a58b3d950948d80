#!/usr/bin/env bash
# ctst exec: terminals, pipes, signals, ends.
. "$(dirname "$0")/lib.sh"

start() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
	EOF
	run ctst run -d stack.ctst
	expect_status 0
}

# A person at a terminal; the steps come on standard input (terminal.py).
at_terminal() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	timeout 60 python3 "$SOURCE_ROOT/tests/blackbox/terminal.py" "$@" >shown
}

# ---- terminals ----

has_a_terminal() {
	start
	at_terminal ctst exec a sh -c 'tty; stty size; echo "$TERM"; read line; echo "got $line"; exit 7' <<-'EOF'
		expect /dev/pts/
		expect 24 80
		expect vt100
		raw
		type hello\r
		expect got hello
		exit 7
		cooked
	EOF
}
tap_case "on a terminal a command has a terminal of the container's: name, size, type, input, exit status" has_a_terminal

follows_the_window() {
	start
	at_terminal ctst exec a sh -c 'trap "stty size; exit 0" WINCH; stty size; while :; do sleep 0.05; done' <<-'EOF'
		expect 24 80
		size 30 101
		expect 30 101
		exit 0
	EOF
}
tap_case "its window has the caller's size and follows it" follows_the_window

keys_go_to_the_command() {
	start
	at_terminal ctst exec a sh -c 'trap "echo interrupted; exit 9" INT; echo ready; while :; do sleep 0.05; done' <<-'EOF'
		expect ready
		raw
		type \x03
		expect interrupted
		exit 9
		cooked
	EOF
}
tap_case "Ctrl+C is the command's" keys_go_to_the_command

job_control_inside() {
	start
	# Typed text is shown as well, so what is expected is not what was typed.
	at_terminal ctst exec -it a sh <<-'EOF'
		expect # 
		type sh -c 'trap "echo inter""rupted; exit" INT; while :; do echo ti""ck; sleep 0.05; done'\r
		expect tick
		type \x1a
		expect Stopped
		type jobs; echo jo""bs\r
		expect Stopped
		expect jobs
		type fg\r
		expect tick
		type \x03
		expect interrupted
		expect # 
		type exit 3\r
		exit 3
		cooked
	EOF
}
tap_case "a shell inside has job control: Ctrl+Z, jobs, fg, Ctrl+C" job_control_inside

ends_in_order() {
	start
	for how in "TERM 143" "INT 130" "QUIT 131" "USR1 138" "HUP 129"; do
		# No shell: busybox's ignores SIGQUIT as long as it is one.
		at_terminal ctst exec a cat <<-EOF
			raw
			type ready\\r
			expect ready
			expect ready
			kill ${how% *}
			exit ${how#* }
			cooked
		EOF
	done
}
hung_up_and_deaf() {
	start
	at_terminal ctst exec a sh -c 'trap "" HUP; echo ready; sleep 1000000' <<-'EOF'
		expect ready
		raw
		kill HUP
		cooked
		kill HUP
		kill TERM
		exit 143
	EOF
	# A terminal that no session has as its own.
	at_terminal setsid -w ctst exec a sh -c 'tty; echo ready; read x; exit 3' <<-'EOF'
		expect /dev/pts
		expect ready
		raw
		type \r
		exit 3
		cooked
	EOF
}
tap_case "the caller's terminal is in order while a command outlives the hang-up, and when it is no session's" hung_up_and_deaf

tap_case "signals to ctst exec end the command, and the caller's terminal is as before" ends_in_order

terminal_goes_away() {
	start
	at_terminal ctst exec a sh -c 'trap "echo hung up >/tmp/seen; exit 0" HUP; echo ready; while :; do sleep 0.05; done' <<-'EOF'
		expect ready
		raw
		hangup
		exit 0
	EOF
	run ctst exec a cat /tmp/seen
	expect_out '^hung up$'
}
tap_case "when the caller's terminal goes away the command's is hung up" terminal_goes_away

container_ends_under_it() {
	start
	(
		await sh -c 'ctst exec a test -e /tmp/ready'
		ctst stop --force
	) >/dev/null 2>&1 &
	at_terminal ctst exec a sh -c 'echo ready; : >/tmp/ready; exec sleep 1000000' <<-'EOF'
		expect ready
		exit 137
		cooked
	EOF
	wait
}
tap_case "when the container ends so does ctst exec, with the terminal as before" container_ends_under_it

stops_in_order() {
	start
	at_terminal env PS1='$ ' bash --norc --noprofile --noediting -i <<-'EOF'
		expect $
		type ctst exec -T a sh -c 'while :; do echo ti""ck; sleep 0.05; done'\r
		expect tick
		cooked
		type \x1a
		expect Stopped
		type fg\r
		expect fg
		expect tick
		type \x03
		expect $ 
		type echo "st""atus $?"\r
		expect status 130
		type exit\r
	EOF
}
tap_case "without a terminal inside Ctrl+Z stops ctst exec and Ctrl+C ends the command" stops_in_order

stopped_with_terminal() {
	start
	cat >shell.sh <<-'EOF'
		set -m
		ctst exec -t a sh -c 'echo ready; : >/tmp/ready; read x; echo "got $x"' &
		echo $! >pid
		fg >/dev/null
		stty -a >modes
		echo "back"
		fg >/dev/null
		echo "status $?"
	EOF
	(
		await test -s pid
		await ctst exec a test -e /tmp/ready
		kill -TSTP "$(cat pid)"
	) &
	at_terminal env PS1='$ ' bash --norc --noprofile --noediting -i shell.sh <<-'EOF'
		expect ready
		expect back
		raw
		type hello\r
		expect got hello
		expect status 0
		exit 0
		cooked
	EOF
	wait
	grep -q ' icanon' modes || fail "the shell got a terminal that is not in order"
}
tap_case "stopped, ctst exec gives the terminal back in order; continued, it goes on" stopped_with_terminal

in_the_background() {
	start
	at_terminal env PS1='$ ' bash --norc --noprofile --noediting -i <<-'EOF'
		expect $
		type ctst exec a sh -c 'tty; echo "en""d"' & wait\r
		expect not a tty
		expect end
		type exit\r
	EOF
}
tap_case "in the background of a shell a command runs without a terminal and is not stopped" in_the_background

never_a_terminal() {
	start
	at_terminal ctst exec -T a sh -c 'tty; ls -l /proc/self/fd; cat; echo over' <<-'EOF'
		expect not a tty
		expect 0 -> /dev/null
		expect 1 -> pipe:
		expect 2 -> pipe:
		expect over
		exit 0
	EOF
	! grep -q 'pts' shown || fail "the caller's terminal is in the container"
	at_terminal ctst exec -T -i a sh -c 'tty; cat' <<-'EOF'
		expect not a tty
		cooked
		type hello\r
		expect hello
		expect hello
		type \x04
		exit 0
	EOF
}
tap_case "-T: no terminal, and none of the caller's terminal for the command" never_a_terminal

always_a_terminal() {
	start
	run timeout 20 ctst exec -t a tty
	expect_status 0
	expect_out '^/dev/pts/[0-9]+.$'
	run timeout 20 ctst exec -t -e TERM=dumb a sh -c 'echo $TERM; read x || echo nothing to read'
	expect_out '^dumb.$'
	# Without -i nothing is read from here.
	printf 'one\ntwo\n' >lines
	while read -r line; do
		run timeout 20 ctst exec -t a echo "<$line>"
		cat "$CASE_DIR/out" >>seen
	done <lines
	grep -q '<one>' seen && grep -q '<two>' seen
	printf 'exit 5\n' >input
	status=0
	timeout 20 ctst exec -it a sh <input >output || status=$?
	[ "$status" = 5 ] || fail "status $status"
	# The end of the input is that of a terminal: also in the middle of a line.
	printf 'unfinished' | timeout 20 ctst exec -ti a cat >output
	grep -q 'unfinished' output
	# More than fits in before anybody reads.
	seq 3000 | timeout 20 ctst exec -ti a sh -c 'stty -echo; echo ready; sleep 0.3; cat >/dev/null; echo over' >output
	grep -q 'over' output
}
tap_case "-t, -it: a terminal also in pipes, whose input has an end" always_a_terminal

terminal_belongs_to_user() {
	[ "$(id -u)" = 0 ] || skip "a container started without root may have one user only"
	start
	run ctst exec -t -u 1000 a sh -c 'stat -c %u $(tty); echo opened >$(tty)'
	expect_out '^1000'
	expect_out '^opened'
}
tap_case "the terminal belongs to the command's user" terminal_belongs_to_user

# ---- pipes ----

bytes_are_kept() {
	start
	head -c 8000000 /dev/urandom >binary
	ctst exec -i a cat <binary | cmp - binary
	ctst exec -i a cat <binary >copy
	cmp copy binary
	{ ctst exec -i a sh -c 'cat >&2' <binary 2>&1 >/dev/null; } | cmp - binary
	printf 'a\0b' | ctst exec -i a sh -c 'cat; echo after' | cmp - <(printf 'a\0bafter\n')
}
tap_case "bytes are kept in all directions, and the input has its end" bytes_are_kept

nothing_is_read_without_i() {
	start
	printf 'one\ntwo\nthree\n' >lines
	while read -r line; do
		ctst exec a sh -c "cat; echo $line" >>seen
	done <lines
	cmp lines seen
}
tap_case "without -i standard input is empty and the caller's is left alone" nothing_is_read_without_i

broken_pipes() {
	start
	run timeout 20 bash -c 'ctst exec a yes | head -n 1; exit ${PIPESTATUS[0]}'
	expect_status 141
	expect_out '^y$'
	# The command reads no more; the one that writes is told.
	run timeout 20 bash -c 'yes | ctst exec -i a head -n 1'
	expect_status 0
	expect_out '^y$'
	run timeout 20 bash -c 'yes | ctst exec -i a sh -c "exec <&-; sleep 0.2; echo over"'
	expect_out '^over$'
	[ -c /dev/full ] || return 0
	run bash -c 'ctst exec a echo text >/dev/full'
	expect_status 1
	expect_err 'R008.*standard output.*No space'
}
tap_case "broken pipes and full disks are noticed on either side" broken_pipes

order_is_kept() {
	start
	for i in $(seq 200); do echo "out $i"; echo "err $i"; done >wanted
	ctst exec a sh -c 'for i in $(seq 200); do echo "out $i"; echo "err $i" >&2; done' >both 2>&1
	cmp wanted both
	ctst exec a sh -c 'echo out; echo err >&2' >out 2>err
	[ "$(cat out)" = out ] && [ "$(cat err)" = err ]
}
tap_case "standard output and error keep their order in one file, and are apart in two" order_is_kept

children_hold_the_output() {
	start
	run timeout 20 ctst exec a sh -c 'head -c 300000 /dev/zero | tr "\0" x; sleep 1000000 & echo; echo end'
	expect_status 0
	expect_lines out 2
	[ "$(head -n 1 "$CASE_DIR/out" | wc -c)" = 300001 ]
	run timeout 20 ctst exec a sh -c 'yes & echo end >&2'
	expect_status 0
	expect_err '^end$'
	run timeout 20 ctst exec -t a sh -c 'trap "" HUP; yes & seq 3000; exit 4'
	expect_status 4
}
tap_case "it ends with the command, all its output complete, whoever still holds that" children_hold_the_output

output_devices_can_be_opened() {
	start
	local user
	for user in 0 1000; do
		[ "$user" = 0 ] || [ "$(id -u)" = 0 ] || continue
		run ctst exec -u "$user" a sh -c 'echo out >/dev/stdout; echo err >/dev/stderr'
		expect_out '^out$'
		expect_err '^err$'
	done
}
tap_case "/dev/stdout and /dev/stderr can be opened by every user" output_devices_can_be_opened

# ---- signals ----

signals_are_passed_on() {
	start
	local name job
	for name in INT TERM HUP QUIT USR1 USR2 WINCH; do
		: >out
		# In a job of its own: in others a shell without job control ignores SIGINT.
		set -m
		ctst exec a sh -c "trap 'echo got $name; exit 5' $name; echo ready; while :; do sleep 0.05; done" >out &
		job=$!
		set +m
		await grep -q ready out
		kill "-$name" "$job"
		status=0
		wait "$job" || status=$?
		[ "$status" = 5 ] || fail "$name: status $status"
		grep -q "got $name" out
	done
	run ctst exec a sh -c 'kill -USR1 $$'
	expect_status 138
}
tap_case "signals are passed on, and 128 + n is the status of a command that one ended" signals_are_passed_on

ignored_signals() {
	start
	(
		trap '' HUP CHLD
		exec ctst exec a sh -c 'echo ready; read x </tmp/fifo 2>/dev/null; until [ -e /tmp/go ]; do sleep 0.05; done; exit 6'
	) >out &
	job=$!
	await grep -q ready out
	kill -HUP "$job"
	ctst exec a touch /tmp/go
	status=0
	wait "$job" || status=$?
	[ "$status" = 6 ] || fail "status $status"
}
tap_case "what the caller ignores is ignored (nohup), and SIGCHLD is not needed from it" ignored_signals

killed_with_its_caller() {
	start
	local job pid
	ctst exec a sh -c 'echo $$; exec sleep 1000000' >out &
	job=$!
	await grep -q . out
	pid=$(cat out)
	ctst exec a test -e "/proc/$pid"
	kill -KILL "$job"
	await ctst exec a test ! -e "/proc/$pid"
}
tap_case "the command is killed when ctst exec is" killed_with_its_caller

stopped_caller() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" restart = "always"
		    command = ["/bin/sh", "-c", "until [ -e /tmp/end ]; do sleep 0.05; done"] }
	EOF
	run ctst run -d stack.ctst
	expect_status 0
	ctst exec a sh -c 'echo ready; exec sleep 1000000' >out &
	job=$!
	await grep -q ready out
	kill -STOP "$job"
	ctst exec a touch /tmp/end
	await sh -c 'ctst ps -o json | grep -q "\"restarts\": [1-9]"'
	await ctst exec a true
	kill -CONT "$job"
	status=0
	wait "$job" || status=$?
	[ "$status" = 137 ] || fail "status $status"
}
tap_case "a ctst exec that is stopped does not keep its container from being restarted" stopped_caller

not_running() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" restart = "always" command = ["/bin/false"] }
		COMPONENT b { image = "preset://busybox" command = ["/bin/true"] }
	EOF
	ctst run -d stack.ctst || true
	restarting() {
		run ctst exec a true
		[ "$status" = 1 ] && grep -q 'R007.*restarting' "$CASE_DIR/err"
	}
	await restarting
	expect_err 'hint: it is started again'
	run ctst exec b true
	expect_status 1
	expect_err 'R007.*stopped'
}
tap_case "what is not running is R007, with its state" not_running

# ---- isolation ----

is_closed() {
	start
	exec 9<"$CASE_DIR/project/stack.ctst"
	umask 077
	run ctst exec -w /tmp a sh -c 'ls /proc/self/fd | tr "\n" " "; echo; umask; pwd; cat /proc/self/cgroup
		grep -E "^(CapBnd|CapPrm|NoNewPrivs)" /proc/self/status'
	exec 9<&-
	expect_status 0
	expect_out '^0 1 2 3 $' # 3 is the directory that ls reads
	expect_out '^0022$'
	expect_out '^/tmp$'
	expect_out '^0::/$'
	expect_out '^CapBnd:.0000000000000000$'
	expect_out '^CapPrm:.0000000000000000$'
	expect_out '^NoNewPrivs:.1$'
	# As the container's own: not through a shell, which has its own mind about signals.
	run ctst exec a grep -E '^Sig(Blk|Ign)' /proc/self/status
	expect_lines out 2
	refute_out '[1-9a-f]$'
	run ctst exec a sh -c 'cat /proc/keys 2>/dev/null | wc -l'
	expect_out '^0$'
}
tap_case "a command is as closed as its container: descriptors, umask, cgroup, capabilities, signals" is_closed

options_and_their_failures() {
	start
	run ctst exec -w /tmp -e A=1 -e B=x=y -e A=2 a sh -c 'pwd; echo $A $B'
	expect_same "$(cat "$CASE_DIR/out")" $'/tmp\n2 x=y'
	run ctst exec -u 12:34 a sh -c 'id -u; id -g'
	# A container started without root may have one user only.
	if [ "$status" -eq 0 ] || [ "$(id -u)" -eq 0 ]; then
		expect_same "$(cat "$CASE_DIR/out")" $'12\n34'
	else
		expect_err R008
	fi
	run ctst exec -u nobody-of-that-name a true
	expect_status 1
	expect_err "R008.*the user 'nobody-of-that-name'"
	run ctst exec -w /no/such a true
	expect_status 126
	expect_err "R008.*directory '/no/such'"
	run ctst exec a /etc/passwd
	expect_status 126
	run ctst exec a /no/such
	expect_status 127
	for wrong in "-e A" "-e =1" "-t -T"; do
		# shellcheck disable=SC2086 # words
		run ctst exec $wrong a true
		expect_status 2
	done
}
tap_case "-u, -w, -e, and what is said when there is no such user, directory or command" options_and_their_failures

three_hundred() {
	start
	mkdir outputs
	for i in $(seq 300); do
		echo "input $i" | ctst exec -i -e N="$i" a sh -c 'read x; echo "$x, variable $N"; echo "$N" >&2; exit $((N % 100))' \
			>"outputs/$i" 2>"outputs/$i.err" &
		pids[i]=$!
	done
	for i in $(seq 300); do
		status=0
		wait "${pids[$i]}" || status=$?
		[ "$status" = $((i % 100)) ] || fail "$i: status $status $(cat "outputs/$i.err")"
		expect_same "$(cat "outputs/$i")" "input $i, variable $i"
		expect_same "$(cat "outputs/$i.err")" "$i"
	done
	run ctst exec a sh -c 'ps | grep -c -v ctst-init'
	expect_status 0
}
tap_case "three hundred commands at once, and none gets another's bytes" three_hundred

tap_done
