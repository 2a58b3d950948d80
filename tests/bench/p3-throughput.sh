#!/usr/bin/env bash
# What a network costs: iperf3 between two containers against a pair of interfaces and a bridge made by hand (Gbit/s, so a larger
# ratio is better), and through ctst-forward against slirp4netns.
. "$(dirname "$0")/lib.sh"

seconds=${CTST_BENCH_SECONDS:-3}
command -v iperf3 >/dev/null || { echo "p3-throughput: iperf3 is not installed" >&2; exit 1; }

cp /bin/busybox rootfs/bin/busybox
for name in server client; do
	printf 'COMPONENT %s { image = "file://./rootfs" command = ["/bin/busybox", "sleep", "1000000"] port = 5201 }\n' "$name"
done >two.ctst
printf 'CONNECT client -> server\nEXPOSE 5201:5201 FROM server\n' >>two.ctst

pid_of() {
	ctst ps -o json | jq --arg name "$1" '.containers[] | select(.name == $name).pid'
}

address_of() {
	jq -r --arg name "$1" '.containers[] | select(.name == $name).addresses[0].address | sub("/.*"; "")' .containust/state/state.json
}

# gigabits PID PID ADDRESS: from the second namespace to the first.
gigabits() {
	nsenter --net="/proc/$1/ns/net" iperf3 -s -1 >/dev/null &
	local server=$!

	until nsenter --net="/proc/$1/ns/net" ss -Hltn 'sport = 5201' | grep -q .; do sleep 0.02; done
	nsenter --net="/proc/$2/ns/net" iperf3 -c "$3" -t "$seconds" -J | jq '.end.sum_received.bits_per_second / 1e9'
	wait "$server"
}

median() {
	sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# What is below ends with this, however that ends.
# shellcheck disable=SC2154 # lib.sh
trap 'kill $(jobs -p) 2>/dev/null || :; cd /; (cd "$work" && ctst stop --force >/dev/null 2>&1) || :; rm -rf "$work"' EXIT

# By hand: two namespaces on a bridge.
unshare --net sleep 100000 &
left=$!
unshare --net sleep 100000 &
right=$!
for pid in "$left" "$right"; do
	until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
done
ip link add by-hand type bridge && ip link set by-hand up
for end in "$left 10.255.255.1" "$right 10.255.255.2"; do
	# shellcheck disable=SC2086 # two words
	set -- $end
	ip link add "hand$1" master by-hand up type veth peer name eth0 netns "$1"
	nsenter --net="/proc/$1/ns/net" sh -c "ip addr add $2/24 dev eth0 && ip link set eth0 up && ip link set lo up"
done
ctst run -d two.ctst
: >ours
: >hand
for _ in 1 2 3 4 5; do
	gigabits "$(pid_of server)" "$(pid_of client)" "$(address_of server)" >>ours
	gigabits "$left" "$right" 10.255.255.1 >>hand
done
printf '%-32s %12.3f %12.3f %8.2f\n' "throughput / bridge by hand" "$(median <ours)" "$(median <hand)" \
	"$(jq -n "$(median <ours) / $(median <hand)")"
ctst stop -t 0 >/dev/null

# The forwarder, as it is used without root and offline: from the host to the container.
ctst --offline run -d two.ctst
: >ours
for _ in 1 2 3; do
	gigabits "$(pid_of server)" self 127.0.0.1 >>ours
done
if command -v slirp4netns >/dev/null; then
	mkfifo ready
	slirp4netns --configure --mtu=65520 --ready-fd=3 --api-socket "$work/slirp" "$left" tap0 3<>ready >/dev/null 2>&1 &
	slirp=$!
	read -r -n 1 <ready || true
	jq -n -c '{execute: "add_hostfwd", arguments: {proto: "tcp", host_addr: "127.0.0.1", host_port: 5301, guest_port: 5201}}' |
		timeout 5 socat - "UNIX-CONNECT:$work/slirp" >/dev/null
	: >hand
	for _ in 1 2 3; do
		nsenter --net="/proc/$left/ns/net" iperf3 -s -1 >/dev/null &
		server=$!
		until nsenter --net="/proc/$left/ns/net" ss -Hltn 'sport = 5201' | grep -q .; do sleep 0.02; done
		iperf3 -c 127.0.0.1 -p 5301 -t "$seconds" -J | jq '.end.sum_received.bits_per_second / 1e9' >>hand
		wait "$server"
	done
	kill "$slirp"
	printf '%-32s %12.3f %12.3f %8.2f\n' "forwarder / slirp4netns" "$(median <ours)" "$(median <hand)" \
		"$(jq -n "$(median <ours) / $(median <hand)")"
fi
ctst stop -t 0 >/dev/null
kill "$left" "$right"
