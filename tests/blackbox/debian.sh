#!/usr/bin/env bash
# A minimal Debian as directory, tar, docker archive and registry image: all four run the same.
#
# The tree is made of packages that are installed here, so that no network is needed; with CTST_DEBOOTSTRAP=1 it is
# debootstrap's own, from a mirror, which takes a minute.
if [ -z "${DEBIAN_INSIDE:-}" ]; then
	own=(unshare --net)
	[ "$(id -u)" -eq 0 ] || own=(unshare --user --map-root-user --net)
	DEBIAN_INSIDE=1
	export DEBIAN_INSIDE
	[ -n "${CTST_DEBOOTSTRAP:-}" ] || ! "${own[@]}" true 2>/dev/null || exec "${own[@]}" "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/images.bash"

# The tree's owners and modes, links, and the content of all of its files.
fingerprint='. /etc/os-release; echo "$ID $VERSION_ID"
	find / -xdev ! -path "/proc*" ! -path "/sys*" ! -path "/dev*" ! -path "/run*" ! -path "/tmp*" ! -path /etc/hosts \
		! -path /etc/hostname ! -path /etc/resolv.conf ! -type d -printf "%P %y %m %U %G %s %l\n" | sort | sha256sum
	find /usr /bin/ /lib/ /etc -xdev -type f ! -path /etc/hosts ! -path /etc/hostname ! -path /etc/resolv.conf -print0 |
		sort -z | xargs -0 cat 2>/dev/null | sha256sum
	ls -d /*; bash --version | head -n 1'

# Of the packages that a shell and its tools are, and all that those depend on.
installed_tree() {
	command -v dpkg-query >/dev/null && command -v apt-cache >/dev/null || skip "this is no Debian"
	apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances bash coreutils findutils base-files base-passwd | grep '^[a-z0-9]' | sort -u >packages
	xargs dpkg-query -L <packages 2>/dev/null | sed 's|^/||; /^\.$/d' | grep -v '^usr/share/\(doc\|man\|locale\|info\)' | sort -u >files
	mkdir root
	# /bin and the like are links to what is below /usr, which no package has.
	for link in bin sbin lib lib64; do
		mkdir -p "root/usr/$link"
		[ ! -L "/$link" ] || ln -s "usr/$link" "root/$link"
	done
	grep -vxE 's?bin|lib(64)?' files >content
	# What a package has and somebody has removed since is not missed.
	tar -C / --no-recursion --ignore-failed-read -cf - -T content 2>/dev/null | tar -C root --keep-directory-symlink -xf -
	mkdir -p root/proc root/sys root/dev root/tmp root/run
}

debian_tree() {
	if [ -n "${CTST_DEBOOTSTRAP:-}" ]; then
		debootstrap --variant=minbase bookworm root >log 2>&1 || skip "debootstrap has no mirror here"
		rm -rf root/dev/* root/var/cache/apt/archives/*.deb
	else
		installed_tree
	fi
	[ -x root/bin/bash ] || fail "there is no shell in the tree"
}

# start_registry: on $registry of this host, until the case ends.
start_registry() {
	(cd "$SOURCE_ROOT/tests/blackbox" && python3 -B -c 'import loopback; loopback.bring_up()')
	registry=127.0.0.1:$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
	mkdir registry
	cat >registry.yml <<-END
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $PWD/registry}}
		http: {addr: $registry}
	END
	docker-registry serve registry.yml >registry.log 2>&1 &
	await bash -c ": </dev/tcp/${registry/:/\/}"
}

same_everywhere() {
	local from

	for tool in docker-registry skopeo umoci; do
		command -v $tool >/dev/null || skip "$tool is not installed"
	done
	debian_tree
	tar -C root --numeric-owner --xattrs -cf root.tar .
	umoci init --layout layout
	umoci new --image layout:debian
	umoci raw add-layer --image layout:debian root.tar
	skopeo --insecure-policy copy --quiet oci:layout:debian docker-archive:docker.tar:debian:1
	start_registry
	skopeo --insecure-policy copy --quiet --dest-tls-verify=false oci:layout:debian "docker://$registry/debian:1"
	run ctst pull --insecure-loopback "$registry/debian:1"
	expect_status 0
	rm -r .containust
	for from in "file://$PWD/root" "tar://$PWD/root.tar" "tar://$PWD/docker.tar" "$(cat "$CASE_DIR/out")"; do
		jq -rn --arg i "$from" --arg c "$fingerprint" \
			'"COMPONENT a { image = \($i | @json) command = [\"/bin/bash\", \"-c\", \($c | @json)] }"' >s.ctst
		run ctst run --insecure-loopback s.ctst
		cat "$CASE_DIR/err" >&2
		expect_status 0
		grep -q '^a | debian ' "$CASE_DIR/out" || fail "this is no Debian: $(cat "$CASE_DIR/out")"
		[ -e first ] || cp "$CASE_DIR/out" first
		diff first "$CASE_DIR/out" || fail "$from runs otherwise"
	done
}
tap_case "a minimal Debian: directory, tar, docker archive and registry image run the same" same_everywhere

tap_done
