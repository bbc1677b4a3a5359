#!/usr/bin/env bash
# Runs the host that was built, with the bundled plugins: the end of `make run`, and what the tests of the first five minutes run.
# Further arguments go to `skep up`.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$repository/target}
host=${SKEP_BUILD_HOST:-$target/debug/skep}
components=${SKEP_BUILD_COMPONENTS:-$target/components}
data=${SKEP_DATA_DIR:-./data}

mkdir -p "$data/plugins"
# The last folder is the preferred one: a person's own plugin replaces a bundled one.
export SKEP_PLUGIN_DIR="${SKEP_PLUGIN_DIR:-$components:$data/plugins}"
# Where a newcomer's first project lies.
export SKEP_SOURCE_ROOTS="${SKEP_SOURCE_ROOTS:-$repository/examples}"
export SKEP_POLICY="${SKEP_POLICY:-$components/policy.toml}"
exec "$host" up --data-dir "$data" "$@"
