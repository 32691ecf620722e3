# Set-up: Debian packages, Rust, Python. Each part looks first and changes only what is missing.
# shellcheck shell=bash

# Works on Debian 12 and 13 and on Ubuntu 24.04: names only, the release decides the versions.
packages=(
	# to compile and to link
	ca-certificates curl openssl gcc g++ libc6-dev libvirt-dev pkg-config
	# the hypervisor of this host, and several of them in namespaces
	libvirt-clients libvirt-daemon-system qemu-system-x86 dnsmasq-base ovmf swtpm-tools
	iproute2 procps util-linux
	# to make the guest, by tools that are not ours
	mmdebstrap debian-archive-keyring qemu-utils e2fsprogs fdisk dosfstools mtools syslinux syslinux-common
	# to judge what we write
	cloud-init cloud-image-utils python3-yaml python3-pycdlib python3-jsonschema genisoimage xorriso libxml2-utils
	libarchive-tools busybox
	# to test the Python package, the C library and the scripts
	python3-venv valgrind shellcheck
)

# pandas and polars: the tables that the Python package takes are tested with the real ones.
python_packages=(
	'maturin>=1.9.4,<2' 'mypy>=1.18,<3' 'pytest>=8,<10' 'pandas>=2,<4' 'polars>=1,<2'
)

package_is_there() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

setup_packages() {
	local missing=() name
	for name in "${packages[@]}"; do
		package_is_there "$name" || missing+=("$name")
	done
	if ((${#missing[@]} == 0)); then
		step packages "all ${#packages[@]} are there"
		return
	fi
	command -v apt-get >/dev/null || die "this needs a Debian or Ubuntu machine: apt-get is missing"
	step packages "installing ${#missing[@]}: ${missing[*]}"
	keep_cloud_init_asleep
	# One unreachable third-party source is no reason to stop: the install decides.
	quietly as_root apt-get -q update || step packages "apt-get update had errors, trying to install all the same"
	local install=(apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "${missing[@]}")
	if ! can_install "${install[@]}"; then
		install+=(--allow-downgrades "$(same_release_qemu_utils)")
		can_install "${install[@]}" || quietly "${install[@]}" -s || die "apt cannot install these packages together: ${missing[*]}"
		step packages "taking ${install[-1]}: the installed qemu-utils is too new for the qemu-system-x86 of this release"
	fi
	quietly as_root env DEBIAN_FRONTEND=noninteractive "${install[@]}" ||
		die "could not install: ${missing[*]}" "the package mirrors must be reachable" "to see more: ${install[*]}"
}

# Installing must neither fail nor remove what somebody else put there.
can_install() {
	local plan
	plan=$("$@" -s 2>/dev/null) && ! grep -q '^Remv ' <<<"$plan"
}

# qemu-utils from backports breaks the qemu-system-x86 of the release; both exist in one version.
same_release_qemu_utils() {
	LC_ALL=C apt-cache policy qemu-system-x86 | sed -n 's/^ *Candidate: /qemu-utils=/p'
}

# cloud-init is wanted for its validator: it must not reconfigure this host at its next boot.
keep_cloud_init_asleep() {
	[[ -e /usr/bin/cloud-init || -e /etc/cloud ]] && return
	as_root mkdir -p /etc/cloud
	as_root touch /etc/cloud/cloud-init.disabled
}

setup_rust() {
	local wanted found
	wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
	found=$(rust_version)
	if [[ -z $found ]]; then
		step rust "no Rust here: fetching stable with rustup"
		install_rustup
	elif ! at_least "$wanted" "$found"; then
		step rust "$found is older than $wanted: fetching stable with rustup"
		command -v rustup >/dev/null || install_rustup
		{ quietly rustup update stable && quietly rustup default stable; } ||
			die "rustup could not fetch a newer Rust" "Rust $wanted or newer is needed, from any source"
	fi
	found=$(rust_version)
	at_least "$wanted" "$found" || die "Rust $wanted or newer is needed, found ${found:-none}"
	if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
		quietly rustup component add clippy rustfmt || die "clippy and rustfmt are missing and rustup could not add them"
	fi
	if ! cargo nextest --version >/dev/null 2>&1; then
		step rust "compiling cargo-nextest, once"
		quietly cargo install --locked --debug --root "$tools" --target-dir "$tools/target" cargo-nextest ||
			die "could not install cargo-nextest"
		rm -rf "$tools/target"
	fi
	step rust "rustc $found, nextest $(cargo nextest --version | sed -n '1s/^cargo-nextest \([^ ]*\).*/\1/p')"
}

rust_version() { { rustc --version 2>/dev/null || true; } | cut -d' ' -f2; }
at_least() { [[ $2 != '' && $(printf '%s\n' "$1" "$2" | sort -V | head -n1) == "$1" ]]; }

install_rustup() {
	if [[ -n $(apt-cache search --names-only '^rustup$' 2>/dev/null) ]]; then
		quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install rustup
	else
		local script
		script=$(mktemp)
		curl --proto '=https' --tlsv1.2 -fsS https://sh.rustup.rs -o "$script" &&
			quietly sh "$script" -y --no-modify-path --profile minimal -c clippy -c rustfmt
		rm -f "$script"
	fi
	hash -r
	command -v rustup >/dev/null || die "could not install rustup" "the Rust project's download site must be reachable; or install Rust by any other means"
	rustc --version >/dev/null 2>&1 || quietly rustup default stable || die "rustup could not fetch Rust"
}

setup_python() {
	local stamp
	stamp=$root/.venv/made-for-$(printf '%s\n' "${python_packages[@]}" | sha256sum | cut -c1-12)
	if [[ ! -e $stamp ]]; then
		step python "making .venv with ${python_packages[*]}"
		rm -rf "$root/.venv"
		quietly python3 -m venv "$root/.venv" || die "could not make .venv"
		quietly "$root/.venv/bin/pip" install "${python_packages[@]}" ||
			die "pip could not install: ${python_packages[*]}" "the Python package index must be reachable"
		touch "$stamp"
	fi
	step python "$("$root/.venv/bin/python" --version) in .venv"
}
