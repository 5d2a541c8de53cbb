# make demo    see it work on sample mail: no account, no root, nothing left behind
# make test    lint, types, floors and tests, with real mail servers and a real database
# make install the virtual environment with the product in it; the others build on it
# make model   rebuild the shipped model from the training texts
# make clean   remove the virtual environment and caches

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test install model lint clean
.DEFAULT_GOAL := install

install: .venv/installed

demo: .venv/installed
	@$(BIN)/responder demo

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install the Debian package python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or newer is needed; $(PYTHON) is older: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) cannot make virtual environments: install the Debian package python3-venv"; exit 1; }
	@echo "make: making .venv"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --upgrade --constraint constraints.txt pip

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "make: installing the responder into .venv (a minute or two the first time)"
	@$(PIP) install --constraint constraints.txt --editable '.[demo,postgres]'
	@touch $@

.venv/tested: .venv/installed
	@echo "make: installing what the tests need into .venv"
	@$(PIP) install --constraint constraints.txt --group dev
	@touch $@

lint: .venv/tested
	@echo "make: ruff, mypy, import-linter"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: .venv/tested
	@sh .ci/packages
	@$(MAKE) --no-print-directory lint
	@echo "make: pytest"
	@OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile $(PYTEST_ARGS) $(TESTS)

model: .venv/installed
	@$(BIN)/responder train --shipped

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
