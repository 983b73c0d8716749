#!/usr/bin/env bash
# Rewrites the two hashed requirement files from the pyproject ranges. The files name no download address, so they are
# the lock that is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
own=(--no-emit-package orderhub-chassis --no-emit-package orderhub-protos)
common=(--universal --generate-hashes --no-header --no-annotate --prerelease=allow "${own[@]}" -q)
uv pip compile "${common[@]}" services/*/pyproject.toml protos/pyproject.toml -o requirements/runtime.txt "$@"
uv pip compile "${common[@]}" services/*/pyproject.toml protos/pyproject.toml pyproject.toml --group pyproject.toml:dev --group pyproject.toml:proto \
  -c requirements/runtime.txt -o requirements/dev.txt "$@"
