# DeployForge. `make demo` shows the whole loop; `make test` proves it. Both set up everything they need.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
TOOLS := .deployforge-tools
UV := $(shell command -v uv 2>/dev/null || echo $(CURDIR)/$(TOOLS)/bin/uv)
RUN := .venv/bin/python
LOCAL := $(RUN) -m deployforge_local

RELEASE := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# What a domain decides, and what the chassis and the clients promise, is typed strictly.
TYPED := $(wildcard services/*/src/*/domain services/*/src/*/application) \
	libs/anomalies/src libs/chassis/src libs/client/src libs/documents/src libs/templates/src cli/src infra/local/src plugins/terraform/src

.PHONY: help setup contracts golden anomaly-model up down status demo demo-multicloud test test-unit test-contract conformance test-journeys chaos chaos-long lint format bench bench-store bench-delivery bench-drift soak-drift bench-impact bench-scan clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 18

setup: .venv/.ready ## Install everything into .venv (needs Python 3.11 only)

.venv/.ready: uv.lock pyproject.toml $(wildcard */pyproject.toml */*/pyproject.toml)
	@[ -x "$(UV)" ] || command -v uv >/dev/null || { $(PYTHON) -m venv $(TOOLS) && $(TOOLS)/bin/pip -q install uv; }
	@$(UV) sync --all-packages --frozen --quiet
	@touch $@

contracts: setup ## Generate the Python modules of proto/
	@$(RUN) libs/contracts/generate.py

golden: setup ## Keep a stored event of every new event class, for later releases to read
	@for service in $(notdir $(wildcard services/*)); do \
		$(RUN) -m deployforge_chassis.golden deployforge_$${service//-/_} services/$$service/tests/golden $(RELEASE) || exit 1; done

anomaly-model: setup ## Train the anomaly model that ships, from its scenarios: the same bytes every time
	@$(RUN) -m deployforge_drift_detector.testing.starting_model

up: setup ## Start the whole system on this machine
	@$(LOCAL) up

down: setup ## Stop it; nothing is left running
	@$(LOCAL) down

status: setup ## Show what runs
	@$(LOCAL) status

demo: setup ## From nothing to a healed drift, in front of your eyes
	@$(RUN) -m deployforge_local.demo

demo-multicloud: setup ## The same over AWS, Azure, Google Cloud and OpenTofu in one deployment (builds OpenTofu, which needs Go)
	@$(RUN) -m deployforge_local.demo_multicloud

lint: setup ## Style, types, architecture, contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { echo "run \`make format\`"; exit 1; }
	@.venv/bin/mypy --no-error-summary $(TYPED)
	@.venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports
	@$(RUN) libs/contracts/generate.py --check
	@$(RUN) libs/contracts/check.py

format: setup ## Format the code
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .

test-unit: setup ## Unit tests: no Kafka, no cloud
	@$(RUN) -m pytest -q -n 2 --ignore-glob='*/tests/contract/*' --ignore=tests/emulators

test-contract: setup ## Every port's contract suite, on the fake and on the real thing
	@$(RUN) -m pytest -q -n 2 --dist worksteal tests/emulators $(wildcard */*/tests/contract)

conformance: setup ## What adapters and emulated clouds say to each other, against the clouds' own contracts (DEPLOYFORGE_CONTRACTS)
	@rm -rf $(TOOLS)/exchanges
	@DEPLOYFORGE_EXCHANGES=$(CURDIR)/$(TOOLS)/exchanges $(RUN) -m pytest -q -n 2 --dist worksteal tests/emulators $(wildcard services/mcal/tests/contract)
	@$(RUN) -m tests.emulators.arm.conformance $(TOOLS)/exchanges/arm || [ $$? = 3 ]
	@$(RUN) -m tests.emulators.gcp.conformance $(TOOLS)/exchanges/gcp || [ $$? = 3 ]

test-journeys: setup ## Journeys through a running system of their own
	@$(RUN) -m deployforge_local.journeys

chaos: setup ## Clients and faults at once, and a history that must be without a flaw (SEED=n plans the same again)
	@$(RUN) -m tests.chaos

chaos-long: setup ## The same with 20,000 commands and 60 faults
	@$(RUN) -m tests.chaos --commands 20000 --faults 60

test: setup ## Everything, as CI runs it
	@$(RUN) -m deployforge_local.everything

bench: setup ## Benchmarks; the last line of each is JSON
	@for b in benchmarks/bench_*.py; do $(RUN) $$b || exit 1; done

bench-store: setup ## What the event store costs: append, consume, relay, takeover, rebuild, inventory
	@$(RUN) benchmarks/bench_store.py

bench-delivery: setup ## What reliable delivery costs, from one event log to another service's row
	@$(RUN) benchmarks/bench_delivery.py

bench-drift: setup ## How many resources are checked in a minute, beside a loop by hand
	@$(RUN) benchmarks/bench_drift.py

soak-drift: setup ## Whether its memory and lag stay as they are for half an hour (MINUTES=…)
	@$(RUN) benchmarks/soak_drift.py --minutes $(or $(MINUTES),30)

bench-impact: setup ## How fast it is answered what suffers with a resource, among 100,000
	@$(RUN) benchmarks/bench_impact.py

bench-scan: setup ## How long it takes to look at 2,000 resources and to know what has drifted, beside OpenTofu
	@$(RUN) benchmarks/bench_scan.py

clean: down ## Stop the system and forget its data
	@rm -rf .deployforge
