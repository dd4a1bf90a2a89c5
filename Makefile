# SPDX-License-Identifier: Apache-2.0
# Thin: every target is one or two commands. `make help` lists them.
PRESET ?= dev
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := help
.PHONY: help deps build demo test test-full test-unit vm-test attack-lab bench-detect bench-placement lint format manifests figures simulation lab-up lab-down clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install the Debian packages that everything here needs
	e2e/lab/deps.sh install

$(BUILD)/build.ninja: CMakeLists.txt CMakePresets.json | deps
	cmake --preset $(PRESET)

build: $(BUILD)/build.ninja ## compile (PRESET=dev|release|clang|asan|tsan|fuzz|coverage)
	cmake --build $(BUILD) -j $(JOBS)

demo: build ## the main job, happening for real on a cluster of three nodes (KEEP=1 leaves it up)
	e2e/demo/run $(BUILD)

test: build ## all tests: unit, component, replayed fuzz corpus, chart, and the e2e cases on the lab
	e2e/lab/lab prepare
	e2e/vm/vm prepare
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

test-full: $(BUILD)/build.ninja ## the same, and the cases with virtual machines as nodes
	cmake --preset $(PRESET) -DESCAPE_E2E_FULL=ON
	$(MAKE) test

test-unit: build ## only the tests that need neither privilege nor the lab
	ctest --test-dir $(BUILD) --output-on-failure -L 'unit|component|fuzz'

vm-test: build ## what was built, on stock kernels in virtual machines (KERNEL=6.1|6.12|newest for one of them)
	e2e/vm/vm prepare $(KERNEL)
	ctest --test-dir $(BUILD) --output-on-failure -R '^vm_$(KERNEL)'

attack-lab: build ## real attacks on real services on the lab: the tables of docs/detection.md (20 minutes)
	e2e/attacks/run $(BUILD)
	e2e/attacks/report $(BUILD)

bench-detect: build ## what the eye costs: a system call, redis, nginx, the agent, the highest rate; beside bpftrace and strace
	bench/detect/run $(BUILD)/bench/detect/bench-detect

bench-placement: build ## a placement decision at 50, 500 and 5,000 nodes, and the speed of the simulated game
	$(BUILD)/bench/placement/bench_placement

lint: build ## clang-format, clang-tidy, cppcheck, shellcheck, yamllint
	tests/lint $(BUILD)

format: ## rewrite the C sources as .clang-format says
	git ls-files '*.c' '*.h' | xargs clang-format-14 -i

manifests: ## manifests/ from the Helm chart
	helm/render manifests/escape.yaml

figures: build ## docs/figures: the figures of docs/model.md
	docs/figures/render $(BUILD)/cli/kubectl-escape

simulation: build ## docs/model.md: the simulated game's results, played anew
	docs/figures/simulate $(BUILD)/cli/kubectl-escape

lab-up: ## only the cluster
	e2e/lab/lab up

lab-down: ## and away with it
	e2e/lab/lab down

clean: ## what was built in the checkout; the lab's caches stay
	rm -rf build out
