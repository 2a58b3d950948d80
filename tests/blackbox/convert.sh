#!/usr/bin/env bash
# ctst-convert as people meet it: files, merging, what is said on standard error, exit statuses.
# shellcheck disable=SC2016 # ${…} is the files', not the shell's
. "$(dirname "$0")/lib.sh"

unset COMPOSE_FILE COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES COMPOSE_PROJECT_NAME COMPOSE_ENV_FILES COMPOSE_DISABLE_ENV_FILE

# service KEYS…: a compose file with one service.
service() {
	printf 'services:\n  web:\n    image: nginx\n'
	[ $# -eq 0 ] || printf '    %s\n' "$@"
}

# The components of the last result, through the parser.
result() {
	ctst-parse "${2:-$CASE_DIR/out}" 2>"$CASE_DIR/parse-err" | jq -c "$1"
}

converts_to_standard_output() {
	service 'command: echo hi' >compose.yaml
	run ctst convert compose.yaml
	expect_status 0
	expect_lines err 1
	expect_err "note: service 'web': 'cap_add': docker gives every container capabilities"
	expect_same "$(result '[.components[] | [.name, .command]]')" '[["web",["echo","hi"]]]'
}

finds_the_file() {
	mkdir -p project/deep
	cd project/deep
	run ctst-convert
	expect_status 4
	expect_err 'no compose.yaml'
	service >../docker-compose.yml
	run ctst-convert
	expect_status 0
	expect_out '^// Converted from docker-compose.yml '
	service 'labels: [a]' >../compose.yaml
	printf 'services: {web: {hostname: overridden}}\n' >../compose.override.yml
	run ctst-convert
	expect_out '^// Converted from compose.yaml, compose.override.yml '
	expect_out 'hostname = "overridden"'
	expect_err "^\.\./compose.yaml:4:5: service 'web': 'labels' is left out"
	expect_err "note: '../compose.yaml' is converted; '../docker-compose.yml' is there, too"
	cd ..
	run ctst-convert
	expect_status 0
	COMPOSE_FILE=docker-compose.yml:compose.override.yml run ctst-convert
	expect_out '^// Converted from docker-compose.yml, compose.override.yml '
	COMPOSE_FILE=missing.yml run ctst-convert
	expect_status 4
}

reads_standard_input() {
	service 'volumes: [./d:/d]' >in
	run ctst-convert - <in
	expect_status 0
	expect_out '"./d:/d"'
}

writes_a_file_in_one_step() {
	service 'volumes: ["./data:/data", "../up:/up", "~/x:/x"]' >compose.yaml
	mkdir ../up out
	run ctst-convert -o stack.ctst
	expect_status 0
	expect_lines out 0
	grep -q '"./data:/data"' stack.ctst || fail "relative paths stay beside the compose file"
	grep -q "\"$(realpath ../up):/up\"" stack.ctst || fail "what lies outside is absolute"
	grep -q '"${env.HOME}/x:/x"' stack.ctst || fail "the home directory is not this one's"
	ctst-parse stack.ctst >/dev/null
	run ctst-convert -o out/stack.ctst
	expect_status 0
	expect_same "$(result '[.components[0].volumes[].source]' out/stack.ctst)" "[\"$(realpath ../up)\",\"\${env.HOME}/x\"]"
	# A place outside the result's own directory has to exist.
	expect_err "host path '.*/data' does not exist"
	mkdir data
	run ctst-convert -o out/stack.ctst
	expect_same "$(result '.components[0].volumes[0].source' out/stack.ctst)" "\"$PWD/data\""
	expect_same "$(find . -name '.*.new')" ''
}

says_where_it_cannot_write() {
	service >compose.yaml
	run ctst-convert -o nowhere/x.ctst
	expect_status 4
	mkdir d
	run ctst-convert -o d
	expect_status 1
	expect_err "cannot write 'd'"
	[ -c /dev/full ] || skip "no /dev/full"
	status=0
	ctst-convert >/dev/full 2>"$CASE_DIR/err" || status=$?
	expect_status 1
}

is_strict() {
	service 'labels: [a]' >compose.yaml
	run ctst-convert --strict
	expect_status 1
	expect_out 'COMPONENT web'
	expect_err '^1 key was left out$'
	service 'ports: ["80:80"]' >compose.yaml
	run ctst-convert --strict
	expect_status 0
	expect_err "note: service 'web': 'ports': compose publishes ports on all addresses"
	run ctst-convert -q
	expect_lines err 0
}

refuses_wrong_use() {
	service >compose.yaml
	run ctst-convert --images docker
	expect_status 2
	run ctst-convert --diagnostics xml
	expect_status 2
	run ctst-convert --wrong
	expect_status 2
}

refuses_what_is_no_file() {
	mkdir d
	mkfifo fifo
	: >secret.yaml
	run ctst-convert d
	expect_status 1
	expect_err "E008.*'d' is a directory, not a compose file"
	run ctst-convert fifo
	expect_status 1
	expect_err 'E008.*not a regular file'
	run ctst-convert missing.yaml
	expect_status 4
	expect_err E008
	run ctst-convert --env-file missing.env large.yaml
	expect_status 4
	head -c $((16 * 1024 * 1024 + 1)) /dev/zero | tr '\0' '#' >large.yaml
	run ctst-convert large.yaml
	expect_status 1
	expect_err 'E020.*16 MiB'
	if [ "$(id -u)" -ne 0 ]; then
		chmod 000 secret.yaml
		run ctst-convert secret.yaml
		expect_status 3
	fi
}

reports_as_json() {
	service 'labels: [a]' 'wrong: 1' 'volumes: ["/no/such:/x"]' 'environment: [MY_TOKEN=abc]' >compose.yaml
	run ctst-convert --diagnostics json
	expect_status 0
	expect_same "$(jq -c 'select(.severity == "loss") | [.service, .key, .entry, .file, .line, .column]' "$CASE_DIR/err")" \
		'["web","labels",null,"compose.yaml",4,5]
["web","wrong",null,"compose.yaml",5,5]
["web","volumes","/no/such:/x","compose.yaml",6,15]'
	expect_same "$(jq -c 'select(.severity == "note") | [.key, .entry]' "$CASE_DIR/err")" '["cap_add",null]
["environment","MY_TOKEN"]'
	refute_err 'abc'
	refute_out 'abc'
	echo 'services: {a: {image: "${X?why}"}}' >compose.yaml
	run ctst-convert --diagnostics json
	expect_status 1
	expect_lines out 0
	expect_same "$(jq -c '[.severity, .code, .file, .line, .column]' "$CASE_DIR/err")" '["error","E017","compose.yaml",1,23]'
}

takes_variables_from_files_and_environment() {
	printf 'A=file\nB=file\nC="$A and more"\n' >.env
	printf 'A=other\n' >other.env
	service 'command: ["${A}", "${B}", "${C}", "${D:-d}", "$$E", "${COMPOSE_PROJECT_NAME}"]' 'environment: [A, B, Z]' \
		>compose.yaml
	export B=process
	run ctst-convert
	expect_same "$(result '.components[0].command')" '["file","process","file and more","d","$E","project"]'
	expect_same "$(result '.components[0].env')" '{"A":"file","B":"${env.B}","Z":"${env.Z}"}'
	run ctst-convert --env-file other.env
	expect_same "$(result '.components[0].command')" '["other","process","","d","$E","project"]'
	expect_err "warning: variable 'C' is not set, and is empty here"
	run ctst-convert --env-file missing.env
	expect_status 4
	printf 'A="x\n' >.env
	run ctst-convert
	expect_status 1
	expect_err 'E001.*\.env: line 1: unterminated quoted value'
}

reads_env_files() {
	printf 'A=1\nB=2\nFROM_PROCESS\nNOWHERE\n' >a.env
	printf 'B=$A$B\nC=3\nDB_PASSWORD=geheim\n' >b.env
	printf 'RAW="as it is" # really\n' >raw.env
	service 'env_file: [a.env, {path: b.env}, {path: none.env, required: false}, {path: raw.env, format: raw}]' \
		'environment: {C: mine}' >compose.yaml
	FROM_PROCESS=x run ctst-convert
	expect_status 0
	refute_err 'left out'
	refute_out geheim
	expect_same "$(result '.components[0].env')" "$(jq -cn '{A: "1", B: "", FROM_PROCESS: "x", C: "mine",
		DB_PASSWORD: "${secret.db_password}", RAW: "\"as it is\" # really"}')"
	service 'env_file: none.env' >compose.yaml
	run ctst-convert
	expect_status 0
	expect_err "compose.yaml:4:15: service 'web': 'env_file' entry 'none.env' is left out: cannot open"
}

