SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
PLATFORMS ?= $(shell go env GOOS)/$(shell go env GOARCH)
ALL_PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
FUZZTIME ?= 60s
BUILD := go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
TOOLS := tools tools/deploylint tools/clientgen clients/go examples/gateway-go tools/release tools/kubelint
# make test runs every test without -race, and with -race again all tests of most packages. SLOW_WITH_RACE are packages in which that
# takes minutes: there it repeats the tests that run things concurrently, by their names (a test checks that none is missing).
# drills is left out: it tests the program, which is built without -race.
SLOW_WITH_RACE := . cli demo handlers store
WITH_RACE := AtOnce|Instance|UnderLoad|Beside|Background|Burst|Download|Overlap|Overtak|SIGTERM|EventsLeave|AReaderThatStalls|OpenCalls|AClientThatLeaves|BodiesOfCalls|AnswersThatAreOnlyPassedOn|InventedSession|CallsAreRefusedWhile
# SQLite and its C library are Go code that was translated from C. With the race detector they take almost half of the time of these runs, and
# what the program itself does is watched without that all the same.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false
# make torture runs everything with -race, except tests that send thousands of requests in turn, drive a browser, or count allocations or memory.
WITHOUT_RACE := AllocatesLittle|InABrowser|NoLinkAndNoForm|FrontDoor|FlatMemory

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target line; do printf '  make %-16s %s\n' "$$target" "$$line"; done

## Development

.PHONY: run dashboard generate migration openapi clients pricelist licences manifests pictures
run: ## run the service with demo data and no other service
	go run . serve --demo

dashboard: dashboard/node_modules/.package-lock.json ## run the service with demo data and the dashboard in development mode
	$(BUILD) -o .build/codexible .
	.build/codexible serve --demo & service=$$!; trap 'kill $$service' EXIT; npm --prefix dashboard run dev

%/node_modules/.package-lock.json: %/package-lock.json
	@command -v npm >/dev/null || { echo '$* needs Node.js 20.19 or later, with npm, on the PATH' >&2; exit 1; }
	cd $* && npm ci --no-audit --no-fund

generate: ## generate Go code from the templ components
	go tool templ generate

migration: ## plan a migration from schema.hcl: make migration NAME=add_something
	@[[ '$(NAME)' =~ ^[a-z0-9_]+$$ ]] || { echo 'make migration NAME=add_something (lower case, digits and _)' >&2; exit 2; }
	tools/testenv.sh go test ./store -count=1 -run TestMigrationsMatchTheSchema -plan $(NAME)

openapi: dashboard/node_modules/.package-lock.json ## rewrite docs/openapi.json from the handlers, and what is generated from it
	go test ./handlers -count=1 -run TestOpenAPI -update
	npm --prefix dashboard run types
	$(MAKE) clients

clients: clients/node_modules/.package-lock.json ## rewrite what is generated of clients/ from docs/openapi.json
	go -C tools/clientgen tool oapi-codegen -config ../../clients/go/generate.yaml -o ../../clients/go/api.gen.go ../../docs/openapi.json
	cd clients && npx openapi-typescript ../docs/openapi.json -o typescript/src/schema.ts

pricelist: ## rewrite the price list that ships, from the npm package that tools/pricelist names
	cd tools/pricelist && npm ci --ignore-scripts --no-audit --no-fund && node pricelist.mjs

licences: tools/licences/bundled/node_modules/.package-lock.json ## rewrite third-party-licences.txt from what the program links and embeds, with the packages in Swagger UI
	node tools/licences/bundled/bundled.mjs
	go -C tools run ./licences

manifests: ## rewrite deploy/kubernetes from the Helm chart
	go -C tools/kubelint run . -write

pictures: dashboard/node_modules/.package-lock.json ## take the pictures in docs/pictures again, of the console and the dashboard of a demo
	tools/need.sh chromium
	$(BUILD) -o .build/codexible .
	npm --prefix dashboard run build
	CODEXIBLE_BIN=$(CURDIR)/.build/codexible npm --prefix dashboard run pictures

## Checks

.PHONY: test format vet generated lint scripts audit deploy-files test-go test-dashboard examples lighthouse agents torture chaos soak fuzz bench
test: ## run everything: the checks below, every Go test, the concurrent ones also with -race, the dashboard's tests; nothing is skipped
	tools/test.sh

format: ## fail if gofmt would change Go code
	@unformatted=$$(git ls-files -z -co --exclude-standard '*.go' | xargs -0r gofmt -l); \
	[[ ! $$unformatted ]] || { printf 'run gofmt -w on:\n%s\n' "$$unformatted"; exit 1; }

vet: ## run go vet here and in tools/
	go vet ./...
	for module in $(TOOLS); do go -C $$module vet ./...; done

generated: ## fail if generated code is out of date
	@sums() { find views -name '*_templ.go' -exec sha256sum {} + | sort; }; \
	before=$$(sums); go tool templ generate -log-level error; \
	[[ $$before == "$$(sums)" ]] || { echo 'the generated code was out of date; it is rewritten: commit it'; exit 1; }

lint: ## run golangci-lint here and in tools/
	go tool -modfile=tools/lint/go.mod golangci-lint run
	for module in $(TOOLS); do (cd $$module && go tool -modfile=$(CURDIR)/tools/lint/go.mod golangci-lint run); done

