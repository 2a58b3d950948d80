# shellcheck shell=bash
# What the tests of images share, behind lib.sh.

BUSYBOX=$(command -v busybox)
export BUSYBOX

# make < Python behind tests/blackbox/images.py
make() {
	{
		cat "$SOURCE_ROOT/tests/blackbox/images.py"
		cat
	} | python3 -
}

# build URI… [-- OPTION…]: `ctst-image build` of components c0, c1, …
build() {
	local uris=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		uris+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	jq -cn --arg d "$PWD" '{format: "ctst.composition/1", file: ($d + "/s.ctst"), directory: $d, warnings: [],
		components: [$ARGS.positional | to_entries[] | {name: "c\(.key)", at: "s.ctst:1:1", image: .value}],
		connections: [], exposed: []}' --args "${uris[@]}" >composition.json
	run ctst-image build "$@" <composition.json
}

# One value of the output document.
out() {
	jq -r "$1" "$CASE_DIR/out"
}

names() {
	[ ! -e .containust ] || find .containust -printf '%p %y %m\n' | sort
}
