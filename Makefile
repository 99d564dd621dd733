# Short names for run.py, which does all of it, on every system: python3 run.py --help
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
# localhost: this machine only. For a class on the same network: make run ADDRESS=0.0.0.0
ADDRESS ?= localhost

.PHONY: run check test quick lint browser lock clean

run check:
	@$(PYTHON) run.py $@ --venv "$(VENV)" --port "$(PORT)" --address "$(ADDRESS)"

test quick lint browser lock clean:
	@$(PYTHON) run.py $@ --venv "$(VENV)"
