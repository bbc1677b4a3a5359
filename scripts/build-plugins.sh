#!/usr/bin/env bash
# Builds every plugin crate below the given folders with the host's own build command, and a policy that grants what they request.
#   build-plugins.sh OUT FOLDER...
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
out=${1:?build-plugins.sh OUT FOLDER...}
shift

# A plugin is a crate that makes a `cdylib`; crates that plugins share are not.
mapfile -t manifests < <(grep --recursive --files-with-matches --include=Cargo.toml --exclude-dir=target '"cdylib"' "$@" 2>/dev/null | sort)
if [ ${#manifests[@]} -eq 0 ]; then
    printf 'no plugin crates in %s\n' "$*" >&2
    exit 0
fi
exec "${SKEP_BUILD_HOST:-$target/debug/skep}" build "${manifests[@]%/Cargo.toml}" --out "$out" --policy "$out/policy.toml" -- --locked
