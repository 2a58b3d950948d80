#!/usr/bin/env bash
# IMPORT and FROM: what a component takes over, from where, and what is said when that cannot be.
. "$(dirname "$0")/lib.sh"

# component_of FILE NAME FILTER: what jq makes of a component of the file's composition.
component_of() {
	ctst-parse "$1" >"$CASE_DIR/composition" || return 1
	jq -c --arg name "$2" ".components[] | select(.name == \$name) | $3" "$CASE_DIR/composition"
}

names_of() {
	ctst-parse "$1" | jq -c '[.components[].name]'
}

# The codes and places of all problems of a file: "E016 s.ctst:2:18".
problems_of() {
	{ ctst-parse --diagnostics json "$1" || true; } 2>&1 >/dev/null |
		jq -r '((.code // "-") + " " + .file + ":\(.line):\(.column)")'
}

a_template_from_another_file() {
	mkdir templates
	cat >templates/postgres.ctst <<-'E'
		COMPONENT postgres {
		  image = "tar://./postgres.tar"
		  port = 5432
		  memory = "256MiB"
		  env = { PGDATA = "/data", LANG = "C" }
		  volume = "data:/data"
		}
	E
	cat >s.ctst <<-'E'
		IMPORT "templates/postgres.ctst" AS pg
		COMPONENT db FROM pg.postgres {
		  memory = "1GiB"
		  env = { LANG = "de", EXTRA = "1" }
		  volumes = ["/tmp:/data"]
		}
		COMPONENT other FROM pg { ports = [1, 2] }
	E
	expect_same "$(names_of s.ctst)" '["db","other"]'
	expect_same "$(component_of s.ctst db '[.image, .ports, .memory, .env, .volumes[0].source, (.volumes | length)]')" \
		"[\"tar://$PWD/templates/postgres.tar\",[5432],1073741824,{\"PGDATA\":\"/data\",\"LANG\":\"de\",\"EXTRA\":\"1\"},\"/tmp\",1]"
	expect_same "$(component_of s.ctst other '.ports')" '[1,2]'
	expect_same "$(component_of s.ctst db '.origins | [.image, .memory, ."env.PGDATA", ."env.LANG"]')" \
		'["templates/postgres.ctst:2:11","s.ctst:3:12","templates/postgres.ctst:5:20","s.ctst:4:18"]'
	expect_same "$(component_of s.ctst db '.inherited')" \
		'{"image":"postgres","ports":"postgres","env.PGDATA":"postgres"}'
}

names_behind_from() {
	echo 'COMPONENT redis { image = "preset://a" } COMPONENT cache { image = "preset://b" }' >redis.ctst
	echo 'COMPONENT x { image = "preset://x" }' >one.ctst
	cat >s.ctst <<-'E'
		IMPORT "redis.ctst"
		IMPORT "one.ctst" AS single
		IMPORT "./redis.ctst" AS again
		COMPONENT g FROM again { }
		COMPONENT a FROM redis { }
		COMPONENT b FROM redis.cache { }
		COMPONENT c FROM cache { }
		COMPONENT d FROM single { }
		COMPONENT e FROM again.cache { }
		COMPONENT f FROM a { }
		COMPONENT redis FROM redis.redis { }
		CONNECT f -> a
		CONNECT redis -> a
	E
	ctst-parse s.ctst >out
	expect_same "$(jq -c '[.components[] | .name + " " + .image]' out)" \
		'["g preset://a","a preset://a","b preset://b","c preset://b","d preset://x","e preset://b","f preset://a","redis preset://a"]'
	echo 'IMPORT "redis.ctst" COMPONENT redis FROM redis { }' >t.ctst
	expect_same "$(component_of t.ctst redis .image)" '"preset://a"'
}

