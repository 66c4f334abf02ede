# make run | test | check | bench: each does all of its own set-up and is quick when nothing changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export MPLBACKEND := Agg
# One thread per process: two torch or BLAS threads on a busy machine are many times slower.
export OMP_NUM_THREADS := 1
export OPENCV_FOR_THREADS_NUM := 1

PACKAGES := benchmarks datasets graphs pipelines stages stores

.PHONY: help run test check bench docs clean
help:
	@echo "make run    climb the ladder of params.yaml and write report/index.html"
	@echo "make test   check and every test"
	@echo "make check  format, lint, types, import layers"
	@echo "make bench  ratios against peers, into benchmarks/results/"
	@echo "make docs   the pages of docs/, into site/"

run: $(VENV)/.run
	@git rev-parse --git-dir >/dev/null 2>&1 || dvc config --local core.no_scm true
	@dvc repro
	@echo "Report: $(CURDIR)/report/index.html"

test: check $(VENV)/.opencv4
	pytest
	@echo "Once more on OpenCV 4: readers and detectors"
	PYTHONPATH=$(VENV)/opencv4 pytest -q tests/stages/detectors tests/stages/test_detect.py tests/datasets/test_folder.py

check: $(VENV)/.test .types
	ruff format --check .
	ruff check .
	mypy
	lint-imports

bench: $(VENV)/.bench
	mkdir -p benchmarks/results
	perceptgraph bench graphs --images 50 --json benchmarks/results/graphs.json
	perceptgraph bench detectors --images 50 --json benchmarks/results/detectors.json

docs: $(VENV)/.docs
	mkdocs build --strict --quiet

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	@echo "Installing, about two minutes"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@echo "Installing, about two minutes"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

# OpenCV 4 beside OpenCV 5, outside of site-packages: two OpenCV distributions in one environment
# overwrite each other.
$(VENV)/.opencv4: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--target $(VENV)/opencv4 'opencv-python>=4.10,<5'
	@touch $@

# Links that let type checkers find the packages under their full names.
.types:
	mkdir -p .types/perceptgraph
	for d in $(PACKAGES); do ln -sfn ../../$$d .types/perceptgraph/$$d; done

clean:
	rm -rf $(VENV) .types build *.egg-info .mypy_cache .pytest_cache .ruff_cache
