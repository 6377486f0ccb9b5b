# `make help` lists the targets. Needs Python 3.11 with pip, and nothing else: the rest comes from wheels.

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
SOURCES := $(sort tests/ $(dir $(wildcard */*.py)) $(wildcard *.py))
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help run token check format lint types imports test test-long bench lock

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: $(READY) ## The whole stack on this machine; PORT=8000 STATE_DIR=.local DEMO=0 ONLY="postgres temporal" change it
	@$(BIN)/python -m deploy.local $(ONLY)

token: $(READY) ## A development token: make token USER=alice [STAFF=1]
ifeq ($(origin USER),command line)
	@$(BIN)/python -m deploy.local.token "$$USER" $(if $(filter 1,$(STAFF)),--staff)
else
	$(error whose token? `make token USER=alice`, or with STAFF=1 for staff)
endif

check: format lint types imports test ## All that must hold before a change lands: the five below

format: $(READY) ## Formatting
	@$(BIN)/ruff format --quiet --check .

lint: $(READY) ## Lint rules
	@$(BIN)/ruff check --quiet .

types: $(READY) ## mypy --strict
	@$(BIN)/mypy --no-error-summary $(SOURCES)

imports: $(READY) ## Who may import whom
	@$(BIN)/lint-imports

# All of them run in two processes with a stack each, which much of the time wait for something; a file stays together.
test: $(READY) ## The tests, on a real stack of their own; ARGS="-k inbox" narrows them
	@$(BIN)/python -m pytest $(or $(ARGS),-n 2 --dist loadfile)

test-long: $(READY) ## Far more of what is random: calls against the API, days of an inbox, on a page and off it; and faults of the gateway that last a minute
	@SCHEMATHESIS_EXAMPLES=300 RANDOM_DAYS=400 RANDOM_INBOXES=40 LIVE_FAULT_SECONDS=60 $(BIN)/python -m pytest \
		tests/api/test_schemathesis.py tests/gateway/test_any_day.py tests/gateway/test_surviving.py \
		tests/browser/test_any_inbox.py $(ARGS)

bench: $(READY) ## The benchmarks, each a ratio against a raw floor; ARGS="accept latency" chooses
	@$(BIN)/python -m bench $(ARGS)

lock: $(READY) ## Re-resolves the dependencies: everything, and the service alone for its image
	@echo uv | $(LOCK) pyproject.toml - --extra service --extra local --group dev --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra service --output-file requirements-service.lock

# uv installs in a second what takes pip half a minute. It does not know pip's own configuration (a mirror, say): then pip does it.
$(READY): requirements.lock
	@printf 'Installing into .venv (once) ...' >&2
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock | $(BIN)/python -m pip install -qq --require-hashes -r /dev/stdin
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock 2>$@.log \
		|| $(BIN)/python -m pip install -qq --no-deps --require-hashes -r requirements.lock
	@touch $@
	@echo ' done' >&2
