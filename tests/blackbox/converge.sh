#!/usr/bin/env bash
# A run makes true what the file says, and touches nothing else: edits, removals, failures taken back, interruptions.
. "$(dirname "$0")/lib.sh"

index=.containust/state/state.json
sleeper='image = "preset://busybox" command = ["/bin/sleep", "1000000"]'
# Takes the time limit of a stop: SIGTERM does nothing to it.
stubborn='image = "preset://busybox" command = ["/bin/sh", "-c", "trap \"\" TERM; echo up; while :; do sleep 1; done"]'

pid_of() {
	ctst ps -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .pid'
}

names() {
	jq -r '[.containers[].name] | join(" ")' "$index"
}

is_running() {
	[ "$(ctst ps -o json | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .state')" = running ]
}

# The directories are those of the containers that there are, and no others.
nothing_is_left() {
	expect_same "$(ls .containust/containers | sort)" "$(ctst ps -a -o json | jq -r '.containers[].id' | sort)"
}

stack() {
	cat >stack.ctst <<-END
		COMPONENT db { $sleeper env = { A = "1" } }
		COMPONENT api { $sleeper env = { B = "1" } }
		COMPONENT web { $sleeper }
		CONNECT api -> db
		CONNECT web -> api
	END
	run ctst run -d stack.ctst
	expect_status 0
	db=$(pid_of db) api=$(pid_of api) web=$(pid_of web)
}

twice() {
	stack
	before=$(cat "$index")
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(cat "$index")" "$before"
	expect_same "$(pid_of db) $(pid_of api) $(pid_of web)" "$db $api $web"
	run ctst plan --detailed-exitcode stack.ctst
	expect_status 0
}
tap_case "a second run changes nothing" twice

edit_of_a_dependency() {
	stack
	sed -i 's/A = "1"/A = "2"/' stack.ctst
	run ctst plan --detailed-exitcode -o text stack.ctst
	expect_status 2
	expect_out '^~ db env\.A: 1 → 2$'
	expect_out '^Plan: 0 to add, 1 to change, 0 to destroy\.$'
	run ctst run -d stack.ctst
	expect_status 0
	[ "$(pid_of db)" != "$db" ]
	# What they were wired to is the same: name, port, address.
	expect_same "$(pid_of api) $(pid_of web)" "$api $web"
	nothing_is_left
}
tap_case "an edit replaces what it touches, and not what needs that" edit_of_a_dependency

edit_of_the_wiring() {
	stack
	sed -i '/^COMPONENT db/s/db { /db { port = 5432 /' stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	[ "$(pid_of db)" != "$db" ]
	[ "$(pid_of api)" != "$api" ] || fail "api still has the old variables"
	expect_same "$(pid_of web)" "$web"
	ctst exec api env | grep -q '^DB_PORT=5432$'
	nothing_is_left
}
tap_case "an edit that changes what a dependent is wired to replaces that too" edit_of_the_wiring

removed() {
	stack
	sed -i '/^COMPONENT web/d; /^CONNECT web/d' stack.ctst
	run ctst run -d --no-prune stack.ctst
	expect_status 0
	expect_same "$(pid_of web)" "$web"
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(names)" "db api"
	[ ! -e "/proc/$web" ]
	nothing_is_left
	sed -i '/^CONNECT api/d; /^COMPONENT api/d' stack.ctst
	run ctst plan --detailed-exitcode stack.ctst
	expect_status 2
}
tap_case "what the file no longer names is removed, unless --no-prune" removed

detailed() {
	echo 'COMPONENT a { image = }' >stack.ctst
	run ctst plan --detailed-exitcode stack.ctst
	expect_status 1
}
tap_case "plan --detailed-exitcode: 1 for an error" detailed

stale_plan() {
	stack
	sed -i 's/B = "1"/B = "2"/' stack.ctst
	ctst plan -o json stack.ctst >plan.json
	sed -i 's/B = "2"/B = "3"/' stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	api=$(pid_of api) before=$(cat "$index")
	run ctst-spawn <plan.json
	expect_status 1
	expect_err "error\[P002\].*'api' is another container now"
	expect_same "$(pid_of db) $(pid_of api)" "$db $api"
	expect_same "$(cat "$index")" "$before"
}
tap_case "a plan that was made against another state is refused, and nothing happens" stale_plan

rollback() {
	stack
	cat >stack.ctst <<-END
		COMPONENT new { $sleeper }
		COMPONENT db { $sleeper env = { A = "2" } }
		COMPONENT api { image = "preset://busybox" command = ["/no/such/program"] }
		CONNECT api -> db
	END
	before=$(jq -c .containers "$index")
	run ctst run -d --rollback stack.ctst
	expect_status 1
	expect_err "R004.*'api'"
	expect_err 'undoing what this run has done'
	expect_err 'undone \(--rollback\)'
	expect_same "$(jq -c .containers "$index")" "$before"
	nothing_is_left
	# What was not stopped yet goes on, what was runs again, as it was.
	expect_same "$(pid_of web)" "$web"
	is_running db
	is_running api
	ctst exec db env | grep -q '^A=1$'
	ctst exec api env | grep -q '^B=1$'
	# The same without: what worked stays.
	run ctst run -d stack.ctst
	expect_status 1
	expect_same "$(names)" "new db api"
	ctst exec db env | grep -q '^A=2$'
	nothing_is_left
}
tap_case "--rollback: a run that fails leaves what was there before" rollback

