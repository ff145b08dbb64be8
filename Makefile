# Everything runs in virtual environments that these targets create; a machine needs make and Python >= 3.11 with venv.
#
#   make demo     the main job on a small sample, in .venv-demo
#   make test     lint, types and all tests, in .venv and .venv-peers (the official clients that tests compare with)
#   make check    lint, types and the quick tests: what to run while you work
#   make bench    benchmarks, and the plot of the README        make fuzz   each property for FUZZ_SECONDS
#   make judges   let ultralytics load the YOLO datasets that we write; it brings torch, some gigabytes
#   make golden   write the rendered texts again; then read the diff
#   make page     build the page that the package brings, and the playground, from their sources (needs Node 20 and npm)
#   make lock     record the newest releases in .ci/locked      make test-newest   try them without recording
#   make coverage the lines that the tests run
#   make clean    remove everything that these targets made

MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# The first interpreter that is new enough and can create environments.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		&& echo $$python && break; done)

FUZZ_SECONDS ?= 30
PYTEST_ARGS ?=
# On two cores a third process works while others wait for servers and browsers.
WORKERS ?= 3
BENCH_PLOT ?= docs/benchmarks

# `make test VENV=.venv-newest` is `make test-newest`.
VENV ?= .venv
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
QUICK_TESTS := tests/test_layers.py tests/test_public_surface.py tests/test_query.py tests/ast tests/builder tests/counting \
	tests/diagnostics tests/labels tests/logic tests/ontology tests/planning tests/syntax tests/targets
LONG_TESTS := tests/labels/test_round_trips.py tests/planning/test_distance.py tests/planning/test_guarantee.py \
	tests/targets/test_raw_bytes_agree.py

# An environment is marked as installed by the last step, so that an interrupted installation is repeated.
INSTALLED := $(VENV)/.installed
COMPONENT := kili_query/page/component
DEMO := .venv-demo/.installed
PEERS := $(patsubst tests/peers/%.txt,.venv-peers/%/.installed,$(wildcard tests/peers/kili-*.txt))

.DEFAULT_GOAL := help
.PHONY: help test check lint style demo bench fuzz judges golden coverage lock page node test-newest peers system clean

help:
	@sed -n 's/^#   \(make.*\)/\1/p' Makefile

# Types are checked by one of the tests, so that others run meanwhile.
test: system node style $(PEERS)
	@$(VENV)/bin/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

check: lint
	@$(VENV)/bin/python -m pytest -q $(PARALLEL) $(wildcard $(QUICK_TESTS)) $(addprefix --ignore=,$(LONG_TESTS)) $(PYTEST_ARGS)

lint: style
	@$(VENV)/bin/python -m mypy

style: $(INSTALLED)
	@$(VENV)/bin/python -m ruff check
	@$(VENV)/bin/python -m ruff format --check

# What tests start besides Python. Root on Debian or Ubuntu installs what is missing; anyone else is told which tests
# are skipped without it.
system:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
		$(call apt_get,postgresql,the databases' tests for PostgreSQL)
	@command -v java >/dev/null || $(call apt_get,openjdk-17-jre-headless,the tests of Spark)
	@command -v ffmpeg >/dev/null || $(call apt_get,ffmpeg,the tests of videos)
	@command -v openssl >/dev/null || $(call apt_get,openssl,the tests of encrypted connections)
	@command -v chromium >/dev/null || $(call apt_get,chromium,the tests of the page)

# What the page is built with. Tests of the playground and of the build need it, and are skipped without.
node:
	@{ command -v npm >/dev/null && $(MAKE) $(COMPONENT)/node_modules/.installed; } || \
		echo "npm is missing or cannot install: the tests of the playground and of the page's build are skipped" >&2

$(COMPONENT)/node_modules/.installed: $(COMPONENT)/package-lock.json $(COMPONENT)/playground/wheels.txt | $(INSTALLED)
	@echo "installing the releases recorded in $< into $(COMPONENT)/node_modules"
	@cd $(COMPONENT) && npm ci --silent --no-audit --no-fund
	@$(VENV)/bin/python $(COMPONENT)/playground/build.py --fetch
	@touch $@

page: $(INSTALLED) $(COMPONENT)/node_modules/.installed
	@cd $(COMPONENT) && npm run --silent build
	@$(VENV)/bin/python $(COMPONENT)/playground/build.py

demo: $(DEMO)
	@.venv-demo/bin/kili-query demo

# These options replace those of pyproject.toml, which leave benchmarks out and end what takes five minutes. Ratios go to a table and a plot.
# KILI_QUERY_BENCH_LABELS and KILI_QUERY_BENCH_ROWS make a run shorter or longer: tests/benchmarks/sizes.py says which.
bench: $(INSTALLED) $(PEERS)
	@mkdir -p .benchmarks
	@$(VENV)/bin/python -m pytest -q -o addopts="-ra --import-mode=importlib" -o timeout=3600 --benchmark-only --benchmark-quiet \
		--benchmark-json=.benchmarks/latest.json tests/benchmarks $(PYTEST_ARGS)
	@$(VENV)/bin/python -m tests.benchmarks.report .benchmarks/latest.json --plot $(BENCH_PLOT)

fuzz: $(INSTALLED)
	@set -e; for property in fuzz/[a-z]*.py; do \
		echo "$$property"; $(VENV)/bin/python $$property -max_total_time=$(FUZZ_SECONDS); done

# Too large for `make test`, which skips this judge visibly; not recorded either, for torch differs by machine.
judges: $(INSTALLED) .venv-peers/ultralytics/.installed
	@$(VENV)/bin/python -m pytest -q tests/export/test_ultralytics.py $(PYTEST_ARGS)

golden: $(INSTALLED)
	@$(VENV)/bin/python -m pytest --update-golden $(PYTEST_ARGS)

# The processes that tests start are measured too.
coverage: $(INSTALLED) $(PEERS)
	@rm -rf .coverage && mkdir .coverage
	@$(VENV)/bin/python -m coverage run -m pytest -q $(PYTEST_ARGS)
	@$(VENV)/bin/python -m coverage combine -q
	@$(VENV)/bin/python -m coverage report --skip-covered --skip-empty

test-newest:
	@rm -f .venv-newest/.installed
	@$(MAKE) test VENV=.venv-newest

peers: $(PEERS)

clean:
	rm -rf .venv .venv-* $(COMPONENT)/node_modules .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call apt_get,PACKAGE,WHAT NEEDS IT): RUNLEVEL=1 keeps the package from starting a server.
