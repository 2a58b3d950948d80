#!/usr/bin/env bash
# ctst-image-fetch against servers that behave and servers that do not.
#
# They, and the clients, have a network of their own where that is allowed: a new network namespace has nothing but
# its loopback.
if [ -z "${FETCH_INSIDE:-}" ]; then
	own=(unshare --net)
	[ "$(id -u)" -eq 0 ] || own=(unshare --user --map-root-user --net)
	FETCH_INSIDE=1
	export FETCH_INSIDE
	! "${own[@]}" true 2>/dev/null || exec "${own[@]}" "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/servers.bash"

unset CONTAINUST_CA_FILE http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY

# ---- the servers ----

site=$tap_root/site

start_servers() {
	local problem

	mkdir "$site"
	# Something that no line of it can be taken for another one, and that can be imported.
	{
		echo 'COMPONENT t { image = "preset://busybox" command = ["/bin/true"] }'
		printf '// '
		head -c 2250000 /dev/urandom | base64 --wrap=0
	} | head -c 3000000 >"$site/content"
	problem=$(certificate "$site/ca" 'test authority' DNS:ca.example &&
		certificate "$site/tls" localhost DNS:localhost,IP:127.0.0.1 "$site/ca" &&
		certificate "$site/elsewhere" elsewhere DNS:elsewhere.example "$site/ca" &&
		certificate "$site/unknown" localhost DNS:localhost,IP:127.0.0.1) || fail "$problem"
	# shellcheck disable=SC2034
	# They live as long as this script does, however it ends: their standard input ends with it.
	exec {servers}> >(exec python3 "$SOURCE_ROOT/tests/blackbox/fetch-server.py" "$site" 2>"$site/problem")
	await test -e "$site/ports"
	while IFS='=' read -r name port; do
		declare -g "$name=$port"
	done <"$site/ports"
}
start_servers
# shellcheck disable=SC2154 # the ports are read from a file
here=https://127.0.0.1:$tls
ca=$site/ca.crt

# ---- helpers ----

# fetch [OPTION…] URL: into the file got, within $limit seconds.
fetch() {
	run timeout "${limit:-60}" ctst-image-fetch --backoff 10 --ca-file "$ca" -o got "$@"
}

expect_content() {
	expect_status 0
	cmp got "$site/content"
	expect_same "$(ls -A)" got
}

# expect_refused CODE 'regular expression': and nothing was left behind.
expect_refused() {
	expect_status 1
	expect_lines out 0
	expect_err "^ctst-image-fetch: error\[$1\]: .*$2"
	expect_same "$(ls -A)" ""
}

# How often the server was asked for a path.
requests() {
	grep -c " $1 number=" "$site/log" || true
}

# ---- what works ----

whole_file() {
	fetch "$here/whole"
	expect_content
	expect_lines err 0
	expect_same "$(cat "$CASE_DIR/out")" "$(digest_of got)"
	expect_same "$(stat -c '%a %h' got)" "644 1"
	fetch --digest "$(digest_of got)" "$here/whole"
	expect_content
	expect_lines out 0
	expect_same "$(requests /whole)" 2
}
tap_case "a file arrives; without --digest its digest is printed" whole_file

endings() {
	fetch "$here/chunked?body=chunked"
	expect_content
	rm got
	fetch "$here/empty?size=0"
	expect_status 0
	expect_same "$(stat -c %s got)" 0
	fetch "$here/empty?size=0&body=chunked"
	expect_status 0
	rm got
	fetch "$here/closed?body=closed"
	expect_refused I006 'does not say how long it is'
	expect_err 'hint: .*--digest'
	fetch --digest "$(digest_of "$site/content")" "$here/closed?body=closed"
	expect_content
	rm got
	fetch --digest "$(digest_of "$site/content")" "$here/closed2?body=closed&cut=1000"
	expect_refused I002 "should be $(digest_of "$site/content") but"
}
tap_case "the end of a body: length, chunks, or the connection's with a digest only" endings

replaces_a_file() {
	echo old >got
	ln got other
	fetch "$here/replace"
	expect_status 0
	cmp got "$site/content"
	expect_same "$(cat other)" old
	expect_same "$(ls -A)" "got"$'\n'"other"
	run ctst-image-fetch --ca-file "$ca" --digest "sha256:$(printf '0%.0s' {1..64})" -o other "$here/replace"
	expect_status 1
	expect_same "$(cat other)" old
}
tap_case "an existing file is replaced in one step, or kept" replaces_a_file

