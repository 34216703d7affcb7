# `make help` lists what there is. Everything needed is installed into .venv by the project's own files.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# The first of these that is at least 3.11; name another with `make PYTHON=…`.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: help install demo test torture check bench-transport bench-durability bench-checks docs simulate-statistics simulate-estimate format schema clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(VENV)/.installed ## Make the environment and install evalkit into it

demo: $(VENV)/.installed ## Compare five models on suites/quickstart.yaml, without key or network
	@$(BIN)/evalkit run suites/quickstart.yaml --offline --exit-zero

test: $(VENV)/.developing ## Run the tests
	@$(BIN)/python -m pytest

torture: $(VENV)/.developing ## Kill, unplug and damage runs, a thousand times over (about an hour)
	@EVALKIT_TORTURE=1 $(BIN)/python -m pytest tests/torture tests/journal

check: $(VENV)/.developing ## Lint, check formats and types, and that the house stands
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_house.py

bench-transport: $(VENV)/.installed ## Measure what a request costs, beside other HTTP clients (5 minutes)
	@$(BIN)/python benchmarks/transport.py

bench-checks: $(VENV)/.installed ## Measure each check over 10 KB of text
	@$(BIN)/python benchmarks/checks.py

docs: $(VENV)/.installed ## Write the table of docs/checks.md anew
	@$(BIN)/python docs/checks_table.py

bench-durability: $(VENV)/.installed ## Measure what durability costs (5 minutes)
	@$(BIN)/python benchmarks/durability.py

simulate-statistics: $(VENV)/.developing ## Try every interval and comparison on known truths, in full (an hour)
	@$(BIN)/python -m benchmarks.coverage
	@$(BIN)/python -m benchmarks.comparisons

simulate-estimate: $(VENV)/.developing ## Try the estimate on known truths and on every example suite, in full (15 minutes)
	@$(BIN)/python -m tests.estimate.coverage
	@$(BIN)/python -m tests.estimate.backtest

format: $(VENV)/.developing ## Put the code into its one form
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

schema: $(VENV)/.installed ## Write suites/suite.schema.json anew
	@$(BIN)/evalkit schema > suites/suite.schema.json

clean: ## Remove the environment and all caches (never results)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "evalkit needs Python 3.11 or newer; none was found (make PYTHON=…)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing evalkit into $(VENV) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[metrics]'
	@$(BIN)/python -m compileall -q evalkit
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
