# The two commands that do everything: `make run` and `make test`. `make quick` is for while you work.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
UV ?= 0.13.9
# localhost: this machine only. For a class on the same network: make run ADDRESS=0.0.0.0
ADDRESS ?= localhost
BIN := $(VENV)/bin
NODE := PATH="$(abspath $(BIN)):$$PATH"
# Side by side, as many tests as there are cores; a file stays in one process, as its fixtures do.
PARALLEL := --numprocesses auto --dist loadfile

.PHONY: run test quick lint browser lock clean

run: $(VENV)/.run
	@$(BIN)/python -m streamlit run streamlit_app.py --server.port $(PORT) \
		--server.address $(ADDRESS) || { \
		echo "Atelier did not start. If the port is in use, take another: make run PORT=8502"; \
		exit 1; }

# The browser tests one after the other: each page has the machine to itself, as on a desk.
test: lint browser
	$(BIN)/python -m pytest $(PARALLEL) -m "not browser"
	$(BIN)/python -m pytest -m browser

# Under two minutes: no browser, and none of the files that conftest.py calls slow.
quick: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "not browser and not slow"

lint: $(VENV)/.test $(VENV)/.node
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(NODE) npm run --silent lint
	$(NODE) npm run --silent types
	$(NODE) npm run --silent test

# The browser tests need Debian's chromium. Where it cannot be installed they are skipped with a
# word on a desk, and fail in CI.
browser:
	@command -v chromium > /dev/null && exit 0; \
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; \
	elif command -v apt-get > /dev/null && sudo -n true 2> /dev/null; then \
		sudo apt-get update -qq && sudo apt-get install -y -qq chromium; \
	else \
		echo "chromium is missing and cannot be installed from here: sudo apt-get install chromium"; \
		[ -z "$$CI" ]; \
	fi

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Atelier needs Python 3.11 or newer. Name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements.lock $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

$(VENV)/.test: requirements-dev.txt requirements.lock $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt \
		-c requirements.lock
	@touch $@ $(VENV)/.run

$(VENV)/.node: package-lock.json $(VENV)/.test
	$(NODE) npm ci --silent --no-audit --no-fund
	@touch $@

# All versions that `make run` installs, for every system and Python that we support.
lock: $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" --output-file requirements.lock requirements.txt

clean:
	rm -rf $(VENV) node_modules .mypy_cache .pytest_cache .ruff_cache