rollback_of_a_first_run() {
	cat >stack.ctst <<-END
		COMPONENT a { $sleeper }
		COMPONENT b { image = "preset://busybox" command = ["/no/such/program"] }
	END
	run ctst run -d --rollback stack.ctst
	expect_status 1
	expect_same "$(names)" ""
	nothing_is_left
	sed -i '$d' stack.ctst
	run ctst run -d --rollback stack.ctst
	expect_status 0
	is_running a
}
tap_case "--rollback of a first run leaves nothing" rollback_of_a_first_run

rollback_of_an_unhealthy_one() {
	stack
	sed -i '/^COMPONENT db/s/env = .*}/healthcheck = { command = ["\/bin\/false"] interval = "20ms" retries = 2 } }/' stack.ctst
	run ctst run -d --rollback stack.ctst
	expect_status 1
	expect_err "R014.*'db'.*unhealthy"
	is_running db
	ctst exec db env | grep -q '^A=1$'
	expect_same "$(pid_of api) $(pid_of web)" "$api $web"
	nothing_is_left
}
tap_case "--rollback when what was started is unhealthy" rollback_of_an_unhealthy_one

cut_off() { # SIGNAL: of ctst-spawn while it waits for an old container to stop
	cat >stack.ctst <<-END
		COMPONENT db { $stubborn }
		COMPONENT api { $sleeper }
		CONNECT api -> db
	END
	run ctst run -d stack.ctst
	expect_status 0
	says_up() { ctst logs db | grep -q up; }
	await says_up
	api=$(pid_of api)
	old=$(jq -r '.containers[0].id' "$index")
	sed -i 's/sleep 1;/sleep 2;/; s/COMPONENT api { /&env = { B = "2" } /' stack.ctst
	: >"$CASE_DIR/err" # not what an earlier command said
	ctst run -d stack.ctst 2>"$CASE_DIR/err" &
	pid=$!
	await grep -q "waiting until the old 'db' has stopped" "$CASE_DIR/err"
	# Nobody who looks meanwhile sees anything but the old one.
	expect_same "$(ctst ps -o json | jq -r '.containers[0].id')" "$old"
	case $1 in
		INT) kill -INT $pid ;;
		KILL)
			kill -KILL "$(tr -d ' ' </proc/$pid/task/$pid/children)"
			;;
	esac
	wait $pid || true
	run ctst ps -a
	expect_status 0
	expect_out ' db '
	expect_same "$(names)" "db api"
	expect_same "$(ctst ps -a -o json | jq -r '.containers[0].id')" "$old"
	# The other one was not touched, and would have been lost with its entry.
	expect_same "$(pid_of api)" "$api"
	nothing_is_left
	ctst stop --force db >/dev/null
	run ctst run -d stack.ctst
	expect_status 0
	[ "$(pid_of api)" != "$api" ]
	is_running db
	nothing_is_left
}
tap_case "Ctrl+C while an old container stops: it and those behind it are still there" cut_off INT
tap_case "SIGKILL of ctst-spawn while an old container stops: the same" cut_off KILL

full_disk() {
	[ "$(id -u)" = 0 ] || skip "needs a file system of its own"
	unshare --mount bash -eu -c '
		mount -t tmpfs -o size=64m none .
		cd "$PWD"
		cp '"$CASE_DIR"'/full.ctst stack.ctst
		ctst run -d stack.ctst 2>/dev/null
		id=$(jq -r ".containers[0].id" '"$index"')
		sed -i "s/A = \"1\"/A = \"2\"/" stack.ctst
		dd if=/dev/zero of=filler bs=4096 2>/dev/null || true
		! ctst run -d stack.ctst 2>err || { echo "it succeeded"; exit 1; }
		rm filler
		cat err
		test "$(ctst ps -o json | jq -r ".containers[] | .id + .state")" = "${id}running"
		ctst run -d stack.ctst
		ctst exec db env | grep -q "^A=2$"
		ctst stop --force'
}
echo "COMPONENT db { $sleeper env = { A = \"1\" } }" >"$tap_root/full.ctst.in"
full_disk_case() {
	cp "$tap_root/full.ctst.in" "$CASE_DIR/full.ctst"
	full_disk
}
tap_case "a full disk: the old container goes on" full_disk_case

cannot_execute() {
	echo 'COMPONENT a { image = "preset://busybox" command = ["/no/such/program"] }' >stack.ctst
	run ctst run stack.ctst
	expect_status 127
	run ctst run -d stack.ctst
	expect_status 127
	sed -i 's/no.such.program/etc/' stack.ctst
	run ctst run stack.ctst
	expect_status 126
	echo "COMPONENT b { $sleeper }" >>stack.ctst
	run ctst run -d stack.ctst
	expect_status 1
}
tap_case "one component that cannot be executed: 127 and 126" cannot_execute

tap_done
