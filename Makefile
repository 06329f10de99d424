# `make demo` and `make test` are all a newcomer needs; both make the environment if it is not there.
PYTHON ?= python3
BIN := .venv/bin

# data for the recipes, where it lies beside the clone
ifneq ($(wildcard ../shared/data),)
export VARIATE_DATA ?= $(abspath ../shared/data)
endif

.PHONY: demo test check docs bench generate format clean

.venv: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	touch .venv

demo: .venv
	$(BIN)/variate demo

test: .venv
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: .venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py
	$(BIN)/python docs/generate.py --check

# the site, in build/site; the variable keeps the theme's advertisement for its successor out of the log
docs: .venv
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv
	$(BIN)/python -m benchmarks.run --write docs/benchmarks.md

generate: .venv
	$(BIN)/python docs/generate.py
	$(BIN)/python tests/golden/make_golden.py

format: .venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build variate-demo
