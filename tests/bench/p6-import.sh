#!/usr/bin/env bash
# P6: importing archives (ms): hashed, verified, unpacked, stored. CTST_BENCH_MIB says how large the large ones are (1024).
# In memory, so that what is measured is the programs; with CTST_BENCH_DISK=1 on the disk, whatever else it is doing.
# The last row is memory: the most that an import of the large archive holds against one of a tenth (MiB).
. "$(dirname "$0")/lib.sh"

size=${CTST_BENCH_MIB:-1024}
few=$((runs < 5 ? runs : 5))

# The mount is of this script's own namespace (lib.sh).
mkdir place
if [ -z "${CTST_BENCH_DISK:-}" ]; then
	mount -t tmpfs -o size=90% none place
	trap 'cd /; umount -l "$work/place"; rm -rf "$work"' EXIT
fi
cd place

# tree MIB: files of three sizes, a half of them noise and the rest as compressible as text is.
tree() {
	mkdir "tree-$1"
	for kind in 20k 1m 16m; do
		mkdir -p "tree-$1/$kind/noise" "tree-$1/$kind/text"
		head -c "$(($1 / 6))M" /dev/urandom | split -a 4 -b "$kind" - "tree-$1/$kind/noise/"
		head -c "$(($1 / 8))M" /dev/urandom | base64 -w 0 | split -a 4 -b "$kind" - "tree-$1/$kind/text/"
	done
	tar -C "tree-$1" -cf "$1.tar" .
	rm -rf "tree-$1"
}

small_files() {
	mkdir small
	seq -f small/%g 0 1000 | xargs mkdir
	seq 100000 | awk '{ f = "small/" int($1 / 100) "/" $1; print $1, $1 * 7 > f; close(f) }'
	tar -C small -cf small.tar .
	rm -rf small
}

import() {
	echo "ctst-image-import --images $PWD/store/images --layers $PWD/store/layers tar://$PWD/$1"
}

against_tar() {
	# shellcheck disable=SC2046 # a command
	"$programs/bench-race" "$few" \
		ours '!rm -rf store' $(import "$2") -- \
		peer '!rm -rf peer; mkdir peer' tar -C peer -xf "$2" >times
	row "P6 $1 / tar" ours peer
}

peak() {
	rm -rf store
	# shellcheck disable=SC2046
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)' $(import "$1")
}

tree "$size"
tree "$((size / 10))"
gzip -1 -k "$size.tar"
small_files
against_tar "$size MiB tar" "$size.tar"
against_tar "$size MiB tar.gz" "$size.tar.gz"
against_tar "100,000 small files" small.tar
awk -v ours="$(peak "$size.tar.gz")" -v peer="$(gzip -1 -k "$((size / 10)).tar"; peak "$((size / 10)).tar.gz")" \
	'BEGIN { printf "%-32s %12.1f %12.1f %8.2f\n", "P6 memory, large / a tenth", ours, peer, ours / peer }'
# Again: one stat(2), and nothing is executed.
jq -cn --arg d "$PWD" --arg i "tar://$PWD/$size.tar" '{format: "ctst.composition/1", file: "s", directory: $d, warnings: [],
	components: [{name: "c", at: "s:1:1", image: $i}], connections: [], exposed: []}' >composition.json
ctst-image build <composition.json >/dev/null 2>&1
"$programs/bench-race" 50 \
	ours '<composition.json' ctst-image build -- \
	peer ctst-image --version >times
row "P6 a second time / --version" ours peer
# podman_load ARCHIVE: of an image of docker's kind, into a storage of its own.
podman_load() {
	# shellcheck disable=SC2046
	"$programs/bench-race" 3 \
		ours '!rm -rf store' $(import "$1") -- \
		peer '!rm -rf storage' podman --root "$PWD/storage/root" --runroot "$PWD/storage/run" load -q -i "$1" >times
	row "P6 $1 / podman load" ours peer
}

command -v umoci >/dev/null || exit 0
rm -rf store
for archive in "$size.tar" small.tar; do
	# shellcheck disable=SC2046
	$(import "$archive")
	name=$(jq -r '.manifests[-1].annotations["org.opencontainers.image.ref.name"]' store/images/index.json)
	rm -rf layout
	cp -r store/images layout
	# shellcheck disable=SC2046
	"$programs/bench-race" 3 \
		ours '!rm -rf store' $(import "$archive") -- \
		peer '!rm -rf bundle' umoci unpack --image "layout:$name" bundle >times
	row "P6 $archive / umoci unpack" ours peer
	command -v podman >/dev/null && command -v skopeo >/dev/null || continue
	skopeo --insecure-policy copy --quiet "oci:layout:$name" "docker-archive:docker-$archive:bench:1"
	rm -rf layout bundle
	podman_load "docker-$archive"
	rm "docker-$archive"
done
