#!/usr/bin/env bash
# Archives of images, image layouts, layers: unpacked, run, shared; the store and other tools.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/images.bash"

# says URI: what the image's own command prints.
says() {
	printf 'COMPONENT c { image = "%s" }\n' "$1" >says.ctst
	run ctst run says.ctst
	expect_status 0
	sed 's/^c | //' "$CASE_DIR/out"
}

# The pieces that most cases share: an image of three layers that says something.
prelude=$(cat <<'END'
lower = base().folder('etc').file('etc/gone', 'x').file('etc/kept', 'kept').folder('d').file('d/a').bytes()
upper = Layer().folder('etc').file('etc/.wh.gone').file('.wh.d').file('etc/new', 'new').bytes()
say = dict(Env=['PATH=/bin', 'WORD=hello'], Entrypoint=['/bin/sh', '-c'], Cmd=['echo $WORD; ls -d /etc/[gkn]*; test ! -e /d'])
layers = [lower, upper, upper]
settings = config(layers, **say)
END
)
said='hello
/etc/kept
/etc/new'

# ---- kinds ----

kinds() {
	local how kind
	make <<-END
		$prelude
		images = [(['demo:1'], settings, layers)]
		layout = Layout()
		layout.name(layout.manifest(settings, layers), 'demo:1')
		both = dict(layout.files())
		both['manifest.json'] = json.dumps([{'Config': 'blobs/sha256/' + digest(settings)[7:], 'RepoTags': ['demo:1'],
		    'Layers': ['blobs/sha256/' + digest(layer)[7:] for layer in layers]}]).encode()
		for how in ('', 'gzip', 'zstd', 'xz'):
		    pack(docker_old(images), f'docker-old{how}.tar', how)
		    pack(docker_old(images, True), f'docker-first{how}.tar', how)
		    pack(both.items(), f'docker-new{how}.tar', how)
		    pack(layout.files(), f'oci{how}.tar', how)
		    pack(reversed(layout.files()), f'oci-last{how}.tar', how)
		for how in ('gzip', 'zstd'):
		    inner = Layout()
		    inner.name(inner.manifest(settings, layers, how))
		    pack(inner.files(), f'inner-{how}.tar')
		    inner.write(f'dir-{how}')
		layout.write('dir-')
	END
	for kind in docker-old docker-first docker-new oci oci-last; do
		for how in '' gzip zstd xz; do
			expect_same "$(says "tar://$PWD/$kind$how.tar")" "$said"
		done
	done
	for how in '' gzip zstd; do
		[ -z "$how" ] || expect_same "$(says "tar://$PWD/inner-$how.tar")" "$said"
		expect_same "$(says "file://$PWD/dir-$how")" "$said"
	done
	# The layers of all of them are the same two.
	expect_same "$(ls .containust/layers | wc -l)" 2
	run ctst-image verify
	expect_status 0
	expect_out ' 2 layers checked, 0 damaged'
	[ -z "$(find .containust -name '.*' ! -name .containust)" ] || fail "left: $(find .containust -name '.*')"
}

# A `./` in front of every name, and directories, as tar makes them of a directory.
packed_by_tar() {
	make <<-END
		$prelude
		layout = Layout()
		layout.name(layout.manifest(settings, layers, 'gzip'), 'demo:1')
		layout.write('dir')
	END
	tar -C dir -cf a.tar .
	expect_same "$(says "tar://./a.tar")" "$said"
}

# What begins like an image's archive and is a root file system, and the other way round.
guessed_wrongly() {
	make <<-END
		$prelude
		pack([('index.json', b'{}'), ('manifest.json', b'[]'), ('etc/x', b'y')], 'a.tar')
		images = [(['demo:1'], settings, layers)]
		pack([('README', b'see')] + docker_old(images), 'b.tar')
		open('blob.tar', 'wb').write(Layer().folder('blobs').file('blobs/sha256/x').file('etc').bytes())
	END
	build "tar://$PWD/b.tar"
	expect_status 0
	expect_same "$(says "tar://$PWD/b.tar")" "$said"
	build "tar://$PWD/blob.tar"
	expect_status 1
	make <<-END
		pack([('index.json', b'{}'), ('etc/x', b'y')], 'a.tar')
	END
	build "tar://$PWD/a.tar"
	expect_status 0
	expect_same "$(cat "$(out '.images[0].layers[0]')/etc/x")" y
	expect_same "$(ls -A "$(out '.images[0].layers[0]')" | xargs)" "etc index.json"
}

