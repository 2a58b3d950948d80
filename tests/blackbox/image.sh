#!/usr/bin/env bash
# ctst-image: the filter, the importer, the store; good, damaged and hostile sources.
. "$(dirname "$0")/lib.sh"

# ---- helpers ----

# composition URI…: what ctst-parse would give for components c0, c1, …
composition() {
	jq -cn --arg d "$PWD" '{format: "ctst.composition/1", file: ($d + "/s.ctst"), directory: $d, warnings: [],
		components: [$ARGS.positional | to_entries[] | {name: "c\(.key)", at: "s.ctst:1:1", image: .value,
			origins: {image: "s.ctst:\(.key + 2):13"}}],
		connections: [], exposed: []}' --args "$@"
}

# build URI… [-- OPTION…]
build() {
	local uris=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		uris+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	composition "${uris[@]}" >composition.json
	run ctst-image build "$@" <composition.json
}

# One value of the output document.
out() {
	jq -r "$1" "$CASE_DIR/out"
}

# Names, kinds, times, inodes and sizes of everything in the store.
snapshot() {
	[ ! -e .containust ] || find .containust -printf '%p %y %m %i %s %T@\n' | sort
}

# The same without times and inodes of directories, which a failed import may touch.
names() {
	[ ! -e .containust ] || find .containust -printf '%p %y %m\n' | sort
}

# A copy of the tools without the importer: whoever needs it fails.
without_importer() {
	mkdir -p "$CASE_DIR/libexec"
	cp "$CTST_LIBEXEC/ctst-image" "$CASE_DIR/libexec/"
	export CONTAINUST_LIBEXEC=$CASE_DIR/libexec
}

make_tree() {
	mkdir -p "$1/bin" "$1/etc/a" "$1/etc-x"
	printf '#!/bin/sh\necho hi\n' >"$1/bin/app"
	chmod 0755 "$1/bin/app"
	ln -s app "$1/bin/sh"
	printf 'x\n' >"$1/etc/a/f"
	printf y >"$1/etc-x/g"
}

# make_tar FILE < Python that adds members with file(), link(), hard(), folder(), device()
make_tar() {
	{
		cat <<-'END'
			import io, sys, tarfile
			archive = tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT)
			def add(name, kind, target='', data=b'', mode=0o644, **more):
			    member = tarfile.TarInfo(name)
			    member.type, member.linkname, member.size, member.mode, member.mtime = kind, target, len(data), mode, 1000000000
			    for key, value in more.items():
			        setattr(member, key, value)
			    archive.addfile(member, io.BytesIO(data))
			def file(name, data=b'data', mode=0o644, **more): add(name, tarfile.REGTYPE, data=data, mode=mode, **more)
			def link(name, target): add(name, tarfile.SYMTYPE, target)
			def hard(name, target): add(name, tarfile.LNKTYPE, target)
			def folder(name, mode=0o755): add(name, tarfile.DIRTYPE, mode=mode)
			def device(name): add(name, tarfile.CHRTYPE, devmajor=1, devminor=3)
		END
		cat
		echo 'archive.close()'
	} | python3 - "$1"
}

layer_of() {
	jq -r '.images[0].layers[0]' "$CASE_DIR/out"
}

# refused FILE CODE REGEX: an archive that is refused and leaves nothing behind, in an empty store and in a used one.
refused() {
	build "tar://$PWD/$1"
	expect_status 1
	expect_err "error\[$2\]: component 'c0' \(s\.ctst:2:13\): .*$3"
	expect_lines err "$(grep -c '' "$CASE_DIR/err")"
	[ "$(grep -c 'error\[' "$CASE_DIR/err")" -eq 1 ] || fail "more than one message"
	[ ! -e .containust ] || fail "the failed import left: $(find .containust)"
	mkdir -p small
	echo small >small/file
	build "file://$PWD/small"
	expect_status 0
	names >"$CASE_DIR/before"
	build "tar://$PWD/$1"
	expect_status 1
	names | diff "$CASE_DIR/before" - || fail "the failed import left something"
}

# ---- the filter ----

appends_images() {
	make_tree tree
	composition "file://$PWD/tree" preset://busybox "file://$PWD/tree" >composition.json
	run ctst-image build <composition.json
	expect_status 0
	expect_lines err 0
	expect_same "$(jq -cS . composition.json)" "$(jq -cS 'del(.images)' "$CASE_DIR/out")"
	expect_same "$(jq -r 'keys_unsorted[-1]' "$CASE_DIR/out")" images
	expect_same "$(out '[.images[].uri] | join(" ")')" "file://$PWD/tree preset://busybox"
	expect_same "$(out '.images[1].config.cmd[0]')" /bin/sh
	expect_same "$(out '.images[1].config.env[0][:5]')" PATH=
	[ -d "$(out '.images[0].layers[0]')" ] || fail "no layer"
	# Its own output is input as well.
	cp "$CASE_DIR/out" again.json
	run ctst-image build <again.json
	expect_status 0
	cmp again.json "$CASE_DIR/out"
}

canonical_digest() {
	make_tree tree
	chmod 0700 tree/etc
	build "file://$PWD/tree"
	expect_status 0
	expect_same "$(out '.images[0].digest')" sha256:a5102c52db0aae8b7b8ac7883e9b3fbd95e35b71ec28a0b19de5a94d2a6fd8b3
}

