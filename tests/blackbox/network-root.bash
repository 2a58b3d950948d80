# shellcheck shell=bash
# The part of network.sh that is root's: bridges on a host that has an uplink, and rules beside others' rules.
#
# The host is the namespace that the script is in; the world is another one, at the far end of its uplink:
#
#	containers - bridges - host 192.0.2.2, 2001:db8::2 - "uplink" - 192.0.2.1, 2001:db8::1 - world - 198.51.100.9

world_pid=

make_world() {
	# Of a case that failed.
	ip link del uplink 2>/dev/null || true
	nft delete table ip theirs 2>/dev/null || true
	echo 0 >/proc/sys/net/ipv4/ip_forward
	unshare --net sleep 1000 &
	world_pid=$!
	await sh -c "[ \"\$(readlink /proc/$world_pid/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	ip link add uplink type veth peer name uplink netns "$world_pid"
	ip addr add 192.0.2.2/24 dev uplink
	ip -6 addr add 2001:db8::2/64 dev uplink nodad
	ip link set uplink up
	in_world ip link set lo up
	in_world ip addr add 192.0.2.1/24 dev uplink
	in_world ip -6 addr add 2001:db8::1/64 dev uplink nodad
	in_world ip addr add 198.51.100.9/32 dev lo
	in_world ip link set uplink up
	ip route replace default via 192.0.2.1
	ip -6 route replace default via 2001:db8::1
	# Not by the function: what ends with the case is the job itself.
	nsenter --net="/proc/$world_pid/ns/net" "$peer" world 80 &
	await ask tcp 192.0.2.1 80 1
}

# The world goes with its last process, and the uplink with it.
end_world() {
	ip link del uplink
	kill "$world_pid"
}

in_world() {
	nsenter --net="/proc/$world_pid/ns/net" "$@"
}

# In the world: ask.py.
world_asks() {
	in_world python3 "$SOURCE_ROOT/tests/blackbox/ask.py" "$@"
}

# What belongs to the host's owner: all settings and rules but those of our own interfaces.
owners_settings() {
	(cd /proc/sys/net && grep -r . ipv4/ip_forward ipv4/conf/{all,default,lo,uplink}/{forwarding,route_localnet,rp_filter,proxy_arp} \
		ipv6/conf/{all,default,lo,uplink}/{forwarding,accept_ra} 2>/dev/null)
	nft list table ip theirs 2>/dev/null || true
}

way_out() {
	make_world
	{
		component web && component other 'network = "n2"'
	} >stack.ctst
	ctst run -d stack.ctst
	# Under the host's address: nobody out there knows ours.
	expect_same "$(asks web 198.51.100.9)" "world 192.0.2.2"
	expect_same "$(asks other 198.51.100.9)" "world 192.0.2.2"
	if [ -e /proc/sys/net/ipv6/conf/uplink/force_forwarding ]; then
		expect_same "$(asks web 2001:db8::1)" "world 2001:db8::2"
	fi
	# The world does not get in, even when it knows the way.
	in_world ip route add 10.0.0.0/8 via 192.0.2.2
	! world_asks tcp "$(address_of web)" 80 1 || fail "the world reaches a container"
	# The host does.
	ask tcp "$(address_of web)" 80 | grep '^web ' >/dev/null
	end_world
}
tap_case "the way out leads through the host, and no way leads in" way_out

