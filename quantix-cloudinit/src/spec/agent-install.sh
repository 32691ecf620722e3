#!/bin/sh
# Installs the Quantix agent: fetched over TLS, proven by its digest, then enrolled.
# Arguments: service, control plane, URL with {arch}, token file or "", then arch=sha256 ...
set -eu
umask 077
service=$1 control_plane=$2 url=$3 token=$4
shift 4

fail() {
  echo "quantix-agent-install: $*" >&2
  exit 1
}

machine=$(uname -m)
case $machine in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *) arch=$machine ;;
esac
digest=
for pair in "$@"; do
  case $pair in
    "$machine="* | "$arch="*) digest=${pair#*=} ;;
  esac
done
[ -n "$digest" ] || fail "no digest is pinned for $machine"
case $url in
  *"{arch}"*) url=${url%%"{arch}"*}$arch${url#*"{arch}"} ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fetch() {
  if command -v curl >/dev/null; then
    curl -fsSL --proto '=https' --connect-timeout 20 -o "$dir/agent" "$url"
  elif command -v wget >/dev/null; then
    wget -q -T 20 -O "$dir/agent" "$url"
  else
    fail "neither curl nor wget is installed"
  fi
}

try=1
until fetch; do
  [ "$try" -lt 6 ] || fail "cannot fetch $url"
  sleep $((try * 5))
  try=$((try + 1))
done
echo "$digest  $dir/agent" | sha256sum -c - >/dev/null 2>&1 ||
  fail "the digest of $url is not the pinned one; nothing was installed"

install -m 0755 "$dir/agent" "/usr/local/bin/$service"
set -- install --control-plane "$control_plane"
[ -z "$token" ] || set -- "$@" --token-file "$token"
"/usr/local/bin/$service" "$@"
[ -z "$token" ] || rm -f "$token"
if command -v systemctl >/dev/null; then
  systemctl enable --now "$service"
elif command -v rc-update >/dev/null; then
  rc-update add "$service" default
  rc-service "$service" start
fi
