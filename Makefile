# Two commands: `make book` and `make test`. Each sets up all it needs; either may be the first. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.ready
PORT ?= 8000

.PHONY: help book test quick serve lab exercises setup browser lint pairs example margins calibrate torture contract formats cards lock release kim open clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

book: $(READY) ## Run the chapters and labs on the simulated cohort and build the HTML book
	@$(BIN)/resilience-book run data/example
	@echo "Or: make serve, then open http://localhost:$(PORT)"

test: $(READY) browser ## Run everything CI runs: style, layers, tests, the whole book in a browser
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

quick: $(READY) ## Try what an edit can have broken, within a minute: style, layers, the tests that name what changed
	@OMP_NUM_THREADS=1 $(BIN)/python -m tools.quick

serve: $(READY) ## Serve the built book on this machine
	@test -f _build/example/html/index.html || { echo "There is no book yet: run make book first."; exit 1; }
	@echo "The book: http://localhost:$(PORT) (Ctrl-C ends)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/example/html $(PORT)

lab: $(READY) ## Open the chapters as notebooks without solutions in JupyterLab (installs it)
	@$(BIN)/python -c "import jupyterlab" 2>/dev/null || if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[course]'; else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[course]'; fi
	@$(BIN)/resilience-book lab

setup: $(READY) ## Set up .venv only

$(READY): requirements.lock pyproject.toml tools/setup_environment.sh
	@bash tools/setup_environment.sh
	@touch $@

browser: $(READY) ## Find or install the browser that the tests use
	@bash tools/setup_browser.sh

lint: $(READY) ## Check style, import layers and types
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pyrefly check --summary=none

calibrate: $(READY) ## Try out on simulated cohorts whether the tests keep their error rates; write book/error_rates.md
	@OMP_NUM_THREADS=1 $(BIN)/python tools/calibrate.py

torture: $(READY) ## Run 300 cohorts drawn from the contract to rendered books, with few permutations (some hours)
	@OMP_NUM_THREADS=1 $(BIN)/python -m tools.torture 0 300 2

pairs: $(READY) ## Write notebooks/*.ipynb anew from their .md sources
	@$(BIN)/python tools/write_pairs.py

example: $(READY) ## Simulate data/example anew, bit for bit
	@$(BIN)/resilience-book simulate data/example --overwrite

margins: $(READY) ## Compare the simulated with real people: tables, figures and page (fetches open data)
	@$(BIN)/python -m tools.calibrate_simulation

contract: $(READY) ## Write data/README.md anew from data/schema/cohort.yml
	@$(BIN)/python tools/write_contract.py

formats: $(READY) ## Write the table of formats in book/bring_your_data.md anew from the registry of importers
	@$(BIN)/python tools/write_formats.py

exercises: $(READY) ## Write the list of exercises anew from data/course/exercises.yml
	@$(BIN)/python tools/write_exercises.py

cards: $(READY) ## Write the data cards in book/data_cards anew from data/open/cards.yml
	@$(BIN)/python tools/write_data_cards.py

open: $(READY) ## Fetch all open data sets into cohorts/, each verified
	@$(BIN)/resilience-book fetch all cohorts

kim: $(READY) ## Fetch the open KIM_ADENOMAS_2020 data and run the book on them
	@test -d cohorts/kim || $(BIN)/resilience-book fetch kim_adenomas_2020 cohorts/kim
	@$(BIN)/resilience-book run cohorts/kim

lock: $(READY) ## Pin all packages anew after an edit of pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra test --universal --generate-hashes --no-header --no-annotate -q -o requirements.lock
	@$(BIN)/python tools/write_environment.py

release: $(READY) ## Build the wheel, and write the notes and .zenodo.json of the version in pyproject.toml
	@$(BIN)/python tools/write_release.py

clean: ## Remove all that was built, but not .venv
	@rm -rf _build
