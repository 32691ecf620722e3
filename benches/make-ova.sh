#!/usr/bin/env bash
# Makes the appliance of `./dev bench ova`: a Debian root with about 1 GB of real files in a sparse
# disk, packed as vendors do (descriptor, SHA-256 manifest, stream-optimized VMDK made by qemu-img,
# so that no tool reads its own work).
#
# usage: make-ova.sh FILE.ova [SIZE_MIB]     size of the disk, 2048 by default
# needs the Debian packages mmdebstrap, e2fsprogs, fdisk, qemu-utils, tar; root
set -euo pipefail

out=$(realpath -m "${1:?usage: make-ova.sh FILE.ova [SIZE_MIB]}")
size_mib=${2:-2048}
[[ ! -e $out ]] || { echo "$out exists already" >&2; exit 2; }
for tool in mmdebstrap mke2fs sfdisk qemu-img tar sha256sum; do
	PATH=$PATH:/sbin:/usr/sbin command -v "$tool" >/dev/null ||
		{ echo "$tool is missing; install mmdebstrap e2fsprogs fdisk qemu-utils" >&2; exit 3; }
done
PATH=$PATH:/sbin:/usr/sbin

mkdir -p "$(dirname "$out")"
work=$(mktemp -d "$(dirname "$out")/.make-ova-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# What is fixed: packages, times, file system ids. Versions follow the mirror.
export SOURCE_DATE_EPOCH=1700000000
packages=linux-image-amd64,systemd-sysv,openssh-server,python3,perl,git,vim-tiny,gcc
packages+=,libpython3-dev,curl,ca-certificates,tzdata,manpages,less,sqlite3,nginx-light,locales
mmdebstrap --quiet --variant=important --mode=root --include="$packages" --skip=check/empty bookworm root

truncate -s "${size_mib}M" disk.raw
printf 'label: dos\nlabel-id: 0x7175616e\nstart=2048, type=83, bootable\n' | sfdisk -q disk.raw
uuid=7175616e-0000-4000-8000-00000000000
mke2fs -q -t ext4 -b 4096 -U "${uuid}1" \
	-E "offset=1048576,hash_seed=${uuid}2,lazy_itable_init=1" \
	-d root disk.raw $(((size_mib - 1) * 256))
rm -rf root
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk.raw bench-disk1.vmdk

bytes=$(stat -c %s bench-disk1.vmdk)
cat >bench.ovf <<X
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:href="bench-disk1.vmdk" ovf:id="file1" ovf:size="$bytes"/></References>
  <DiskSection><Info>Disks</Info>
    <Disk ovf:capacity="$size_mib" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1"
      ovf:fileRef="file1"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <VirtualSystem ovf:id="bench"><Info>A machine</Info><Name>bench</Name>
    <OperatingSystemSection ovf:id="96"><Info>Debian</Info></OperatingSystemSection>
    <VirtualHardwareSection><Info>Hardware</Info>
      <System><vssd:ElementName>Hardware</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
      <Item><rasd:ElementName>CPU</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>Memory</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
      <Item><rasd:ElementName>SCSI</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Disk</rasd:ElementName><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
X
for file in bench.ovf bench-disk1.vmdk; do
	printf 'SHA256(%s)= %s\n' "$file" "$(sha256sum "$file" | cut -d' ' -f1)"
done >bench.mf
tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
	-cf bench.ova bench.ovf bench.mf bench-disk1.vmdk
mv bench.ova "$out"
ls -l "$out"
