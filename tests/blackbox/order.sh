#!/usr/bin/env bash
# What is started when, and what a run says while it waits: health, failures, limits, interruption, the end in reverse.
. "$(dirname "$0")/lib.sh"

events=.containust/state/events.ndjson

# healthy_when FILE [RETRIES]: a health check that succeeds once FILE is there, asked every 50 ms.
healthy_when() {
	echo "healthcheck = { command = [\"/bin/test\", \"-e\", \"$1\"] interval = \"50ms\" timeout = \"5s\" retries = ${2:-1000} }"
}

sleeper='image = "preset://busybox" command = ["/bin/sleep", "1000000"]'

# Times as text, which sort as they are.
started_at() {
	ctst ps -a -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .started_at'
}

now() {
	date -u +%Y-%m-%dT%H:%M:%S.%NZ
}

# in_order TIME…
in_order() {
	expect_same "$(printf '%s\n' "$@")" "$(printf '%s\n' "$@" | sort)"
}

# ended NAME: when it was stopped.
ended() {
	ctst ps -a -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .finished_at'
}

state_of() {
	ctst ps -a -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .state'
}

pid_of() {
	ctst ps -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .pid'
}

is_in_state() { [ "$(state_of "$1")" = "$2" ]; }

# The background `ctst run` holds the lock; what it has started can be seen all the same.
wait_for_end() {
	status=0
	wait "$1" || status=$?
}

starts_when_healthy() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper $(healthy_when /tmp/ready) }
		COMPONENT api { $sleeper }
		COMPONENT web { $sleeper }
		COMPONENT free { $sleeper }
		CONNECT api -> db
		CONNECT web -> api
		CONNECT free -> web2
		COMPONENT web2 { $sleeper }
	END
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	pid=$!
	await is_in_state free running
	await is_in_state db running
	! grep -q '"name":"api"' "$events" || fail "api did not wait"
	expect_err "waiting until 'db' is healthy, for at most "
	ready=$(now)
	ctst exec db touch /tmp/ready
	wait_for_end $pid
	[ "$status" -eq 0 ] || fail "status $status: $(cat "$CASE_DIR/err")"
	in_order "$(started_at web2)" "$(started_at free)" "$ready" "$(started_at api)" "$(started_at web)"
	expect_err "'db' is healthy after [0-9.]+ m?s"
	run ctst -q run -d stack.ctst
	expect_status 0
	expect_same "$(wc -c <"$CASE_DIR/err")" 0
}
tap_case "a dependent starts when what it needs is healthy, others at once" starts_when_healthy

detached_waits_for_all() {
	echo "COMPONENT db { $sleeper $(healthy_when /tmp/ready) }" >stack.ctst
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q '"event":"started"' "$events"
	kill -0 $pid || fail "it did not wait for the health of what nobody needs"
	ctst exec db touch /tmp/ready
	wait_for_end $pid
	expect_same "$status" 0
	grep -q '"event":"healthy"' "$events"
}
tap_case "-d returns when everything is healthy" detached_waits_for_all

unhealthy() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper $(healthy_when /never 2) }
		COMPONENT api { $sleeper }
		COMPONENT web { $sleeper }
		COMPONENT other { $sleeper }
		COMPONENT needed { $sleeper }
		CONNECT api -> db
		CONNECT web -> api
		CONNECT other -> needed
	END
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "error\[R014\]: component 'db': it is unhealthy"
	expect_err "error\[R014\]: component 'api' was not started: it needs 'db'"
	expect_err "error\[R014\]: component 'web' was not started: it needs 'api'"
	expect_same "$(ctst ps -o json | jq -r '[.containers[] | .name] | sort | join(" ")')" "db needed other"
	expect_same "$(ls .containust/containers | wc -l)" 3
}
tap_case "what needs an unhealthy component is not started, and nothing else is left out" unhealthy

ends_too_early() {
	cat >stack.ctst <<-END
		COMPONENT db { image = "preset://busybox" command = ["/bin/sh", "-c", "exit 7"] $(healthy_when /never) }
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "component 'db': it ended with 7 before it was healthy"
	expect_err "'api' was not started: it needs 'db'"
}
tap_case "one that ends before it is healthy" ends_too_early

time_limit() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper $(healthy_when /tmp/ready) }
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	run ctst run -d --timeout 1 stack.ctst
	expect_status 1
	expect_err "component 'db': it was not healthy within 1.0 s"
	expect_err "'api' was not started"
	db=$(pid_of db) ready=$(now)
	ctst exec db touch /tmp/ready
	# It is there and becomes healthy by itself, which the next run sees in its status.
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(pid_of db)" "$db"
	in_order "$ready" "$(started_at api)"
	for word in 0 -1 x 604801; do
		run ctst run -d --timeout "$word" stack.ctst
		expect_status 2
	done
}
tap_case "--timeout bounds the wait, and a later run goes on from there" time_limit

