#!/usr/bin/env bash
# Makes sure that plugins can be compiled, before the long build of the host, and prints how: `target` or `debian`.
# The same order as in host/build/src/toolchain.rs, which does the compiling and has the reasons; what one of them remembers about a
# machine without downloads of Rust, the other knows.
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown
remembered=${CARGO_TARGET_DIR:-$PWD/target/plugins}/.toolchain-debian

target_is_installed() {
    local directory
    directory=$(rustc --print target-libdir --target "$target") && ls "$directory"/libstd-* >/dev/null 2>&1
}

debian_is_installed() {
    local needed found
    [ -x /usr/bin/rustc ] && [ -f /usr/lib/rustlib/src/rust/library/Cargo.lock ] || return 1
    needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(/usr/bin/rustc -V | cut -d' ' -f2)
    [ "$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)" = "$needed" ]
}

# Taken because rustup could not download: the next run does not wait for the network again.
remember_debian() {
    mkdir -p "${remembered%/*}"
    echo 'rustup could not download the target; delete this file to try again' >"$remembered"
}

if [ -n "${SKEP_BUILD_TOOLCHAIN:-}" ] && [ "$SKEP_BUILD_TOOLCHAIN" != auto ]; then
    printf '%s\n' "$SKEP_BUILD_TOOLCHAIN"
elif target_is_installed; then
    echo target
elif [ -f "$remembered" ] && debian_is_installed; then
    echo debian
elif command -v rustup >/dev/null && printf 'rustup target add %s\n' "$target" >&2 &&
    rustup target add "$target" >&2 </dev/null; then
    echo target
elif debian_is_installed; then
    printf 'plugins are compiled with the Debian toolchain %s\n' "$(/usr/bin/rustc -V)" >&2
    remember_debian
    echo debian
elif scripts/packages.sh rustc-web rust-web-src && debian_is_installed; then
    remember_debian
    echo debian
else
    printf 'nothing here compiles for %s; where downloads of Rust are in reach, run:\n  rustup target add %s\n' "$target" "$target" >&2
    exit 1
fi
