#!/usr/bin/env bash
# time limit: 300
# Hostile and damaged images: what each is refused with, and that nothing of it stays.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/images.bash"

# The table: what is wrong, the code, what the message says. Each is refused, and nothing is left behind.
hostile_table=$(cat <<'END'
layer-digest       I002 layer sha256:[0-9a-f]+ has the content of sha256:
layer-digest-dir   I002 layer sha256:[0-9a-f]+ has the content of sha256:
diff-id            I002 by the config sha256:[0-9a-f]+ has the content of sha256:
config-digest      I002 blob sha256:[0-9a-f]+ has the content of sha256:
manifest-digest    I002 blob sha256:[0-9a-f]+ has the content of sha256:
index-digest       I002 blob sha256:[0-9a-f]+ has the content of sha256:
docker-config      I002 the config '[0-9a-f]+\.json' has the content of sha256:
member-digest      I002 blob sha256:[0-9a-f]+ has the content of sha256:
wrong-size         I002 not the 7 that are said of it
layer-missing      I001 cannot find blob sha256:
docker-missing     I002 names 'none/layer.tar', which is not in the archive
link-loop          I002 names 'a/layer.tar', which is not in the archive
link-outside       I002 names 'a/layer.tar', which is not in the archive
fifo-blob          I002 is not a regular file
device-blob        I002 is not a regular file
socket-blob        I002 is not a regular file
symlink-blob       I002 is not a regular file
fifo-archive       I004 is not a regular file
foreign-layer      I004 may not be distributed
encrypted-layer    I004 is encrypted
strange-layer      I004 is of the type 'text/plain'
artifact           I004 is not one of an image with a file system|names no config
sha512             I004 which is not SHA-256
no-manifests       I002 lists no manifests
no-layers          I004 it has no layers
more-diff-ids      I002 the manifest has 1 layers, the config 2
bad-json           I002 .*
deep-json          I002 .*
huge-manifest      I002 is larger than the 16 MiB
climbing-layer     I003 leaves the root
whiteout-dots      I003 names nothing that could be taken away
swapped-link       I003 leads nowhere
layer-bomb         I003 expands to more than 250 times
xz-dictionary      I003 more than 192 MiB of memory
bad-checksum       I003 is damaged
no-end-mark        I003 ends without the mark
bad-pax            I003 is damaged
bzip2              I004 compression is not one that is read here
sparse-member      I004 sparse
END
)

make_hostile() {
	{
		cat <<-'END'
			name = os.environ['CASE']
			good = base().bytes()
			layout = Layout()
			settings = config([good])
			def finish(write=True):
			    (layout.write('dir') if write else pack(layout.files(), 'a.tar'))
			def simple(layer, how='', ids=None):
			    layout.name(layout.manifest(config([layer] if ids is None else ids), [layer], how))
			def blob_of(which):
			    manifest = json.loads(layout.members['blobs/sha256/' + layout.manifests[0]['digest'][7:]])
			    return 'dir/blobs/sha256/' + (manifest['config'] if which == 'config' else manifest['layers'][0])['digest'][7:]
			def replace(path, make):
			    os.unlink(path)
			    make(path)
			def damage(path, at):
			    with open(path, 'r+b') as file:
			        file.seek(at)
			        byte = file.read(1)
			        file.seek(at)
			        file.write(bytes([byte[0] ^ 1]))
			def manifest_with(**change):
			    text = {'schemaVersion': 2, 'mediaType': MANIFEST, 'config': layout.blob(settings, CONFIG), 'layers': [layout.blob(good, TAR)]}
			    text.update(change)
			    layout.name(layout.blob(json.dumps(text).encode(), MANIFEST))
		END
		cat
	} | make
}

