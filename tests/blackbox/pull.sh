#!/usr/bin/env bash
# ctst pull and oci:// against docker-registry, with images that skopeo pushed, and against a registry that misbehaves.
#
# Servers and clients have a network of their own where that is allowed.
if [ -z "${PULL_INSIDE:-}" ]; then
	own=(unshare --net)
	[ "$(id -u)" -eq 0 ] || own=(unshare --user --map-root-user --net)
	PULL_INSIDE=1
	export PULL_INSIDE
	! "${own[@]}" true 2>/dev/null || exec "${own[@]}" "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/images.bash"
. "$(dirname "$0")/servers.bash"

unset CONTAINUST_CA_FILE CONTAINUST_REGISTRY CONTAINUST_REGISTRY_TOKEN CONTAINUST_REGISTRY_USER CONTAINUST_REGISTRY_PASSWORD DOCKER_CONFIG \
	http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY

# ---- the servers ----

site=$tap_root/site
user=me password=open:sesame

make_layout() {
	(cd "$site" && make <<-'END')
		lower = base().file('etc/name', 'lower\n').file('gone', 'x').bytes()
		middle = Layer().file('data/noise', os.urandom(300000)).file('.wh.gone').bytes()
		upper = Layer().file('etc/name', 'upper\n').bytes()
		layers = [lower, middle, upper]
		settings = config(layers, Entrypoint=['/bin/echo'], Cmd=['pulled'], Env=['PATH=/bin'])
		layout = Layout()
		parts = [layout.blob(compress(layer, how), TAR + ('+' + how if how else ''))
		         for layer, how in zip(layers, ('gzip', 'zstd', ''))]
		text = {'schemaVersion': 2, 'mediaType': MANIFEST, 'config': layout.blob(settings, CONFIG), 'layers': parts}
		here = layout.blob(json.dumps(text).encode(), MANIFEST)
		layout.name(here, 'one')
		layout.name(layout.manifest(settings, layers, 'gzip'), 'gzip')
		other = config([upper], 'mips', Cmd=['other'])
		there = layout.manifest(other, [upper], 'gzip')
		machine = json.loads(settings)['architecture']
		def on(descriptor, architecture):
		    return {**descriptor, 'platform': {'os': 'linux', 'architecture': architecture}}
		several = layout.index([on(there, 'mips'), on(here, machine)])
		layout.name(several, 'several')
		layout.name(layout.index([layout.index([there, here])]), 'nested')
		layout.name(there, 'foreign')
		layout.name(layout.blob(json.dumps({'schemaVersion': 2, 'mediaType': MANIFEST, 'layers': []}).encode(), MANIFEST), 'artifact')
		layout.write('layout')
	END
}

# registry NAME PORT 'more of its configuration'
registry() {
	mkdir "$site/$1"
	cat >"$site/$1.yml" <<-END
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $site/$1}}
		$3
		http:
		  addr: 127.0.0.1:$2
		  relativeurls: true
		  ${4:-}
	END
	# shellcheck disable=SC2016
	exec {life}> >(exec bash -c 'docker-registry serve "$1" >"$1.log" 2>&1 & cat >/dev/null; kill $!' bash "$site/$1.yml")
	await bash -c ": </dev/tcp/127.0.0.1/$2"
}