many_at_once() {
	local job jobs=() i

	for i in {1..20}; do
		ctst-image-fetch --ca-file "$ca" -o got "$here/many?size=$((i * 1000))" >/dev/null &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job"
	done
	expect_same "$(ls -A)" got
	cmp -n "$(stat -c %s got)" got "$site/content"
	expect_same "$(($(stat -c %s got) % 1000))" 0
}
tap_case "many downloads of one file: the last one wins, whole" many_at_once

leftover_of_a_kill() {
	echo old >got
	echo older >.got.new
	fetch "$here/leftover"
	expect_content
}
tap_case "what a kill between two calls has left goes away" leftover_of_a_kill

without_tmpfile() {
	run python3 "$SOURCE_ROOT/tests/blackbox/deny.py" tmpfile ctst-image-fetch --ca-file "$ca" -o got "$here/named"
	expect_content
	run python3 "$SOURCE_ROOT/tests/blackbox/deny.py" tmpfile ctst-image-fetch --ca-file "$ca" -o got "$here/named"
	expect_content
	rm got
	run python3 "$SOURCE_ROOT/tests/blackbox/deny.py" tmpfile \
		ctst-image-fetch --ca-file "$ca" --max-bytes 10 -o got "$here/named"
	expect_refused I006 'it has 3000000 bytes or more and the limit is 10'
	python3 "$SOURCE_ROOT/tests/blackbox/deny.py" tmpfile \
		ctst-image-fetch --ca-file "$ca" -o got "$here/named2?drip=1" 2>"$CASE_DIR/err" &
	await grep -q /named2 "$site/log"
	await sh -c 'ls -A | grep -q "^[.]fetch-"'
	kill -TERM $!
	status=0
	wait $! || status=$?
	expect_same "$status" 143
	expect_same "$(ls -A)" ""
}
tap_case "a file system without O_TMPFILE" without_tmpfile

sends_what_was_asked_for() {
	printf 'machine 127.0.0.1 login me password secret\n' >"$HOME/.netrc"
	fetch --accept application/json --accept text/plain "$here/accept"
	rm "$HOME/.netrc"
	expect_content
	grep -q ' /accept .* accept=application/json, text/plain authorization=-$' "$site/log"
}
tap_case "--accept, and no credentials from .netrc" sends_what_was_asked_for

through_a_proxy() {
	# shellcheck disable=SC2154
	https_proxy=http://127.0.0.1:$proxy fetch "$here/proxied"
	expect_content
	grep -q '^proxy CONNECT' "$site/log"
	rm got
	# shellcheck disable=SC2154
	http_proxy=http://127.0.0.1:$proxy fetch --insecure-loopback "http://127.0.0.1:$plain/unproxied"
	expect_content
	! grep -q '^proxy GET' "$site/log" || fail "a proxy was asked for a loopback address"
}
tap_case "a proxy of the environment is used, for loopback http none" through_a_proxy

redirected() {
	fetch "$here/redirect?to=/target%3Fa%3Db"
	expect_content
	expect_same "$(requests /target)" 1
}
tap_case "a redirect is followed" redirected

# import URL 'text': a composition that imports it, pinned.
import() {
	printf 'IMPORT "%s@sha256:%s"\nCOMPONENT a FROM t { }\n' "$1" "$(printf '%s' "$2" | sha256sum | cut -d ' ' -f 1)"
}

imported() {
	local url text='COMPONENT t { image = "preset://busybox" }'

	export CONTAINUST_CA_FILE=$ca XDG_CACHE_HOME=$PWD/cache
	url="$here/t.ctst?status=200&body=$(printf '%s' "$text" | jq -sRr @uri)"
	import "$url" "$text" >s.ctst
	run ctst-parse --offline s.ctst
	expect_status 1
	expect_err 'E014'
	run ctst-parse s.ctst
	expect_status 0
	expect_lines err 0
	expect_same "$(jq -r '.components[].image' "$CASE_DIR/out")" preset://busybox
	run ctst-parse --offline s.ctst
	expect_status 0
	expect_same "$(requests /t.ctst)" 1
	import "$url" other >s.ctst
	run ctst-parse s.ctst
	expect_status 1
	expect_err '^ctst-image-fetch: error\[I002\]: '
	expect_err 'E008'
	expect_same "$(find cache -type f | wc -l)" 1
}
tap_case "a .ctst file imports from it, once" imported