what_nobody_names_is_a_template() {
	cat >s.ctst <<-'E'
		COMPONENT base { image = "preset://busybox" port = 80 command = ["/bin/true"] }
		COMPONENT web FROM base { }
		EXPOSE 80
	E
	expect_same "$(names_of s.ctst)" '["web"]'
	expect_same "$(jq -r '.exposed[0].component' <<<"$(ctst-parse s.ctst)")" web
	sed 's/EXPOSE 80/EXPOSE 80 FROM base/' s.ctst >t.ctst
	expect_same "$(names_of t.ctst)" '["base","web"]'
	sed 's/EXPOSE 80/CONNECT web -> base/' s.ctst >t.ctst
	expect_same "$(names_of t.ctst)" '["base","web"]'
	# shellcheck disable=SC2016 # the language's own
	sed 's/{ }/{ workdir = "${base.host}" port = 1 }/' s.ctst >t.ctst
	expect_same "$(names_of t.ctst)" '["base","web"]'
	# shellcheck disable=SC2016 # the language's own
	sed 's/{ }/{ env = { A = "${base.host}" } }/' s.ctst >t.ctst
	expect_same "$(problems_of t.ctst)" 'E015 t.ctst:3:1'
	sed 's/EXPOSE 80//; s/port = 80/required_params = ["port"]/; s/{ }/{ port = 1 }/' s.ctst >t.ctst
	expect_same "$(names_of t.ctst)" '["web"]'
}

required_params_are_required() {
	cat >t.ctst <<-'E'
		COMPONENT pg {
		  image = "preset://busybox"
		  required_params = ["DB", "port", "memory"]
		  memory = "1MB"
		}
		COMPONENT middle FROM pg { env = { DB = "x" } }
	E
	cat >s.ctst <<-'E'
		IMPORT "t.ctst"
		COMPONENT a FROM pg { }
		COMPONENT b FROM pg { env = { DB = "1" } ports = [1] memory = "2MB" }
		COMPONENT c FROM middle { port = 1 }
	E
	expect_same "$(problems_of s.ctst)" $'E011 s.ctst:2:11\nE011 s.ctst:4:11'
	run ctst-parse s.ctst
	expect_status 1
	expect_err "component 'a' does not set 'DB', 'port', 'memory', which 'pg' requires"
	expect_err "component 'c' does not set 'memory', which 'pg' requires"
	expect_err 'its required_params are in t.ctst:3'
}

what_is_inherited_is_checked_where_it_is_used() {
	cat >t.ctst <<-'E'
		COMPONENT t {
		  image = "oci://h/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  env = { PEER = "${db.host}" }
		  volume = "/no/such/path:/x"
		}
		COMPONENT unused { image = "preset://x" volume = "/no/such/path:/x" memory = "1" }
	E
	printf 'IMPORT "t.ctst"\nCOMPONENT a FROM t.t { }\nCOMPONENT b FROM t.t { env = { X = "1" } }\n' >s.ctst
	# The memory is wrong whoever uses it; the rest depends on who does. One message for all who inherit.
	expect_same "$(problems_of s.ctst)" $'E017 t.ctst:3:21\nE006 t.ctst:4:12\nE006 t.ctst:6:78'
	run ctst-parse s.ctst
	expect_err "undefined component 'db' in '\\$\{\.\.\.\}' \(inherited by component 'a'\)"
	sed '/COMPONENT a/d' s.ctst >only.ctst
	run ctst-parse only.ctst
	expect_err "undefined component 'db' in '\\$\{\.\.\.\}' \(inherited by component 'b'\)"
	sed 's/COMPONENT [ab].*//' s.ctst >none.ctst
	expect_same "$(problems_of none.ctst)" $'E009 none.ctst:1:8\nE006 t.ctst:6:78'
}