start_servers() {
	local problem tls="tls: {certificate: $site/tls.crt, key: $site/tls.key}"

	mkdir "$site"
	printf '%s:%s\n' "$user" "$password" >"$site/user"
	problem=$(certificate "$site/ca" 'test authority' DNS:ca.example &&
		certificate "$site/tls" localhost DNS:localhost,IP:127.0.0.1 "$site/ca") || fail "$problem"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens -keyout "$site/jwt.key" -out "$site/jwt.crt" 2>/dev/null
	make_layout
	exec {servers}> >(exec python3 "$SOURCE_ROOT/tests/blackbox/registry-server.py" "$site" 2>"$site/problem")
	await test -e "$site/ports"
	while IFS='=' read -r name port; do
		declare -g "port_$name=$port"
	done <"$site/ports"
	command -v docker-registry >/dev/null || return 0
	# shellcheck disable=SC2154 # the ports are read from a file
	registry plain "$port_free0" ''
	registry tls "$port_free1" '' "$tls"
	# The password of above, by bcrypt.
	# shellcheck disable=SC2016
	printf '%s:%s\n' "$user" '$2y$04$DWihMdHydBaCF6iB4DCWoe/r4.vxEEDpies9SEPYZ8Udr3tAfzXj2' >"$site/htpasswd"
	registry login "$port_free2" "auth: {htpasswd: {realm: here, path: $site/htpasswd}}" "$tls"
	registry token "$port_free3" "auth: {token: {realm: 'https://127.0.0.1:$port_tls/jwt', service: registry,
		issuer: tokens, rootcertbundle: $site/jwt.crt}}" "$tls"
}
start_servers
ca=$site/ca.crt
# shellcheck disable=SC2154
odd=127.0.0.1:$port_tls plain=127.0.0.1:$port_free0 secure=127.0.0.1:$port_free1 login=127.0.0.1:$port_free2
# shellcheck disable=SC2154
token=127.0.0.1:$port_free3
export CONTAINUST_CA_FILE=$ca

# ---- helpers ----

need_registry() {
	command -v docker-registry >/dev/null || skip "docker-registry is not installed"
	command -v skopeo >/dev/null || skip "skopeo is not installed"
}

# push IMAGE-OF-THE-LAYOUT HOST/REPOSITORY:TAG [skopeo's option…]
push() {
	local image=$1 to=$2

	shift 2
	mkdir -p "$site/certificates"
	cp "$ca" "$site/certificates/"
	skopeo --insecure-policy copy --quiet --all --preserve-digests --dest-cert-dir "$site/certificates" "$@" \
		"oci:$site/layout:$image" "docker://$to" || fail "skopeo could not push $image"
}

# pull OPTION… IMAGE
pull() {
	mkdir -p .containust
	run timeout 60 ctst pull "$@"
}

# raw IMAGE: the program below, which can be told not to wait long.
raw() {
	run timeout 60 ctst-image-pull --backoff 10 -o got "$@"
}

# The digest of what the layout calls so.
digest_in_layout() {
	jq -r --arg n "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $n) | .digest' \
		"$site/layout/index.json"
}

expect_pinned() {
	expect_status 0
	expect_lines err 0
	expect_same "$(cat "$CASE_DIR/out")" "oci://$1@$2"
}

# expect_refused STATUS CODE 'regular expression': and nothing was left behind.
expect_refused() {
	expect_status "$1"
	expect_lines out 0
	expect_err "^ctst-image-pull: error\[$2\]: .*$3"
	[ ! -e got ] || fail "a layout was left"
	[ -z "$(find .containust -type f 2>/dev/null)" ] || fail "something was left in the store"
}

requests() {
	grep -c " $1" "$site/log" || true
}

# ---- what works ----

