# Short names for run.py, which does all of it, on every system: python3 run.py --help
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
# localhost: this machine only. For everyone on the same network: make run ADDRESS=0.0.0.0
ADDRESS ?= localhost

.PHONY: run class check test quick lint browser lock clean

# For a class: on the address that others reach, with a class open and limits for a lesson.
class: ADDRESS = 0.0.0.0

run class check:
	@$(PYTHON) run.py $@ --venv "$(VENV)" --port "$(PORT)" --address "$(ADDRESS)"

test quick lint browser lock clean:
	@$(PYTHON) run.py $@ --venv "$(VENV)"
