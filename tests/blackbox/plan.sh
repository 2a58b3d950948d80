#!/usr/bin/env bash
# ctst-plan and ctst-graph: as filters with documents made by hand, and in front of the real stages.
. "$(dirname "$0")/lib.sh"

digest=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

# composition COMPONENTS [CONNECTIONS]: one image that has a command.
composition() {
	printf '{"format":"ctst.composition/1","file":"%s/s.ctst","directory":"%s","warnings":[],"components":[%s],"connections":[%s],"exposed":[],' \
		"$PWD" "$PWD" "$1" "${2:-}"
	printf '"images":[{"uri":"preset://x","digest":"%s","layers":["/l"],"config":{"cmd":["/bin/true"]}}]}\n' "$digest"
}

component() {
	printf '{"name":"%s","image":"preset://x"}' "$1"
}

# Nothing but the failure document, and one message.
expect_failure() {
	expect_status 1
	expect_lines err "${2:-1}"
	expect_err "ctst-(plan|graph): error\[$1\]"
	expect_lines out 1
	expect_out '^\{"format":"ctst.failure/1","stage":"ctst-(plan|graph)","code":"'"$1"'","exit":1\}$'
}

plans_what_is_new() {
	composition "$(component api),$(component db)" '{"from":"api","to":"db"}' >c.json
	run ctst-plan <c.json
	expect_status 0
	expect_lines err 0
	expect_same "$(jq -c '[.actions[] | [.action, .name, .reason, .after, .ready]]' "$CASE_DIR/out")" \
		'[["create","db","new",[],"started"],["create","api","new",["db"],"started"]]'
	expect_same "$(jq -r '.actions[1].container.env | tojson' "$CASE_DIR/out")" '{"DB_HOST":"db"}'
}

digest_is_of_the_container() {
	composition "$(component api)" >c.json
	ctst-plan <c.json >plan.json
	expect_same "$(jq -r '.actions[0].config_digest' plan.json)" \
		"sha256:$(jq -cj '.actions[0].container' plan.json | sha256sum | cut -d' ' -f1)"
}

equal_input_gives_equal_bytes() {
	composition "$(component a),$(component b),$(component c)" '{"from":"a","to":"c"}' >c.json
	ctst-plan <c.json >one
	ctst-plan <c.json >two
	cmp one two
}

writes_nothing() {
	composition "$(component a)" >c.json
	ctst-plan <c.json >/dev/null
	ctst-plan -o text <c.json >/dev/null
	expect_same "$(ls -A)" c.json
}

refuses_malformed_documents() {
	local text

	composition "$(component a)" >c.json
	for text in '' '{' '[]' '{}' 'null' '{"format":1}' '{"format":"ctst.plan/1"}' '{"format":"ctst.composition/2"}' \
		'{"format":"ctst.composition/1"}' '{"format":"ctst.composition/1","format":"ctst.composition/1"}' \
		"$(cat c.json) {}" "$(sed 's/"name":"a"/"name":7/' c.json)" "$(sed 's/"name":"a"/"name":"a","ports":["x"]/' c.json)" \
		"$(sed 's/,"connections":\[\]/,"connections":{}/' c.json)" "$(head -c 100 c.json)" \
		"$(printf '[%.0s' {1..100000})"; do
		printf '%s' "$text" >document
		run ctst-plan <document
		expect_failure P001 "$(wc -l <"$CASE_DIR/err")"
		refute_err 'unknown|internal'
		run ctst-graph <document
		expect_failure P001 "$(wc -l <"$CASE_DIR/err")"
	done
}

refuses_a_nul() {
	composition "$(component a)" >c.json
	printf '\0{"more":1}' >>c.json
	run ctst-plan <c.json
	expect_failure P001
}

names_the_bad_member() {
	composition '{"name":"a","image":"preset://x"},{"name":"b","image":"preset://x","ports":[80,70000]}' >c.json
	run ctst-plan <c.json
	expect_failure P001
	expect_err 'components\[1\]\.ports\[1\]: 70000'
}

