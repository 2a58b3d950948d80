#!/usr/bin/env bash
# Networks as root, without root and with --offline: who reaches whom, by which name, from where, and what is left.
#
# time limit: 300
#
# All of it happens in network namespaces of its own (lib.sh). Where a case needs a host with an uplink it makes one: two more
# namespaces, the host and the world behind it.
. "$(dirname "$0")/lib.sh"

peer=$CTST_BUILD/tests/bench/bench-peer
user=61234

# One script, three ways: `mode` is root, user or offline. A user has no loopback to publish on but the namespace's.
mode=${CTST_NETWORK_MODE:-root}
offline=()
[ "$mode" != offline ] || offline=(--offline)

ctst() {
	command ctst "${offline[@]+"${offline[@]}"}" "$@"
}

ask() {
	python3 "$SOURCE_ROOT/tests/blackbox/ask.py" "$@"
}

# A server in an image of its own, with a shell beside it.
tree() {
	[ ! -d tree ] || return 0
	mkdir -p tree/bin
	cp "$peer" tree/bin/peer
	cp /bin/busybox tree/bin/busybox
	ln -s busybox tree/bin/sh
	is_static tree/bin/peer || skip "the server for these tests is not a static program here"
}

# component NAME [PROPERTIES]
component() {
	tree
	printf 'COMPONENT %s { image = "file://./tree" command = ["/bin/peer", "%s", "80"] port = 80 %s }\n' "$1" "$1" "${2:-}"
}

# inside NAME COMMAND: a busybox command in a container.
inside() {
	local name=$1
	shift
	run ctst exec -T "$name" /bin/busybox "$@"
}

# What NAME hears from HOST: "server address".
asks() {
	ctst exec -T "$1" /bin/busybox timeout "${patience:-5}" /bin/busybox nc "$2" "${3:-80}" </dev/null
}

# NAME hears nothing from HOST.
hears_nothing() {
	patience=1
	run asks "$@"
	patience=
	[ "$status" -ne 0 ] || fail "$1 reaches $2"
	refute_out .
}

address_of() {
	jq -r --arg name "$1" --arg network "${2:-bridge}" \
		'.containers[] | select(.name == $name).addresses[] | select(.network == $network).address | sub("/.*"; "")' \
		.containust/state/state.json
}

address6_of() {
	jq -r --arg name "$1" '.containers[] | select(.name == $name).addresses[0].address6 | sub("/.*"; "")' .containust/state/state.json
}

# The bridge that NAME is on.
gateway_of() {
	jq -r --arg name "$1" '.containers[] | select(.name == $name).addresses[0].address' .containust/state/state.json |
		python3 -c 'import ipaddress; print(next(ipaddress.ip_interface(input()).network.hosts()))'
}

# Nothing of ours on this host: no bridge, no port of one, no table, no file.
nothing_left() {
	! ip -o link | grep -E ' ct[-0-9a-f]' || return 1
	! nft list tables 2>/dev/null | grep containust || return 1
	! ls -A .containust/networks 2>/dev/null | grep .
}

