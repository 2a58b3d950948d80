#!/usr/bin/env bash
# What ctst inspect tells, compared with what is so.
. "$(dirname "$0")/lib.sh"

box() {
	cat >stack.ctst <<-EOF
		COMPONENT box {
		    image = "preset://busybox"
		    command = ["/bin/sleep", "1000000"]
		    ${1:-}
		}
	EOF
	run ctst run -d stack.ctst
	expect_status 0
	ctst inspect -o json box >box.json
}

# what .path.in.the.document
what() {
	jq -r ".containers[0] | $1" box.json
}

processes_and_namespaces() {
	box 'capabilities = ["NET_BIND_SERVICE", "CHOWN"]'
	command=$(what .processes.command) init=$(what .processes.init) supervisor=$(what .processes.supervisor)
	expect_same "$(tr '\0' ' ' <"/proc/$command/cmdline")" '/bin/sleep 1000000 '
	expect_same "$(awk '$1 == "PPid:" { print $2 }' "/proc/$command/status")" "$init"
	expect_same "$(awk '$1 == "PPid:" { print $2 }' "/proc/$init/status")" "$supervisor"
	for name in user mnt pid net ipc uts cgroup; do
		expect_same "$name:[$(what ".namespaces.$name")]" "$(readlink "/proc/$command/ns/$name")"
	done
	expect_same "$(what '.ids.users[] | "\(.inside) \(.outside) \(.count)"')" \
		"$(awk '{ print $1, $2, $3 }' "/proc/$command/uid_map")"
	expect_same "$(what '.ids.groups[] | "\(.inside) \(.outside) \(.count)"')" \
		"$(awk '{ print $1, $2, $3 }' "/proc/$command/gid_map")"
	expect_same "$(what '.security.capabilities | sort | join(" ")')" 'CHOWN NET_BIND_SERVICE'
	expect_same "$(what .security.no_new_privileges)" true
	case $(awk '$1 == "Seccomp:" { print $2 }' "/proc/$command/status") in
		0) expect_same "$(what .security.seccomp)" disabled ;;
		2) expect_same "$(what .security.seccomp)" filter ;;
	esac
	# By an exec'd process and a second child nobody is misled.
	ctst exec box sh -c 'sleep 1000000 & sleep 1000000' &
	await bash -c "ctst exec box ps | grep -c sleep | grep -q '[3-9]'"
	ctst inspect -o json box >box.json
	expect_same "$(what .processes.command)" "$command"
}
tap_case "processes, namespaces, ids, capabilities" processes_and_namespaces

# What a container on this kernel has of Landlock, as ctst doctor finds it out; less when a capability stands against it.
filters_and_rules() {
	abi=$({ ctst doctor -o json || true; } | jq -r '.checks[] | select(.what == "landlock") | .detail' | sed -n 's/^ABI \([0-9]*\).*/\1/p')
	files=$([ "${abi:-0}" -ge 2 ] && echo true || echo false)
	signals=$([ "${abi:-0}" -ge 6 ] && echo true || echo false)
	box
	expect_same "$(what '.security.landlock | "\(.abi) \(.files) \(.signals)"')" "${abi:-0} $files $signals"
	run ctst inspect -o text box
	expect_out '^  seccomp +filter: the list of containust$'
	expect_out "^  landlock +(files.*ABI $abi|none: )"
	ctst rm --force box
	echo '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [] }' >profile.json
	box 'capabilities = ["SYS_ADMIN"] seccomp = "./profile.json"'
	expect_same "$(what '.security.landlock | "\(.abi) \(.files) \(.signals)"')" "${abi:-0} false $signals"
	run ctst inspect -o text box
	expect_out '^  seccomp +filter: /.*/profile.json$'
	[ "$signals" = false ] || expect_out "^  landlock +signals and abstract sockets, ABI $abi"
}
tap_case "which filter of system calls it is, and what Landlock decides" filters_and_rules

resources() {
	box
	cgroup=$(what '.cgroup.path // empty')
	[ -z "$cgroup" ] || grep -qx "$(what .processes.command)" "$cgroup/cgroup.procs"
	for file in memory.max pids.max cpu.max; do
		if [ -n "$cgroup" ] && [ -e "$cgroup/$file" ]; then
			expect_same "$(what ".cgroup.in_force.\"$file\"")" "$(cat "$cgroup/$file")"
		else
			expect_same "$(what ".cgroup.in_force.\"$file\"")" null
		fi
	done
	expect_same "$(what '.cgroup.asked | length')" 0
	[ "$(what .memory.bytes)" -gt 10000 ]
	# What was asked for is told also where it could not be had.
	sed -i 's/command/memory = "128MiB" cpu = "512" command/' stack.ctst
	run ctst run -d --allow-unlimited stack.ctst
	expect_status 0
	ctst inspect -o json box >box.json
	expect_same "$(what .cgroup.asked.memory_max)" 134217728
}
tap_case "the cgroup, limits that were asked for and limits in force" resources

