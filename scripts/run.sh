#!/usr/bin/env bash
# Builds the host and the bundled plugins, fetches the default model, and runs the host at http://127.0.0.1:3000.
# Further arguments go to `skep up`.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
# shellcheck source=scripts/stages.sh
. scripts/stages.sh
trap 'stage_table $?' EXIT

model=${SKEP_BUILD_MODEL:-qwen2.5-coder-0.5b}
data=${SKEP_DATA_DIR:-./data}

choose_toolchain() {
    SKEP_BUILD_TOOLCHAIN=$(scripts/wasm-toolchain.sh)
    export SKEP_BUILD_TOOLCHAIN
}

stage "check the machine" scripts/setup.sh run
stage "find a compiler for plugins" choose_toolchain
stage "build the host" cargo build --locked --package skep
stage "build the plugins" scripts/build-plugins.sh "$target/components" plugins
stage "fetch the model $model" scripts/model.sh "$model" "${SKEP_MODEL_DIR:-$data/models}"

trap - EXIT
stage_table 0
exec scripts/up.sh "$@"