every_mistake_is_one_message() {
	echo 'COMPONENT one { image = "preset://a" } COMPONENT two { image = "preset://b" }' >t.ctst
	check_one() {
		printf '%s\n' "$1" >s.ctst
		expect_same "$(problems_of s.ctst)" "$2"
	}
	check_one 'IMPORT "no.ctst" AS n COMPONENT a FROM n.x { }' 'E008 s.ctst:1:8'
	check_one 'IMPORT "no.ctst" COMPONENT a FROM x { }' 'E008 s.ctst:1:8'
	check_one 'IMPORT "" COMPONENT a FROM x { }' 'E008 s.ctst:1:8'
	check_one 'IMPORT "." COMPONENT a FROM x { }' 'E008 s.ctst:1:8'
	check_one 'IMPORT "t.ctst" AS x COMPONENT a FROM x { }' 'E016 s.ctst:1:39'
	check_one 'IMPORT "t.ctst" AS x COMPONENT a FROM x.three { }' 'E016 s.ctst:1:41'
	check_one 'IMPORT "t.ctst" AS x COMPONENT a FROM y.one { }' 'E016 s.ctst:1:39'
	check_one 'IMPORT "t.ctst" COMPONENT a FROM ones { }' 'E016 s.ctst:1:34'
	check_one 'COMPONENT a FROM a { }' 'E013 s.ctst:1:18'
	check_one 'COMPONENT a FROM b { } COMPONENT b FROM c { } COMPONENT c FROM a { }' 'E013 s.ctst:1:64'
	check_one 'IMPORT "t.ctst" AS x IMPORT "t.ctst" AS x COMPONENT a FROM x.one { }' 'E003 s.ctst:1:41'
	check_one 'IMPORT "t.ctst" AS x COMPONENT x FROM x.one { }' 'E003 s.ctst:1:20'
	check_one 'IMPORT "t.ctst" AS from COMPONENT a FROM from.one { }' ''
	check_one 'IMPORT "t.ctst" AS secret COMPONENT a FROM secret.one { }' 'E001 s.ctst:1:20'
	check_one 'IMPORT "t.ctst" COMPONENT a { image = "preset://a" }' 'E009 s.ctst:1:8'
	check_one 'IMPORT t.ctst' 'E001 s.ctst:1:8'
	check_one 'import "t.ctst" as x COMPONENT a from x.one { }' $'E001 s.ctst:1:1\nE001 s.ctst:1:17\nE001 s.ctst:1:34'
	check_one 'COMPONENT a FROM "b" { }' 'E001 s.ctst:1:18'
	check_one 'COMPONENT a FROM { }' 'E001 s.ctst:1:18'
	check_one 'COMPONENT a FROM b { } COMPONENT b FROM a { } CONNECT a -> b' 'E013 s.ctst:1:41'
	check_one 'COMPONENT a FROM q { } EXPOSE 80' 'E016 s.ctst:1:18'
	check_one 'COMPONENT a { imag = "preset://x" } COMPONENT b FROM a { }' 'E001 s.ctst:1:15'
	check_one 'IMPORT "t.ctst" COMPONENT a FROM one {' 'E001 s.ctst:1:38'
	check_one 'IMPORT "t.ctst" COMPONENT a FROM one { } CONNECT a ->' 'E001 s.ctst:2:1'
	mkfifo pipe
	check_one 'IMPORT "pipe" COMPONENT a FROM x { }' 'E008 s.ctst:1:8'
	mkdir sub && cp t.ctst sub/t2.ctst
	check_one 'IMPORT "t.ctst" IMPORT "sub/t2.ctst" COMPONENT a FROM one { }' 'E016 s.ctst:1:55'
	check_one 'IMPORT "http://h/t.ctst" COMPONENT a FROM t { }' 'E008 s.ctst:1:8'
	check_one 'IMPORT "https://h/t.ctst" COMPONENT a FROM t { }' 'E008 s.ctst:1:8'
	check_one 'IMPORT "https://h/t.ctst@sha256:12" COMPONENT a FROM t { }' 'E008 s.ctst:1:8'
	check_one "IMPORT \"https://me:pw@h/t.ctst@sha256:$(printf '%064d' 0)\" COMPONENT a FROM t { }" 'E008 s.ctst:1:8'
	run ctst-parse s.ctst
	expect_err 'no user name or password may be in it'
	refute_err 'me:pw'
}