shows_a_cycle() {
	composition "$(component a),$(component b),$(component c)" \
		'{"from":"a","to":"b"},{"from":"b","to":"c"},{"from":"c","to":"b"}' >c.json
	run ctst-plan <c.json
	expect_failure P001
	expect_err 'cycle: b -> c -> b$'
	run ctst-graph <c.json
	expect_failure P001
}

needs_the_images() {
	composition "$(component a)" | jq -c 'del(.images)' >c.json
	run ctst-plan <c.json
	expect_failure P001 2
	expect_err 'hint:.*ctst-image build'
	run ctst-graph -o text <c.json
	expect_status 0
	expect_out '^a$'
}

text_on_request_has_no_failure_document() {
	echo "{" >document
	run ctst-plan -o text <document
	expect_status 1
	expect_lines out 0
}

passes_a_failure_on() {
	run ctst-plan <<<'{"format":"ctst.failure/1","stage":"ctst-image","code":"I001","exit":4}'
	expect_status 4
	expect_lines err 0
	expect_out '"format":"ctst.failure/1"'
}

a_missing_directory() {
	composition "$(component a)" | jq -c '.directory = "/no/such/directory"' >c.json
	run ctst-plan <c.json
	expect_status 4
	expect_err 'error\[S004\]'
}

a_damaged_state() {
	mkdir -p .containust/state
	echo '{' >.containust/state/state.json
	composition "$(component a)" >c.json
	run ctst-plan <c.json
	expect_status 1
	expect_err 'error\[S001\]'
	expect_same "$(cat .containust/state/state.json)" '{'
}

exit_status_in_detail() {
	composition "$(component a)" >c.json
	run ctst-plan --detailed-exitcode -o text <c.json
	expect_status 2
	expect_out '^Plan: 1 to add, 0 to change, 0 to destroy\.$'
	composition '' >empty.json
	run ctst-plan --detailed-exitcode -o text <empty.json
	expect_status 0
	expect_out '^No changes\. 0 components are up to date\.$'
}

environment_warnings() {
	composition '{"name":"a","image":"preset://x","env":{"A":"${env.CTST_TEST_UNSET}"}}' >c.json
	run ctst-plan <c.json
	expect_status 0
	expect_err "warning:.*'CTST_TEST_UNSET' is not set"
	expect_same "$(jq -r '.actions[0].container.env.A' "$CASE_DIR/out")" '${env.CTST_TEST_UNSET}'
	run ctst-plan --strict-env <c.json
	expect_status 1
	expect_err 'error\[E017\]'
	run env CTST_TEST_UNSET=x ctst-plan --strict-env <c.json
	expect_status 0
	expect_lines err 0
	refute_out '"A":"x"'
}

published_addresses() {
	composition '{"name":"a","image":"preset://x","ports":[80]}' |
		jq -c '.exposed = [{component: "a", host_port: 8080, container_port: 80, address: null, protocol: "tcp"}]' >c.json
	expect_same "$(ctst-plan <c.json | jq -r '.actions[0].container.published[0].address')" 127.0.0.1
	expect_same "$(CONTAINUST_PUBLISH_ADDR=::1 ctst-plan <c.json | jq -r '.actions[0].container.published[0].address')" ::1
	expect_same "$(ctst-plan --publish-addr 0.0.0.0 <c.json | jq -r '.actions[0].container.published[0].address')" 0.0.0.0
	run ctst-plan --publish-addr everywhere <c.json
	expect_status 2
	expect_lines out 0
}

a_full_disk() {
	composition "$(component a)" >c.json
	status=0
	ctst-plan <c.json >/dev/full 2>err || status=$?
	expect_same "$status" 1
	grep -q 'No space left' err
}