own_limit() {
	echo "COMPONENT db { $sleeper healthcheck = { command = [\"/bin/sleep\", \"1000000\"] interval = \"20s\" timeout = \"100ms\" retries = 1 } }" >stack.ctst
	ctst-parse stack.ctst | ctst-image build | ctst-plan >plan.json
	# Somebody else's plan: bounds are what its numbers say, whatever their size.
	jq '.actions[0].container.healthcheck.retries = 9223372036854775807 | .actions[0].container.healthcheck.interval_ms = 9223372036854775807' plan.json >large.json
	run ctst-spawn --timeout 1 <large.json
	[ "$status" -eq 1 ] || fail "status $status"
	ctst rm --force db >/dev/null || true
}
tap_case "a plan with enormous periods" own_limit

kept_is_waited_for() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper $(healthy_when /tmp/ready) }
	END
	ctst run stack.ctst >"$CASE_DIR/out" 2>&1 &
	pid=$!
	await is_in_state db running
	cat >>stack.ctst <<-END
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	second=$!
	await grep -q "waiting until 'db' is healthy" "$CASE_DIR/err"
	! grep -q '"name":"api"' "$events" || fail "api did not wait"
	ready=$(now)
	ctst exec db touch /tmp/ready
	wait_for_end $second
	expect_same "$status" 0
	in_order "$ready" "$(started_at api)"
	ctst stop --force >/dev/null
	wait $pid || true
}
tap_case "one that was there and is not healthy yet is waited for" kept_is_waited_for

kept_ends() {
	echo "COMPONENT db { $sleeper $(healthy_when /tmp/ready) }" >stack.ctst
	run ctst run -d --timeout 1 stack.ctst
	expect_status 1
	db=$(pid_of db)
	echo "COMPONENT api { $sleeper } CONNECT api -> db" >>stack.ctst
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	second=$!
	await grep -q "waiting until 'db' is healthy" "$CASE_DIR/err"
	kill -KILL "$db"
	wait_for_end $second
	expect_same "$status" 1
	expect_err "component 'db': it ended with 137 before it was healthy"
	expect_err "'api' was not started: it needs 'db'"
}
tap_case "one that was there and ends is not waited for any longer" kept_ends

interrupted() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper $(healthy_when /tmp/ready) }
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q "waiting until 'db' is healthy" "$CASE_DIR/err"
	kill -INT $pid
	wait_for_end $pid
	expect_same "$status" 130
	expect_same "$(jq -r '[.containers[].name] | join(" ")' .containust/state/state.json)" db
	expect_same "$(ls .containust/containers | wc -l)" 1
	db=$(pid_of db)
	ctst exec db touch /tmp/ready
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(pid_of db)" "$db"
	is_in_state api running
}
tap_case "Ctrl+C while it waits leaves what runs, and the next run goes on" interrupted

# Hundredths of a second of a processor's time.
time_used() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# The terminal of a run whose messages go elsewhere.
resized() {
	local spawn before

	echo "COMPONENT db { $sleeper $(healthy_when /tmp/ready) }" >stack.ctst
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q "waiting until 'db' is healthy" "$CASE_DIR/err"
	spawn=$(pgrep -P $pid ctst-spawn)
	kill -WINCH "$spawn"
	before=$(time_used "$spawn")
	sleep 1
	[ "$(time_used "$spawn")" -lt $((before + 10)) ] || fail "it waits for nothing without a pause"
	ctst exec db touch /tmp/ready
	wait_for_end $pid
	expect_same "$status" 0
}
tap_case "a window that changes its size does not keep a processor busy" resized

live_view() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper $(healthy_when /tmp/ready) }
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	ctst build stack.ctst >/dev/null 2>&1
	TERM=xterm NO_COLOR=1 script -qfec 'stty cols 60 rows 10; ctst run -d stack.ctst' screen </dev/null >/dev/null &
	pid=$!
	await grep -q 'db .*running .*starting .* of ' screen
	await grep -q 'api .*waits for *db' screen
	ctst exec db touch /tmp/ready
	wait_for_end $pid
	expect_same "$status" 0
	grep -q '^.*db healthy after ' screen
	grep -q 'api started' screen
	! grep -q $'\033\\[[0-9;]*m' screen || fail "colours in spite of NO_COLOR"
	# Nothing of the live part stays below the last line.
	tail -n 3 screen | grep -q $'api started\r$'
}
tap_case "on a terminal a live view says who waits for what" live_view