warm_touches_nothing() {
	make_tree tree
	tar -C tree -cf tree.tar .
	build "file://$PWD/tree" preset://busybox "tar://$PWD/tree.tar"
	expect_status 0
	cp "$CASE_DIR/out" cold
	snapshot >"$CASE_DIR/before"
	without_importer
	build "file://$PWD/tree" preset://busybox "tar://$PWD/tree.tar"
	expect_status 0
	cmp cold "$CASE_DIR/out"
	snapshot | diff "$CASE_DIR/before" -
	# It would have failed had the importer been needed.
	echo more >tree/etc/new
	build "file://$PWD/tree"
	expect_status 1
	expect_err 'cannot execute'
}

imports_what_changed() {
	make_tree tree
	build "file://$PWD/tree"
	expect_status 0
	local before=$(out '.images[0].digest') change
	for change in 'echo z >tree/etc/a/f' 'rm tree/etc-x/g' 'ln -sfn other tree/bin/sh' 'chmod 0755 tree/etc/a/f' \
		'mkdir tree/empty' 'mv tree/bin/app tree/bin/application'; do
		eval "$change"
		build "file://$PWD/tree"
		expect_status 0
		[ "$(out '.images[0].digest')" != "$before" ] || fail "not seen: $change"
		before=$(out '.images[0].digest')
	done
	# What the digest leaves out is in the layer all the same.
	local layer=$(layer_of)
	chmod 0640 tree/etc/a/f
	chmod 0750 tree/etc/a
	build "file://$PWD/tree"
	[ "$(layer_of)" != "$layer" ] || fail "the mode is not in the layer"
	expect_same "$(stat -c %a "$(layer_of)/etc/a")" 750
	run ctst-image ls -o json
	expect_same "$(out '.images | length')" 1
}

same_content_one_layer() {
	make_tree one
	cp -a one two
	build "file://$PWD/one" "file://$PWD/two"
	expect_status 0
	expect_same "$(out '.images[0].digest')" "$(out '.images[1].digest')"
	expect_same "$(out '.images[0].layers[0]')" "$(out '.images[1].layers[0]')"
}