# ---- what passes ----

continues_after_a_cut() {
	fetch --digest "$(digest_of "$site/content")" "$here/cut?cut=1500000"
	expect_content
	grep -q ' /cut number=2 range=bytes=1500000- if-range="one" ' "$site/log"
	rm got
	# The connection ends in the middle of the second part, too.
	fetch "$here/cut2?cut=1200000&cuts=2"
	expect_content
	grep -q ' /cut2 number=3 range=bytes=2400000- ' "$site/log"
}
tap_case "a download that was cut continues where it stopped" continues_after_a_cut

# begins_anew NAME 'query' [RANGE of the second request [of the third]]
begins_anew() {
	local name=$1 query=$2 number=1 range

	shift 2
	fetch "$here/$name?cut=1500000&$query"
	expect_content
	rm got
	for range; do
		number=$((number + 1))
		grep -q " /$name number=$number range=$range " "$site/log" || {
			grep " /$name " "$site/log"
			fail "expected range $range in request $number"
		}
	done
}

cannot_continue() {
	begins_anew ignored ranges=ignored bytes=1500000-
	begins_anew none ranges=none -
	begins_anew weak etag=weak -
	begins_anew without etag=none -
	begins_anew changes etag=changes bytes=1500000-
	begins_anew lying 'etag=changes&ranges=lying' bytes=1500000- -
	begins_anew wrong ranges=wrong bytes=1500000- -
	# Only the end of the last chunk was missing: the server has no range to send.
	fetch "$here/unended?body=chunked&cut=3000008"
	expect_content
	grep -q ' /unended number=2 range=bytes=3000000- ' "$site/log"
	grep -q ' /unended number=3 range=- ' "$site/log"
}
tap_case "a server that cannot continue, or would continue something else, is asked for all of it" cannot_continue

short_parts() {
	fetch --retries 20 --backoff 0 "$here/short?cut=2000000&ranges=short"
	expect_content
	fetch --retries 2 "$here/short2?cut=2000000&ranges=short"
	expect_status 1
	expect_err 'stopped after 2200000 of 3000000 bytes'
}
tap_case "a part that ends too early is not the whole" short_parts

progress_forgives() {
	fetch --retries 1 "$here/forgiven?cut=1200000&cuts=2"
	expect_content
	rm got
	fetch --retries 1 "$here/unforgiven?cut=100000&cuts=20"
	expect_refused I006 '2 attempts failed, the last one: the connection was cut after 200000 bytes'
}
tap_case "failures count in a row, as long as little arrives between them" progress_forgives

busy_server() {
	fetch "$here/busy?status=503&times=2"
	expect_content
	expect_same "$(requests /busy)" 3
	rm got
	fetch --retries 1 "$here/busier?status=503&times=2"
	expect_refused I006 "2 attempts failed, the last one: the server answered 'HTTP/1.1 503 "
	expect_same "$(requests /busier)" 2
}
tap_case "503 twice, then the file" busy_server

retry_after() {
	local before after

	before=$(date +%s%N)
	fetch "$here/later?status=429&times=1&retry-after=1"
	after=$(date +%s%N)
	expect_content
	[ $((after - before)) -ge 1000000000 ] || fail "it came back after $(((after - before) / 1000000)) ms"
	rm got
	fetch "$here/tomorrow?status=503&retry-after=86400"
	expect_refused I006 '503'
	expect_err 'hint: .*86400'
	expect_same "$(requests /tomorrow)" 1
}
tap_case "Retry-After is obeyed, unless it is too long" retry_after

# ---- what does not ----

wrong_digest() {
	local other

	other=sha256:$(printf '0%.0s' {1..64})
	fetch --digest "$other" "$here/digest"
	expect_refused I002 "should be $other but its content is $(digest_of "$site/content")\$"
	expect_same "$(requests /digest)" 1
}
tap_case "another content than the digest's: both are shown, nothing is kept" wrong_digest

not_there() {
	fetch "$here/missing?status=404&body=no%1b%5b31m%9b%c2%9bsuch%e2%80%aething%0a%0a&secret=x"
	expect_refused I006 "the server answered 'HTTP/1.1 404 Because': no.*such.thing\$"
	! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f-\xff]' "$CASE_DIR/err" || fail "the terminal would obey this"
	refute_err secret
	expect_same "$(requests /missing)" 1
	fetch "$here/page?status=403&type=text/html&body=%3Chtml%3E"
	expect_refused I006 "403 Because'\$"
	fetch "$here/odd?status=204"
	expect_refused I006 "204 Because'\$"
	fetch "$here/cut-404?status=404&body=x"
	expect_refused I006 404
}
tap_case "404 is said once, with the server's words made harmless" not_there