includes_files() {
	mkdir -p db/more
	printf 'V=included\nW=included\n' >db/.env
	printf 'include: [more/c.yaml]\nservices: {db: {image: "pg:${V}${W}", volumes: ["./data:/data"]}}\nnetworks: {n: {internal: true}}\n' >db/compose.yaml
	printf 'services: {deep: {image: deep, env_file: e.env}}\n' >db/more/c.yaml
	printf 'E=1\n' >db/more/e.env
	printf 'W=outer\n' >.env
	printf 'include:\n  - db/compose.yaml\n  - path: db/compose.yaml\n    project_directory: db\nservices: {web: {image: web, depends_on: [db]}}\n' >compose.yaml
	run ctst-convert
	expect_status 0
	expect_same "$(result '[.components[].name]')" '["deep","db","web"]'
	expect_out 'images/pg-includedouter.tar'
	expect_out '"./db/data:/data"'
	expect_out 'E = "1"'
	expect_out '^CONNECT web -> db$'
	expect_err "^db/compose.yaml:3:16: network 'n': 'internal' is left out"
	printf 'include: [compose.yaml]\n' >db/more/c.yaml
	printf 'include: [c.yaml]\n' >db/more/compose.yaml
	run ctst-convert
	expect_status 1
	expect_err 'E013.*includes itself'
	printf 'include: [nothing.yaml]\n' >compose.yaml
	run ctst-convert
	expect_status 1
	expect_err 'E008.*compose.yaml:1:11: cannot open'
	printf 'include: ["https://example.org/x.yaml"]\n' >compose.yaml
	run ctst-convert
	expect_err 'E008.*is not fetched'
	printf 'services: {a: {image: x}}\n' >one.yaml
	printf 'include: [one.yaml]\nservices: {a: {image: y}}\n' >compose.yaml
	run ctst-convert
	expect_status 1
	expect_err "E003.*'a' is also in 'one.yaml'"
}

