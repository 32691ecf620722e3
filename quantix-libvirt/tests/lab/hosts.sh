#!/usr/bin/env bash
# Two or more libvirt hosts on one machine, for tests: each in its own mount, network, UTS, IPC and
# PID namespaces with its own configuration, state and libvirtd. Needs root, libvirt and QEMU; no
# KVM and no init system.
#
#   hosts.sh up DIR COUNT NET    makes hosts 1..COUNT in DIR, with addresses NET.1, NET.2, ...
#   hosts.sh kill DIR I          power loss of host I: every process of it ends at once
#   hosts.sh boot DIR I          starts it again
#   hosts.sh cut DIR I           takes its network away;  hosts.sh join DIR I  gives it back
#   hosts.sh freeze DIR I        its libvirtd hangs;      hosts.sh thaw DIR I  goes on
#   hosts.sh down DIR            ends everything
#
# Where QUANTIX_LAB_NEWER names the root of another system, host 2 runs that one's libvirt and QEMU.
set -euo pipefail

command=$1 dir=$2
shift 2
[[ $command == up ]] || { read -r net count <"$dir/net"; }

# Names of interfaces are short and must be unique on the machine.
short() { printf '%s' "$dir" | cksum | cut -d' ' -f1 | head -c 6; }
bridge=qx$(short)b

configure() {
	local i=$1 host=$dir/h$1 j root='' enter=''
	((i != 2)) || root=${QUANTIX_LAB_NEWER-}
	[[ -z $root ]] || enter="chroot '$root'"
	mkdir -p "$host"/{etc,lib/images,cache,log,run}
	cp -a /etc/libvirt/. "$host/etc/"
	rm -rf "$host/etc/qemu/autostart" "$host"/etc/qemu/*.xml "$host/etc/storage" \
		"$host"/etc/qemu/networks/*
	{
		echo "127.0.0.1 localhost"
		for ((j = 1; j <= count; j++)); do echo "$net.$j qxhost$j"; done
	} >"$host/hosts"
	cat >"$host/etc/libvirtd.conf" <<-C
		listen_tls = 0
		listen_tcp = 1
		auth_tcp = "none"
		auth_unix_rw = "none"
		listen_addr = "$net.$i"
		host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
		keepalive_interval = 5
		keepalive_count = 5
	C
	cat >"$host/etc/qemu.conf" <<-C
		user = "root"
		group = "root"
		security_driver = "none"
		remember_owner = 0
		cgroup_controllers = []
		namespaces = []
		stdio_handler = "file"
		keepalive_interval = 1
		keepalive_count = 3
		migration_host = "$net.$i"
		migration_address = "$net.$i"
	C
	# The first process of a PID namespace must reap: libvirt else waits 40 s for each of its
	# capability probes to disappear.
	cat >"$host/init.sh" <<-C
		#!/usr/bin/env bash
		mount --make-rprivate /
		hostname qxhost$i
		mount --bind '$host/hosts' /etc/hosts
		mount --bind '$host/etc' /etc/libvirt
		mount --bind '$host/lib' /var/lib/libvirt
		mount --bind '$host/cache' /var/cache/libvirt
		mount --bind '$host/log' /var/log/libvirt
		mount --bind '$host/run' /run
		mkdir -p /run/libvirt /run/lock
		mount -t proc proc /proc
		ip link set lo up
		until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
		ip address add $net.$i/24 dev eth0
		ip link set eth0 up
		if [[ -n '$root' ]]; then
			mkdir -p '$root$dir'
			for path in /dev /proc /sys /run /etc/hosts /etc/libvirt /var/lib/libvirt \
				/var/cache/libvirt /var/log/libvirt '$dir'; do
				mount --rbind "\$path" "$root\$path"
			done
		fi
		$enter libvirtd --listen --daemon --pid-file /run/libvirtd.pid
		trap '' TERM INT
		while :; do sleep 3600 & wait; done
	C
	chmod +x "$host/init.sh"
}

boot() {
	local i=$1 host=$dir/h$1 parent child=
	rm -rf "${host:?}/run"
	mkdir -p "$host/run"
	setsid unshare -m -n -u -i -p --fork --kill-child "$host/init.sh" \
		</dev/null >"$host/init.log" 2>&1 &
	parent=$!
	for _ in $(seq 250); do
		child=$(pgrep -P "$parent" | head -1) && [[ -n $child ]] && break
		sleep 0.02
	done
	echo "$child" >"$host/pid"
	# A host that comes back has the same card: with another address its neighbours would send to the
	# old one until their caches expire, for up to a minute.
	ip link add "qx$(short)$i" type veth peer name eth0 \
		address "$(printf '02:71:78:00:00:%02x' "$i")" netns "$child"
	ip link set "qx$(short)$i" master "$bridge" up
	for _ in $(seq 500); do
		[[ -S $host/run/libvirt/libvirt-sock ]] && return
		sleep 0.02
	done
	echo "host $i did not come up; see $host/init.log" >&2
	return 1
}

inside() {
	local i=$1
	shift
	nsenter -t "$(cat "$dir/h$i/pid")" -m -n -u -i -p "$@"
}

case $command in
up)
	count=$1 net=$2
	mkdir -p "$dir/shared"
	echo "$net $count" >"$dir/net"
	ip link add "$bridge" type bridge
	ip address add "$net.254/24" dev "$bridge"
	ip link set "$bridge" up
	for ((i = 1; i <= count; i++)); do
		configure "$i"
		boot "$i"
	done
	;;
kill)
	kill -9 "$(cat "$dir/h$1/pid")"
	while ip link show "qx$(short)$1" >/dev/null 2>&1; do sleep 0.02; done
	;;
boot) boot "$1" ;;
cut) ip link set "qx$(short)$1" down ;;
join) ip link set "qx$(short)$1" up ;;
freeze) inside "$1" pkill -STOP -F /run/libvirtd.pid ;;
thaw) inside "$1" pkill -CONT -F /run/libvirtd.pid ;;
down)
	for pid in "$dir"/h*/pid; do kill -9 "$(cat "$pid")" 2>/dev/null || true; done
	ip link del "$bridge" 2>/dev/null || true
	;;
*)
	sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
