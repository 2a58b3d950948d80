#!/bin/sh
# Makes in DIRECTORY what the system's compiler needs to build for musl:
#
#	include  the headers that a musl program may take from the system: the kernel's, and those of yajl and libmd, which use
#	         no C library's types but the standard ones
#	specs    the specs of musl-gcc(1), which know no -static-pie: with the start file that relocates the program itself
#
# usage: prepare-musl.sh DIRECTORY CPU
set -eu
directory=$1
cpu=$2
musl=/usr/lib/$cpu-linux-musl

mkdir -p "$directory/include"
for name in linux asm-generic mtd yajl sha2.h; do
	ln -sfn "/usr/include/$name" "$directory/include/$name"
done
ln -sfn "/usr/include/$cpu-linux-gnu/asm" "$directory/include/asm"

sed -e '/^\*link:/{n;s/.*/-nostdlib %{static-pie:-static -pie --no-dynamic-linker -z text}/;}' \
	-e '/^\*startfile:/{n;s|/Scrt1\.o|/rcrt1.o|;}' "$musl/musl-gcc.specs" >"$directory/specs"
grep -q 'rcrt1\.o' "$directory/specs" && grep -q -- '--no-dynamic-linker' "$directory/specs" && [ -e "$musl/rcrt1.o" ] || {
	echo "prepare-musl.sh: '$musl/musl-gcc.specs' is not of the form that is known here" >&2
	exit 1
}