settings_stay() {
	make_world
	nft -f - <<-'RULES'
		table ip theirs {
			chain forward {
				type filter hook forward priority 10; policy accept;
				counter
			}
		}
	RULES
	for forwarding in 0 1; do
		echo "$forwarding" >/proc/sys/net/ipv4/ip_forward
		before=$(owners_settings | grep -v counter)
		{
			component web && echo 'EXPOSE "0.0.0.0:8080:80"'
		} >stack.ctst
		ctst run -d stack.ctst
		expect_same "$(asks web 198.51.100.9)" "world 192.0.2.2"
		expect_same "$(cat /proc/sys/net/ipv4/ip_forward)" "$forwarding"
		# What the host did not forward before it does not forward now: between the world and an interface of its own.
		ip link add spare type bridge mcast_snooping 0 && echo 1 >/proc/sys/net/ipv6/conf/spare/disable_ipv6
		ip addr add 203.0.113.1/24 dev spare && ip link set spare up
		in_world ip route replace 203.0.113.0/24 via 192.0.2.2
		! world_asks udp 203.0.113.77 9 0.3 || fail "an answer from nobody"
		if [ "$forwarding" = 0 ]; then
			expect_same "$(ip -s link show spare | awk '/TX:/ { getline; print $2 }')" 0
			nft list table inet containust-forwarding | grep 'ipv4 iifname "uplink" .* packets [1-9]' >/dev/null
		fi
		ip link del spare
		ctst stop -t 0
		await nothing_left
		expect_same "$(owners_settings | grep -v counter)" "$before"
	done
	# Also when nobody could clear up.
	echo 0 >/proc/sys/net/ipv4/ip_forward
	before=$(owners_settings | grep -v counter)
	ctst run -d stack.ctst
	[ "$(cat /proc/sys/net/ipv4/conf/uplink/forwarding)" = 1 ]
	kill -KILL "$(ctst ps -o json | jq '.containers[].supervisor_pid')"
	await sh -c '! ctst ps -o json | jq -e ".containers | length > 0"'
	await nothing_left
	expect_same "$(owners_settings | grep -v counter)" "$before"
	nft delete table ip theirs
	# Somebody else who switches forwarding on in the meantime, for networks of their own, has it then and afterwards.
	sed -i '/EXPOSE/d' stack.ctst
	ctst run -d stack.ctst
	echo 1 >/proc/sys/net/ipv4/ip_forward
	ip link add spare type bridge && ip addr add 203.0.113.1/24 dev spare && ip link set spare up
	nft 'add table ip theirs; add chain ip theirs leaving { type nat hook postrouting priority 100; }
		add rule ip theirs leaving ip saddr 203.0.113.0/24 masquerade'
	unshare --net sleep 1000 &
	guest=$!
	await sh -c "[ \"\$(readlink /proc/$guest/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	ip link add guest type veth peer name eth0 netns "$guest" && ip link set guest master spare up
	nsenter --net="/proc/$guest/ns/net" sh -c 'ip addr add 203.0.113.7/24 dev eth0; ip link set eth0 up; ip route add default via 203.0.113.1'
	expect_same "$(nsenter --net="/proc/$guest/ns/net" python3 "$SOURCE_ROOT/tests/blackbox/ask.py" tcp 198.51.100.9 80)" "world 192.0.2.2"
	ctst stop -t 0
	await nothing_left
	expect_same "$(cat /proc/sys/net/ipv4/conf/uplink/forwarding)" 1
	kill "$guest"
	ip link del spare
	nft delete table ip theirs
	end_world
}
tap_case "the host's settings and others' rules are as before, during and after" settings_stay

published_to_the_world() {
	make_world
	{
		component web 'network = "front"' && component db && component far 'network = "n2"'
		echo 'EXPOSE "0.0.0.0:8080:80/tcp" FROM web'
		echo 'EXPOSE "0.0.0.0:8053:80/udp" FROM web'
		echo 'EXPOSE "[::]:8086:80" FROM web'
		echo 'EXPOSE 5432:80 FROM db'
	} >stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	refute_err 'EXPOSE does|way out'
	# Who asks is seen as who it is.
	expect_same "$(world_asks tcp 192.0.2.2 8080)" "web 192.0.2.1"
	expect_same "$(world_asks udp 192.0.2.2 8053)" "web 192.0.2.1"
	if [ -e /proc/sys/net/ipv6/conf/uplink/force_forwarding ]; then
		expect_same "$(world_asks tcp 2001:db8::2 8086)" "web 2001:db8::1"
	fi
	ask tcp 192.0.2.2 8080 | grep '^web 192\.0\.2\.2' >/dev/null
	ask tcp 127.0.0.1 8080 | grep '^web ' >/dev/null
	ask tcp ::1 8086 | grep '^web ' >/dev/null
	# From its own network, itself included, and from another one.
	expect_same "$(asks web 192.0.2.2 8080 | cut -d' ' -f1)" web
	expect_same "$(asks db 192.0.2.2 8080 | cut -d' ' -f1)" web
	expect_same "$(asks far 192.0.2.2 8080 | cut -d' ' -f1)" web
	# What is on 127.0.0.1 is for the host only.
	ask tcp 127.0.0.1 5432 | grep '^db ' >/dev/null
	! world_asks tcp 192.0.2.2 5432 1 || fail "the world reaches what is published on 127.0.0.1"
	in_world ip route add 127.0.0.1/32 via 192.0.2.2 2>/dev/null || true
	# Counted.
	nft list chain inet "$(nft list tables | awk '/containust-ct/ { print $3 }')" to-web | grep 'packets [1-9]' >/dev/null
	end_world
}
tap_case "published ports: the source is kept; from the world, the host, the container itself, other networks" published_to_the_world

