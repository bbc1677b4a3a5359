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
stage "fetch the model $model" scripts/model.sh "$model" "$data/models"

trap - EXIT
stage_table 0
mkdir -p "$data/plugins"
export SKEP_PLUGIN_DIR="${SKEP_PLUGIN_DIR:-$data/plugins:$target/components}"
# Where a newcomer's first project lies.
export SKEP_SOURCE_ROOTS="${SKEP_SOURCE_ROOTS:-$PWD/examples}"
export SKEP_POLICY="${SKEP_POLICY:-$target/components/policy.toml}"
exec "$target/debug/skep" up --data-dir "$data" "$@"