too_much() {
	fetch --max-bytes 1000000 "$here/body?endless=body"
	expect_refused I006 'bytes or more and the limit is 1000000'
	fetch --max-bytes 100 "$here/announced"
	expect_refused I006 'it has 3000000 bytes or more and the limit is 100'
	fetch --max-bytes 2999999 "$here/unannounced?body=chunked"
	expect_refused I006 'bytes or more and the limit is 2999999'
	fetch --max-bytes 3000000 "$here/announced"
	expect_content
	rm got
	fetch "$here/error?endless=error"
	expect_refused I006 '404 Not Found.: sorry'
}
tap_case "a body without end" too_much

too_much_header() {
	fetch "$here/header?endless=header"
	expect_refused I006 'header is longer than 256 KiB'
	fetch "$here/interim?endless=interim"
	expect_refused I006 'header is longer than 256 KiB'
	fetch "$here/line?endless=line"
	expect_refused I006 'header has a line that is too long'
	fetch --stall-timeout 1 --retries 0 "$here/extension?endless=extension"
	expect_refused I006 'less than 1024 bytes a second for 1 s'
}
tap_case "a header without end" too_much_header

unsafe_redirects() {
	# shellcheck disable=SC2154
	fetch --insecure-loopback "$here/down?to=http://127.0.0.1:$plain/plain"
	expect_refused I006 "redirected to 'http://127.0.0.1:[0-9]*/plain': http:// is not encrypted"
	fetch "$here/file?to=file:///etc/passwd"
	expect_refused I006 "scheme 'file' is not fetched"
	fetch "$here/user?to=https://me:secret@127.0.0.1:$tls/x"
	expect_refused I006 'user name or password'
	# shellcheck disable=SC2154
	fetch "$here/away?to=https://127.0.0.1:$unknown/x"
	expect_refused I006 "redirected to 'https://127.0.0.1:$unknown/x': the server cannot be trusted"
	expect_same "$(requests /plain)$(requests /x)" 00
	fetch "$here/nowhere?status=302"
	expect_refused I006 'without saying where to'
	fetch "http://127.0.0.1:$plain/up?to=$here/whole" --insecure-loopback
	expect_content
}
tap_case "a redirect leads only to https, and to servers that are trusted" unsafe_redirects

redirect_loop() {
	fetch "$here/endless?forever=1"
	expect_refused I006 'more than 10 redirects'
	expect_same "$(requests /endless)" 11
}
tap_case "a redirect loop ends" redirect_loop

not_trusted() {
	fetch "https://127.0.0.1:$unknown/"
	expect_refused I006 'cannot be trusted: SSL certificate problem'
	expect_err 'hint: .*--ca-file'
	# shellcheck disable=SC2154
	fetch "https://127.0.0.1:$elsewhere/"
	expect_refused I006 "cannot be trusted: .*does not match|cannot be trusted: .*no alternative .*name matches"
	refute_err 'hint: .*--ca-file'
	run ctst-image-fetch -o got "$here/untrusted"
	expect_refused I006 'cannot be trusted'
	CONTAINUST_CA_FILE=$ca run ctst-image-fetch -o got "$here/untrusted"
	expect_content
	expect_same "$(requests /untrusted)" 1
}
tap_case "an unknown authority, another host's certificate" not_trusted

own_authority_is_added() {
	local certificates=/etc/ssl/certs

	[ -d "$certificates" ] || skip "there is no $certificates"
	unshare --mount sh -c "mount --bind '$site' $certificates" 2>/dev/null || skip "mounts are not allowed here"
	cp "$ca" "$site/ca-certificates.crt"
	for url in "$here/system" "https://127.0.0.1:$unknown/own"; do
		# shellcheck disable=SC2016
		run unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh "$site" "$certificates" \
			ctst-image-fetch --ca-file "$site/unknown.crt" -o got "$url"
		expect_content
		rm got
	done
}
tap_case "an own authority is trusted beside those of the system" own_authority_is_added

