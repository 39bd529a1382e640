# Gantry's commands. `make run` starts the portal, `make check` and `make test` are what CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# A lock is whole, so pip resolves nothing: with --no-deps a release newer than the lock cannot get in its way.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
TEST_WORKERS ?= 2
ARGS ?=

# Python 3.11 is what Gantry is developed on; any later one will do.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; \
	done)

.PHONY: help
help: ## say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1 \t\2/' | expand -t 24

.PHONY: run
run: $(VENV)/.runtime-installed ## start the portal on http://127.0.0.1:8000, with a demo in it
	@GANTRY_DEMO=$${GANTRY_DEMO:-1} exec $(BIN)/python -m cli serve $(ARGS)

.PHONY: test
test: $(VENV)/.dev-installed provider-venv ## every test (ARGS="tests/lib -x" narrows it)
	@# A short folder: providers put unix sockets into theirs, whose names may have 107 bytes. In memory
	@# where there is room and programs may run: thousands of commits then wait for no disk.
	@# The browser comes last and alone: beside engines at work its clicks would wait for a processor.
	@base=$$(mktemp -d "$$(scripts/test-folder)/gt.XXXX"); trap 'rm -rf "$$base"' EXIT; \
		run() { $(BIN)/python -m pytest --basetemp "$$base/t" "$$@"; }; \
		if [ -n "$(ARGS)" ]; then run -n $(TEST_WORKERS) --dist loadgroup $(ARGS); exit; fi; \
		failed=0; \
		run -n $(TEST_WORKERS) --dist loadgroup --ignore tests/journeys || failed=1; \
		run -n $(TEST_WORKERS) --dist loadfile tests/journeys || failed=1; \
		exit $$failed

.PHONY: check
check: $(VENV)/.dev-installed ## every check: format, lint, types, imports, templates
	@echo "ruff format"; $(BIN)/ruff format --check --quiet .
	@echo "ruff check"; $(BIN)/ruff check --quiet .
	@echo "mypy"; $(BIN)/mypy --no-error-summary .
	@echo "imports"; PYTHONPATH=. $(BIN)/lint-imports --no-logo
	@if [ -d templates ]; then echo "djlint"; $(BIN)/djlint --lint --quiet templates; fi

.PHONY: format
format: $(VENV)/.dev-installed ## put the code in its usual form
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

.PHONY: openapi
openapi: $(VENV)/.dev-installed ## write what docs/ says of the API: its description, its calls, its refusals
	@$(BIN)/python -m scripts.openapi
	@$(BIN)/python -m scripts.api_page
	@$(BIN)/python -m scripts.problems_page

.PHONY: cli-docs
cli-docs: $(VENV)/.dev-installed ## write docs/cli.md again from the commands
	@$(BIN)/python -m scripts.cli_page

.PHONY: lock
lock: $(VENV)/.dev-installed ## resolve requirements/*.in into pinned, hashed lists without addresses
	@$(UV_COMPILE) requirements/runtime.in -o requirements/runtime.txt
	@$(UV_COMPILE) requirements/dev.in -o requirements/dev.txt
	@$(UV_COMPILE) requirements/provider.in -o requirements/provider.txt

.PHONY: audit
audit: $(VENV)/.dev-installed ## known vulnerabilities in what the portal runs on (asks the network)
	@$(BIN)/pip-audit --requirement requirements/runtime.txt --disable-pip --require-hashes

.PHONY: clockwork
clockwork: $(VENV)/.dev-installed ## thousands of planned times, six processes, kills: each time decided once
	@$(BIN)/python -m tests.scheduler.clockwork

.PHONY: bench
bench: $(VENV)/.dev-installed ## measure; results are written up in bench/RESULTS.md
	@$(BIN)/python -m bench $(ARGS)

SEED ?= 1
ROUNDS ?= 1
.PHONY: faults
faults: $(VENV)/.dev-installed ## do harm to real portals: SEED=1 ROUNDS=1, ARGS="--only kills --kind sqlite"
	@$(BIN)/python -m tests.faults --seed $(SEED) --rounds $(ROUNDS) $(ARGS)

.PHONY: provider-venv
provider-venv: .venv-provider/.installed ## the environment of the Python provider that tests use

.PHONY: clean
clean: ## remove caches; environments and data stay
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## remove the environments too; data stays
	@rm -rf $(VENV) .venv-provider

.PHONY: python-is-there
python-is-there:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Gantry needs Python 3.11 or later, and found none. On Debian or Ubuntu: sudo apt install python3 python3-venv." >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "$(PYTHON) has no venv module. On Debian or Ubuntu: sudo apt install python3-venv." >&2; exit 1; fi

$(VENV)/bin/python: | python-is-there
	@echo "Making the environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# The stamps say which lock was installed, so that a start installs once and not each time.
$(VENV)/.runtime-installed: requirements/runtime.txt | $(VENV)/bin/python
	@echo "Installing what Gantry runs on …"
	@$(BIN)/python $(PIP_INSTALL) -r requirements/runtime.txt
	@touch $@

$(VENV)/.dev-installed: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing what Gantry is tested with …"
	@$(BIN)/python $(PIP_INSTALL) -r requirements/dev.txt
	@touch $@

.venv-provider/.installed: requirements/provider.txt | python-is-there
	@echo "Making the environment of the test provider …"
	@$(PYTHON) -m venv .venv-provider
	@.venv-provider/bin/python $(PIP_INSTALL) -r requirements/provider.txt
	@touch $@
