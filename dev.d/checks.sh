# ./dev test: phases, each timed and counted; the first failure does not hide the next.
# shellcheck shell=bash

phases=(scripts fmt clippy docs tests doctests fuzz python c)
guest_phases=(tests python c) # these read or boot the appliance

check_scripts() { (cd "$root" && shellcheck -x dev examples/guest/build.sh quantix-cloudinit/tests/guest/apply.sh quantix-cloudinit/src/spec/agent-install.sh quantix-libvirt/tests/lab/hosts.sh .ci/run); }
check_fmt() { cargo fmt --all --check && cargo fmt --manifest-path "$root/fuzz/Cargo.toml" --check; }
check_clippy() { cargo clippy --workspace --all-targets --locked -- -D warnings; }
# The command is no library, and its name would take the place of the C library's pages.
check_docs() { RUSTDOCFLAGS='-D warnings' cargo doc --workspace --exclude quantix-cli --no-deps --locked; }

# The end-to-end test deploys the real appliance; its own test group in .config/nextest.toml keeps
# machines from running side by side.
check_tests() {
	guest_unpack
	QUANTIX_GUEST_OVA=$guest_ova QUANTIX_GUEST_PARTS=$guest_parts \
		cargo nextest run --workspace --locked --no-fail-fast
}

check_doctests() { cargo test --doc --workspace --locked --quiet --no-fail-fast; }

# As its users get it: pip builds and installs the package.
install_python_package() {
	PATH=$root/.venv/bin:$PATH
	MATURIN_PEP517_ARGS='--profile dev --locked' \
		pip install --quiet --no-build-isolation --no-deps "$root/quantix-py"
}

# Whether the installed package was built after the last change to what it is built of.
python_package_is_current() {
	local built
	built=$("$root/.venv/bin/python" -c 'import quantix._core as it; print(it.__file__)' 2>/dev/null) ||
		return 1
	[[ -z $(find "$root/Cargo.lock" "$root"/quantix-*/src "$root/quantix-py/python" \
		-newer "$built" -not -path '*/__pycache__*' -print -quit) ]]
}

check_python() {
	install_python_package
	cd "$root/quantix-py"
	mypy -p quantix
	# What is written in Python is its own stub, and its aliases of words confuse the judge.
	python -m mypy.stubtest quantix --ignore-missing-stub --allowlist stubtest-allowlist.txt
	QUANTIX_GUEST_OVA=$guest_ova pytest
}

# A program in C11 against the header and the library that cargo built, and the same in C++17. What
# it prints must be what the Python program prints of the same documents, to the byte.
check_c() {
	local out=$target/dev/c flags=(-Wall -Wextra -Wpedantic -Werror -g -I"$root/quantix-ffi/include")
	local link=(-L"$target/debug" -lquantix "-Wl,-rpath,$target/debug")
	cargo build --locked --quiet -p quantix-ffi
	python_package_is_current || install_python_package
	rm -rf "$out" && mkdir -p "$out"
	local name
	for name in appliance folders machines; do
		gcc -std=c11 "${flags[@]}" "$root/examples/c/$name.c" -o "$out/$name" "${link[@]}"
	done
	g++ -std=c++17 "${flags[@]}" -x c++ -fsyntax-only - <<<'#include <quantix.h>'
	local judge=(valgrind --quiet --error-exitcode=99 --leak-check=full
		--show-leak-kinds=definite --errors-for-leak-kinds=definite)
	"${judge[@]}" "$out/folders" >"$out/folders.txt"
	"${judge[@]}" "$out/machines" fake:///1 "$root/examples/documents/machine.json" >"$out/machines-c.txt"
	"$root/.venv/bin/python" "$root/examples/python/machines.py" \
		fake:///1 "$root/examples/documents/machine.json" >"$out/machines-python.txt"
	cmp "$out/machines-c.txt" "$out/machines-python.txt"
	"${judge[@]}" "$out/appliance" "$guest_ova" "$root/examples/documents" "$out/seed.iso" >"$out/c.txt"
	mv "$out/seed.iso" "$out/c.iso"
	"$root/.venv/bin/python" "$root/examples/python/appliance.py" \
		"$guest_ova" "$root/examples/documents" "$out/seed.iso" >"$out/python.txt"
	cmp "$out/c.txt" "$out/python.txt"
	cmp "$out/c.iso" "$out/seed.iso"
	echo "C and Python print the same documents and write the same image"
}

cmd_test() {
	local since=$SECONDS name
	local -a wanted=("$@") report=()
	((${#wanted[@]})) || wanted=("${phases[@]}")
	for name in "${wanted[@]}"; do
		[[ " ${phases[*]} " == *" $name "* ]] || die "no phase is called $name" "there are: ${phases[*]}"
	done
	setup
	guest_start
	trap stop_background EXIT
	report+=("$(printf '  %-10s %6s' set-up "$(elapsed "$since")")")
	passed=0 failed=0
	for name in "${wanted[@]}"; do
		[[ " ${guest_phases[*]} " != *" $name "* ]] || guest_wait
		run_phase "$name"
	done
	echo
	printf '%s\n' "${report[@]}"
	printf '  %-10s %6s\n\n' total "$(elapsed "$since")"
	echo "$passed passed, $failed failed"
	((failed == 0))
}

# Runs one phase in a shell of its own that stops at the first error, and counts what it said.
run_phase() {
	local name=$1 since=$SECONDS log=$target/dev/$1.log rc counts
	mkdir -p "$target/dev"
	printf '\n%s== %s%s\n' "$bold" "$name" "$plain"
	set +e
	(
		set -e
		"check_$name"
	) 2>&1 </dev/null | tee "$log"
	rc=${PIPESTATUS[0]}
	set -e
	counts=$(count_tests "$log")
	local p=${counts% *} f=${counts#* } verdict="${green}ok$plain"
	if ((rc != 0)); then
		verdict="${red}FAILED$plain"
		((f > 0)) || f=1
	elif ((p + f == 0)); then
		p=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	report+=("$(printf '  %-10s %6s  %s, %d passed, %d failed' "$name" "$(elapsed "$since")" "$verdict" "$p" "$f")")
}

# "passed failed" of nextest, of cargo's own test runner and of pytest, by their closing lines.
count_tests() {
	sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
		/^ *Summary \[.*tests? run:/ || /^test result:/ || /^=* ?[0-9]+ (passed|failed|errors?|skipped).* in [0-9.]+s/ {
			for (i = 2; i <= NF; i++) {
				if ($i ~ /^passed[,;]?$/) p += $(i - 1)
				if ($i ~ /^failed[,;]?$/) f += $(i - 1)
			}
		}
		END { print p + 0, f + 0 }'
}

stop_background() {
	[[ -z ${guest_pid-} ]] || kill "$guest_pid" 2>/dev/null || true
}
