#!/usr/bin/env bash
# ctst-image inspect, history, diff, tag, rm, prune, export: one image of the store, looked at, named, removed, given away.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/images.bash"

# Two images that share their lowest layer, in archives: say.tar (image say:1) and more.tar (more:2).
two_images() {
	make <<-'END'
		lower = base().folder('etc').file('etc/gone', 'x').file('etc/kept', 'kept').folder('d').file('d/a').bytes()
		upper = Layer().folder('etc').file('etc/.wh.gone').file('.wh.d').file('etc/new', 'new').bytes()
		say = dict(Env=['PATH=/bin', 'WORD=hello'], Entrypoint=['/bin/sh', '-c'], Cmd=['echo $WORD; ls -d /etc/[gkn]*; test ! -e /d'],
		           Labels={'team': 'shop'}, ExposedPorts={'80/tcp': {}})
		def write(path, name, layers, how, history=None):
		    settings = json.loads(config(layers, **say))
		    settings['created'] = '2024-02-03T04:05:06Z'
		    if history:
		        settings['history'] = history
		    layout = Layout()
		    layout.name(layout.manifest(json.dumps(settings).encode(), layers, how), name)
		    pack(layout.files(), path)
		write('say.tar', 'say:1', [lower, upper], 'gzip', [
		    {'created': '2024-02-03T04:05:06Z', 'created_by': 'ADD root\033[2J', 'comment': 'first'},
		    {'created_by': 'ENV WORD=hello', 'empty_layer': True}, {'created_by': 'COPY new'}])
		write('more.tar', 'more:2', [lower, Layer().file('more').bytes()], '')
	END
}

said='hello
/etc/kept
/etc/new'

says() {
	printf 'COMPONENT c { image = "%s" }\n' "$1" >says.ctst
	run ctst run says.ctst
	expect_status 0
	sed 's/^c | //' "$CASE_DIR/out"
	ctst rm c >/dev/null
}

two_in_the_store() {
	two_images
	build "tar://$PWD/say.tar" "tar://$PWD/more.tar"
	expect_status 0
}

blobs() { ls .containust/images/blobs/sha256; }
layers() { ls .containust/layers; }
manifest_of() { jq -r --arg uri "$1" '.manifests[] | select(.annotations["io.containust.source"] == $uri).digest' .containust/images/index.json; }

# ---- what an image is called ----

called() {
	run ctst-image inspect -o json "$1"
	expect_status 0
	expect_same "$(out .manifest)" "$2"
}

names_of_an_image() {
	local say more word
	two_in_the_store
	say=$(manifest_of "tar://$PWD/say.tar") more=$(manifest_of "tar://$PWD/more.tar")
	ctst-image tag "$say" team/say:1
	for word in "tar://$PWD/say.tar" tar://./say.tar tar://say.tar "tar://./say.tar@sha256:$(sha256sum <say.tar | cut -d' ' -f1)" \
		team/say:1 image://team/say:1 "image://team/say:1@$say" "$say" "${say#sha256:}" "${say:7:8}" \
		"sha256:${say:7:12}" "$(sha256sum <say.tar | head -c 10)"; do
		called "$word" "$say"
	done
	called tar://more.tar "$more"
	run ctst-image inspect "image://team/say:1@$more"
	expect_status 1
	expect_err 'error\[I002\]'
	for word in "${say:7:7}" nothing tar:///nothing team/say image://team/say:2 sha256: ''; do
		run ctst-image inspect "$word"
		expect_status 4
		expect_err 'error\[I001\].*the store has no image'
	done
	run ctst-image inspect team/say:2
	expect_err "hint: did you mean 'team/say:1'"
	run ctst-image inspect -C /nonexistent x
	expect_status 4
	run ctst-image inspect
	expect_status 2
	run ctst-image inspect a b
	expect_status 2
}

ambiguous() {
	make <<-'END'
		layer = base().bytes()
		found = {}
		number = 0
		# Two manifests that begin with the same digit, made the same eight by a second index entry of the same name.
		layout = Layout()
		for number in range(2):
		    layout.name(layout.manifest(config([layer], Cmd=[str(number)]), [layer]), 'twin:1')
		layout.write('.containust/images')
	END
	run ctst-image inspect twin:1
	expect_status 4
	expect_err "error\[I001\].*'twin:1' can be any of 2 images: image://twin:1 \(sha256:[0-9a-f]{12}\), image://twin:1 \(sha256:[0-9a-f]{12}\)"
	expect_err 'hint: '
	run ctst-image rm twin:1
	expect_status 4
	expect_same "$(jq '.manifests | length' .containust/images/index.json)" 2
	run ctst-image rm "$(jq -r '.manifests[0].digest' .containust/images/index.json)"
	expect_status 0
	run ctst-image inspect twin:1
	expect_status 0
	# A prefix that two sources' digests share.
	jq --arg one "sha256:$(printf '12345678%.0s' {1..8})" --arg two "sha256:12345678$(printf '0%.0s' {1..56})" '.manifests = [
		(.manifests[0] | .annotations["io.containust.source.digest"] = $one),
		(.manifests[0] | .digest = $two | .annotations["io.containust.source.digest"] = $two)]' .containust/images/index.json >index
	mv index .containust/images/index.json
	run ctst-image inspect 12345678
	expect_status 4
	expect_err 'any of 2 images'
	run ctst-image inspect 123456781
	expect_status 0
}

# ---- looking ----