extends_from_files() {
	mkdir base
	printf 'services:\n  app: {extends: root, environment: {A: 1}, volumes: ["./v:/v"]}\n  root: {image: app, user: me}\n' >base/b.yaml
	printf 'services: {x: {extends: {file: base/b.yaml, service: app}, environment: {B: 2}}}\n' >compose.yaml
	run ctst-convert
	expect_status 0
	expect_same "$(result '.components[0] | [.env, .user]')" '[{"A":"1","B":"2"},"me"]'
	expect_out '"./base/v:/v"'
	printf 'services: {a: {extends: {file: compose.yaml, service: b}}, b: {extends: {file: base/c.yaml, service: c}}}\n' >compose.yaml
	printf 'services: {c: {extends: {file: ../compose.yaml, service: b}}}\n' >base/c.yaml
	run ctst-convert
	expect_status 1
	expect_err 'E013'
}

chooses_profiles() {
	printf 'services:\n  a: {image: x}\n  b: {image: x, profiles: [debug, test]}\n  c: {image: x, profiles: [other], depends_on: [a]}\n  d: {image: x, depends_on: [c]}\n' >compose.yaml
	run ctst-convert
	expect_same "$(result '[.components[].name]')" '["a","d"]'
	expect_err "note: service 'b': 'profiles': the service is left out.*--profile debug"
	expect_err "service 'd': 'depends_on' entry 'c' is left out: that service is left out itself"
	run ctst-convert --profile test --profile other
	expect_same "$(result '[.components[].name]')" '["a","b","c","d"]'
	COMPOSE_PROFILES=x,debug run ctst-convert
	expect_same "$(result '[.components[].name]')" '["a","b","d"]'
	run ctst-convert --profile '*'
	expect_same "$(result '[.components | length]')" '[4]'
}

