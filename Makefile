# Every target sets up what it needs: a virtual environment in .venv, from the pinned files.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: rehearse test check bench chaos soak clean

rehearse: .venv/run
	@$(BIN)/python parallel_agent.py --rehearse

test: .venv/dev
	$(BIN)/python -m pytest -n 3 --dist loadscope

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/architecture

bench: .venv/dev
	@missed=0; for one in $(notdir $(basename $(wildcard benchmarks/bench_*.py))); do \
		$(BIN)/python -m benchmarks.$$one || missed=1; done; exit $$missed

chaos: .venv/dev
	$(BIN)/python -m pytest tests/chaos tests/unit/test_linearizable.py -s

MINUTES ?= 60
soak: .venv/dev
	SOAK=1 $(BIN)/python -m pytest tests/chaos -s --timeout=0
	$(BIN)/python -m benchmarks.soak $(MINUTES)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.txt pyproject.toml
	@echo "Setting up .venv (once; the Claude Code CLI in it is large) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
