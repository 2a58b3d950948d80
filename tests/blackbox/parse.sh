#!/usr/bin/env bash
# ctst-parse as people and pipes meet it: documents, messages, exit statuses.
# shellcheck disable=SC2016 # ${…} is the language's, not the shell's
. "$(dirname "$0")/lib.sh"

# A component with an image, and whatever else is given.
component() {
	printf 'COMPONENT %s {\n    image = "preset://busybox"\n%s}\n' "$1" "${2:+    $2$'\n'}"
}

# Standard output of a failure is the message to the next stage and nothing else.
expect_failure_document() {
	expect_lines out 1
	jq -e --arg code "$1" '.format == "ctst.failure/1" and .stage == "ctst-parse" and .code == $code' \
		"$CASE_DIR/out" >/dev/null || {
		tap_show_last
		fail "expected a failure document with code '$1'"
	}
}

# expect_problem 'TEXT' CODE 'regular expression of the message or hint' [LINE:COLUMN]
expect_problem() {
	printf '%s' "$1" >problem.ctst
	run ctst-parse problem.ctst
	expect_status 1
	expect_failure_document "$2"
	expect_err "^error\[$2\]: "
	expect_err "$3"
	[ -z "${4:-}" ] || expect_err "^ *--> problem\.ctst:$4\$"
}

expect_one_problem() {
	expect_problem "$@"
	expect_same "$(grep -c '^error' "$CASE_DIR/err")" 1
}

good_file_gives_its_composition() {
	{
		component db 'port = 5432'
		component api 'ports = [8080, 8081]
    memory = "512MiB"
    cpu = "0.5"
    env = { URL = "${db.host}", }
    volumes = ["./data:/data", "cache:/cache:ro"]
    command = ["a", "b"]
    entrypoint = []
    readonly = false
    workdir = "/w"
    user = "1000:1000"
    hostname = "h"
    restart = "on-failure:3"
    network = "back"
    healthcheck = { command = ["x"] interval = "1m30s" }
    capabilities = ["NET_BIND_SERVICE"]
    distroless = true'
		echo 'CONNECT api -> db'
		echo 'EXPOSE 80:8080'
		echo 'EXPOSE "[::1]:53:8081/udp" FROM api'
	} >stack.ctst
	run ctst-parse stack.ctst
	expect_status 0
	expect_lines err 0
	expect_lines out 1
	local here
	here=$(pwd -P)
	expect_same "$(jq -c '.components[1] | del(.origins)' "$CASE_DIR/out")" "$(jq -cn --arg here "$here" '{
		name: "api", at: "stack.ctst:5:11", image: "preset://busybox", ports: [8080, 8081], memory: 536870912,
		cpu: {millicores: 500}, env: {URL: "${db.host}"},
		volumes: [{kind: "bind", source: ($here + "/data"), target: "/data", readonly: false},
			{kind: "project", source: "cache", target: "/cache", readonly: true}],
		command: ["a", "b"], entrypoint: [], readonly: false, workdir: "/w", user: "1000:1000", hostname: "h",
		restart: {policy: "on-failure", max_retries: 3}, network: "back",
		healthcheck: {command: ["x"], interval_ms: 90000, timeout_ms: 5000, retries: 3, start_period_ms: 0},
		capabilities: ["NET_BIND_SERVICE"], distroless: true}')"
	expect_same "$(jq -c '.components[1].origins | [.image, .ports, ."env.URL"]' "$CASE_DIR/out")" \
		'["stack.ctst:6:13","stack.ctst:7:13","stack.ctst:10:19"]'
	expect_same "$(jq -c '[.connections, .exposed]' "$CASE_DIR/out")" "$(jq -cn '[
		[{from: "api", to: "db", at: "stack.ctst:24:1"}],
		[{component: "api", host_port: 80, container_port: 8080, address: null, protocol: "tcp", at: "stack.ctst:25:1"},
		 {component: "api", host_port: 53, container_port: 8081, address: "::1", protocol: "udp", at: "stack.ctst:26:1"}]]')"
	expect_same "$(jq -r 'keys_unsorted | join(" ")' "$CASE_DIR/out")" \
		"format file directory warnings components connections exposed"
	expect_same "$(jq -r '.file + " " + .directory' "$CASE_DIR/out")" "$here/stack.ctst $here"
}

file_is_found() {
	component a >containust.ctst
	run ctst-parse
	expect_status 0
	expect_out '"file":"/.*/containust\.ctst"'
	run ctst-parse - <containust.ctst
	expect_status 0
	expect_out '"file":"<stdin>"'
	: >empty.ctst
	run ctst-parse empty.ctst
	expect_status 0
	expect_out '"components":\[\]'
}