from_docker_registry() {
	local digest reference

	need_registry
	digest=$(digest_in_layout one)
	push one "$plain/team/demo:1" --dest-tls-verify=false
	pull --insecure-loopback "$plain/team/demo:1"
	expect_pinned "$plain/team/demo:1" "$digest"
	reference=$(cat "$CASE_DIR/out")
	printf 'COMPONENT a { image = "%s" }\n' "$reference" >s.ctst
	run ctst run s.ctst
	expect_status 0
	expect_out 'a \| pulled$'
	# What is in the store needs no registry.
	run ctst build --offline s.ctst
	expect_status 0
	expect_lines err 0
	run ctst run --offline s.ctst
	expect_status 0
	expect_out 'a \| pulled$'
	run ctst image verify
	expect_status 0
	expect_out ' 0 damaged'
	skopeo inspect --raw "oci:.containust/images:$plain/team/demo:1" >raw
	expect_same "$(digest_of raw)" "$digest"
	# Once more, by its digest and with a name: the layers are there.
	pull --insecure-loopback --name demo:2 -o json "$plain/team/demo@$digest"
	expect_status 0
	expect_same "$(jq -r '[.format, .reference, .name, .digest, .layers] | @csv' "$CASE_DIR/out")" \
		"\"ctst.pull/1\",\"oci://$plain/team/demo@$digest\",\"demo:2\",\"$digest\",3"
	printf 'COMPONENT a { image = "image://demo:2" entrypoint = ["/bin/cat"] command = ["/etc/name"] }\n' >n.ctst
	run ctst run n.ctst
	expect_status 0
	expect_out '^a \| upper'
	refute_err .
	pull --insecure-loopback "$plain/team/demo:none"
	expect_status 4
	expect_err 'error\[I001\].*the registry has no image'
	pull --insecure-loopback "$plain/team/nobody:1"
	expect_status 4
}
tap_case "an image from docker-registry: pinned, verified, run, and found again" from_docker_registry

over_tls() {
	need_registry
	push several "$secure/several:1"
	pull "$secure/several:1"
	expect_pinned "$secure/several:1" "$(digest_in_layout several)"
	CONTAINUST_CA_FILE='' pull "$secure/several:1"
	expect_status 1
	expect_err 'cannot be trusted.*'
	expect_err 'hint: .*--ca-file'
	CONTAINUST_CA_FILE='' pull --ca-file "$ca" "$secure/several:1"
	expect_pinned "$secure/several:1" "$(digest_in_layout several)"
	pull --insecure-loopback "$secure/several:1"
	expect_status 1
	pull "$plain/team/demo:1"
	expect_status 1
	expect_err 'error\[I006\]'
}
tap_case "TLS with an authority of one's own; http only when asked for" over_tls

plain_composition() {
	need_registry
	push one "$plain/team/composed:1" --dest-tls-verify=false
	printf 'COMPONENT a { image = "oci://%s/team/composed:1@%s" }\n' "$plain" "$(digest_in_layout one)" >s.ctst
	for command in build run; do
		run ctst "$command" s.ctst
		expect_status 1
		expect_err 'error\[I006\]'
		run ctst "$command" --insecure-loopback s.ctst
		expect_status 0
		[ "$command" = build ] || expect_out 'a \| pulled$'
		rm -r .containust
	done
}
tap_case "oci:// of a registry without TLS on this host: ctst build and ctst run are told" plain_composition

composition() {
	local digest

	need_registry
	digest=$(digest_in_layout several)
	push several "$secure/composed:1"
	printf 'COMPONENT a { image = "oci://%s/composed:1@%s" }\n' "$secure" "$digest" >s.ctst
	run ctst-image build --dry-run < <(ctst-parse s.ctst)
	expect_status 0
	expect_err "is not in the store; .*ctst build"
	[ ! -e .containust ] || fail "a dry run wrote something"
	run ctst run s.ctst
	expect_status 0
	expect_out 'a \| pulled$'
	rm -rf .containust/layers
	run ctst run s.ctst
	expect_status 0
	expect_out 'a \| pulled$'
	mkdir other
	cd other
	printf 'COMPONENT a { image = "oci://%s/composed:1@sha256:%064d" }\n' "$secure" 0 >s.ctst
	run ctst build s.ctst
	expect_status 4
	expect_err 'I001'
	run ctst run --offline s.ctst
	expect_status 1
	expect_err '^ctst-image: error\[I005\]'
	[ -z "$(find . -name blobs)" ] || fail "something was left in the store"
}
tap_case "oci:// in a composition: pulled by the build, unpacked again without it" composition

