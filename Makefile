# `make train` and `make test` need Python 3.11 or newer, make and, for the tests, a C compiler; they set up everything else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Byte code is made of the modules that are used, when they are: of all of them it takes as long as the rest of an installation.
PIP    := $(BIN)/python -m pip -qq --disable-pip-version-check install --no-compile
unexport PYTHONDONTWRITEBYTECODE
SOURCES_OF_INSTALL := pyproject.toml src/chainrule/version.py

.PHONY: train test test-all docs lint format clean

train: $(VENV)/installed  ## Trains LeNet-5 on the bundled handwritten digits.
	@$(BIN)/chainrule train

test: lint  ## Everything a change must pass, with a seeded sample of the long tests.
	@$(BIN)/python -m pytest -q -n 2

test-all: lint  ## The same, with the full counts.
	@$(BIN)/python -m pytest -q -n 2 --full

docs: $(VENV)/installed-docs  ## The site, in build/site, made without the network; every page of the guide runs.
	@$(BIN)/python -m tools.site.assemble
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet
	@echo "The site is in build/site: open build/site/index.html, or build/site/zh/index.html."

lint: $(VENV)/installed-dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/installed-dev
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# The packages are installed once, and again when what they depend on changes. Editable: the code itself is always current.
$(VENV)/installed: $(SOURCES_OF_INSTALL)
	@echo "Installing chainrule into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(SOURCES_OF_INSTALL)
	@echo "Installing chainrule and its development tools into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-docs: $(SOURCES_OF_INSTALL)
	@echo "Installing chainrule and what makes its site into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --editable '.[docs]'
	@touch $@ $(VENV)/installed
