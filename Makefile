# Every target sets up what it needs: a virtual environment in .venv, from the pinned files.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: rehearse test check bench chaos soak npm github-schema clean

rehearse: .venv/run
	@$(BIN)/python parallel_agent.py --rehearse

test: .venv/dev
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory npm; \
		else echo "npm is not installed: what is compared with GitHub's own files is skipped"; fi
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

npm: github-schema tests/npm/node_modules/.done

# Beside one file @octokit/openapi unpacks hundreds of megabytes that nobody reads.
tests/npm/node_modules/.done: tests/npm/package.json
	@npm install --prefix tests/npm --no-package-lock --no-audit --no-fund --silent
	@find tests/npm/node_modules/@octokit/openapi/generated -type f ! -name api.github.com.json -delete
	@touch $@

github-schema: .venv/dev
	@$(BIN)/python -c 'from framework.rehearsal.github.schema import COMMAND; print(COMMAND)' | sh

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
