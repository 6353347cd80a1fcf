#!/bin/sh
# ruff, mypy --strict and the import contracts; the first argument is the folder of the environment's programs.
set -eu
bin=$1
"$bin/ruff" check .
"$bin/mypy"
"$bin/lint-imports" --no-cache >/dev/null || { "$bin/lint-imports" --no-cache; exit 1; }