several_images() {
	make <<-END
		lower = base().bytes()
		upper = Layer().file('x').bytes()
		images = [([f'{name}:1', 'r.io/team/' + name], config(layers, Cmd=['/bin/echo', name], Env=['PATH=/bin']), layers)
		          for name, layers in (('one', [lower]), ('two', [lower, upper]))]
		pack(docker_old(images), 'docker.tar')
		layout = Layout()
		for tags, settings, layers in images:
		    layout.name(layout.manifest(settings, layers), tags[0])
		pack(layout.files(), 'oci.tar')
		layout.write('dir')
	END
	local place
	for place in "tar://$PWD/docker.tar" "tar://$PWD/oci.tar" "file://$PWD/dir"; do
		build "$place"
		expect_status 4
		expect_err "error\[I001\].*several images: one:1, .*two:1"
		expect_err "hint: say which one, as in ${place}#NAME"
		build "$place#three"
		expect_status 4
		expect_err "no image of that name, but: one:1"
		expect_same "$(says "$place#one:1")" one
		expect_same "$(says "$place#two:1")" two
	done
	expect_same "$(says "tar://./docker.tar#r.io/team/two")" two
	# A pin comes behind the name.
	expect_same "$(says "tar://./docker.tar#two:1@sha256:$(sha256sum <docker.tar | cut -d' ' -f1)")" two
	# A '#' in a path.
	mkdir 'c#'
	mv docker.tar 'c#/x.tar'
	expect_same "$(says "tar://./c#/x.tar#one:1")" one
	build "tar://$PWD/c#/x.tar"
	expect_status 4
	expect_err "hint: .*a path that has a '#'"
	mkdir -p root
	echo x >root/file
	tar -cf root.tar -C root .
	build "tar://$PWD/root.tar#name"
	expect_status 4
	expect_err 'plain root file system'
	build "file://$PWD/root#name"
	expect_status 4
}

platforms() {
	make <<-END
		layer = base().bytes()
		def image(layout, arch, variant='', os_name='linux', said=True):
		    settings = config([layer], arch, os_name, Cmd=['/bin/echo', arch + variant], Env=['PATH=/bin'])
		    platform = {'os': os_name, 'architecture': arch}
		    if variant:
		        platform['variant'] = variant
		    return layout.manifest(settings, [layer], **({'platform': platform} if said else {}))
		mine = {'x86_64': 'amd64', 'aarch64': 'arm64'}[os.uname().machine]
		layout = Layout()
		attestation = layout.blob(b'{}', MANIFEST, platform={'os': 'unknown', 'architecture': 'unknown'})
		few = [attestation, image(layout, 's390x'), image(layout, 'arm', 'v6'), image(layout, 'arm', 'v7'), image(layout, mine)]
		layout.name(layout.index(few), 'flat')
		layout.name(layout.index([layout.index(few[:3]), layout.index([layout.index(few[3:])])]), 'nested')
		layout.name(layout.index([image(layout, 's390x'), image(layout, 'arm', 'v6'), attestation]), 'others')
		layout.name(image(layout, mine, said=False), 'alone')
		layout.name(image(layout, 's390x', said=False), 'foreign')
		pack(layout.files(), 'a.tar')
		pack(docker_old([(['a:1'], config([layer], 's390x', Cmd=['x']), [layer])]), 'docker.tar')
		deep = layout.index(few)
		for _ in range(8):
		    deep = layout.index([deep])
		layout.name(deep, 'deep')
		layout.write('dir')
		# Of another platform nothing need be there.
		for part in few[:4]:
		    os.unlink('dir/blobs/sha256/' + part['digest'][7:])
	END
	local mine place
	mine=$(case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; esac)
	for place in "tar://./a.tar" "file://./dir"; do
		expect_same "$(says "$place#flat")" "$mine"
		expect_same "$(says "$place#nested")" "$mine"
		expect_same "$(says "$place#alone")" "$mine"
	done
	build "tar://$PWD/a.tar#others"
	expect_status 4
	expect_err "error\[I001\].*nothing for linux/$mine, only for linux/s390x, linux/arm/v6"
	build "file://$PWD/dir#deep"
	expect_status 1
	expect_err 'nested too deeply'
	build "tar://$PWD/a.tar#flat" -- --platform linux/arm/v7
	expect_status 0
	expect_same "$(out '.images[0].config.cmd[1]')" armv7
	build "tar://$PWD/a.tar#nested" -- --platform linux/arm/v6
	expect_same "$(out '.images[0].config.cmd[1]')" armv6
	build "tar://$PWD/docker.tar"
	expect_status 4
	expect_err "error\[I001\].*nothing for linux/$mine, only for linux/s390x"
	build "tar://$PWD/docker.tar" -- --platform linux/s390x
	expect_status 0
	build "tar://$PWD/a.tar#foreign" -- --platform linux/s390x
	expect_status 0
	# One wish does not forget the other.
	build "tar://$PWD/a.tar#flat"
	expect_same "$(out '.images[0].config.cmd[1]')" "$mine"
	build "tar://$PWD/a.tar#flat" -- --platform linux/arm/v7
	expect_same "$(out '.images[0].config.cmd[1]')" armv7
	build "tar://$PWD/a.tar#flat" -- --platform arm
	expect_status 2
}

