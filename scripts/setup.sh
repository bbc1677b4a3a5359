#!/usr/bin/env bash
# Checks that this machine can build and run, and installs what is missing.
#   setup.sh run     for the host: compiler, what the model download needs
#   setup.sh test    also what the tests need: PostgreSQL's server, Python, script
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?setup.sh run|test}

if ! command -v cargo >/dev/null; then
    echo 'Rust is missing; install it and open a new shell:' >&2
    echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
    exit 1
fi

needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
active=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$needed" "$active" | sort -V | head -n 1)" != "$needed" ]; then
    printf 'rustc is %s, %s or newer is needed; run:\n  rustup update stable\n' "$active" "$needed" >&2
    exit 1
fi

packages=()
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v curl >/dev/null || packages+=(curl)
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
command -v git >/dev/null || packages+=(git)
if [ "$purpose" = test ]; then
    command -v python3 >/dev/null || packages+=(python3)
    # Gives a command a terminal, for the test of the progress bar.
    command -v script >/dev/null || packages+=(bsdutils)
    if [ -z "${SKEP_TEST_DATABASE_URL:-}" ] && ! scripts/postgres.sh find >/dev/null 2>&1; then
        packages+=(postgresql)
    fi
fi
if [ ${#packages[@]} -gt 0 ]; then
    scripts/packages.sh "${packages[@]}"
fi
printf 'rustc %s, %s cores\n' "$active" "$(nproc)" >&2
