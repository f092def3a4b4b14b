# The project's commands. Python packages go to .venv, nothing of Python is installed elsewhere.
# System packages (python3-venv; for the tests Chromium, Redis and Node.js) are installed only when
# they are missing: tools/system_packages.sh says which, what for, and that it needs root.

VENV := .venv
PYTHON := $(VENV)/bin/python
SEED ?= 1
SCENARIO ?= first-light
RESULTS := test-results
FIXED_SEEDS := 1:12
FIXED_SEEDS_LARGE := 1:2,25
FIXED_SEEDS_REST := 1:2,39
FIXED_SEEDS_GONE := 1:2
FRESH_SEEDS := 6
OTHERS := mixed-large mixed-rest mixed-gone
JUDGED := join-200 replaced replaced-fast hostile-fifth hostile-lookups hostile-invented gossipsub-1000
SWEEP ?= 1000
SWEEP_OTHERS ?= 100
JOBS ?= 2

# Where Python may not keep compiled modules, each server and node that a test starts compiles for a second.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check unit js seeds sweep judged e2e sim stress bench docs clean

help: ## list these commands
	@sed -n 's/^\([a-z0-9]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: $(VENV)/.stamp-web ## serve the chat on http://127.0.0.1:8000 until Ctrl-C
	@exec $(PYTHON) manage.py chat

test: check unit js seeds e2e ## everything CI runs

check: $(VENV)/.stamp-dev ## format, lint, types, and the rules about the repository itself
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy
	$(PYTHON) -m pytest tests/test_tidy.py tests/test_docs.py

unit: $(VENV)/.stamp-dev $(VENV)/.stamp-system ## Python tests without a browser, in random order
	$(PYTHON) -m pytest -n 2 --dist worksteal --durations=5

js: $(VENV)/.stamp-system ## tests of the browser modules that need no browser
	node --test $$(find tests/js -name '*.test.*js' | sort)

# The same seeds every time, and some that nobody has tried; both are printed, so a failure can be had again.
seeds: $(VENV)/.stamp-dev ## simulated networks with mixed faults: fixed seeds and fresh ones
	@mkdir -p $(RESULTS)
	$(PYTHON) -m peernode.simulation sweep mixed --seeds $(FIXED_SEEDS) --fresh $(FRESH_SEEDS) --brief \
		--jobs 2 --json $(RESULTS)/seeds.json --html $(RESULTS)/seeds.html
	$(PYTHON) -m peernode.simulation sweep mixed-large --seeds $(FIXED_SEEDS_LARGE) --fresh 1 --brief \
		--jobs 2 --json $(RESULTS)/seeds-large.json --html $(RESULTS)/seeds-large.html
	$(PYTHON) -m peernode.simulation sweep mixed-rest --seeds $(FIXED_SEEDS_REST) --fresh 1 --brief \
		--jobs 2 --json $(RESULTS)/seeds-rest.json --html $(RESULTS)/seeds-rest.html
	$(PYTHON) -m peernode.simulation sweep mixed-gone --seeds $(FIXED_SEEDS_GONE) --fresh 1 --brief \
		--jobs 2 --json $(RESULTS)/seeds-gone.json --html $(RESULTS)/seeds-gone.html

sweep: $(VENV)/.stamp-dev ## a thousand seeds that nobody has tried and some of others, an hour: make sweep SWEEP=1000 JOBS=2
	@mkdir -p $(RESULTS)
	@failed=0; count=$(SWEEP); for name in mixed $(OTHERS); do \
		$(PYTHON) -m peernode.simulation sweep $$name --fresh $$count --jobs $(JOBS) --shrink $(RESULTS)/shrunk \
			--json $(RESULTS)/sweep-$$name.json --html $(RESULTS)/sweep-$$name.html || failed=1; \
		count=$(SWEEP_OTHERS); done; exit $$failed

# What `make test` has no time for: crowds, churn, liars, and power cuts of real processes.
judged: $(VENV)/.stamp-dev ## the large scenarios with their bounds, and ten real processes that are killed; an hour
	@mkdir -p $(RESULTS)
	@failed=0; for name in $(JUDGED); do \
		$(PYTHON) -m peernode.simulation run $$name --json $(RESULTS)/$$name.json --html $(RESULTS)/$$name.html || failed=1; done; \
		$(PYTHON) -m benchmarks.kills || failed=1; exit $$failed

e2e: $(VENV)/.stamp-dev $(VENV)/.stamp-system ## real browsers against real servers; leaves test-results/
	$(PYTHON) -m pytest e2e

sim: $(VENV)/.stamp-dev ## one simulated network: make sim SEED=7 SCENARIO=file.toml (or a name)
	@mkdir -p $(RESULTS)
	$(PYTHON) -m peernode.simulation run $(SCENARIO) --seed $(SEED) \
		--json $(RESULTS)/simulation.json --html $(RESULTS)/simulation.html

stress: $(VENV)/.stamp-dev ## the standing set of simulated networks, 15 minutes at most; one page as summary
	$(PYTHON) -m peernode.simulation stress --jobs 2 --out $(RESULTS)/stress

bench: $(VENV)/.stamp-dev $(VENV)/.stamp-system ## what a publish, a delivery and a frame of a long channel cost on this machine
	$(PYTHON) -m benchmarks
	$(PYTHON) -m benchmarks.scrolling
	$(PYTHON) -m benchmarks.aims

docs: $(VENV)/.stamp-dev ## write the generated parts of docs/ anew, compile the translations
	$(PYTHON) -m tools.troubleshooting
	$(PYTHON) -m tools.languages

clean: ## remove the environment, caches and test results; var/ (accounts, keys, messages) stays
	rm -rf $(VENV) $(RESULTS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

# A stamp is newer than pyproject.toml while the environment holds what that file asks for.
$(VENV)/.stamp-web: pyproject.toml tools/python_environment.sh
	@tools/python_environment.sh $(VENV) web
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml tools/python_environment.sh
	@tools/python_environment.sh $(VENV) web,dev
	@touch $@ $(VENV)/.stamp-web

$(VENV)/.stamp-system: $(VENV)/.stamp-dev tools/test_programs.sh tools/system_packages.sh
	@tools/test_programs.sh $(VENV)
	@touch $@