# ---- what the image says ----

config_is_honoured() {
	make <<-'END'
		layer = base().folder('work').folder('etc').file('etc/passwd', 'app:x:1234:55::/work:/bin/sh\n').bytes()
		settings = config([layer], Env=['PATH=/bin', 'A=image', 'B=image', 'WITHOUT'], Entrypoint=['/bin/sh', '-c', 'echo "$0 $1 $A $B"; id -u; id -g; cat /proc/self/cwd/x'],
		    Cmd=['zero', 'one'], User='app:55', WorkingDir='work', ExposedPorts={'80/tcp': {}}, StopSignal='SIGINT',
		    Volumes={'/data': {}}, Healthcheck={'Test': ['CMD-SHELL', 'true'], 'Interval': 2000000000, 'Retries': 3})
		layer = layer
		pack(docker_old([(['a:1'], settings, [layer, Layer().file('work/x', 'here').bytes()])]), 'broken.tar')
		more = Layer().folder('work').file('work/x', 'here\n').bytes()
		settings = json.loads(settings)
		settings['rootfs']['diff_ids'].append(digest(more))
		pack(docker_old([(['a:1'], json.dumps(settings).encode(), [layer, more])]), 'a.tar')
	END
	build "tar://$PWD/broken.tar"
	expect_status 1
	expect_err 'error\[I002\].*the manifest has 2 layers, the config 1'
	expect_same "$(says tar://./a.tar)" "$(printf 'zero one image image\n1234\n55\nhere')"
	build "tar://$PWD/a.tar"
	expect_same "$(out '.images[0].config | del(.entrypoint, .env) | tojson')" \
		'{"cmd":["zero","one"],"user":"app:55","workdir":"/work","ports":["80/tcp"],"stop_signal":"SIGINT","volumes":["/data"],"healthcheck":{"command":["/bin/sh","-c","true"],"interval_ms":2000,"retries":3}}'
	# The file's word comes first.
	cat >own.ctst <<-'END'
		COMPONENT c { image = "tar://./a.tar" command = ["nought", "two"] env = { B = "file" } user = "7" workdir = "/work" }
	END
	run ctst run own.ctst
	expect_status 0
	expect_same "$(sed 's/^c | //' "$CASE_DIR/out")" "$(printf 'nought two image file\n7\n0\nhere')"
	ctst-parse own.ctst | ctst-image build | ctst-plan -o json >plan.json
	expect_same "$(jq -r '.actions[] | select(.container.name == "c") | .container.stop_signal' plan.json)" SIGINT
}

stop_signal() {
	make <<-'END'
		layer = base().bytes()
		settings = config([layer], Env=['PATH=/bin'], Cmd=['/bin/sh', '-c', 'trap "echo usr2; exit 0" USR2; echo ready; while :; do sleep 1; done'], StopSignal='SIGUSR2')
		pack(docker_old([(['a:1'], settings, [layer])]), 'a.tar')
	END
	echo 'COMPONENT c { image = "tar://./a.tar" }' >s.ctst
	run ctst run -d s.ctst
	expect_status 0
	await sh -c 'ctst logs c | grep -q ready'
	run ctst stop -t 20 c
	expect_status 0
	run ctst logs c
	expect_out usr2
}

# ---- layers ----