relative_paths_are_those_of_the_file() {
	local here
	here=$(pwd -P)
	mkdir sub
	echo 'COMPONENT a { image = "file://./root" volume = "./d:/d" }' >sub/s.ctst
	run ctst-parse sub/s.ctst
	expect_status 0
	expect_same "$(jq -r '.components[0] | .image, .volumes[0].source' "$CASE_DIR/out")" \
		"file://$here/sub/root"$'\n'"$here/sub/d"
}

no_such_file() {
	run ctst-parse nothing.ctst
	expect_status 4
	expect_err "cannot open 'nothing\.ctst': No such file or directory"
	expect_lines out 1
	run ctst-parse
	expect_status 4
	expect_err 'containust\.ctst'
}

odd_files() {
	mkdir directory
	run ctst-parse directory
	expect_status 1
	expect_err 'is a directory'
	mkfifo fifo
	run timeout 10 ctst-parse fifo
	expect_status 1
	expect_err 'not a regular file'
	truncate -s 16777217 huge.ctst
	run ctst-parse huge.ctst
	expect_status 1
	expect_failure_document E020
	run ctst-parse - <huge.ctst
	expect_status 1
	expect_failure_document E020
}

unreadable_file() {
	[ "$(id -u)" -ne 0 ] || skip "root can read everything"
	component a >secret.ctst
	chmod 0 secret.ctst
	run ctst-parse secret.ctst
	expect_status 3
}

wrong_use() {
	run ctst-parse a b
	expect_status 2
	expect_lines out 0
	run ctst-parse --diagnostics xml a
	expect_status 2
	run ctst-parse --nonsense
	expect_status 2
}

full_disk_is_noticed() {
	component a >a.ctst
	status=0
	ctst-parse a.ctst >/dev/full 2>"$CASE_DIR/err" || status=$?
	: >"$CASE_DIR/out"
	tap_last_command="ctst-parse a.ctst >/dev/full"
	expect_status 1
	expect_err 'No space left on device'
}

lexical_problems() {
	local a
	a=$(component a)
	expect_one_problem "$a"$'\n# comment\n' E001 'comments begin with //' '4:1'
	expect_one_problem "$a"$'\n/* comment\n */\n' E001 'comments begin with //' '4:1'
	expect_one_problem "$a"$'\n\xc2\xa0' E001 'no-break space \(U\+00A0\)' '4:1'
	expect_one_problem "$a"$'\n\x01' E001 'control character U\+0001' '4:1'
	expect_one_problem "$a"$'\n// \xff' E001 'invalid UTF-8: byte 0xff' '4:4'
	expect_one_problem "$a"$'\n'"$(component b)"$'\nCONNECT a \xe2\x86\x92 b' E001 "an arrow is written '->'" '7:11'
	expect_one_problem 'COMPONENT café { image = "preset://busybox" }' E001 "malformed name 'café'" '1:11'
	expect_one_problem $'COMPONENT a {\n image = "preset://busybox\n}\n' E001 'unterminated string' '2:10'
	expect_one_problem "$(component a 'command = ["\xff"]' | sed 's/\\xff/'$'\xff''/')" E001 'invalid UTF-8' '3:17'
	printf '%s\n\0' "$a" >nul.ctst
	run ctst-parse nul.ctst
	expect_status 1
	expect_err 'NUL character'
	printf '\xef\xbb\xbf%s\r\n' "$a" >bom.ctst
	run ctst-parse bom.ctst
	expect_status 0
	expect_out '"at":"bom\.ctst:1:11"'
}

one_mistake_is_one_message() {
	expect_one_problem $'COMPONENT a {\n image = "preset://busybox"\nCOMPONENT b {\n image = "preset://busybox"\n}\n' \
		E001 "component 'a' is not closed" '1:13'
	expect_one_problem "$(component a 'command = ["x", "y"')" E001 'this list is not closed' '3:15'
	expect_one_problem "$(component a 'env = { A = "x"')" E001 'is not closed'
	expect_one_problem 'component a { image = "preset://busybox" }' E001 "did you mean 'COMPONENT'"
	expect_one_problem 'COMPONENT a { imag = "x" }' E001 "did you mean 'image'"
	expect_one_problem "$(component a 'environment = {}')" E001 "are called 'env'"
	expect_one_problem "$(component a 'restart = always')" E001 'strings have quotes: "always"'
	expect_one_problem "$(component a 'port: 80')" E001 "expected '=', found ':'"
	expect_one_problem "$(component a 'port = 1,,')" E001 "found ','"
	expect_one_problem "$(component a 'env = { A = [[[["x"]]]] }')" E001 'do not nest this deep'
	expect_one_problem "$(component env)" E001 "'env' is a reserved word"
	expect_one_problem "}" E001 'there is no'
}

