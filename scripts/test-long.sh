#!/usr/bin/env bash
# All tests with ten times as many kills and stops as in `make test`; the variables set other numbers.
set -euo pipefail
cd "$(dirname "$0")/.."
export SKEP_TEST_KILLS="${SKEP_TEST_KILLS:-1000}"
export SKEP_TEST_KILLS_POSTGRES="${SKEP_TEST_KILLS_POSTGRES:-360}"
export SKEP_TEST_STOPS="${SKEP_TEST_STOPS:-150}"
exec scripts/test.sh "$@"
