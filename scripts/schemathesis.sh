#!/usr/bin/env bash
# Puts schemathesis, which tries the host against its own OpenAPI description, into the cache and prints the path of its program.
# The versions are those of tests/clients/schemathesis/requirements.txt; another list makes another environment.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=tests/clients/schemathesis/requirements.txt
cache=${SKEP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/skep}
environment=$cache/schemathesis-$(sha256sum "$requirements" | cut -c1-12)
program=$environment/bin/schemathesis

if ! [ -e "$environment/whole" ]; then
    # Debian's Python comes without what makes an environment.
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        scripts/packages.sh python3 python3-venv
    fi
    rm -rf "$environment"
    mkdir -p "$cache"
    python3 -m venv "$environment" >&2
    if ! PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment/bin/pip" install --quiet --only-binary :all: --no-deps \
        --requirement "$requirements" </dev/null >&2; then
        printf 'schemathesis could not be installed into %s; its package index must be reachable, or set PIP_INDEX_URL\n' \
            "$environment" >&2
        exit 1
    fi
    "$program" --version >/dev/null
    touch "$environment/whole"
fi
printf '%s\n' "$program"
