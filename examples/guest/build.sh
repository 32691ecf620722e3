#!/usr/bin/env bash
# Makes a real appliance the way a vendor ships one, with none of Quantix's own code:
# a minimal Debian with cloud-init and the guest agent on a self-booting BIOS disk, packed as an
# OVA (OVF 1.1 descriptor, SHA-256 manifest, stream-optimized VMDK).
#
# usage: build.sh OUT.ova          needs root (file owners inside the image), no loop device,
#                                  no mount; `./dev` installs the tools it calls
#
# The disk: MBR, a small FAT partition with syslinux, kernel and initrd, and last (so that it can
# grow) an ext4 root. Package versions follow Debian's mirror; all else is fixed.
set -euo pipefail

readonly SUITE=bookworm
readonly NAME=debian-appliance
readonly DISK_MIB=2048 BOOT_MIB=48
readonly SECTOR=512 MIB=$((1024 * 1024))
readonly OFFLINE_PACKAGES=(hello tree) # installable without a network
readonly EPOCH=1700000000 # every date that this recipe writes
export LC_ALL=C E2FSPROGS_FAKE_TIME=$EPOCH

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
	echo "build.sh: $*" >&2
	exit 1
}

# Debian's packages become a root tree; everything this recipe adds lies in root/ and prepare_root.
make_root() {
	local include
	include=$(grep -v '^#' "$here/packages" | paste -sd,)
	mmdebstrap --quiet --mode=root --variant=minbase --include="$include" \
		--dpkgopt="$here/dpkg.cfg" \
		--setup-hook="cp -rT --no-preserve=ownership '$here/root' \"\$1\"" \
		--customize-hook="'$here/build.sh' --inside-hook \"\$1\"" \
		"$SUITE" "$work/root" </dev/null
}

# Runs as mmdebstrap's hook, while apt still knows the mirror.
prepare_root() {
	local root=$1 repo=$1/srv/packages
	mkdir -p "$repo"
	(cd "$repo" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq -o APT::Sandbox::User=root download "${OFFLINE_PACKAGES[@]}")
	index_packages "$repo" >"$repo/Packages"
	printf 'Date: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru -d "@$EPOCH")" \
		"$(sha256sum <"$repo/Packages" | cut -d' ' -f1)" "$(stat -c %s "$repo/Packages")" >"$repo/Release"
	mv "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d/$SUITE.list.disabled"
	echo 'deb [trusted=yes] file:/srv/packages ./' >"$root/etc/apt/sources.list"

	chroot "$root" systemctl --quiet enable systemd-networkd systemd-resolved
	chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
	chroot "$root" passwd --quiet --lock root

	# What must be new on every machine made from this image.
	rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname"
	: >"$root/etc/machine-id"
	ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
	# systemd must not rebuild its caches because /usr looks newer than they are.
	touch -r "$root/usr" "$root/etc/.updated" "$root/var/.updated"
}

# The index of a flat repository: apt needs path, size and digest beside the control file.
index_packages() {
	local deb
	for deb in "$1"/*.deb; do
		dpkg-deb --field "$deb"
		printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" \
			"$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d' ' -f1)"
	done
}

# MBR + FAT (syslinux) + ext4, written into a plain file.
make_disk() {
	local disk=$1 boot_start=$MIB root_start=$(((1 + BOOT_MIB) * MIB))
	truncate --size="${DISK_MIB}M" "$disk"
	printf 'label: dos\nlabel-id: 0x51545801\nstart=%d,size=%d,type=c,bootable\nstart=%d,type=83\n' \
		$((boot_start / SECTOR)) $((BOOT_MIB * MIB / SECTOR)) $((root_start / SECTOR)) |
		sfdisk --quiet "$disk"
	dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" conv=notrunc status=none

	local boot=$work/boot.img
	truncate --size="${BOOT_MIB}M" "$boot"
	mkfs.vfat -n BOOT -i 51545802 -h $((boot_start / SECTOR)) --invariant "$boot" >/dev/null
	mcopy -i "$boot" "$here/syslinux.cfg" ::syslinux.cfg
	mcopy -i "$boot" "$work"/root/boot/vmlinuz-* ::vmlinuz
	mcopy -i "$boot" "$work"/root/boot/initrd.img-* ::initrd.img
	syslinux --install "$boot"
	dd if="$boot" of="$disk" bs=1M seek=$((boot_start / MIB)) conv=notrunc,sparse status=none

	mke2fs -q -t ext4 -L appliance -U 51545801-0000-4000-8000-000000000001 -m 1 -J size=8 \
		-E "offset=$root_start,hash_seed=51545801-0000-4000-8000-000000000002,lazy_itable_init=0,root_owner=0:0" \
		-d "$work/root" "$disk" "$((DISK_MIB - 1 - BOOT_MIB))M"
}

# VMDK, descriptor, manifest, tar: descriptor first, as the OVF standard asks.
pack() {
	local disk=$1 out=$2 vmdk=$NAME-disk1.vmdk
	mkdir "$work/ova"
	local used=$(($(stat -c %b "$disk") * SECTOR))
	qemu-img convert -f raw -O vmdk -o subformat=streamOptimized,adapter_type=lsilogic "$disk" "$work/ova/$vmdk"
	cd "$work/ova"
	sed -e "s/@DISK_FILE@/$vmdk/" -e "s/@DISK_FILE_BYTES@/$(stat -c %s "$vmdk")/" \
		-e "s/@DISK_MIB@/$DISK_MIB/" -e "s/@DISK_USED_BYTES@/$used/" \
		"$here/appliance.ovf" >"$NAME.ovf"
	local file
	for file in "$NAME.ovf" "$vmdk"; do
		echo "SHA256($file)= $(sha256sum "$file" | cut -d' ' -f1)"
	done >"$NAME.mf"
	tar --format=ustar --owner=0 --group=0 --numeric-owner --mode=0644 \
		--mtime="@$EPOCH" -cf "$out.part" "$NAME.ovf" "$NAME.mf" "$vmdk"
	mv "$out.part" "$out"
}

if [[ ${1-} == --inside-hook ]]; then
	prepare_root "$2"
	exit
fi
[[ $# == 1 && $1 != -* ]] || die "usage: build.sh OUT.ova"
[[ $EUID == 0 ]] || die "must run as root: the image holds files of several owners"
out=$(realpath -m "$1")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/quantix-guest.XXXXXX")
trap 'rm -rf "$work" "$out.part"' EXIT
PATH=$PATH:/usr/sbin:/sbin
make_root
make_disk "$work/disk.raw"
pack "$work/disk.raw" "$out"
