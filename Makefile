# Each command does its own set-up first: see setup.sh.
.DEFAULT_GOAL := help
PONDER_ROS := $(CURDIR)/.deps/ros/overlay/lib/ponder/ponder
.PHONY: help setup build run test test-fast test-ros test-colcon test-arm bench lint parity viewer picture smollm2 ros bench-ros bench-janus bench-reasoner bench-train

GOAL ?= put the red block in the green bowl
ARGS ?=
RRD ?= run.rrd
PNG ?= $(RRD:.rrd=.png)
CARGO := cargo
PYTHON ?=
MODEL ?=
LLAMACPP ?=
KINDS ?= f32,bf16,q8_0
export GOAL
export PATH := $(CURDIR)/.deps/rerun:$(PATH)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## check and fetch what the build needs (every command below does)
	@./setup.sh

build: setup ## target/release/ponder
	$(CARGO) build --release --locked --package ponder-nodes --bin ponder

run: setup ## tell the robot GOAL="..."; further options in ARGS="--scene drawer"
	$(CARGO) run --release --locked --package ponder-nodes --bin ponder -- run "$$GOAL" $(ARGS)

test: lint smollm2 ## everything: format, lints, all tests with the slow ones, then the ROS 2 graph (test-ros)
	$(CARGO) test --release --locked --workspace --no-fail-fast -- --include-ignored
	$(MAKE) test-ros

test-fast: setup ## unit and property tests and the short whole-stack ones
	$(CARGO) test --release --locked --workspace --no-fail-fast

test-ros: ros ## the ROS 2 graph: lints, unit tests, and a graph driven by an independent client
	. .deps/ros/setup.sh && $(CARGO) clippy --release --locked --package ponder-nodes --features ros --all-targets -- -D warnings
	. .deps/ros/setup.sh && $(CARGO) test --release --locked --package ponder-nodes --features ros --lib ros::
	. .deps/ros/setup.sh && cd tests/ros && PONDER="$(PONDER_ROS)" timeout 1200 python3 -m unittest -v
	PONDER_TEST_ROS=1 $(CARGO) test --release --locked --package ponder-tests --test ros -- --include-ignored

test-colcon: ros ## `colcon build` of all this in a workspace of its own, and a task with what it installs (builds for minutes)
	@test -x .deps/colcon/bin/colcon || { python3 -m venv .deps/colcon && .deps/colcon/bin/pip install --quiet colcon-common-extensions==0.3.0; }
	. .deps/ros/setup.sh && cd tests/ros && PONDER="$(PONDER_ROS)" COLCON=$(CURDIR)/.deps/colcon/bin/colcon PONDER_TEST_COLCON=1 timeout 3600 python3 -m unittest -v test_colcon

test-arm: ## the kernels as an aarch64 machine runs them (NEON), under qemu
	@command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null || { echo "apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross" >&2; exit 1; }
	rustup target add aarch64-unknown-linux-gnu
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
		$(CARGO) test --release --locked --package ponder-models --lib --target aarch64-unknown-linux-gnu kernel::

bench: setup ## the benchmarks
	$(CARGO) bench --locked --workspace

bench-janus: setup ## Janus-Pro-1B at full size beside PyTorch, if PYTHON=… has torch and transformers
	$(CARGO) run --release --locked --package ponder-models --example bench_kernels
	$(CARGO) run --release --locked --package ponder-models --example bench_janus -- "$(PYTHON)" $(KINDS)

bench-reasoner: setup ## how fast MODEL=file.gguf thinks, beside llama.cpp if LLAMACPP=folder has its npm package node-llama-cpp
	@test -f "$(MODEL)" || { echo "which model? make bench-reasoner MODEL=file.gguf" >&2; exit 1; }
	$(CARGO) run --release --locked --package ponder-nodes --bin ponder -- bench reasoner --model "$(MODEL)" $(if $(LLAMACPP),--llamacpp "$(LLAMACPP)")

bench-train: setup ## a training step beside PyTorch's, on one thread and on two, if PYTHON=… has torch
	$(CARGO) run --release --locked --package ponder-models --example bench_train -- "$(PYTHON)"

lint: setup ## formatting and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

parity: ## write tests/parity/fixtures anew with transformers (Python 3.10 or later; 6 GB under .deps/parity)
	@test -x .deps/parity/bin/python || python3 -m venv .deps/parity
	.deps/parity/bin/python -m pip install --quiet --requirement tests/parity/requirements.txt
	.deps/parity/bin/python tests/parity/generate.py

smollm2: ## SmolLM2-135M-Instruct under .deps/smollm2, a small language model of others: tests and tables
	@./setup.sh smollm2 || echo "what needs SmolLM2 will be left out" >&2

viewer: ## the rerun viewer, which ARGS=--view opens
	@./setup.sh viewer

picture: ## draw the recording RRD=run.rrd as PNG=run.png, no display needed
	@test -f "$(RRD)" || { echo "there is no $(RRD): make run writes it, RRD=… names another" >&2; exit 1; }
	@./setup.sh picture
	RUST_LOG=error rerun "$(RRD)" --headless --hide-welcome-screen --bind 127.0.0.1 --port 0 --screenshot-to "$(PNG)" --window-size 1280x720

ros: setup ## ROS 2 (yours, if one is sourced) and Ponder's nodes under .deps/ros: source .deps/ros/setup.sh
	@./setup.sh ros
	@nodes/install-ros.sh

bench-ros: ## emergency stop, control period, messages beside rclpy, two hosts; after make ros; SHORT=1: three minutes
	@test -x .deps/ros/overlay/lib/ponder/ponder || { echo "make ros first" >&2; exit 1; }
	. .deps/ros/setup.sh && $(CARGO) build --release --locked --package ponder-nodes --features ros --example ros_bench
	. .deps/ros/setup.sh && python3 tests/ros/bench_estop.py --trials $(if $(SHORT),30,1000)
	. .deps/ros/setup.sh && python3 tests/ros/bench_transport.py $(if $(SHORT),--seconds 5 --rounds 1)
	. .deps/ros/setup.sh && python3 tests/ros/two_hosts.py
