#!/usr/bin/env bash
# ps, logs, exec, stop, rm and spawn one by one, with wrong inputs.
. "$(dirname "$0")/lib.sh"

start() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" command = ["/bin/sh", "-c", "echo one; echo two >&2; printf three; exec sleep 1000000"] }
		COMPONENT b { image = "preset://busybox" command = ["/bin/sh", "-c", "trap 'echo caught; exit 0' TERM; echo b; while :; do sleep 1; done"] }
	EOF
	run ctst run -d stack.ctst
	expect_status 0
}

no_project() {
	for command in ps logs stop; do
		run ctst $command
		expect_status 4
		expect_err 'S004'
		[ ! -e .containust ] || fail "'ctst $command' has created .containust"
	done
	run ctst exec a true
	expect_status 4
	run ctst rm a
	expect_status 4
}
tap_case "without a project: exit 4, nothing created" no_project

wrong_use() {
	start
	run ctst exec a
	expect_status 2
	run ctst stop -t ten
	expect_status 2
	run ctst logs --tail x
	expect_status 2
	run ctst logs --since yesterday
	expect_status 2
	run ctst ps -o xml
	expect_status 2
	run ctst rm
	expect_status 2
	run ctst ps extra
	expect_status 2
	run ctst-spawn --no-such-option
	expect_status 2
	for command in "logs c" "stop c" "rm c" "exec c true"; do
		run ctst $command
		expect_status 4
		expect_err "R005.*'c'"
	done
}
tap_case "wrong options are exit 2, unknown names exit 4" wrong_use

names() {
	start
	id=$(ctst ps -o json | sed -n 's/.*"id": "\(.*\)".*/\1/p' | head -n 1)
	run ctst logs "$id"
	expect_out one
	run ctst logs "${id:0:8}"
	expect_out one
	run ctst logs "${id:0:7}"
	expect_status 4
}
tap_case "a container is found by name, id, and eight characters of it" names

logs_are_kept_apart() {
	start
	await sh -c 'ctst logs a | grep -q three'
	run ctst logs a
	expect_same "$(cat "$CASE_DIR/out")" "one"$'\n'"three"
	expect_same "$(cat "$CASE_DIR/err")" "two"
	run ctst logs -t --tail 1 b
	expect_out '^20[0-9-]*T[0-9:.]*Z b$'
	run ctst logs --since 1h a
	expect_out one
	run ctst logs --since 2100-01-01T00:00:00Z a
	expect_lines out 0
	run ctst logs
	expect_out '^a \| one$'
	expect_out '^b \| b$'
}
tap_case "logs: streams apart, tail, since, times, prefixes" logs_are_kept_apart

logs_follow() {
	start
	ctst logs -f b >followed &
	pid=$!
	await grep -q '^b$' followed
	run ctst stop b
	expect_status 0
	wait $pid
	grep -q '^caught$' followed
}
tap_case "logs -f ends with its container and misses nothing" logs_follow

logs_on_a_terminal() {
	command -v script >/dev/null || skip "script(1) is not installed"
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" command = ["/bin/printf", "\\033]0;title\\007\\033[31mred\\n"] }
	EOF
	run ctst run stack.ctst
	script -qec 'ctst logs a' /dev/null >shown </dev/null
	grep -qF '^[]0;title^G^[[31mred' shown
	! grep -q $'\033' shown || fail "an escape sequence reached the terminal"
}
tap_case "a container cannot drive the reader's terminal" logs_on_a_terminal

exec_statuses() {
	start
	run ctst exec a sh -c 'exit 42'
	expect_status 42
	run ctst exec a sh -c 'kill -9 $$'
	expect_status 137
	run ctst exec a no-such-command
	expect_status 127
	expect_err 'R008'
	run ctst exec a /etc
	expect_status 126
	run ctst exec -w /nowhere a true
	expect_status 126
	expect_err '/nowhere'
	run ctst exec -e X=1 -e Y=a=b a -- sh -c 'echo $X $Y'
	expect_out '^1 a=b$'
	run ctst exec -e bad a true
	expect_status 2
	run ctst exec -t -T a true
	expect_status 2
	head -c 200000 /dev/urandom >binary
	ctst exec -i a cat <binary | cmp - binary
	run ctst stop -t 0
	run ctst exec a true
	expect_status 1
	expect_err 'R007'
}
tap_case "exec: exit codes, environment, binary data" exec_statuses

exec_leaves_nothing() {
	start
	run ctst exec a true
	group=$(ctst ps -o json | sed -n 's/.*"cgroup": "\(.*\)".*/\1/p' | head -n 1)
	[ -n "$group" ] || skip "no cgroup can be made here"
	expect_same "$(wc -l <"$group/cgroup.procs")" 2
	for i in $(seq 1 30); do ctst exec a true & done
	wait
	expect_same "$(wc -l <"$group/cgroup.procs")" 2
}
tap_case "thirty commands at once leave nothing behind" exec_leaves_nothing

