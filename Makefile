# The two commands that do everything: `make run` and `make test`.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
# localhost: this machine only. For a class on the same network: make run ADDRESS=0.0.0.0
ADDRESS ?= localhost
BIN := $(VENV)/bin

.PHONY: run test lint browser clean

run: $(VENV)/.run
	@$(BIN)/python -m streamlit run streamlit_app.py --server.port $(PORT) \
		--server.address $(ADDRESS) || { \
		echo "Atelier did not start. If the port is in use, take another: make run PORT=8502"; \
		exit 1; }

test: lint browser
	$(BIN)/python -m pytest

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

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

$(VENV)/.run: requirements.txt $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-dev.txt requirements.txt $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