spells_images() {
	local digest=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

	printf 'services:\n  a: {image: "redis:7@sha256:%s"}\n  b: {image: "ghcr.io/x/redis:7"}\n  c: {image: "localhost:5000/redis:7"}\n  d: {image: "x/redis:7", build: {context: ., target: t, args: {P: 1, MY_TOKEN: abc}, cache_from: [y]}}\n' $digest >compose.yaml
	run ctst-convert
	expect_out "// skopeo copy docker://docker.io/library/redis@sha256:$digest docker-archive:images/redis-7.tar"
	expect_out '"tar://./images/x-redis-7.tar"'
	expect_out '// skopeo copy docker://localhost:5000/redis:7 '
	expect_out '    // x/redis:7 is built, with:'
	expect_out '    //     docker build --target t --build-arg P=1 --build-arg MY_TOKEN --output images/d \.$'
	expect_out '"file://./images/d"'
	expect_same "$(result '[.components[].image] | unique | length')" 4
	expect_err "'build.cache_from' is left out"
	expect_err "'build.args' entry 'MY_TOKEN' is left out"
	refute_out abc
	run ctst-convert --images oci
	expect_out "\"oci://docker.io/library/redis:7@sha256:$digest\""
	expect_err "note: service 'b': 'image': 'ghcr.io/x/redis:7' has no digest"
}

mounts_secrets_and_configs() {
	printf 'services:\n  a: {image: x, secrets: [s, e, {source: s, target: other, mode: 0400}], configs: [c, {source: c, target: /etc/c}]}\nsecrets: {s: {file: ./s.txt}, e: {environment: E}}\nconfigs: {c: {file: c.txt}}\n' >compose.yaml
	run ctst-convert
	expect_same "$(result '[.components[0].volumes[] | [.target, .readonly]]')" \
		'[["/run/secrets/s",true],["/run/secrets/other",true],["/c",true],["/etc/c",true]]'
	expect_err "service 'a': 'secrets' entry 'e' is left out: only a secret with 'file'"
	expect_err "service 'a': 'secrets.mode' is left out"
	expect_err "secret 'e': 'environment' is left out"
}

maps_volumes() {
	service 'volumes: ["data:/data:ro,z", "/anon", "./x:/x:cached", {type: bind, source: ./y, target: /y, read_only: true}, {type: tmpfs, target: /cache}, {type: tmpfs, target: /tmp/x}, "/var/run/docker.sock:/var/run/docker.sock", "bad name:/b"]' >compose.yaml
	printf 'volumes: {data: {external: true}, other: {driver: local}}\n' >>compose.yaml
	run ctst-convert
	expect_status 0
	expect_same "$(result '[.components[0].volumes[] | [.kind, (.source | sub(".*/"; "")), .target, .readonly]]')" \
		'[["project","data","/data",true],["project","web-anon","/anon",false],["bind","x","/x",false],["bind","y","/y",true],["project","bad-name","/b",false]]'
	expect_err "'volumes' entry '/data \(z\)' is left out"
	expect_err "'volumes' entry '/x \(cached\)' is left out"
	expect_err "'volumes' entry '/cache' is left out: only /tmp, /run and /dev/shm"
	expect_err "docker.sock' is left out: there is no daemon"
	expect_err "volume 'data': 'external' is left out"
	expect_err '^5 keys were left out$'
}

limits_and_restarts() {
	service 'deploy: {resources: {limits: {cpus: "0.50", memory: 1.5G, pids: 5}, reservations: {memory: 1g}}, restart_policy: {condition: on-failure, max_attempts: 3, delay: 5s}}' 'restart: always' >compose.yaml
	run ctst-convert
	expect_same "$(result '.components[0] | [.cpu, .memory, .pids, .restart]')" \
		'[{"millicores":500},1610612736,5,{"policy":"on-failure","max_retries":3}]'
	for key in deploy.resources.reservations deploy.restart_policy.delay restart; do
		expect_err "'$key' is left out"
	done
	service 'cpu_quota: 25000' 'cpu_period: 50000' 'mem_limit: 512m' 'restart: "no"' >compose.yaml
	run ctst-convert --strict
	expect_status 0
	expect_same "$(result '.components[0] | [.cpu, .memory, .restart]')" '[{"millicores":500},536870912,null]'
}