one_slip_is_one_message() {
	echo 'COMPONENT t { image = "oci://foo" required_params = ["image", "A", "A"] } COMPONENT u { image = "oci://foo" }' >t.ctst
	check_one() {
		printf '%s\n' "$1" >s.ctst
		expect_same "$(problems_of s.ctst)" "$2"
	}
	# What is wrong with it has been said where it is written.
	check_one 'IMPORT "t.ctst" COMPONENT a FROM u { }' $'E007 t.ctst:1:23\nE018 t.ctst:1:68\nE007 t.ctst:1:97'
	check_one 'COMPONENT t { image = "preset://x" required_params = ["port"] } COMPONENT a FROM t { prot = 1 }' 'E001 s.ctst:1:86'
	check_one 'COMPONENT t { image = "preset://x" required_params = ["A"] } COMPONENT a FROM t { env = { A } }' 'E001 s.ctst:1:93'
	check_one 'IMPORT "no.ctst" COMPONENT redis FROM redis { }' 'E008 s.ctst:1:8'
	check_one 'COMPONENT FROM t { image = "preset://x" }' $'E001 s.ctst:1:11\nE016 s.ctst:1:16'
	check_one 'COMPONENT a { image = "preset://x" env = { "${env.K}" = "x" } }' 'E017 s.ctst:1:44'
	check_one 'COMPONENT a { image = "preset://x" env = { A = "${env.X-d}" } }' 'E017 s.ctst:1:49'
	check_one 'COMPONENT a { image = "preset://x" required_params = [] }' ''
	echo 'COMPONENT t { image = "preset://x" required_params = ["A", "B", "A"] } COMPONENT a FROM t { }' >s.ctst
	run ctst-parse s.ctst
	expect_err "does not set 'A', 'B', which"
	for i in {0..39}; do echo "COMPONENT c$i FROM c$(((i + 1) % 40)) { }"; done >s.ctst
	expect_same "$(problems_of s.ctst)" 'E013 s.ctst:40:20'
	{
		echo 'COMPONENT t { port = 0 }'
		for i in {1..200}; do echo "COMPONENT c$i FROM t { port = 0 }"; done
	} >s.ctst
	run ctst-parse s.ctst
	expect_err '351 more errors are not shown'
}

what_is_meant_is_said() {
	echo 'COMPONENT t { image = "preset://x" port = 80 }' >t.ctst
	check_hint() {
		printf '%s\n' "$1" >s.ctst
		run ctst-parse s.ctst
		expect_err "$2"
	}
	check_hint 'IMPORT "t" COMPONENT a FROM t { }' "did you mean 't.ctst'"
	check_hint 'IMPORT "./t.cst" COMPONENT a FROM t { }' "did you mean 't.ctst'"
	check_hint 'IMPORT "~/t.ctst" COMPONENT a FROM t { }' "~ is the shell's"
	check_hint 'IMPORT "${env.DIR}/t.ctst" COMPONENT a FROM t { }' 'has no meaning'
	check_hint 'IMPORT "t.ctst" AS "x" COMPONENT a FROM x { }' 'names have no quotes'
	check_hint 'COMPONENT w { image = "preset://x" port = 80 } COMPONENT b FROM w { port = 81 } EXPOSE 80' \
		"'w' does, but is a template, because only FROM names it: EXPOSE 80:80 FROM w"
	check_hint 'COMPONENT a { image = "preset://x" env = { A = "${Env.X}" } }' "did you mean 'env'"
	check_hint 'COMPONENT a { image = "preset://x" env = { A = "${a.hots}" } }' "did you mean 'host'"
	printf 'IMPORT "t.ctst"\nCOMPONENT a FROM t { }\nCOMPONENT b FROM a { }\n' >s.ctst
	run ctst-parse -v s.ctst
	expect_err "component 'a' is a template and is not deployed"
}

other_files_are_not_shown() {
	printf 'PASSWORD=sesame\nCOMPONENT x {\n' >.env
	echo 'IMPORT ".env" COMPONENT a FROM x { }' >s.ctst
	expect_same "$(problems_of s.ctst)" 'E008 s.ctst:1:8'
	run ctst-parse s.ctst
	expect_err 'it is no .ctst file'
	refute_err sesame
}

names_and_urls_have_bounds() {
	local long
	long=$(printf 'n%.0s' {1..300})
	echo "COMPONENT $long { image = \"preset://x\" hostname = \"h\" }" >s.ctst
	expect_same "$(problems_of s.ctst)" 'E020 s.ctst:1:11'
	echo "IMPORT \"https://h/$long$long$long$long$long$long$long@sha256:$(printf '%064d' 0)\" COMPONENT a FROM x { }" >s.ctst
	expect_same "$(problems_of s.ctst)" 'E008 s.ctst:1:8'
	echo "IMPORT \"https:// h/t.ctst@sha256:$(printf '%064d' 0)\" COMPONENT a FROM x { }" >s.ctst
	expect_same "$(problems_of s.ctst)" 'E008 s.ctst:1:8'
	mkdir -p team@x
	echo 'COMPONENT redis { image = "preset://x" }' >team@x/redis.ctst
	echo 'IMPORT "team@x/redis.ctst" COMPONENT a FROM redis.redis { }' >s.ctst
	expect_same "$(problems_of s.ctst)" ''
}