mounts() {
	mkdir 'with space'
	box 'volumes = ["./with space:/data", "./with space:/ro:ro", "kept:/kept"]'
	expect_same "$(what '.mounts[] | "\(.kind) \(.target) \(.readonly) \(.options | split(",")[0])"')" \
		$'bind /data false rw\nproject /kept false rw\nbind /ro true ro'
	expect_same "$(what '.mounts[0].source')" "$PWD/with space"
	run ctst inspect -o text box
	expect_out '^  mounts        /data  from .*/with space  rw,'
	expect_out '^                /ro  from .*/with space  ro,'
}
tap_case "mounts, with the options they have" mounts

health_history() {
	box 'healthcheck = { command = ["/bin/sh", "-c", "printf \"is \\\\033[31mfine\"; echo; echo more"] interval = "1s" }'
	probed() { ctst inspect -o json box | jq -e '.containers[0] | .health == "healthy" and (.probes | length > 0)'; }
	await probed
	ctst inspect -o json box >box.json
	expect_same "$(what '.probes[-1].exit_code')" 0
	expect_same "$(what '.configuration.healthcheck.interval_ms')" 1000
	run ctst inspect -o text box
	expect_out '^  state         running, healthy, up '
	expect_out '^  probes        20.* exit code 0 after [0-9]+ ms  is '
	refute_out $'\033'
	# Neither does a terminal get them from the document, nor is a character cut in two.
	box 'healthcheck = { command = ["/bin/sh", "-c", "printf \"%057d\\\\342\\\\202\\\\254\\\\342\\\\202\\\\254 \\\\302\\\\233 31m\" 0"] interval = "1s" }'
	await probed
	run ctst inspect -o json box
	expect_out '\\u009B'
	refute_out $'\302\233'
	run ctst inspect -o text box
	expect_out $' ms  0{57}\342\202\254$'
}
tap_case "health and the history of its checks" health_history

no_secret() {
	export CONTAINUST_SECRET_DB_KEY=hidden-in-a-secret
	# shellcheck disable=SC2016
	box 'env = { KEY_OF_DB = "${secret.db_key}" ADMIN_PASSWORD = "written-into-the-file" OTHER_PASSWORD = "${secret.db_key}written-into" URL = "http://x:${secret.db_key}@y" PLAIN = "shown" }'
	for how in text json; do
		run ctst inspect -o $how box
		expect_status 0
		refute_out 'hidden-in|written-into'
		expect_out 'shown'
		# shellcheck disable=SC2016
		expect_out '\$\{secret\.db_key\}'
		expect_out '\*\*\*'
	done
}
tap_case "no secret is shown" no_secret

ended() {
	cat >stack.ctst <<-'EOF'
		COMPONENT box { image = "preset://busybox" command = ["/bin/sh", "-c", "echo line; exit 3"] }
		COMPONENT other { image = "preset://busybox" command = ["/bin/sleep", "1000000"] }
	EOF
	run ctst run -d stack.ctst
	await bash -c "ctst ps -a | grep -q 'failed (3)'"
	supervisor_gone() { ctst inspect box | jq -e '.containers[0] | has("processes") | not'; }
	await supervisor_gone
	ctst inspect box >box.json
	expect_same "$(what '"\(.state) \(.exit_code) \(.oom_killed) \(.restarts)"')" 'failed 3 false 0'
	expect_same "$(what 'has("processes"), has("namespaces"), has("cpu")')" $'false\nfalse\nfalse'
	expect_same "$(what '.log | "\(.files) \(.bytes)"')" "1 $(stat -c %s "$(what .log.path)")"
	run ctst inspect -o text box
	expect_out '^  state         failed, exit code 3$'
	# Several at once, in the order of their start, each once.
	expect_same "$(ctst inspect other box other | jq -r '.containers[].name')" $'box\nother'
	expect_same "$(ctst inspect "$(what '.id[:8]')" | jq -r '.containers[].name')" box
	run ctst inspect nosuch
	expect_status 4
	expect_err R005
	run ctst inspect
	expect_status 2
	# Its supervisor killed: nothing of it runs, whatever the status says.
	kill -KILL "$(ctst inspect other | jq '.containers[0].processes.supervisor')"
	other_failed() { ctst inspect other | jq -e '.containers[0] | .state == "failed" and .exit_code == 137 and (has("processes") | not)'; }
	await other_failed
}
tap_case "containers that have ended, several at once, none" ended

full_disk() {
	box
	run bash -c 'ctst inspect box >/dev/full'
	expect_status 1
}
tap_case "a full disk under the output is noticed" full_disk

tap_done
