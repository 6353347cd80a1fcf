#!/bin/sh
# Builds .venv from requirements.lock, once per content of the lock; says in one sentence what is missing.
set -eu
python=$1 venv=$2
command -v git >/dev/null 2>&1 || { echo "git is missing: install it with your package manager." >&2; exit 1; }
command -v "$python" >/dev/null 2>&1 || { echo "Python is missing: install Python 3.11 or newer." >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1). Try: make PYTHON=python3.12 run" >&2; exit 1; }
"$python" -c 'import venv, ensurepip' 2>/dev/null || {
  echo "Python's venv module is missing: on Debian and Ubuntu install the package python3-venv." >&2; exit 1; }
stamp="$venv/.lock-$("$python" -c 'import hashlib, pathlib; print(hashlib.sha256(pathlib.Path("requirements.lock").read_bytes()).hexdigest()[:16])')"
[ -f "$stamp" ] && exit 0
echo "Building the environment in $venv (about a minute, once) ..."
rm -rf "$venv"
"$python" -m venv "$venv"
if command -v uv >/dev/null 2>&1; then
  UV_PYTHON_DOWNLOADS=never uv pip install -q --python "$venv/bin/python" --require-hashes -r requirements.lock
else
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
fi
touch "$stamp"
