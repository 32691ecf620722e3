# libvirt on this host: used as it runs, else started; by systemd where there is one.
# shellcheck shell=bash

export LIBVIRT_DEFAULT_URI=${LIBVIRT_DEFAULT_URI:-qemu:///system}
run=/run/quantix-dev # belongs to the daemons that ./dev starts itself

process_runs() { grep -qxs "$1" /proc/[0-9]*/comm; }
libvirt_answers() { timeout 60 virsh -q version >/dev/null 2>&1; }

daemons_up() {
	if libvirt_answers; then
		step libvirt "$LIBVIRT_DEFAULT_URI answers"
		return
	fi
	if [[ -d /run/systemd/system ]]; then
		as_root systemctl start libvirtd.service
		libvirt_answers || die "libvirtd runs, but $LIBVIRT_DEFAULT_URI does not answer $(id -un)" \
			"sudo adduser $(id -un) libvirt, then log in again"
		step libvirt "started by systemd"
		return
	fi
	start_own_daemons
	step libvirt "virtlogd and libvirtd started; ./dev down stops them"
}

# Machines without an init system are mostly containers: no security module, no cgroups to manage,
# no device namespaces. libvirtd gets a qemu.conf of its own that says so, laid over the real one
# in a private mount namespace: no file of this host is changed, and the end of the daemon undoes it.
start_own_daemons() {
	as_root mkdir -p "$run"
	as_root tee "$run/qemu.conf" >/dev/null <<-'C'
		user = "root"
		group = "root"
		security_driver = "none"
		remember_owner = 0
		cgroup_controllers = []
		namespaces = []
	C
	as_root tee "$run/libvirtd.conf" >/dev/null <<-C
		auth_unix_rw = "none"
		unix_sock_group = "$(id -gn)"
		unix_sock_rw_perms = "0770"
	C
	process_runs virtlogd || quietly as_root virtlogd --daemon --pid-file "$run/virtlogd.pid" ||
		die "virtlogd does not start"
	quietly as_root unshare --mount sh -c "mount --bind $run/qemu.conf /etc/libvirt/qemu.conf &&
		exec libvirtd --daemon --config $run/libvirtd.conf --pid-file $run/libvirtd.pid" ||
		die "libvirtd does not start" "it needs the right to mount: a privileged container, or a machine of its own"
	local try
	for try in {1..100}; do
		libvirt_answers && return
		sleep 0.2
	done
	die "libvirtd was started, but $LIBVIRT_DEFAULT_URI does not answer after $((try / 5)) seconds"
}

daemons_down() {
	local name pid stopped=()
	for name in libvirtd virtlogd; do
		pid=$(cat "$run/$name.pid" 2>/dev/null) || continue
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$name" ]] || continue
		as_root kill "$pid"
		while [[ -e /proc/$pid ]]; do sleep 0.1; done
		stopped+=("$name")
	done
	as_root rm -rf "$run"
	step libvirt "${stopped[*]:-nothing that ./dev started}${stopped:+ stopped}"
}
