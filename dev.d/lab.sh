# The long proof: several libvirt hosts on this machine, for as many moves as the short one has no
# time for, and with another version of libvirt on the other side.
# shellcheck shell=bash

lab_moves=50
newer_suite=trixie newer_mirror=http://deb.debian.org/debian
newer_packages=libvirt-daemon-system,libvirt-clients,qemu-system-x86,qemu-utils,iproute2,procps
newer_root=$cache/newer-$newer_suite

# The tree appears under its name only when it is whole.
newer_install() {
	if [[ -e $newer_root ]]; then
		step newer "cached: $newer_root"
		return
	fi
	step newer "installing libvirt and QEMU of Debian $newer_suite, once, about 1 GB: $newer_root"
	mkdir -p "$cache"
	as_root rm -rf "$newer_root.part"
	if ! quietly as_root mmdebstrap --variant=minbase --include="$newer_packages" \
		"$newer_suite" "$newer_root.part" "$newer_mirror"; then
		as_root rm -rf "$newer_root.part"
		die "a second version of libvirt cannot be installed here; the lab of this host's version is ./dev lab" \
			"$newer_mirror must be reachable, and the keys of $newer_suite be in debian-archive-keyring"
	fi
	as_root mv "$newer_root.part" "$newer_root"
}

cmd_lab() {
	local tests=(--test migration --test watch --test faults)
	case ${1-} in
	'' | newer) ;;
	*) die "unknown lab: $1" "./dev lab [newer] [MOVES]" ;;
	esac
	local moves=${2-$lab_moves}
	[[ $moves =~ ^[1-9][0-9]{0,4}$ ]] || die "not a number of moves: $moves" "./dev lab [newer] [MOVES]"
	setup_packages
	setup_rust
	daemons_up
	if [[ ${1-} == newer ]]; then
		newer_install
		export QUANTIX_LAB_NEWER=$newer_root
		tests=(--test migration)
		step newer "$(as_root chroot "$newer_root" libvirtd --version), on the second host of each pair"
	fi
	step lab "$moves live migrations, and every other test of several hosts"
	QUANTIX_LAB_MOVES=$moves cargo nextest run --locked -p quantix-libvirt --profile lab \
		--no-fail-fast "${tests[@]}"
}
