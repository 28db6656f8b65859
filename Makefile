# Every command of this repository. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SWIFT ?= swift
ARGS ?=
FILTER ?=

# What Debian has to bring; nothing else is installed.
PACKAGES := g++ pkg-config patchelf libsqlite3-dev libyaml-dev libxxhash-dev libsimdjson-dev libssl-dev \
  libargon2-dev libcurl4-openssl-dev libmaxminddb-dev libpcre2-dev liblz4-dev libseccomp-dev libpng-dev libturbojpeg0-dev libgif-dev \
  libfuse3-dev fuse3 openssl \
  nghttp2-server uap-core wrk
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SWIFT_FOLDERS := Package.swift Sources Plugins Tests Benchmarks Kit Examples/swift/Package.swift Examples/swift/Sources
TESTS := $(SWIFT) test --disable-xctest

# What runs plugins: in builds of their own, because a sanitizer changes every object.
SANITIZERS ?= thread address
# ThreadSanitizer does not see who has waited for a `Mutex`, whose waiting is in a library it has not compiled:
# services, where many wait, would be reported falsely.
SANITIZED_thread := PluginRuntimeTests|PluginTestKitTests
SANITIZED_address := $(SANITIZED_thread)|ServiceTests

.PHONY: help run build stage kit test examples nightly sanitize sdk-check check tidy header lint bench format setup clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: build ## Build and serve on 127.0.0.1:8080 with ./plugins.yaml and ./data (ARGS="--listen …")
	@exec dist/bin/tally serve $(ARGS)

# All of it in one build: the small programs are compiled beside the last large one.
build: setup ## Build the release into dist/, a folder that can be copied anywhere
	@$(SWIFT) build -c release
	@$(MAKE) stage

