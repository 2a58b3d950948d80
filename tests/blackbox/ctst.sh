#!/usr/bin/env bash
# The dispatcher, and the porcelain with stages of our own making.
. "$(dirname "$0")/lib.sh"

# own_tool DIRECTORY NAME 'shell commands': an executable script.
own_tool() {
	mkdir -p "$1"
	printf '#!/bin/sh\n%s\n' "$3" >"$1/$2"
	chmod +x "$1/$2"
}

# A libexec directory in $PWD/libexec with all the real tools, for replacing single ones.
copy_of_libexec() {
	mkdir libexec
	ln -s "$CTST_LIBEXEC"/* libexec/
	export CONTAINUST_LIBEXEC=$PWD/libexec
}

# replace NAME 'shell commands'
replace() {
	rm -f "libexec/$1"
	own_tool libexec "$1" "$2"
}

# ---- the dispatcher ----

the_list_fits_a_screen() {
	run ctst
	expect_status 0
	[ "$(wc -l <"$CASE_DIR/out")" -le 24 ] || fail "more than 24 lines"
	! grep -E '.{80}' "$CASE_DIR/out" || fail "more than 79 columns"
	expect_out '^  run +bring up'
	cp "$CASE_DIR/out" ../list
	run ctst help
	expect_same "$(cat "$CASE_DIR/out")" "$(cat ../list)"
	run ctst --help
	expect_same "$(cat "$CASE_DIR/out")" "$(cat ../list)"
}

the_list_names_every_tool() {
	local tool
	PATH=$CTST_PREFIX/bin run ctst help
	refute_out 'also found' # the project's own have a line each, or are named as run by the others
	for tool in "$CTST_LIBEXEC"/ctst-*; do
		expect_out "(^  |[: ])$(basename "$tool" | sed 's/^ctst-//')( |\$)"
	done
}

the_version() {
	run ctst --version
	expect_status 0
	expect_out '^containust [0-9]+\.[0-9]+\.[0-9]+$'
}

a_typo_gets_a_suggestion() {
	run ctst rnu
	expect_status 2
	expect_err "'rnu' is not a ctst command"
	expect_err "did you mean 'run'"
	run ctst zzzzzz
	expect_status 2
	refute_err 'did you mean'
}

a_missing_argument_is_named() {
	run ctst -C
	expect_status 2
	expect_err "option '-C' needs an argument"
	run ctst logs --since
	expect_status 2
	expect_err "option '--since' needs an argument"
}

a_file_is_not_a_command() {
	run ctst stack.ctst
	expect_status 2
	expect_err "did you mean 'ctst run stack.ctst'"
}

a_path_is_not_a_command() {
	own_tool ctst-x tool 'echo reached'
	own_tool . ctst-here 'echo reached'
	PATH=$PWD:$PATH run ctst x/tool
	expect_status 2
	refute_out reached
	run ctst ../here
	expect_status 2
	PATH=":$PATH" run ctst ''
	expect_status 2
}

a_persons_own_command() {
	own_tool bin ctst-hello 'echo "hello $*"; exit 7'
	PATH=$PWD/bin:$PATH run ctst hello -x "two words"
	expect_status 7
	expect_out '^hello -x two words$'
	PATH=$PWD/bin:$PATH run ctst help
	expect_out '^also found:.* hello'
}

the_libexec_directory_comes_first() {
	own_tool bin ctst-doctor 'echo from PATH'
	PATH=$PWD/bin:$PATH run ctst doctor --version
	expect_status 0
	expect_out '^containust'
}

global_options_reach_the_command() {
	own_tool bin ctst-show 'pwd; echo "offline=$CONTAINUST_OFFLINE log=$CONTAINUST_LOG state=$CONTAINUST_STATE_FILE"; echo "$@"'
	mkdir elsewhere
	PATH=$PWD/bin:$PATH run ctst -C elsewhere -v --offline --state-file s.json show -C x
	expect_status 0
	expect_out '/elsewhere$'
	expect_out '^offline=1 log=info state=s.json$'
	expect_out '^-C x$'
	run ctst -C missing doctor
	expect_status 4
	run ctst --no-such-option doctor
	expect_status 2
}

aliases() {
	copy_of_libexec
	replace ctst-image 'echo "image $*"'
	run ctst images -o json
	expect_out '^image ls -o json$'
	run ctst pull oci://example.org/x
	expect_out '^image pull oci://example.org/x$'
}

a_tool_that_cannot_be_executed() {
	copy_of_libexec
	replace ctst-doctor 'true'
	chmod -x libexec/ctst-doctor
	run ctst doctor
	expect_status 126
	expect_err "cannot execute 'ctst-doctor'"
	printf '#!/no/such/interpreter\n' >libexec/ctst-doctor
	chmod +x libexec/ctst-doctor
	run ctst doctor
	expect_status 126
}

a_directory_that_cannot_be_searched() {
	own_tool bin ctst-hello 'echo hello'
	mkdir -m 0 closed
	PATH=$PWD/closed:$PWD/bin:$PATH run ctst hello
	expect_status 0
	PATH=$PWD/closed:$PATH run ctst nosuch
	expect_status 2
}

help_opens_the_manual() {
	command -v man >/dev/null || command -v mandoc >/dev/null || skip "neither man nor mandoc is installed"
	MANPAGER=cat PAGER=cat run ctst help run
	expect_status 0
	expect_out 'ctst-run'
	run ctst help no-such-command
	expect_status 4
	expect_err "no manual for 'no-such-command'"
	expect_same "$(grep -c . "$CASE_DIR/err")" 2
	MANPAGER=cat PAGER=cat run ctst help ../../etc/passwd
	expect_status 2
}

a_full_disk_is_noticed() {
	[ -c /dev/full ] || skip "no /dev/full"
	status=0
	ctst help >/dev/full 2>"$CASE_DIR/err" || status=$?
	: >"$CASE_DIR/out"
	tap_last_command="ctst help >/dev/full"
	expect_status 1
	expect_err 'No space left'
}

tap_case "the list of commands fits a screen, and help and --help show the same" the_list_fits_a_screen
tap_case "the list names every installed tool" the_list_names_every_tool
tap_case "--version" the_version
tap_case "a typo gets a suggestion" a_typo_gets_a_suggestion
tap_case "an option without its argument is named" a_missing_argument_is_named
tap_case "a .ctst file in place of a command gets a hint" a_file_is_not_a_command
tap_case "a name with a slash is refused" a_path_is_not_a_command
tap_case "a person's own ctst-NAME in PATH is a command, with its arguments and exit status" a_persons_own_command
tap_case "the libexec directory comes before PATH" the_libexec_directory_comes_first
tap_case "global options in front of the command reach it, those behind it are its own" global_options_reach_the_command
tap_case "aliases" aliases
tap_case "a tool that cannot be executed: 126" a_tool_that_cannot_be_executed
tap_case "a directory of PATH that cannot be searched is passed over" a_directory_that_cannot_be_searched
tap_case "ctst help COMMAND opens the manual" help_opens_the_manual
tap_case "a full disk under stdout is noticed" a_full_disk_is_noticed

# ---- ctst run: failures in the pipeline ----

hello() {
	cat >hello.ctst <<-'CTST'
	COMPONENT hello {
	  image = "preset://busybox"
	  command = ["echo", "hello from inside"]
	}
	CTST
}

expect_one_error() {
	[ "$(grep -c 'error' "$CASE_DIR/err")" -eq 1 ] || {
		tap_show_last
		fail "expected exactly one error message"
	}
}

nothing_was_made() {
	[ ! -e .containust ] || fail ".containust was made: $(find .containust | head)"
}

a_missing_file() {
	run ctst run nowhere.ctst
	expect_status 4
	expect_one_error
	expect_err 'nowhere\.ctst'
	expect_lines out 0
	nothing_was_made
	run ctst build nowhere.ctst
	expect_status 4
	expect_one_error
	run ctst run
	expect_status 4
	expect_err 'containust\.ctst'
}

a_parse_error() {
	echo 'COMPONENT a { image = "preset://busybox" memroy = "1MB" }' >bad.ctst
	run ctst run bad.ctst
	expect_status 1
	expect_one_error
	expect_err 'E0[0-9][0-9]'
	expect_err 'bad.ctst:1:'
	expect_lines out 0
	nothing_was_made
}

an_image_that_is_not_there() {
	echo 'COMPONENT a { image = "file:///nonexistent/root" command = ["x"] }' >bad.ctst
	run ctst run bad.ctst
	expect_status 4
	expect_one_error
	expect_err 'I001'
}

a_stage_that_is_missing() {
	hello
	copy_of_libexec
	rm libexec/ctst-plan
	run ctst run hello.ctst
	expect_status 1
	expect_err "R004.*cannot start '.*ctst-plan'"
}

a_stage_that_is_killed() {
	hello
	copy_of_libexec
	replace ctst-plan 'cat >/dev/null; kill -9 $$'
	run ctst run hello.ctst
	expect_status 137
	expect_one_error
	expect_err 'ctst-plan was killed by signal 9'
}

the_first_failing_stage_counts() {
	hello
	copy_of_libexec
	replace ctst-parse 'exec cat /dev/zero'
	replace ctst-image 'exit 3'
	replace ctst-plan 'cat >/dev/null; exit 5'
	replace ctst-spawn 'cat >/dev/null; exit 6'
	run ctst run -d hello.ctst
	expect_status 3
	expect_lines err 0
}

options_reach_their_stage() {
	hello
	copy_of_libexec
	for tool in parse image plan spawn; do
		replace ctst-$tool 'echo "$(basename "$0") $*" >>'"$PWD/calls"'; cat >/dev/null'
	done
	replace ctst-parse "echo \"ctst-parse \$*\" >>$PWD/calls"
	run ctst run -d --locked --no-prune --strict-env --publish-addr 0.0.0.0 hello.ctst
	expect_status 0
	expect_same "$(sort calls)" "ctst-image build --locked
ctst-parse hello.ctst
ctst-plan -o json --no-prune --strict-env --publish-addr 0.0.0.0
ctst-spawn "
	run ctst run one two
	expect_status 2
}

# Stages that do nothing; logs that last until the file `ended` is there; a stop that is noted.
quiet_stages() {
	hello
	copy_of_libexec
	for tool in image plan spawn; do
		replace ctst-$tool 'cat >/dev/null'
	done
	replace ctst-parse 'true'
	replace ctst-logs "trap 'exit 0' TERM; echo \"logs \$*\" >>$PWD/calls; until [ -e $PWD/ended ]; do sleep 0.02; done"
}

start_in_a_group() {
	# With job control a job has a process group of its own, to which a terminal sends its signals, and SIGINT
	# is not ignored in it.
	set -m
	ctst run "$1" >"$CASE_DIR/out" 2>"$CASE_DIR/err" &
	job=$!
	set +m
	tap_last_command="ctst run $1" status=running
}

end_of_job() {
	status=0
	wait "$job" || status=$?
}

the_first_interrupt_stops() {
	quiet_stages
	replace ctst-stop "echo \"stop \$*\" >>$PWD/calls; : >$PWD/ended"
	start_in_a_group hello.ctst
	await grep -q logs calls
	kill -INT -- "-$job"
	end_of_job
	expect_status 0
	expect_same "$(sed 's|--file [^ ]*|--file F|' calls)" "logs --file F -f --prefix
stop --file F"
}

the_second_interrupt_kills() {
	quiet_stages
	replace ctst-stop "echo \"stop \$*\" >>$PWD/calls; case \"\$*\" in *--force*) : >$PWD/ended ;; *) until [ -e $PWD/ended ]; do sleep 0.02; done ;; esac"
	start_in_a_group hello.ctst
	await grep -q logs calls
	kill -INT -- "-$job"
	await grep -q '^stop' calls
	kill -INT -- "-$job"
	end_of_job
	expect_same "$(grep -c '^stop .*--force' calls)" 1
}

a_termination_stops_as_well() {
	quiet_stages
	replace ctst-stop "echo \"stop \$*\" >>$PWD/calls; : >$PWD/ended"
	start_in_a_group hello.ctst
	await grep -q logs calls
	kill -TERM "$job"
	end_of_job
	grep -q '^stop' calls
}

output_that_nobody_reads() {
	quiet_stages
	replace ctst-logs 'echo gone >&2; kill -PIPE $$'
	replace ctst-stop "echo \"stop \$*\" >>$PWD/calls"
	run ctst run hello.ctst
	expect_status 141
	grep -q '^stop' calls
}

tap_case "a missing file: one message, exit 4, nothing made" a_missing_file
tap_case "a parse error: one message, exit 1, nothing made" a_parse_error
tap_case "an image that is not there: one message, exit 4" an_image_that_is_not_there
tap_case "a stage that is missing is named" a_stage_that_is_missing
tap_case "a stage that a signal kills: one message, 128 + n" a_stage_that_is_killed
tap_case "the first failing stage decides the status, not the one it broke the pipe of" the_first_failing_stage_counts
tap_case "options reach the stage they are for" options_reach_their_stage
tap_case "the first Ctrl+C stops the containers, in the stages' own group" the_first_interrupt_stops
tap_case "the second Ctrl+C kills them" the_second_interrupt_kills
tap_case "SIGTERM stops the containers" a_termination_stops_as_well
tap_case "containers stop when nobody reads their output" output_that_nobody_reads

# ---- the porcelain with the real stages ----

a_run_in_the_foreground() {
	hello
	run ctst run hello.ctst
	expect_status 0
	expect_out 'hello from inside$'
	expect_lines out 1
}

the_exit_code_of_a_single_component() {
	echo 'COMPONENT a { image = "preset://busybox" command = ["sh", "-c", "exit 42"] }' >a.ctst
	run ctst run a.ctst
	expect_status 42
}

a_composition_from_stdin() {
	hello
	run ctst run - <hello.ctst
	expect_status 0
	expect_out 'hello from inside$'
}

an_interrupt_of_the_real_thing() {
	# The shells end on SIGTERM, so that nobody has to wait for the SIGKILL.
	cat >two.ctst <<-'CTST'
	COMPONENT one { image = "preset://busybox" command = ["sh", "-c", "trap 'exit 0' TERM; echo one is up; sleep 1000 & wait"] }
	COMPONENT two { image = "preset://busybox" command = ["sh", "-c", "trap 'exit 0' TERM; echo two is up; sleep 1000 & wait"] }
	CTST
	start_in_a_group two.ctst
	await grep -q 'one is up' "$CASE_DIR/out"
	await grep -q 'two is up' "$CASE_DIR/out"
	kill -INT -- "-$job"
	end_of_job
	expect_status 0
	run ctst ps -a -o json
	refute_out '"state": ?"running"'
}

a_build_prints_pins() {
	hello
	echo 'COMPONENT other { image = "preset://busybox" command = ["true"] }' >>hello.ctst
	run ctst build -o text hello.ctst
	expect_status 0
	expect_out '^hello  preset://busybox(:[0-9.]+)?@sha256:[0-9a-f]{64}$'
	expect_out '^other  preset://busybox(:[0-9.]+)?@sha256:[0-9a-f]{64}$'
	expect_lines out 2
	run ctst build -o json hello.ctst
	expect_status 0
	jq -e '.format == "ctst.composition/1" and (.images | length) == 1' "$CASE_DIR/out" >/dev/null
	rm -rf .containust
	run ctst build --dry-run -o text hello.ctst
	expect_status 0
	expect_out '^hello  preset://busybox$'
	nothing_was_made
}

the_doctor() {
	run ctst doctor -o json
	jq -e '.format == "ctst.doctor/1" and (.checks | length) > 20 and (.checks | all(.detail != ""))' "$CASE_DIR/out" >/dev/null
	if jq -e .ready "$CASE_DIR/out" >/dev/null; then
		expect_status 0
	else
		expect_status 1
	fi
	run ctst doctor -o text
	expect_out '^ok +kernel +— Linux'
	run ctst doctor extra
	expect_status 2
	run ctst doctor -o xml
	expect_status 2
}

tap_case "a run in the foreground prints what the container prints, and nothing else" a_run_in_the_foreground
tap_case "a single component's exit code is the run's" the_exit_code_of_a_single_component
tap_case "a composition from standard input" a_composition_from_stdin
tap_case "Ctrl+C on real containers leaves none running" an_interrupt_of_the_real_thing
tap_case "ctst build prints a pin for each component; --dry-run imports nothing" a_build_prints_pins
tap_case "ctst doctor" the_doctor

messages_are_harmless() {
	run ctst build -C "$PWD" $'a\033[2J\x9b31m\xc2\x9b31m\xe2\x80\xae\xc3\xa4.ctst'
	expect_status 4
	grep -qaF $'a?[2J?31m?31m?\xc3\xa4.ctst' "$CASE_DIR/err" || fail "$(cat -v "$CASE_DIR/err")"
}
tap_case "no control character reaches a terminal in a message, nor one of Unicode or of eight bits" messages_are_harmless

outlives_its_terminal() {
	mkdir -m 777 go
	echo 'COMPONENT one { image = "preset://busybox" volume = "./go:/go" command = ["sh", "-c", "echo up; until [ -e /go/end ]; do sleep 0.05; done; echo finished"] }' >one.ctst
	nohup ctst run one.ctst >shown 2>&1 &
	job=$!
	await grep -q up shown
	kill -HUP $job
	touch go/end
	status=0
	wait $job || status=$?
	expect_same "$status" 0
	grep -q finished shown
	ctst ps -a -o json | jq -e '.containers[0].exit_code == 0'
}
tap_case "started by nohup it goes on when its terminal is gone" outlives_its_terminal

# Those of tools that other tools run are long; ctst image slim has options for every kind of file.
help_fits_a_screen() {
	local tool

	for tool in "$CTST_LIBEXEC"/ctst-*; do
		run "$tool" --help
		expect_status 0
		[ "$(LC_ALL=C.UTF-8 wc -L <"$CASE_DIR/out")" -lt 80 ] || fail "$tool: wider than 79 columns"
		case $tool in
			*-image-import | *-image-slim) continue ;;
		esac
		[ "$(wc -l <"$CASE_DIR/out")" -le 24 ] || fail "$tool: more than 24 lines"
	done
}
tap_case "--help fits a screen" help_fits_a_screen

tap_done