wrong_use() {
	run ctst-plan one two
	expect_status 2
	run ctst-plan --nonsense
	expect_status 2
	run ctst-plan -o yaml </dev/null
	expect_status 2
	run ctst-graph -o svg </dev/null
	expect_status 2
	run ctst-plan --help
	expect_status 0
	expect_out 'detailed-exitcode'
}

# ---- with the real stages ----

write_stack() {
	cat >stack.ctst <<'END'
COMPONENT web { image = "preset://busybox" port = 80 command = ["/bin/sleep", "1000000"] }
COMPONENT my-db {
    image = "preset://busybox"
    port = 5432
    env = { LEVEL = "info", DB_PASSWORD = "${secret.none}x" }
    command = ["/bin/sleep", "1000000"]
}
CONNECT web -> my-db
END
}

plans_a_file() {
	write_stack
	run ctst plan -o text stack.ctst
	expect_status 0
	expect_out '^\+ web  image preset://busybox \(will be imported\)$'
	expect_out '^Plan: 2 to add, 0 to change, 0 to destroy\.$'
	expect_same "$(ls -A)" stack.ctst
	run ctst plan missing.ctst
	expect_status 4
	expect_same "$(grep -c "error\[" "$CASE_DIR/err")" 1
	echo 'COMPONENT {' >broken.ctst
	run ctst plan broken.ctst
	expect_status 1
	refute_err 'ctst-(image|plan)'
}

# The question is answered before the images are there; a run still fails, before anything starts.
plans_without_the_images() {
	printf '%s\n' 'COMPONENT db { image = "tar://./images/db.tar" port = 5432 }' \
		'COMPONENT web { image = "oci://docker.io/library/nginx@sha256:'"$(printf 'a%.0s' {1..64})"'" }' \
		'CONNECT web -> db' >later.ctst
	run ctst plan -o text later.ctst
	expect_status 0
	expect_out "^\\+ db  image tar://$PWD/images/db\\.tar \\(not there yet\\)\$"
	expect_out '^\+ web  image oci://docker\.io/library/nginx@sha256:a+ \(will be pulled\)$'
	expect_out '^Plan: 2 to add, 0 to change, 0 to destroy\.$'
	expect_lines err 2
	expect_err "warning: component 'db' \(later\.ctst:1:24\): .*db\.tar"
	expect_err "warning: component 'web' \(later\.ctst:2:25\): .*nginx"
	run ctst plan --detailed-exitcode -o json later.ctst
	expect_status 2
	expect_same "$(jq -c '[.actions[] | [.name, .container.image.digest == null, .container.args]]' "$CASE_DIR/out")" \
		'[["db",true,[]],["web",false,[]]]'
	run ctst-spawn <"$CASE_DIR/out"
	expect_status 1
	run ctst run later.ctst
	expect_status 4
	expect_err "error\[I001\]: component 'db'"
	expect_same "$(ls -A)" later.ctst
}

plans_the_default_file() {
	write_stack
	mv stack.ctst containust.ctst
	run ctst plan -o text </dev/null
	expect_status 0
	expect_out '^Plan: 2 to add'
}

pipes_by_hand() {
	write_stack
	ctst-parse stack.ctst | ctst-image build | ctst-plan >plan.json
	expect_same "$(jq -c '[.actions[].name]' plan.json)" '["my-db","web"]'
	expect_same "$(jq -c '.actions[1].container.env | {MY_DB_HOST, MY_DB_PORT, MY_DB_CONNECTION_STRING} | tojson' plan.json | jq -r .)" \
		'{"MY_DB_HOST":"my-db","MY_DB_PORT":"5432","MY_DB_CONNECTION_STRING":"http://my-db:5432"}'
	jq -e '.actions[0].container.image.layers | length > 0' plan.json >/dev/null
	expect_same "$(ctst-parse stack.ctst | ctst-graph -o text)" "$(printf 'my-db\nweb -> my-db')"
}

graphs_networks_and_ports() {
	write_stack
	sed -i 's/port = 5432/port = 5432 network = "back"/' stack.ctst
	printf '%s\n' 'EXPOSE 8080:80' 'EXPOSE "0.0.0.0:53:5432/udp"' >>stack.ctst
	expect_same "$(ctst graph -o text stack.ctst)" "$(printf '%s\n' \
		'my-db         (network back; 0.0.0.0:53 -> 5432/udp)' \
		'web -> my-db  (networks bridge, back; 127.0.0.1:8080 -> 80)')"
	run ctst graph -o dot stack.ctst
	expect_out '^	subgraph "cluster_back" \{$'
	expect_out '^	"web" -> "my-db" \[label="joins back"\];$'
	expect_out '^	":host" -> "web" .*127\.0\.0\.1:8080 -> 80"\];$'
	expect_same "$(ctst graph -o json stack.ctst | jq -c '.networks')" \
		'[{"name":"back","members":["my-db","web"]},{"name":"bridge","members":["web"]}]'
	# The same networks as in the plan.
	expect_same "$(ctst graph -o json stack.ctst | jq -c '.networks')" \
		"$(ctst plan -o json stack.ctst | jq -c '[.networks[] | {name, members: [.members[].component]}]')"
	expect_same "$(CONTAINUST_PUBLISH_ADDR=::1 ctst graph -o text stack.ctst | tail -n 1)" \
		'web -> my-db  (networks bridge, back; [::1]:8080 -> 80)'
	expect_same "$(ctst graph --publish-addr 10.0.0.1 -o json stack.ctst | jq -c '[.exposed[].address]')" \
		'["0.0.0.0","10.0.0.1"]'
	run ctst graph --publish-addr everywhere stack.ctst
	expect_status 2
	expect_lines out 0
}

a_stage_in_front_is_missing() {
	composition "$(component a)" >c.json
	write_stack
	mkdir tools
	cp "$CTST_LIBEXEC/ctst-parse" tools/
	run env CONTAINUST_LIBEXEC="$PWD/tools" ctst-plan stack.ctst
	expect_status 1
	expect_err "cannot start 'ctst-image'"
}

# keep, replace and destroy against containers that run.
follows_what_runs() {
	write_stack
	sed -i '/DB_PASSWORD/s/.*/    env = { LEVEL = "info", DB_PASSWORD = "old" }/' stack.ctst
	run ctst run -d stack.ctst
	[ "$status" -eq 0 ] || skip "containers do not start here: $(head -n 1 "$CASE_DIR/err")"
	run ctst plan --detailed-exitcode -o text stack.ctst
	expect_status 0
	expect_out '^No changes\. 2 components are up to date\.$'
	sed -i -e 's/"info"/"debug"/' -e 's/"old"/"new"/' stack.ctst
	run ctst plan --detailed-exitcode -o text stack.ctst
	expect_status 2
	expect_out '^~ my-db env\.LEVEL: info → debug$'
	expect_out '^~ my-db env\.DB_PASSWORD: \*\*\* → \*\*\*$'
	expect_out '^Plan: 0 to add, 1 to change, 0 to destroy\.$'
	refute_out 'web'
	run ctst plan -o json stack.ctst
	expect_same "$(jq -c '[.actions[] | .action]' "$CASE_DIR/out")" '["replace","keep"]'
	expect_same "$(jq -c '.actions[0].changes' "$CASE_DIR/out")" \
		'[{"field":"env.LEVEL","from":"info","to":"debug"},{"field":"env.DB_PASSWORD","from":"***","to":"***"}]'
	sed -i -e '/^COMPONENT web/d' -e '/^CONNECT/d' stack.ctst
	run ctst plan -o text stack.ctst
	expect_out '^- web \(will be stopped and removed\)$'
	run ctst plan --no-prune -o text stack.ctst
	refute_out 'web'
	ctst stop --force my-db
	run ctst plan -o text stack.ctst
	expect_out '^~ my-db env\.LEVEL'
}

says_what_is_inherited() {
	mkdir lib
	echo 'COMPONENT base { image = "preset://busybox" memory = "64MiB" env = { A = "1", B = "2" } command = ["/bin/true"] }' >lib/base.ctst
	printf 'IMPORT "lib/base.ctst"\nCOMPONENT web FROM base { memory = "1MiB" env = { B = "3" } }\n' >s.ctst
	run ctst plan -v -o text s.ctst
	expect_status 0
	expect_same "$(sed '$d' "$CASE_DIR/out")" '+ web  image preset://busybox (will be imported)
    image    inherited from base, lib/base.ctst:1:26
    env.A    inherited from base, lib/base.ctst:1:74
    command  inherited from base, lib/base.ctst:1:99'
	run ctst plan -o text s.ctst
	refute_out inherited
	# Somebody else's order, a missing place, a name that wants to be more.
	ctst-parse s.ctst | ctst-image build --dry-run |
		jq -c '.components[0] |= (.inherited = {"command": "b\u001b[1m", "image": "c", "x": "d"})' |
		ctst-plan -v -o text >out
	expect_same "$(sed -n 2,4p out)" '    command  inherited from b\x1b[1m, lib/base.ctst:1:99
    image    inherited from c, lib/base.ctst:1:26
    x        inherited from d'
}

tap_case "a new component is planned, dependencies first" plans_what_is_new
tap_case "the digest is that of the container's compact bytes" digest_is_of_the_container
tap_case "equal input gives equal bytes" equal_input_gives_equal_bytes
tap_case "nothing is written" writes_nothing
tap_case "malformed documents are P001 and give no output" refuses_malformed_documents
tap_case "a NUL does not hide the rest of a document" refuses_a_nul
tap_case "the message has the path of the bad member" names_the_bad_member
tap_case "a cycle is shown with its whole path" shows_a_cycle
tap_case "a composition without images is sent to ctst-image" needs_the_images
tap_case "text output has no failure document" text_on_request_has_no_failure_document
tap_case "a failure in front is passed on in silence" passes_a_failure_on
tap_case "a composition of a missing directory is exit 4" a_missing_directory
tap_case "a damaged state is S001 and stays as it is" a_damaged_state
tap_case "--detailed-exitcode tells changes" exit_status_in_detail
tap_case "undefined variables warn, --strict-env refuses" environment_warnings
tap_case "published ports are bound where asked" published_addresses
tap_case "a full disk is noticed" a_full_disk
tap_case "-v says what is inherited, and where it is written" says_what_is_inherited
tap_case "wrong use is exit 2" wrong_use
tap_case "ctst plan FILE runs the stages in front" plans_a_file
tap_case "ctst plan answers while images are missing or remote" plans_without_the_images
tap_case "ctst plan finds the default file" plans_the_default_file
tap_case "the pipeline by hand" pipes_by_hand
tap_case "ctst graph shows networks and exposed ports" graphs_networks_and_ports
tap_case "a stage that cannot be started is named" a_stage_in_front_is_missing
tap_case "keep, replace and destroy against what runs" follows_what_runs
# A name server is reached by the default route; a network in which its address lies would cut the host off from it.
name_servers_are_left_alone() {
	local subnet

	[ "$(id -u)" = 0 ] || skip "only root can have an /etc/resolv.conf of its own"
	echo 'COMPONENT a { image = "preset://busybox" }' >containust.ctst
	ctst-parse | ctst-image build >composition.json
	subnet=$(ctst-plan -o json <composition.json | jq -r '.networks[0].subnet')
	echo "nameserver ${subnet%.*}.77" >resolv.conf
	unshare --mount sh -c 'mount --bind resolv.conf /etc/resolv.conf && ctst-plan -o json <composition.json' >plan.json
	[ "$(jq -r '.networks[0].subnet' plan.json)" != "$subnet" ] || fail "$subnet holds the name server"
}
tap_case "the subnet of a network holds no name server of the host" name_servers_are_left_alone

tap_done
