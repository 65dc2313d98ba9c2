# SalesCommand. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run
.PHONY: setup demo dev doctor reset kind kind-down
setup: ## Install everything from the lock files and build the UI (repairs, skips what is there)
	@python="$$(./scripts/python.sh)" && "$$python" scripts/setup.py

demo: setup ## Start everything on this machine and load the demo company
	@exec $(BIN)/salescommand dev --demo

dev: setup ## Start everything on this machine, without demo data
	@exec $(BIN)/salescommand dev --no-demo

doctor: setup ## Say what this machine has and lacks
	@$(BIN)/salescommand doctor

reset: ## Erase the data in ./data (or SALESCOMMAND_DATA_DIR)
	@./scripts/reset.sh

kind: ## Start everything in a kind cluster and load the demo company
	@./scripts/kind.sh up

kind-down: ## Remove that cluster with its data
	@./scripts/kind.sh down

##@ Check
.PHONY: test lint types arch unit integration ui e2e faults test-faults test-compose test-cluster test-deep
test: setup ## Run every check that this machine can run, with one summary
	@$(BIN)/python scripts/test.py

lint: setup ## Style: ruff, its formatter, the UI's linter
	@$(BIN)/python scripts/test.py lint

types: setup ## Types: mypy --strict and tsc
	@$(BIN)/python scripts/test.py types

arch: setup ## Architecture: import rules and tests/architecture
	@$(BIN)/python scripts/test.py arch

unit: setup ## Python tests that start no process
	@$(BIN)/python scripts/test.py unit

integration: setup ## Python tests on real engines and processes
	@$(BIN)/python scripts/test.py integration

faults: setup ## Python tests that kill, cut off and tear
	@$(BIN)/python scripts/test.py faults

test-faults: setup ## The same with 200 rounds of each (SALESCOMMAND_FAULT_ROUNDS)
	@SALESCOMMAND_FAULT_ROUNDS=$${SALESCOMMAND_FAULT_ROUNDS:-200} $(BIN)/python scripts/test.py faults

test-compose: setup ## docker-compose.yml in a real engine: takes minutes (SALESCOMMAND_COMPOSE_TEST=public or standins)
	@SALESCOMMAND_COMPOSE_TEST=$${SALESCOMMAND_COMPOSE_TEST:-public} $(BIN)/python -m pytest -q tests/deploy/test_compose_engine.py

test-cluster: setup ## The chart on the cluster that SALESCOMMAND_CLUSTER_KUBECONFIG names: takes minutes
	@$(BIN)/python -m pytest -x -q tests/deploy/test_cluster.py

test-deep: setup ## Unit and integration tests with three times the examples (SALESCOMMAND_TEST_DEPTH)
	@SALESCOMMAND_TEST_DEPTH=$${SALESCOMMAND_TEST_DEPTH:-3} $(BIN)/python scripts/test.py unit integration

ui: setup ## The UI's own tests
	@$(BIN)/python scripts/test.py ui

e2e: setup ## The walk through the UI in Chromium
	@$(BIN)/python scripts/test.py e2e

##@ Measure
.PHONY: bench
bench: setup ## Measure on this machine (BENCH="ingest --quick", "reads", "lake --out docs/performance.md")
	@$(BIN)/python -m benchmarks $(or $(BENCH),--help)

##@ Keep
.PHONY: format lock crd chart clean
format: setup ## Format the Python sources
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: setup ## Resolve the lock files again (UPGRADE=1: to the newest of everything)
	@UPGRADE="$(UPGRADE)" ./scripts/lock.sh

crd: setup ## Write the DataLake definition and its reference from the operator's models
	@$(BIN)/python -m salescommand_operator.crd > charts/salescommand/files/datalakes.yaml
	@$(BIN)/python -m salescommand_operator.reference docs/operator.md

chart: setup ## Write the table of values into the chart's README
	@$(BIN)/python scripts/chart_readme.py

clean: ## Remove what was installed and built; data stays
	@rm -rf .venv .setup frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@echo "Removed what was installed and built. Data is untouched; \`make reset\` erases it."
