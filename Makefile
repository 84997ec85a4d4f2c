# rego-csr-approver. Two commands do everything: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# The pinned node and tools come first, whatever the machine has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# npm writes this file last: an interrupted install leaves none.
INSTALLED = node_modules/.package-lock.json
tool = $$(node test/tools/main.ts $(1) | awk '{print $$2}')

# With the folders: a file that is gone leaves no other trace.
POLICY_SOURCES = $(shell find policies/floor policies/default)
TEMPLATE_SOURCES = $(shell find policies/template policies/examples policies/schemas)
SOURCES = $(shell find src -name '*.ts' -o -type d)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## approve real requests on a real control plane, and show what is refused
	@node test/demo/main.ts

.PHONY: e2e
e2e: build ## the whole story with real kubelets, from bootstrap token to rotation (root; E2E='--flag-form …')
	@node test/e2e/main.ts $(E2E)

.PHONY: e2e-if-possible
e2e-if-possible: build ## the same, skipped where the machine does not allow it
	@node test/e2e/main.ts --if-possible $(E2E)

.PHONY: control-plane
control-plane: $(INSTALLED) ## a real control plane to try things on, until Ctrl-C; prints its kubeconfig
	@node test/control-plane/main.ts

.PHONY: test
test: $(INSTALLED) ## everything that continuous integration runs
	@node test/all.ts

.PHONY: test-extended
test-extended: build ## long runs: two million mutants of requests, every mutant of decoder and policies, half an hour of soak, an older Kubernetes
	MUTANTS=$${MUTANTS:-2000000} vitest run --config test/vitest.config.ts --project differential
	node test/mutation/main.ts
	node test/rego-mutation/main.ts
	node test/soak/main.ts --minutes $${MINUTES:-30}
	node test/e2e/main.ts --kubernetes=1.33 --flag-form
	node test/e2e/main.ts --kubernetes=1.33 --client-approver=rego

.PHONY: chaos
chaos: build ## break everything around the program, and see that nothing is lost
	vitest run --config test/vitest.config.ts --project chaos

.PHONY: soak
soak: build ## the program over MINUTES=2, with policies replaced and connections cut
	node test/soak/main.ts --minutes $${MINUTES:-2}

.PHONY: check
check: $(INSTALLED) bundle ## fast: format, lint, types, dead code, unit tests, Rego
	oxfmt --check
	oxlint --type-aware --deny-warnings
	tsc --noEmit
	knip
	vitest run --config test/vitest.config.ts --project unit
	$(MAKE) --no-print-directory policy

.PHONY: policy
policy: $(INSTALLED) bundle ## format, check, lint and test the policies, on OPA and on WebAssembly
	node test/rego/main.ts

.PHONY: coverage
coverage: $(INSTALLED) bundle ## show that the tests take every branch of the decoder
	vitest run --config test/vitest.config.ts --project unit --coverage.enabled --coverage.include='src/csr/**' \
		--coverage.thresholds.branches=100 --coverage.thresholds.lines=100 test/unit/csr

.PHONY: docs
docs: $(INSTALLED) ## write the documents, and parts of them, that are made from the code
	node test/documents/main.ts

.PHONY: bundle
bundle: dist/floor.tar.gz dist/default.tar.gz dist/template.tar.gz ## build the policy bundles with opa

dist/%.tar.gz: $(POLICY_SOURCES) policies/capabilities.json | $(INSTALLED)
	@mkdir -p dist
	opa=$(call tool,opa); $$opa build -b policies/$* -t wasm --ignore '*_test.rego' --capabilities policies/capabilities.json -o $@.new
	@mv $@.new $@

dist/template.tar.gz: $(POLICY_SOURCES) $(TEMPLATE_SOURCES) policies/capabilities.json deploy/program/template.ts | $(INSTALLED)
	node deploy/program/template.ts

.PHONY: build
build: dist/rego-csr-approver compiler ## write the shipped program to dist/

.PHONY: compiler
compiler: dist/opa-compiler.wasm.br ## write OPA's compiler, for the command `build`, to dist/ (Go)

dist/opa-compiler.wasm.br: $(wildcard src/compiler/opa/*) deploy/program/compiler.ts deploy/program/wasm-memory.ts | $(INSTALLED)
	node deploy/program/compiler.ts

dist/rego-csr-approver: $(SOURCES) $(wildcard deploy/program/*.ts) package.json package-lock.json dist/floor.tar.gz dist/default.tar.gz dist/template.tar.gz | $(INSTALLED)
	node deploy/program/build.ts

.PHONY: image
image: build ## write the container image for amd64 and arm64 to dist/image, with its SBOMs
	@node deploy/image/main.ts build

.PHONY: image-packages
image-packages: $(INSTALLED) ## record the newest Debian packages for the image
	@node deploy/image/main.ts packages

.PHONY: package
package: build ## write the npm package to dist/npm, packed beside it
	node deploy/npm/build.ts
	@npm pack --silent --pack-destination dist ./dist/npm

.PHONY: release
release: $(INSTALLED) ## release VERSION=1.2.3 [IMAGE=REPOSITORY] [DIGEST=sha256:…] [RELEASE='--dry-run …']: check, write, test, tag, push
	@node deploy/release/main.ts "$${VERSION:-}" $${IMAGE:+--image "$$IMAGE"} $${DIGEST+--digest "$$DIGEST"} $(RELEASE)

.PHONY: bench
bench: build ## every figure of test/bench: decoder, facts, scale, policies, threads, reloads, builds
	@for bench in test/bench/*.bench.ts; do echo "$$bench"; node --expose-gc "$$bench"; echo; done

.PHONY: tools
tools: $(INSTALLED) ## build the tools that tests need: opa, conftest, regal, oras, etcd, Kubernetes
	node test/tools/main.ts all

.PHONY: policy-tools
policy-tools: $(INSTALLED) ## build the tools that whoever writes policies needs: opa, conftest, regal
	node test/tools/main.ts opa conftest regal

.PHONY: clean
clean: ## remove what was built here
	rm -rf dist coverage node_modules

.PHONY: clean-tools
clean-tools: $(INSTALLED) ## remove the built tools and the compiler, and downloads for the image, from the cache
	node test/tools/main.ts clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/rego-csr-approver/"{image,compiler}

$(INSTALLED): package.json package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or later; the project brings its own Node 24' >&2; exit 2; }
	npm ci
	@touch $@
