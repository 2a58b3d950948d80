#!/usr/bin/env bash
# P10: `true` in a running container (ms), against nsenter(1) into the same namespaces and against podman exec.
. "$(dirname "$0")/lib.sh"

cp "$programs/bench-pause" rootfs/bin/pause
sed -i 's|"/bin/true"|"/bin/pause"|' bench.ctst
ctst run -d bench.ctst
init=$(ctst ps -o json | jq -r '.containers[0].pid')
command=$(tr -d ' ' <"/proc/$init/task/$init/children")
nsenter=(nsenter -t "$command" -U -m -p -n -i -u -C --preserve-credentials /bin/true)

"$programs/bench-race" "$runs" \
	nsenter "${nsenter[@]}" -- \
	ours ctst exec bench true >times
row "P10 exec / nsenter" ours nsenter

command -v podman >/dev/null || {
	echo "bench: podman is not installed: no comparison with podman exec" >&2
	exit 0
}
# Everything of podman's in the benchmark's own directory; its network is none.
podman=(podman --root "$work/podman" --runroot "$work/podman-run" --tmpdir "$work/podman-tmp" --storage-driver vfs
	--cgroup-manager cgroupfs --runtime crun)
trap '"${podman[@]}" rm -f -t 0 bench >/dev/null 2>&1 || :; umount "$work/podman" 2>/dev/null || :; cd /; (cd "$work" && ctst stop --force >/dev/null 2>&1) || :; rm -rf "$work"' EXIT
tar -C rootfs -c . | "${podman[@]}" import - bench >/dev/null 2>&1
"${podman[@]}" run -d --name bench --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --pids-limit=0 --cgroups=disabled bench /bin/pause >/dev/null || {
	echo "bench: podman does not start a container here: no comparison with podman exec" >&2
	exit 0
}
"$programs/bench-race" $((runs / 5)) \
	podman "${podman[@]}" exec bench /bin/true -- \
	ours ctst exec bench true >times
row "P10 exec / podman exec" ours podman