inspects() {
	local say
	two_in_the_store
	say=$(manifest_of "tar://$PWD/say.tar")
	ctst-image tag tar://say.tar mine
	run ctst-image inspect tar://say.tar
	expect_status 0
	expect_same "$(out '[.format, .names, .source, .manifest, .platform, .created, .labels, .config] | tojson')" \
		"$(jq -cn --arg uri "tar://$PWD/say.tar" --arg say "$say" --arg arch "$(case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; esac)" '["ctst.image/1", [$uri, "image://mine"], $uri, $say,
			"linux/\($arch)", "2024-02-03T04:05:06Z", {team: "shop"}, {entrypoint: ["/bin/sh", "-c"],
			cmd: ["echo $WORD; ls -d /etc/[gkn]*; test ! -e /d"], env: ["PATH=/bin", "WORD=hello"], ports: ["80/tcp"]}]')"
	expect_same "$(out .digest)" "sha256:$(sha256sum <say.tar | cut -d' ' -f1)"
	# What skopeo sees of the same image.
	if command -v skopeo >/dev/null; then
		ctst-image tag tar://say.tar for-skopeo
		skopeo inspect --no-tags "oci:$PWD/.containust/images:for-skopeo" >skopeo.json
		expect_same "$(jq -c '[.Digest, .Layers]' skopeo.json)" "$(jq -c '[.manifest, [.layers[].digest]]' "$CASE_DIR/out")"
		expect_same "$(skopeo inspect --raw "oci:$PWD/.containust/images:for-skopeo" | jq '[.layers[].size] | add')" "$(out .size)"
	fi
	expect_same "$(out '[.layers[].unpacked] | tojson')" '[true,true]'
	rm -rf ".containust/layers/$(out '.layers[1].diff_id[7:]')"
	run ctst-image inspect -o text tar://say.tar
	expect_status 0
	expect_out '^names +tar://.*/say.tar$'
	expect_out '^ +image://mine$'
	expect_out '^entrypoint +\["/bin/sh","-c"\]$'
	expect_out '^layers +sha256:[0-9a-f]{64} +[0-9.]+ [KM]iB$'
	expect_out '^ +sha256:[0-9a-f]{64} +[0-9]+ B  not unpacked$'
	run ctst-image inspect -o json tar://say.tar
	expect_same "$(out '[.layers[].unpacked] | tojson')" '[true,false]'
	names >"$CASE_DIR/before"
	ctst-image history tar://say.tar >/dev/null
	names | diff "$CASE_DIR/before" - || fail "looking has changed something"
}

histories() {
	two_in_the_store
	run ctst-image history tar://say.tar
	expect_status 0
	expect_same "$(out '[.format, .image] | tojson')" "[\"ctst.image-history/1\",\"tar://$PWD/say.tar\"]"
	expect_same "$(out '[.history[] | [.created_by, .comment, .created, (.layer != null), (.size > 0)]] | tojson')" \
		'[["COPY new",null,null,true,true],["ENV WORD=hello",null,null,false,false],["ADD root\u001b[2J","first","2024-02-03T04:05:06Z",true,true]]'
	run ctst-image inspect -o json tar://say.tar
	expect_same "$(out '[.layers[].size] | tojson')" "$(ctst-image history tar://say.tar | jq -c '[.history[] | select(.layer).size] | reverse')"
	run ctst-image history -o text tar://say.tar
	expect_out '^[0-9a-f]{12} +[0-9.]+ [A-Za-z]+ +[0-9]+d ago +ADD root\?\[2J  # first$'
	# What an image says nothing of.
	run ctst-image history tar://more.tar
	expect_same "$(out '[.history[] | keys] | tojson')" '[["layer","size"],["layer","size"]]'
}

platforms() {
	make <<-'END'
		layer = base().bytes()
		mine = {'x86_64': 'amd64', 'aarch64': 'arm64'}[os.uname().machine]
		layout = Layout()
		parts = [layout.manifest(config([layer], arch, Cmd=[arch]), [layer], platform={'os': 'linux', 'architecture': arch})
		         for arch in (mine, 's390x')]
		layout.name(layout.index(parts), 'both')
		layout.name(layout.manifest(config([layer], 'riscv64', Cmd=['riscv64']), [layer]), 'foreign')
		layout.write('.containust/images')
	END
	run ctst-image inspect both
	expect_same "$(out '.config.cmd[0]')" "$(case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; esac)"
	run ctst-image inspect --platform linux/s390x both
	expect_same "$(out '.config.cmd[0]')" s390x
	run ctst-image inspect --platform linux/mips both
	expect_status 4
	expect_err 'hint: --platform'
	run ctst-image inspect --platform nonsense both
	expect_status 2
	# The only one there is needs no wish.
	run ctst-image inspect foreign
	expect_same "$(out .platform)" linux/riscv64
	run ctst-image inspect --platform linux/s390x foreign
	expect_status 4
	# All of it counts as one image.
	run ctst-image rm foreign
	expect_status 0
	run ctst-image prune
	expect_same "$(out .blobs)" 0
	run ctst-image inspect --platform linux/s390x both
	expect_status 0
	run ctst-image rm both
	expect_status 0
	expect_same "$(blobs | wc -l)" 0
}

# ---- differences ----

