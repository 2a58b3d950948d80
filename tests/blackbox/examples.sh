#!/usr/bin/env bash
# What lies in examples/: each file is good, can be planned with images to hand, and those that can run do.
# shellcheck disable=SC2016 # ${…} is the language's, not the shell's
. "$(dirname "$0")/lib.sh"

# A copy of examples/ in the project, with an image wherever one is named: each has a shell, so that it could run.
examples() {
	local file image busybox=$CTST_PREFIX/share/containust/presets/busybox.tar

	# Not what a run has left there: `*` does not match .containust.
	cp -R "$SOURCE_ROOT"/examples/* .
	for file in *.ctst templates/*.ctst; do
		while IFS= read -r image; do
			image=$(dirname "$file")/$image
			mkdir -p "$(dirname "$image")"
			cp "$busybox" "$image"
		done < <(sed -n 's|.*image = "tar://\./\([^@"]*\).*|\1|p' "$file")
	done
}

is_good() {
	examples
	run ctst-parse --werror "$1"
	expect_status 0
	expect_lines err 0
	jq -e '.components | length > 0' "$CASE_DIR/out" >/dev/null || fail "there is no component in it"
	run ctst fmt --check "$1"
	expect_status 0
}

# Once as it is without any image, and once with all of them.
is_planned() {
	examples
	ctst-parse "$SOURCE_ROOT/examples/$1" | ctst-image build --dry-run | ctst-plan -o json >plan.json
	# The pins are for the images of whoever runs it.
	sed -i 's/@sha256:0*//' "$1"
	ctst-parse "$1" >composition.json
	ctst-image build <composition.json >images.json
	run ctst-plan -o json <images.json
	expect_status 0
	expect_lines err 0
	expect_same "$(jq -c '[.actions[] | select(.action == "create") | .name] | sort' "$CASE_DIR/out")" \
		"$(jq -c '[.components[].name] | sort' composition.json)"
}

# Imported and not used, a template gives no component, and a warning that says so.
is_a_template() {
	local stem

	examples
	stem=$(basename "$1" .ctst)
	run ctst-parse --werror "$1"
	expect_status 0
	expect_lines err 0
	run ctst fmt --check "$1"
	expect_status 0
	printf 'IMPORT "%s"\n' "$1" >unused.ctst
	run ctst-parse unused.ctst
	expect_status 0
	expect_same "$(jq -c .components "$CASE_DIR/out")" '[]'
	expect_err '^warning\[E009\]'
	printf 'IMPORT "%s"\nCOMPONENT mine FROM %s { env = { POSTGRES_DB = "x" } }\n' "$1" "$stem" >used.ctst
	run ctst-parse --werror used.ctst
	expect_status 0
	expect_same "$(jq -c '[.components[].name]' "$CASE_DIR/out")" '["mine"]'
	expect_same "$(jq -r '.components[0].image' "$CASE_DIR/out")" "tar://$(pwd -P)/templates/images/$stem.tar"
}

hello_world() {
	examples
	run ctst run hello_world.ctst
	expect_status 0
	expect_out 'Hello from hello, '
	expect_out 'I have no capabilities at all\.'
}

logged() {
	[ "$(ctst logs 2>/dev/null | grep -c '')" -ge "$1" ]
}

three_components() {
	examples
	run ctst run -d three_components.ctst
	expect_status 0
	await logged 3
	run ctst logs
	expect_out '^api +\| api of db: database at db:5432$'
	expect_out '^web +\| web: api is http://api:8080$'
}

microservices() {
	examples
	run ctst run -d microservices.ctst
	expect_status 0
	await logged 5
	run ctst logs
	expect_out '^users +\| knows who is who \(log level info\)$'
	expect_out '^orders +\| takes orders \(log level info\)$'
	expect_out '^queue +\| keeps what is to be done \(log level debug\)$'
	expect_out '^worker +\| does what the queue has \(log level info\)$'
	expect_out '^gateway +\| in front of users:7001$'
}

secrets() {
	examples
	run ctst run secrets_example.ctst
	expect_status 1
	expect_err 'error\[R013\].*db_password'
	CONTAINUST_SECRET_DB_PASSWORD=example run ctst run secrets_example.ctst
	expect_status 0
	expect_out 'shop has a password of 7 characters$'
}

# The way that its comment shows.
offline() {
	local digest

	examples
	run ctst --offline run offline_deployment.ctst
	expect_status 1
	expect_err 'error\[I002\]'
	sed 's/@sha256:0*//' offline_deployment.ctst | ctst build -o text - >pins
	digest=$(sed -n 's/^collector .*@sha256:\([0-9a-f]\{64\}\)$/\1/p' pins)
	[ -n "$digest" ] || fail "no pin in: $(cat pins)"
	sed -i "s/@sha256:0*/@sha256:$digest/" offline_deployment.ctst
	run ctst --offline run offline_deployment.ctst
	expect_status 0
	expect_out '^collector +\| collected$'
	expect_out '^collector +\| lo$'
	expect_out '^report +\| counted 42 things$'
	refute_out 'eth'
}

full_stack_is_wired() {
	examples
	ctst-parse full_stack.ctst | ctst-image build | ctst-plan -o json >plan.json
	expect_same "$(jq -c '[.actions[].name]' plan.json)" '["db","cache","api","web"]'
	expect_same "$(jq -c '.actions[] | select(.name == "api") | [.after, .container.env.DB_PORT, .container.env.REDIS_URL]' plan.json)" \
		'[["db","cache"],"5432","redis://cache:6379"]'
	expect_same "$(jq -c '.actions[] | select(.name == "db") | [.container.env.POSTGRES_DB, .container.env.POSTGRES_PASSWORD]' plan.json)" \
		'["shop","${secret.postgres_password}"]'
}

for file in "$SOURCE_ROOT"/examples/*.ctst; do
	name=$(basename "$file")
	tap_case "$name has no problem" is_good "$name"
	tap_case "$name can be planned" is_planned "$name"
done
for file in "$SOURCE_ROOT"/examples/templates/*.ctst; do
	name=templates/$(basename "$file")
	tap_case "$name is a template" is_a_template "$name"
done
tap_case "full_stack: order, wiring, templates" full_stack_is_wired
tap_case "hello_world runs" hello_world
tap_case "three_components runs" three_components
tap_case "microservices runs: one template, different services" microservices
tap_case "secrets_example runs, and does not without its secret" secrets
tap_case "offline_deployment runs with the pins that 'ctst build' prints" offline
tap_done
