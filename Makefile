# New here? Run `make demo` and `make test`. Each target sets up what it needs.

PYTHON ?= python3
# Start-up depends on how an interpreter was compiled: one that pyenv compiled here takes a fifth longer than Debian's.
BENCH_PYTHON ?= $(PYTHON)
# Without compiled files each worker and each process that the tests start would compile everything again.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
BIN := $(VENV)/bin
# Tests wait for processes, so one more than there are cores; past eight, starting them takes longer than they save.
WORKERS = $(shell $(BIN)/python -c 'import os; print(min((os.cpu_count() or 1) + 1, 8))')
PACKAGE := .cache/package/tools
# The versions in constraints.txt, also of what builds the package, so that tomorrow's releases change nothing here.
LOCKED := --constraint constraints.txt --build-constraint constraints.txt

.PHONY: help demo test soak fuzz deadlines check fix generate lock package audit bench bench-large bench-peers clean

help:
	@echo "make demo      try synq on its embedded tenant: no account, no network"
	@echo "make test      run the whole test suite"
	@echo "make soak      run bulk runs through 5,000 random fault schedules, and those of a team through 1,200; search longer"
	@echo "               for failing properties; run 16 processes at once, killing some, eight machines that share a team"
	@echo "               store, and two processes for an hour of a fast clock; try every fault on every operation of every"
	@echo "               command; make fuzz"
	@echo "make fuzz      try generated inputs on every parser, 30 seconds each, guided by coverage"
	@echo "make deadlines check that --timeout ends every stalled exchange, 50 times each on a busy machine"
	@echo "make check     check style, types, generated files and import rules"
	@echo "make fix       format, and apply ruff's fixes"
	@echo "make generate  write the generated files: operations, docs/cli.md, completions, pictures, man pages"
	@echo "make lock      update constraints.txt to the newest versions of everything that is installed here"
	@echo "make package   build sdist and wheel; test the wheel alone, with the newest and the lowest dependencies"
	@echo "make audit     look for known vulnerabilities in the dependencies"
	@echo "make bench     measure start-up, a slow link, streams and bulk runs (also: bench-large, bench-peers)"
	@echo "make clean     remove everything that the other targets made"

demo: $(VENV)/.demo
	@sh scripts/demo.sh $(BIN)

# Tests that need a Secret Service, zsh, fish or PostgreSQL are skipped without them: `sh scripts/secret-service.sh install`,
# `sh scripts/shells.sh install`, `sh scripts/postgresql.sh install`.
# Thousands of files are flushed to the disk, which takes a tenth of the time: they go to memory where there is enough.
test: export TMPDIR := $(shell [ "$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }')" -gt 2000000 ] 2>/dev/null && echo /dev/shm || echo "$${TMPDIR:-/tmp}")
test: $(VENV)/.dev
	@$(BIN)/python -m compileall -q synq_cli  # once, not in every process that the tests start
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

soak: $(VENV)/.dev
	SYNQ_SCHEDULES=5000 $(BIN)/python -m pytest -q -s tests/bulk/test_schedules.py
	SYNQ_TEAM_SCHEDULES=300 $(BIN)/python -m pytest -q -s tests/bulk/test_team_schedules.py
	$(BIN)/python -m pytest -q -n auto -m hypothesis --hypothesis-profile=soak
	@$(BIN)/python -m compileall -q synq_cli  # once, not in every process that these start
	$(BIN)/python scripts/crowd.py
	$(BIN)/python scripts/team_crowd.py
	$(BIN)/python scripts/endurance.py
	SYNQ_MATRIX=1 $(BIN)/python -m pytest -q -n auto --dist worksteal tests/commands/test_fault_matrix.py
	@if $(MAKE) -s .cache/fuzz/.installed; then $(MAKE) fuzz; else echo "atheris can't be installed here: nothing was fuzzed"; fi

fuzz: .cache/fuzz/.installed
	.cache/fuzz/venv/bin/python scripts/fuzz.py

deadlines: $(VENV)/.dev
	@$(BIN)/python -m compileall -q synq_cli  # once, not in every process that it starts
	$(BIN)/python scripts/deadlines.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/generate.py --check
	@if command -v mandoc >/dev/null; then mandoc -Tlint man/*.1; else echo "mandoc is not installed: man/ was not checked"; fi
	$(BIN)/python -m pytest -q tests/test_imports.py

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/.dev
	$(BIN)/python scripts/generate.py

# Run it on Linux with the oldest supported Python: newer ones can install what it chooses, but not always the reverse.
lock:
	rm -rf .cache/lock
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip install --quiet --upgrade pip
	.cache/lock/bin/python -m pip install --quiet --editable '.[sandbox,jq,excel,team,mcp]' --group dev --group fuzz --group package
	echo "# What the make targets install. Written by \`make lock\`." > constraints.txt
	.cache/lock/bin/python -m pip freeze --all --exclude setuptools --exclude-editable >> constraints.txt

package: $(PACKAGE)/.installed
	$(PACKAGE)/bin/python scripts/release.py

audit: $(PACKAGE)/.installed
	$(PACKAGE)/bin/python scripts/release.py audit

# An environment without the test tools, because what they install slows start-up.
bench: .cache/bench/.installed
	.cache/bench/bin/python scripts/bench.py

bench-large: .cache/bench/.installed
	.cache/bench/bin/python scripts/bench.py large-writing large-streams

bench-peers:
	PYTHON=$(BENCH_PYTHON) sh scripts/peers.sh install

clean:
	rm -rf $(VENV) .cache build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("synq needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip --constraint constraints.txt

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[sandbox]' $(LOCKED)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[sandbox,jq,excel,team,mcp]' --group dev $(LOCKED)
	@touch $@

# atheris has wheels for Linux only.
.cache/fuzz/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .cache/fuzz/venv
	.cache/fuzz/venv/bin/python -m pip install --quiet --upgrade pip --constraint constraints.txt
	.cache/fuzz/venv/bin/python -m pip install --quiet --editable '.[sandbox,jq,excel,team,mcp]' --group fuzz $(LOCKED)
	@touch $@

.cache/bench/.installed: pyproject.toml constraints.txt
	$(BENCH_PYTHON) -m venv .cache/bench
	.cache/bench/bin/python -m pip install --quiet --upgrade pip --constraint constraints.txt
	.cache/bench/bin/python -m pip install --quiet --editable '.[sandbox]' $(LOCKED)
	@touch $@

$(PACKAGE)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(PACKAGE)
	$(PACKAGE)/bin/python -m pip install --quiet --upgrade pip --constraint constraints.txt
	$(PACKAGE)/bin/python -m pip install --quiet --group package $(LOCKED)
	@touch $@
