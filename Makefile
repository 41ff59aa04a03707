# The commands of the project; `make` alone lists them. What takes more than a line lies in .ci.

SWIFT ?= swift
PORT ?= 8080
LIMBIC := .build/release/limbic
SOURCES := Sources Tests Package.swift
# How tests are built where all kinds of build are tested; each kind has a build directory of its own.
RELEASE_TESTS := -c release -Xswiftc -enable-testing

export SWIFT PORT LIMBIC

.DEFAULT_GOAL := help
.PHONY: help install build test check soak lint format demo run compare compare-http compare-serving conformance fuzz \
	test-dashboard guides proxies launchers bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Install what is missing (apt; as root or with sudo)
	@.ci/install

build: install ## Build a release: .build/release/limbic
	$(SWIFT) build -c release --product limbic

test: install ## Build and run all tests
	$(SWIFT) test

check: lint test ## Lint; test as debug, as release and under the sanitizers
	$(SWIFT) test --scratch-path .build-release $(RELEASE_TESTS)
	.ci/sanitize thread
	.ci/sanitize address

soak: install ## Test for long: 20,000 simulated lives of the job service, and servers killed for two minutes; SEEDS=20000
	LIMBIC_SEEDS=$(or $(SEEDS),20000) LIMBIC_SOAK_SECONDS=120 \
		$(SWIFT) test --scratch-path .build-release $(RELEASE_TESTS) --filter 'SimulationTests|SurvivalTests'

lint: ## Check the format of the code
	$(SWIFT) format lint --strict -r $(SOURCES)

format: ## Put the code into format
	$(SWIFT) format -i -r $(SOURCES)

demo: build ## Train and ask a model over REST; DATA=DIR takes your data, STAY=0 stops the service, PORT=8080
	@.ci/demo

run: build ## Run the service on PORT with its data in .limbic
	$(LIMBIC) serve --data-dir .limbic --host 127.0.0.1 --port $(PORT)

compare: build ## Measure Limbic and PyTorch in turn; installs PyTorch into .venv
	python3 -m venv .venv
	.venv/bin/pip install --quiet --retries 0 --requirement Tests/Peers/pytorch/requirements.txt \
		--extra-index-url https://download.pytorch.org/whl/cpu
	.venv/bin/python Tests/Peers/pytorch/compare.py --limbic $(LIMBIC)

compare-http: build ## Measure the HTTP server and others in turn; needs wrk, and nginx and cargo for two of them
	python3 Tests/Peers/http/compare.py --limbic $(LIMBIC)

compare-serving: build ## Measure predictions over HTTP beside FastAPI and LitServe; installs them into .venv-serving; needs wrk
	python3 -m venv .venv-serving
	.venv-serving/bin/pip install --quiet --retries 0 --requirement Tests/Peers/serving/requirements.txt \
		--extra-index-url https://download.pytorch.org/whl/cpu
	.venv-serving/bin/python Tests/Peers/serving/compare.py --limbic $(LIMBIC)

conformance: build ## Hold the service against its own description; installs tools into .venv-conformance
	@.ci/conformance --checks=all --max-time 120

test-dashboard: build ## Use the dashboard in a browser; PICTURES=DIR keeps what it looked like, KEEP=1 README's; installs chromium
	@.ci/dashboard

guides: build ## Run the commands of README and the guides as they are written; installs what they import into .venv-guides
	@.ci/guides

fuzz: install ## Look for bytes that the parsers of requests mistreat, for TIME=60 seconds
	@.ci/fuzz

proxies: build ## See whether nginx and HAProxy see the same requests as the service behind them; needs both
	python3 Tests/Peers/proxies/compare.py --limbic $(LIMBIC)

launchers: build ## Train through mpirun and srun, on a Slurm made for it; as root, installs what is missing (apt)
	Tests/Launchers/run --limbic $(LIMBIC)

bench: build ## Measure training, prediction, JSON, HTTP and the job service
	@for part in train predict json http jobs; do $(LIMBIC) bench $$part --json || exit; done

clean: ## Remove what was built; keeps .limbic
	rm -rf .build .build-release .build-thread .build-address .build-fuzz
