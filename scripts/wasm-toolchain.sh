#!/usr/bin/env bash
# Makes sure that plugins can be compiled, before the long build of the host, and prints how: `target` or `debian`.
# The same order as in host/build/src/toolchain.rs, which does the compiling and has the reasons.
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown

target_is_installed() {
    local directory
    directory=$(rustc --print target-libdir --target "$target") && ls "$directory"/libstd-* >/dev/null 2>&1
}

debian_is_installed() {
    [ -x /usr/bin/rustc ] && [ -f /usr/lib/rustlib/src/rust/library/Cargo.lock ]
}

if [ -n "${SKEP_BUILD_TOOLCHAIN:-}" ] && [ "$SKEP_BUILD_TOOLCHAIN" != auto ]; then
    printf '%s\n' "$SKEP_BUILD_TOOLCHAIN"
elif target_is_installed; then
    echo target
elif command -v rustup >/dev/null && printf 'rustup target add %s\n' "$target" >&2 &&
    rustup target add "$target" >&2 </dev/null; then
    echo target
elif debian_is_installed; then
    printf 'plugins are compiled with the Debian toolchain %s\n' "$(/usr/bin/rustc -V)" >&2
    echo debian
elif scripts/packages.sh rustc-web rust-web-src && debian_is_installed; then
    echo debian
else
    printf 'nothing here compiles for %s; where downloads of Rust are in reach, run:\n  rustup target add %s\n' "$target" "$target" >&2
    exit 1
fi