# dist/ is made beside the old one and then takes its place, so that a server that runs from it goes on.
stage:
	@rm -rf dist.new && mkdir -p dist.new/bin dist.new/lib
	@cp .build/release/tally .build/release/tally-runner dist.new/bin/
	@for plugin in $(notdir $(wildcard Plugins/*)); do \
	  mkdir -p dist.new/plugins/$$plugin; \
	  cp .build/release/lib$$plugin.so dist.new/plugins/$$plugin/; \
	  if [ -d Plugins/$$plugin/dashboard ]; then cp -r Plugins/$$plugin/dashboard dist.new/plugins/$$plugin/; fi; \
	done
	@runtime=$$($(SWIFT)c -print-target-info | tr -d ' \n' | sed 's/.*"runtimeLibraryPaths":\["\([^"]*\)".*/\1/'); \
	ldd dist.new/bin/* dist.new/plugins/*/*.so | awk -v folder="$$runtime/" \
	  'index($$3, folder) == 1 { print $$3 }' | sort -u | xargs -r -I{} cp -L {} dist.new/lib/
	@patchelf --set-rpath '$$ORIGIN/../lib' dist.new/bin/*
	@patchelf --set-rpath '$$ORIGIN/../../lib' dist.new/plugins/*/*.so
	@$(MAKE) kit KIT=dist.new
	@rm -rf dist && mv dist.new dist

# What authors of plugins build against: the header, PluginKit as sources, and the examples, which are what
# `tally plugin new` copies.
KIT ?= .build/kit
kit:
	@rm -rf $(KIT)/include $(KIT)/share
	@mkdir -p $(KIT)/include $(KIT)/share/tally/PluginKit/Sources $(KIT)/share/tally/examples
	@cp Sources/PluginABI/include/tally_plugin.h $(KIT)/include/
	@cp Kit/Package.swift $(KIT)/share/tally/PluginKit/
	@cp -r Sources/PluginABI Sources/PluginKit $(KIT)/share/tally/PluginKit/Sources/
	@for language in c swift rust; do \
	  mkdir -p $(KIT)/share/tally/examples/$$language; \
	  tar -C Examples/$$language --exclude=./build --exclude=./.build --exclude=./target -cf - . \
	    | tar -C $(KIT)/share/tally/examples/$$language -xf -; \
	done

test: setup ## Run all tests (FILTER=Name runs some)
	@$(if $(FILTER),,$(SWIFT) build --build-tests && $(MAKE) examples)
	@$(TESTS) $(if $(FILTER),--filter '$(FILTER)')

# The examples against the debug build, laid out as an installation is.
examples: kit
	@mkdir -p $(KIT)/bin && ln -sf ../../debug/tally $(KIT)/bin/tally
	@for language in c swift; do $(MAKE) -C Examples/$$language test TALLY_HOME=$(abspath $(KIT)); done
	@if command -v cargo >/dev/null; then $(MAKE) -C Examples/rust test TALLY_HOME=$(abspath $(KIT)); \
	else echo "Examples/rust: skipped, cargo is not installed"; fi

FUZZ_SECONDS ?= 300
SEEDS ?= 2000
nightly: setup ## Fuzz every parser, simulate thousands of seeds, switch plugins; hours (FUZZ_SECONDS=300 SEEDS=2000)
	@$(SWIFT) build --build-tests
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(TESTS) --skip-build --filter FuzzTests
	@SEEDS=$(SEEDS) $(TESTS) --skip-build --filter SimulationTests
	@TALLY_TOGGLES=1000 TALLY_RELOADS=50 $(TESTS) --skip-build --filter LiveTests/toggles

sanitize: setup ## Run the tests of what runs plugins under ThreadSanitizer and AddressSanitizer
	@$(foreach sanitizer,$(SANITIZERS), \
	  $(TESTS) --sanitize=$(sanitizer) --scratch-path .build/$(sanitizer) --filter '$(SANITIZED_$(sanitizer))';)

sdk-check: setup ## Run the real web SDK in Chromium against the server (SDK=folder of countly-sdk-web)
	@[ -f '$(SDK)/lib/countly.js' ] || { echo "SDK=folder: there must be a lib/countly.js in it" >&2; exit 1; }
	@command -v chromium >/dev/null || { echo "install Debian's package chromium" >&2; exit 1; }
	@$(SWIFT) build --build-tests
	@WEB_SDK='$(abspath $(SDK))' $(TESTS) --skip-build --filter WebSDKTests

check: setup lint header tidy ## Format, house rules, the header on its own

lint:
	@$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_FOLDERS)

header:
	@for compiler in gcc clang; do \
	  command -v $$compiler >/dev/null || continue; \
	  for language in c:c99 c:c11 c:c17 c++:c++17 c++:c++20; do \
	    echo '#include "tally_plugin.h"' | $$compiler -x $${language%:*} -std=$${language#*:} -Wall -Wextra \
	      -Wpedantic -Wpadded -Werror -fsyntax-only -ISources/PluginABI/include -; \
	  done; \
	done
	@[ "$$(wc -l < Sources/PluginABI/include/tally_plugin.h)" -le 2000 ] || \
	  { echo "tally_plugin.h has more than 2000 lines" >&2; exit 1; }

tidy:
	@$(TESTS) --filter TidyTests

bench: build ## Measure against bare SwiftNIO; prints a table, writes .build/bench.json (ARGS="…")
	@$(SWIFT) run -c release --skip-build bench --json .build/bench.json $(ARGS)
	@$(SWIFT) run -c release --skip-build hook-bench

format: ## Format every Swift file in place
	@$(SWIFT) format --in-place --parallel --recursive $(SWIFT_FOLDERS)

setup: ## Install the Debian packages that are missing
	@missing=""; \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "install these Debian packages' counterparts:$$missing" >&2; exit 1; }; \
	  $(SUDO) apt-get update -qq; \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing </dev/null; \
	fi

clean: ## Remove what was built; data stays
	@rm -rf .build dist dist.new