bad_authorities() {
	run ctst-image-fetch --ca-file nowhere.pem -o got "$here/authority"
	expect_status 4
	expect_err "cannot read certificates from 'nowhere.pem'"
	run ctst-image-fetch --ca-file /dev/null -o got "$here/authority"
	expect_status 1
	expect_err "'/dev/null' holds no certificate"
	expect_same "$(requests /authority)" 0
}
tap_case "a file without certificates" bad_authorities

slow_server() {
	local limit=15

	fetch --stall-timeout 1 --retries 1 "$here/drip?drip=1"
	expect_refused I006 '2 attempts failed, the last one: less than 1024 bytes a second for 1 s, [1-9][0-9]* bytes'
	expect_lines err 1
	fetch --stall-timeout 1 --retries 0 "$here/mute?mute=1"
	expect_refused I006 'less than 1024 bytes a second for 1 s, 0 bytes'
	# shellcheck disable=SC2154
	fetch --connect-timeout 1 --retries 0 "https://127.0.0.1:$deaf/"
	expect_refused I006 'no connection within 1 s'
}
tap_case "a server that sends a byte now and then, or none" slow_server

unreachable() {
	fetch https://127.0.0.1:1/
	expect_refused I006 "cannot download 'https://127.0.0.1:1/': failed to connect"
	# shellcheck disable=SC2154
	fetch --retries 1 "https://127.0.0.1:$slam/"
	expect_refused I006 '2 attempts failed, the last one: the connection was cut after 0 bytes \('
	fetch https://no-such-host.invalid/
	expect_refused I006 'could not resolve host'
}
tap_case "no server, no host, one that hangs up" unreachable

offline() {
	local deny=("$SOURCE_ROOT/tests/blackbox/deny.py" socket)

	run python3 "${deny[@]}" ctst-image-fetch --ca-file "$ca" -o got "$here/offline"
	expect_same "$status" 159
	run python3 "${deny[@]}" ctst-image-fetch --offline --ca-file "$ca" -o got "$here/offline"
	expect_refused I005 "'$here/offline' is remote and --offline is set"
	CONTAINUST_OFFLINE=1 run python3 "${deny[@]}" ctst-image-fetch --ca-file "$ca" -o got "$here/offline"
	expect_refused I005 offline
	expect_same "$(requests /offline)" 0
}
tap_case "offline: no socket is made" offline

plain_http() {
	fetch --insecure-loopback "http://127.0.0.1:$plain/a"
	expect_content
	fetch --insecure-loopback "http://localhost:$plain/b"
	expect_content
	rm got
	fetch "http://127.0.0.1:$plain/refused"
	expect_status 2
	expect_err 'not encrypted'
	expect_err 'hint: .*--insecure-loopback'
	fetch --insecure-loopback "http://192.0.2.1:$plain/refused"
	expect_status 2
	refute_err insecure
	fetch --insecure-loopback "http://127.0.0.1.example/refused"
	expect_status 2
	fetch --insecure-loopback "http://127.0.0.1:$plain/away?to=http://192.0.2.1/"
	expect_refused I006 "redirected to 'http://192.0.2.1/': http:// is not encrypted"
	expect_same "$(requests /refused)" 0
}
tap_case "http only to loopback and only when it is asked for" plain_http

wrong_use() {
	local arguments

	while IFS= read -r arguments; do
		# shellcheck disable=SC2086
		run ctst-image-fetch $arguments
		expect_status 2
		expect_lines out 0
		expect_same "$(ls -A)" ""
	done <<-'EOF'
		-o got
		https://example.org/
		-o got https://example.org/ https://example.org/
		-o - https://example.org/
		-o got ftp://example.org/
		-o got file:///etc/passwd
		-o got example.org
		-o got https://
		-o got https://me:secret@example.org/
		-o got https://me@example.org/
		-o got --digest sha256:abc https://example.org/
		-o got --digest md5:abc https://example.org/
		-o got --max-bytes x https://example.org/
		-o got --max-bytes -1 https://example.org/
		-o got --max-bytes 99999999999999999999 https://example.org/
		-o got --retries 101 https://example.org/
		-o got --stall-timeout 0 https://example.org/
		-o got --connect-timeout 1s https://example.org/
	EOF
	run ctst-image-fetch -o got --accept $'a/b\r\nX: y' https://example.org/
	expect_status 2
	run ctst-image-fetch -o got $'https://example.org/\nx'
	expect_status 2
	run ctst-image-fetch -o got "https://example.org/$(head -c 9000 /dev/zero | tr '\0' a)"
	expect_status 2
	run ctst-image-fetch -o got 'https://me:secret@example.org/'
	expect_err 'user name or password'
}
tap_case "wrong use" wrong_use

