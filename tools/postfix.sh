#!/bin/sh
# Prints the directory of smtp-source and smtp-sink, the load generator and the
# sink of Postfix that `make bench` measures against. Where they are missing,
# Debian's package is unpacked into a cache: installing it would put a mail
# server on the machine, and throw out the one that is there. Root is not needed.
set -eu
umask 022

say() { echo "postfix.sh: $*" >&2; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/fortsatt/postfix
work=
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# runs DIR: both programs are there and find their libraries; with nothing to do
# smtp-source says how it is used.
runs() {
	[ -x "$1/smtp-sink" ] && "$1/smtp-source" 2>&1 </dev/null | grep -q 'fatal: usage'
}

found() {
	program=$(command -v smtp-source || :)
	for dir in "${program%/*}" /usr/sbin /usr/libexec/postfix "$cache/bin"; do
		runs "$dir" && echo "$dir" && return
	done 2>/dev/null
	return 1
}

# wrap DIR PROGRAM: Postfix keeps its libraries in a directory of its own.
wrap() {
	cat >"$1/bin/$2" <<-END
		#!/bin/sh
		LD_LIBRARY_PATH='$cache/usr/lib/postfix' exec '$cache/usr/sbin/$2' "\$@"
	END
	chmod +x "$1/bin/$2"
}

from_debian() {
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	say "unpacking Debian's postfix to $cache"
	mkdir -p "${cache%/*}" && work=$(mktemp -d "$cache.XXXXXX") || return 1
	fetch || { [ "$(id -u)" = 0 ] && apt-get update -qq >&2 && fetch; } || return 1
	dpkg-deb -x "$work"/*.deb "$work" && rm "$work"/*.deb || return 1
	mkdir "$work/bin" && wrap "$work" smtp-source && wrap "$work" smtp-sink || return 1
	rm -rf "$cache" && chmod 755 "$work" && mv "$work" "$cache"
}

fetch() { (cd "$work" && apt-get download -qq postfix >&2); }

found && exit
from_debian && found && exit
say "no smtp-source and smtp-sink, and no way to get them here: they come with Postfix" \
	"(Debian: apt-get install postfix, and choose No configuration; on others, where its package puts them)"
exit 1
