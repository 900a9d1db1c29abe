# make quickstart  install into .venv and run the main job on the embedded data
# make test        install and run every check: ruff, mypy, import contracts, pytest
# make cards       write the cards of all published datasets, with pictures, to cards/published
# make baselines  run the baselines in baselines/ that are not recorded yet; goes on where it was killed
# make leaderboard check and score all submissions and baselines, write the board and open its site
# make bench       speed, side by side with what a user would use instead
# make multitask   label bodies with six vision tasks into STORE, about two hours, and make VERSION of
#                  nape/multitask of them, with its card; run again, it goes on where it was killed

PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: quickstart test lint types contracts pytest cards baselines leaderboard bench multitask clean

quickstart: .venv/installed
	$(BIN)/nape-bench quickstart

test: lint types contracts pytest

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-dev
	$(BIN)/mypy

contracts: .venv/installed-dev
	$(BIN)/lint-imports

pytest: .venv/installed-dev
	$(BIN)/pytest -n 2 --dist loadfile

cards: .venv/installed
	$(BIN)/nape-bench card --all --out cards/published

baselines: .venv/installed
	$(BIN)/nape-bench baselines --run

leaderboard: .venv/installed
	$(BIN)/nape-bench leaderboard build --open

bench: .venv/installed-dev
	@for script in benchmarks/bench_*.py; do echo; echo "== $$script"; $(BIN)/python $$script || exit 1; done

STORE ?= labels
# v1.0 comes with the package, and seconds are never the same again.
VERSION ?= v1.1
JOBS ?= 2
LABEL = $(BIN)/nape-bench label --store $(STORE) --jobs $(JOBS) --space $$family
multitask: .venv/installed-dev
	for family in ofa_pn ofa_mbv3 ofa_resnet; do \
	  $(LABEL) --n 40 --split test --measure multitask --seeds 2 && \
	  $(LABEL) --n 80 --split train --split validation --measure multitask_pseudo --seeds 1 && \
	  $(LABEL) --n 40 --split test --measure multitask_pseudo --seeds 1 || exit 1; \
	done
	$(BIN)/nape-bench build multitask --store $(STORE) --embed --version $(VERSION)

clean:
	rm -rf .venv build dist *.egg-info

# torch first and alone: asked for as a dependency, pip would look past the constraint's build.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,labels,latency,multitask,ray]'
	touch $@