stop_kills_the_stubborn() {
	cat >stack.ctst <<-'EOF'
		COMPONENT deaf { image = "preset://busybox" command = ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"] }
	EOF
	run ctst run -d stack.ctst
	await sh -c 'ctst logs | grep -q up'
	run ctst stop -t 1
	expect_status 0
	run ctst ps -a
	expect_out 'deaf .*stopped \(137\)'
	run ctst stop
	expect_status 0
	expect_lines out 0
}
tap_case "stop kills what does not listen, and is no error twice" stop_kills_the_stubborn

stop_in_order() {
	cat >stack.ctst <<-'EOF'
		COMPONENT db { image = "preset://busybox" volume = "./log:/log" command = ["/bin/sh", "-c", "trap 'echo db >>/log/order; exit 0' TERM; echo up; while :; do sleep 0.1; done"] }
		COMPONENT api { image = "preset://busybox" volume = "./log:/log" command = ["/bin/sh", "-c", "trap 'sleep 0.3; echo api >>/log/order; exit 0' TERM; echo up; while :; do sleep 0.1; done"] }
		CONNECT api -> db
	EOF
	run ctst run -d stack.ctst
	expect_status 0
	await sh -c '[ "$(ctst logs | grep -c up)" = 2 ]'
	run ctst stop
	expect_status 0
	expect_same "$(cat log/order)" "api"$'\n'"db"
}
tap_case "dependents stop before what they need" stop_in_order

rm_works() {
	start
	run ctst rm a
	expect_status 1
	expect_err 'R006'
	run ctst stop -t 0 a
	run ctst rm a b
	expect_status 1
	run ctst ps -a
	expect_out ' a '
	run ctst rm a
	expect_status 0
	run ctst rm --force b
	expect_status 0
	run ctst ps -a
	expect_lines out 1
	expect_same "$(ls .containust/containers)" ""
}
tap_case "rm refuses what runs, removes all or nothing, --force kills" rm_works

damaged_state() {
	start
	before=$(ctst ps | sort)
	echo '{"format":"ctst.state/1",' >.containust/state/state.json
	run ctst ps
	expect_status 1
	expect_err 'S001'
	expect_err 'recover'
	run ctst run -d stack.ctst
	expect_status 1
	expect_err 'S001'
	run ctst ps --recover
	expect_status 0
	expect_same "$(awk '{ print $1, $2, $3 }' "$CASE_DIR/out" | sort)" "$(awk '{ print $1, $2, $3 }' <<<"$before")"
	ls .containust/state/state.json.damaged-*
	echo '{"format":"ctst.state/9","lineage":"x"}' >.containust/state/state.json
	run ctst ps
	expect_err 'S001.*newer'
	run ctst ps --recover
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(ls .containust/containers | wc -l)" 2
}
tap_case "a damaged or newer state is named, kept and rebuilt" damaged_state

supervisor_killed() {
	start
	supervisor=$(ctst ps -o json | sed -n 's/.*"supervisor_pid": \([0-9]*\).*/\1/p' | head -n 1)
	init=$(ctst ps -o json | sed -n 's/.*"pid": \([0-9]*\).*/\1/p' | head -n 1)
	payload=$(tr -d ' ' <"/proc/$init/task/$init/children")
	kill -KILL "$supervisor"
	# By the kernel alone, before any other command.
	await sh -c "! kill -0 $init && ! kill -0 $payload"
	run ctst ps -a
	expect_out ' a .*failed \(137\)'
	run ctst ps -a -o json
	expect_out 'its supervisor was killed'
	run ctst run -d stack.ctst
	expect_status 0
	run ctst ps
	expect_lines out 3
}
tap_case "a container dies with its supervisor, and the next run starts it anew" supervisor_killed

lost_state() {
	start
	before=$(ctst ps | sort)
	mv .containust/state/state.json lost.json
	for command in "ps" "stop" "run -d stack.ctst"; do
		run ctst $command
		expect_status 4
		expect_err 'S004.*missing'
		expect_err 'recover'
	done
	run ctst ps --recover
	expect_status 0
	expect_same "$(awk '{ print $1, $2, $3 }' "$CASE_DIR/out" | sort)" "$(awk '{ print $1, $2, $3 }' <<<"$before")"
}
tap_case "a lost state stops nothing and is rebuilt" lost_state

recovered_is_what_is_its_own() {
	local id copy=0b9d6a3e-5c1f-4f0e-8a77-2f7b7a0c9d11

	start
	echo 'COMPONENT elsewhere { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }' >other.ctst
	run ctst --state-file "$PWD/other.json" run -d other.ctst
	expect_status 0
	# As if a run that replaces 'a' had been killed before the last of its work: its predecessor is still there.
	id=$(ctst ps -q --filter name=a)
	mkdir -m 700 .containust/containers/$copy
	jq -c --arg id $copy '.id = $id | .created_at = "2026-01-02T03:04:05.000000000Z"' \
		".containust/containers/$id/config.json" >.containust/containers/$copy/config.json
	echo damaged >.containust/state/state.json
	run ctst ps -a --recover
	expect_status 0
	expect_lines out 3
	refute_out elsewhere
	expect_same "$(ctst ps -a -q --filter name=a)" "$id"
	run ctst stop --force
	expect_status 0
	[ ! -e .containust/containers/$copy ] || fail "what was replaced is still there"
	run ctst --state-file "$PWD/other.json" ps
	expect_out ' elsewhere .*running'
	run ctst --state-file "$PWD/other.json" rm --force elsewhere
	expect_status 0
}
tap_case "only containers of this index are recovered, and of a component one" recovered_is_what_is_its_own

# What of the list does not change while nothing happens.
who_runs() {
	ctst ps -o json | jq -c '.containers[] | [.id, .name, .state, .pid, .supervisor_pid]'
}

two_indexes() {
	start
	before=$(who_runs)
	run ctst --state-file "$PWD/other.json" ps
	expect_status 0
	expect_lines out 1
	run ctst --state-file "$PWD/other.json" run -d stack.ctst
	expect_status 0
	run ctst --state-file "$PWD/other.json" ps
	expect_lines out 3
	expect_same "$(who_runs)" "$before"
	run ctst --state-file "$PWD/other.json" stop --force
	expect_same "$(who_runs)" "$before"
	run ctst --state-file "$PWD/other.json" rm a b
	expect_same "$(ls .containust/containers | wc -l)" 2
}
tap_case "two state files of one project do not touch each other's containers" two_indexes

copied_project() {
	start
	before=$(who_runs)
	mkdir ../copy && cp -a . ../copy/
	run ctst -C ../copy ps -a
	expect_status 0
	expect_out ' a .*failed'
	run ctst -C ../copy stop --force
	run ctst -C ../copy rm a
	expect_status 0
	run ctst -C ../copy run -d stack.ctst
	expect_status 0
	run ctst -C ../copy stop --force
	expect_lines out 2
	expect_same "$(who_runs)" "$before"
}
tap_case "a copy of a project does not touch the original's containers" copied_project

not_trusted() {
	[ "$(id -u)" = 0 ] || skip "only root can make a project of somebody else's"
	mkdir -p victim work .containust/state
	touch victim/keep
	ln -s "$PWD/victim" .containust/containers
	echo '{"format":"ctst.state/1","lineage":"11111111-1111-4111-8111-111111111111","serial":1,"containers":[]}' \
		>.containust/state/state.json
	touch .containust/state/lock
	chown -R 61234 .containust
	for command in ps stop "rm a" "run -d x.ctst" "exec a true" logs; do
		run ctst -C work $command
		[ "$command" = "run -d x.ctst" ] || expect_status 3
		[ "$command" = "run -d x.ctst" ] || expect_err 'S003.*not trusted'
		[ -e victim/keep ] || fail "'ctst $command' has removed what is not its own"
	done
	chown -R 0 .containust
	chmod 777 .containust
	run ctst -C work ps
	expect_status 3
	expect_err "hint: .*chmod go-w '.*/\.containust'"
}
tap_case "a project that others can write to is not acted upon" not_trusted

own_files_stay() {
	start
	mkdir -p .containust/containers/my-backup && touch .containust/containers/my-backup/notes
	run ctst ps
	expect_status 0
	[ -e .containust/containers/my-backup/notes ]
}
tap_case "a directory that is no container's is left alone" own_files_stay

unwritable_changes() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" readonly = false command = ["/bin/sh", "-c", "mkdir -p /a/b/c; touch /a/b/c/f; chmod 555 /a/b/c /a/b /a; chmod 0 /a/b/c"] }
	EOF
	run ctst run stack.ctst
	expect_status 0
	run ctst rm a
	expect_status 0
	expect_same "$(ls .containust/containers)" ""
}
tap_case "what a container made unwritable can be removed" unwritable_changes

