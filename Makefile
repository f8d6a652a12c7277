PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help install run test lint bench fuzz api-fuzz crash-sweep fault-sweep forecast-sweep books-sweep lock
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

# One stamp for "the venv holds what the lock says": rebuilt when the lock or the project file changes.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	@echo "installing what requirements.lock names into .venv: about a minute, 400 MB"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: .venv/installed  ## build .venv from the lock

run: install  ## the whole stack with live sample traffic (ARGS="--port 9000" and so on)
	@$(BIN)/tracker up --demo $(ARGS)

test: install  ## the whole test suite on embedded servers
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: install  ## ruff, mypy, import contracts
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: install  ## measure against floors of the same run
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: install  ## send changed bodies of every dialect at the door (N=100000, SEED=1)
	$(BIN)/python -m tests.fuzz --bodies $(or $(N),100000) --seed $(or $(SEED),1) $(ARGS)

fault-sweep: install  ## months through an operator on bad days, books compared (N=50, PAYOUTS=2000, SEED=1)
	$(BIN)/python -m tests.fault_sweep --scripts $(or $(N),50) --payouts $(or $(PAYOUTS),2000) --seed $(or $(SEED),1) $(ARGS)

api-fuzz: install  ## requests made out of the API document at the members' routes (N=200, SEED=1)
	API_FUZZ_EXAMPLES=$(or $(N),200) API_FUZZ_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -n auto tests/wsgi/test_members_*.py $(ARGS)

crash-sweep: install  ## kill processes at every step of a month's run (N=10000, SEED=1)
	$(BIN)/python -m tests.crash --runs $(or $(N),10000) --seed $(or $(SEED),1) $(ARGS)

forecast-sweep: install  ## the forecast against generated worlds whose truth is known (N=200, SEED=1)
	$(BIN)/python -m tests.forecast_sweep --worlds $(or $(N),200) --seed $(or $(SEED),1) $(ARGS)

books-sweep: install  ## random months, each report beside plain Python's (N=100, ACTS=200, SEED=1)
	BOOKS_GAMES=$(or $(N),100) BOOKS_ACTS=$(or $(ACTS),200) BOOKS_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -n auto tests/books $(ARGS)

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --all-extras --generate-hashes --universal --python-version 3.11 --no-annotate --no-header -q -o requirements.lock
