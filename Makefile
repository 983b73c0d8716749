# OrderHub's commands. `make help` lists them.
SHELL := /bin/bash
-include .env
export
PY := .venv/bin/python
BOOT := deploy/local/bootstrap.sh
PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up down status logs doctor admin demo demo-reset cert test proof bench chaos lint fmt proto k8s-check k8s-smoke sbom packages-runtime packages-dev clean

##@ Run
up: packages-runtime ## install what is missing, start everything, load the demo factory
	@$(PY) -m deploy.local.up
down: ## stop everything this clone started
	@if [ -x $(PY) ]; then $(PY) -m deploy.local.down; else echo "Nothing was ever started here."; fi
status: ## table of parts: health, port, pid, memory
	@$(PY) -m deploy.local.status
logs: ## follow the logs (make logs PART=order for one part)
	@tail -n 40 -F .run/logs/$(if $(PART),$(PART),*).log
doctor: ## name every broken dependency, and the mend
	@PY=$$(test -x $(PY) && echo $(PY) || command -v python3.11 || command -v python3); $$PY -m deploy.local.doctor
demo: ## walk one order from phone call to signed delivery on the running stack
	@$(PY) -m deploy.local.demo.walk
demo-reset: ## the demo factory as on its first day (asks first unless YES=1)
	@$(PY) -m deploy.local.demo.reset
admin: ## create the first administrator (outside the demo profile)
	@$(PY) -m deploy.local.admin
cert: packages-runtime ## make a small CA and a certificate for this machine's LAN names
	@$(PY) -m deploy.local.cert

##@ Check
test: packages-dev ## the tests, on throwaway servers (< 5 min)
	@$(PY) -m deploy.local.testbed run -- $(PY) -m pytest -n 2 $(TESTS)
proof: packages-dev ## the long form: full seeds, mutants, schemathesis, chaos
	@ORDERHUB_PROOF=1 $(PY) -m deploy.local.testbed run -- $(PY) -m pytest -n 2 --timeout=1800 tests
	@$(MAKE) --no-print-directory chaos
bench: packages-dev ## benchmarks beside their limits
	@$(PY) -m tests.bench
chaos: packages-dev ## fault drills; prints acknowledged, found, lost, doubled
	@ORDERHUB_CHAOS=1 $(PY) -m deploy.local.testbed run -- $(PY) -m pytest -s --timeout=1800 tests/chaos tests/e2e/test_faults.py
k8s-check: packages-dev ## render every Kubernetes overlay and hold it by the rules
	@$(PY) -m deploy.k8s.check
k8s-smoke: packages-dev ## run the Kubernetes base with podman (root) and walk an order through it
	@$(PY) -m deploy.k8s.smoke
lint: packages-dev ## ruff, mypy, import contracts, buf, generated code, web checks
	@.ci/lint

sbom: packages-runtime ## write the bill of materials (CycloneDX) to .run/sbom.json
	@mkdir -p .run && $(PY) -m deploy.sbom .run/sbom.json

##@ Change
fmt: packages-dev ## format the Python code
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .
proto: packages-dev ## regenerate code from protos/
	@$(PY) protos/generate.py
clean: down ## remove .run/, caches and the demo's data (asks first unless YES=1)
	@if [ "$(YES)" != 1 ]; then read -p "Delete all data of this clone's stack? [y/N] " answer; [ "$$answer" = y ]; fi
	@if [ -x $(PY) ]; then $(PY) -m deploy.local.clean; else rm -rf .run; fi

##@ Help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

packages-runtime:
	@$(BOOT) all runtime
packages-dev:
	@$(BOOT) all dev