# Everything that a layer can do to the ones below; what is seen inside must be what umoci makes of the same image.
overlays() {
	command -v umoci >/dev/null || skip "umoci is not installed"
	make <<-'END'
		lower = base().folder('a').file('a/one', '1').file('a/two', '2').folder('a/sub').file('a/sub/deep', '3')
		lower.folder('b').file('b/x', 'x').folder('b/c').file('b/c/y', 'y').file('file', 'f').link('link', 'a/one')
		lower.folder('t', 0o1777).hard('b/hard', 'b/x').folder('gone').file('gone/z').folder('r').file('r/s')
		middle = Layer().folder('a').file('a/.wh.one').file('a/new', 'n\n')           # a file goes
		middle.folder('b').file('b/.wh..wh..opq').file('b/x', 'other')              # a directory begins anew
		middle.file('.wh.gone').file('.wh.link').folder('link').file('link/in', 'i\n')  # what goes comes back as another thing
		middle.folder('t', 0o1777).file('t/late', 'l\n').hard('t/later', 't/late')
		middle.folder('file').file('file/inside', 'q')                              # a directory in place of a file
		middle.folder('r').file('r/keep').file('.wh.r')                             # a whiteout behind what it must not hide
		upper = Layer().folder('a').file('a/.wh.sub').folder('b').file('b/.wh.x').file('b/fresh', 'g\n').file('gone', 'again\n')
		layers = [lower.bytes(), middle.bytes(), upper.bytes(), Layer().folder('t', 0o1777).file('t/.wh.late').bytes()]
		list = 'cd /; for d in a b file gone link t r; do find $d -exec stat -c "%n %F %a" {} + ; done | sort; cat a/new b/fresh gone link/in t/later'
		settings = config(layers, Env=['PATH=/bin'], Cmd=['/bin/sh', '-c', list])
		layout = Layout()
		layout.name(layout.manifest(settings, layers, 'gzip'), 'x')
		layout.write('dir')
	END
	umoci unpack --rootless --image dir:x bundle >/dev/null 2>&1
	cd bundle/rootfs
	{
		for d in a b file gone link t r; do find $d -exec "$BUSYBOX" stat -c "%n %F %a" {} +; done | sort
		cat a/new b/fresh gone link/in t/later
	} >"$CASE_DIR/expected"
	cd - >/dev/null
	expect_same "$(cat "$CASE_DIR/expected")" "$(says file://./dir)"
	[ "$(id -u)" -ne 0 ] || expect_same "$(cat "$CASE_DIR/expected")" "$(as_nobody "file://$PWD/dir")"
	run ctst-image verify
	expect_status 0
}

# as_nobody URI: what the image says to an ordinary user, with a store of their own.
as_nobody() {
	mkdir -p "$CASE_DIR/nobody"
	chown 65534:65534 "$CASE_DIR/nobody"
	chmod 0755 "$CASE_DIR" "$CASE_DIR/.." "$PWD"
	printf 'COMPONENT c { image = "%s" }\n' "$1" >"$CASE_DIR/nobody/s.ctst"
	(cd "$CASE_DIR/nobody" && HOME=$PWD setpriv --reuid 65534 --regid 65534 --clear-groups ctst run s.ctst) | sed 's/^c | //'
}

many_layers() {
	make <<-'END'
		layers = [base().folder('n').bytes()] + [Layer().folder('n').file(f'n/{i}', f'{i}\n').bytes() for i in range(127)]
		def image(layers, name):
		    settings = config(layers, Env=['PATH=/bin'], Cmd=['/bin/sh', '-c', 'ls /n | /bin/busybox wc -l; cat /n/0 /n/126'])
		    pack(docker_old([([name], settings, layers)]), name + '.tar')
		image(layers, 'most')
		image(layers + [Layer().file('n/127').bytes()], 'toomany')
	END
	expect_same "$(says tar://./most.tar)" "$(printf '127\n0\n126')"
	build "tar://$PWD/toomany.tar"
	expect_status 1
	expect_err 'error\[I003\].*129 layers, more than the 128'
}

