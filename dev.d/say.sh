# What every part of ./dev uses: talking, paths, privileges. Sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/quantix
target=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TARGET_DIR=$target
# What ./dev downloads for itself, outside of the user's own ~/.cargo/bin.
tools=$cache/tools
PATH=$HOME/.cargo/bin:$PATH:/usr/sbin:/sbin:$tools/bin

if [[ -t 1 && -z ${NO_COLOR-} && ${TERM-dumb} != dumb ]]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
	bold='' green='' red='' plain=''
fi

# One line per step: what, and what was done about it.
step() { printf '%s%-12s%s %s\n' "$bold" "$1" "$plain" "$2"; }

die() {
	printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
	shift
	local line
	for line in "$@"; do printf 'hint: %s\n' "$line" >&2; done
	exit 1
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		command -v sudo >/dev/null || die "root is needed to run: $*" "run ./dev as root, or install sudo"
		sudo "$@"
	fi
}

# Runs a command that talks much; what it said is shown only when it fails.
quietly() {
	local log rc=0
	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	((rc == 0)) || tail -n 30 "$log" >&2
	rm -f "$log"
	return "$rc"
}

elapsed() { printf '%d:%02d' $(((SECONDS - $1) / 60)) $(((SECONDS - $1) % 60)); }
