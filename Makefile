# The only list of commands. Bare `make` prints it; `.ci/run` runs `make check` and `make test`.
#
# Everything is installed into .venv, once: a stamp file there remembers it, and a newer
# pyproject.toml or requirements.lock makes it stale. uv does the installing: from nothing, on
# two busy cores, `.[demo]` took 12 to 37 s with it and 46 to 106 s with pip 23.

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
DEMO := $(VENV)/.stamp-demo
DEV := $(VENV)/.stamp-dev

# `make PYTHON=/some/python3.12 setup` chooses another interpreter for a new .venv.
PYTHON := python3.13 python3.12 python3.11 python3

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test check fmt lint type wire bench golden wheel lock clean

help: ## print this list
	@if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then on=$$(printf '\033[36m'); off=$$(printf '\033[0m'); fi; \
	awk -F ':[^#]*## ' -v on="$$on" -v off="$$off" \
	  '/^[a-z]+:.*## / { printf "%s%-7s%s %s\n", on, $$1, off, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(DEV) ## make .venv with everything a developer needs
	@:

demo: $(DEMO) ## run the demo; OBJECTS=minio keeps its large objects in a local MinIO
	@$(BIN)/python -m headwater.demo $(if $(OBJECTS),--objects $(OBJECTS))

up: $(DEMO) ## start the local stores; OBJECTS=minio starts MinIO too
	@$(BIN)/headwater up $(if $(OBJECTS),--objects $(OBJECTS))

down: $(DEMO) ## stop the local stores
	@$(BIN)/headwater down

# A test waits for Neo4j half of its time, and Neo4j for the test.
test: $(DEV) ## run the tests, several at once; ARGS goes to pytest
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

check: lint type ## everything that needs no store: lint and type

fmt: $(DEV) ## format the code and apply the safe fixes
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lint: $(DEV) ## ruff, the format, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

type: $(DEV) ## mypy and pyright
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

wire: $(DEV) ## build the descriptor set of MLMD's messages from its .proto texts
	@$(BIN)/python -m grpc_tools.protoc -I engine/headwater/mlmd/wire --include_imports \
	  --descriptor_set_out=engine/headwater/mlmd/wire/ml_metadata.binpb \
	  ml_metadata/proto/metadata_store.proto ml_metadata/proto/metadata_store_service.proto

bench: $(DEV) ## run the benchmarks; SIZE=10k, 100k or 1M runs the suite; ARGS goes to them
	@$(BIN)/python $(if $(SIZE),bench/suite.py --size $(SIZE),-m bench) $(ARGS)

golden: $(DEV) ## rewrite the expected outputs of the tests; read the diff before keeping it
	@HEADWATER_GOLDEN=rewrite $(BIN)/pytest $(wildcard tests/golden) tests/schema/test_json_schemas.py $(ARGS)

wheel: $(DEV) ## build sdist and wheel, check both, try the wheel in an empty environment
	@rm -rf dist build/wheel
	@$(UV) build --quiet --python $(BIN)/python --build-constraint requirements.lock --out-dir dist
	@$(BIN)/twine check --strict dist/*.tar.gz dist/*.whl
	@$(BIN)/check-wheel-contents dist/*.whl
	@$(UV) venv --quiet --python $(BIN)/python build/wheel
	@$(UV) pip install --quiet --python build/wheel/bin/python dist/*.whl
	@build/wheel/bin/headwater --help

lock: $(UV) ## resolve requirements.lock anew; ARGS=--upgrade takes newer versions
	@$(UV) pip compile --quiet --python $(BIN)/python --universal --generate-hashes --all-extras \
	  --no-emit-index-url --custom-compile-command 'make lock' $(ARGS) \
	  --output-file requirements.lock pyproject.toml
	@! grep -n http requirements.lock

clean: ## remove builds and caches, not .venv nor the local stores
	@rm -rf dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find engine schema tests bench notebooks -depth -name __pycache__ -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHON); do \
	  if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then echo "making $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); fi; \
	done; \
	echo 'headwater needs Python 3.11 or newer with venv (Debian: apt install python3-venv)' >&2; \
	exit 1

$(UV): | $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet "uv$$(sed -n 's/^uv\(==[^ ]*\).*/\1/p' requirements.lock)"

# What the demo needs of the lock, and not the rest of it.
$(DEMO): pyproject.toml requirements.lock | $(UV)
	@echo 'installing headwater and what its demo needs into $(VENV), once'
	@$(INSTALL) --constraint requirements.lock --build-constraint requirements.lock -e '.[demo]'
	@touch $@

$(DEV): pyproject.toml requirements.lock | $(UV)
	@echo 'installing headwater and its development tools into $(VENV), once'
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --build-constraint requirements.lock -e .
	@touch $@ $(DEMO)
