# shellcheck shell=bash
# Commands and what they print, as the manual and docs/ show them: a line that begins with `$ ` is a command (a
# backslash at its end continues it on the next line), and the lines up to the next one are what it prints, exactly. A line `...`
# stands for any number of lines, `...` within a line for any text.

# A glob that matches the expected output: `...`, alone on a line or within one, becomes `*`.
as_glob() {
	local line glob=
	while IFS= read -r line; do
		if [ "$line" = ... ]; then
			glob+='*'
		else
			line=${line//\\/\\\\}
			line=${line//\*/\\*}
			line=${line//\?/\\?}
			line=${line//\[/\\[}
			line=${line//.../\*}
			glob+=$line$'\n'
		fi
	done
	printf '%s' "$glob"
}

# shows FILE 'TEXT': whether the file holds what the text shows.
shows() {
	local actual glob

	# The dots keep trailing newlines, which $(…) drops.
	actual=$(cat "$1" && echo .)
	glob=$(printf '%s' "$2" | as_glob && echo .)
	# shellcheck disable=SC2053 # a pattern on purpose
	[[ ${actual%.} == ${glob%.} ]]
}

# Prints a file of the case that is not as it was shown, and what was.
tell_difference() {
	local expected=$1 file

	shift
	echo "expected:"
	printf '%s' "$expected" | sed 's/^/  /'
	for file in "$@"; do
		echo "$(basename "$file"):"
		head -c 4000 "$file" | sed 's/^/  /'
	done
}

# each_command FUNCTION: calls `FUNCTION COMMAND EXPECTED` for each command of standard input, in order. A line of
# U+0001 alone ends what the command before it prints.
each_command() {
	local line command='' expected='' continued=false

	while IFS= read -r line; do
		if $continued; then
			command+=$'\n'$line
		elif [[ $line == '$ '* || $line == $'\001' ]]; then
			[ -z "$command" ] || "$1" "$command" "$expected"
			command=${line#?}
			command=${command# }
			expected=
		else
			expected+=$line$'\n'
			continue
		fi
		continued=false
		[[ $command != *\\ ]] || continued=true
	done
	[ -z "$command" ] || "$1" "$command" "$expected"
}