repairs_the_store() {
	build preset://busybox
	expect_status 0
	cp "$CASE_DIR/out" good
	rm -rf .containust/layers/*
	build preset://busybox
	expect_status 0
	cmp good "$CASE_DIR/out"
	[ -x "$(layer_of)/bin/busybox" ] || fail "the layer is not back"
	for blob in .containust/images/blobs/sha256/*; do
		[ "$(stat -c %s "$blob")" -gt 10000 ] || echo garbage >"$blob"
	done
	build preset://busybox
	expect_status 0
	cmp good "$CASE_DIR/out"
	echo '{' >"$(echo .containust/images/sources/*.json)"
	build preset://busybox
	expect_status 0
	cmp good "$CASE_DIR/out"
}

pins() {
	make_tree tree
	local digest=sha256:a5102c52db0aae8b7b8ac7883e9b3fbd95e35b71ec28a0b19de5a94d2a6fd8b3
	local other=sha256:0000000000000000000000000000000000000000000000000000000000000000
	build "file://$PWD/tree@$other"
	expect_status 1
	expect_err "error\[I002\]: component 'c0' \(s.ctst:2:13\): .*$other.*$digest"
	[ ! -e .containust ] || fail "left: $(find .containust)"
	build "file://$PWD/tree@$digest"
	expect_status 0
	snapshot >"$CASE_DIR/before"
	build "file://$PWD/tree@$other"
	expect_status 1
	expect_err 'error\[I002\]'
	snapshot | diff "$CASE_DIR/before" -
	# The pinned content is in the store: a source that is gone does not matter, one that changed does.
	mv tree gone
	build "file://$PWD/tree@$digest"
	expect_status 0
	build "file://$PWD/tree"
	expect_status 4
	mv gone tree
	echo changed >tree/etc/a/f
	names >"$CASE_DIR/before"
	build "file://$PWD/tree@$digest"
	expect_status 1
	expect_err "error\[I002\].*$digest"
	names | diff "$CASE_DIR/before" -
	build "file://$PWD/tree@sha256:123"
	expect_status 1
	expect_err 'error\[E007\].*malformed pin'
}

locked() {
	make_tree tree
	build "file://$PWD/tree" -- --locked
	expect_status 4
	expect_err 'error\[I001\].*never imported'
	build "file://$PWD/tree"
	build "file://$PWD/tree" -- --locked
	expect_status 0
	# Touched, but the same: that is no other source.
	touch tree/etc/a/f
	build "file://$PWD/tree" -- --locked
	expect_status 0
	echo changed >tree/etc/a/f
	build "file://$PWD/tree" -- --locked
	expect_status 1
	expect_err 'error\[I002\]'
	build "file://$PWD/tree" -- --locked --dry-run
	expect_status 1
	expect_err 'error\[I002\]'
}

dry_run() {
	make_tree tree
	build "file://$PWD/tree" preset://busybox -- --dry-run -v
	expect_status 0
	expect_err "would import 'file://$PWD/tree' \(new\)"
	expect_same "$(out '.images[0] | tojson')" "{\"uri\":\"file://$PWD/tree\",\"import\":\"new\"}"
	local foretold=$(out '.images[1] | [.digest, .config] | tojson')
	[ ! -e .containust ] || fail "a dry run wrote something"
	build "file://$PWD/tree" preset://busybox
	expect_same "$foretold" "$(out '.images[1] | [.digest, .config] | tojson')"
	echo changed >tree/etc/a/f
	snapshot >"$CASE_DIR/before"
	build "file://$PWD/tree" preset://busybox -- --dry-run
	expect_status 0
	expect_lines err 0
	expect_same "$(out '[.images[].import] | tojson')" '["changed",null]'
	snapshot | diff "$CASE_DIR/before" -
}

# What is missing or remote is foretold, each with one warning; what is there and broken is an error as ever.
dry_run_without_the_images() {
	local pin=sha256:$(printf 'a%.0s' {1..64})

	build "tar://$PWD/none.tar" "file://$PWD/none@$pin" image://name "oci://docker.io/a@$pin" \
		"https://example.org/a.tar@$pin" preset://busybox "tar://$PWD/none.tar" -- --dry-run
	expect_status 0
	expect_same "$(out '[.images[] | [.import, .digest]] | tojson')" \
		"[[\"missing\",null],[\"missing\",\"$pin\"],[\"missing\",null],[\"remote\",\"$pin\"],[\"remote\",\"$pin\"],[\"new\",\"$(out '.images[5].digest')\"]]"
	expect_same "$(out '[.images[] | .layers, .manifest] | map(select(.)) | length')" 0
	expect_lines err 5
	expect_err "warning: component 'c0' \(s.ctst:2:13\): .*none\.tar': No such file or directory; put it there before"
	expect_err "warning: component 'c1' \(s.ctst:3:13\): .*none"
	expect_err "warning: component 'c2' \(s.ctst:4:13\): image 'image://name'.*; .*ctst-image ls"
	expect_err "warning: component 'c3' \(s.ctst:5:13\): image 'oci://docker.io/a' is not in the store; .*ctst build"
	expect_err "warning: component 'c4' \(s.ctst:6:13\): image 'https://example.org/a.tar' is not in the store"
	build "tar://$PWD/none.tar" -- --dry-run -q
	expect_status 0
	expect_lines err 0
	[ ! -e .containust ] || fail "a dry run wrote something"
}

# Not all that is in the way is a matter of time.
dry_run_refusals() {
	local pin=sha256:$(printf 'a%.0s' {1..64}) uri

	echo text >file
	for uri in "file://$PWD/file" "tar://$PWD"; do
		build "$uri" -- --dry-run
		expect_status 1
		expect_err 'error\[I004\]'
	done
	build preset://busybux -- --dry-run
	expect_status 4
	build alpine:3 -- --dry-run
	expect_status 1
	for uri in "tar://$PWD/none.tar" image://name "oci://docker.io/a@$pin"; do
		build "$uri" -- --dry-run --locked
		expect_status 4
		expect_err 'error\[I001\]'
		expect_same "$(out .format)" ctst.failure/1
	done
	build "oci://docker.io/a@$pin" -- --dry-run --offline
	expect_status 1
	expect_err 'error\[I005\]'
}

# A preset of one's own whose archive is still to come: what its entry says is known.
dry_run_of_a_preset_without_its_archive() {
	local pin=sha256:$(printf 'a%.0s' {1..64})

	mkdir -p "$HOME/.config/containust"
	printf '{"format":"ctst.presets/1","presets":[{"name":"later","version":"1","source":"later.tar","sha256":"%s","cmd":["/x"]}]}' \
		"${pin#*:}" >"$HOME/.config/containust/presets.json"
	build preset://later -- --dry-run
	rm "$HOME/.config/containust/presets.json"
	expect_status 0
	expect_same "$(out '.images[0] | [.import, .digest, .config.cmd] | tojson')" "[\"missing\",\"$pin\",[\"/x\"]]"
	expect_err "warning: component 'c0'.*later\.tar"
}

not_found() {
	build "file://$PWD/none"
	expect_status 4
	expect_err "error\[I001\]: component 'c0' \(s.ctst:2:13\): .*none.*No such file"
	expect_same "$(out .format)" ctst.failure/1
	build "tar://$PWD/none.tar"
	expect_status 4
	build preset://busybux
	expect_status 4
	expect_err 'did you mean preset://busybox'
	build preset://busybox:0.0.1
	expect_status 4
	echo text >file
	build "file://$PWD/file"
	expect_status 1
	expect_err 'error\[I004\].*not a directory'
	build "tar://$PWD"
	expect_status 1
	expect_err 'error\[I004\].*not a regular file'
	[ ! -e .containust ] || fail "something was created"
}

other_schemes() {
	local uri
	for uri in oci://docker.io/alpine https://example.org/a.tar; do
		build "$uri"
		expect_status 1
		expect_err "error\[E007\].*has no pin"
		expect_err 'hint:'
	done
	build image://name
	expect_status 4
	expect_err "error\[I001\].*the store has no image called 'name'"
	expect_err 'hint:'
	build oci://docker.io/alpine -- --offline
	expect_status 1
	expect_err 'error\[I005\]'
	build alpine:3.21
	expect_status 1
	expect_err 'error\[E007\]'
	[ ! -e .containust ] || fail "something was created"
}

# What the importer is told to call a directory is found by that name, with the settings that came along.
catalogued() {
	make_tree tree
	echo '{"entrypoint":["/bin/app"],"env":["A=b"],"user":"7","ports":["80/tcp"],"stop_signal":"SIGINT","volumes":["/data"],"healthcheck":{"command":["/bin/app"],"interval_ms":1500,"retries":2},"architecture":"arm64"}' >settings
	ctst-image-import --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" --as image://mine \
		--config settings --request "sha256:$(printf 'a%.0s' {1..64})" "file://$PWD/tree"
	rm -r tree
	build image://mine -- --platform linux/arm64
	expect_status 0
	expect_same "$(out '.images[0].config | tojson')" \
		'{"entrypoint":["/bin/app"],"env":["A=b"],"user":"7","ports":["80/tcp"],"stop_signal":"SIGINT","volumes":["/data"],"healthcheck":{"command":["/bin/app"],"interval_ms":1500,"retries":2}}'
	[ -x "$(layer_of)/bin/app" ] || fail "the layer is not there"
	local manifest=$(out '.images[0].manifest')
	build "image://mine@$manifest" -- --platform linux/arm64
	expect_status 0
	build "image://mine@sha256:$(printf 'b%.0s' {1..64})" -- --platform linux/arm64
	expect_status 1
	expect_err 'error\[I002\]'
	expect_same "$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' .containust/images/index.json)" mine
	expect_same "$(jq -r .request .containust/images/sources/*.json | cut -c1-10)" sha256:aaa
	echo '{' >settings
	mkdir other
	run ctst-image-import --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" --as image://other \
		--config - "file://$PWD/other" <settings
	expect_status 1
	expect_err 'error\[I003\].*settings'
}

bad_input() {
	run ctst-image build </dev/null
	expect_status 1
	expect_err 'error\[P001\]'
	echo '{"format":"ctst.plan/1"}' >plan.json
	run ctst-image build <plan.json
	expect_status 1
	expect_err 'error\[P001\]'
	echo '{"format":"ctst.failure/1","stage":"ctst-parse","code":"E001","exit":1}' >failure.json
	run ctst-image build <failure.json
	expect_status 1
	expect_lines err 0
	expect_same "$(out .format)" ctst.failure/1
	run ctst-image build operand </dev/null
	expect_status 2
	run ctst-image bulid
	expect_status 2
	expect_err "did you mean 'build'"
	run ctst-image
	expect_status 0
	expect_out '^usage: ctst-image'
	composition preset://busybox >composition.json
	ctst-image build <composition.json >/dev/null
	status=0
	ctst-image build <composition.json >/dev/full 2>err || status=$?
	expect_same "$status" 1
	grep -q 'standard output' err
}

# ---- what an import keeps ----

keeps_metadata() {
	make_tree tree
	ln tree/bin/app tree/bin/zz
	chmod 4755 tree/bin/app
	mkfifo tree/etc/fifo
	mkdir tree/sealed
	echo s >tree/sealed/file
	chmod 0555 tree/sealed
	touch -d '2001-02-03 04:05:06.789' tree/sealed tree/etc/a/f
	printf 'utf \303\251 and \377' >"$(printf 'tree/n\303\251\377')"
	printf long >"tree/$(printf 'l%.0s' {1..200})"
	setfattr -n user.test -v value tree/etc/a/f 2>/dev/null || true
	build "file://$PWD/tree"
	expect_status 0
	local layer=$(layer_of)
	diff -r --no-dereference -x fifo tree "$layer"
	expect_same "$(stat -c %i "$layer/bin/app")" "$(stat -c %i "$layer/bin/zz")"
	expect_same "$(cd tree && find . -printf '%p %y %m %U %G %T@ %l\n' | sort)" \
		"$(cd "$layer" && find . -printf '%p %y %m %U %G %T@ %l\n' | sort)"
	run ctst-image verify
	expect_status 0
	# The stored tar is a tar.
	tar -tf ".containust/images/blobs/sha256/$(basename "$layer")" >/dev/null
	chmod -R u+w tree
}

compressions() {
	local kind
	make_tree tree
	tar --sort=name --mtime=@0 --owner=0 --group=0 -C tree -cf a.tar .
	gzip -nk a.tar
	for kind in xz zstd; do
		command -v "$kind" >/dev/null || skip "$kind is not installed"
	done
	xz -k a.tar
	zstd -q a.tar
	build "tar://$PWD/a.tar" "tar://$PWD/a.tar.gz" "tar://$PWD/a.tar.xz" "tar://$PWD/a.tar.zst"
	expect_status 0
	expect_same "$(out '[.images[].layers[0]] | unique | length')" 1
	expect_same "$(basename "$(layer_of)")" "$(sha256sum <a.tar | cut -d' ' -f1)"
	expect_same "$(out '.images[3].digest')" "sha256:$(sha256sum <a.tar.zst | cut -d' ' -f1)"
	diff -r --no-dereference tree "$(layer_of)"
	run ctst-image verify
	expect_status 0
	expect_out '4 images, .* 1 layers checked, 0 damaged'
}

ordinary_oddities() {
	make_tar a.tar <<-'END'
		folder('./')
		folder('./ro', 0o555)
		file('./ro/inside', b'1')
		file('missing/parent/file', b'2')
		file('/absolute', b'3')
		file('a/../b/./c', b'4')
		link('etc', '/somewhere')
		folder('somewhere')
		file('etc/through', b'5')
		link('loose', '../../../outside')
		hard('linked', '/absolute')
		device('dev/null')
		device('dev/zero')
		file('.wh.gone', b'')
		file('ro/.wh..wh..opq', b'')
		file('twice', b'first')
		file('twice', b'second', mode=0o4711)
		folder('was-folder')
		file('was-folder/x')
		file('was-folder', b'6')
		file('p' * 150 + '/' + 'q' * 200, b'7')
		file('caf\u00e9-e\u0301', b'8')
	END
	build "tar://$PWD/a.tar"
	expect_status 0
	expect_err 'warning: .*2 device nodes left out'
	expect_lines err 1
	local layer=$(layer_of)
	cd "$layer"
	expect_same "$(cat ro/inside missing/parent/file absolute b/c somewhere/through linked twice was-folder)" "12345""3second6"
	expect_same "$(readlink etc) $(readlink loose)" "/somewhere ../../../outside"
	expect_same "$(stat -c '%a %Y' ro)" "555 1000000000"
	expect_same "$(stat -c %a twice)" 4711
	expect_same "$(stat -c %h absolute)" 2
	expect_same "$(cat "$(printf 'p%.0s' {1..150})/$(printf 'q%.0s' {1..200})")" 7
	[ -e "$(printf 'caf\303\251-e\314\201')" ] || fail "the name was changed: $(ls | cat -v)"
	[ ! -e dev/null ] && [ -z "$(find . -name '.wh.*')" ] || fail "devices or whiteouts were unpacked"
	[ ! -e /somewhere/through ] || fail "escaped"
	cd - >/dev/null
	run ctst-image verify
	expect_status 0
}

sparse_files() {
	mkdir tree
	truncate -s 8M tree/holes
	printf end | dd of=tree/holes bs=1 seek=4M conv=notrunc 2>/dev/null
	tar -C tree --sparse -cf a.tar holes
	[ "$(stat -c %s a.tar)" -lt 100000 ] || skip "tar made no sparse archive"
	build "tar://$PWD/a.tar"
	expect_status 0
	cmp tree/holes "$(layer_of)/holes"
	tar -C tree --format=pax --sparse -cf b.tar holes
	build "tar://$PWD/b.tar"
	expect_status 0
	cmp tree/holes "$(layer_of)/holes"
}

on_the_disk_first() {
	command -v strace >/dev/null || skip "strace is not installed"
	make_tree tree
	strace -f -o trace -e trace=syncfs,renameat,renameat2 "$CTST_LIBEXEC/ctst-image-import" \
		--images "$PWD/images" --layers "$PWD/layers" "file://$PWD/tree"
	# Of what has a name below blobs/ or is a tree, nothing is renamed before the file system was told.
	grep -n 'syncfs(.* = 0' trace | head -n 1 | cut -d: -f1 >synced
	grep -nE 'renameat2?\(.*"(blobs/sha256/|[0-9a-f]{64}")' trace | head -n 1 | cut -d: -f1 >named
	[ -s synced ] && [ -s named ] && [ "$(cat synced)" -lt "$(cat named)" ] || fail "$(cat trace)"
}

shared_content() {
	local status=0

	[ "$(id -u)" -eq 0 ] || skip "only root may mount a file system"
	PATH=$PATH:/usr/sbin:/sbin
	command -v mkfs.xfs >/dev/null || skip "mkfs.xfs is not installed"
	truncate -s 320M disk
	mkfs.xfs -q -m reflink=1 disk
	mkdir place root
	head -c 40M /dev/urandom >root/noise
	# The mount ends with the namespace.
	# shellcheck disable=SC2016
	unshare --mount bash -eu -c '
		mount -o loop disk place 2>/dev/null || exit 77
		used() { sync -f place; df --output=used -k place | tail -n 1; }
		tar -C root -cf place/a.tar noise
		before=$(used)
		ctst-image-import --images "$PWD/place/images" --layers "$PWD/place/layers" "tar://$PWD/place/a.tar"
		echo $(($(used) - before)) >grown
		ctst-image-import --verify --images "$PWD/place/images" --layers "$PWD/place/layers" >verdict' || status=$?
	[ "$status" -ne 77 ] || skip "no file system can be mounted here"
	expect_same "$status" 0
	[ "$(cat grown)" -gt 40000 ] && [ "$(cat grown)" -lt 60000 ] || fail "an image of 40 MiB takes $(cat grown) KiB"
	expect_same "$(cat verdict)" '1 images, 3 blobs, 1 layers checked, 0 damaged'
}

store_is_an_oci_layout() {
	build preset://busybox
	expect_status 0
	cd .containust/images
	jq -e '.imageLayoutVersion == "1.0.0"' oci-layout >/dev/null
	local manifest=$(jq -r '.manifests[0].digest' index.json)
	expect_same "$manifest" "$(out '.images[0].manifest')"
	local blob
	for blob in blobs/sha256/*; do
		expect_same "$(sha256sum <"$blob" | cut -d' ' -f1)" "$(basename "$blob")"
	done
	local text=blobs/sha256/${manifest#sha256:}
	expect_same "$(stat -c %s "$text")" "$(jq -r '.manifests[0].size' index.json)"
	local layer=$(jq -r '.layers[0].digest' "$text")
	expect_same "$(stat -c %s "blobs/sha256/${layer#sha256:}")" "$(jq -r '.layers[0].size' "$text")"
	jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' index.json | grep -Eqx '[A-Za-z0-9._:@+/-]+'
	expect_same "$(stat -c %a . ../layers ..)" "$(printf '700\n700\n700')"
}

# ---- hostile and damaged archives ----

hostile() {
	case $1 in
	climbing) make_tar a.tar <<<"file('../evil')" ;;
	climbing-later) make_tar a.tar <<<"file('good'); file('a/b/../../../evil')" ;;
	link-outside) make_tar a.tar <<<"file('good'); hard('bad', '../../../etc/passwd')" ;;
	link-to-a-folder) make_tar a.tar <<<"folder('d'); hard('bad', 'd')" ;;
	link-to-nothing) make_tar a.tar <<<"hard('bad', 'etc/shadow')" ;;
	through-a-link) make_tar a.tar <<<"link('out', '$CASE_DIR'); file('out/evil')" ;;
	through-a-climbing-link) make_tar a.tar <<<"link('out', '../../../..$CASE_DIR'); file('out/evil')" ;;
	through-a-loop) make_tar a.tar <<<"link('a', 'b'); link('b', 'a'); file('a/evil')" ;;
	below-a-file) make_tar a.tar <<<"file('a'); file('a/b')" ;;
	long-name) make_tar a.tar <<<"file('/'.join(['n' * 100] * 41))" ;;
	long-part) make_tar a.tar <<<"file('n' * 256)" ;;
	deep) make_tar a.tar <<<"file('d/' * 300 + 'f')" ;;
	root-is-a-file) make_tar a.tar <<<"file('.')" ;;
	*) fail "no such case" ;;
	esac
	refused a.tar I003 "$2"
	[ ! -e "$CASE_DIR/evil" ] && [ ! -e ../evil ] && [ ! -e /evil ] || fail "escaped"
}

huge_declared_size() {
	python3 - <<-'END'
		import tarfile
		member = tarfile.TarInfo('big')
		member.size = 1 << 62
		open('a.tar', 'wb').write(member.tobuf(tarfile.GNU_FORMAT) + bytes(10240))
	END
	refused a.tar I003 'declares'
}

expansion() {
	command -v zstd >/dev/null || skip "zstd is not installed"
	truncate -s 280M zeros
	tar -cf - zeros | zstd -q >a.tar
	rm zeros
	refused a.tar I003 'expands to more than'
}

truncated() {
	make_tree tree
	head -c 100000 /dev/urandom >tree/noise
	tar -C tree -cf whole.tar .
	head -c 60000 whole.tar >a.tar
	refused a.tar I003 damaged
	gzip -nk whole.tar
	head -c 60000 whole.tar.gz >b.tar
	rm -rf .containust
	refused b.tar I003 damaged
}

garbage() {
	head -c 20000 /dev/urandom >a.tar
	refused a.tar I004 'not a tar'
	: >empty.tar
	build "tar://$PWD/empty.tar"
	expect_status 1
	expect_err 'error\[I004\]'
	head -c 20000 /dev/urandom | gzip >c.tar.gz
	build "tar://$PWD/c.tar.gz"
	expect_status 1
	expect_err 'error\[I004\]'
	(printf '\037\213\010'; head -c 1000 /dev/urandom) >d.tar.gz
	build "tar://$PWD/d.tar.gz"
	expect_status 1
	expect_err 'error\[I00[34]\]'
}

contains_the_store() {
	echo x >file
	build "file://$PWD"
	expect_status 1
	expect_err 'error\[I003\].*contains the store'
	[ ! -e .containust ] || fail "left: $(find .containust)"
}

# ---- concurrency and crashes ----

two_at_once() {
	local i pids=() pid
	make_tree tree
	head -c 3000000 /dev/urandom >tree/noise
	composition "file://$PWD/tree" preset://busybox >composition.json
	for i in 1 2 3 4; do
		ctst-image build <composition.json >"$CASE_DIR/out.$i" 2>"$CASE_DIR/err.$i" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || { cat "$CASE_DIR"/err.*; fail "one of them failed"; }
	done
	for i in 2 3 4; do
		cmp "$CASE_DIR/out.1" "$CASE_DIR/out.$i"
	done
	[ -z "$(find .containust -name '*.staging*')" ] || fail "staging left"
	run ctst-image verify
	expect_status 0
	run ctst-image ls -o json
	expect_same "$(out '.images | length')" 2
}

# start_long_import: in the background, $pid; returns when it stands still in the middle of its work.
start_long_import() {
	make_tree tree
	mkdir tree/zz
	truncate -s 2G tree/zz/zeros
	"$CTST_LIBEXEC/ctst-image-import" --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" \
		"file://$PWD/tree" 2>/dev/null &
	pid=$!
	until compgen -G '.containust/layers/.staging-*-tree/bin/app' >/dev/null; do
		kill -0 "$pid" || fail "the import has ended too early"
	done
	kill -STOP "$pid"
}

killed_in_the_middle() {
	local pid
	start_long_import
	kill -KILL "$pid"
	wait "$pid" || true
	compgen -G '.containust/layers/.staging-*' >/dev/null || fail "nothing was left, so nothing is tested"
	compgen -G '.containust/images/.staging-*' >/dev/null || fail "no blob was left"
	rm tree/zz/zeros
	build preset://busybox
	expect_status 0
	[ -z "$(find .containust -name '*.staging*')" ] || fail "left: $(find .containust -name '*.staging*')"
	build "file://$PWD/tree"
	expect_status 0
	diff -r --no-dereference tree "$(layer_of)"
	run ctst-image verify
	expect_status 0
}

tidied_by_ps() {
	local pid
	start_long_import
	# While it lives nobody touches what it makes.
	run ctst ps
	expect_status 0
	compgen -G '.containust/layers/.staging-*' >/dev/null || fail "a living import was disturbed"
	kill -KILL "$pid"
	wait "$pid" || true
	echo '{' >.containust/images/.index.json.new
	run ctst ps
	expect_status 0
	[ -z "$(find .containust -name '*.staging*' -o -name '.*.new')" ] || fail "left: $(find .containust -name '.*')"
}

interrupted() {
	local pid ended=0
	start_long_import
	kill -TERM "$pid"
	kill -CONT "$pid"
	wait "$pid" || ended=$?
	expect_same "$ended" 143
	[ ! -e .containust ] || fail "left: $(find .containust)"
}

# A living import's staging area is not garbage.
spares_the_living() {
	local pid
	start_long_import
	build preset://busybox
	expect_status 0
	compgen -G '.containust/layers/.staging-*-tree/bin/app' >/dev/null || fail "the other import's tree was removed"
	kill -TERM "$pid"
	kill -CONT "$pid"
	wait "$pid" || true
	[ -z "$(find .containust -name '*.staging*')" ] || fail "left: $(find .containust -name '*.staging*')"
	run ctst-image verify
	expect_status 0
}

# ---- the store ----

lists() {
	run ctst-image ls -o json
	expect_status 0
	expect_same "$(jq -c . "$CASE_DIR/out")" '{"format":"ctst.images/1","images":[]}'
	run ctst-image ls -o text
	expect_status 0
	expect_lines out 1
	run ctst-image verify
	expect_status 0
	[ ! -e .containust ] || fail "reading created something"
	build preset://busybox
	run ctst-image ls -o text
	expect_out '^IMAGE +DIGEST +LAYERS +SIZE +CREATED$'
	expect_out '^preset://busybox +[0-9a-f]{12} +1 +[0-9.]+ MiB +[0-9]+s ago$'
	run ctst-image ls
	expect_same "$(out '.images[0].uri')" preset://busybox
	echo garbage >.containust/images/index.json
	run ctst-image ls
	expect_status 1
	expect_err 'error\[S001\]'
	composition "file://$CASE_DIR" >composition.json
	run ctst-image build <composition.json
	expect_status 1
}

finds_damage() {
	make_tree tree
	build "file://$PWD/tree"
	expect_status 0
	local layer=$(layer_of)
	run ctst-image verify
	expect_status 0
	printf 'X\n' >"$layer/etc/a/f"
	run ctst-image verify
	expect_status 1
	expect_out "damaged: layer .*'etc/a/f' has another content"
	expect_err 'error\[I002\]'
	printf 'x\n' >"$layer/etc/a/f"
	run ctst-image verify
	expect_status 0
	ln -sfn elsewhere "$layer/bin/sh"
	run ctst-image verify
	expect_status 1
	ln -sfn app "$layer/bin/sh"
	printf X | dd of=".containust/images/blobs/sha256/$(basename "$layer")" bs=1 seek=600 conv=notrunc 2>/dev/null
	run ctst-image verify
	expect_status 1
	expect_out 'damaged: blob sha256:[0-9a-f]{64} has the content of sha256:'
}

own_presets() {
	make_tree tree
	tar -C tree -cf mine.tar .
	export XDG_CONFIG_HOME=$PWD/config
	mkdir -p config/containust
	jq -n --arg sum "$(sha256sum <mine.tar | cut -d' ' -f1)" --arg source "$PWD/mine.tar" '{format: "ctst.presets/1",
		presets: [{name: "mine", version: "2", source: $source, sha256: $sum, cmd: ["/bin/app"], user: "1000", workdir: "/etc"}]}' \
		>config/containust/presets.json
	build preset://mine preset://mine:2 preset://busybox
	expect_status 0
	expect_same "$(out '.images[0].config | tojson')" '{"cmd":["/bin/app"],"user":"1000","workdir":"/etc"}'
	without_importer
	build preset://mine
	expect_status 0
	unset CONTAINUST_LIBEXEC
	# Another definition of the same archive is another image.
	sed -i 's/1000/1001/' config/containust/presets.json
	build preset://mine
	expect_status 0
	expect_same "$(out '.images[0].config.user')" 1001
	echo more >>mine.tar
	build preset://mine
	expect_status 1
	expect_err 'error\[I002\]'
	echo '{' >config/containust/presets.json
	build preset://busybox
	expect_status 4
	expect_err 'error\[I001\].*presets.json'
}

shared_store() {
	export CONTAINUST_IMAGE_STORE=$CASE_DIR/store
	build preset://busybox
	expect_status 0
	[ ! -e .containust ] || fail "the project has a store of its own"
	[[ $(layer_of) == "$CASE_DIR"/store/* ]] || fail "the layer is elsewhere: $(layer_of)"
	mkdir other
	cd other
	without_importer
	build preset://busybox
	expect_status 0
}

# What an ordinary user can and cannot do. As root it is tried as nobody.
as_ordinary_user() {
	local user=()
	make_tree tree
	mkdir tree/closed
	echo c >tree/closed/file
	chmod 0555 tree/closed
	make_tar a.tar <<-'END'
		folder('locked', 0o000)
		file('locked/file', b'1', mode=0o000, uid=0, gid=0)
		file('setuid', b'2', mode=0o4755, uid=0, gid=0)
		folder('ro', 0o555)
		file('ro/file', b'3')
		folder('.', 0o555)
	END
	composition "file://$PWD/tree" "tar://$PWD/a.tar" >composition.json
	if [ "$(id -u)" -eq 0 ]; then
		user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
		chmod 0755 "$CASE_DIR" "$CASE_DIR/.."
		chmod 0777 .
		"${user[@]}" test -x "$CTST_LIBEXEC/ctst-image" || skip "nobody cannot reach the tools"
	fi
	run "${user[@]}" ctst-image build <composition.json
	expect_status 0
	expect_lines err 0
	local layer=$(out '.images[1].layers[0]')
	expect_same "$(stat -c %a "$layer" "$layer/locked" "$layer/setuid" "$layer/ro" | xargs)" "555 0 4755 555"
	expect_same "$(stat -c %u "$layer/setuid")" "$("${user[@]}" id -u)"
	run "${user[@]}" env CONTAINUST_LIBEXEC=/nonexistent ctst-image build <composition.json
	expect_status 0
	run "${user[@]}" ctst-image verify
	expect_status 0
	chmod -R u+rwx tree
}

tap_case "the filter keeps the document and appends the images" appends_images
tap_case "the digest of a directory is that of its canonical tar" canonical_digest
tap_case "a second build executes nothing and writes nothing" warm_touches_nothing
tap_case "a changed directory is imported again" imports_what_changed
tap_case "equal content is one layer" same_content_one_layer
tap_case "a damaged store is repaired by the next build" repairs_the_store
tap_case "pins, good and bad" pins
tap_case "--locked refuses what is not what was imported" locked
tap_case "--dry-run says what it would import and writes nothing" dry_run
tap_case "--dry-run foretells missing and remote images with a warning" dry_run_without_the_images
tap_case "--dry-run still refuses what is broken, locked or offline" dry_run_refusals
tap_case "--dry-run of a preset whose archive is missing" dry_run_of_a_preset_without_its_archive
tap_case "sources that are not there" not_found
tap_case "schemes that are not served say so" other_schemes
tap_case "a root file system is stored and found by a name" catalogued
tap_case "bad input, one message" bad_input
tap_case "owners, modes, times, links and names are kept" keeps_metadata
tap_case "gzip, zstd and xz give the layer of the plain tar" compressions
tap_case "odd but legitimate archives" ordinary_oddities
tap_case "sparse files" sparse_files
tap_case "content is on the disk before it has its name" on_the_disk_first
tap_case "where files can share their content the blob takes no room" shared_content
tap_case "the store is an OCI image layout" store_is_an_oci_layout
tap_case "refused: a name that climbs" hostile climbing 'leaves the root'
tap_case "refused: a name that climbs in the middle" hostile climbing-later 'leaves the root'
tap_case "refused: a hard link to the outside" hostile link-outside 'leaves the root'
tap_case "refused: a hard link to nothing" hostile link-to-nothing 'not in the image'
tap_case "refused: a hard link to a directory" hostile link-to-a-folder 'cannot be linked'
tap_case "refused: writing through a link to the outside" hostile through-a-link 'leads nowhere'
tap_case "refused: writing through a climbing link" hostile through-a-climbing-link 'leads nowhere'
tap_case "refused: writing through a loop of links" hostile through-a-loop 'loop'
tap_case "refused: an entry below a file" hostile below-a-file 'not a directory'
tap_case "refused: a name of more than 4095 bytes" hostile long-name 'longer than'
tap_case "refused: a part of a name of more than 255 bytes" hostile long-part 'longer than'
tap_case "refused: too deep" hostile deep 'nested deeper'
tap_case "refused: a root that is a file" hostile root-is-a-file 'not a directory'
tap_case "refused: a declared size past all limits" huge_declared_size
tap_case "refused: an archive that expands without end" expansion
tap_case "refused: truncated archives" truncated
tap_case "refused: garbage" garbage
tap_case "refused: a directory that contains the store" contains_the_store
tap_case "several imports at once" two_at_once
tap_case "SIGKILL in the middle, then again" killed_in_the_middle
tap_case "what a killed import has left goes with the next ctst ps" tidied_by_ps
tap_case "SIGTERM in the middle leaves nothing" interrupted
tap_case "an import leaves the staging area of another one alone" spares_the_living
tap_case "ls and verify of nothing and of something" lists
tap_case "verify finds damage in blobs and layers" finds_damage
tap_case "a user's own presets" own_presets
tap_case "a shared store" shared_store
tap_case "without root" as_ordinary_user
tap_done