every_check_has_its_code() {
	local a b digits
	a=$(component a) b=$(component b 'port = 80')
	digits=$(printf 'a%.0s' {1..64})
	expect_one_problem "$a"$'\nCONNECT a -> aa' E002 "did you mean 'a'" '4:14'
	expect_one_problem "$a"$'\n'"$a" E003 'first declared in line 1' '4:11'
	expect_one_problem "$a"$'\nCONNECT a -> a' E004 'depends on itself'
	expect_one_problem "$a"$'\n'"$b"$'\nCONNECT a -> b\nCONNECT b -> a' E004 'depend on each other: a -> b -> a' '9:9'
	expect_one_problem 'COMPONENT a { }' E005 "has no image"
	expect_one_problem "$(component a 'memory = "512mb"')" E006 "did you mean '512MB'" '3:14'
	expect_one_problem "$(component a 'memory = "99999999999999GiB"')" E006 'does not fit in 64 bits'
	expect_one_problem "$(component a 'cpu = 1')" E006 '2 to 262144'
	expect_one_problem "$(component a 'port = 65536')" E006 'is not 1 to 65535'
	expect_one_problem "$(component a 'volume = "/no/such/path:/x"')" E006 'does not exist'
	expect_one_problem "$(component a 'volume = "x:/proc/y"')" E006 'no volume can be mounted'
	expect_one_problem "$(component a 'hostname = "a_b"')" E006 'malformed host name'
	expect_one_problem "$(component a 'capabilities = ["CAP_CHOWN"]')" E006 "did you mean 'CHOWN'"
	expect_one_problem "$(component a 'command = "sleep 5"')" E006 '\["sleep", "5"\]'
	expect_one_problem 'COMPONENT a { image = "alpine:3.21" }' E007 'preset://alpine:3.21.*oci://docker.io/library/alpine:3.21@sha256'
	expect_one_problem 'COMPONENT a { image = "http://h/a.tar" }' E007 'use https://'
	expect_one_problem 'COMPONENT a { image = "oci://h/a" }' E007 'needs a pin'
	expect_one_problem 'COMPONENT a { image = "file:///x@sha256:abc" }' E007 'malformed pin'
	expect_one_problem 'IMPORT "x.ctst" AS x' E008 'there is no such file'
	expect_one_problem 'COMPONENT a FROM b { }' E016 "undefined template 'b'"
	expect_one_problem "$(component a 'port = 1 ports = [1]')" E012 'exclude each other'
	expect_one_problem "$b"$'\nEXPOSE 81' E015 'no component listens on port 81'
	expect_one_problem "$b"$'\n'"$(component c 'port = 80')"$'\nEXPOSE 80' E015 'EXPOSE 80:80 FROM b'
	expect_one_problem "$b"$'\nEXPOSE 80 EXPOSE 80' E015 'exposed twice'
	expect_one_problem "$(component a 'env = { A = "${b.host}" }')" E017 "undefined component 'b'" '3:20'
	expect_one_problem "$(component a 'env = { A = "${a.host" }')" E017 'unclosed'
	expect_one_problem "$(component a 'command = ["${secret.x}"]')" E017 'only be used in env'
	expect_one_problem "$(component a 'restart = "${env.X}"')" E017 "not allowed in 'restart'"
	expect_one_problem "$(component a 'port = 1 port = 2')" E018 'is set twice'
	expect_one_problem "$a"$'\n'"$(component x-y)$(component x_y)"$'\nCONNECT a -> x-y CONNECT a -> x_y' E019 'X_Y_HOST'
	expect_one_problem "$(component a "env = { A = \"$(head -c 65537 /dev/zero | tr '\0' x)\" }")" E020 'longer than 64 KiB'
	expect_one_problem "$a"$'\n'"$b"$'\n'"$(component c)"$'\nCONNECT a -> b -> c' E001 \
		'split it: CONNECT a -> b and CONNECT b -> c' '11:16'
	echo "COMPONENT a { image = \"oci://h/a@sha256:$digits\" }" >remote.ctst
	run ctst-parse remote.ctst
	expect_status 0
	# It may be in the store: ctst-image knows.
	run ctst-parse --offline remote.ctst
	expect_status 0
}

message_has_a_caret() {
	{
		component db
		component api
		echo $'CONNECT\tapi -> dbb'
	} >s.ctst
	run ctst-parse s.ctst
	expect_status 1
	expect_same "$(cat "$CASE_DIR/err")" "error[E002]: undefined component 'dbb'
  --> s.ctst:7:16
   |
 7 | CONNECT	api -> dbb
   |        	       ^^^ did you mean 'db'?"
}

all_problems_in_the_order_of_the_file() {
	printf 'CONNECT x -> y\nCOMPONENT a { port = 0 }\nEXPOSE 1\n' >s.ctst
	run ctst-parse s.ctst
	expect_status 1
	expect_same "$(sed -n 's/^error\[\(.*\)\].*/\1/p' "$CASE_DIR/err" | tr '\n' ' ')" "E002 E002 E005 E006 "
	for _ in {1..60}; do echo 'CONNECT x -> y'; done >many.ctst
	run ctst-parse many.ctst
	expect_same "$(grep -c '^error' "$CASE_DIR/err")" 50
	expect_err '70 more errors are not shown'
}

diagnostics_as_json() {
	printf 'CONNECT x -> y\nCOMPONENT a { image = "preset://busybox" command = ["a" "b"] }\n' >s.ctst
	run ctst-parse --diagnostics=json s.ctst
	expect_status 1
	expect_same "$(jq -cs 'map([.severity, .code, .file, .line, .column, .end_column])' "$CASE_DIR/err")" \
		'[["error","E002","s.ctst",1,9,10],["error","E002","s.ctst",1,14,15],["warning","E001","s.ctst",2,57,60]]'
	expect_failure_document E002
}

warnings_change_nothing_but_what_they_say() {
	component a 'command = ["x" "y"]' >s.ctst
	run ctst-parse s.ctst
	expect_status 0
	expect_err '^warning\[E001\]: missing'
	expect_same "$(jq -c '.warnings[0] | [.code, .at]' "$CASE_DIR/out")" '["E001","s.ctst:3:20"]'
	run ctst-parse -q s.ctst
	expect_status 0
	expect_lines err 0
	run ctst-parse --werror s.ctst
	expect_status 1
	expect_failure_document ''
	expect_err '1 warning, and --werror is given'
}

strict_names_extensions() {
	component a 'capabilities = []' >s.ctst
	run ctst-parse s.ctst
	expect_status 0
	expect_lines err 0
	run ctst-parse --strict s.ctst
	expect_status 0
	expect_err '^warning: this property: an extension'
	run ctst-parse --strict --werror s.ctst
	expect_status 1
}

secrets_stay_out_of_sight() {
	component a 'env = { DB_PASSWORD = "hunter2" }' >s.ctst
	run ctst-parse s.ctst
	expect_status 0
	expect_err 'holds a secret in plain text'
	expect_err '\$\{secret\.db_password\}'
	refute_err 'hunter2'
	component a 'env = { DB_PASS = "hunter2" MYSQL_PWD = "hunter2" APP_KEY = "hunter2" }' >s.ctst
	run ctst-parse s.ctst
	expect_same "$(grep -c 'holds a secret in plain text' "$CASE_DIR/err")" 3
	component a 'env = { TOKENIZER = "x" DEBUG_TOKEN = "true" MAX_TOKENS = "4096" SSH_PUBLIC_KEY = "x" TOKEN_TTL = "86400" DB_PASS_FILE = "/x" PWD = "/x" }' >s.ctst
	run ctst-parse s.ctst
	expect_status 0
	expect_lines err 0
	component a 'env = { DB_PASSWORD = "hunter2", , } port = 0' >s.ctst
	run ctst-parse s.ctst
	expect_status 1
	refute_err 'hunter2'
	run ctst-parse --diagnostics=json s.ctst
	refute_err 'hunter2'
	# Also where it is in no property that anybody has understood.
	while IFS= read -r text; do
		echo "COMPONENT t { image = \"preset://x\" port = 0 $text }" >s.ctst
		run ctst-parse --strict s.ctst
		expect_status 1
		refute_err 'hunter2'
		run ctst-parse --diagnostics json s.ctst
		refute_err 'hunter2'
		run ctst-fmt --check s.ctst
		refute_err 'hunter2'
	done <<-'E'
		env = { A = "1" } env = { PASSWORD = "hunter2" }
		env = { PASSWORD = "a1", PASSWORD = "hunter2" }
		env = { "db-password" = "hunter2" }
		envv = { PASSWORD = "hunter2" }
		CONNECT a -> b env = { PASSWORD = "hunter2" }
		env = { PASSWORD = hunter2 }
		env = { PASSWORD: "hunter2" }
		env = { PASSWORD = 123hunter2 }
		env = { PASSWORD = ["x", "hunter2"] }
		env = { PASSWORD = "hunter2$${" }
		env = { PASSWORD = "hunter2${env.X}" }
		env = { PASSWORD = 'hunter2' }
		image = "https://me:hunter2@host/x.tar"
		api_key = "hunter2"
	E
	# A reference may be seen, and so may the name of a file.
	component a 'env = { PASSWORD = "${secret.it}" PASSWORD_FILE = "/run/it" } port = 0 env = { A = "1" }' >s.ctst
	sed -i 'N;N;s/\n/ /g' s.ctst
	run ctst-parse s.ctst
	expect_err 'secret\.it'
	expect_err '/run/it'
}

templates_are_not_deployed() {
	{
		echo 'COMPONENT base { required_params = ["image"] port = 80 }'
		component a
	} >s.ctst
	run ctst-parse s.ctst
	expect_status 0
	expect_same "$(jq -c '[.components[].name]' "$CASE_DIR/out")" '["a"]'
	expect_problem $'COMPONENT base { required_params = ["image"] }\n'"$(component a)"$'\nCONNECT a -> base' E002 'is a template'
}

equal_input_gives_equal_bytes() {
	for i in {1..200}; do component "c$i" "port = $i"; done >s.ctst
	for i in {2..200}; do echo "CONNECT c$i -> c$((i / 2))"; done >>s.ctst
	ctst-parse s.ctst >first.json
	ctst-parse s.ctst >second.json
	cmp first.json second.json
	# The hash table of names has another seed each time.
	for _ in 1 2 3; do
		ctst-parse s.ctst | cmp - first.json
	done
}

hostile_files_end_quickly() {
	local length=2000000
	head -c "$length" /dev/zero | tr '\0' '[' >brackets.ctst
	{
		printf 'COMPONENT a { x = '
		head -c "$length" /dev/zero | tr '\0' '{'
	} >braces.ctst
	head -c "$length" /dev/zero | tr '\0' '}' >closing.ctst
	{
		printf 'CONNECT a'
		for _ in {1..200}; do printf -- '->b%.0s' {1..1000}; done
	} >chain.ctst
	{
		printf 'COMPONENT a { image = "preset://busybox" command = ['
		for _ in {1..30}; do
			printf '"'
			printf '${b.host}%.0s' {1..7000}
			printf '",'
		done
		printf ']}'
	} >templates.ctst
	for i in {1..20000}; do echo "COMPONENT c$i{image=\"preset://x\"}CONNECT c$i->c$((i % 20000 + 1))"; done >circle.ctst
	for file in brackets braces closing chain templates circle; do
		run timeout 20 ctst-parse "$file.ctst"
		expect_status 1
		expect_lines out 1
		[ "$(wc -c <"$CASE_DIR/err")" -lt 100000 ] || fail "too much is said about $file"
	done
}

tap_case "a file with everything gives its composition" good_file_gives_its_composition
tap_case "FILE is containust.ctst, - is standard input, an empty file is valid" file_is_found
tap_case "relative paths are read from the file's directory" relative_paths_are_those_of_the_file
tap_case "a missing file is exit status 4" no_such_file
tap_case "directories, FIFOs and huge files are refused" odd_files
tap_case "a file that may not be read is exit status 3" unreadable_file
tap_case "wrong use is exit status 2" wrong_use
tap_case "a full disk is noticed" full_disk_is_noticed
tap_case "lexical problems" lexical_problems
tap_case "one mistake is one message" one_mistake_is_one_message
tap_case "every check has its code" every_check_has_its_code
tap_case "a caret stands under the word, behind tabs too" message_has_a_caret
tap_case "all problems, in the order of the file, at most fifty" all_problems_in_the_order_of_the_file
tap_case "diagnostics as NDJSON" diagnostics_as_json
tap_case "warnings" warnings_change_nothing_but_what_they_say
tap_case "--strict names extensions" strict_names_extensions
tap_case "secrets in the file are not printed" secrets_stay_out_of_sight
tap_case "templates are not deployed" templates_are_not_deployed
tap_case "equal input gives equal bytes" equal_input_gives_equal_bytes
tap_case "hostile files end quickly" hostile_files_end_quickly
tap_done
