#!/usr/bin/env bash
# ctst image slim, and distroless images in a composition: what is taken, what is told, and that it runs.
. "$(dirname "$0")/lib.sh"

# ---- helpers ----

# report BINARY… [OPTION…]: the JSON report, nothing stored.
report() {
	run ctst image slim "$@" --report json
	expect_status 0
}

# The report's answer to a jq expression.
told() {
	jq -r "$1" "$CASE_DIR/out"
}

# has PATH…: whether the report lists them all.
has() {
	local path

	for path; do
		jq -e --arg path "$path" 'any(.files[]; .path == $path)' "$CASE_DIR/out" >/dev/null || fail "not taken: $path"
	done
}

# run_in IMAGE COMMAND JSON: one component that ends by itself; its output is in out.
run_in() {
	printf 'COMPONENT one { image = "%s" command = %s }\n' "$1" "$2" >one.ctst
	run ctst run one.ctst
}

# The layer of an image in the store by its URI.
layer_of() {
	local manifest config

	manifest=$(jq -r --arg uri "$1" '.manifests[] | select(.annotations["io.containust.source"] == $uri) | .digest' \
		.containust/images/index.json)
	config=$(jq -r .config.digest ".containust/images/blobs/sha256/${manifest#sha256:}")
	echo ".containust/layers/$(jq -r '.rootfs.diff_ids[0]' ".containust/images/blobs/sha256/${config#sha256:}" | cut -d: -f2)"
}

# make_root DIR BINARY…: a root file system with these and what they need.
make_root() {
	local directory=$1

	shift
	ctst image slim "$@" -o for-a-root >/dev/null 2>&1
	cp -a "$(layer_of image://for-a-root)" "$directory"
}

need_tool() {
	local tool

	for tool; do
		[ -x "$tool" ] || skip "this host has no $tool"
	done
}

leaves_nothing() {
	[ -z "$(find .containust -name '.staging-*' 2>/dev/null)" ] || fail "left: $(find .containust -name '.staging-*')"
}

# ---- from this machine ----

runs_a_dynamic_program() {
	run ctst image slim /bin/bash -o shell
	expect_status 0
	expect_out '^image://shell@sha256:[0-9a-f]{64}$'
	local reference=$(cat "$CASE_DIR/out")
	leaves_nothing
	expect_same "$(stat -c '%Y %a' "$(layer_of image://shell)$(readlink -f /bin/bash)")" "$(stat -L -c '%Y %a' /bin/bash)"
	run_in image://shell '["-c", "echo $((6 * 7)); type -p ls || echo no ls; [ -e /etc/shadow ] || echo no shadow"]'
	expect_status 0
	expect_out '42'
	expect_out 'no ls'
	expect_out 'no shadow'
	# The same files give the same image, whenever and wherever.
	rm -rf .containust
	run ctst image slim /bin/bash -o shell
	expect_same "$(cat "$CASE_DIR/out")" "$reference"
	run_in "$reference" '["-c", "true"]'
	expect_status 0
}

tells_why() {
	report /bin/bash
	expect_same "$(told .format)" ctst.slim/1
	expect_same "$(told .image)" null
	expect_same "$(told '.files | map(select(.why == "")) | length')" 0
	expect_same "$(told '.size')" "$(told '[.files[].size // 0] | add')"
	expect_same "$(told '[.files[] | select(.why | startswith("the program of")) | .path | select(endswith("/bash"))] | length')" 1
	[ "$(told '[.files[] | select(.path | endswith("/libc.so.6"))] | length')" -ge 1 ] || fail "no C library"
	[ ! -e .containust ] || fail "a report wrote something"
	run ctst image slim /bin/bash --report text
	expect_status 0
	expect_out '^ +SIZE +FILE$'
	expect_out ' -> .*\(the loader of .*/bash\)$|ld-.*\(the loader of .*/bash\)$'
	expect_out 'files and links, [0-9.]+ MiB$'
}

no_user_of_this_machine() {
	need_tool /usr/bin/getent
	ctst image slim /usr/bin/getent -o names 2>/dev/null >/dev/null
	run_in image://names '["passwd", "0", "65534"]'
	expect_status 0
	expect_out 'root:x:0:0:root:/root:/sbin/nologin'
	expect_out 'nobody:x:65534'
	run_in image://names '["hosts", "localhost"]'
	expect_status 0
	expect_out 'localhost'
	expect_same "$(wc -l <"$(layer_of image://names)/etc/passwd")" 2
}

brings_certificates() {
	need_tool /usr/bin/openssl
	report /usr/bin/openssl
	[ ! -e /etc/ssl/openssl.cnf ] || has /etc/ssl/openssl.cnf
	[ ! -e /etc/ssl/certs/ca-certificates.crt ] || has /etc/ssl/certs/ca-certificates.crt
	expect_same "$(told '[.files[] | select(.path | startswith("/etc/ssl/private"))] | length')" 0
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost 2>/dev/null
	chmod 644 key.pem
	ctst image slim /usr/bin/openssl -o tls >/dev/null 2>&1
	cat >tls.ctst <<-'END'
		COMPONENT tls {
		  image = "image://tls"
		  command = ["s_server", "-accept", "127.0.0.1:4433", "-cert", "/k/cert.pem", "-key", "/k/key.pem", "-www"]
		  volumes = ["./cert.pem:/k/cert.pem:ro", "./key.pem:/k/key.pem:ro"]
		}
	END
	ctst run -d tls.ctst
	connects() {
		ctst exec tls openssl s_client -connect 127.0.0.1:4433 -servername localhost -verify_return_error \
			-CAfile /k/cert.pem </dev/null
	}
	await connects
	run connects
	expect_out 'Verify return code: 0'
}

# What `image slim` makes of a program below /tmp nobody can run, so scripts are put into roots.
interpreter_with_its_library() {
	local version

	need_tool /usr/bin/python3
	version=$(basename "$(readlink -f /usr/bin/python3)")
	[ -d "/usr/lib/$version" ] || skip "python3 is not where Debian has it"
	report /usr/bin/python3
	expect_same "$(told '[.notes[] | select(.kind == "interpreter") | .include | select(startswith("/usr/lib/python3."))] | length')" 1
	make_root root /usr/bin/python3 /usr/bin/env --include "/usr/lib/$version/lib-dynload"
	tar -C /usr/lib --exclude=__pycache__ --exclude='config-3*' --exclude=test --exclude=idlelib --exclude=lib2to3 \
		-cf - "$version" | tar -C root/usr/lib -xf -
	mkdir root/opt
	cat >root/opt/app.py <<-'END'
		#!/usr/bin/env python3
		import ctypes, json, sys
		print(json.dumps({"argv": sys.argv[1:], "path": sys.argv[0]}))
	END
	chmod 755 root/opt/app.py
	run ctst image slim /opt/app.py --root root --runtimes -o app
	expect_status 0
	run_in image://app '["one"]'
	expect_status 0
	expect_out '"argv": \["one"\], "path": "/opt/app.py"'
}

shell_script_with_what_it_calls() {
	make_root root /bin/bash /usr/bin/env /bin/uname /usr/bin/tr /bin/cat /bin/sleep
	mkdir root/opt
	cat >root/opt/start.sh <<-'END'
		#!/usr/bin/env bash
		# sleep is not run
		set -e
		uname -s | tr a-z A-Z
		exec cat /etc/passwd
	END
	chmod 755 root/opt/start.sh
	report /opt/start.sh --root root
	expect_same "$(told '[.files[].path | select(test("/(uname|tr|cat|env|bash)$"))] | length')" 5
	expect_same "$(told '[.files[].path | select(endswith("/sleep"))] | length')" 0
	[ "$(told .size)" -lt "$(told .whole)" ] || fail "nothing was saved"
	ctst image slim /opt/start.sh --root root -o script >/dev/null
	run_in image://script '[]'
	expect_status 0
	expect_out LINUX
	expect_out '^(one . )?root:'
	cp root/opt/start.sh start.sh
	run ctst image slim ./start.sh -o script
	case $PWD in
		/tmp/*) expect_err "warning: '/tmp/.*/start.sh' will not be seen: a container has another '/tmp'" ;;
	esac
}

locales_zones_and_character_sets() {
	need_tool /usr/bin/locale
	run ctst image slim /usr/bin/locale --locale C.UTF-8 -o locale
	expect_status 0
	run_in image://locale '["charmap"]'
	expect_status 0
	expect_out 'UTF-8'
	run ctst image slim /usr/bin/locale --locale xx_YY.UTF-8 -o locale
	expect_status 4
	expect_err "error\[I001\]: this machine: there is no locale 'xx_YY.UTF-8'"
	report /usr/bin/locale --gconv
	[ "$(told '[.files[].path | select(contains("/gconv/"))] | length')" -gt 0 ] || fail "no character sets"
	[ -d /usr/share/zoneinfo ] || skip "this host has no time zones"
	report /usr/bin/locale --zoneinfo
	has /usr/share/zoneinfo/UTC
}

includes() {
	mkdir -p data/deep
	echo x >data/deep/file
	ln -s deep/file data/link
	ln -s /nowhere data/dangling
	mkfifo data/pipe
	report /bin/bash --include "$PWD/data"
	has "$PWD/data/deep/file" "$PWD/data/link" "$PWD/data/dangling"
	expect_same "$(told '[.notes[] | select(.kind == "left-out") | .text | select(contains("/data/pipe"))] | length')" 1
	run ctst image slim /bin/bash --include /no/such -o x
	expect_status 4
	expect_err "error\[I001\]: .*'/no/such'"
	run ctst image slim /bin/bash --include / -o x
	expect_status 1
	expect_err "error\[I003\]"
	expect_err 'hint: name the directories'
	leaves_nothing
}

usage() {
	run ctst image slim
	expect_status 2
	run ctst image slim /bin/bash
	expect_status 2
	run ctst image slim /bin/bash --from preset://busybox --root / -o x
	expect_status 2
	run ctst image slim /bin/bash -o '../x'
	expect_status 2
	run ctst image slim /bin/bash --report yaml
	expect_status 2
	run ctst image slim no-such-program -o x
	expect_status 4
	expect_err "error\[I001\]: this machine: there is no program 'no-such-program'"
	run ctst image slim /etc/passwd -o x
	expect_status 1
	expect_err 'not a file that can be executed'
	run ctst-image-slim --request --images /x </dev/null
	expect_status 2
	run ctst-image-slim --request --images /x --layers /x </dev/null
	expect_status 1
	[ ! -e .containust ] || fail "something was created"
}

a_full_disk_is_noticed() {
	[ -c /dev/full ] || skip "this host has no /dev/full"
	status=0
	ctst image slim /bin/bash --report text >/dev/full 2>"$CASE_DIR/err" || status=$?
	[ "$status" -eq 1 ] || fail "status $status"
	grep -q 'No space left' "$CASE_DIR/err"
}

# ---- from other roots ----

from_a_directory() {
	make_root root /bin/bash
	run ctst image slim bash --root root -o from-root
	expect_status 0
	run_in image://from-root '["-c", "echo inside"]'
	expect_out inside
	# Its own users are a part of it.
	echo 'app:x:7:7::/:/x' >>root/etc/passwd
	ctst image slim bash --root root -o from-root >/dev/null
	grep -q '^app:' "$(layer_of image://from-root)/etc/passwd"
	# The loader of the image finds what only ld.so.conf says, by the cache that was made for it.
	local library=$(readlink -f /lib/*/libtinfo.so.6 | head -1)
	cp -a root moved
	mkdir -p moved/opt/lib
	mv "moved$library" moved/opt/lib/libtinfo.so.6
	rm -f "moved${library%/*}/libtinfo.so.6" moved/etc/ld.so.cache
	echo /opt/lib >moved/etc/ld.so.conf
	run ctst image slim bash --root moved -o moved
	expect_status 0
	run_in image://moved '["-c", "echo found"]'
	expect_out found
	# Who needs it is named.
	rm "root$(readlink -f /lib/*/libtinfo.so.6 | head -1)"
	run ctst image slim bash --root root -o broken
	expect_status 1
	expect_err "error\[I003\]: 'root': '/.*bin/bash' needs the library 'libtinfo.so.6', which is not there"
	run ctst image ls
	refute_out broken
	leaves_nothing
}

# Links lead nowhere but into the root, and names from a stranger do nothing to a terminal.
stays_inside() {
	mkdir -p root/bin root/etc root/tree
	ln -s ../../../../../../etc/passwd root/tree/up
	ln -s /etc/passwd root/tree/absolute
	echo inside >root/etc/passwd
	touch "root/tree/$(printf 'a\033[2Jb')" "root/tree/$(printf 'c\377d')"
	cp /bin/true root/bin/x
	ln -s "$PWD" root/away
	printf '#!/bin/none\n' >root/bin/s
	chmod 755 root/bin/s
	run ctst image slim s --root root --include /tree -o x
	expect_status 1
	expect_err "'/bin/s' is run by '/bin/none', which is not there"
	printf 'no program at all\n' >root/bin/s
	report s --root root --include /tree
	has /tree/up /tree/absolute /etc/passwd '/tree/a?[2Jb' '/tree/c?d'
	expect_same "$(told '[.files[] | select(.path == "/etc/passwd") | .size] | add')" 7
	run ctst image slim s --root root --include /away --report text
	expect_status 4
	run ctst image slim s --root root --include /tree --report text
	expect_status 0
	! grep -q "$(printf '\033')" "$CASE_DIR/out" || fail "a control character came through"
}

from_an_image() {
	run ctst image slim --from preset://busybox -o little
	expect_status 0
	run_in image://little '["sh", "-c", "echo static"]'
	expect_out static
	# Two names of one file, which are two names of one file afterwards too.
	run ctst image slim ls cat --from preset://busybox -o list --report json
	expect_status 0
	has /bin/ls /bin/cat
	[ "$(told .size)" -le "$(told .whole)" ] || fail "larger than the whole"
	expect_same "$(stat -c %i "$(layer_of image://list)/bin/ls")" "$(stat -c %i "$(layer_of image://list)/bin/cat")"
	run ctst image slim no-such --from preset://busybox -o x
	expect_status 4
	expect_err "error\[I001\]: image 'preset://busybox': there is no program 'no-such'"
}

# What the image sets stays as it is, and its health check is a program like another.
keeps_the_settings() {
	local store=$PWD/.containust

	make_root root /bin/bash /bin/cat
	echo '{"entrypoint":["bash"],"cmd":["-c","exit 0"],"healthcheck":{"command":["cat","/etc/hosts"],"retries":2},"user":"7","workdir":"/etc","volumes":["/data"]}' |
		ctst-image-import --images "$store/images" --layers "$store/layers" --as image://whole --config - "file://$PWD/root"
	run ctst image slim --from image://whole -o part
	expect_status 0
	[ -e "$(layer_of image://part)$(readlink -f /bin/cat)" ] || fail "the health check's program is not there"
	echo 'COMPONENT a { image = "image://part" } COMPONENT b { image = "image://whole" }' >both.ctst
	run ctst build -o json both.ctst
	expect_same "$(told '.images[0].config | tojson')" "$(told '.images[1].config | tojson')"
	expect_same "$(told '.images[0].config.healthcheck.command | join(" ")')" 'cat /etc/hosts'
	run ctst image slim cat --from image://whole -o other
	expect_status 0
	echo 'COMPONENT a { image = "image://other" }' >other.ctst
	run ctst build -o json other.ctst
	expect_same "$(told '.images[0].config | [.entrypoint[0], .cmd, .healthcheck, .user] | tojson')" "[\"$(command -v cat | sed 's|^/usr||; s|^|/usr|')\",null,null,\"7\"]"
	echo 'COMPONENT a { image = "image://whole" distroless = true }' >slim.ctst
	run ctst build -o json slim.ctst
	[ -e "$(told '.images[0].layers[0]')$(readlink -f /bin/cat)" ] || fail "the health check's program is not there"
	expect_same "$(told '.images[0].config.healthcheck.retries')" 2
}

# An image of two layers, of which the upper one hides a library and brings another: OverlayFS is asked, not a guess.
two_layers() {
	local config manifest hidden

	make_root lower /bin/bash
	hidden=$(cd lower && find . -name 'libtinfo.so.6' | head -1)
	mkdir -p "upper/$(dirname "$hidden")" upper/opt
	ctst image slim /bin/true -o upper >/dev/null 2>&1
	echo 'COMPONENT a { image = "file://./lower" command = ["x"] } COMPONENT b { image = "file://./upper" command = ["x"] }' >two.ctst
	echo of-the-upper >upper/opt/file
	ctst build -q -o json two.ctst >built
	jq -r '.images[].manifest' built | while read -r manifest; do
		cat ".containust/images/blobs/sha256/${manifest#sha256:}"
	done | jq -cs '{schemaVersion: 2, mediaType: .[0].mediaType, config: .[0].config, layers: map(.layers[0])}' >manifest
	jq -cn --slurpfile m <(jq -r '.images[].layers[0]' built | sed 's|.*/|"sha256:|; s|$|"|') \
		'{architecture: "amd64", os: "linux", config: {Entrypoint: ["/bin/bash"]}, rootfs: {type: "layers", diff_ids: $m}}' >config
	config=$(sha256sum <config | cut -d' ' -f1)
	cp config ".containust/images/blobs/sha256/$config"
	jq -c --arg d "sha256:$config" --argjson s "$(stat -c %s config)" '.config.digest = $d | .config.size = $s' manifest >m2
	manifest=$(sha256sum <m2 | cut -d' ' -f1)
	cp m2 ".containust/images/blobs/sha256/$manifest"
	jq --arg m "sha256:$manifest" --argjson s "$(stat -c %s m2)" '.manifests += [{mediaType: "application/vnd.oci.image.manifest.v1+json",
		digest: $m, size: $s, annotations: {"org.opencontainers.image.ref.name": "two"}}]' .containust/images/index.json >index
	cp index .containust/images/index.json
	run ctst image slim --from image://two --include /opt/file -o both
	expect_status 0
	expect_same "$(cat "$(layer_of image://both)/opt/file")" of-the-upper
	run_in image://both '["-c", "read -r line </opt/file && echo $line"]'
	expect_out of-the-upper
}

# ---- distroless ----

# A root with more in it than anybody needs.
make_image() {
	make_root root /bin/bash /bin/cat /usr/bin/tr /usr/bin/env
	mkdir -p root/opt/app
	head -c 3000000 /dev/zero >root/opt/large
	echo content >root/opt/app/file
}

distroless_property() {
	make_image
	cat >stack.ctst <<-'END'
		COMPONENT web {
		  image = "file://./root" distroless = true entrypoint = ["bash"] workdir = "/opt/app"
		  command = ["-c", "cat file | tr a-z A-Z; [ -e /opt/l* ] || echo slim"]
		}
		COMPONENT other { image = "file://./root" distroless = true command = ["env", "A=${env.NOBODY_HAS_IT:-x}"] }
		COMPONENT whole { image = "file://./root" command = ["bash", "-c", "[ -e /opt/l* ] && echo whole"] }
	END
	run ctst build -o text stack.ctst
	expect_status 0
	expect_out '^web    file://.*/root@sha256:[0-9a-f]{64}  slim$'
	expect_out '^whole  file://.*/root@sha256:[0-9a-f]{64}$'
	run ctst build -o json stack.ctst
	expect_same "$(told '[.images[].distroless] | tojson')" '[true,null]'
	expect_same "$(told '.images | map(.digest) | unique | length')" 1
	expect_same "$(told '.images | map(.manifest) | unique | length')" 2
	local slim=$(told '.images[0].layers[0]')
	[ -e "$slim/opt/app/file" ] || fail "the working directory is not there"
	[ ! -e "$slim/opt/large" ] || fail "nothing was left out"
	# Components that share an image share its slim one.
	[ -e "$slim$(readlink -f /usr/bin/env)" ] || fail "the other component's program is not there"
	run ctst run stack.ctst
	expect_out 'CONTENT'
	expect_out 'slim'
	expect_out 'whole'
	leaves_nothing
}

distroless_is_cached() {
	make_image
	echo 'COMPONENT a { image = "file://./root" distroless = true entrypoint = ["cat"] command = ["/opt/app/file"] }' >a.ctst
	ctst build -o json a.ctst >first 2>/dev/null
	mkdir "$CASE_DIR/libexec"
	cp "$CTST_LIBEXEC"/ctst-{build,parse,image} "$CASE_DIR/libexec/"
	run env CONTAINUST_LIBEXEC="$CASE_DIR/libexec" ctst build -o json a.ctst
	expect_status 0
	cmp first "$CASE_DIR/out"
	# Another program, another image; the same digest of the source.
	sed -i 's/"cat"/"tr"/' a.ctst
	run env CONTAINUST_LIBEXEC="$CASE_DIR/libexec" ctst build -o json a.ctst
	expect_status 1
	expect_err "cannot execute '.*ctst-image-slim'"
	run ctst build -o json a.ctst
	[ "$(told '.images[0].manifest')" != "$(jq -r '.images[0].manifest' first)" ] || fail "the image is the old one"
	sed -i 's/"tr"/"cat"/' a.ctst
	run env CONTAINUST_LIBEXEC="$CASE_DIR/libexec" ctst build -o json a.ctst
	cmp first "$CASE_DIR/out"
	# New content of the image, a new slim one in the place of the old.
	echo changed >root/opt/app/file
	run ctst build -o json a.ctst
	expect_status 0
	expect_same "$(cat "$(told '.images[0].layers[0]')/opt/app/file")" changed
	run ctst image ls -o json
	expect_same "$(told '[.images[].uri | select(startswith("slim://"))] | length')" 2
}

distroless_of_everything() {
	make_image
	echo 'COMPONENT a { image = "file://./root" entrypoint = ["cat"] command = ["/opt/app/file"] }' >a.ctst
	run ctst build -o text a.ctst
	expect_status 0
	expect_err "ctst-image-slim: image 'file://.*/root' has [0-9.]+ MiB; with distroless = true its components would get"
	run ctst build -o text a.ctst
	expect_lines err 0
	run ctst build -v -o text a.ctst
	expect_err 'with distroless = true'
	run ctst build --distroless -o json a.ctst
	expect_status 0
	expect_same "$(told '[.components[0].distroless, .images[0].distroless] | tojson')" '[true,true]'
	[ ! -e "$(told '.images[0].layers[0]')/opt/large" ] || fail "nothing was left out"
	ctst-plan -o json <"$CASE_DIR/out" | ctst-spawn
	await ctst logs a
	run ctst logs a
	expect_out content
}

distroless_foretold() {
	make_image
	echo 'COMPONENT a { image = "file://./root" distroless = true entrypoint = ["cat"] command = ["/opt/app/file"] }' >a.ctst
	echo 'COMPONENT a { image = "file://./root" entrypoint = ["cat"] command = ["x"] }' >whole.ctst
	ctst build -q whole.ctst >/dev/null
	find .containust | sort >"$CASE_DIR/before"
	run ctst plan -o text a.ctst
	expect_status 0
	expect_out '^\+ a'
	find .containust | sort | diff "$CASE_DIR/before" - || fail "a plan wrote something"
	ctst run a.ctst
	run ctst plan -o text a.ctst
	expect_status 0
	refute_out 'image'
}

distroless_that_cannot_be() {
	make_image
	echo 'COMPONENT a { image = "file://./root" distroless = true command = ["gone", "x"] }' >a.ctst
	run ctst build a.ctst
	expect_status 4
	expect_err "error\[I001\]: component 'a' \(a.ctst:1:23\): image 'file://.*/root': there is no program 'gone', which the command of 'a' starts"
	expect_same "$(grep -c 'error\[' "$CASE_DIR/err")" 1
	echo 'COMPONENT a { image = "file://./root" distroless = true command = ["${env.WHAT:-bash}"] }' >a.ctst
	run ctst build a.ctst
	expect_status 1
	expect_err "error\[I003\]: .*is not known before the run"
	leaves_nothing
}

tap_case "an image of a program of this machine runs, and is the same each time" runs_a_dynamic_program
tap_case "the report says why each file is there" tells_why
tap_case "names are looked up, and no user of this machine is in the image" no_user_of_this_machine
tap_case "a TLS server and its client, certificates and settings" brings_certificates
tap_case "python3 by a script, with its library" interpreter_with_its_library
tap_case "a shell's script with what it calls" shell_script_with_what_it_calls
tap_case "locales, time zones, character sets" locales_zones_and_character_sets
tap_case "--include of files, trees and what is neither" includes
tap_case "wrong use" usage
tap_case "a full disk under the report" a_full_disk_is_noticed
tap_case "--root: its users, and a missing library" from_a_directory
tap_case "links and names of a hostile root" stays_inside
tap_case "--from an image, with its own settings" from_an_image
tap_case "settings and health check of an image are kept" keeps_the_settings
tap_case "--from an image of two layers" two_layers
tap_case "distroless: small, shared, beside the whole image" distroless_property
tap_case "distroless: a second build costs nothing" distroless_is_cached
tap_case "--distroless, and what it would save" distroless_of_everything
tap_case "plan foretells a slim image and writes nothing" distroless_foretold
tap_case "distroless that cannot be done says why" distroless_that_cannot_be
tap_done