reaches_by_name() {
	{
		component db && component api && echo 'CONNECT api -> db'
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	refute_err .
	expect_same "$(asks api db)" "db $(address_of api)"
	expect_same "$(asks api "$(address6_of db)")" "db $(address6_of api)"
	inside api cat /etc/hosts
	expect_out "^$(address_of db)	db$"
	expect_out "^$(address6_of db)	db$"
	expect_out '^127\.0\.0\.1	localhost$'
	inside db cat /etc/hostname
	expect_out '^db$'
	# Others of the network too, connected or not.
	expect_same "$(asks db api)" "api $(address_of db)"
	run ctst stop
	await nothing_left
}
tap_case "a component reaches another by its name, over IPv4 and IPv6 ($mode)" reaches_by_name

ready_at_once() {
	{
		component db
		echo 'COMPONENT api { image = "file://./tree" command = ["/bin/sh", "-c", "/bin/busybox nc -w 1 db 80 || echo nobody"] }'
		echo 'CONNECT api -> db'
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	await sh -c 'ctst logs api | grep -q .'
	run ctst logs api
	expect_out "db $(address_of api)"
}
tap_case "the network is there before the first instruction ($mode)" ready_at_once

apart() {
	{
		component one 'network = "left"' && component two 'network = "right"' && component both 'network = "left"' &&
			echo 'CONNECT both -> two'
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(asks both two)" "two $(address_of both right)"
	expect_same "$(asks both one)" "one $(address_of both left)"
	inside one cat /etc/hosts
	refute_out two
	# Neither by name nor by address, though the addresses are known.
	hears_nothing one "$(address_of two right)"
	hears_nothing one "$(address6_of two)"
	inside both ip -o -4 addr
	expect_out "eth0 .*$(address_of both left)/22"
	expect_out "eth1 .*$(address_of both right)/22"
}
tap_case "networks are apart, and CONNECT joins one to another's ($mode)" apart

other_projects() {
	mkdir other
	{
		component db && echo 'EXPOSE 5432:80 FROM db'
	} >stack.ctst
	(cd other && component spy 'capabilities = ["NET_ADMIN"]' >stack.ctst && command ctst "${offline[@]+"${offline[@]}"}" run -d stack.ctst)
	ctst run -d stack.ctst
	cd other
	hears_nothing spy "$(cd .. && address_of db)"
	hears_nothing spy "$(cd .. && address6_of db)"
	inside spy cat /etc/hosts
	refute_out db
	# Nor when it takes its routes into its own hands, by what is published for the host, or the other way round.
	gateway=$(gateway_of spy)
	inside spy ip route replace "$(cd .. && address_of db)" via "$gateway"
	inside spy ip -6 route replace "$(cd .. && address6_of db)" dev eth0
	hears_nothing spy "$(cd .. && address_of db)"
	hears_nothing spy "$(cd .. && address6_of db)"
	hears_nothing spy "$gateway" 5432
	address=$(address_of spy)
	cd ..
	hears_nothing db "$address"
	run ctst stop
	# The other one's is still there.
	cd other
	expect_same "$(asks spy 127.0.0.1)" "spy 127.0.0.1"
	[ -n "$(ls .containust/networks)" ]
	ctst stop
	await nothing_left
}
tap_case "another project is not reached ($mode)" other_projects

addresses_stay() {
	{
		component a 'restart = "always"' && component b
	} >stack.ctst
	ctst run -d stack.ctst
	before=$(address_of a)
	{
		component zero && component a 'restart = "always"' && component b 'env = { X = "1" }' && component c
	} >stack.ctst
	id=$(jq -r '.containers[] | select(.name == "a").id' .containust/state/state.json)
	b=$(address_of b)
	run ctst run -d stack.ctst
	expect_status 0
	expect_same "$(jq -r '.containers[] | select(.name == "a").id' .containust/state/state.json)" "$id"
	expect_same "$(address_of a)" "$before"
	expect_same "$(address_of b)" "$b"
	# Who came later is known after a restart, to which the address is kept.
	inside a cat /etc/hosts
	refute_out zero
	run ctst exec -T a /bin/busybox kill 2
	await sh -c 'ctst ps -o json | jq -e ".containers[] | select(.name == \"a\" and .restarts == 1 and .state == \"running\")"'
	inside a cat /etc/hosts
	expect_out zero
	expect_same "$(asks c a)" "a $(address_of c)"
	# All stopped, and started again.
	ctst stop
	ctst run -d stack.ctst
	expect_same "$(address_of a)" "$before"
}
tap_case "addresses stay over restarts and runs, and who comes later is known after a restart ($mode)" addresses_stay

published() {
	{
		component web && component client && echo 'CONNECT client -> web' && echo 'EXPOSE 8080:80 FROM web' &&
			echo 'EXPOSE "127.0.0.1:8053:80/udp" FROM web' && echo 'EXPOSE "[::1]:8081:80" FROM web'
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	ask tcp 127.0.0.1 8080 >answer
	grep -q '^web ' answer
	ask udp 127.0.0.1 8053 | grep '^web ' >/dev/null
	ask tcp ::1 8081 | grep '^web ' >/dev/null
	# Bound there and nowhere else.
	if [ "$mode" = root ]; then
		ip addr add 198.18.0.1/32 dev lo 2>/dev/null || true
		! ask tcp 198.18.0.1 8080 1 2>/dev/null || fail "published on every address"
		ip addr del 198.18.0.1/32 dev lo
	fi
	run ctst stop web
	! ask tcp 127.0.0.1 8080 1 2>/dev/null || fail "still published"
	ctst stop
	await nothing_left
	# And all at once again.
	run ctst run -d stack.ctst
	expect_status 0
	ask tcp 127.0.0.1 8080 | grep '^web ' >/dev/null
}
tap_case "published ports lead to the container: tcp, udp, IPv6 ($mode)" published

port_in_use() {
	component web >plain.ctst
	{
		component web && echo 'EXPOSE 8080:80'
	} >stack.ctst
	python3 -m http.server --bind 127.0.0.1 8080 >/dev/null 2>&1 &
	server=$!
	await python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8080))'
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "error\[R009\]: component 'web': the port 127.0.0.1:8080 is in use by process $server \(python3?[0-9.]*\)"
	run ctst ps -a
	expect_lines out 1
	kill "$server"
	wait "$server" || true
	run ctst run -d stack.ctst
	expect_status 0
	# Of another project of ours.
	mkdir other
	(cd other && component site && echo 'EXPOSE 8080:80') >other/stack.ctst
	cd other
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "in use by a container of the project '$(dirname "$PWD")'"
	cd ..
	# Renamed: the old one makes room for the new one.
	sed -i 's/web/site/g' stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	ask tcp 127.0.0.1 8080 | grep '^site ' >/dev/null
	# Not an address of this host.
	sed -i 's/^EXPOSE.*/EXPOSE "198.51.100.7:8080:80"/' stack.ctst
	run ctst run -d stack.ctst
	expect_status 1
	expect_err 'R009.*198\.51\.100\.7:8080'
	expect_err 'hint: it is not an address of this host'
}
tap_case "a port in use is said before anything starts, and by whom ($mode)" port_in_use

network_none() {
	{
		component alone 'network = "none"' && component web
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	inside alone ip -o link
	refute_out eth0
	inside alone cat /etc/hosts
	expect_out '^127\.0\.0\.1	alone$'
	refute_out web
	echo 'EXPOSE 8080:80 FROM alone' >>stack.ctst
	run ctst run -d stack.ctst
	expect_status 1
	expect_err 'R009.*alone'
}
tap_case "network none is a loopback and nothing else ($mode)" network_none

killed() {
	{
		component a && component b && echo 'EXPOSE 8080:80 FROM a'
	} >stack.ctst
	ctst run -d stack.ctst
	# shellcheck disable=SC2046 # two pids
	kill -KILL $(ctst ps -o json | jq '.containers[].supervisor_pid')
	await sh -c '! ctst ps -o json | jq -e ".containers | length > 0"'
	# The next command of any kind has taken away what was left.
	run ctst ps
	expect_status 0
	if [ "$mode" != offline ]; then
		await nothing_left
	fi
	! ask tcp 127.0.0.1 8080 1 2>/dev/null || fail "still published"
	run ctst run -d stack.ctst
	expect_status 0
	ask tcp 127.0.0.1 8080 | grep '^a ' >/dev/null
}
tap_case "after SIGKILL of all supervisors the next command clears up ($mode)" killed

received() {
	ctst ps -o json | jq '.containers[] | select(.name == "web").network_io.received_bytes'
}

counted() {
	{
		component web && component client && echo 'CONNECT client -> web'
	} >stack.ctst
	ctst run -d stack.ctst
	before=$(received)
	ctst exec -T client /bin/busybox sh -c 'busybox head -c 100000 /dev/zero | busybox nc -w 1 web 80' || true
	# What it was sent, as the kernel counts it: all frames.
	[ "$(received)" -ge $((before + 66)) ] || fail "nothing was counted: $before, $(received)"
}
tap_case "ctst ps counts what goes through the network ($mode)" counted

if [ "$mode" = root ]; then
	. "$(dirname "$0")/network-root.bash"
fi

# The process that keeps pasta for this project.
keeper() {
	pgrep -f "^[^ ]*/ctst-outbound [^ ]* $PWD/.containust "
}

gone() {
	local pid

	for pid in "$@"; do
		! kill -0 "$pid" || return 1
	done
}

# A user's way out: pasta(1), where the case below has given it a host with an uplink.
way_out_as_user() {
	[ -n "${CTST_NETWORK_WORLD:-}" ] || skip "there is no world to reach"
	{
		component one 'network = "left"' && component two 'network = "right"'
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	refute_err 'way out'
	expect_same "$(asks one 198.51.100.9)" "world 192.0.2.2"
	expect_same "$(asks two 198.51.100.9)" "world 192.0.2.2"
	inside one cat /etc/resolv.conf
	expect_out '^nameserver 169\.254\.1\.1$'
	# The networks stay apart, though the namespace forwards.
	hears_nothing one "$(address_of two right)"
	hears_nothing one "$(address6_of two)"
	# What listens on the host's loopback is the host's.
	"$peer" host 9999 &
	await ask tcp 127.0.0.1 9999 1
	for address in 127.0.0.1 169.254.1.1 192.0.2.1 "$(gateway_of one)"; do
		hears_nothing one "$address" 9999
	done
	# pasta is there as long as somebody needs it.
	keeper=$(keeper)
	pasta=$(pgrep -P "$keeper")
	ctst stop -t 0 one
	expect_same "$(asks two 198.51.100.9)" "world 192.0.2.2"
	ctst stop -t 0
	await nothing_left
	await gone "$keeper" "$pasta"
	# Also when all supervisors, or its keeper, are killed.
	ctst run -d stack.ctst
	keeper=$(keeper)
	# shellcheck disable=SC2046 # two pids
	kill -KILL $(ctst ps -o json | jq '.containers[].supervisor_pid')
	await gone "$keeper"
	ctst run -d stack.ctst
	keeper=$(keeper)
	pasta=$(pgrep -P "$keeper")
	kill -KILL "$keeper"
	await gone "$pasta"
	# With --offline there is none from the beginning.
	ctst --offline run -d stack.ctst
	! keeper || fail "a way out with --offline"
	hears_nothing one 198.51.100.9
	inside one cat /etc/resolv.conf
	expect_lines out 0
}
if [ "$mode" = user ]; then
	tap_case "the way out without root is pasta" way_out_as_user
fi

# The same as an ordinary user, and offline.
as_user() {
	[ "$(id -u)" = 0 ] || skip "this is an ordinary user already"
	unshare --user true || skip "no user namespaces"
	mkdir -p "$CASE_DIR/tmp"
	chmod 755 "$tap_root" "$CASE_DIR"
	chown "$user:$user" "$CASE_DIR/tmp"
	setpriv --reuid=$user --regid=$user --clear-groups unshare --user true || skip "no user namespaces for ordinary users"
	world=
	if command -v pasta >/dev/null; then
		make_world
		world=yes
	fi
	# The device as it is elsewhere: everybody may make interfaces in namespaces of their own.
	# shellcheck disable=SC2016 # for the inner shell
	run unshare --mount sh -c 'mkdir -p /dev/net && mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200
		exec "$@"' sh setpriv --reuid=$user --regid=$user --clear-groups -- \
		env HOME="$CASE_DIR/tmp" TMPDIR="$CASE_DIR/tmp" CTST_NETWORK_MODE=user CTST_NETWORK_WORLD=$world \
		"$SOURCE_ROOT/tests/blackbox/network.sh"
	[ -z "$world" ] || end_world
	grep -v '^ok' "$CASE_DIR/out" || true
	expect_status 0
}

as_offline() {
	run env CTST_NETWORK_MODE=offline "$SOURCE_ROOT/tests/blackbox/network.sh"
	grep -v '^ok' "$CASE_DIR/out" || true
	expect_status 0
}

if [ "$mode" = root ]; then
	if [ "$(id -u)" = 0 ]; then
		tap_case "all of it without root" as_user
	fi
	tap_case "all of it with --offline" as_offline
fi

tap_done