keeps_values_of_secrets_to_itself() {
	printf 'DB_PASSWORD=hunter2\nURL=x://${DB_PASSWORD}\nAPI_TOKEN=hunter3\nDEBUG_TOKEN=true\n' >.env
	cat >compose.yaml <<-'EOF'
		services:
		  app:
		    image: "app:${API_TOKEN}"
		    build: {context: "https://u:${API_TOKEN}@x", args: {A: "--t=${API_TOKEN}"}}
		    container_name: "x${DB_PASSWORD}"
		    environment: {U: "postgres://u:${DB_PASSWORD}@db/x", V: "${URL}", D: "${DEBUG_TOKEN}", W: "${NEW_TOKEN:-hunter4}", ROOT_PASSWORD: "${DB_PASSWORD}", API_TOKEN: "hunter${DB_PASSWORD}"}
		    command: "run --pw ${DB_PASSWORD} | tee ${API_TOKEN}"
		    user: "${DB_PASSWORD}"
		    hostname: "${DB_PASSWORD}"
		    networks: ["n${DB_PASSWORD}"]
		    volumes: ["/data/${DB_PASSWORD}:/x:${API_TOKEN}", "v${DB_PASSWORD}:/y"]
		    ports: ["${DB_PASSWORD}:80", "${DB_PASSWORD}:81:81"]
		    env_file: ["${DB_PASSWORD}.env"]
		    mem_limit: "${DB_PASSWORD}"
		    cap_add: ["${DB_PASSWORD}"]
		    depends_on: ["${DB_PASSWORD}"]
		    labels: ["a=${DB_PASSWORD}"]
		    healthcheck: {test: [CMD, check, "${DB_PASSWORD}"]}
		  list:
		    image: list
		    environment: ["DB_PASSWORD:hunter5", "API_TOKEN hunter6", "DB_PASSWORD:hunter7=", "${DB_PASSWORD}=x", API_TOKEN]
		  shell:
		    image: shell
		    environment: {API_TOKEN: other}
		    command: [sh, -ec, "run -p${DB_PASSWORD}x '${DB_PASSWORD}' ${API_TOKEN}"]
		    healthcheck: {test: "ping -p$DB_PASSWORD"}
		  split:
		    image: split
		    entrypoint: [/bin/sh, -c]
		    command: ["echo ${DB_PASSWORD}", "${DB_PASSWORD}"]
		    healthcheck: {test: [CMD-SHELL, "echo \\${DB_PASSWORD}"]}
	EOF
	run ctst-convert
	expect_status 0
	refute_out 'hunter|keys'
	refute_err 'hunter'
	expect_same "$(result '.components[0].env')" "$(jq -cn '{U: "postgres://u:${secret.db_password}@db/x",
		V: "x://${secret.db_password}", D: "true", W: "${secret.new_token}", ROOT_PASSWORD: "${secret.db_password}",
		API_TOKEN: "${secret.app.api_token}"}')"
	expect_same "$(result '.components[0] | [.command, .user, .healthcheck, .volumes, .ports]')" '[["run","--pw"],null,null,null,[80]]'
	for key in image user networks cap_add hostname env_file build.context 'build.args' volumes command healthcheck.test; do
		expect_err "service 'app': '$key' .*is left out: the value of the secret variable '(DB_PASSWORD|API_TOKEN)'"
	done
	expect_err "'mem_limit' entry '\\$\{DB_PASSWORD\}' is left out"
	expect_err "service 'list': 'environment' entry 'DB_PASSWORD' is left out: expected NAME=value"
	expect_err "service 'list': 'environment' entry 'API_TOKEN' is left out: expected NAME=value"
	expect_same "$(result '.components[2] | [.command, .env, .healthcheck.command[2]]')" \
		'[["sh","-ec","run -p$${DB_PASSWORD}x '"''\\\"\$DB_PASSWORD\\\"''"' $API_TOKEN_2"],{"API_TOKEN":"${secret.shell.api_token}","DB_PASSWORD":"${secret.db_password}","API_TOKEN_2":"${secret.api_token}"},"ping -p$DB_PASSWORD"]'
	expect_same "$(result '.components[3] | [.command, .healthcheck]')" '[["echo $DB_PASSWORD"],null]'
	expect_err "the secret 'db_password' is not copied"
	printf 'services: {a: {image: "${B?no ${DB_PASSWORD}}"}}\n' >compose.yaml
	run ctst-convert
	expect_status 1
	refute_err hunter
	expect_err 'missing a value: no ..DB_PASSWORD'
	printf 'include: ["${DB_PASSWORD}.yaml"]\n' >compose.yaml
	run ctst-convert
	expect_status 1
	refute_err hunter
}