with_htpasswd() {
	local auth

	need_registry
	push one "$login/secret/demo:1" --dest-creds "$user:$password"
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err "hint: the registry '$login' wants a login"
	CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=wrong pull "$login/secret/demo:1"
	expect_status 1
	expect_err "hint: the registry '$login' does not take these credentials"
	refute_err wrong
	CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password pull "$login/secret/demo:1"
	expect_pinned "$login/secret/demo:1" "$(digest_in_layout one)"
	auth=$(printf '%s:%s' "$user" "$password" | base64)
	export DOCKER_CONFIG=$PWD/config
	mkdir config
	jq -n --arg h "$login" --arg a "$auth" '{auths: {("https://" + $h + "/v1/"): {auth: $a}}}' >config/config.json
	pull "$login/secret/demo:1"
	expect_pinned "$login/secret/demo:1" "$(digest_in_layout one)"
}
tap_case "basic authentication: the environment, docker's configuration" with_htpasswd

helpers() {
	need_registry
	push one "$login/secret/demo:1" --dest-creds "$user:$password"
	export DOCKER_CONFIG=$PWD/config PATH=$PWD/programs:$PATH
	mkdir config programs
	cat >programs/docker-credential-test <<-END
		#!/bin/sh
		echo "\$* \$(cat)" >>"$PWD/asked"
		printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}' '$user' '$password'
	END
	printf '#!/bin/sh\necho "credentials not found in native keychain"\nexit 1\n' >programs/docker-credential-empty
	printf '#!/bin/sh\nyes\n' >programs/docker-credential-endless
	printf '#!/bin/sh\necho secret-noise\n' >programs/docker-credential-noise
	chmod +x programs/*
	jq -n --arg h "$login" '{credHelpers: {($h): "test"}}' >config/config.json
	pull "$login/secret/demo:1"
	expect_pinned "$login/secret/demo:1" "$(digest_in_layout one)"
	expect_same "$(cat asked)" "get $login"
	jq -n '{credsStore: "test"}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 0
	jq -n '{credsStore: "empty"}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err 'wants a login'
	jq -n '{credsStore: "none"}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err "helper 'docker-credential-none' is not in PATH"
	jq -n '{credsStore: "../../evil"}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err 'cannot be the name of a credential helper'
	jq -n '{credsStore: "endless"}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err 'gave no answer within'
	jq -n '{credsStore: "noise"}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err 'gave no user name and secret'
	refute_err secret-noise
	jq -n --arg h "$login" '{auths: {($h): {identitytoken: "abcdef"}}}' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err 'identity token, which this version cannot use'
	refute_err abcdef
	echo '{"auths": {' >config/config.json
	pull "$login/secret/demo:1"
	expect_status 1
	expect_err 'config.json'
}
tap_case "credential helpers: those that answer, and those that do not" helpers

with_tokens() {
	need_registry
	push one "$token/team/demo:1" --dest-creds "$user:$password"
	pull "$token/team/demo:1"
	expect_status 1
	expect_err 'hint: log in with'
	CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=wrong pull "$token/team/demo:1"
	expect_status 1
	expect_err 'not the right one'
	CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password pull "$token/team/demo:1"
	expect_pinned "$token/team/demo:1" "$(digest_in_layout one)"
	grep -q '/jwt?service=registry&scope=repository%3Ateam%2Fdemo%3Apull ' "$site/log"
}
tap_case "a token server" with_tokens

tokens_of_all_kinds() {
	local value

	raw "$odd/public/x:one"
	expect_status 0
	rm -r got
	raw "$odd/expiring/x:one"
	expect_status 0
	rm -r got
	CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password raw "$odd/private/x:one"
	expect_status 0
	rm -r got
	value=$(sed -n 's|.*/v2/private/.*authorization=Bearer ||p' "$site/log" | tail -n 1)
	CONTAINUST_REGISTRY_TOKEN=$value raw "$odd/private/x:one"
	expect_status 0
	rm -r got
	raw "$odd/greedy/x:one"
	expect_status 0
	rm -r got
	expect_same "$(sed -n 's|.*/token?service=greedy&scope=\([^ ]*\) .*|\1|p' "$site/log")" repository%3Agreedy%2Fx%3Apull
	CONTAINUST_REGISTRY_TOKEN=deadbeef raw "$odd/private/x:one"
	expect_refused 1 I006 'the server answered 401: UNAUTHORIZED'
	refute_err deadbeef
	CONTAINUST_REGISTRY_TOKEN=$'a\r\nX: y' raw "$odd/private/x:one"
	expect_refused 1 I006 'a byte that none can have'
}
tap_case "tokens for everybody, tokens that expire, a token of one's own" tokens_of_all_kinds