loopback_is_the_hosts() {
	make_world
	{
		component web && component evil 'capabilities = ["NET_ADMIN", "NET_RAW"]'
		echo 'EXPOSE 8080:80 FROM web'
	} >stack.ctst
	ctst run -d stack.ctst
	python3 -m http.server --bind 127.0.0.1 9999 >/dev/null 2>&1 &
	await python3 -c 'import socket; socket.create_connection(("127.0.0.1", 9999))'
	gateway=$(gateway_of evil)
	# A container that may change its own network sends to the host's loopback by way of the bridge.
	inside evil ip addr del 127.0.0.1/8 dev lo
	inside evil ip rule add pref 1 lookup main
	inside evil ip rule del pref 0
	inside evil ip route add 127.0.0.1/32 via "$gateway"
	hears_nothing evil 127.0.0.1 9999
	nft list chain inet "$(nft list tables | awk '/containust-ct/ { print $3 }')" forged >forged
	grep -q 'ip daddr 127.0.0.0/8 counter packets [1-9]' forged
	end_world
}
tap_case "the host's loopback is not reached over the bridge" loopback_is_the_hosts

offline_is_enforced() {
	make_world
	component evil 'capabilities = ["NET_ADMIN", "NET_RAW"]' >stack.ctst
	"$peer" host 9999 &
	await ask tcp 127.0.0.1 9999 1
	ctst --offline run -d stack.ctst
	gateway=$(gateway_of evil)
	inside evil cat /etc/resolv.conf
	expect_lines out 0
	inside evil ip route
	refute_out default
	inside evil ip route add default via "$gateway"
	expect_status 0
	for address in "$gateway" 192.0.2.2 192.0.2.1 198.51.100.9 127.0.0.1; do
		hears_nothing evil "$address" 9999
	done
	inside evil ip -6 route add default dev eth0
	for address in 2001:db8::2 2001:db8::1 ff02::1%eth0; do
		hears_nothing evil "$address" 9999
	done
	# Nothing of it is on the host at all.
	! ip -o link | grep -E ' ct[-0-9a-f]' || fail "a bridge of an offline project is on the host"
	# Without --offline the container is another one.
	run ctst plan --detailed-exitcode stack.ctst
	expect_status 2
	run ctst run -d stack.ctst
	expect_same "$(asks evil 198.51.100.9 80)" "world 192.0.2.2"
	run ctst --offline run -d stack.ctst
	expect_status 0
	hears_nothing evil 198.51.100.9 80
	# Nor is anything of the time before: what it was on has gone with it.
	! ip -o link | grep -E ' ct[-0-9a-f]' || fail "a bridge is left on the host"
	! nft list tables | grep containust || fail "rules are left on the host"
	ctst stop -t 0
	await nothing_left
	end_world
}
tap_case "--offline: no address of the host or the world is reached, whatever the container may do" offline_is_enforced

host_network() {
	{
		component web 'network = "host" capabilities = ["NET_BIND_SERVICE"]' && component db 'network = "back"' && component api
		echo 'CONNECT web -> db'
		echo 'CONNECT api -> web'
		echo 'EXPOSE 80:80 FROM web'
	} >stack.ctst
	sed -i '/^COMPONENT web/s/"80"\]/"8088"]/' stack.ctst
	run ctst run -d stack.ctst
	expect_status 0
	expect_err 'warning: EXPOSE does nothing for component .web.'
	await ask tcp 127.0.0.1 8088 1
	# The host's interfaces are its own; by name it reaches db, and api reaches it by the bridge.
	inside web ip -o link
	expect_out ' lo: '
	expect_out ' ct-'
	expect_same "$(asks web db | cut -d' ' -f1)" db
	expect_same "$(asks api web 8088)" "web $(address_of api)"
	inside web ls /sys/class/net
	expect_out '^lo$'
	inside web touch /sys/kernel/uevent_helper
	[ "$status" -ne 0 ]
	run ctst --offline run -d stack.ctst
	expect_status 1
	expect_err 'R011.*network "host" is refused with --offline'
}
tap_case "network host shares the host's, and is connected by name in both directions" host_network

foreign_bridge() {
	component web >stack.ctst
	ctst build stack.ctst >/dev/null
	name=$(ctst plan -o json stack.ctst | jq -r '.networks[0].bridge')
	ip link add "$name" type bridge
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R011.*there is an interface '$name' already"
	expect_err "hint: .*ip link delete $name"
	# It is still there and as it was, and nothing else is.
	ip -o link show "$name" | grep -q DOWN
	ip link del "$name"
	await nothing_left
	run ctst ps -a
	expect_lines out 1
	run ctst run -d stack.ctst
	expect_status 0
}
tap_case "an interface of that name that is not ours is left alone" foreign_bridge

