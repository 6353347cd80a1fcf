#!/bin/sh
# Everything: lint, types, import contracts, then the tests on both databases and in a browser.
set -eu
python=$1
shift
sh scripts/lint.sh "$(dirname "$python")"
# Some 3,500 databases live for a second each: where memory has room for them (4 GB), no disk is asked to keep them.
room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
[ "${room:-0}" -lt 4000000 ] || export TMPDIR=/dev/shm
exec "$python" -m pytest -n "${WORKERS:-2}" --dist loadfile --no-loadscope-reorder "$@"