# Each of these took minutes, or gigabytes, when it was tried first.
hostile_files_take_no_time() {
	local i
	for i in {1..20000}; do echo "COMPONENT a$i { }"; done >big.ctst
	{
		for i in {1..4000}; do echo 'IMPORT "big.ctst"'; done
		echo 'COMPONENT x { image = "preset://a" }'
	} >s.ctst
	run timeout 10 ctst-parse -q s.ctst
	expect_status 0
	{
		for i in {1..4000}; do echo "IMPORT \"big.ctst\" AS q$i"; done
		for i in {1..60}; do echo "COMPONENT x$i FROM zzzzzzzzzz$i { image = \"preset://a\" }"; done
	} >s.ctst
	run timeout 10 ctst-parse -q s.ctst
	expect_status 1
	{
		echo "COMPONENT t0 { image = \"preset://a\" env = { $(printf 'V%d = "" ' {1..4000}) } required_params = [$(printf '"Z0", %.0s' {1..4090})] }"
		for i in {1..30}; do
			echo "COMPONENT t$i FROM t$((i - 1)) { env = { Z$((i - 1)) = \"\" } required_params = [$(printf "\"Z$i\", %.0s" {1..4090})] }"
		done
		echo 'COMPONENT x FROM t30 { env = { Z30 = "" } }'
	} >s.ctst
	run timeout 10 ctst-parse -q s.ctst
	expect_status 1
}

a_network_that_is_down_is_asked_three_times() {
	local i
	mkdir libexec
	cp "$CTST_LIBEXEC/ctst-parse" libexec/
	printf '#!/bin/sh\necho >>"%s/asked"\nexit 1\n' "$PWD" >libexec/ctst-image-fetch
	chmod +x libexec/ctst-image-fetch
	for i in {1..9}; do echo "IMPORT \"https://h/$i.ctst@sha256:$(printf '%064d' "$i")\""; done >s.ctst
	CONTAINUST_LIBEXEC=$PWD/libexec XDG_CACHE_HOME=$PWD/cache run libexec/ctst-parse s.ctst
	expect_status 1
	expect_same "$(wc -l <asked)" 3
	expect_same "$(grep -c '^error\[E008\]' "$CASE_DIR/err")" 9
	rm asked
	CONTAINUST_LIBEXEC=$PWD/libexec XDG_CACHE_HOME=$PWD/other run libexec/ctst-parse --offline s.ctst
	expect_same "$(grep -c '^error\[E014\]' "$CASE_DIR/err")" 9
	[ ! -e asked ] && [ ! -e other ]
}

the_place_of_a_link_is_the_place_of_its_file() {
	mkdir a b
	echo 'COMPONENT x { image = "file://./root" }' >b/x.ctst
	ln -s ../b/x.ctst a/x.ctst
	echo 'IMPORT "a/x.ctst" AS one IMPORT "b/x.ctst" AS two COMPONENT p FROM one.x { } COMPONENT q FROM two.x { }' >s.ctst
	expect_same "$(ctst-parse s.ctst | jq -c '[.components[].image]')" "[\"file://$PWD/b/root\",\"file://$PWD/b/root\"]"
}

suggestions_are_given() {
	echo 'COMPONENT postgres { image = "preset://a" } COMPONENT redis { image = "preset://b" }' >t.ctst
	echo 'IMPORT "t.ctst" AS lib COMPONENT a FROM lib.postgre { } COMPONENT b FROM lip.redis { } COMPONENT c FROM lib { }' >s.ctst
	run ctst-parse s.ctst
	expect_err "did you mean 'postgres'"
	expect_err "did you mean 'lib'"
	expect_err 'say which: lib.postgres, lib.redis'
	echo 'IMPORT "t.ctst" COMPONENT a FROM rediss { }' >s.ctst
	run ctst-parse s.ctst
	expect_err "undefined template 'rediss'"
	expect_err "did you mean 'redis'"
}