# Random images, and what umoci makes of them compared by Python: the same changes.
differences() {
	command -v umoci >/dev/null || skip "umoci is not installed"
	make <<-'END'
		import random
		names = ['a', 'b', 'c', 'a-b', 'a.b']
		def layer(random):
		    made, layer = {}, Layer()
		    for _ in range(random.randrange(1, 14)):
		        path = [random.choice(names) for _ in range(random.randrange(1, 4))]
		        if any('/'.join(path[:depth]) in made and made['/'.join(path[:depth])] != 'd' for depth in range(1, len(path))):
		            continue
		        for depth in range(1, len(path)):
		            if made.setdefault('/'.join(path[:depth]), 'd') == 'd':
		                layer.folder('/'.join(path[:depth]))
		        whole = '/'.join(path)
		        if whole in made or '/'.join(path[:-1] + ['.wh.' + path[-1]]) in made:
		            continue
		        kind = random.choice('fffdlwo')
		        if kind == 'w':
		            layer.file('/'.join(path[:-1] + ['.wh.' + path[-1]]))
		            made[whole] = 'w'
		            continue
		        if kind == 'o':
		            layer.folder(whole).file(whole + '/.wh..wh..opq')
		            made[whole] = 'd'
		            continue
		        made[whole] = kind
		        if kind == 'f':
		            layer.file(whole, random.choice(['one', 'two', 'three!']), random.choice([0o644, 0o755]))
		        elif kind == 'd':
		            layer.folder(whole, random.choice([0o755, 0o700]))
		        else:
		            layer.link(whole, random.choice(['x', 'y/z']))
		    return layer.bytes()
		chance = random.Random(20261124)
		layout = Layout()
		for number in range(24):
		    shared = [layer(chance) for _ in range(2)]
		    for side in 'ab':
		        layers = shared[:chance.randrange(1, 3)] + [layer(chance) for _ in range(chance.randrange(0, 4))]
		        layout.name(layout.manifest(config(layers), layers), f'{side}{number}')
		layout.write('.containust/images')
	END
	cat >compare.py <<-'END'
		import os, stat, sys
		def tree(root):
		    found = {}
		    for place, folders, files in os.walk(root):
		        for name in folders + files:
		            full = os.path.join(place, name)
		            status = os.lstat(full)
		            kind = stat.S_IFMT(status.st_mode)
		            content = os.readlink(full) if stat.S_ISLNK(kind) else open(full, 'rb').read() if stat.S_ISREG(kind) else b''
		            found['/' + os.path.relpath(full, root)] = (kind, None if stat.S_ISLNK(kind) else status.st_mode, content)
		    return found
		before, after = tree(sys.argv[1]), tree(sys.argv[2])
		for path in sorted(before.keys() | after.keys(), key=lambda path: path.split('/')):
		    if before.get(path) != after.get(path):
		        print('+' if path not in before else '-' if path not in after else '~', path)
	END
	local number changes=0
	for number in {0..23}; do
		umoci unpack --rootless --image ".containust/images:a$number" a >/dev/null 2>&1
		umoci unpack --rootless --image ".containust/images:b$number" b >/dev/null 2>&1
		python3 compare.py a/rootfs b/rootfs >expected
		run ctst-image diff -o text "a$number" "b$number"
		expect_status 0
		sed 's/  (.*//' "$CASE_DIR/out" >actual
		diff expected actual || fail "the difference of a$number and b$number is another one"
		changes=$((changes + $(wc -l <expected)))
		rm -rf a b
	done
	[ "$changes" -gt 100 ] || fail "only $changes changes were compared"
}

