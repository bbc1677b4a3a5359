#!/usr/bin/env bash
# All tests, as CI runs them: format, unit, integration on SQLite and PostgreSQL, end to end with real components and models.
# Lints and documentation are in `make check`: clippy and rustdoc need another kind of build of every dependency than the tests do, so
# that here they would compile everything a second time.
# Further arguments go to `cargo test`, such as `--package tests` or the name of a test.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
# shellcheck source=scripts/stages.sh
. scripts/stages.sh
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

# One selection of packages and features for building and testing, so that nothing is compiled twice.
selection=(--locked --workspace --features skep/failpoints)
postgres=$target/test-postgres

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

check_format() {
    if ! cargo fmt --version >/dev/null 2>&1 && command -v rustup >/dev/null; then
        # Machines without downloads of Rust may lack it for good.
        echo 'rustup component add rustfmt' >&2
        rustup component add rustfmt >&2 </dev/null || true
    fi
    if cargo fmt --version >/dev/null 2>&1; then
        cargo fmt --all --check
    else
        echo 'rustfmt is not installed and rustup could not add it: THE FORMAT IS NOT CHECKED' >&2
    fi
}

start_postgres() {
    # Not exported: `stop` takes an exported URL for one that was given, and would stop nothing.
    database=$(scripts/postgres.sh start "$postgres")
}

fetch_models() {
    local name
    for name in smollm2-135m qwen2.5-coder-0.5b; do
        scripts/model.sh "$name" "$target/models"
    done
}

stage "check the machine" scripts/setup.sh test
stage "find a compiler for plugins" choose_toolchain
stage "check the format" check_format
stage "build host and tests" cargo build "${selection[@]}" --bins --tests
stage "build plugins" scripts/build-plugins.sh "$target/components" plugins
stage "build guests of the tests" scripts/build-plugins.sh "$target/guests" tests/guests examples
stage "fetch models" fetch_models
stage "fetch schemathesis" scripts/schemathesis.sh
stage "fetch the client of elizaOS" scripts/eliza-client.sh
stage "start PostgreSQL" start_postgres

export SKEP_TEST_BIN="$target/debug/skep"
export SKEP_TEST_COMPONENTS="$target/components"
export SKEP_TEST_GUESTS="$target/guests"
export SKEP_TEST_MODEL_DIR="$target/models"
run_tests() {
    SKEP_TEST_DATABASE_URL="$database" cargo test --no-fail-fast "${selection[@]}" "$@" </dev/null
}
stage "run the tests" run_tests "$@"
