SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
PLATFORMS ?= $(shell go env GOOS)/$(shell go env GOARCH)
ALL_PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
FUZZTIME ?= 60s
BUILD := go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
TOOLS := tools tools/deploylint

.PHONY: help
help: ## print this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target line; do printf '  make %-16s %s\n' "$$target" "$$line"; done

## Working on it

.PHONY: run dashboard generate migration openapi
run: ## the service with demo data, nothing else needed
	go run . serve --demo

dashboard: dashboard/node_modules/.package-lock.json ## the service with demo data and the dashboard in development
	$(BUILD) -o .build/codexible .
	.build/codexible serve --demo & service=$$!; trap 'kill $$service' EXIT; npm --prefix dashboard run dev

dashboard/node_modules/.package-lock.json: dashboard/package-lock.json
	@command -v npm >/dev/null || { echo 'the dashboard needs Node.js 20.19 or later, with npm, on the PATH' >&2; exit 1; }
	cd dashboard && npm ci --no-audit --no-fund

generate: ## the Go code of the templ components
	go tool templ generate

migration: ## plan a migration from schema.hcl: make migration NAME=add_something
	@[[ '$(NAME)' =~ ^[a-z0-9_]+$$ ]] || { echo 'make migration NAME=add_something (lower case, digits and _)' >&2; exit 2; }
	tools/testenv.sh go test ./store -count=1 -run TestMigrationsMatchTheSchema -plan $(NAME)

openapi: ## rewrite docs/openapi.json from the handlers
	go test ./handlers -count=1 -run TestOpenAPI -update

## Checking it

.PHONY: test format vet generated lint scripts audit deploy-files test-go test-dashboard lighthouse torture chaos soak fuzz bench
test: ## everything, nothing skipped: the checks below, every test with -race, the dashboard
	tools/test.sh

format: ## fail on Go code that gofmt would change
	@unformatted=$$(git ls-files -z -co --exclude-standard '*.go' | xargs -0r gofmt -l); \
	[[ ! $$unformatted ]] || { printf 'run gofmt -w on:\n%s\n' "$$unformatted"; exit 1; }

vet: ## go vet, here and in tools/
	go vet ./...
	for module in $(TOOLS); do go -C $$module vet ./...; done

generated: ## fail when generated code is not what its source gives
	@sums() { find views -name '*_templ.go' -exec sha256sum {} + | sort; }; \
	before=$$(sums); go tool templ generate -log-level error; \
	[[ $$before == "$$(sums)" ]] || { echo 'the generated code was out of date; it is rewritten: commit it'; exit 1; }

lint: ## golangci-lint with .golangci.yml, here and in tools/
	go tool -modfile=tools/lint/go.mod golangci-lint run
	for module in $(TOOLS); do (cd $$module && go tool -modfile=$(CURDIR)/tools/lint/go.mod golangci-lint run); done

scripts: ## shellcheck on the scripts
	tools/need.sh shellcheck
	shellcheck .ci/run tools/*.sh

audit: ## known vulnerabilities of what the service calls, where their database can be reached
	tools/audit.sh

deploy-files: ## what reads each of them checks the Dockerfiles, compose.yml and the files of deploy/
	go -C tools/deploylint run . $(abspath $(wildcard Dockerfile dashboard/Dockerfile compose.yml))
	tools/need.sh systemd-analyze caddy nginx openssl
	tools/deploy-files.sh

test-go: ## every Go test with -race beside a PostgreSQL, a Valkey and a Chromium, whose pictures of the console go to .build/screenshots; fails when one is skipped
	tools/need.sh race postgres valkey chromium ip mkfs.ext4
	CODEXIBLE_SCREENSHOTS=$(CURDIR)/.build/screenshots tools/testenv.sh bash -c 'status=0; go test -race -count=1 -timeout=20m -json ./... || status=1; \
	  go test -count=1 -run AllocatesLittle -json ./handlers || status=1; \
	  for module in $(TOOLS); do go -C $$module test -json ./... || status=1; done; exit $$status' | go -C tools run ./testreport

test-dashboard: dashboard/node_modules/.package-lock.json ## the dashboard: types, lint, unit tests, build, browser tests
	tools/need.sh chromium
	npm --prefix dashboard run typecheck
	npm --prefix dashboard run lint
	npm --prefix dashboard run test
	npm --prefix dashboard run build
	$(BUILD) -o .build/codexible .
	CODEXIBLE_BIN=$(CURDIR)/.build/codexible npm --prefix dashboard run e2e

lighthouse: dashboard/node_modules/.package-lock.json ## Lighthouse on the dashboard's production build
	tools/need.sh chromium
	$(BUILD) -o .build/codexible .
	npm --prefix dashboard run build
	CODEXIBLE_BIN=$(CURDIR)/.build/codexible npm --prefix dashboard run lighthouse

torture: ## the long versions of the torture tests, the HTTP suite ten times, a minute of each fuzz target
	CODEXIBLE_TORTURE=1 tools/testenv.sh go test -race -count=1 -timeout=2h -run Torture ./...
	tools/testenv.sh go test -race -count=10 -timeout=1h ./handlers
	$(MAKE) fuzz

chaos: ## servers that stop, crawl and vanish under load
	tools/need.sh ip mkfs.ext4
	CODEXIBLE_CHAOS=1 tools/testenv.sh --durable go test -count=1 -timeout=2h -run Chaos -v ./...

soak: ## half an hour of mixed load on each database, at 60 % of its own peak: nothing may grow; CODEXIBLE_SOAK=30m CODEXIBLE_SOAK_PERCENT=60
	CODEXIBLE_SOAK=$${CODEXIBLE_SOAK:-30m} tools/testenv.sh --durable go test -count=1 -timeout=3h -run ChaosSteadyLoad -v ./drills

fuzz: ## each fuzz target for FUZZTIME (60s)
	tools/testenv.sh tools/fuzz.sh $(FUZZTIME)

bench: ## the load harness beside a durable PostgreSQL and a Valkey: make bench ARGS=…
	tools/need.sh wrk
	tools/testenv.sh --durable go run ./bench $(ARGS)

## Handing it out

.PHONY: build release fresh-debian clean
release: ## make build for Linux and macOS, on amd64 and arm64
	$(MAKE) build PLATFORMS='$(ALL_PLATFORMS)'

build: ## a static, reproducible binary of this platform with checksum and bill of materials in dist/; PLATFORMS="linux/arm64 …" for others
	rm -rf dist && mkdir dist
	for platform in $(PLATFORMS); do \
	  binary=dist/codexible-$${platform/\//-}; echo "$$binary"; \
	  CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(BUILD) -o $$binary .; \
	  go -C tools run ./sbom $(CURDIR)/$$binary $(VERSION) >$$binary.cdx.json; \
	done
	cd dist && sha256sum codexible-* >SHA256SUMS

fresh-debian: ## install and run it in a fresh Debian by the documented commands alone, timed; needs root
	tools/fresh-debian.sh

clean: ## remove what the targets above wrote
	rm -rf dist .build dashboard/.next