difference_of_layers() {
	two_in_the_store
	run ctst-image diff -o text tar://say.tar
	expect_status 0
	expect_same "$(cat "$CASE_DIR/out")" "- /d
- /d/a
- /etc/gone
+ /etc/new"
	run ctst-image diff tar://say.tar tar://more.tar
	expect_status 0
	expect_same "$(out '[.format, [.changes[] | "\(.change) \(.type) \(.path) \(.size // "")"]] | tojson')" \
		'["ctst.image-diff/1",["added directory /d ","added file /d/a 0","added file /etc/gone 1","removed file /etc/new 3","added file /more 0"]]'
	run ctst-image diff tar://say.tar tar://say.tar
	expect_same "$(out '.changes | tojson')" '[]'
	run ctst-image diff tar://say.tar nobody
	expect_status 4
	run ctst-image diff
	expect_status 2
	# Layers that are not unpacked are unpacked.
	rm -rf .containust/layers
	run ctst-image diff -o text tar://say.tar tar://more.tar
	expect_status 0
	expect_lines out 5
	expect_same "$(layers | wc -l)" 3
	# Where both have the same layers nothing is looked at: here it could not be.
	python3 -c 'import os, sys
os.chdir(sys.argv[1])
for _ in range(300):
    os.mkdir("d")
    os.chdir("d")' "$(dirname "$(find .containust/layers -name busybox)")"
	run ctst-image diff -o text tar://say.tar tar://more.tar
	expect_status 0
	expect_lines out 5
}

what_differs() {
	make <<-'END'
		def image(name, *more):
		    layer = Layer()
		    for path, kind, data, mode in more:
		        layer.folder(path, mode) if kind == 'd' else layer.link(path, data) if kind == 'l' else layer.file(path, data, mode)
		    layers = [Layer().folder('x').bytes(), layer.bytes()]
		    return layout.name(layout.manifest(config(layers), layers), name)
		layout = Layout()
		image('a', ('content', 'f', 'one', 0o644), ('dir', 'd', '', 0o755), ('evil\n\033[2J', 'f', '', 0o644), ('link', 'l', 'x', 0), ('mode', 'f', 'm', 0o644),
		      ('size', 'f', 'm', 0o644), ('type', 'f', '', 0o644), ('same', 'f', 'same', 0o600))
		image('b', ('content', 'f', 'two', 0o644), ('dir', 'd', '', 0o700), ('link', 'l', 'y', 0), ('mode', 'f', 'm', 0o600),
		      ('size', 'f', 'mm', 0o600), ('type', 'd', '', 0o755), ('type/in', 'f', '', 0o644), ('same', 'f', 'same', 0o600))
		layout.write('.containust/images')
	END
	run ctst-image diff -o text a b
	expect_same "$(cat "$CASE_DIR/out")" '~ /content  (content)
~ /dir  (mode)
- /evil??[2J
~ /link  (target)
~ /mode  (mode)
~ /size  (mode, content)
~ /type  (type)
+ /type/in'
	run ctst-image diff a b
	expect_same "$(out '[.changes[] | select(.differences) | .differences] | tojson')" \
		'[["content"],["mode"],["target"],["mode"],["mode","content"],["type"]]'
	# A full disk is no success.
	run sh -c 'ctst-image diff a b >/dev/full'
	expect_status 1
}

# ---- names ----

tags() {
	two_in_the_store
	run ctst-image tag tar://say.tar team/say:1
	expect_status 0
	expect_lines out 0
	expect_same "$(says image://team/say:1)" "$said"
	run ctst-image ls
	expect_same "$(out '[.images[].uri] | tojson')" "[\"tar://$PWD/say.tar\",\"tar://$PWD/more.tar\",\"image://team/say:1\"]"
	# A name moves; ":latest" is none.
	ctst-image tag tar://say.tar moved
	ctst-image tag image://team/say:1 image://moved:latest
	ctst-image tag tar://more.tar moved
	expect_same "$(jq '[.manifests[].annotations["org.opencontainers.image.ref.name"] | select(startswith("moved"))] | length' .containust/images/index.json)" 1
	called moved "$(manifest_of "tar://$PWD/more.tar")"
	# What changes at the source leaves the tag alone.
	cp more.tar say.tar
	build "tar://$PWD/say.tar"
	expect_same "$(says image://team/say:1)" "$said"
	local name
	for name in '' / a/ /a 'a b' 'a//b' a..b a- 'tar:///x' sha256:abc "x@sha256:$(printf '0%.0s' {1..64})" $'a\nb' 'ä' "$(printf 'a%.0s' {1..256})"; do
		run ctst-image tag tar://more.tar "$name"
		expect_status 1
		expect_err 'error\[E007\]'
	done
	for name in a A a/b:1.2 a--b a_b r.io:5000/x/y:z@1 "$(printf 'a%.0s' {1..255})"; do
		run ctst-image tag tar://more.tar "$name"
		expect_status 0
	done
	run ctst-image tag nobody x
	expect_status 4
	run ctst-image tag tar://more.tar
	expect_status 2
	# What an import is called stays.
	build preset://busybox
	run ctst-image tag tar://more.tar preset/busybox
	expect_status 1
	expect_err "'preset/busybox' is the name of what was imported from 'preset://busybox'"
	run ctst-image verify
	expect_status 0
}

# What others have put into the index stays in it.
keeps_the_index() {
	two_in_the_store
	jq '.annotations = {"org.example.note": "kept"} | .manifests[0].annotations["org.example.own"] = "mine" | .manifests[0].artifactType = "x/y"' \
		.containust/images/index.json >index
	mv index .containust/images/index.json
	ctst-image tag tar://say.tar other
	ctst-image rm tar://more.tar >/dev/null
	build preset://busybox
	expect_same "$(jq -c '[.annotations["org.example.note"], (.manifests[] | [.artifactType, .annotations["org.example.own"], .annotations["io.containust.source"]])]' \
		.containust/images/index.json)" "[\"kept\",[\"x/y\",\"mine\",\"tar://$PWD/say.tar\"],[\"x/y\",\"mine\",null],[null,null,\"preset://busybox\"]]"
}

at_once() {
	local i pids=() pid
	two_in_the_store
	for i in {1..20}; do
		ctst-image tag tar://say.tar "name:$i" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || fail "a tag has failed"; done
	expect_same "$(jq '.manifests | length' .containust/images/index.json)" 22
	pids=()
	for i in {1..20}; do
		ctst-image rm "name:$i" >/dev/null &
		pids+=($!)
	done
	build preset://busybox
	expect_status 0
	for pid in "${pids[@]}"; do wait "$pid" || fail "a removal has failed"; done
	expect_same "$(jq '.manifests | length' .containust/images/index.json)" 3
	run ctst-image verify
	expect_status 0
}

# ---- removing ----

removes() {
	two_in_the_store
	ctst-image tag tar://say.tar one
	ctst-image tag tar://say.tar two
	names >"$CASE_DIR/before"
	run ctst-image rm -o text image://one
	expect_status 0
	expect_out '^removed image://one$'
	expect_out '^0 blobs and 0 layers removed, 0 B freed$'
	names | diff "$CASE_DIR/before" - || fail "content went with a name that was not the last"
	# With its source goes what is known of it, with the last name the content that nobody shares.
	run ctst-image rm tar://say.tar
	expect_status 0
	expect_same "$(ls .containust/images/sources | wc -l)" 1
	expect_same "$(layers | wc -l)" 3
	run ctst-image rm two
	expect_status 0
	expect_same "$(out '[.format, .dry_run, .names, .blobs, .layers, .bytes > 0] | tojson')" \
		'["ctst.image-removal/1",false,["image://two"],4,1,true]'
	expect_same "$(blobs | wc -l)" 4
	expect_same "$(layers | wc -l)" 2
	run ctst-image verify
	expect_status 0
	expect_out '^1 images, 4 blobs, 2 layers checked'
	expect_same "$(says tar://./say.tar)" "$said"
	# By its digest an image goes with all of its names; several words, all or none.
	ctst-image tag tar://say.tar one
	run ctst-image rm tar://more.tar nobody
	expect_status 4
	expect_same "$(jq '.manifests | length' .containust/images/index.json)" 3
	run ctst-image rm tar://more.tar "$(sha256sum <say.tar | head -c 12)"
	expect_status 0
	expect_same "$(out '.names | length')" 3
	expect_same "$(blobs | wc -l) $(layers | wc -l) $(ls .containust/images/sources | wc -l)" "0 0 0"
	run ctst-image rm
	expect_status 2
	run ctst-image rm x
	expect_status 4
	[ -z "$(find .containust -name '.*' ! -name .containust)" ] || fail "left: $(find .containust -name '.*')"
}

refuses_what_is_used() {
	two_in_the_store
	ctst-image tag tar://say.tar named
	cat >s.ctst <<-'END'
		COMPONENT web { image = "tar://./say.tar" entrypoint = ["/bin/sh", "-c", "echo ready; sleep 1000"] }
	END
	run ctst run -d s.ctst
	expect_status 0
	# The last name counts, not the one it was started by.
	run ctst-image rm tar://say.tar
	expect_status 0
	names >"$CASE_DIR/before"
	run ctst-image rm named
	expect_status 1
	expect_err "error\[I007\]: image 'image://named' is used by the container 'web'"
	expect_err 'hint: remove the container first: `ctst rm web`'
	run ctst images --remove "$(jq -r '.manifests[-1].digest' .containust/images/index.json)"
	expect_status 1
	names | diff "$CASE_DIR/before" - || fail "something has changed"
	# Another image of the same base is not in use.
	run ctst-image rm tar://more.tar
	expect_status 0
	run ctst exec web /bin/cat /etc/new
	expect_same "$(cat "$CASE_DIR/out")" new
	ctst stop --force web
	run ctst-image rm named
	expect_status 1
	ctst rm web
	run ctst-image rm named
	expect_status 0
	expect_same "$(layers | wc -l)" 0
}

# An image that was imported anew leaves the layers of the old one to the containers that are made of them.
prune_spares_containers() {
	mkdir -p root/bin
	cp "$BUSYBOX" root/bin/sh
	echo old >root/word
	echo 'COMPONENT web { image = "file://./root" command = ["/bin/sh", "-c", "echo ready; while :; do sleep 1; done"] }' >s.ctst
	run ctst run -d s.ctst
	expect_status 0
	echo new >root/word
	ctst build s.ctst >/dev/null
	expect_same "$(layers | wc -l)" 2
	names >"$CASE_DIR/before"
	run ctst-image prune --dry-run
	expect_status 0
	expect_same "$(out '[.dry_run, .blobs, .layers] | tojson')" '[true,3,0]'
	names | diff "$CASE_DIR/before" - || fail "a dry run has changed something"
	run ctst-image prune
	expect_status 0
	expect_same "$(out '[.dry_run, .blobs, .layers] | tojson')" '[false,3,0]'
	run ctst exec web /bin/sh -c 'cat /word'
	expect_same "$(cat "$CASE_DIR/out")" old
	# With it goes its layer.
	ctst stop --force web
	ctst rm web
	names >"$CASE_DIR/before"
	run ctst-image prune --dry-run -o text
	expect_out '^0 blobs and 1 layers would be removed, [0-9.]+ [KM]iB would be freed$'
	names | diff "$CASE_DIR/before" - || fail "a dry run has changed something"
	run ctst images --prune -o text
	expect_status 0
	expect_out '^0 blobs and 1 layers removed, [0-9.]+ [KM]iB freed$'
	expect_same "$(cat .containust/layers/*/word)" new
	run ctst-image verify
	expect_status 0
	run ctst-image prune
	expect_same "$(out '[.blobs, .layers, .bytes] | tojson')" '[0,0,0]'
}

prune_of_nothing() {
	run ctst-image prune
	expect_status 0
	expect_same "$(out '[.blobs, .layers, .bytes] | tojson')" '[0,0,0]'
	[ ! -e .containust ] || fail "something was created"
	run ctst-image prune x
	expect_status 2
	run ctst-image rm x
	expect_status 4
	run ctst-image ls --prune --presets
	expect_status 2
}

# What a damaged document names is not known, so nothing is guessed.
prune_of_a_damaged_store() {
	two_in_the_store
	local say
	say=$(manifest_of "tar://$PWD/say.tar")
	cp ".containust/images/blobs/sha256/${say#sha256:}" manifest
	echo '{' >".containust/images/blobs/sha256/${say#sha256:}"
	names >"$CASE_DIR/before"
	run ctst-image prune
	expect_status 1
	expect_err "error\[I002\]: image 'tar://.*say.tar'"
	names | diff "$CASE_DIR/before" - || fail "something has gone"
	run ctst-image rm tar://more.tar
	expect_status 0
	expect_err 'warning: .*content stays'
	expect_same "$(layers | wc -l)" 3
	run ctst-image rm tar://say.tar
	expect_status 0
	run ctst-image prune
	expect_status 0
	expect_same "$(blobs | wc -l) $(layers | wc -l)" "0 0"
	# A FIFO where a document should be stops nobody.
	build "tar://$PWD/say.tar"
	rm ".containust/images/blobs/sha256/${say#sha256:}"
	mkfifo ".containust/images/blobs/sha256/${say#sha256:}"
	run timeout 20 ctst-image prune
	expect_status 1
	run timeout 20 ctst-image inspect tar://say.tar
	expect_status 1
}

# Artifacts beside images (signatures, attestations) belong to what names them.
artifacts_stay() {
	make <<-'END'
		layer = base().bytes()
		layout = Layout()
		image = layout.manifest(config([layer]), [layer])
		layout.name(image, 'image')
		text = {'schemaVersion': 2, 'mediaType': MANIFEST, 'artifactType': 'x/signature', 'config': layout.blob(b'{}', 'application/vnd.oci.empty.v1+json'),
		        'layers': [layout.blob(b'signed', 'text/plain')], 'subject': image}
		layout.name(layout.blob(json.dumps(text).encode(), MANIFEST), 'signature')
		layout.write('.containust/images')
		open('.containust/images/blobs/sha256/' + 64 * '0', 'w').write('orphan')
		open('.containust/images/blobs/sha256/README', 'w').write('not a blob')
	END
	run ctst-image prune
	expect_status 0
	expect_same "$(out .blobs)" 1
	expect_same "$(blobs | wc -l)" 7
	# The image is the signature's subject, so only its name goes.
	run ctst-image rm image
	expect_same "$(out .blobs)" 0
	run ctst-image rm signature
	expect_same "$(out .blobs)" 6
	expect_same "$(blobs)" README
}

# ---- ended in the middle ----

# killed_while_removing record|unlink|rmdir IMAGES: rm that ends when it is about to remove a record of a source, a blob, a
# directory of a tree; so many images are named then.
killed_while_removing() {
	two_in_the_store
	[ "$1" = record ] || rm -r .containust/images/sources
	set -- "${1/record/unlink}" "$2"
	run python3 "$SOURCE_ROOT/tests/blackbox/deny.py" "$1" ctst-image rm tar://say.tar
	[ "$status" -gt 128 ] || { tap_show_last; fail "it was not killed"; }
	[ "$1" != rmdir ] || compgen -G '.containust/layers/.staging-*' >/dev/null || fail "a tree was being removed under its own name"
	# Nothing that is named is damaged, and no layer is half there.
	expect_same "$(jq '.manifests | length' .containust/images/index.json)" "$2"
	run ctst-image verify
	expect_status 0
	expect_same "$(says tar://./say.tar)" "$said"
	run ctst-image rm tar://say.tar tar://more.tar
	expect_status 0
	run ctst-image prune
	expect_status 0
	expect_same "$(find .containust/images/blobs/sha256 .containust/layers .containust/images/sources -mindepth 1)" ""
}

killed_while_pruning() {
	two_in_the_store
	rm .containust/images/index.json
	run python3 "$SOURCE_ROOT/tests/blackbox/deny.py" rmdir ctst-image prune
	[ "$status" -gt 128 ] || { tap_show_last; fail "it was not killed"; }
	compgen -G '.containust/layers/.staging-*' >/dev/null || fail "no tree was being removed"
	expect_same "$(says tar://./say.tar)" "$said"
	run ctst-image verify
	expect_status 0
	[ -z "$(find .containust -name '.*' ! -name .containust)" ] || fail "left: $(find .containust -name '.*')"
}

# What an import has found in the store must still be there when it ends.
beside_an_import() {
	local pid
	two_in_the_store
	mkdir -p tree/aa
	truncate -s 400M tree/zeros
	"$CTST_LIBEXEC/ctst-image-import" --images "$PWD/.containust/images" --layers "$PWD/.containust/layers" "file://$PWD/tree" 2>/dev/null &
	pid=$!
	until compgen -G '.containust/layers/.staging-*-tree/aa' >/dev/null; do
		kill -0 "$pid" || fail "the import has ended too early"
	done
	kill -STOP "$pid"
	run ctst-image prune
	expect_status 1
	expect_err 'error\[S002\].*import'
	run ctst-image rm tar://say.tar
	expect_status 0
	expect_err 'warning: an import is going on'
	expect_same "$(layers | wc -l)" 3
	kill -KILL "$pid"
	wait "$pid" || true
	run ctst-image prune
	expect_status 0
	expect_same "$(layers | wc -l)" 2
}

# Building and removing the same image again and again: every build succeeds or says that it is not there, and the store stays whole.
build_against_remove() {
	local i pid
	two_images
	(for i in {1..15}; do ctst-image rm tar://say.tar >/dev/null 2>&1 || true; ctst-image prune >/dev/null 2>&1 || true; done) &
	pid=$!
	for i in {1..15}; do
		build "tar://$PWD/say.tar" "tar://$PWD/more.tar"
		# What was removed between its import and the look at it.
		[ "$status" -eq 0 ] || expect_err 'error\[I00[13]\].*(not unpacked|cannot read blob|left no record|cannot find)'
	done
	wait "$pid"
	build "tar://$PWD/say.tar" "tar://$PWD/more.tar"
	expect_status 0
	expect_same "$(says tar://./say.tar)" "$said"
	run ctst-image verify
	expect_status 0
}

# ---- a store that projects share ----

shared_store() {
	export CONTAINUST_IMAGE_STORE=$CASE_DIR/store
	two_images
	mkdir one two
	echo "COMPONENT web { image = \"tar://$PWD/say.tar\" entrypoint = [\"/bin/sh\", \"-c\", \"echo ready; sleep 1000\"] }" >one/s.ctst
	echo "COMPONENT job { image = \"tar://$PWD/more.tar\" }" >two/s.ctst
	(cd one && run ctst run -d s.ctst && expect_status 0)
	(cd two && run ctst build s.ctst && expect_status 0)
	local project
	project=$PWD/one
	cd two
	run ctst-image rm "tar://${PWD%/two}/say.tar"
	expect_status 1
	expect_err "error\[I007\]: .* is used by the container 'web of $project'"
	expect_err 'hint: .*in its project'
	# The name can go, by hand; the layers cannot.
	jq 'del(.manifests[0])' "$CONTAINUST_IMAGE_STORE/index.json" >index
	mv index "$CONTAINUST_IMAGE_STORE/index.json"
	run ctst-image prune
	expect_status 0
	expect_same "$(out .layers)" 0
	(cd ../one && run ctst exec web /bin/cat /etc/new && expect_same "$(cat "$CASE_DIR/out")" new)
	(cd ../one && ctst stop --force && ctst rm web) >/dev/null
	run ctst-image prune
	expect_same "$(out .layers)" 1
	# Projects that are gone are forgotten.
	expect_same "$(ls "$CONTAINUST_IMAGE_STORE/projects" | wc -l)" 2
	rm -rf ../one
	run ctst-image prune
	expect_same "$(ls "$CONTAINUST_IMAGE_STORE/projects" | wc -l)" 1
	# A project that cannot be looked into may use anything.
	[ "$(id -u)" -eq 0 ] || return 0
	mkdir -p "$CASE_DIR/closed/.containust/containers"
	chmod 700 "$CASE_DIR/closed/.containust"
	ln -s "$CASE_DIR/closed" "$CONTAINUST_IMAGE_STORE/projects/closed"
	chmod 0755 "$CASE_DIR" "$CASE_DIR/.."
	cd ..
	chown -R 65534:65534 two "$CONTAINUST_IMAGE_STORE"
	cd two
	run setpriv --reuid 65534 --regid 65534 --clear-groups ctst-image prune
	expect_status 3
	expect_err 'error\[S003\].*closed'
}

# ---- giving away ----

exports() {
	command -v skopeo >/dev/null || skip "skopeo is not installed"
	local format
	two_in_the_store
	ctst-image tag tar://say.tar team/say:1
	for format in oci docker; do
		run ctst-image export --format "$format" -o "$format.tar" team/say:1
		expect_status 0
		expect_same "$(cat "$CASE_DIR/out")" "tar://$PWD/$format.tar@sha256:$(sha256sum <"$format.tar" | cut -d' ' -f1)"
		# The same bytes, whatever the name it was found by and wherever they go.
		ctst-image export --format "$format" "$(manifest_of "tar://$PWD/say.tar")" --name team/say:1 | cmp - "$format.tar"
		ctst-image export --format "$format" -o - team/say:1 | cmp - "$format.tar"
		expect_same "$(says "tar://./$format.tar")" "$said"
		expect_same "$(says "tar://./$format.tar#team/say:1")" "$said"
	done
	skopeo copy -q "oci-archive:$PWD/oci.tar:team/say:1" "oci:$PWD/a:x"
	skopeo copy -q "docker-archive:$PWD/docker.tar:team/say:1" "oci:$PWD/b:x"
	expect_same "$(says "file://./a")" "$said"
	expect_same "$(says "file://./b")" "$said"
	# The layers are those of the store: nothing was unpacked twice.
	expect_same "$(layers | wc -l)" 3
	# The manifest as it was.
	expect_same "$(jq -r '.manifests[0].digest' a/index.json)" "$(manifest_of "tar://$PWD/say.tar")"
	if command -v umoci >/dev/null; then
		umoci unpack --rootless --image a:x bundle >/dev/null 2>&1
		expect_same "$(cat bundle/rootfs/etc/new)" new
	fi
	# Out of the store, through skopeo, back into another one.
	mkdir -p other/.containust/images
	cd other
	skopeo copy -q "docker-archive:../docker.tar" "oci:$PWD/.containust/images:back:1"
	expect_same "$(says image://back:1)" "$said"
}

# A layer that comes twice is there once; names that docker does not have.
export_oddities() {
	make <<-'END'
		lower, upper = base().bytes(), Layer().file('x').bytes()
		layers = [lower, upper, lower, upper]
		layout = Layout()
		layout.name(layout.manifest(config(layers, Cmd=['/bin/echo', 'twice'], Env=['PATH=/bin']), layers, 'zstd'), 'Team/Twice')
		layout.write('.containust/images')
	END
	run ctst-image export Team/Twice --format docker -o a.tar
	expect_status 0
	expect_err "warning: 'Team/Twice' cannot be a name in docker's archives"
	expect_same "$(tar tf a.tar | sed 's/^[0-9a-f]\{64\}//' | sort | uniq -c | xargs)" "1 .json 2 .tar 1 manifest.json"
	expect_same "$(tar xOf a.tar manifest.json | jq -c '[.[0].RepoTags, (.[0].Layers | length)]')" '[null,4]'
	expect_same "$(says tar://./a.tar)" twice
	ctst-image export Team/Twice --format docker --name team/twice -o a.tar
	expect_same "$(tar xOf a.tar manifest.json | jq -c '.[0].RepoTags')" '["team/twice:latest"]'
	ctst-image export Team/Twice -o b.tar
	expect_same "$(says tar://./b.tar)" twice
	expect_same "$(says 'tar://./b.tar#Team/Twice')" twice
	if command -v skopeo >/dev/null; then
		skopeo copy -q "docker-archive:$PWD/a.tar" "dir:$PWD/plain"
		expect_same "$(jq '.layers | length' plain/manifest.json)" 4
	fi
}

export_refusals() {
	two_in_the_store
	local blob
	run ctst-image export tar://say.tar --format tgz
	expect_status 2
	run ctst-image export nobody -o x.tar
	expect_status 4
	run ctst-image export tar://say.tar -o /nonexistent/x.tar
	expect_status 4
	run ctst-image export tar://say.tar --name 'a b' -o x.tar
	expect_status 1
	mkfifo pipe
	run timeout 20 ctst-image export tar://say.tar -o pipe
	expect_status 1
	expect_err "'pipe' exists and is not a regular file"
	run sh -c 'ctst-image export tar://say.tar >/dev/full'
	expect_status 1
	# A terminal gets no archive.
	run script -qec 'ctst-image export tar://say.tar' /dev/null
	expect_status 2
	# What is damaged is not exported, and what was there before stays.
	echo before >x.tar
	blob=.containust/images/blobs/sha256/$(jq -r '.layers[1].digest[7:]' ".containust/images/blobs/sha256/$(manifest_of "tar://$PWD/more.tar" | cut -c8-)")
	printf X | dd of="$blob" bs=1 seek=600 conv=notrunc 2>/dev/null
	for format in oci docker; do
		run ctst-image export tar://more.tar --format "$format" -o x.tar
		expect_status 1
		expect_err 'error\[I002\]: image .*blob sha256:[0-9a-f]{64} has the content of'
		expect_same "$(cat x.tar)" before
	done
	rm "$blob"
	run ctst-image export tar://more.tar -o x.tar
	expect_status 4
	expect_err 'error\[I001\]'
	# The right bytes under the right name with another content than the config says.
	make <<-'END'
		layer, wrong = base().bytes(), Layer().file('wrong').bytes()
		layout = Layout()
		layout.name(layout.manifest(config([layer]), [wrong], 'gzip'), 'wrong')
		layout.write('.containust/images')
	END
	run ctst-image export wrong --format docker -o x.tar
	expect_status 1
	expect_err 'error\[I002\]: .*content of layer'
	expect_same "$(cat x.tar)" before
	expect_same "$(find . -maxdepth 1 -name '.*' ! -name .containust ! -name .)" ""
}

# ---- presets ----

presets() {
	export XDG_CONFIG_HOME=$PWD/config
	mkdir -p config/containust
	jq -n '{format: "ctst.presets/1", presets: [
		{name: "mine", version: "2", source: "mine.tar", sha256: ("0" * 64)},
		{name: "busybox", version: "0", source: "/x\u001b.tar", sha256: ("1" * 64)},
		{name: "mine", version: "2", source: "later.tar", sha256: ("2" * 64)},
		{name: "foreign", arch: "z80", source: "z.tar", sha256: ("3" * 64)}]}' >config/containust/presets.json
	run ctst images --presets
	expect_status 0
	expect_same "$(out '[.format, (.presets[] | [.name, .version])] | tojson')" \
		"[\"ctst.presets/1\",[\"mine\",\"2\"],[\"busybox\",\"0\"],[\"busybox\",\"$(out '.presets[-1].version')\"]]"
	expect_same "$(out '.presets[0].source')" "$PWD/config/containust/mine.tar"
	run ctst images --presets -o text
	expect_out '^PRESET +VERSION +DIGEST +SOURCE$'
	expect_out '^busybox +0 +1{12}  /x\?\.tar$'
	expect_lines out 4
	echo '{' >config/containust/presets.json
	run ctst images --presets
	expect_status 4
	expect_err 'error\[I001\].*presets.json'
	[ ! -e .containust ] || fail "something was created"
}

tap_case "an image's URI, names, digest and the beginning of that all lead to it" names_of_an_image
tap_case "what could be several images is refused, and they are listed" ambiguous
tap_case "inspect: names, settings, layers, as skopeo sees them" inspects
tap_case "history: the steps of an image with their sizes" histories
tap_case "one of several platforms" platforms
tap_case "diff of random images is that of what umoci unpacks" differences
tap_case "diff of two images, and of an image and its lowest layer" difference_of_layers
tap_case "diff says what differs" what_differs
tap_case "tag gives names and moves them" tags
tap_case "what others have put into the index stays" keeps_the_index
tap_case "twenty at once, and an import" at_once
tap_case "rm removes names, and content with the last one" removes
tap_case "rm refuses an image that a container uses" refuses_what_is_used
tap_case "prune spares the layers of containers" prune_spares_containers
tap_case "prune of nothing, wrong use" prune_of_nothing
tap_case "prune does not guess what a damaged image needs" prune_of_a_damaged_store
tap_case "signatures and the like stay with what they belong to" artifacts_stay
tap_case "rm killed before the name has gone" killed_while_removing record 2
tap_case "rm killed when the name has gone" killed_while_removing unlink 1
tap_case "rm killed in the middle of a tree" killed_while_removing rmdir 1
tap_case "prune killed in the middle of a tree" killed_while_pruning
tap_case "rm and prune beside an import" beside_an_import
tap_case "builds against removals" build_against_remove
tap_case "projects that share a store" shared_store
tap_case "export: the same image after skopeo, umoci and an import" exports
tap_case "export: layers that come twice, names that docker has not" export_oddities
tap_case "export: damage, bad places, terminals" export_refusals
tap_case "images --presets" presets
tap_done