platforms() {
	raw "$odd/ok/x:several"
	expect_status 0
	skopeo inspect --raw oci:got >raw 2>/dev/null || true
	expect_same "$(find got/blobs -type f | wc -l)" 6
	expect_same "$(jq -r '.manifests[0].digest' got/index.json)" "$(digest_in_layout several)"
	rm -r got
	raw --platform linux/mips "$odd/ok/x:several"
	expect_status 0
	expect_same "$(find got/blobs -type f | wc -l)" 4
	rm -r got
	raw "$odd/ok/x:nested"
	expect_status 0
	rm -r got
	raw --platform linux/s390x "$odd/ok/x:several"
	expect_refused 4 I001 'it has nothing for linux/s390x, only for linux/mips'
	raw "$odd/ok/x:foreign"
	expect_refused 4 I001 'it has nothing for linux/.*, only for linux/mips'
	raw "$odd/ok/x:artifact"
	expect_refused 1 I004 'names no config'
	pull --platform linux/mips "$odd/ok/x:several"
	expect_pinned "$odd/ok/x:several" "$(digest_in_layout several)"
	pull "$odd/ok/x:several"
	expect_pinned "$odd/ok/x:several" "$(digest_in_layout several)"
	expect_same "$(jq '.manifests | length' .containust/images/index.json)" 2
}
tap_case "of an index the host's platform, or the one that was asked for" platforms

same_image_everywhere() {
	local from images=()

	need_registry
	push gzip "$plain/every/where:1" --dest-tls-verify=false
	skopeo --insecure-policy copy --quiet "oci:$site/layout:gzip" oci-archive:oci.tar:one
	skopeo --insecure-policy copy --quiet "oci:$site/layout:gzip" docker-archive:docker.tar:one:1
	skopeo --insecure-policy copy --quiet "oci:$site/layout:gzip" oci:dir:one
	pull --insecure-loopback "$plain/every/where:1"
	expect_status 0
	images=("$(cat "$CASE_DIR/out")" "tar://$PWD/oci.tar" "tar://$PWD/docker.tar" "file://$PWD/dir")
	build "${images[@]}"
	expect_status 0
	expect_same "$(out '[.images[].layers] | unique | length')" 1
	expect_same "$(out '[.images[].config] | unique | length')" 1
	for from in "${images[@]}"; do
		printf 'COMPONENT a { image = "%s" }\n' "$from" >s.ctst
		run ctst run s.ctst
		expect_status 0
		expect_out 'a \| pulled$'
	done
}
tap_case "registry, directory, archive and docker archive: the same layers, the same run" same_image_everywhere

resumes() {
	raw "$odd/cut/x:one"
	expect_status 0
	grep -q '/v2/cut/x/blobs/.* range=bytes=[1-9][0-9]*- ' "$site/log"
	rm -r got
	raw "$odd/busy/x:one"
	expect_status 0
	# Each of manifest, config and three layers was refused twice.
	expect_same "$(requests 'tls /v2/busy/x/' || true)" 0
	expect_same "$(grep -c '^tls /v2/busy/x/' "$site/log")" 15
	rm -r got
	raw --retries 1 "$odd/busy/y:one"
	expect_refused 1 I006 '2 attempts failed, the last one: the server answered .HTTP/1.1 429'
}
tap_case "a cut blob is continued; a busy registry is asked again" resumes

