#!/usr/bin/env bash
# From file to containers and back: order, wiring, converging, ending.
. "$(dirname "$0")/lib.sh"

three() {
	cp "$SOURCE_ROOT/examples/three_components.ctst" stack.ctst
}

pid_of() {
	ctst ps -o json | awk -v name="\"$1\"," '$1 == "\"name\":" { found = ($2 == name) } found && $1 == "\"pid\":" { print $2 + 0; exit }'
}

hello() {
	cp "$SOURCE_ROOT/examples/hello_world.ctst" .
	run ctst run hello_world.ctst
	expect_status 0
	expect_out 'Hello'
	expect_same "$(wc -c <"$CASE_DIR/err")" 0
	run ctst ps
	expect_lines out 1
	run ctst ps -a
	expect_out 'hello .*stopped \(0\)'
}
tap_case "the first example says hello and ends" hello

by_hand() {
	three
	ctst-parse stack.ctst | ctst-image build | ctst-plan -o json | tee plan.json | ctst-spawn
	before="$(pid_of db) $(pid_of api) $(pid_of web)"
	run ctst-spawn -o json <plan.json
	expect_status 0
	expect_same "$(grep -o '"result":"kept"' "$CASE_DIR/out" | wc -l)" 3
	expect_same "$(pid_of db) $(pid_of api) $(pid_of web)" "$before"
}
tap_case "the pipeline by hand, and its plan a second time keeps everything" by_hand

order_and_wiring() {
	three
	run ctst run -d stack.ctst
	expect_status 0
	run ctst exec api env
	expect_out '^DB_HOST=db$'
	expect_out '^DB_PORT=5432$'
	started=$(ctst ps -o json | sed -n 's/.*"started_at": "\(.*\)".*/\1/p')
	expect_same "$started" "$(sort <<<"$started")"
}
tap_case "dependencies start first and are in the environment" order_and_wiring

replace_one() {
	three
	run ctst run -d stack.ctst
	expect_status 0
	db=$(pid_of db) web=$(pid_of web) api=$(pid_of api)
	run ctst plan -o text stack.ctst
	expect_status 0
	expect_out '^No changes'
	sed -i 's/api of/new api of/' stack.ctst
	run ctst plan -o text stack.ctst
	expect_out '^~ api env\.GREETING: .*api of.*→.*new api of'
	expect_out '^Plan: 0 to add, 1 to change, 0 to destroy\.$'
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(pid_of db) $(pid_of web)" "$db $web"
	[ "$(pid_of api)" != "$api" ] || fail "api is the old one"
	[ ! -e "/proc/$api" ] || fail "the old api still runs"
	says_new() { ctst logs api | grep -q '^new api of db'; }
	await says_new
}
tap_case "an edited property replaces that one container and no other" replace_one

remove_one() {
	three
	run ctst run -d stack.ctst
	web=$(pid_of web)
	sed -i '/^COMPONENT web/,/^}/d; /^CONNECT web/d' stack.ctst
	run ctst plan -o text stack.ctst
	expect_out '^- web'
	run ctst run -d stack.ctst
	expect_status 0
	run ctst ps -a
	refute_out ' web '
	[ ! -e "/proc/$web" ]
	expect_same "$(ls .containust/containers | wc -l)" 2
}
tap_case "a component taken out of the file is stopped and removed" remove_one

