# Everything that is done with this project, each in one command. Windows without make: see README.md.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test fuzz check mutate bench clean

demo: $(VENV)/.run
	$(BIN)/nastavnik demo

test: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadfile

fuzz: $(VENV)/.dev
	NASTAVNIK_TEST_FUZZ=all $(BIN)/pytest -n 2 --timeout 3600 tests/test_two_validators.py tests/test_mutated_definitions.py

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nastavnik check definitions/target-model

mutate: $(VENV)/.dev
	$(BIN)/nastavnik test definitions/target-model --all --mutate --at-least 0.9

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) .demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(INSTALL) -e '.[dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(INSTALL) -e '.[bench]'
	touch $@
