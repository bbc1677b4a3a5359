#!/usr/bin/env bash
# What must be clean before a change is proposed: format, lints, documentation.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/stages.sh
. scripts/stages.sh
trap 'stage_table $?' EXIT

selection=(--locked --workspace --features skep/failpoints)

check_documentation() {
    RUSTDOCFLAGS="-D warnings" cargo doc "${selection[@]}" --no-deps
}

check_scripts() {
    if command -v shellcheck >/dev/null; then
        shellcheck --external-sources scripts/*.sh .ci/run
    else
        echo 'shellcheck is not installed (apt-get install shellcheck); the scripts are not checked' >&2
    fi
}

stage "format" cargo fmt --all --check
stage "lints" cargo clippy "${selection[@]}" --all-targets -- -D warnings
stage "documentation" check_documentation
stage "scripts" check_scripts
