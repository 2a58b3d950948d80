#!/usr/bin/env bash
# P5: parsing and planning many components (ms). The peer of the first rows is ourselves with a tenth, where a ratio of
# 10 means linear; that of the last is docker-compose config with as many services. The parser's speed is in MB/s
# against the goal of 100.
. "$(dirname "$0")/lib.sh"

# composition COUNT: as a person would write it, every component connected to one before.
composition() {
	awk -v count="$1" 'BEGIN {
		for (i = 0; i < count; i++) {
			printf "COMPONENT c%d {\n    image = \"preset://busybox\"\n    port = %d\n    cpu = 512\n", i, i % 65535 + 1
			printf "    command = [\"sleep\", \"9\"]\n    env = { NAME = \"c%d\" }\n}\n", i
			if (i > 0) printf "CONNECT c%d -> c%d\n", i, int(i / 2)
		}
	}'
}

services() {
	awk -v count="$1" 'BEGIN {
		print "services:"
		for (i = 0; i < count; i++) {
			printf "  c%d:\n    image: busybox\n    expose: [\"%d\"]\n    cpu_shares: 512\n", i, i % 65535 + 1
			printf "    command: [\"sleep\", \"9\"]\n    environment: { NAME: c%d }\n", i
			if (i > 0) printf "    depends_on: [c%d]\n", int(i / 2)
		}
	}'
}

for count in 1000 10000 100000; do
	composition "$count" >"$count.ctst"
	ctst-parse "$count.ctst" | ctst-image build --dry-run >"$count.json" 2>/dev/null
done
services 1000 >compose.yaml

few=$((runs < 20 ? runs : 20))
"$programs/bench-race" "$few" \
	tenth ctst-parse 10000.ctst -- \
	whole ctst-parse 100000.ctst >times
row "P5 parse 100,000 / 10,000" whole tenth
awk -v size="$(stat -c %s 100000.ctst)" '$1 == "whole" { printf "%-32s %12.1f %12.1f %8.2f\n", "P5 parser, MB/s / goal", size / $2 / 1000, 100, size / $2 / 100000 }' times
"$programs/bench-race" "$((few < 5 ? few : 5))" \
	tenth '<10000.json' ctst-plan -o json -- \
	whole '<100000.json' ctst-plan -o json >times
row "P5 plan 100,000 / 10,000" whole tenth
command -v docker-compose >/dev/null || exit 0
"$programs/bench-race" 3 \
	ours sh -c 'ctst-parse 1000.ctst | ctst-image build --dry-run | ctst-plan -o json' -- \
	peer docker-compose -f compose.yaml config >times
row "P5 1,000 / docker-compose config" ours peer