paths_of_imports() {
	mkdir -p lib/deep beside
	echo 'IMPORT "deep/b.ctst" IMPORT "beside/c.ctst" COMPONENT a FROM b { } COMPONENT a2 FROM c { }' >lib/a.ctst
	echo 'COMPONENT b { image = "file://./root" }' >lib/deep/b.ctst
	echo 'COMPONENT c { image = "preset://c" }' >beside/c.ctst
	echo 'IMPORT "lib/a.ctst" COMPONENT x FROM a.a { } COMPONENT y FROM a.a2 { }' >s.ctst
	expect_same "$(component_of s.ctst x '[.image, .origins.image]')" "[\"file://$PWD/lib/deep/root\",\"lib/deep/b.ctst:1:23\"]"
	expect_same "$(component_of s.ctst y '.origins.image')" '"beside/c.ctst:1:23"'
	echo "IMPORT \"$PWD/lib/deep/b.ctst\" COMPONENT x FROM b { }" >t.ctst
	expect_same "$(component_of t.ctst x .image)" "\"file://$PWD/lib/deep/root\""
	(cd lib/deep && expect_same "$(component_of ../../s.ctst x '.origins.image')" '"../../lib/deep/b.ctst:1:23"')
	expect_same "$(ctst-parse - <s.ctst | jq -c '.components[0].origins.image')" '"lib/deep/b.ctst:1:23"'
	# What an import imports serves it alone.
	echo 'IMPORT "lib/a.ctst" COMPONENT x FROM b { }' >t.ctst
	expect_same "$(problems_of t.ctst)" 'E016 t.ctst:1:38'
}

circles_and_diamonds() {
	echo 'IMPORT "b.ctst" COMPONENT a FROM b { }' >a.ctst
	echo 'IMPORT "c.ctst" COMPONENT b FROM c { }' >b.ctst
	echo 'IMPORT "./a.ctst" COMPONENT c { image = "preset://c" }' >c.ctst
	run ctst-parse a.ctst
	expect_status 1
	expect_err 'E013.*imports go in a circle: a.ctst -> b.ctst -> c.ctst -> a.ctst'
	expect_same "$(problems_of a.ctst)" 'E013 c.ctst:1:8'
	echo 'IMPORT "self.ctst"' >self.ctst
	expect_same "$(problems_of self.ctst)" 'E013 self.ctst:1:8'
	echo 'COMPONENT d { image = "preset://d" memory = "1" }' >d.ctst
	echo 'IMPORT "d.ctst" COMPONENT l FROM d { }' >l.ctst
	ln d.ctst same.ctst
	echo 'IMPORT "same.ctst" COMPONENT r FROM d { }' >r.ctst
	echo 'IMPORT "l.ctst" IMPORT "r.ctst" COMPONENT x FROM l.l { } COMPONENT y FROM r.r { }' >s.ctst
	# Read once: its mistake is there once.
	expect_same "$(problems_of s.ctst)" 'E006 d.ctst:1:45'
}

only_the_file_that_is_run_connects() {
	echo 'COMPONENT a { image = "preset://a" port = 1 } COMPONENT b { image = "preset://b" } CONNECT a -> b CONNECT a -> q EXPOSE 1' >t.ctst
	echo 'IMPORT "t.ctst" COMPONENT x FROM t.a { }' >s.ctst
	run ctst-parse s.ctst
	expect_status 0
	expect_same "$(jq -c '[.connections, .exposed, (.warnings | map(.at))]' "$CASE_DIR/out")" \
		'[[],[],["t.ctst:1:84","t.ctst:1:114"]]'
	run ctst-parse --werror s.ctst
	expect_status 1
}