failing_dependency() {
	cat >stack.ctst <<-'EOF'
		COMPONENT db { image = "preset://busybox" command = ["/no/such/program"] }
		COMPONENT api { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
		COMPONENT other { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
		CONNECT api -> db
		CONNECT other -> other2
		COMPONENT other2 { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
	EOF
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R004.*'db'.*/no/such/program"
	expect_err "R014.*'api' was not started: it needs 'db'"
	run ctst ps -a
	expect_out 'db .*failed'
	expect_out 'other .*running'
	refute_out ' api '
}
tap_case "what needs a failed component is not started, the rest is" failing_dependency

kept_in_between() {
	cat >stack.ctst <<-'EOF'
		COMPONENT x { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
		COMPONENT k { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
		CONNECT k -> x
	EOF
	run ctst run -d stack.ctst
	expect_status 0
	sed -i '/COMPONENT x/s/.bin.sleep/\/no\/such/' stack.ctst
	echo 'COMPONENT y { image = "preset://busybox" command = ["/bin/sleep", "1000000"] } CONNECT y -> k' >>stack.ctst
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "'x'"
	run ctst ps
	expect_out ' k .*running'
	expect_out ' y .*running'
}
tap_case "what needs a kept component is started, whatever became of what that one needs" kept_in_between

one_exit_code() {
	cat >job.ctst <<-'EOF'
		COMPONENT job { image = "preset://busybox" command = ["/bin/sh", "-c", "echo out; echo err >&2; exit 7"] }
	EOF
	run ctst run job.ctst
	expect_status 7
	expect_out 'out$'
	expect_err 'err$'
	run ctst run job.ctst
	expect_status 7
	expect_same "$(ls .containust/containers | wc -l)" 1
	run ctst ps -a
	expect_out 'job .*failed \(7\)'
}
tap_case "a single component's exit code is the command's; a second run runs it again" one_exit_code

failing_again() {
	echo 'COMPONENT job { image = "preset://busybox" command = ["/no/such/program"] }' >job.ctst
	for _ in $(seq 8); do
		run ctst run -d job.ctst
		expect_status 127
		expect_err 'R004'
	done
	echo 'COMPONENT job { image = "preset://busybox" command = ["/bin/sh", "-c", "echo ran; exit 3"] }' >job.ctst
	for _ in $(seq 8); do
		run ctst run job.ctst
		expect_status 3
		expect_out ran
	done
}
tap_case "a run that follows at once upon one that failed is another attempt, although something may still be cleared up" failing_again

many_at_once() {
	for i in $(seq 1 60); do
		echo "COMPONENT c$i { image = \"preset://busybox\" command = [\"/bin/sleep\", \"1000000\"] }"
	done >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	run ctst ps
	expect_lines out 61
	run ctst stop -t 1
	expect_status 0
	expect_lines out 60
	run ctst ps
	expect_lines out 1
}
tap_case "sixty containers come up together and go" many_at_once

restart_policies() {
	cat >stack.ctst <<-'EOF'
		COMPONENT twice { image = "preset://busybox" restart = "on-failure:2" command = ["/bin/sh", "-c", "echo try; exit 3"] }
	EOF
	run ctst run stack.ctst
	expect_status 3
	expect_same "$(grep -c try "$CASE_DIR/out")" 3
	run ctst ps -a -o json
	expect_out '"restarts": 2'
}
tap_case "on-failure:2 tries three times" restart_policies

secrets_leave_no_trace() {
	cat >stack.ctst <<-'EOF'
		COMPONENT s { image = "preset://busybox" env = { KEY = "${secret.api-key}" } command = ["/bin/sh", "-c", "echo $${#KEY}${env.NOWHERE:-}; exec sleep 1000000"] }
	EOF
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R013.*api-key"
	CONTAINUST_SECRET_API_KEY=very-well-hidden run ctst run -d stack.ctst
	expect_status 0
	! grep -r very-well-hidden .containust || fail "the secret is on the disk"
	# From a file, so that no grep has it in its own command line.
	echo very-well-hidden >pattern
	! grep -l -f pattern /proc/[0-9]*/cmdline 2>/dev/null || fail "the secret is in a command line"
}
tap_case "a secret is in the environment of its process and nowhere else" secrets_leave_no_trace

output_can_be_opened() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" command = ["/bin/sh", "-c", "echo by name >/dev/stdout; echo and error >/dev/stderr"] }
	EOF
	run ctst run stack.ctst
	expect_status 0
	expect_out 'by name'
	expect_err 'and error'
	[ "$(id -u)" = 0 ] || return 0
	sed -i 's/preset:\/\/busybox"/& user = "1000:1000"/' stack.ctst
	run ctst run stack.ctst
	expect_status 0
	expect_out 'by name'
}
tap_case "a program may open /dev/stdout, whatever its user" output_can_be_opened

ctrl_c() {
	three
	ctst run stack.ctst >out 2>err &
	pid=$!
	await grep -q 'web: api is' out
	db=$(pid_of db)
	kill -INT $pid
	wait $pid || true
	[ ! -e "/proc/$db" ] || fail "db still runs"
	run ctst ps
	expect_lines out 1
}
tap_case "an interrupted foreground run stops its containers" ctrl_c

tap_done
