#!/usr/bin/env bash
# Measures, with optimized builds, and keeps what was printed in benches/, with the command and the machine.
# Arguments name the benches (all by default) as PACKAGE/BENCH, such as `bench.sh runtime/calls`.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
# shellcheck source=scripts/stages.sh
. scripts/stages.sh

# One selection for building and measuring: another one would have other features, and build most of the tree again.
selection=(--locked --workspace)
postgres=$target/bench-postgres
finish() {
    local status=$?
    scripts/postgres.sh stop "$postgres" || true
    stage_table "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

choose_toolchain() {
    SKEP_BUILD_TOOLCHAIN=$(scripts/wasm-toolchain.sh)
    export SKEP_BUILD_TOOLCHAIN
}

start_postgres() {
    # Not exported, see scripts/test.sh.
    database=$(scripts/postgres.sh start "$postgres")
}

# PACKAGE/BENCH for each `[[bench]]` of a manifest; the package's name comes first in every one.
benches() {
    local manifest package
    for manifest in tests/Cargo.toml host/Cargo.toml host/*/Cargo.toml; do
        package=$(sed -n '0,/^name = /s/^name = "\(.*\)"/\1/p' "$manifest")
        sed -n "/^\[\[bench\]\]/,/^name/ s/^name = \"\(.*\)\"/$package\/\1/p" "$manifest"
    done
}

measure() {
    local bench=${1#*/} output command
    output="benches/$bench.txt"
    command="cargo bench ${selection[*]} --bench $bench"
    {
        printf '# make bench: %s\n# %s, %s\n# %s, %s cores, Linux %s\n\n' "$command" \
            "$(date -u +%Y-%m-%dT%H:%MZ)" "$(git describe --always --dirty 2>/dev/null || echo 'no git')" \
            "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -r)"
    } >"$output.new"
    # Word splitting is meant: a command line.
    # shellcheck disable=SC2086
    SKEP_TEST_DATABASE_URL="$database" $command </dev/null | tee -a "$output.new"
    mv "$output.new" "$output"
    printf 'kept in %s\n' "$output" >&2
}

stage "check the machine" scripts/setup.sh test
stage "find a compiler for plugins" choose_toolchain
stage "build host and benches" cargo build "${selection[@]}" --profile bench --bins --benches
export SKEP_BUILD_HOST="$target/release/skep"
stage "build plugins" scripts/build-plugins.sh "$target/components" plugins
stage "build guests" scripts/build-plugins.sh "$target/guests" tests/guests examples
stage "start PostgreSQL" start_postgres
export SKEP_TEST_BIN="$target/release/skep"
export SKEP_TEST_COMPONENTS="$target/components"
export SKEP_TEST_GUESTS="$target/guests"
mkdir -p benches
if [ $# -eq 0 ]; then
    mapfile -t selected < <(benches)
    set -- "${selected[@]}"
fi
if [ $# -eq 0 ]; then
    echo 'no crate declares a [[bench]]' >&2
    exit 1
fi
for name in "$@"; do
    stage "measure $name" measure "$name"
done
