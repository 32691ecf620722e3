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