quotes_commands_in_comments() {
	cat >compose.yaml <<-'EOF'
		services:
		  a: {build: {context: "my dir", dockerfile: "it's", target: "x;y", args: {A: "1 $$2", "B;C": "", D: "l\\nm", E_TOKEN: abc, F_TOKEN: 4}}}
		  b: {build: {context: "https://example.org/x.git#main", dockerfile: sub/D}}
		  c: {build: "", image: c}
		  d: {image: "x;rm -rf /"}
		  e: {build: {target: t}}
	EOF
	sed -i 's/\\\\n/\\n/' compose.yaml
	run ctst-convert
	expect_status 0
	expect_same "$(grep -o 'docker build.*' "$CASE_DIR/out")" "docker build --file './my dir/it'\\''s' --target 'x;y' --build-arg 'A=1 \$2' --build-arg 'B;C=' --build-arg D --build-arg E_TOKEN --build-arg F_TOKEN=4 --output images/a './my dir'
docker build --file sub/D --output images/b 'https://example.org/x.git#main'
docker build --target t --output images/e ."
	expect_err "'build.args' entry 'D' is left out"
	expect_err "'build.args' entry 'E_TOKEN' is left out"
	expect_err "service 'd': 'image' entry 'x;rm -rf /' is left out: it is no name of an image"
	expect_err "service 'c': 'build' is left out: it names no directory"
	expect_out 'tar://./images/c-latest.tar'
	expect_err "note: service 'a': 'build'.*ENV, WORKDIR, USER, EXPOSE, ENTRYPOINT and CMD.*type=docker,dest=images/a.tar"
}

is_canonical_at_the_edge() {
	local length

	for length in 66 67 68 69 70; do
		service "command: [echo, \"$(printf "%${length}s" '' | tr ' ' x)\", yy]" >compose.yaml
		run ctst-convert -o x.ctst
		run ctst-fmt --check x.ctst
		expect_status 0
	done
}

takes_switches_from_env_files() {
	mkdir sub
	printf 'services:\n  a: {image: "x:${V:-none}"}\n  b: {image: x, profiles: [p]}\n' >sub/one.yaml
	printf 'services: {a: {hostname: two}}\n' >sub/two.yaml
	printf 'COMPOSE_FILE=sub/one.yaml;sub/two.yaml\nCOMPOSE_PATH_SEPARATOR=;\nCOMPOSE_PROFILES=p\nV=here\n' >.env
	run ctst-convert
	expect_status 0
	expect_out '^// Converted from one.yaml, two.yaml '
	expect_out '^COMPONENT b '
	expect_out 'images/x-here.tar'
	printf 'V=project\nW=w\nCOMPOSE_PROFILES=other\n' >sub/.env
	run ctst-convert
	expect_out '^COMPONENT b '
	expect_out 'images/x-here.tar'
	COMPOSE_PROFILES=q V=process run ctst-convert
	refute_out '^COMPONENT b '
	expect_out 'images/x-process.tar'
	# Of a file that is named, only what lies beside it.
	run ctst-convert sub/one.yaml
	refute_out '^COMPONENT b '
	expect_out 'images/x-project.tar'
	printf 'COMPOSE_PROFILES=p\nV=1\n' >one.env
	printf 'V=2\n' >two.env
	run ctst-convert --env-file one.env --env-file two.env sub/one.yaml
	expect_out '^COMPONENT b '
	expect_out 'images/x-2.tar'
	COMPOSE_ENV_FILES=one.env,two.env run ctst-convert sub/one.yaml
	expect_out '^COMPONENT b '
	expect_out 'images/x-2.tar'
	COMPOSE_ENV_FILES=missing.env run ctst-convert sub/one.yaml
	expect_status 4
	COMPOSE_DISABLE_ENV_FILE=true run ctst-convert sub/one.yaml
	expect_out 'images/x-none.tar'
	COMPOSE_DISABLE_ENV_FILE=1 run ctst-convert
	expect_status 4
}

