#!/usr/bin/env bash
# Brings a Debian or Ubuntu machine that has python3.11, git and make to where the Python part of `make up` can run.
# usage: bootstrap.sh packages | venv runtime | venv dev | web | all runtime | all dev
# Every step remembers the hash of what it was made from and does nothing when that has not changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=.run
packages=(postgresql postgresql-contrib rabbitmq-server python3-venv ca-certificates fonts-wqy-microhei) # the font prints travellers
test_packages=(chromium poppler-utils curl libfaketime e2fsprogs) # a real browser, PDF pages as pictures, the README's curl; drills: a wrong clock, a small disk

say() { printf '  %s\n' "$*"; }
die() { printf 'orderhub: %s\n' "$*" >&2; exit 1; }
log() { mkdir -p "$run/logs"; printf '%s' "$run/logs/install.log"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "Installing packages needs root: run as root, or install sudo."
  fi
}

installed() { dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

# The system's own servers must not start: ours are private and have their own ports.
without_services() {
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=yes
  fi
  local status=0
  "$@" || status=$?
  [ -z "$made" ] || as_root rm -f "$policy"
  return "$status"
}

install_packages() {
  local missing=() name
  for name in "$@"; do installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "This machine has no apt-get; use \`docker compose up\` (compose.yaml) instead."
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >>"$(log)" 2>&1 || die "apt-get update failed; see $(log)."
  without_services as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" \
    >>"$(log)" 2>&1 || die "Installing ${missing[*]} failed; see $(log)."
}

python() {
  local name
  for name in python3.11 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"; return
    fi
  done
  die "Python 3.11 or newer is needed."
}

uv() {
  if [ ! -x "$run/tools/bin/uv" ]; then
    say "installing uv"
    rm -rf "$run/tools"
    "$(python)" -m venv "$run/tools" >>"$(log)" 2>&1 || die "Making a virtual environment failed; see $(log)."
    "$run/tools/bin/python" -m pip install -q --disable-pip-version-check uv >>"$(log)" 2>&1 \
      || die "Installing uv failed: is the package index reachable? See $(log)."
  fi
  "$run/tools/bin/uv" "$@"
}

stamp_of() { cat "$@" | sha256sum | cut -c1-16; }

make_venv() {
  local kind=$1 want stamp=.venv/.orderhub-"$1"
  want=$(stamp_of "requirements/$kind.txt" services/*/pyproject.toml protos/pyproject.toml deploy/local/bootstrap.sh)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return 0; fi
  # The development set contains the runtime set.
  if [ "$kind" = runtime ] && [ -e .venv/.orderhub-dev ]; then make_venv dev; return; fi
  say "installing the Python environment ($kind)"
  [ -x .venv/bin/python ] || uv venv -q --python "$(python)" .venv >>"$(log)" 2>&1 || die "Making .venv failed; see $(log)."
  uv pip install -q --python .venv/bin/python --require-hashes -r "requirements/$kind.txt" >>"$(log)" 2>&1 \
    || die "Installing requirements/$kind.txt failed; see $(log)."
  local members=() member
  for member in protos services/*/; do
    if [ -e "$member/pyproject.toml" ]; then members+=(-e "./${member%/}"); fi
  done
  uv pip install -q --python .venv/bin/python --no-deps "${members[@]}" >>"$(log)" 2>&1 \
    || die "Installing the services into .venv failed; see $(log)."
  printf '%s' "$want" >"$stamp"
}

build_web() {
  local web=services/gateway/web
  [ -e "$web/build.sh" ] || return 0
  say "building the web client if it changed"
  PATH="$PATH:$(cd "$run" && pwd)/tools/bin" "$web/build.sh" >>"$(log)" 2>&1 || die "Building the web client failed; see $(log)."
}

case "${1:-}" in
  packages) install_packages "${packages[@]}" ;;
  venv) make_venv "${2:?runtime or dev}" ;;
  web) build_web ;;
  all) [ "${2:-}" != dev ] || packages+=("${test_packages[@]}")
       install_packages "${packages[@]}"; make_venv "${2:?runtime or dev}"; build_web ;;
  *) die "usage: bootstrap.sh packages | venv runtime|dev | web | all runtime|dev" ;;
esac