# All is shown as it comes, also while others are still to be started.
shown_meanwhile() {
	cat >stack.ctst <<-END
		COMPONENT db { image = "preset://busybox" command = ["/bin/sh", "-c", "echo begins; until test -e /tmp/ready; do sleep 0.05; done; echo goes on; exec sleep 1000000"] $(healthy_when /tmp/ready) }
		COMPONENT api { image = "preset://busybox" command = ["/bin/sh", "-c", "echo is up; exec sleep 1000000"] }
		CONNECT api -> db
	END
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run stack.ctst >"$CASE_DIR/out" 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q '^db  | begins' "$CASE_DIR/out"
	refute_out 'is up'
	ctst exec db touch /tmp/ready
	await grep -q '^api | is up' "$CASE_DIR/out"
	await grep -q '^db  | goes on' "$CASE_DIR/out"
	expect_err "'db' is healthy after"
	kill -INT $pid
	wait_for_end $pid
	expect_same "$status" 0
	in_order "$(ended api)" "$(ended db)"
}
tap_case "in the foreground the output is shown while others are waited for" shown_meanwhile

interrupted_in_the_foreground() {
	cat >stack.ctst <<-END
		COMPONENT db { image = "preset://busybox" command = ["/bin/sh", "-c", "echo begins; exec sleep 1000000"] $(healthy_when /never) }
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run stack.ctst >"$CASE_DIR/out" 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q '^db  | begins' "$CASE_DIR/out"
	kill -INT $pid
	wait_for_end $pid
	expect_same "$status" 130
	expect_same "$(state_of db)" stopped
	expect_same "$(ls .containust/containers | wc -l)" 1
}
tap_case "Ctrl+C while it waits in the foreground stops what has been started" interrupted_in_the_foreground

second_interrupt() {
	echo 'COMPONENT a { image = "preset://busybox" command = ["/bin/sh", "-c", "trap \"echo will not\" TERM; echo up; while :; do sleep 0.1; done"] }' >stack.ctst
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run stack.ctst >"$CASE_DIR/out" 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q 'up' "$CASE_DIR/out"
	begin=$SECONDS
	kill -INT $pid
	await grep -q 'will not' "$CASE_DIR/out"
	kill -INT $pid
	wait_for_end $pid
	[ $((SECONDS - begin)) -lt 9 ] || fail "it took the ten seconds of the first one"
	expect_same "$status" 137
}
tap_case "the second Ctrl+C kills" second_interrupt

progress_lines() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper healthcheck = { command = ["/bin/true"] interval = "50ms" } }
		COMPONENT bad { image = "preset://busybox" command = ["/no/such"] }
		COMPONENT api { $sleeper }
		CONNECT api -> bad
	END
	ctst-parse stack.ctst | ctst-image build | ctst-plan >plan.json
	run ctst-spawn -o ndjson <plan.json
	expect_status 1
	expect_same "$(jq -r '.name + " " + .result' "$CASE_DIR/out" | sort)" "$(printf '%s\n' 'api skipped' 'bad failed' 'db healthy' 'db started')"
	# Nobody reads any more: the work goes on all the same.
	ctst rm --force db bad >/dev/null
	ctst-parse stack.ctst | ctst-image build | ctst-plan | ctst-spawn -o ndjson 2>"$CASE_DIR/err" | true || true
	await is_in_state db running
}
tap_case "-o ndjson says what happens as it happens" progress_lines

stops_in_reverse() {
	trap_line='trap \"echo end >/dev/null; exit 0\" TERM; while :; do sleep 0.05; done'
	cat >stack.ctst <<-END
		COMPONENT db { image = "preset://busybox" command = ["/bin/sh", "-c", "$trap_line"] }
		COMPONENT a { image = "preset://busybox" command = ["/bin/sh", "-c", "$trap_line"] }
		COMPONENT b { image = "preset://busybox" command = ["/bin/sh", "-c", "$trap_line"] }
		CONNECT a -> db
		CONNECT b -> db
	END
	run ctst run -d stack.ctst
	expect_status 0
	run ctst stop
	expect_status 0
	in_order "$(ended a)" "$(ended db)"
	in_order "$(ended b)" "$(ended db)"
}
tap_case "those that need another one stop before it" stops_in_reverse

stops_in_parallel() {
	for i in 1 2 3 4; do
		echo "COMPONENT c$i { image = \"preset://busybox\" command = [\"/bin/sh\", \"-c\", \"trap '' TERM; echo up; while :; do sleep 1; done\"] }"
	done >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	all_up() { [ "$(ctst logs | grep -c up)" -eq 4 ]; }
	await all_up
	begin=${EPOCHREALTIME/[.,]/}
	run ctst stop -t 1
	expect_status 0
	# One after the other they would take four seconds.
	[ $((${EPOCHREALTIME/[.,]/} - begin)) -lt 3500000 ] || fail "they were stopped one after the other"
}
tap_case "those that do not need each other are stopped at the same time" stops_in_parallel

tap_done
