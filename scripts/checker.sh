#!/bin/sh
# Fetches the HTML checker that the tests use, once, and only the very file that its hash names.
set -eu
cd "$(dirname "$0")/.."
version=26.9.27
hash=5970d3ffca91a627cf0965e5d91bb2e4242307c29292998de0b419d6a901b2b7
jar=.checker/vnu.jar stamp=.checker/$version
[ -f "$stamp" ] && exit 0
command -v npm >/dev/null 2>&1 || { echo "npm is missing: install it with your package manager." >&2; exit 1; }
rm -rf .checker
mkdir .checker
npm pack --silent --ignore-scripts --pack-destination .checker "vnu-jar@$version" >/dev/null
echo "$hash  .checker/vnu-jar-$version.tgz" | sha256sum --check --quiet
tar -xzf ".checker/vnu-jar-$version.tgz" -C .checker --strip-components=3 package/build/dist/vnu.jar
rm ".checker/vnu-jar-$version.tgz"
[ -f "$jar" ] && touch "$stamp"