define apt_get
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		echo "installing the system package $(1)"; \
		{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(1); } >/dev/null; \
	else \
		echo "the system package $(1) is missing: $(2) are skipped (on Debian or Ubuntu: sudo apt-get install $(1))" >&2; \
	fi
endef

# $(call create_environment,FOLDER): keeps one that is complete and replaces one that is broken.
define create_environment
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 with venv and ensurepip found;" \
		"on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || { echo "creating $(1) with $(PYTHON)"; $(PYTHON) -m venv --clear $(1); }
endef

# $(call install_locked,FOLDER,LOCK FILE): hatchling, which the editable install needs, is in the lock file.
define install_locked
	@echo "installing the releases recorded in $(2) into $(1)"
	@$(1)/bin/python -m pip install --quiet --requirement $(2)
	@$(1)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
endef

.venv/.installed: .ci/locked/test.txt pyproject.toml
	$(call create_environment,.venv)
	$(call install_locked,.venv,.ci/locked/test.txt)
	@touch $@

.venv-demo/.installed: .ci/locked/demo.txt pyproject.toml
	$(call create_environment,.venv-demo)
	$(call install_locked,.venv-demo,.ci/locked/demo.txt)
	@touch $@

# pip reads dependency groups since 25.1.
.venv-newest/.installed:
	$(call create_environment,.venv-newest)
	@echo "installing the newest releases into .venv-newest"
	@.venv-newest/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	@.venv-newest/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable ".[all,spark]" --group test
	@touch $@

# Each official client that tests compare with has an environment of its own, named by its version.
.venv-peers/%/.installed: .ci/locked/%.txt
	$(call create_environment,.venv-peers/$*)
	@echo "installing the official client into .venv-peers/$*"
	@.venv-peers/$*/bin/python -m pip install --quiet --requirement $<
	@touch $@

.venv-peers/ultralytics/.installed:
	$(call create_environment,.venv-peers/ultralytics)
	@echo "installing the newest ultralytics and torch into .venv-peers/ultralytics"
	@.venv-peers/ultralytics/bin/python -m pip install --quiet torch ultralytics
	@touch $@

# One set of releases for the tests and the demo. Names and releases only, so that any package index can serve them.
COMPILE = .venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock"

lock:
	$(call create_environment,.venv-lock)
	@.venv-lock/bin/python -m pip install --quiet --upgrade uv
	@$(COMPILE) pyproject.toml --all-extras --group test --output-file .ci/locked/test.txt
	@$(COMPILE) pyproject.toml --extra cache --extra cli --extra client --extra sandbox --group build \
		--constraint .ci/locked/test.txt --output-file .ci/locked/demo.txt
	@for peer in $(patsubst tests/peers/%.txt,%,$(wildcard tests/peers/kili-*.txt)); do \
		$(COMPILE) tests/peers/$$peer.txt --output-file .ci/locked/$$peer.txt || exit 1; done