# A layer that is in the store already is not unpacked again, whatever it comes in.
layers_are_shared() {
	make <<-END
		$prelude
		for number, how in enumerate(('', 'gzip', 'zstd')):
		    layout = Layout()
		    more = Layer().file(f'own{number}').bytes()
		    layout.name(layout.manifest(config([lower, more], **say), [lower, more], how))
		    pack(layout.files(), f'{number}.tar')
	END
	build "tar://$PWD/0.tar"
	expect_status 0
	find .containust/layers -printf '%i %p\n' | sort >"$CASE_DIR/before"
	build "tar://$PWD/1.tar" "tar://$PWD/2.tar"
	expect_status 0
	expect_same "$(ls .containust/layers | wc -l)" 4
	expect_same "$(find .containust/layers -printf '%i %p\n' | sort | comm -23 "$CASE_DIR/before" -)" \
		"$(find .containust/layers -maxdepth 0 -printf '%i %p\n' | comm -13 - - )"
}

# Attributes that OverlayFS obeys are its own affair.
overlay_attributes_are_dropped() {
	make <<-'END'
		layer = base().folder('d', pax_headers={'SCHILY.xattr.user.overlay.opaque': 'y', 'SCHILY.xattr.trusted.overlay.opaque': 'y',
		    'SCHILY.xattr.user.mine': 'kept'}).file('d/a').bytes()
		lower = base().folder('d').file('d/below').bytes()
		settings = config([lower, layer], Env=['PATH=/bin'], Cmd=['/bin/sh', '-c', 'ls /d'])
		pack(docker_old([(['a:1'], settings, [lower, layer])]), 'a.tar')
	END
	expect_same "$(says tar://./a.tar)" "$(printf 'a\nbelow')"
	python3 -c 'import os, sys; print(os.listxattr(sys.argv[1]))' "$(build "tar://$PWD/a.tar"; out '.images[0].layers[1]')/d" >attributes
	grep -q "user.mine" attributes || skip "this file system has no user attributes"
	! grep -q overlay attributes || fail "kept: $(cat attributes)"
}

# ---- the store and other tools ----

with_skopeo_and_umoci() {
	command -v skopeo >/dev/null && command -v umoci >/dev/null || skip "skopeo and umoci are not installed"
	make <<-END
		$prelude
		pack(docker_old([(['demo:1'], settings, layers)]), 'docker.tar')
		pack([(f'bin/{name}', open(os.environ['BUSYBOX'], 'rb').read()) for name in ('busybox',)], 'root.tar')
		layout = Layout()
		layout.name(layout.manifest(settings, layers, 'gzip'), 'demo:1')
		layout.write('dir')
	END
	local store=$PWD/.containust/images name
	build "tar://$PWD/docker.tar" "tar://$PWD/root.tar" "file://$PWD/dir" preset://busybox
	expect_status 0
	# Out of it: every image, by the name it has there.
	jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$store/index.json" >refs
	expect_same "$(wc -l <refs)" 4
	while read -r name; do
		skopeo copy -q "oci:$store:$name" "oci:$PWD/other:x"
		rm -rf bundle
		umoci unpack --rootless --image "$store:$name" bundle >/dev/null 2>&1
		[ -e bundle/rootfs/bin/busybox ] || fail "umoci unpacked nothing of $name"
	done <refs
	# Into it, and run; also beside what is there.
	skopeo copy -q "docker-archive:$PWD/docker.tar" "oci:$store:mine:1"
	skopeo copy -q "oci:$PWD/dir:demo:1" "oci:$store:zipped"
	expect_same "$(says image://mine:1)" "$said"
	rm -rf .containust/layers
	expect_same "$(says image://zipped)" "$said"
	umoci config --image "$store:mine:1" --tag altered --config.cmd 'echo altered' --config.entrypoint /bin/sh --config.entrypoint=-c
	expect_same "$(says image://altered)" altered
	build "tar://$PWD/docker.tar" preset://busybox
	expect_status 0
	run ctst-image ls -o json
	expect_same "$(out '[.images[].uri] | map(select(startswith("image://"))) | length')" 3
	run ctst-image verify
	expect_status 0
	# By digest, right and wrong.
	build "image://mine:1@$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "mine:1").digest' "$store/index.json")"
	expect_status 0
	build "image://mine:1@sha256:$(printf '0%.0s' {1..64})"
	expect_status 1
	expect_err 'error\[I002\]'
	build image://nobody
	expect_status 4
	expect_err "no image called 'nobody'"
}

