#!/usr/bin/env bash
# Builds the examples and runs their tests against a demo of the service.
set -euo pipefail
cd "$(dirname "$0")/.."

npm --prefix clients run --silent --workspace typescript build
for example in gateway-typescript stripe nextjs-usage; do
  (cd "examples/$example" && npm ci --no-audit --no-fund --silent)
done
npm --prefix examples/gateway-typescript run --silent build
NEXT_TELEMETRY_DISABLED=1 npm --prefix examples/nextjs-usage run --silent build
(cd examples/gateway-go && go build -o ../../.build/example-gateway .)
node --test --test-reporter=spec examples/test/*.test.mjs
