# Every target is one command and bootstraps what it needs: a Python 3.11, nothing else.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REQUIREMENTS := requirements/dev.txt
STAMP := $(VENV)/.ready-$(shell cat $(REQUIREMENTS) requirements/uv.txt pyproject.toml 2>/dev/null | sha256sum | cut -c1-16)
PYTEST_ARGS ?= -n 2
export PYTHONDONTWRITEBYTECODE ?=

.DEFAULT_GOAL := help

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(STAMP)  ## create .venv with everything pinned and hashed

$(STAMP):
	@bash scripts/setup $(PYTHON) $(VENV) $(REQUIREMENTS)
	@rm -f $(VENV)/.ready-* && touch $@

.PHONY: demo
demo: setup  ## build and discover on the golf club, on embedded parts, without a key
	@echo "==> demo (embedded PostgreSQL, snapshot engine, no key)"
	@$(BIN)/segmentry demo

.PHONY: serve
serve: setup  ## start the server with the golf club on 127.0.0.1:50051
	@$(BIN)/segmentry serve --demo

.PHONY: judges
judges:  ## install the outside judges of exports: Node packages, for tests only
	@bash scripts/judges

.PHONY: test
test: setup judges  ## run every test
	@echo "==> tests (PostgreSQL, gRPC server and subprocesses are real)"
	@$(BIN)/pytest $(PYTEST_ARGS)

.PHONY: differential
differential: setup judges  ## 20,000 random criteria through every engine (SEGMENTRY_EXAMPLES, SEGMENTRY_SEED)
	@$(BIN)/python -m tests.differential

.PHONY: fuzz
fuzz: setup  ## 100,000 broken texts and queries for every reader (SEGMENTRY_EXAMPLES, SEGMENTRY_SEED)
	@$(BIN)/python -m tests.fuzz

.PHONY: lint
lint: setup  ## ruff, layers, buf lint, Dockerfile
	@echo "==> lint" && $(BIN)/ruff check .
	@echo "==> layers" && PYTHONPATH=server:clients/python:. $(BIN)/lint-imports --no-logo 2>/dev/null || PYTHONPATH=server:clients/python:. $(BIN)/lint-imports
	@echo "==> contract" && $(BIN)/buf lint && $(BIN)/buf format --diff --exit-code protos
	@echo "==> Dockerfile" && $(BIN)/hadolint Dockerfile

.PHONY: format
format: setup  ## rewrite Python and protos in the house style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix --quiet . ; $(BIN)/buf format -w protos

.PHONY: format-check
format-check: setup
	@echo "==> format" && $(BIN)/ruff format --check .

.PHONY: types
types: setup  ## strict type check
	@echo "==> types" && $(BIN)/basedpyright --warnings

.PHONY: protos
protos: setup  ## regenerate the committed stubs with the oldest promised generator
	@bash scripts/protos

.PHONY: bench
bench: setup  ## paired benchmarks, both sides and the ratio; ARGS="engines --members 1000000" picks
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: evals
evals: setup  ## how well the reader reads, against the committed result; ARGS="--split dev --show" lists failures
	@echo "==> evals" && $(BIN)/python -m evals --check $(ARGS)

.PHONY: evals-live
evals-live: setup  ## the cases with a model: needs AI_OPENAI_KEY, spends at most 1 USD (ARGS="--max-usd 0.2 --limit 50")
	@echo "==> evals with a model" && $(BIN)/python -m evals --live $(ARGS)

.PHONY: check
check: format-check lint types evals test  ## exactly what CI runs

.PHONY: locks
locks: setup  ## resolve the pinned requirement files again
	@bash scripts/locks

.PHONY: clean
clean:  ## remove environments, caches and embedded data of this checkout
	@rm -rf .venv .venv-* .cache .segmentry .pytest_cache .ruff_cache .hypothesis dist build
