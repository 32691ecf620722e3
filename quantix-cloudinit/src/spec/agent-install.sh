#!/bin/sh
# Installs the Quantix agent: fetched over TLS or taken from the seed, proven by its digest, by a
# signature, or by both, then enrolled.
# Arguments: service, control plane, source (https://…{arch} or seed:…{arch}), token file or "",
# Ed25519 key in base64 or "", then arch=sha256 ...
set -eu
umask 077
service=$1 control_plane=$2 source=$3 token=$4 key=$5
shift 5

say() { echo "quantix-agent-install: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

machine=$(uname -m)
case $machine in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  armv7l | armv6l) arch=arm ;;
  i?86) arch=386 ;;
  *) arch=$machine ;;
esac
digest=
for pair in "$@"; do
  case $pair in
    "$machine="* | "$arch="*) digest=${pair#*=} ;;
  esac
done
[ -n "$digest$key" ] || fail "no digest is pinned for $machine, and no key is given"

dir=$(mktemp -d)
is_mounted=
clean() {
  [ -z "$is_mounted" ] || umount "$dir/seed" || true
  rm -rf "$dir"
}
trap clean EXIT

# The addresses of both names of the architecture are tried where a source names one.
named() {
  case $source in
    *"{arch}"*) echo "${source%%"{arch}"*}$1${source#*"{arch}"}" ;;
    *) echo "$source" ;;
  esac
}

# Where Python is: everywhere that cloud-init is.
python() {
  for name in python3 /usr/libexec/platform-python python; do
    if command -v "$name" >/dev/null; then
      "$name" "$@"
      return
    fi
  done
  return 127
}

# fetch URL FILE: over TLS alone, redirections included.
fetch() {
  if command -v curl >/dev/null; then
    curl -fsSL --proto '=https' --connect-timeout 20 -o "$2" "$1"
  elif python -c '' 2>/dev/null; then
    python -c '
import shutil, sys, urllib.request
class Tls(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, file, code, message, headers, url):
        if not url.lower().startswith("https://"):
            raise OSError("redirected to " + url)
        return super().redirect_request(request, file, code, message, headers, url)
with urllib.request.build_opener(Tls).open(sys.argv[1], timeout=20) as answer:
    with open(sys.argv[2], "wb") as file:
        shutil.copyfileobj(answer, file)
' "$1" "$2"
  elif command -v wget >/dev/null; then
    wget -q -T 20 -O "$2" "$1"
  else
    say "neither curl nor python3 nor wget is installed"
    return 1
  fi
}

# The seed: a folder that cloud-init has copied it to, or the volume itself.
find_seed() {
  for seed in /var/lib/cloud/seed/nocloud /var/lib/cloud/seed/nocloud-net \
    /var/lib/cloud/seed/config_drive; do
    [ ! -f "$seed/$1" ] || return 0
  done
  seed=$dir/seed
  mkdir "$seed"
  for label in cidata CIDATA config-2 CONFIG-2; do
    device=/dev/disk/by-label/$label
    [ -e "$device" ] || device=$(blkid -L "$label" 2>/dev/null) || continue
    mount -o ro "$device" "$seed" || continue
    is_mounted=yes
    [ ! -f "$seed/$1" ] || return 0
    umount "$seed"
    is_mounted=
  done
  return 1
}

# get: the binary, and its signature where a key is given.
get() {
  case $source in
    seed:*)
      file=$(named "$machine")
      find_seed "${file#seed:}" || return 1
      cp "$seed/${file#seed:}" "$dir/agent"
      [ -z "$key" ] || cp "$seed/${file#seed:}.sig" "$dir/agent.sig"
      ;;
    https://*)
      url=$(named "$arch")
      fetch "$url" "$dir/agent" || return 1
      [ -z "$key" ] || fetch "$url.sig" "$dir/agent.sig"
      ;;
    *) fail "$source is no https address" ;;
  esac
}

try=1
until get; do
  case $source in seed:*) fail "no seed of this machine has ${source#seed:} for $machine" ;; esac
  [ "$try" -lt 6 ] || fail "cannot fetch the agent from $source"
  sleep $((try * 5))
  try=$((try + 1))
done

# verify: with OpenSSL where it knows how, else with the script beside this one.
verify() {
  [ "$(wc -c <"$dir/agent.sig")" -eq 64 ] || fail "the signature is not of 64 bytes"
  if openssl pkeyutl -help 2>&1 | grep -q rawin; then
    printf '%s\n' '-----BEGIN PUBLIC KEY-----' "MCowBQYDK2VwAyEA$key" '-----END PUBLIC KEY-----' \
      >"$dir/key.pem"
    openssl pkeyutl -verify -pubin -inkey "$dir/key.pem" -rawin -in "$dir/agent" \
      -sigfile "$dir/agent.sig" >/dev/null 2>&1
  elif python -c '' 2>/dev/null; then
    python "$0-verify" "$key" "$dir/agent" "$dir/agent.sig"
  else
    fail "nothing here verifies an Ed25519 signature: OpenSSL 3 or Python 3 is needed"
  fi
}

if [ -n "$digest" ]; then
  echo "$digest  $dir/agent" | sha256sum -c - >/dev/null 2>&1 ||
    fail "the digest of the agent is not the pinned one; nothing was installed"
fi
if [ -n "$key" ]; then
  verify || fail "the signature of the agent is not of the given key; nothing was installed"
fi

install -m 0755 "$dir/agent" "/usr/local/bin/$service"
set -- install --control-plane "$control_plane"
[ -z "$token" ] || set -- "$@" --token-file "$token"
"/usr/local/bin/$service" "$@"
[ -z "$token" ] || rm -f "$token"
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  systemctl enable --now "$service"
elif command -v rc-update >/dev/null; then
  rc-update add "$service" default
  rc-service "$service" start
elif command -v service >/dev/null && [ -e "/etc/init.d/$service" ]; then
  if command -v update-rc.d >/dev/null; then update-rc.d "$service" defaults; fi
  service "$service" start
else
  fail "the agent is installed, but no init system was found that could start it"
fi
