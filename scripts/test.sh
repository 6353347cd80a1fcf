#!/bin/sh
# Everything: lint, types, import contracts, then the tests on both databases and in a browser.
set -eu
python=$1
shift
sh scripts/lint.sh "$(dirname "$python")"
exec "$python" -m pytest -n "${WORKERS:-2}" --dist loadfile "$@"