known_blobs() {
	raw "$odd/ok/k:one"
	expect_status 0
	mv got first
	raw --known first/blobs/sha256 "$odd/ok/k2:one"
	expect_status 0
	expect_same "$(grep -c '^tls /v2/ok/k2/' "$site/log")" 1
	diff -r first/blobs got/blobs
	rm -r got
	# One that is damaged is fetched again.
	find first/blobs -size +100k -exec sh -c 'cp "$1" x && printf y | dd of=x bs=1 seek=9 conv=notrunc status=none && mv x "$1"' sh {} \;
	raw --known first/blobs/sha256 "$odd/ok/k3:one"
	expect_status 0
	diff -r "$site/layout/blobs" got/blobs | grep -v '^Only in .*layout' && fail "a damaged blob was used"
	[ "$(grep -c '^tls /v2/ok/k3/' "$site/log")" -gt 1 ]
}
tap_case "blobs that are there are not fetched, unless they are damaged" known_blobs

# ---- what does not ----

wrong_content() {
	local code=I002

	raw "$odd/swapped/x:one"
	expect_refused 1 $code 'the server says the manifest is sha256:.* but its content is sha256:'
	raw "$odd/other/x@$(digest_in_layout one)"
	expect_refused 1 $code "should be $(digest_in_layout one) but its content is"
	raw "$odd/wrongblob/x:one"
	expect_refused 1 $code 'but its content is'
	raw "$odd/shortblob/x:one"
	expect_refused 1 $code 'but its content is'
	raw "$odd/longblob/x:one"
	expect_refused 1 $code 'it has [0-9]* bytes or more, not the [0-9]* that are said of it'
	raw "$odd/endless/x:one"
	expect_refused 1 $code 'bytes or more, not the'
	pull "$odd/wrongblob/x:one"
	expect_refused 1 $code 'but its content is'
}
tap_case "manifests and blobs that are not what their digest says" wrong_content

wrong_manifests() {
	raw "$odd/huge/x:one"
	expect_refused 1 I006 'bytes or more and the limit is 4194304'
	raw "$odd/html/x:one"
	expect_refused 1 I006 "of the type 'text/html' in the place of a manifest"
	raw "$odd/mixed/x:one"
	expect_refused 1 I006 'has members of another'
	raw "$odd/confused/x:one"
	expect_refused 1 I006 'says it is of the type'
	raw "$odd/schema1/x:one"
	expect_refused 1 I004 "docker's first kind"
	raw "$odd/ok/x:none"
	expect_refused 4 I001 'the registry has no image'
}
tap_case "manifests that are none" wrong_manifests

endless_questions() {
	local before

	raw "$odd/loop/x:one"
	expect_refused 1 I006 'the server answered 401'
	expect_same "$(grep -c '^tls /v2/loop/' "$site/log")" 3
	before=$(wc -l <"$site/log")
	CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password raw "$odd/basicloop/x:one"
	expect_refused 1 I006 'the server answered 401'
	expect_same "$(($(wc -l <"$site/log") - before))" 2
	raw "$odd/plaintoken/x:one"
	expect_refused 1 I006 "names the token server 'http://127.0.0.1:.*: http:// is not encrypted"
}
tap_case "a registry that never lets anybody in" endless_questions

