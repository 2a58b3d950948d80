#!/bin/sh
# The root file system of preset://busybox from the system's static busybox, and the
# presets.json that describes it. Equal input gives equal bytes.
# usage: make-busybox.sh BUSYBOX ARCHIVE PRESETS
set -eu
LC_ALL=C
export LC_ALL
umask 022
busybox=$1
archive=$2
presets=$3

if ! readelf -lW "$busybox" >/dev/null 2>&1; then
	echo "make-busybox.sh: '$busybox' is not a program" >&2
	exit 1
fi
if readelf -lW "$busybox" | grep -q INTERP; then
	echo "make-busybox.sh: '$busybox' is not static: install busybox-static" >&2
	exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"
mkdir "$root/bin" "$root/dev" "$root/etc" "$root/proc" "$root/root" "$root/run" "$root/sys" "$root/tmp"
chmod 0700 "$root/root"
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
chmod 0755 "$root/bin/busybox"
# Hard links: one inode instead of some three hundred, which an import feels.
"$busybox" --list | while IFS= read -r applet; do
	[ "$applet" = busybox ] || ln -f "$root/bin/busybox" "$root/bin/${applet##*/}"
done
cat >"$root/etc/passwd" <<-'END'
	root:x:0:0:root:/root:/bin/sh
	nobody:x:65534:65534:nobody:/:/bin/false
END
cat >"$root/etc/group" <<-'END'
	root:x:0:
	nogroup:x:65534:
END

tar --create --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
	--directory="$root" --file="$archive" .

version=$("$busybox" | sed -n '1s/^BusyBox v\([0-9.]*\).*/\1/p')
digest=$(sha256sum "$archive")
digest=${digest%% *}
cat >"$presets" <<END
{
  "format": "ctst.presets/1",
  "presets": [
    {
      "name": "busybox",
      "version": "$version",
      "arch": "$(uname -m)",
      "source": "busybox.tar",
      "sha256": "$digest",
      "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      "cmd": ["/bin/sh"]
    }
  ]
}
END
