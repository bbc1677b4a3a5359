#!/usr/bin/env bash
# Installs Debian packages that are missing, or prints the exact command and stops where it may not.
#   packages.sh PACKAGE...
set -euo pipefail

missing=()
for package in "$@"; do
    if ! dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if ! command -v apt-get >/dev/null; then
    printf 'missing: %s; install them with the package tool of this system and run this again\n' "${missing[*]}" >&2
    exit 1
elif [ "$(id -u)" -eq 0 ]; then
    become=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    become=(sudo -n env)
else
    printf 'missing: %s; run this as root and then try again:\n  apt-get update && %s\n' "${missing[*]}" "${install[*]}" >&2
    exit 1
fi

printf 'installing %s\n' "${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for command in "apt-get update" "${install[*]}"; do
    # Word splitting is meant: a command line.
    # shellcheck disable=SC2086
    if ! "${become[@]}" DEBIAN_FRONTEND=noninteractive $command >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        printf '%s: failed; its last lines are above\n' "$command" >&2
        exit 1
    fi
done
