# Two commands matter: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SITE ?= ogre
PORT ?= 8000
DATA ?= instance/$(SITE)
TODAY ?=
PART ?=
CUSTOMERS ?= 1000
CONVERSATIONS ?= 1000000

.PHONY: help run cluster test lint bench mutate messages migrate lock env
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# The environment is right when the stamp of the lock's hash exists.
env:
	@sh scripts/environment.sh "$(PYTHON)" "$(VENV)"

run: env  ## the demo: SITE=ogre PORT=8000 DATA=instance/ogre TODAY=2026-11-30
	@exec $(PY) -m demo.run --site "$(SITE)" --port "$(PORT)" --data "$(DATA)" --today "$(TODAY)"

cluster: env  ## the same on three instances behind nginx, two workers, PostgreSQL and Redis: SITE=ogre PORT=8443
	@exec $(PY) -m scripts.cluster --site "$(SITE)" --port "$(if $(filter 8000,$(PORT)),8443,$(PORT))" --today "$(TODAY)"

test: env  ## everything
	@sh scripts/test.sh $(PY)

lint: env  ## ruff, mypy, import contracts
	@sh scripts/lint.sh $(VENV)/bin

bench: env  ## measurements into bench/results: CUSTOMERS=1000, or PART=inbox CONVERSATIONS=1000000, or PART=reminders or api
	@$(PY) -m bench --customers "$(CUSTOMERS)" --part "$(PART)" --conversations "$(CONVERSATIONS)"

mutate: env  ## take every access mark and condition away in turn: PART=models/cards
	@$(PY) -m scripts.mutate "$(PART)"

messages: env  ## collect strings into translations/*.po
	@$(PY) -m scripts.messages

migrate: env  ## write the migration that the tables ask for: NAME="add x"
	@$(VENV)/bin/flask --app app db new "$(NAME)"

lock:  ## pin every dependency again
	uv pip compile pyproject.toml --extra postgres --extra redis --extra s3 --group dev --universal --generate-hashes --no-header -q -o requirements.lock
	uv pip compile --group certified --no-deps --universal --generate-hashes --no-header -q -o tests/certified/requirements.lock