secrets_stay() {
	local name

	export CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password
	raw "$odd/down/x:one"
	expect_refused 1 I006 "redirected to 'http://127.0.0.1:.*: http:// is not encrypted"
	expect_same "$(grep -c '^plain ' "$site/log")" 0
	raw "$odd/away/x:one"
	expect_status 0
	grep -q '^tls /v2/away/x/blobs/.* authorization=Bearer ' "$site/log"
	grep -q '^other /stored/' "$site/log"
	! grep '^other ' "$site/log" | grep -qv 'authorization=-$' || fail "another host has got a secret"
	rm -r got
	# A registry that repeats what it is told.
	for name in TOKEN=abcdefghijklmnop; do
		CONTAINUST_REGISTRY_TOKEN=${name#*=} raw -v "$odd/echo/x:one"
		expect_status 1
		refute_err 'abcdef|sesame|Basic|Bearer'
	done
}
tap_case "credentials go to no other host, and into no message" secrets_stay

of_one_registry() {
	export CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password
	for CONTAINUST_REGISTRY in registry.example "localhost:$port_tls" 127.0.0.1; do
		export CONTAINUST_REGISTRY
		: >"$site/log"
		raw "$odd/private/x:one"
		expect_refused 1 I006 'the server answered'
		! grep -qi 'authorization=basic' "$site/log" || fail "it was sent to a registry that it is not for"
	done
	for CONTAINUST_REGISTRY in "$odd" "https://$odd/v2/" ''; do
		raw "$odd/private/x:one"
		expect_status 0
		rm -r got
	done
	# Then what docker's configuration says of that registry counts.
	export DOCKER_CONFIG=$PWD CONTAINUST_REGISTRY=registry.example CONTAINUST_REGISTRY_PASSWORD=wrong
	jq -n --arg h "$odd" --arg a "$(printf '%s:%s' "$user" "$password" | base64)" '{auths: {($h): {auth: $a}}}' >config.json
	raw "$odd/private/x:one"
	expect_status 0
}
tap_case "CONTAINUST_REGISTRY says whose the credentials are" of_one_registry

# is_waiting NAME: for the blobs of that repository.
is_waiting() {
	[ "$(grep -c "^tls /v2/mute/$1/blobs/" "$site/log")" -ge 1 ]
}

not_in_arguments() {
	local file

	export CONTAINUST_REGISTRY_USER=$user CONTAINUST_REGISTRY_PASSWORD=$password DOCKER_CONFIG=$PWD/config
	mkdir config programs
	# A helper looks at the processes at the moment in which the secret is known.
	unset CONTAINUST_REGISTRY_USER CONTAINUST_REGISTRY_PASSWORD
	export PATH=$PWD/programs:$PATH
	printf '#!/bin/sh\nprintf "{\\"Username\\":\\"%s\\",\\"Secret\\":\\"%s\\"}"\n' "$user" "$password" >programs/docker-credential-test
	chmod +x programs/*
	jq -n '{credsStore: "test"}' >config/config.json
	mkdir -p .containust
	ctst pull "$odd/private/x:one" >reference &
	while kill -0 $! 2>/dev/null; do
		for file in /proc/[0-9]*/cmdline; do
			! tr '\0' ' ' <"$file" 2>/dev/null | grep -q "$password" || fail "the password is an argument"
		done
	done
	wait $!
	grep -q '^oci://' reference
}
tap_case "credentials are no arguments" not_in_arguments

interrupted() {
	local signal importer

	for signal in TERM HUP; do
		ctst-image-pull -o got "$odd/mute/${signal,,}:one" 2>"$CASE_DIR/err" &
		await is_waiting "${signal,,}"
		kill -"$signal" $!
		status=0
		wait $! || status=$?
		[ "$status" -gt 128 ] || fail "it ended with $status"
		[ ! -e got ] || fail "a layout was left"
	done
	ctst-image-import --images "$PWD/store" --layers "$PWD/layers" "oci://$odd/mute/import:one" 2>"$CASE_DIR/err" &
	await is_waiting import
	kill -TERM $!
	wait $! || true
	[ ! -e store ] || fail "a store was left: $(find store)"
	# What a person types ends with all that it has started, and only when that has cleaned up.
	ctst pull "$odd/mute/typed:one" 2>"$CASE_DIR/err" &
	await is_waiting typed
	kill -TERM $!
	status=0
	wait $! || status=$?
	expect_same "$status" 143
	[ ! -e .containust ] || fail "a store was left: $(find .containust)"
	printf 'COMPONENT a { image = "oci://%s/mute/built:one@%s" }\n' "$odd" "$(digest_in_layout one)" >s.ctst
	for signal in TERM KILL; do
		: >"$site/log"
		ctst build s.ctst 2>"$CASE_DIR/err" &
		await is_waiting built
		kill -"$signal" $!
		wait $! || true
		await test ! -e .containust
	done
	ctst-image-import --images "$PWD/store" --layers "$PWD/layers" "oci://$odd/mute/killed:one" 2>"$CASE_DIR/err" &
	importer=$!
	await is_waiting killed
	kill -KILL $importer
	wait $importer || true
	# Its program ends with it, and the next import removes what they have left.
	await sh -c "! cat /proc/[0-9]*/cmdline 2>/dev/null | grep -qa '$odd/[m]ute/killed'"
	ctst-image-import --images "$PWD/store" --layers "$PWD/layers" "oci://$odd/ok/x:one"
	expect_same "$(find store layers -name '.staging*')" ""
}
tap_case "what was interrupted leaves nothing" interrupted

progress() {
	command -v script >/dev/null || skip "script(1) is not installed"
	script -qec "timeout -s TERM 3 ctst-image-pull -o got '$odd/mute/seen:one'" /dev/null </dev/null >seen 2>&1 || true
	grep -q 'pulling .*\[ *\] 0%, 0 MiB' seen
	# Short pulls, and those in a pipe, show nothing.
	raw "$odd/ok/x:one"
	expect_status 0
	expect_lines err 0
}
tap_case "a bar on a terminal for the whole image" progress

offline() {
	mkdir -p .containust
	run ctst --offline pull "$odd/ok/x:one"
	expect_status 1
	expect_err 'error\[I005\].*is remote and --offline is set'
	raw --offline "$odd/ok/offline:one"
	expect_refused 1 I005 'is remote and --offline is set'
	expect_same "$(grep -c '^tls /v2/ok/offline/' "$site/log")" 0
}
tap_case "offline" offline

wrong_use() {
	local arguments

	mkdir -p .containust
	while IFS= read -r arguments; do
		# shellcheck disable=SC2086
		run ctst pull $arguments
		expect_status 2
		expect_lines out 0
	done <<-'EOF'
		--name x
		a b
		Nginx
		nginx:
		nginx:.x
		nginx@sha256:abc
		https://example.org/x
		example.org/../x
		example.org/a//b
		-bad.example/x
		example.org:port/x
		--platform amd64 nginx
		--name Upper nginx
		--name a/../b nginx
		-o xml nginx
	EOF
	run ctst-image-pull nginx
	expect_status 2
	mkdir got
	run ctst-image-pull -o got "$odd/ok/x:one"
	expect_status 1
	expect_err "cannot create 'got': File exists"
	rmdir got
	run ctst-image-pull -o none/got "$odd/ok/x:one"
	expect_status 4
}
tap_case "wrong use" wrong_use

archive_from_the_network() {
	local digest

	tar -C "$site" -cf "$site/page.tar" user
	digest=$(digest_of "$site/page.tar")
	mkdir -p "$site/layout/blobs/sha256"
	cp "$site/page.tar" "$site/layout/blobs/sha256/${digest#sha256:}"
	build "https://$odd/stored/$digest@$digest"
	expect_status 0
	expect_same "$(out '.images[0].digest')" "$digest"
	expect_same "$(ls "$(out '.images[0].layers[0]')")" user
	build "https://$odd/stored/$digest@$digest" -- --offline
	expect_status 0
	build "https://$odd/stored/$digest@sha256:$(printf '0%.0s' {1..64})"
	expect_status 1
	expect_err 'error\[I002\]'
	build "https://$odd/stored/$digest"
	expect_status 1
	expect_err 'error\[E007\].*has no pin'
}
tap_case "an archive behind https://" archive_from_the_network

tap_done
