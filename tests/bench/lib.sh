# What the benchmarks share: a directory of their own with a root file system that holds nothing
# but `true`, and a bundle of it for the peer. Sourced by tests/bench/p*.sh.
set -eu -o pipefail

: "${CTST_BUILD:?where the benchmark programs are; tests/bench/run.sh sets it}"
: "${CTST_LIBEXEC:?where the tools are; tests/bench/run.sh sets it}"
programs=$CTST_BUILD/tests/bench
runs=${CTST_BENCH_RUNS:-200}

if [ "$(id -u)" != 0 ]; then
	echo "bench: the peer and the floor need root" >&2
	exit 1
fi

# Mounts and a network of its own: the peer wants cgroup v2 at /sys/fs/cgroup, and the host's are left alone.
if [ -z "${CTST_BENCH_INSIDE:-}" ]; then
	CTST_BENCH_INSIDE=1 exec unshare --mount --net sh -c 'ip link set lo up && exec "$0" "$@"' "$0" "$@"
fi
mount --make-rprivate /
mount -t cgroup2 none /sys/fs/cgroup

work=$(mktemp -d /tmp/ctst-bench.XXXXXXXX)
trap 'cd /; (cd "$work" && ctst stop --force >/dev/null 2>&1) || :; rm -rf "$work"' EXIT
cd "$work"
mkdir -p rootfs/bin rootfs/proc rootfs/sys rootfs/dev rootfs/tmp rootfs/run bundle
cp "$programs/bench-true" rootfs/bin/true

cat >bench.ctst <<'EOF'
COMPONENT bench {
    image = "file://./rootfs"
    command = ["/bin/true"]
}
EOF

# The same mounts, namespaces and hidden paths as ours; without a user namespace, as is usual with crun.
jq -n --arg root "$work/rootfs" '{
	ociVersion: "1.0.2",
	process: {terminal: false, user: {uid: 0, gid: 0}, args: ["/bin/true"], env: ["PATH=/bin"], cwd: "/", noNewPrivileges: true, rlimits: []},
	root: {path: $root, readonly: true}, hostname: "bench",
	mounts: [
		{destination: "/proc", type: "proc", source: "proc"},
		{destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"]},
		{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
		{destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
		{destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]},
		{destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]}
	],
	linux: {
		namespaces: [{type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}, {type: "cgroup"}],
		maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
		readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
	}
}' >bundle/config.json

# row NAME OURS PEER: from the output of race, which is in times.
row() {
	awk -v name="$1" -v ours="$2" -v peer="$3" '
		{ time[$1] = $2 }
		END { printf "%-32s %12.3f %12.3f %8.2f\n", name, time[ours], time[peer], time[ours] / time[peer] }' times
}
