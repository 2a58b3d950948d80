#!/bin/sh
# Collects the headers that a musl program may take from the system: the
# kernel's, and those of yajl and libmd, which use no C library's types but the
# standard ones.
# usage: link-musl-headers.sh DIRECTORY CPU
set -eu
directory=$1
cpu=$2

mkdir -p "$directory"
for name in linux asm-generic mtd yajl sha2.h; do
	ln -sfn "/usr/include/$name" "$directory/$name"
done
ln -sfn "/usr/include/$cpu-linux-gnu/asm" "$directory/asm"
