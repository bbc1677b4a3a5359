#!/usr/bin/env bash
# All tests with many more kills and swaps: SKEP_TEST_SCALE multiplies their numbers (1 in `make test`).
set -euo pipefail
cd "$(dirname "$0")/.."
export SKEP_TEST_SCALE="${SKEP_TEST_SCALE:-10}"
exec scripts/test.sh "$@"