make_case() {
	CASE=$1 make_hostile <<-'END'
		if name in ('layer-digest', 'layer-digest-dir'):
		    simple(good, 'gzip' if name == 'layer-digest' else '')
		    finish()
		    damage(blob_of('layer'), 20000)
		elif name == 'diff-id':
		    simple(good, ids=[good + b'x'])
		    finish(False)
		elif name in ('config-digest', 'manifest-digest'):
		    simple(good)
		    finish()
		    damage(blob_of('config') if name == 'config-digest' else 'dir/blobs/sha256/' + layout.manifests[0]['digest'][7:], 5)
		elif name == 'index-digest':
		    inner = layout.index([layout.manifest(settings, [good])])
		    layout.name(inner)
		    finish()
		    damage('dir/blobs/sha256/' + inner['digest'][7:], 5)
		elif name == 'docker-config':
		    members = docker_old([(['a:1'], settings, [good])])
		    pack([(n, d + b' ' if d == settings else d) for n, d in members], 'a.tar')
		elif name == 'member-digest':
		    simple(good)
		    pack([(n, d + b' ' if d == settings else d) for n, d in layout.files()], 'a.tar')
		elif name == 'wrong-size':
		    manifest_with(layers=[{**layout.blob(good, TAR), 'size': 7}])
		    finish()
		elif name == 'layer-missing':
		    simple(good)
		    finish()
		    os.unlink(blob_of('layer'))
		elif name == 'docker-missing':
		    pack([('manifest.json', json.dumps([{'Config': 'c.json', 'RepoTags': None, 'Layers': ['none/layer.tar']}]).encode()), ('c.json', settings)], 'a.tar')
		elif name in ('link-loop', 'link-outside'):
		    links = [('a/layer.tar', '../b/layer.tar'), ('b/layer.tar', '../a/layer.tar')] if name == 'link-loop' else [('a/layer.tar', '../../../../../etc/passwd')]
		    pack([('manifest.json', json.dumps([{'Config': 'c.json', 'RepoTags': None, 'Layers': ['a/layer.tar']}]).encode()), ('c.json', settings)] + links, 'a.tar')
		elif name.endswith('-blob'):
		    simple(good)
		    finish()
		    def make(path):
		        if name == 'fifo-blob':
		            os.mkfifo(path)
		        elif name == 'device-blob':
		            os.mknod(path, 0o20600, os.makedev(1, 5))
		        elif name == 'symlink-blob':
		            os.symlink('/dev/zero', path)
		        else:
		            import socket
		            os.chdir(os.path.dirname(path))
		            socket.socket(socket.AF_UNIX).bind(os.path.basename(path)[:100])
		    replace(blob_of('layer'), make)
		elif name == 'fifo-archive':
		    os.mkfifo('a.tar')
		elif name in ('foreign-layer', 'encrypted-layer', 'strange-layer'):
		    kind = {'foreign-layer': 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'encrypted-layer': TAR + '+gzip+encrypted', 'strange-layer': 'text/plain'}[name]
		    manifest_with(layers=[layout.blob(good, kind)])
		    finish(False)
		elif name == 'artifact':
		    manifest_with(config=layout.blob(b'{}', 'application/vnd.oci.empty.v1+json'))
		    finish()
		elif name == 'sha512':
		    layout.manifests.append({'mediaType': MANIFEST, 'digest': 'sha512:' + 'a' * 128, 'size': 7})
		    finish()
		    os.makedirs('dir/blobs/sha256')
		elif name == 'no-manifests':
		    layout.name(layout.blob(b'{"schemaVersion":2}', INDEX))
		    finish()
		elif name == 'no-layers':
		    layout.name(layout.manifest(config([]), []))
		    finish()
		elif name == 'more-diff-ids':
		    simple(good, ids=[good, good])
		    finish()
		elif name in ('bad-json', 'deep-json'):
		    layout.name(layout.blob(b'{"a":' if name == 'bad-json' else b'[' * 100000, MANIFEST))
		    finish(False)
		elif name == 'huge-manifest':
		    layout.name(layout.blob(b' ' * (17 << 20), MANIFEST))
		    finish()
		elif name == 'climbing-layer':
		    simple(Layer().file('a/../../evil').bytes(), 'gzip')
		    finish(False)
		elif name == 'whiteout-dots':
		    simple(Layer().file('.wh...').bytes())
		    finish()
		elif name == 'swapped-link':
		    simple(Layer().folder('d').file('d/x').link('d', os.getcwd()).file('d/evil').bytes())
		    finish()
		elif name == 'layer-bomb':
		    simple(Layer().file('zeros', bytes(300 << 20)).bytes(), 'zstd')
		    finish()
		elif name == 'xz-dictionary':
		    filters = [{'id': lzma.FILTER_LZMA2, 'preset': 0, 'dict_size': 1 << 30}]
		    open('a.tar', 'wb').write(lzma.compress(good, filters=filters))
		elif name in ('bad-checksum', 'bad-pax'):
		    data = bytearray(Layer().file('a', 'x').file('n' * 200 if name == 'bad-pax' else 'b', 'y').file('c').bytes())
		    if name == 'bad-checksum':
		        data[1024 + 5] ^= 1
		    else:
		        at = data.index(b'path=')
		        data[at - 4:at] = b'99z '
		    simple(bytes(data))
		    finish()
		elif name == 'no-end-mark':
		    simple(Layer().file('a', 'x').bytes()[:1024])
		    finish()
		elif name == 'bzip2':
		    import bz2
		    open('a.tar', 'wb').write(bz2.compress(good))
		elif name == 'sparse-member':
		    simple(good)
		    finish()
		    with open('dir/' + '0' * 64 + '.json', 'wb') as file:
		        file.truncate(1 << 40)
		        file.seek(1 << 30)
		        file.write(b'x')
		    os.system("tar -C dir --sparse -cf a.tar oci-layout index.json blobs " + '0' * 64 + '.json')
		else:
		    sys.exit('no such case')
	END
}