bounds_hold() {
	local i
	for i in {1..40}; do
		echo "IMPORT \"f$((i + 1)).ctst\" COMPONENT c { image = \"preset://a\" }" >"f$i.ctst"
	done
	echo 'COMPONENT c { image = "preset://a" }' >f41.ctst
	echo 'IMPORT "f1.ctst" COMPONENT x FROM f1.c { }' >s.ctst
	expect_same "$(problems_of s.ctst)" 'E020 f32.ctst:1:8'
	{
		echo 'COMPONENT c0 { image = "preset://a" }'
		for i in {1..40}; do echo "COMPONENT c$i FROM c$((i - 1)) { }"; done
	} >s.ctst
	expect_same "$(problems_of s.ctst)" 'E020 s.ctst:34:20'
	# In the other order, too: nothing depends on what is met first.
	tac s.ctst >t.ctst
	expect_same "$(problems_of t.ctst)" 'E020 t.ctst:8:20'
}

# Ten files that import ten files each, and so on: 111,111 paths, 50 files.
many_paths_are_few_files() {
	local i k
	for i in {1..4}; do
		for k in {0..9}; do
			printf 'IMPORT "%s.ctst"\n' "$((i + 1))"-{0..9} >"$i-$k.ctst"
		done
	done
	for k in {0..9}; do echo 'COMPONENT c { image = "preset://a" }' >"5-$k.ctst"; done
	printf 'IMPORT "%s.ctst"\n' 1-{0..9} >s.ctst
	timeout 20 ctst-parse s.ctst 2>/dev/null | jq -c .components >out
	expect_same "$(cat out)" '[]'
}

a_small_file_stays_small() {
	local i
	{
		echo 'COMPONENT big { image = "preset://a" env = {'
		for i in {1..4000}; do echo "V$i = \"$i\""; done
		echo '} } COMPONENT c FROM big { env = {'
		for i in {3000..4097}; do echo "V$i = \"$i\""; done
		echo '} }'
	} >s.ctst
	expect_same "$(problems_of s.ctst)" 'E020 s.ctst:4002:28'
	sed /V4097/d s.ctst >t.ctst
	expect_same "$(component_of t.ctst c '[.env.V1, .env.V3500, (.env | length)]')" '["1","3500",4096]'
	{
		echo 'COMPONENT big { image = "preset://a" env = {'
		for i in {1..4000}; do echo "V$i = \"$i\""; done
		echo '} }'
		for i in {1..30000}; do echo "COMPONENT c$i FROM big { }"; done
	} >s.ctst
	run timeout 20 ctst-parse s.ctst
	expect_status 1
	expect_err 'E020.*what components inherit adds up to more than 512 MiB'
	expect_same "$(grep -c '^error' "$CASE_DIR/err")" 1
}

from_the_cache() {
	local digest
	echo 'COMPONENT t { image = "preset://busybox" command = ["/bin/true"] }' >t.ctst
	digest=$(sha256sum <t.ctst)
	digest=${digest%% *}
	mkdir -p cache/containust/imports
	export XDG_CACHE_HOME=$PWD/cache
	echo "IMPORT \"https://example.invalid/t.ctst@sha256:$digest\" COMPONENT x FROM t { }" >s.ctst
	run ctst-parse --offline s.ctst
	expect_status 1
	expect_err "E014.*https://example.invalid/t.ctst.*not been fetched before"
	cp t.ctst "cache/containust/imports/$digest"
	run ctst-parse --offline s.ctst
	expect_status 0
	expect_same "$(jq -c '.components[0].origins.image' "$CASE_DIR/out")" '"https://example.invalid/t.ctst:1:23"'
	# What somebody has put there is not believed.
	echo 'COMPONENT t { image = "preset://other" }' >"cache/containust/imports/$digest"
	run ctst-parse --offline s.ctst
	expect_status 1
	expect_err E014
	# Nothing lies beside it.
	echo 'IMPORT "t.ctst" COMPONENT t { image = "file://./root" volume = "./data:/data" }' >t2.ctst
	digest=$(sha256sum <t2.ctst)
	digest=${digest%% *}
	cp t2.ctst "cache/containust/imports/$digest"
	echo "IMPORT \"https://example.invalid/t2.ctst@sha256:$digest\" COMPONENT x FROM t2 { }" >s.ctst
	run ctst-parse --offline s.ctst
	expect_status 1
	expect_same "$(grep -c 'has nothing beside it' "$CASE_DIR/err")" 3
	echo "IMPORT \"$PWD/t.ctst\" COMPONENT t { image = \"preset://x\" }" >t3.ctst
	digest=$(sha256sum <t3.ctst)
	digest=${digest%% *}
	cp t3.ctst "cache/containust/imports/$digest"
	echo "IMPORT \"https://example.invalid/t3.ctst@sha256:$digest\" COMPONENT x FROM t3 { }" >s.ctst
	run ctst-parse --offline s.ctst
	expect_status 1
	expect_err 'has nothing beside it'
}

