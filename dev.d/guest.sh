# The guest appliance: made once, kept in the user's cache under a key of its recipe.
# shellcheck shell=bash

guest_recipe=$root/examples/guest

guest_key() {
	(cd "$guest_recipe" && find . -type f | LC_ALL=C sort | xargs sha256sum) | sha256sum | cut -c1-16
}

guest_ova=$cache/guest-$(guest_key).ova

# Safe to call twice at once: the second waits for the first.
guest_build() {
	mkdir -p "$cache"
	(
		flock 9
		[[ -e $guest_ova ]] && exit
		find "$cache" -maxdepth 1 -name 'guest-*.ova*' -exec rm -f {} +
		as_root env TMPDIR="${TMPDIR:-/var/tmp}" "$guest_recipe/build.sh" "$guest_ova"
	) 9>"$cache/guest.lock"
}

# Starts the build, so that something else can go on meanwhile; guest_wait ends it.
guest_start() {
	guest_pid=''
	if [[ -e $guest_ova ]]; then
		step guest "cached: $guest_ova"
		return
	fi
	step guest "making the appliance in the background, once: $guest_ova"
	mkdir -p "$target/dev"
	guest_since=$SECONDS
	guest_build >"$target/dev/guest.log" 2>&1 </dev/null &
	guest_pid=$!
}

guest_wait() {
	[[ -n $guest_pid ]] || return 0
	if ! wait "$guest_pid"; then
		tail -n 30 "$target/dev/guest.log" >&2
		die "the appliance could not be made" "Debian's package mirror must be reachable" "log: $target/dev/guest.log"
	fi
	guest_pid=''
	step guest "made, $(elapsed "$guest_since") after its start"
}

# What tests of single parts of the guest need: its disk as plain bytes, and the tree of its root.
# Unpacked from the appliance, so that both are what the appliance holds; no loop device, no mount.
guest_parts=${guest_ova%.ova}.parts

guest_unpack() {
	[[ -e $guest_parts/made ]] && return
	step guest "unpacking its disk and its root, once: $guest_parts"
	quietly as_root bash -euo pipefail -c '
		ova=$1 parts=$2
		rm -rf "${parts%/*}"/guest-*.parts
		mkdir -p "$parts/root"
		tar -xf "$ova" -C "$parts" --wildcards "*.vmdk"
		qemu-img convert -O raw "$parts"/*.vmdk "$parts/disk.raw"
		rm "$parts"/*.vmdk
		start=$(sfdisk --json "$parts/disk.raw" | sed -n "s/.*\"start\": *\([0-9]*\).*/\1/p" | tail -n 1)
		debugfs -R "rdump / $parts/root" "$parts/disk.raw?offset=$((start * 512))"
		[[ -x $parts/root/usr/bin/cloud-init ]]
		touch "$parts/made"
	' unpack "$guest_ova" "$guest_parts" || die "the appliance could not be unpacked: $guest_ova"
}