hostile() {
	local source
	[ "$1" != device-blob ] || [ "$(id -u)" -eq 0 ] || skip "making a device takes root"
	make_case "$1"
	source=tar://$PWD/a.tar
	[ -e a.tar ] || source=file://$PWD/dir
	mkdir small
	echo small >small/file
	build "file://$PWD/small"
	expect_status 0
	names >"$CASE_DIR/before"
	# Nothing may wait, and nothing may eat the memory.
	(
		[ -n "${CTST_SANITIZED:-}" ] || ulimit -v 1500000
		timeout 60 "$CTST_LIBEXEC/ctst-image-import" --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" "$source"
	) >"$CASE_DIR/out" 2>"$CASE_DIR/err" && fail "it was not refused" || status=$?
	tap_last_command=$1
	[ "$status" -lt 100 ] || fail "ended by $status: $(cat "$CASE_DIR/err")"
	expect_err "error\[$2\]: .*($3)"
	[ "$(grep -c 'error\[' "$CASE_DIR/err")" -eq 1 ] || fail "more than one message"
	names | diff "$CASE_DIR/before" - || fail "the failed import left something"
	[ ! -e evil ] && [ ! -e ../evil ] || fail "escaped"
}

# Cut at every 512 bytes: an error each, until only the filling behind the end mark is missing.
truncated_everywhere() {
	make <<-'END'
		layer = Layer().folder('d').file('d/a', 'x' * 700).file('n' * 150, 'y').link('l', 'd').bytes()
		settings = config([layer])
		pack(docker_old([(['a:1'], settings, [layer])]), 'image.tar')
		open('root.tar', 'wb').write(layer)
	END
	local kind size cut whole
	mkdir cuts
	for kind in root image; do
		size=$(stat -c %s $kind.tar)
		# The content ends where the last block that is not empty does.
		whole=$(python3 -c "d = open('$kind.tar', 'rb').read().rstrip(bytes(1)); print((len(d) + 511) // 512 * 512)")
		for cut in $(seq 0 512 "$size"); do
			head -c "$cut" $kind.tar >cuts/a.tar
			status=0
			"$CTST_LIBEXEC/ctst-image-import" --images "$PWD/s/images" --layers "$PWD/s/layers" "tar://$PWD/cuts/a.tar" 2>err || status=$?
			if [ "$cut" -gt "$whole" ]; then
				[ "$status" -eq 0 ] || fail "$kind cut at $cut of $size was refused: $(cat err)"
				rm -rf s
			else
				[ "$status" -eq 1 ] && grep -q 'error\[I00[234]\]' err || fail "$kind cut at $cut of $size: $status $(cat err)"
				[ ! -e s ] || fail "left: $(find s)"
			fi
		done
	done
}