no_place() {
	mkdir directory
	ln -s nowhere link
	mkfifo fifo
	run ctst-image-fetch --ca-file "$ca" -o nowhere/got "$here/place"
	expect_status 4
	expect_err "cannot create 'nowhere/got': No such file or directory"
	for name in directory link fifo; do
		run ctst-image-fetch --ca-file "$ca" -o "$name" "$here/place"
		expect_status 1
		expect_err "'$name' exists and is not a regular file"
	done
	for name in directory/ . .. "$(head -c 250 /dev/zero | tr '\0' a)"; do
		run ctst-image-fetch --ca-file "$ca" -o "$name" "$here/place"
		expect_status 1
	done
	expect_same "$(requests /place)" 0
	# shellcheck disable=SC2016
	run bash -c 'ulimit -f 100 && exec "$@"' bash ctst-image-fetch --ca-file "$ca" -o directory/got "$here/limit"
	expect_status 1
	expect_err "cannot write 'directory/got': File too large"
	expect_same "$(ls -A directory)" ""
	run ctst-image-fetch --ca-file "$ca" -o directory/got "$here/full"
	expect_status 0
	status=0
	ctst-image-fetch --ca-file "$ca" -o directory/got "$here/full" >/dev/full 2>"$CASE_DIR/err" || status=$?
	expect_same "$status" 1
}
tap_case "a file that cannot be written is refused before the download, a full disk noticed" no_place

ended() {
	! kill -0 "$1"
}

killed() {
	local signal

	for signal in KILL TERM INT HUP; do
		# With job control, because a shell's other background jobs ignore SIGINT.
		set -m
		ctst-image-fetch --ca-file "$ca" --stall-timeout 3600 -o got "$here/killed-$signal?drip=1" 2>"$CASE_DIR/err" &
		set +m
		await grep -q "/killed-$signal " "$site/log"
		kill -s "$signal" $!
		await ended $!
		status=0
		wait $! || status=$?
		expect_same "$status" $((128 + $(kill -l "$signal")))
		expect_same "$(ls -A)" ""
		expect_lines err 0
	done
}
tap_case "a signal ends it and nothing is left, also by SIGKILL" killed

imported() {
	local digest

	digest=$(sha256sum <"$site/content")
	digest=${digest%% *}
	export XDG_CACHE_HOME=$PWD/cache CONTAINUST_CA_FILE=$ca
	echo "IMPORT \"$here/lib/imported.ctst@sha256:$digest\" COMPONENT a FROM imported { }" >s.ctst
	run ctst-parse --offline s.ctst
	expect_status 1
	expect_err E014
	run ctst-parse s.ctst
	expect_status 0
	expect_same "$(jq -c '.components[0].origins.image' "$CASE_DIR/out")" "\"$here/lib/imported.ctst:1:23\""
	# Once is enough, for every project, also without a network.
	mkdir other
	cp s.ctst other/
	run ctst-parse --offline other/s.ctst
	expect_status 0
	run ctst-parse other/s.ctst
	expect_status 0
	expect_same "$(grep -c '/lib/imported.ctst ' "$site/log")" 1
	# Another content than the pin says is not kept.
	echo "IMPORT \"$here/lib/other.ctst@sha256:$(printf '%064d' 1)\" COMPONENT a FROM other { }" >s.ctst
	run ctst-parse s.ctst
	expect_status 1
	expect_err I002
	expect_err 'E008.*the download failed'
	expect_same "$(ls cache/containust/imports)" "$digest"
	unset CONTAINUST_CA_FILE
	run ctst-parse s.ctst
	expect_status 1
	expect_err 'I006'
}
tap_case "IMPORT fetches once and keeps what has the pinned digest" imported

on_a_terminal() {
	command -v script >/dev/null || skip "script(1) is not installed"
	script -qec "ctst-image-fetch --ca-file '$ca' --stall-timeout 1 --retries 0 -o got '$here/seen?drip=1'" /dev/null \
		>shown </dev/null || true
	grep -q 'downloading https://127.0.0.1:.*\[ *\] 0%, 0 MiB' shown
}
tap_case "a terminal shows a bar" on_a_terminal

tap_done