# A store that was copied without its unpacked layers and without the sources.
images_alone_are_enough() {
	make <<-END
		$prelude
		pack(docker_old([(['demo:1'], settings, layers)]), 'a.tar')
		layout = Layout()
		layout.name(layout.manifest(settings, layers, 'zstd'), 'demo:1')
		layout.write('dir')
	END
	local pin=sha256:$(sha256sum <a.tar | cut -d' ' -f1) blob
	expect_same "$(says "tar://$PWD/a.tar@$pin")" "$said"
	rm -rf .containust/layers a.tar
	build "tar://$PWD/a.tar@$pin" -- --dry-run
	expect_status 0
	[ ! -e .containust/layers ] || fail "a dry run wrote something"
	expect_same "$(says "tar://$PWD/a.tar@$pin")" "$said"
	# The blobs damaged as well: nothing is left that could be believed.
	rm -rf .containust/layers
	blob=$(find .containust/images/blobs -size +100k)
	printf X | dd of="$blob" bs=1 seek=70000 conv=notrunc 2>/dev/null
	build "tar://$PWD/a.tar@$pin"
	expect_status 1
	expect_err 'error\[I002\].*cannot be unpacked again: layer sha256:[0-9a-f]* has the content of sha256'
	[ -z "$(ls -A .containust/layers)" ] || fail "left: $(ls -A .containust/layers)"
	# With the source in reach it is imported again.
	build "file://$PWD/dir"
	expect_status 0
	rm -rf .containust/layers
	for blob in $(find .containust/images/blobs -size +100k); do printf X | dd of="$blob" bs=1 seek=70000 conv=notrunc 2>/dev/null; done
	build "file://$PWD/dir"
	expect_status 0
	[ "$(ls .containust/layers | wc -l)" -eq 2 ] || fail "the layers are not back"
}

layout_changes() {
	make <<-END
		$prelude
		layout = Layout()
		layout.name(layout.manifest(settings, layers), 'demo:1')
		layout.write('dir')
	END
	build "file://$PWD/dir"
	expect_status 0
	local digest=$(out '.images[0].digest')
	expect_same "$digest" "$(jq -r '.manifests[0].digest' dir/index.json)"
	mkdir -p "$CASE_DIR/libexec"
	cp "$CTST_LIBEXEC/ctst-image" "$CASE_DIR/libexec/"
	CONTAINUST_LIBEXEC=$CASE_DIR/libexec build "file://$PWD/dir"
	expect_status 0
	make <<-END
		$prelude
		layout = Layout()
		layout.name(layout.manifest(config([lower], **say), [lower]), 'demo:2')
		layout.write('dir')
	END
	build "file://$PWD/dir" -- --locked
	expect_status 1
	expect_err 'error\[I002\]'
	build "file://$PWD/dir"
	expect_status 0
	[ "$(out '.images[0].digest')" != "$digest" ] || fail "the change was not seen"
}

# ---- together and in trouble ----

several_at_once() {
	local i pids=() pid
	make <<-END
		noise = Layer().file('noise', os.urandom(3000000)).bytes()
		shared = [base().bytes(), noise]
		for number in range(4):
		    layers = shared[::-1 if number % 2 else 1] + [Layer().file(str(number)).bytes()]
		    pack(docker_old([(['a:1'], config(layers), layers)]), f'{number}.tar')
	END
	for i in 0 1 2 3 0 1; do
		"$CTST_LIBEXEC/ctst-image-import" --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" "tar://$PWD/$i.tar" \
			2>"$CASE_DIR/err.${#pids[@]}" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || { cat "$CASE_DIR"/err.*; fail "one of them failed"; }
	done
	expect_same "$(ls -A .containust/layers | wc -l)" 6
	run ctst-image verify
	expect_status 0
	expect_out '^4 images'
	[ -z "$(find .containust -name '.staging*')" ] || fail "left: $(find .containust -name '.staging*')"
}

