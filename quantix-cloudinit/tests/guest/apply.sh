#!/bin/sh
# Applies one seed to a throw-away copy of the guest's root, by the guest's own cloud-init.
#
# usage: apply.sh ROOT CASE     as process 1 of new mount, network, host name and IPC namespaces
#
# CASE/seed becomes /var/lib/cloud/seed, CASE/wanted.json says what to read back. Everything is
# written into memory that ends with the namespace. The facts come out on stdout, all else in
# CASE/log.
set -eu
lower=$1 case=$2
exec 3>&1 >"$case/log" 2>&1
mount --make-rprivate /
mkdir "$case/mnt"
mount -t tmpfs -o size=512m none "$case/mnt"
cd "$case/mnt"
mkdir upper work root
mount -t overlay -o "lowerdir=$lower,upperdir=upper,workdir=work" none root
root=$case/mnt/root
mount -t proc none "$root/proc"
mount -t sysfs none "$root/sys"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/dev"
for name in null zero full random urandom tty; do
	: >"$root/dev/$name"
	mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir -p "$root/dev/shm" "$root/run/cloud-init" "$root/run/systemd/system" "$root/var/lib/cloud"
: >"$root/run/cloud-init/enabled"
cp -r "$case/seed" "$root/var/lib/cloud/seed"

# What a booted system has and a namespace has not: systemd runs, the service that keeps the time is
# there to be configured, the one that sets keyboards notes what it is told, and a service that is
# enabled is not started.
printf '#!/bin/sh\n' >"$root/lib/systemd/systemd-timesyncd"
printf '#!/bin/sh\necho "$*" >/run/localectl\n' >"$root/usr/local/bin/localectl"
cat >"$root/usr/local/bin/systemctl" <<'END'
#!/bin/sh
[ "$1 $2" != "enable --now" ] || set -- enable "$3"
exec /usr/bin/systemctl "$@"
END
chmod 755 "$root/lib/systemd/systemd-timesyncd" "$root/usr/local/bin/localectl" \
	"$root/usr/local/bin/systemctl"

# The machine's network interfaces, by their addresses.
ip link set lo up
number=0
while read -r mac; do
	ip link add "eth$number" address "$mac" type veth peer name "peer$number"
	number=$((number + 1))
done <"$case/macs"

guest() {
	chroot "$root" /usr/bin/env -i LANG=C.UTF-8 HOME=/root \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# A server for what the guest fetches, with a certificate that it trusts.
if [ -d "$case/https" ]; then
	cp -r "$case/https" "$root/run/https"
	cat "$case/https/cert.pem" >>"$root/etc/ssl/certs/ca-certificates.crt"
	echo '127.0.0.1 agent.test' >>"$root/etc/hosts"
	mkfifo "$case/ready"
	guest python3 -c '
import http.server, os, ssl
os.chdir("/run/https/files")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("../cert.pem", "../key.pem")
server = http.server.HTTPServer(("127.0.0.1", 443), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
' >"$case/ready" &
	read -r _ <"$case/ready"
fi

cp "$(dirname "$0")/stages.py" "$(dirname "$0")/facts.py" "$root/run/"
guest python3 /run/stages.py
guest python3 /run/facts.py "$(cat "$case/wanted.json")" >&3