# A terabyte of nothing costs nothing.
sparse_terabyte() {
	truncate -s 1T sparse
	printf end | dd of=sparse bs=1 seek=500G conv=notrunc 2>/dev/null
	tar --sparse -cf a.tar sparse 2>/dev/null
	tar --format=pax --sparse -cf b.tar sparse
	[ "$(stat -c %s a.tar)" -lt 100000 ] || skip "this file system does not tell tar where the holes are"
	build "tar://$PWD/a.tar" "tar://$PWD/b.tar"
	expect_status 0
	local layer=$(out '.images[0].layers[0]')
	expect_same "$(stat -c %s "$layer/sparse")" "$(stat -c %s sparse)"
	[ "$(du -sk "$layer" | cut -f1)" -lt 1000 ] || fail "it takes room"
	expect_same "$(dd if="$layer/sparse" bs=1 skip=500G count=3 2>/dev/null)" end
	# Of a directory the canonical tar would have to be hashed, zeros and all.
	mkdir d
	mv sparse d
	build "file://$PWD/d"
	expect_status 1
	expect_err 'error\[I003\].*declares'
}

# kib FILE: what it takes of the disk.
kib() {
	du -sk "$1" | cut -f1
}

# Zeros take no room in the store, whichever way they come, and a file that is nothing else cannot keep anybody busy.
holes_of_a_source() {
	local layer blob

	mkdir d
	echo begin >d/file
	truncate -s 300M d/file
	[ "$(kib d/file)" -lt 1000 ] || skip "this file system has no holes"
	tar -C d -cf a.tar file
	build "file://$PWD/d" "tar://$PWD/a.tar"
	expect_status 0
	for layer in $(out '.images[].layers[0]'); do
		cmp d/file "$layer/file"
		[ "$(kib "$layer")" -lt 1000 ] || fail "the tree takes $(kib "$layer") KiB"
	done
	for blob in .containust/images/blobs/sha256/*; do
		expect_same "$(sha256sum <"$blob" | cut -d' ' -f1)" "$(basename "$blob")"
	done
	[ "$(kib .containust)" -lt 3000 ] || fail "the store takes $(kib .containust) KiB"
	truncate -s 513G a.tar
	build "tar://$PWD/a.tar"
	expect_status 1
	expect_err 'error\[I003\].*larger than 512 GiB'
	mkdir e
	for file in 1 2; do truncate -s 129G e/$file; done
	mkdir f
	mv e/2 f
	build "file://$PWD/nothing" "file://$PWD/e" -- --dry-run
	echo x >e/3
	truncate -s 257G e/3
	rm e/1
	build "file://$PWD/e"
	expect_status 1
	expect_err "error\[I003\].*'3' declares [0-9]* bytes, more than the 256 GiB"
}

while read -r case code message; do
	tap_case "refused: $case" hostile "$case" "$code" "$message"
done <<<"$hostile_table"
tap_case "cut at every block" truncated_everywhere
tap_case "a sparse file of a terabyte" sparse_terabyte
tap_case "holes of a directory and of an archive" holes_of_a_source
tap_done