routes_are_avoided() {
	component web >stack.ctst
	ctst build stack.ctst >/dev/null
	subnet=$(ctst plan -o json stack.ctst | jq -r '.networks[0].subnet')
	ip link add theirs type bridge && ip link set theirs up
	ip route add "$subnet" dev theirs
	[ "$(ctst plan -o json stack.ctst | jq -r '.networks[0].subnet')" != "$subnet" ]
	ip route add 10.0.0.0/8 dev theirs
	ctst plan -o json stack.ctst | jq -r '.networks[0].subnet' | grep -q '^172\.'
	ip route add 172.16.0.0/12 dev theirs && ip route add 192.168.0.0/16 dev theirs
	run ctst run -d stack.ctst
	expect_status 1
	expect_err "R011.*no subnet is left for the network 'bridge'"
	ip link del theirs
}
tap_case "subnets keep out of what the host routes" routes_are_avoided

# By the next command, at the latest.
cleared() {
	ctst ps && nothing_left
}

# Of each netlink call the kernel refuses in turn: R011, and nothing left.
netlink_fails() {
	local number=1

	command -v strace >/dev/null || skip "strace is not installed"
	{
		component web && echo 'EXPOSE 8080:80'
	} >stack.ctst
	ctst build stack.ctst >/dev/null
	while :; do
		ctst plan -o json stack.ctst >plan.json
		run strace -D -f -o trace -e trace=sendto -e "inject=sendto:error=ENOBUFS:when=$number" ctst-spawn <plan.json
		[ "$status" -eq 0 ] || expect_err 'R011'
		ctst stop -t 0 >/dev/null 2>&1 || true
		ctst rm --force web >/dev/null 2>&1 || true
		await cleared
		grep -q INJECTED trace || break
		number=$((number + 1))
		[ "$number" -lt 60 ] || fail "no end"
	done
	[ "$number" -gt 5 ]
}
tap_case "a netlink error in the middle undoes everything" netlink_fails

# ctst-spawn is killed before each call that changes something: the next command puts everything back, also on the uplink.
spawn_killed() {
	local call number before

	command -v strace >/dev/null || skip "strace is not installed"
	make_world
	before=$(owners_settings)
	{
		component web && echo 'EXPOSE "0.0.0.0:8080:80"'
	} >stack.ctst
	ctst build stack.ctst >/dev/null
	for call in sendto write rename mkdir; do
		number=1
		while :; do
			ctst plan -o json stack.ctst >plan.json
			run strace -D -o trace -e trace=$call -e "inject=$call:signal=KILL:when=$number" ctst-spawn <plan.json
			ctst rm --force web >/dev/null 2>&1 || true
			await cleared
			expect_same "$(owners_settings)" "$before"
			[ "$status" -eq 137 ] || break
			number=$((number + 1))
			[ "$number" -lt 100 ] || fail "no end"
		done
		echo "$call: killed $((number - 1)) times"
	done
	# Its supervisors, too.
	for number in 1 2 3 4 5 6 7 8; do
		ctst plan -o json stack.ctst >plan.json
		run strace -D -f -o trace -e trace=sendto -e "inject=sendto:signal=KILL:when=$number" ctst-spawn <plan.json
		ctst rm --force web >/dev/null 2>&1 || true
		await cleared
		expect_same "$(owners_settings)" "$before"
	done
	end_world
}
tap_case "SIGKILL of ctst-spawn or a supervisor at any point leaves nothing behind" spawn_killed

# A kernel without nf_tables: it says so, and nothing is left; --offline needs none.
no_nftables() {
	local number=1

	command -v strace >/dev/null || skip "strace is not installed"
	component web >stack.ctst
	ctst build stack.ctst >/dev/null
	ctst plan -o json stack.ctst >plan.json
	while :; do
		run strace -o trace -e trace=socket -e "inject=socket:error=EPROTONOSUPPORT:when=$number+" ctst-spawn <plan.json
		! grep -q 'packet filter' "$CASE_DIR/err" || break
		number=$((number + 1))
		[ "$number" -lt 20 ] || fail "no end"
	done
	expect_status 1
	expect_err 'R011.*cannot set up the packet filter'
	expect_err 'hint: this kernel needs nftables'
	await cleared
	run ctst --offline run -d stack.ctst
	expect_status 0
}
tap_case "a kernel without nftables" no_nftables