scripts: ## run shellcheck on the scripts and actionlint on the workflows
	tools/need.sh shellcheck
	shellcheck .ci/run tools/*.sh deploy/package/*.sh
	go tool -modfile=tools/actionlint/go.mod actionlint

audit: ## check for known vulnerabilities, where the vulnerability database can be reached
	tools/audit.sh

deploy-files: ## check the Dockerfiles, compose.yml and deploy/ with the tools that read them
	go -C tools/deploylint run . $(abspath $(wildcard Dockerfile dashboard/Dockerfile deploy/container/Dockerfile compose.yml examples/*/compose.yml))
	go -C tools/kubelint run .
	tools/need.sh systemd-analyze caddy nginx openssl
	tools/deploy-files.sh

test-go: clients/node_modules/.package-lock.json ## run every Go test, the concurrent ones also with -race, with PostgreSQL, Valkey, Exim and Chromium; fail if one is skipped; screenshots go to .build/screenshots
	tools/need.sh race postgres valkey exim chromium ip mkfs.ext4 zsh fish
	CODEXIBLE_SCREENSHOTS=$(CURDIR)/.build/screenshots tools/testenv.sh bash -c 'status=0; slow=$$(go list $(SLOW_WITH_RACE:%=./%)); \
	  go test -count=1 -p 3 -timeout=20m -json ./handlers ./drills ./store ./... || status=1; \
	  for module in $(TOOLS); do go -C $$module test -json ./... || status=1; done; \
	  echo "again with -race:"; \
	  go test $(RACE) -count=1 -timeout=20m -run "$(WITH_RACE)" -json $$slow || status=1; \
	  go test $(RACE) -count=1 -timeout=20m -json $$(go list ./... | grep -vFx -e "$$slow" -e codexible/drills) || status=1; \
	  exit $$status' | go -C tools run ./testreport

test-dashboard: dashboard/node_modules/.package-lock.json ## check the dashboard: types, lint, unit tests, build, browser tests
	tools/need.sh chromium
	npm --prefix dashboard run typecheck
	npm --prefix dashboard run lint
	npm --prefix dashboard run test
	npm --prefix dashboard run build
	$(BUILD) -o .build/codexible .
	CODEXIBLE_BIN=$(CURDIR)/.build/codexible npm --prefix dashboard run e2e

examples: clients/node_modules/.package-lock.json ## build the examples and run their tests against a demo of the service
	$(BUILD) -o .build/codexible .
	tools/examples.sh

lighthouse: dashboard/node_modules/.package-lock.json ## run Lighthouse on the dashboard's production build
	tools/need.sh chromium
	$(BUILD) -o .build/codexible .
	npm --prefix dashboard run build
	CODEXIBLE_BIN=$(CURDIR)/.build/codexible npm --prefix dashboard run lighthouse

agents: ## run coding agents and SDKs, installed outside of this folder, against the service and a fake provider, without any network
	tools/need.sh ip
	tools/agents.sh

torture: clients/node_modules/.package-lock.json ## run every package with -race, the long torture tests, the HTTP tests ten times, and each fuzz target for a minute
	tools/testenv.sh go test $(RACE) -count=1 -timeout=1h -skip '$(WITHOUT_RACE)' ./...
	CODEXIBLE_TORTURE=1 tools/testenv.sh go test $(RACE) -count=1 -timeout=2h -run Torture -skip '$(WITHOUT_RACE)' ./...
	CODEXIBLE_TORTURE=1 tools/testenv.sh go test -count=1 -timeout=1h -run 'Torture.*FrontDoor|FlatMemory' ./handlers
	tools/testenv.sh go test $(RACE) -count=10 -timeout=1h -skip '$(WITHOUT_RACE)' ./handlers
	$(MAKE) fuzz

chaos: ## test databases and disks that stop, slow down or disappear under load
	tools/need.sh ip mkfs.ext4
	CODEXIBLE_CHAOS=1 tools/testenv.sh --durable go test -count=1 -timeout=2h -run Chaos -v ./...

soak: ## run mixed load on each database; fail if memory, goroutines or files grow; CODEXIBLE_SOAK=30m CODEXIBLE_SOAK_PERCENT=60 (of the peak rate)
	CODEXIBLE_SOAK=$${CODEXIBLE_SOAK:-30m} tools/testenv.sh --durable go test -count=1 -timeout=3h -run ChaosSteadyLoad -v ./drills

fuzz: ## run each fuzz target for FUZZTIME (60s)
	tools/testenv.sh tools/fuzz.sh $(FUZZTIME)

bench: ## run the benchmarks with a durable PostgreSQL and Valkey, write BENCH.md: make bench ARGS=…
	tools/need.sh wrk
	tools/testenv.sh --durable go run ./bench $(ARGS)

## Release

.PHONY: build release fresh-debian newcomer clean
release: ## make archives, packages, a container context and notes of a tagged version in dist/: make release VERSION=v0.1.0 without a tag
	$(MAKE) build PLATFORMS='$(ALL_PLATFORMS)' VERSION='$(VERSION)'
	go -C tools/release run . -version '$(VERSION)' -time "$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}"

build: ## build a static, reproducible binary of this platform with checksum and bill of materials in dist/; PLATFORMS="linux/arm64 …" for others
	rm -rf dist && mkdir dist
	for platform in $(PLATFORMS); do \
	  binary=dist/codexible-$${platform/\//-}; echo "$$binary"; \
	  CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(BUILD) -o $$binary .; \
	  go -C tools run ./sbom $(CURDIR)/$$binary $(VERSION) >$$binary.cdx.json; \
	done
	cd dist && sha256sum codexible-* >SHA256SUMS

fresh-debian: ## install and run it in a fresh Debian with the documented commands; needs root
	tools/fresh-debian.sh

newcomer: ## go from the clone to an answer in Claude Code in a fresh Debian, with a stopwatch; needs root
	tools/newcomer.sh

clean: ## remove build output
	rm -rf dist .build dashboard/.next
