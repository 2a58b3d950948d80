#!/usr/bin/env bash
# What a payload can see and do under Containust and under other programs, as a table (docs/security.md):
#
#	tests/probe/table.sh [DIRECTORY]
#	tests/probe/table.sh --write       puts it into docs/security.md
#
# Each is started in the way its manual begins with: crun and runc with the bundle that "spec" makes, podman with run,
# bubblewrap with all namespaces. DIRECTORY keeps the probe's answers, one NAME.json each. Needs root for the others;
# what is not installed is left out. tests/blackbox/probe.sh compares.
set -u -o pipefail

: "${CTST_BUILD:?the build directory}" "${CTST_PREFIX:?where the tools are installed}"
if [ "${1:-}" = --write ]; then
	document=$(cd "$(dirname "$0")/../.." && pwd)/docs/security.md
	table=$("$0") && awk -v table="$table" '
		/^<!-- end of table/ { inside = 0 }
		!inside { print }
		/^<!-- table/ { print table; inside = 1 }' "$document" >"$document.new" && mv "$document.new" "$document"
	exit
fi
probe=$CTST_BUILD/tests/probe/probe
work=$(mktemp -d "${TMPDIR:-/tmp}/ctst-probe.XXXXXXXX") || exit 1
export HOME=$work PROBE_OF_THE_CALLER=1
PATH=$CTST_PREFIX/bin:$PATH

end() {
	cd "$work" && ctst stop --force >/dev/null 2>&1
	[ -z "${listener:-}" ] || kill "$listener"
	rm -rf "$work"
}
trap end EXIT
cd "$work" || exit 1
answers=${1:-$work/answers}
mkdir -p "$answers" rootfs/bin rootfs/proc rootfs/sys rootfs/dev rootfs/tmp rootfs/run rootfs/etc
cp "$probe" rootfs/bin/probe

# A socket in the abstract namespace, as daemons of the host have them.
abstract=ctst-probe-$$
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(5); print("ready", flush=True)
time.sleep(600)' "$abstract" >listening &
listener=$!
until grep -q ready listening 2>/dev/null; do sleep 0.02; done

arguments=("abstract=$abstract")
for name in user mnt pid net ipc uts cgroup; do
	arguments+=("$(readlink "/proc/self/ns/$name")")
done
list() {
	printf '"/bin/probe"'
	printf ', "%s"' "${arguments[@]}"
}

# Each is started as from a person's shell that has something open (7). Whether the answers of NAME are there; the last words of a runtime that did not work are shown.
judge() {
	if [ -s "$answers/$1.json" ] && jq -e . "$answers/$1.json" >/dev/null 2>&1; then
		printf '%s\n' "$2" >"$answers/$1.version"
	else
		echo "table.sh: $1: $(tail -n 1 "$work/$1.err")" >&2
		rm -f "$answers/$1.json"
	fi
}

ours() {
	cat >probe.ctst <<-COMPONENT
		COMPONENT probe { image = "file://./rootfs" command = [$(list)] }
	COMPONENT
	ctst run probe.ctst 7</etc/passwd >ours.out 2>ours.err
	ctst logs --no-prefix probe >"$answers/ours.json" 2>>ours.err
	judge ours "$(ctst --version | head -n 1)"
}

# crun and runc: mounts of their own, for cgroup v2 where they look for it; without what root may not have here.
bundle() {
	local name=$1
	shift
	mkdir -p "$name" && "$name" spec -b "$name" 2>"$name.err" || return
	jq --arg root "$work/rootfs" --argjson args "[$(list)]" '.root.path = $root | .process.terminal = false |
		.process.args = $args | .process.rlimits = [] | del(.linux.resources)' "$name/config.json" >"$name/new" &&
		mv "$name/new" "$name/config.json"
	unshare -m sh -c 'mount --make-rprivate / && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh \
		"$name" --root "$work/$name-state" run --bundle "$name" "probe-$$" 7</etc/passwd \
		>"$answers/$name.json" 2>>"$name.err"
	judge "$name" "$("$name" --version | head -n 1)"
}

# Limits as they are: root here may have no right to raise them.
podman_probe() {
	unshare -m -n sh -c 'mount --make-rprivate / && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh \
		podman --root "$work/podman" --runroot "$work/podman-run" --tmpdir "$work/podman-tmp" --runtime crun \
		--storage-driver vfs run --rm --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=1000:1000 \
		--pids-limit=0 --cgroups=disabled --network none --read-only \
		--rootfs "$work/rootfs" /bin/probe "${arguments[@]}" 7</etc/passwd >"$answers/podman.json" 2>podman.err
	judge podman "$(podman --version)"
}

bubblewrap_probe() {
	bwrap --unshare-all --ro-bind rootfs / --proc /proc --dev /dev --tmpfs /tmp -- /bin/probe "${arguments[@]}" \
		7</etc/passwd >"$answers/bubblewrap.json" 2>bubblewrap.err
	judge bubblewrap "$(bwrap --version)"
}

installed() {
	[ "$(id -u)" = 0 ] && command -v "$1" >/dev/null
}

ours
if installed crun; then bundle crun; fi
if installed runc; then bundle runc; fi
if installed podman; then podman_probe; fi
if installed bwrap; then bubblewrap_probe; fi

names=(ours)
files=("$answers/ours.json")
for name in crun runc podman bubblewrap; do
	[ -e "$answers/$name.json" ] || continue
	names+=("$name")
	files+=("$answers/$name.json")
done
printf '| point | Containust'
for name in "${names[@]:1}"; do
	printf ' | %s %s' "$name" "$(grep -o '[0-9].*' "$answers/$name.version")"
done
echo ' |'
echo "|$(printf ' --- |%.0s' point "${names[@]}")"
jq -s -r '. as $all | .[0] | keys_unsorted[] as $point | "| \($point) | " + ([$all[] | .[$point] // "-" | split(":")[0] |
	if . == "open" then "**open**" else . end] | join(" | ")) + " |"' "${files[@]}"