exec_environment() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" env = { S = "${secret.token}" E = "${env.MOOD}" } command = ["/bin/sleep", "1000000"] }
	EOF
	CONTAINUST_SECRET_TOKEN=s3cret MOOD=good run ctst run -d stack.ctst
	expect_status 0
	MOOD=bad run ctst exec a sh -c 'echo $S $E'
	expect_status 0
	expect_out '^s3cret good$'
	! grep -r s3cret .containust || fail "the secret is on the disk"
}
tap_case "exec has the environment that the container was started with" exec_environment

bad_host_name() {
	cat >stack.ctst <<-'EOF'
		COMPONENT a { image = "preset://busybox" hostname = "${env.NAME_OF_IT}" command = ["/bin/true"] }
	EOF
	for name in "" $'evil\n1.2.3.4 example.org' "$(printf 'a%.0s' $(seq 64))" "a b" "-a"; do
		NAME_OF_IT=$name run ctst -q run -d stack.ctst
		expect_status 1
		expect_err "R004.*host name"
	done
}
tap_case "a host name is checked again when it is known" bad_host_name

force_overtakes() {
	cat >stack.ctst <<-'EOF'
		COMPONENT deaf { image = "preset://busybox" command = ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"] }
	EOF
	run ctst run -d stack.ctst
	await sh -c 'ctst logs | grep -q up'
	ctst stop -t 600 deaf &
	waiting=$!
	await sh -c '! flock -n .containust/state/lock true'
	run timeout 20 ctst stop --force
	expect_status 0
	wait $waiting
}
tap_case "stop --force overtakes a stop that waits" force_overtakes

bad_plans() {
	run ctst-spawn </dev/null
	expect_status 1
	expect_err 'P001.*empty'
	run ctst-spawn <<<'{"format":"ctst.plan/2"}'
	expect_err 'P001.*ctst.plan/1'
	run ctst-spawn <<<'{"format":"ctst.composition/1"}'
	expect_err 'P001'
	run ctst-spawn <<<'{"format":"ctst.plan/1","format":"ctst.plan/1"}'
	expect_err 'P001.*twice'
	run ctst-spawn <<<'{"format":"ctst.plan/1"'
	expect_err 'P001.*line'
	run ctst-spawn <<<'{"format":"ctst.plan/1"} x'
	expect_err 'P001'
	run ctst-spawn < <(printf '[%.0s' $(seq 1 100000))
	expect_err 'P001.*deep'
	run ctst-spawn <<<'{"format":"ctst.failure/1","stage":"ctst-parse","code":"E001","exit":4}'
	expect_status 4
	expect_same "$(wc -c <"$CASE_DIR/err")" 0
	[ ! -e .containust ]
}
tap_case "a plan that is none is P001 and changes nothing" bad_plans

other_state() {
	start
	ctst-parse stack.ctst | ctst-image build | ctst-plan -o json >plan.json
	run ctst rm --force a
	run ctst-spawn <plan.json
	expect_status 1
	expect_err "P002.*'a'"
	run ctst ps
	expect_lines out 2
}
tap_case "a plan made against another state is P002 and changes nothing" other_state

network_by_name() {
	cat >network.ctst <<-'EOF'
		COMPONENT web { image = "preset://busybox" network = "backend" command = ["/bin/true"] }
	EOF
	run ctst run -d network.ctst
	expect_status 0
	run ctst rm --force web
	run ctst ps -a
	refute_out web
}
tap_case "a network of a name of its own is made and goes" network_by_name

limits_are_kept_or_refused() {
	cat >box.ctst <<-'EOF'
		COMPONENT box { image = "preset://busybox" memory = "64MiB" command = ["/bin/sleep", "1000000"] }
	EOF
	run ctst run -d box.ctst
	if [ "$status" -eq 0 ]; then
		group=$(ctst ps -o json | sed -n 's/.*"cgroup": "\(.*\)".*/\1/p')
		expect_same "$(cat "$group/memory.max")" 67108864
	else
		expect_status 1
		expect_err "R002.*'memory'"
		expect_err 'hint: '
		run ctst ps -a -o json
		expect_out '"state": "failed"'
		refute_out '"cgroup"'
	fi
}
tap_case "a limit is enforced, or the run is refused" limits_are_kept_or_refused

missing_source() {
	cat >box.ctst <<-'EOF'
		COMPONENT box { image = "preset://busybox" volume = "${env.NOWHERE}/x:/data" command = ["/bin/true"] }
	EOF
	NOWHERE=/nonexistent-$$ run ctst run -d box.ctst
	expect_status 1
	expect_err 'R003.*nonexistent'
	ctst ps >/dev/null
	! compgen -G "$(findmnt -n -t cgroup2 -o TARGET | head -n 1)/containust-$(ls .containust/containers)-*"
}
tap_case "a container that cannot start leaves no cgroup" missing_source

tap_done
