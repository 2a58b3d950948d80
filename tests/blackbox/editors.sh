#!/usr/bin/env bash
# editors/: the lists in them are those of the parser, the files are well-formed, and Vim shows what it should.
. "$(dirname "$0")/lib.sh"

editors=$SOURCE_ROOT/editors
grammar=$editors/textmate/ctst.tmLanguage.json
syntax=$editors/vim/syntax/ctst.vim

# ---- the same words everywhere ----

# a|b|c or a\|b\|c, one a line.
alternatives() {
	sed 's/\\//g' | tr '|' '\n' | sort
}

# The alternatives of the match for one group of the Vim file: the first group in parentheses that is not empty.
vim_words() {
	sed -n "s/^syntax match $1 [^(]*\\\\%(\\([^)]*\\)\\\\).*/\\1/p" "$syntax" | alternatives
}

# The same of a rule of the grammar, by its scope.
grammar_words() {
	jq -r --arg name "$1" '[.. | objects | select(.name? == $name and .match?)][0].match' "$grammar" |
		sed 's/^(?<![^)]*)(?:\([^)]*\)).*/\1/' | alternatives
}

properties_are_the_parsers() {
	local known=$(sed -n 's/.*NAMES("\([a-z_]*\)".*/\1/p' "$SOURCE_ROOT/ctst-parse/properties.c" | sort)

	[ "$(wc -l <<<"$known")" -ge 20 ] || fail "no properties found in ctst-parse/properties.c"
	expect_same "$known" "$(vim_words ctstProperty)"
	expect_same "$known" "$(grammar_words support.type.property-name.ctst)"
}

# Those that are a part of a statement, and those that are only reserved, together.
words_are_the_parsers() {
	local known=$(sed -n 's/^\t\t{ "\([A-Z]*\)", [0-9]*, KEYWORD_.*/\1/p' "$SOURCE_ROOT/ctst-parse/lexer.c" | sort)

	[ "$(wc -l <<<"$known")" -ge 10 ] || fail "no words found in ctst-parse/lexer.c"
	expect_same "$known" "$({ vim_words ctstKeyword && vim_words ctstReserved; } | sort)"
	expect_same "$known" \
		"$({ grammar_words keyword.control.ctst && grammar_words invalid.illegal.reserved.ctst; } | sort)"
}

# ---- the TextMate grammar ----

json_is_valid() {
	local file

	for file in "$editors"/textmate/*.json; do
		jq -e 'type == "object"' "$file" >/dev/null || fail "$file"
	done
	expect_same "$(jq -r .scopeName "$grammar")" source.ctst
	# What the extension names is there.
	for file in $(jq -r '.contributes | .languages[].configuration, .grammars[].path' "$editors/textmate/package.json"); do
		[ -f "$editors/textmate/$file" ] || fail "$file is not there"
	done
	expect_same "$(jq -r '.contributes.grammars[0].scopeName' "$editors/textmate/package.json")" source.ctst
}

# An include that leads nowhere and an expression that does not compile are ignored by editors in silence.
grammar_is_sound() {
	python3 - "$grammar" "$editors/textmate/language-configuration.json" <<'END'
import json, re, sys

def walk(node):
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from walk(item)

grammar, configuration = (json.load(open(name)) for name in sys.argv[1:])
used = set()
for rule in walk(grammar):
    if isinstance(rule.get("include"), str):
        used.add(rule["include"][1:])
    for key in "match", "begin", "end":
        if isinstance(rule.get(key), str):
            groups = re.compile(rule[key]).groups
            captures = rule.get({"match": "captures"}.get(key, key + "Captures"), {})
            assert all(int(number) <= groups for number in captures), rule
assert used == set(grammar["repository"]), used ^ set(grammar["repository"])
re.compile(configuration["wordPattern"])
increase = re.compile(configuration["indentationRules"]["increaseIndentPattern"])
for line, opens in [("COMPONENT a {", 1), ("    env = {", 1), ("    command = [", 1), ("    command = [\"a\",", 0),
                    ("CONNECT a -> b", 0), ("    env = { A = \"x\" }", 0), ("    user = \"{\"", 0),
                    ("    // {", 0), ("COMPONENT a { // because", 1)]:
    assert bool(increase.search(line)) == bool(opens), line
END
}

# ---- Vim ----

need_vim() {
	command -v vim >/dev/null || skip "vim is not installed"
	# The small one has no expressions at all.
	vim -es -u NONE -i NONE -c 'call writefile([has("syntax")], "has-syntax")' -c 'qa!' </dev/null || true
	[ "$(cat has-syntax 2>/dev/null)" = 1 ] || skip "this vim has no syntax highlighting"
	rm has-syntax
}

# in_vim FILE COMMAND…: opens the file as a person would who has the installed files.
in_vim() {
	local file=$1 commands=()

	for command in "${@:2}"; do
		commands+=(-c "$command")
	done
	timeout 60 vim -es -u NONE -i NONE -n \
		--cmd "set nocompatible runtimepath=$CTST_PREFIX/share/vim/vimfiles,\$VIMRUNTIME" \
		-c 'filetype plugin indent on' -c 'syntax on' -c "edit $file" "${commands[@]}" -c 'qa!' </dev/null
}

# The file's text as one "group<TAB>text" a line, for what has a group.
groups_of() {
	cat >groups.vim <<'END'
let found = []
for number in range(1, line('$'))
  let [text, group] = ['', '']
  for column in range(1, len(getline(number)) + 1)
    let name = substitute(synIDattr(synID(number, column, 1), 'name'), '^ctst', '', '')
    if name !=# group || column > len(getline(number))
      if text !~# '^\s*$' && group !=# ''
        call add(found, group . "\t" . trim(text))
      endif
      let [text, group] = ['', name]
    endif
    let text .= getline(number)[column - 1]
  endfor
endfor
call writefile(found, 'groups')
END
	in_vim "$1" 'source groups.vim' >/dev/null
	cat groups
}

# The groups and texts of one line of the language.
shows() {
	printf '%s\n' "$1" >line.ctst
	expect_same "$(groups_of line.ctst | tr '\t\n' ': ')" "$2 "
}

vim_highlights() {
	need_vim
	shows 'IMPORT "./l.ctst" AS l // why' 'Keyword:IMPORT String:"./l.ctst" Keyword:AS Comment:// why'
	shows 'COMPONENT a-b FROM l.x { }' 'Keyword:COMPONENT Name:a-b Keyword:FROM Brace:{ Brace:}'
	shows 'CONNECT a -> b' 'Keyword:CONNECT Arrow:->'
	shows 'EXPOSE 80:8080 FROM a' 'Keyword:EXPOSE Number:80 Number:8080 Keyword:FROM'
	shows 'COMPONENT a { readonly = true port = 80 }' \
		'Keyword:COMPONENT Name:a Brace:{ Property:readonly Block:= Boolean:true Property:port Block:= Number:80 Brace:}'
	# Keys of a map are nobody's business, whatever they are called.
	shows 'COMPONENT a { env = { image = "x", FROM = "y" } }' \
		'Keyword:COMPONENT Name:a Brace:{ Property:env Block:= Brace:{ Key:image Map:= String:"x" Map:, Key:FROM Map:= String:"y" Brace:} Brace:}'
	shows '"a\n\"b\q"' 'String:"a Escape:\n\" String:b EscapeUnknown:\q String:"'
	shows '"${db.host} ${secret.a.b} ${env.X:-d}$${x}"' \
		'String:" ComponentReference:${db.host} SecretReference:${secret.a.b} EnvReference:${env.X:-d} Dollar:$${ String:x}"'
}

vim_marks_errors() {
	need_vim
	shows '# no' 'Error:# no'
	shows '/* no */' 'Error:/* no */'
	shows "'no'" "Error:'no'"
	shows 'CONNECT NETWORK -> a' 'Keyword:CONNECT Reserved:NETWORK Arrow:->'
	shows 'COMPONENT a { imgae = 5mb }' \
		'Keyword:COMPONENT Name:a Brace:{ PropertyError:imgae Block:= NumberError:5mb Brace:}'
	shows '"open' 'StringError:"open'
	shows '"${db.port" "${x} ${db.name}"' \
		'String:" TemplateError:${db.port String:" String:" TemplateError:${x} TemplateError:${db.name} String:"'
	# Nothing of it in a comment or a string.
	shows '// # /* '"'"' "' 'Comment:// # /* '"'"' "'
	shows '"# // '"'"'"' 'String:"# // '"'"'"'
}