# Stopped while it unpacks the second layer; then killed, with and without somebody who waits for the same layer.
killed() {
	local pid other
	make <<-'END'
		layers = [base().bytes(), Layer().file('first').file('zeros', bytes(150000000)).bytes()]
		layout = Layout()
		layout.name(layout.manifest(config(layers, Cmd=['/bin/echo', 'alive'], Env=['PATH=/bin']), layers, 'gzip'))
		layout.write('dir')
	END
	set -- "$CTST_LIBEXEC/ctst-image-import" --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" "file://$PWD/dir"
	"$@" &
	pid=$!
	until compgen -G '.containust/layers/.staging-*/first' >/dev/null; do
		kill -0 "$pid" || fail "the import has ended too early"
	done
	kill -STOP "$pid"
	[ -z "$(ls .containust/layers)" ] || fail "something is visible already"
	"$@" &
	other=$!
	kill -KILL "$pid"
	wait "$pid" || true
	wait "$other" || fail "the one who waited failed"
	run ctst ps
	expect_status 0
	[ -z "$(find .containust -name '.*' ! -name .containust)" ] || fail "left: $(find .containust -name '.*')"
	expect_same "$(says "file://./dir")" alive
}

# On a file system of 24 MiB, whatever is written last: nothing is visible, and all of it is free again.
disk_full() {
	[ "$(id -u)" -eq 0 ] || skip "mounting a file system takes root"
	make <<-'END'
		def image(size, name):
		    layers = [base().bytes(), Layer().file('noise', os.urandom(size)).bytes()]
		    pack(docker_old([([name], config(layers), layers)]), name + '.tar')
		    pack([('noise', os.urandom(size * 3 // 4))], name + '-root.tar')
		    layout = Layout()
		    layout.name(layout.manifest(config(layers), layers, 'gzip'))
		    layout.write(name)
		image(30000000, 'large')
		image(12000000, 'half')
	END
	cat >inside.sh <<-'END'
		set -eu
		mkdir store
		mount -t tmpfs -o size=24m,mode=755 none store
		import() { "$CTST_LIBEXEC/ctst-image-import" --images "$PWD/store/images" --layers "$PWD/store/layers" "$1"; }
		used() { df --output=used store | tail -1; }
		mkdir tiny
		echo x >tiny/file
		import "file://$PWD/tiny"
		find store | sort >before
		free=$(used)
		for source in tar://$PWD/large.tar tar://$PWD/large-root.tar file://$PWD/large tar://$PWD/half.tar; do
			status=0
			import "$source" 2>err || status=$?
			[ "$status" -eq 1 ] && grep -q 'error\[I003\].*No space left' err || { cat err; echo "status $status of $source"; exit 1; }
			find store | sort | diff before - || { echo "left by $source"; exit 1; }
			[ "$(used)" = "$free" ] || { echo "used: $free before, $(used) after $source"; exit 1; }
		done
		# Every smaller amount of room too, down to the last documents.
		import "tar://$PWD/half-root.tar"
		need=$(($(used) / 4))
		for room in 1 2 3 4 5 6 8 10; do
			umount store
			mount -t tmpfs -o size=24m,mode=755 none store
			import "file://$PWD/tiny"
			find store | sort >before
			free=$(used)
			mount -o remount,size=$(((need - room) * 4))k store
			status=0
			import "tar://$PWD/half-root.tar" 2>err || status=$?
			[ "$status" -ne 0 ] || continue
			find store | sort | diff before - || { echo "left with $room pages too few"; exit 1; }
			[ "$(used)" = "$free" ] || { echo "used: $free before, $(used) after, $room pages too few"; exit 1; }
			"$CTST_LIBEXEC/ctst-image-import" --verify --images "$PWD/store/images" --layers "$PWD/store/layers" | grep -q ' 0 damaged'
		done
	END
	run unshare -m sh inside.sh
	expect_status 0
}

tap_case "docker save archives and OCI layouts, in all compressions, say the same" kinds
tap_case "a layout that tar has packed" packed_by_tar
tap_case "what an archive is shows in the end" guessed_wrongly
tap_case "one of several images" several_images
tap_case "one of several platforms" platforms
tap_case "entrypoint, cmd, env, user, workdir of an image" config_is_honoured
tap_case "the image's stop signal" stop_signal
tap_case "whiteouts, opaque directories and replaced things are as umoci sees them" overlays
tap_case "128 layers run, 129 are refused" many_layers
tap_case "a layer is unpacked once" layers_are_shared
tap_case "attributes of OverlayFS in a layer are dropped" overlay_attributes_are_dropped
tap_case "skopeo and umoci read the store and write to it" with_skopeo_and_umoci
tap_case "the blobs of a store are enough" images_alone_are_enough
tap_case "a layout that changes" layout_changes
tap_case "several imports of the same layers at once" several_at_once
tap_case "SIGKILL in the middle of the layers" killed
tap_case "a full disk" disk_full
tap_done
