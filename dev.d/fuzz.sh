# ./dev fuzz: the targets of fuzz/ with libFuzzer, on the stable compiler. Coverage comes from a pass
# that LLVM has built in; the memory checks of a sanitizer would need a nightly compiler, and the
# crates that are fuzzed here forbid unsafe code.
# shellcheck shell=bash

fuzz_dir=$root/fuzz
fuzz_out=$target/fuzz
fuzz_flags=(
	-Cpasses=sancov-module
	-Cllvm-args=-sanitizer-coverage-level=4
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters
	-Cllvm-args=-sanitizer-coverage-pc-table
	-Cllvm-args=-sanitizer-coverage-trace-compares
	--cfg=fuzzing
)

fuzz_targets() { (cd "$fuzz_dir/fuzz_targets" && printf '%s\n' *.rs | sed 's/\.rs$//'); }
fuzz_host() { rustc -vV | sed -n 's/^host: //p'; }

# fuzz_build debug|release [FLAG…]: --target keeps the flags of the compiler away from build
# scripts, which have no libFuzzer to report to.
fuzz_build() {
	local profile=dev
	[[ $1 == debug ]] || profile=$1
	CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && echo "${fuzz_flags[*]}") CARGO_TARGET_DIR=$fuzz_out \
		cargo build --quiet --locked --manifest-path "$fuzz_dir/Cargo.toml" \
		--target "$(fuzz_host)" --profile "$profile" "${@:2}"
}

# fuzz_run debug|release TARGET CORPUS FLAG...: CORPUS grows, the seeds do not.
fuzz_run() {
	local profile=$1 name=$2 corpus=$3
	shift 3
	mkdir -p "$corpus" "$fuzz_out/artifacts/$name"
	"$fuzz_out/$(fuzz_host)/$profile/$name" "$corpus" "$fuzz_dir/seeds/$name" \
		-artifact_prefix="$fuzz_out/artifacts/$name/" -timeout=60 -rss_limit_mb=2048 "$@"
}

cmd_fuzz() {
	local name=${1-} seconds=${2-60}
	if [[ -z $name ]]; then
		fuzz_targets
		return
	fi
	[[ -e $fuzz_dir/fuzz_targets/$name.rs ]] || die "no fuzz target is called $name" \
		"there are: $(fuzz_targets | paste -sd' ')"
	[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "$seconds: expected a number of seconds"
	setup_packages
	setup_rust
	fuzz_build release --bin "$name"
	fuzz_run release "$name" "$fuzz_out/corpus/$name" -max_total_time="$seconds" ||
		die "$name failed" "the input lies in $fuzz_out/artifacts/$name; put it into fuzz/seeds/$name once it is understood"
}

# A phase of ./dev test: every target from its seeds, with the same dice each time.
check_fuzz() {
	local name log fresh broken=0 count=0
	fuzz_build debug --bins
	fresh=$(mktemp -d)
	for name in $(fuzz_targets); do
		count=$((count + 1))
		log=$fresh/$name.log
		if ! grep -qxF "name = \"$name\"" "$fuzz_dir/Cargo.toml"; then
			echo "$name: fuzz/Cargo.toml has no [[bin]] of this name"
			broken=$((broken + 1))
		elif fuzz_run debug "$name" "$fresh/$name" -seed=1 -runs=10000 -max_total_time=2 >"$log" 2>&1; then
			echo "$name: $(sed -n 's/^Done \(.*\)/\1/p' "$log")"
		else
			tail -n 40 "$log"
			echo "$name: failed, its input lies in $fuzz_out/artifacts/$name"
			broken=$((broken + 1))
		fi
	done
	rm -rf "$fresh"
	echo "test result: $((count - broken)) passed; $broken failed"
	((broken == 0))
}
