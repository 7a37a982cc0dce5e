# Every target does all of its own set-up; only `postgres` installs anything outside of this checkout.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EMULATOR := .venv-emulator
UV := $(BIN)/uv
export PATH := $(CURDIR)/$(BIN):$(PATH)
LOCKS := layer client infra emulator spark sql snowflake arrow dev

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

# --- set-up ---------------------------------------------------------------------------------

$(VENV)/.installed: requirements/uv.txt requirements/dev.txt
	@local/setup.sh dev $(PYTHON) $(VENV)

$(VENV)/.ready: $(VENV)/.installed pyproject.toml
	@local/setup.sh project $(VENV)

$(EMULATOR)/.ready: requirements/emulator.txt $(VENV)/.installed
	@local/setup.sh emulator $(PYTHON) $(EMULATOR)

.PHONY: dev
dev: $(VENV)/.ready $(EMULATOR)/.ready ## set up the virtual environments in this checkout

.PHONY: spark
spark: $(VENV)/.installed ## install PySpark, which jobs of spark-local do otherwise
	@$(BIN)/python -I local/spark.py install

# --- the local environment --------------------------------------------------------------------

.PHONY: run up down
run: dev ## start the local environment in the foreground; Ctrl-C stops it
	@$(BIN)/python -m local run

up: dev ## start the local environment in the background
	@$(BIN)/python -m local up

down: ## stop the local environment; its jobs are kept
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; else echo "nothing is running"; fi

# --- checks -----------------------------------------------------------------------------------

.PHONY: fmt openapi check test load bench
fmt: $(VENV)/.ready ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only -q .

openapi: $(VENV)/.ready ## write openapi.json and its reference page from the code
	@$(BIN)/python -m openapi

check: $(VENV)/.ready ## format, lint, types, import contracts, the API's document, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m openapi --check
	@$(BIN)/pytest -q tests/docs

.PHONY: postgres
postgres: ## install a PostgreSQL server for the tests, where root runs this on Debian
	@local/setup.sh postgres

test: dev postgres ## every test, end-to-end ones included, on a local environment of its own
	@$(BIN)/pytest -n auto --maxprocesses=4 --dist=loadgroup --ignore=tests/e2e
	@$(BIN)/pytest tests/e2e

load: dev ## a thousand long jobs at once on a local environment; a quarter of an hour
	@$(BIN)/pytest -m load tests/e2e

bench: dev postgres ## measure the budgets; prints a table and writes benchmarks/results.json
	@$(BIN)/python -m benchmarks

# --- deployment -------------------------------------------------------------------------------

node_modules/.ready: package-lock.json $(VENV)/.ready
	@local/setup.sh node

.PHONY: synth deploy lock
synth: dev ## write the CloudFormation templates to cdk.out/
	@$(BIN)/python app.py

deploy: dev node_modules/.ready ## deploy to the AWS account of your credentials
	@local/deploy.sh

lock: $(VENV)/.ready ## compile requirements/*.in again
	@for name in uv $(LOCKS); do echo "requirements/$$name.txt"; \
	  $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    requirements/$$name.in -o requirements/$$name.txt || exit 1; done