is_fast_with_many_unknown_keys() {
	awk 'BEGIN { print "services:\n  web:\n    image: x"; for (i = 0; i < 100000; i++) print "    unknown" i ": 1" }' >compose.yaml
	# Looking for what each might have meant takes five seconds and more.
	run timeout 3 ctst-convert -q
	expect_status 0
	expect_err '^100000 keys were left out'
}

is_deterministic_and_reads_only() {
	service 'labels: [a]' 'environment: {A: 1, B: 2}' >compose.yaml
	run ctst-convert
	cp "$CASE_DIR/out" first
	run ctst-convert
	cmp first "$CASE_DIR/out"
	expect_same "$(ls -A)" "$(printf 'compose.yaml\nfirst')"
}

converts_vectors() {
	mkdir -p vectors/merge/x
	printf '# template\n${A:-d}\tok\td\n$$A\tok\t$A\n${A?m}\terror\trequired variable A is missing a value: m\n${}\terror\tInvalid template\n' >vectors/interpolation.tsv
	printf '%s\n' '{"input": "A=\"x\"", "key": "A", "value": "x"}' '{"input": "A=\"", "error": "any"}' >vectors/dotenv.jsonl
	service 'cap_add: [KILL]' >vectors/merge/x/base.yaml
	printf 'services: {web: {cap_add: [CHOWN], labels: [a]}}\n' >vectors/merge/x/override.yaml
	service 'cap_add: [KILL, CHOWN]' 'labels: {a: }' >vectors/merge/x/expected.yaml
	run "$SOURCE_ROOT/tests/compose-corpus" --vectors vectors
	expect_status 0
	expect_same "$(cat "$CASE_DIR/out")" 'interpolation: 4 of 4
dotenv: 2 of 2, and 0 that a .ctst file cannot hold are named as losses
merge: 1 of 1'
	service 'cap_add: [KILL]' >vectors/merge/x/expected.yaml
	run "$SOURCE_ROOT/tests/compose-corpus" --vectors vectors
	expect_status 1
	service 'labels: [a]' >vectors/compose.yaml
	run "$SOURCE_ROOT/tests/compose-corpus" vectors
	expect_status 0
	expect_out '^1 of 1 convert, 1 parse, 1 plan; 1 losses$'
}

for case in converts_to_standard_output finds_the_file reads_standard_input writes_a_file_in_one_step \
	says_where_it_cannot_write is_strict refuses_wrong_use refuses_what_is_no_file reports_as_json \
	takes_variables_from_files_and_environment reads_env_files includes_files extends_from_files chooses_profiles \
	keeps_values_of_secrets_to_itself quotes_commands_in_comments is_canonical_at_the_edge \
	takes_switches_from_env_files is_fast_with_many_unknown_keys \
	spells_images mounts_secrets_and_configs maps_volumes limits_and_restarts is_deterministic_and_reads_only \
	converts_vectors; do
	tap_case "${case//_/ }" "$case"
done
the_guide_is_true() {
	# The block of that language.
	block() {
		awk -v mark="\`\`\`$1" '$0 == mark { inside = 1; next } /^```$/ { inside = 0 } inside' \
			"$SOURCE_ROOT/docs/migration-from-docker.md"
	}
	mkdir site
	block yaml >compose.yaml
	[ -s compose.yaml ]
	run ctst convert
	expect_status 0
	expect_same "$(cat "$CASE_DIR/out")" "$(block ctst)"
	refute_out hunter2
	refute_err hunter2
}
tap_case "the migration guide shows what comes out" the_guide_is_true

tap_done
