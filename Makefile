# Everything runs in environments of its own, made on first use; a machine needs Python >= 3.11 with venv, and make.
#
#   make test    lint, types, tests (the environments of the official client, which tests compare with, included)
#   make demo    a small tour of the command
#   make bench   benchmarks, and the plot of the README        make fuzz   each property for FUZZ_SECONDS
#   make golden  write the rendered texts anew; read the diff
#   make clean   remove all that is made

MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# The first interpreter that is new enough and can make environments.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		&& echo $$python && break; done)

FUZZ_SECONDS ?= 30
PYTEST_ARGS ?=
BENCH_PLOT ?= docs/benchmarks

# An install is marked as done only after its last step, so that an interrupted one is taken up again.
TESTING := .venv/.installed
DEMO := .venv-demo/.installed
PEERS := $(patsubst tests/peers/%.txt,.venv-peers/%/.installed,$(wildcard tests/peers/kili-*.txt))

.PHONY: test lint demo bench fuzz golden peers system clean

test: system lint $(PEERS)
	@.venv/bin/python -m pytest $(PYTEST_ARGS)

lint: $(TESTING)
	@.venv/bin/python -m ruff check
	@.venv/bin/python -m ruff format --check
	@.venv/bin/python -m mypy

# What tests start themselves beside Python: PostgreSQL's server, Java for Spark, ffmpeg for videos, openssl for
# certificates. Installed where that is allowed.
system:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || $(call apt_get,postgresql)
	@command -v java >/dev/null || $(call apt_get,openjdk-17-jre-headless)
	@command -v ffmpeg >/dev/null || $(call apt_get,ffmpeg)
	@command -v openssl >/dev/null || $(call apt_get,openssl)

demo: $(DEMO)
	@.venv-demo/bin/kili-query demo

# These options replace those of pyproject.toml, which leave benchmarks out. Ratios go to a table and a plot.
# KILI_QUERY_BENCH_LABELS and KILI_QUERY_BENCH_ROWS make a run shorter or longer: tests/benchmarks/sizes.py says which.
bench: $(TESTING) $(PEERS)
	@mkdir -p .benchmarks
	@.venv/bin/python -m pytest -q -o addopts="-ra --import-mode=importlib" --benchmark-only --benchmark-quiet \
		--benchmark-json=.benchmarks/latest.json tests/benchmarks $(PYTEST_ARGS)
	@.venv/bin/python -m tests.benchmarks.report .benchmarks/latest.json --plot $(BENCH_PLOT)

fuzz: $(TESTING)
	@set -e; for property in fuzz/[a-z]*.py; do \
		echo "$$property"; .venv/bin/python $$property -max_total_time=$(FUZZ_SECONDS); done

golden: $(TESTING)
	@.venv/bin/python -m pytest --update-golden $(PYTEST_ARGS)

peers: $(PEERS)

clean:
	rm -rf .venv .venv-demo .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call apt_get,PACKAGE): RUNLEVEL=1 keeps a server that is installed from being started.
define apt_get
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "tests need the system package $(1)" >&2; exit 1; }; \
		echo "installing the system package $(1)"; \
		{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(1); } >/dev/null; }
endef

# $(call make_environment,FOLDER): keeps one that is complete, makes a broken one anew.
define make_environment
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 with venv and ensurepip found;" \
		"on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || { echo "making $(1) with $(PYTHON)"; $(PYTHON) -m venv --clear $(1); }
endef

# pip reads dependency groups since 25.1.
$(TESTING): pyproject.toml
	$(call make_environment,.venv)
	@echo "installing what tests need into .venv"
	@.venv/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	@.venv/bin/python -m pip install --quiet --editable ".[all,spark]" --group test
	@touch $@

$(DEMO): pyproject.toml
	$(call make_environment,.venv-demo)
	@echo "installing the command into .venv-demo"
	@.venv-demo/bin/python -m pip install --quiet --editable ".[cli,client,sandbox]"
	@touch $@

# Each official client that tests compare with has an environment of its own, named by its version.
.venv-peers/%/.installed: tests/peers/%.txt
	$(call make_environment,.venv-peers/$*)
	@echo "installing the official client into .venv-peers/$*"
	@.venv-peers/$*/bin/python -m pip install --quiet --requirement $<
	@touch $@
