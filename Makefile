# The commands of this repository; `make help` lists them.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
DATA_DIR ?= .data

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run reset test check bench soak month-end plans laws mutants deploy-check lint format lock screenshots clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Start everything on this machine, with demo data; Ctrl-C stops it
	@exec $(BIN)/python -m demo.up

reset: ## Drop the data of `make run`
	@$(PYTHON) bin/reset.py

test: setup-dev ## Run every check, browser tests included
	@exec $(BIN)/python bin/check.py all

check: setup-dev ## Run the fast checks: all but the browser and the crash tests
	@exec $(BIN)/python bin/check.py fast

bench: setup-dev ## Measure; all benchmarks, or one: make bench NAME=page_ms
	@exec $(BIN)/python -m benchmarks $(NAME)

soak: setup-dev ## Change and break the whole product at random for MINUTES=20, then compare; SEED=1
	@exec $(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),20) --seed $(or $(SEED),1)

month-end: setup-dev ## End a month of ORGANIZATIONS=2000 under faults: rehearse, close, compare; SEED=1
	@exec $(BIN)/python -m benchmarks.soak.month --organizations $(or $(ORGANIZATIONS),2000) \
		--seed $(or $(SEED),1)

plans: setup-dev ## Read every plan at 50,000 organizations, or at ORGANIZATIONS=2000
	@PLANS_ORGANIZATIONS=$(or $(ORGANIZATIONS),50000) exec $(BIN)/pytest -q -s -p no:randomly tests/plans

laws: setup-dev ## Try the laws of money on more made-up histories, or on EXAMPLES=1000 of each
	@LAW_EXAMPLES=$(or $(EXAMPLES),200) exec $(BIN)/pytest -n 2 --dist worksteal -q \
		tests/billing tests/reading tests/services tests/subscriptions \
		-k "law or order_of_facts or moment or past_preview or billed_once"

mutants: setup-dev ## Break the code on purpose and list what no test notices
	@exec $(BIN)/python bin/mutants.py $(NAME)

deploy-check: setup-dev ## Do what docs/deploying.md says, on Debian, as root, in a room of its own
	@exec $(BIN)/python -m deploy.check

lint: setup-dev ## Check format, style, types, imports and templates
	@exec $(BIN)/python bin/check.py lint

format: setup-dev ## Format the code and fix what ruff can fix
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: setup-dev ## Compile requirements/*.in; UPGRADE=--upgrade takes newer versions
	@$(BIN)/python bin/lock.py $(UPGRADE)

screenshots: setup-dev ## Take the pictures of docs/screenshots.md from a running `make run`
	@exec $(BIN)/python -m bin.screenshots

clean: ## Remove everything that set-up made; keeps the data of `make run`
	rm -rf .venv build mutants node_modules static/built .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: python
	@$(PYTHON) bin/setup.py run

setup-dev: python
	@$(PYTHON) bin/setup.py dev

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found."; exit 1; }
