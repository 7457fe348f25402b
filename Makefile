# Everything a newcomer or a contributor does here is one word: `make help` lists them.

PYTHON       ?= python3
VENV         ?= .venv
DATASET      ?= ml-100k
HOST         ?= 127.0.0.1
PORT         ?= 8000
MARQUEE_HOME ?= ./var

BIN := $(VENV)/bin
# The constraints keep torch at the release we tested; without them pip may fetch gigabytes of another one.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install run test unit check format bench scoreboard docs lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: PYTHON=$(PYTHON) VENV=$(VENV) DATASET=$(DATASET) HOST=$(HOST) PORT=$(PORT) MARQUEE_HOME=$(MARQUEE_HOME)"

install: $(VENV)/.installed ## Install Marquee and the developer tools into the virtual environment

run: export MARQUEE_HOME := $(MARQUEE_HOME)
run: $(VENV)/.runtime ## Fetch the data set, train a first model and serve it: DATASET, HOST, PORT
	$(BIN)/marquee up --dataset $(DATASET) --port $(PORT) --host $(HOST)

test: $(VENV)/.installed ## Run the unit, integration and end-to-end tests
	$(BIN)/pytest -r fE -m "not slow" tests

unit: $(VENV)/.installed ## Run the unit tests alone
	$(BIN)/pytest tests/unit

check: $(VENV)/.installed ## Check style, formatting, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed ## Apply the style that `make check` asks for
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: export MARQUEE_HOME := $(MARQUEE_HOME)
bench: $(VENV)/.installed ## Measure speed and print the table
	$(BIN)/python -m benchmarks.speed

scoreboard: export MARQUEE_HOME := $(MARQUEE_HOME)
scoreboard: $(VENV)/.installed ## Measure the quality of every model and of its peers; takes hours
	for line in q1 q2 q3 q4; do $(BIN)/python -m benchmarks.lines $$line || exit; done
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.scoreboard

docs: $(VENV)/.docs ## Build the documentation site; a broken link fails
	$(BIN)/zensical build --strict

# Pins with a marker belong to platforms other than this one, so they are carried over as they stand.
lock: ## Pin the newest releases that fit pyproject.toml in constraints.txt (torch stays where it is)
	@work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && \
	grep '^torch==' constraints.txt > "$$work/torch.txt" && \
	echo "Installing the newest releases into a scratch environment ..." && \
	$(PYTHON) -m venv "$$work/venv" && \
	"$$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$$work/torch.txt" -e '.[dev,docs]' && \
	"$$work/venv/bin/python" -m pip freeze --all --exclude-editable --exclude pip > "$$work/frozen.txt" && \
	{ grep '^#' constraints.txt; \
	  { sed 's/+[[:alnum:].]*$$//' "$$work/frozen.txt"; grep ' ; ' constraints.txt; } | LC_ALL=C sort -fu; \
	} > "$$work/constraints.txt" && \
	cp "$$work/constraints.txt" constraints.txt && \
	echo "Wrote constraints.txt: $$(grep -c '==' constraints.txt) pins"

clean: ## Remove caches and build outputs; the environment, data and models stay
	rm -rf build dist site .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks migrations -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# A stamp is newer than what it was made from, so a second run costs nothing.

$(BIN)/python:
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Marquee into $(VENV) (a minute or two the first time) ..."
	@$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.installed: $(VENV)/.runtime
	@echo "Installing the developer tools ..."
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.runtime
	@echo "Installing the documentation tools ..."
	@$(PIP_INSTALL) -e '.[docs]'
	@touch $@
