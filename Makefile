# Everything a person does with this repository; `make` alone lists it. V=1 shows what the tools say.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup base-images node-packages toolchain-images kubernetes build release check test test-sandbox test-cgroup2 test-unit test-kubernetes test-registry \
	test-buildpacks test-swift-app test-queue \
	chaos demo held-out bench-slice bench-layers bench-registry bench-sandbox bench-queue bench-plan clean

V ?= 0
FILTER ?=
export V

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing, and check the Swift toolchain
	@scripts/setup.sh

base-images: setup ## make the base images that builds start from, once
	@scripts/base-images.sh

node-packages: setup ## pack what Debian's packages for Node hold for the tests' npm registry, once
	@scripts/node-packages.sh

toolchain-images: setup ## make the images of further toolchains that tests build real apps in, once (about 8 minutes)
	@scripts/toolchain-images.sh

kubernetes: setup ## build the Kubernetes API server that tests talk to, once (about 5 minutes), and get newer schemas
	@scripts/kube-apiserver.sh
	@scripts/kubernetes-validate.sh

build: setup ## build for debugging
	@scripts/build.sh debug

release: setup ## build .build/release/slipway
	@scripts/build.sh release

check: setup ## check the format, the scripts, the JSON and YAML files, and that the build has no warnings
	@scripts/check.sh

test: setup base-images node-packages toolchain-images kubernetes ## run the tests; FILTER=NAME runs those that match
	@scripts/test.sh $(FILTER)

test-sandbox: setup base-images node-packages toolchain-images ## run steps in the sandbox, unpack and build real apps: limits, escapes, egress, kills, memos, counted
	@scripts/test.sh 'SandboxTests|RootFilesystemTests|StepTests|StepFarmTests'

test-cgroup2: setup ## run the sandbox's tests in a guest kernel whose control groups are version 2 alone, counted
	@scripts/test-cgroup2 $(FILTER)

test-unit: setup base-images release ## boot systemd in a guest kernel with the worker installed, and build, limit, kill and stop it there, counted
	@scripts/test-unit

test-kubernetes: setup kubernetes ## run the deployer's tests against the API server, counted
	@scripts/test.sh KubernetesTests

chaos: setup base-images ## kill, pause and cut off workers and Redis for CHAOS_SECONDS (600), then check every build's history
	@CHAOS_SECONDS=$${CHAOS_SECONDS:-600} V=1 scripts/test.sh ChaosTests

test-buildpacks: setup base-images toolchain-images ## plan every case of buildpacks/tests, counted by language; build, run and ask real apps
	@scripts/test.sh 'BuildpacksTests|RealBuildTests|ToolchainTests|ZigAppTests'

held-out: setup release ## plan public example apps that are in APPS=DIR, and count right languages and start commands (scripts/held-out --help)
	@scripts/held-out "$${APPS:?name the directory: make held-out APPS=DIR}"

test-swift-app: setup base-images ## build, run and ask an app in an image of Debian's Swift, whose making takes minutes and 6 GB
	@scripts/toolchain-images.sh swift
	@SLIPWAY_TEST_SWIFT_APP=1 scripts/test.sh SwiftAppTests

test-registry: setup ## push against faulty and odd registries: the matrix of faults by requests, counted
	@scripts/test.sh RegistryTests

test-queue: setup ## run the queue's tests with functions, with scripts, and on Valkey where it is installed
	@scripts/test-queue

demo: setup base-images release ## build three real projects from git to running containers; KUBECONFIG=FILE deploys them too (scripts/demo)
	@scripts/demo

bench-slice: setup base-images release ## measure start-up, idle memory and the builds of the demo by phase
	@scripts/bench-slice

bench-layers: setup base-images release ## measure layers beside other tools: TREE=DIR names the files
	@scripts/bench-layers $(if $(TREE),--tree $(TREE))

bench-plan: setup release ## measure how long it takes to detect what a tree of 50,000 files is
	@scripts/bench-plan

bench-queue: setup release ## measure the queue with empty builds, beside BullMQ in Python and a plain XREADGROUP loop
	@scripts/bench-queue

bench-registry: setup release ## measure pushes and pulls beside other tools: SIZES="1G 4G" are the layers
	@scripts/bench-registry $(if $(SIZES),--layer-bytes $(SIZES))

bench-sandbox: setup base-images release ## measure what a step costs and how long a base takes to unpack, beside other tools
	@scripts/bench-sandbox

clean: ## remove what was built here; the cache outside the checkout stays
	@rm -rf .build
