# CourseLLM. Thin: the work is done by scripts/ and by flask's commands.
# `make run` and `make test` each work as the first command on a fresh clone.

# The first Python that is new enough; another one: make run PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv/bin/python
SETUP := $(PYTHON) -m scripts.setup
LOCK := $(VENV) -m piptools compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-header --annotation-style=line pyproject.toml
T ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench lock clean python

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s%s\n", $$1, $$2}' Makefile

run: python ## start everything and print the address to open (PORT=, DEMO_LMS_PORT=, MODEL=)
	@$(SETUP) run
	@exec $(VENV) -m scripts.run

test: python ## run the tests (one file or folder: make test T=tests/mastery)
	@$(SETUP) test
	@$(VENV) -m pytest -n auto --maxprocesses 4 --dist loadfile $(T)

check: python ## ruff, mypy, import contracts, template lint
	@$(SETUP) check
	@$(VENV) -m scripts.check

bench: python ## measure; prints tables and writes the figures (one: make bench B=launch)
	@$(SETUP) test
	@$(VENV) -m bench $(B)

lock: python ## write the requirements files anew from pyproject.toml
	@$(SETUP) check
	@$(LOCK) -o requirements.txt
	@$(LOCK) --extra embedded -c requirements.txt -o requirements-embedded.txt
	@$(LOCK) --extra embedded --extra dev -c requirements-embedded.txt -o requirements-dev.txt

clean: ## remove what the set-up made; data in var/ stay
	@rm -rf .venv .cache node_modules app/static/dist .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it\
	 (Debian, Ubuntu: apt-get install python3 python3-venv) and start again."; exit 1; }
