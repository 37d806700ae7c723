# What the README names and CI runs. Each target installs what it needs into .venv and is quick the second time.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
BROWSER := .venv/.browser

# Debian and Ubuntu keep venv in a package of its own.
VENV_PACKAGE = { rm -rf .venv; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv; \
	  else \
	    echo "Python's venv is missing: apt-get install python3-venv (as root), then again" >&2; exit 2; \
	  fi; }

.PHONY: demo test check bench soak lock clean

demo: $(READY) $(BROWSER)
	@$(BIN)/losi demo $(ARGS)

test: $(READY) $(BROWSER)
	@$(BIN)/python -m pytest -m "not soak" $(ARGS)

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/losi validate

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(READY) $(BROWSER)
	@$(BIN)/python -m pytest -m soak $(ARGS)

# The lock names no registry: names, versions and hashes only.
lock: $(READY)
	@$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  pyproject.toml --all-extras -o requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "losi needs Python 3.11 or newer: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || $(VENV_PACKAGE)
	@if command -v uv >/dev/null; then \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# A missing browser is no reason to stop: `losi doctor` says what it would add.
$(BROWSER): $(READY)
	@$(BIN)/losi doctor --get-browser
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis losi-workspace
