# Two commands for a newcomer: make demo, make test. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test soak check fix generate bench bench-large bench-peers clean

help:
	@echo "make demo      try synq on its embedded tenant: no account, no network"
	@echo "make test      run the whole suite"
	@echo "make soak      try 5,000 random schedules of faults on bulk runs"
	@echo "make check     lint, types, generated files, layers"
	@echo "make fix       format, and mend what ruff can mend"
	@echo "make generate  write docs/cli.md, the completions and the pictures anew"
	@echo "make bench     measure start-up beside its peers, streams, and the pace of bulk runs (bench-large, bench-peers)"
	@echo "make clean     remove what the others made"

demo: $(VENV)/.demo
	@sh scripts/demo.sh $(BIN)

# Without a Secret Service to test against (`sh scripts/secret-service.sh install`), the tests that need one say so.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 4 --dist worksteal

soak: $(VENV)/.dev
	SYNQ_SCHEDULES=5000 $(BIN)/python -m pytest -q -s tests/bulk/test_schedules.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python -m pytest -q tests/test_layers.py

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/.dev
	$(BIN)/python scripts/generate.py

# A second environment without the test tools: what they install slows the start-up that is measured.
bench: .cache/bench/.installed
	.cache/bench/bin/python scripts/bench.py

bench-large: .cache/bench/.installed
	.cache/bench/bin/python scripts/bench.py large-writing large-streams

bench-peers:
	sh scripts/peers.sh install

clean:
	rm -rf $(VENV) .cache build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("synq needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[sandbox]'
	@touch $@

# pip reads dependency groups since 25.1.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[sandbox,jq]' --group dev
	@touch $@

.cache/bench/.installed: pyproject.toml
	$(PYTHON) -m venv .cache/bench
	.cache/bench/bin/python -m pip install --quiet --editable '.[sandbox]'
	@touch $@
