#!/usr/bin/env bash
# A throwaway PostgreSQL for the tests.
#   postgres.sh start DIR    makes a cluster in DIR, starts it, prints its URL
#   postgres.sh url DIR      prints the URL again
#   postgres.sh stop DIR     stops it and deletes DIR
#   postgres.sh find         prints the folder of the server's programs
# With SKEP_TEST_DATABASE_URL set, `start` and `url` print that and nothing is started or stopped.
set -euo pipefail

oldest=14
verb=${1:?postgres.sh start|url|stop DIR, or find}

# Debian's own folders first: what comes first in PATH may be somebody else's build.
find_programs() {
    local folder version
    # shellcheck disable=SC2012  # the names are version numbers
    for folder in ${SKEP_TEST_POSTGRES_BIN:-} $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) /usr/pgsql-*/bin; do
        if [ -x "$folder/initdb" ]; then
            version=$("$folder/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
            if [ "$version" -ge "$oldest" ]; then
                printf '%s\n' "$folder"
                return 0
            fi
        fi
    done
    printf 'no PostgreSQL server %d or newer in /usr/lib/postgresql; set SKEP_TEST_POSTGRES_BIN to the folder of initdb, or run:\n  apt-get install -y postgresql\n' "$oldest" >&2
    return 1
}

# PostgreSQL refuses to run as root.
as_server() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        runuser -u "$server_user" -- "$@"
    fi
}

find_user() {
    if [ "$(id -u)" -ne 0 ]; then
        server_user=$(id -un)
        return
    fi
    server_user=postgres
    if ! id "$server_user" >/dev/null 2>&1; then
        server_user=skep-tests
        id "$server_user" >/dev/null 2>&1 || useradd --system --shell /usr/sbin/nologin "$server_user"
    fi
}

start() {
    local directory=$1 cluster password port attempt
    # Left by a run that was killed.
    stop "$directory"
    mkdir -p "$directory"
    # Elsewhere than DIR: above DIR may be folders that the server's user cannot enter.
    cluster=$(cd / && as_server mktemp -d "${TMPDIR:-/tmp}/skep-postgres.XXXXXX")
    printf '%s\n' "$cluster" >"$directory/cluster"
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$password" | as_server sh -c "umask 077 && cat >'$cluster/password'"
    (cd / && as_server "$programs/initdb" --pgdata "$cluster/data" --username skep --pwfile "$cluster/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync </dev/null) >"$directory/initdb.log" || {
        tail -n 20 "$directory/initdb.log" >&2
        return 1
    }
    # fsync stays on: the tests are about what survives.
    for attempt in 1 2 3 4 5 6 7 8; do
        # Below the range from which the kernel hands out ports.
        port=$((20000 + RANDOM % 12000))
        if (cd / && as_server "$programs/pg_ctl" start --wait --silent --pgdata "$cluster/data" --log "$cluster/log" \
            --options "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200") \
            </dev/null >/dev/null 2>&1; then
            (umask 077 && printf 'postgres://skep:%s@127.0.0.1:%d/postgres\n' "$password" "$port" >"$directory/url")
            cat "$directory/url"
            return 0
        fi
        printf 'no start on port %d (try %d)\n' "$port" "$attempt" >&2
    done
    as_server tail -n 20 "$cluster/log" >&2
    return 1
}

stop() {
    local directory=$1 cluster
    [ -f "$directory/cluster" ] || return 0
    cluster=$(cat "$directory/cluster")
    (cd / && as_server "$programs/pg_ctl" stop --silent --mode immediate --pgdata "$cluster/data") >/dev/null 2>&1 || true
    rm -rf "$cluster" "$directory/cluster" "$directory/initdb.log" "$directory/url"
    rmdir "$directory" 2>/dev/null || true
}

if [ "$verb" != find ] && [ -n "${SKEP_TEST_DATABASE_URL:-}" ]; then
    [ "$verb" = stop ] || printf '%s\n' "$SKEP_TEST_DATABASE_URL"
    exit 0
fi
programs=$(find_programs)
case $verb in
find) printf '%s\n' "$programs" ;;
start)
    find_user
    start "${2:?postgres.sh start DIR}"
    ;;
url) cat "${2:?postgres.sh url DIR}/url" ;;
stop)
    find_user
    stop "${2:?postgres.sh stop DIR}"
    ;;
*)
    printf 'unknown verb %s; use start, url, stop or find\n' "$verb" >&2
    exit 2
    ;;
esac