secrets_of_an_import_are_not_shown() {
	echo 'COMPONENT t { image = "preset://a" env = { DB_PASSWORD = "sesame", X = 1 } }' >t.ctst
	echo 'IMPORT "t.ctst" COMPONENT a FROM t { }' >s.ctst
	run ctst-parse s.ctst
	expect_status 1
	expect_err "'env.X' must be a string"
	refute_err sesame
}

undefined_variables_can_be_errors() {
	echo 'COMPONENT t { image = "preset://a" env = { A = "${env.NOT_THERE}" B = "${env.NOT_THERE:-x}" C = "${env.HOME}" } }' >t.ctst
	expect_same "$(problems_of t.ctst)" ''
	run ctst-parse --strict-env t.ctst
	expect_status 1
	expect_err "E017.*'NOT_THERE' is not set"
	expect_same "$(grep -c '^error' "$CASE_DIR/err")" 1
	# A template that is not used does no harm.
	echo 'IMPORT "t.ctst" COMPONENT a { image = "preset://a" }' >s.ctst
	run ctst-parse --strict-env s.ctst
	expect_status 0
	echo 'IMPORT "t.ctst" COMPONENT a FROM t { }' >s.ctst
	run ctst-parse --strict-env s.ctst
	expect_err "inherited by component 'a'"
}

it_runs() {
	mkdir templates
	cat >templates/hello.ctst <<-'E'
		COMPONENT hello {
		  image = "preset://busybox"
		  env = { WHO = "nobody" }
		  command = ["/bin/sh", "-c", "echo hello $WHO"]
		  required_params = ["WHO"]
		}
	E
	printf 'IMPORT "templates/hello.ctst"\nCOMPONENT me FROM hello { env = { WHO = "you" } }\n' >s.ctst
	run ctst run s.ctst
	expect_status 0
	expect_out 'hello you'
}

tap_case "a template from another file: all properties, own ones replace, env is merged" a_template_from_another_file
tap_case "names behind FROM: aliases, own components, imports, stems" names_behind_from
tap_case "a parent that nobody names is not deployed" what_nobody_names_is_a_template
tap_case "required_params: E011 names what is missing and who asks" required_params_are_required
tap_case "inherited values are checked where they are used, and once" what_is_inherited_is_checked_where_it_is_used
tap_case "every mistake is one message at its place" every_mistake_is_one_message
tap_case "one slip is one message" one_slip_is_one_message
tap_case "what is meant is said" what_is_meant_is_said
tap_case "nothing is shown of a file that is no .ctst file" other_files_are_not_shown
tap_case "names and URLs have bounds" names_and_urls_have_bounds
tap_case "hostile files take no time" hostile_files_take_no_time
tap_case "a network that is down is asked three times" a_network_that_is_down_is_asked_three_times
tap_case "paths in a file that is reached by a link are those of its own directory" the_place_of_a_link_is_the_place_of_its_file
tap_case "a slip gets a suggestion" suggestions_are_given
tap_case "paths: beside the importing file, then beside the first one" paths_of_imports
tap_case "a circle is shown, a diamond is read once" circles_and_diamonds
tap_case "CONNECT and EXPOSE of an import have no effect, and that is said" only_the_file_that_is_run_connects
tap_case "imports and parents are at most 32 deep" bounds_hold
tap_case "a hundred thousand paths to fifty files take no time" many_paths_are_few_files
tap_case "a small file cannot become a large composition" a_small_file_stays_small
tap_case "https: from the cache, verified; offline says E014" from_the_cache
tap_case "secrets of an import are not shown" secrets_of_an_import_are_not_shown
tap_case "--strict-env: an undefined variable is an error, where it is used" undefined_variables_can_be_errors
tap_case "it runs" it_runs
tap_done