# No example is shown with an error in it, and all of them are read to their end.
vim_shows_the_examples() {
	local file count=0

	need_vim
	while IFS= read -r file; do
		cp "$file" example.ctst
		groups_of example.ctst >shown
		grep -q '^Keyword	' shown || fail "$file: no statement in it is highlighted"
		! grep -E '^(.*Error|Reserved|EscapeUnknown)	' shown || fail "$file is shown with errors"
		count=$((count + 1))
	done < <(find "$SOURCE_ROOT/examples" -name '*.ctst' -not -path '*/.containust/*')
	[ "$count" -gt 0 ] || fail "there are no examples"
}

vim_knows_the_layout() {
	need_vim
	in_vim x.ctst 'call writefile([&filetype, &commentstring, &shiftwidth, &expandtab, b:current_syntax], "settings")'
	expect_same "$(tr '\n' ' ' <settings)" 'ctst // %s 4 1 ctst '
	# Indented anew, an example is as it was.
	sed 's/^ *//' "$SOURCE_ROOT/examples/three_components.ctst" >flat.ctst
	printf '%s\n' 'COMPONENT x {' 'command = [' '"a", // ]' '"{",' ']' 'env = {' '}' '}' 'EXPOSE 80' >>flat.ctst
	in_vim flat.ctst 'normal! gg=G' 'write'
	expect_same "$(cat flat.ctst)" "$(cat "$SOURCE_ROOT/examples/three_components.ctst")
$(printf '%s\n' 'COMPONENT x {' '    command = [' '        "a", // ]' '        "{",' '    ]' '    env = {' '    }' '}' 'EXPOSE 80')"
}

files_are_installed() {
	local share=$CTST_PREFIX/share file

	for file in vim/vimfiles/{ftdetect,ftplugin,indent,syntax}/ctst.vim containust/editors/README.md \
		containust/editors/textmate/{ctst.tmLanguage,language-configuration,package}.json; do
		[ -f "$share/$file" ] || fail "$share/$file is not installed"
	done
}

tap_case "the properties are those of the parser" properties_are_the_parsers
tap_case "the words of the language are those of the parser" words_are_the_parsers
tap_case "the TextMate files are JSON that fits together" json_is_valid
tap_case "the grammar's rules and expressions are sound" grammar_is_sound
tap_case "the files are installed" files_are_installed
tap_case "vim highlights what there is" vim_highlights
tap_case "vim marks what the language does not have" vim_marks_errors
tap_case "vim shows no error in the examples" vim_shows_the_examples
tap_case "vim knows file type, comments and indentation" vim_knows_the_layout
tap_done
