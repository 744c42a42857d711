#!/bin/sh
# Mutants of evaluator bundles: refused, or predictions that are numbers.
# Usage: tools/attack/bundles.sh [COUNT]
set -eu
cd "$(dirname "$0")/../.."
NNEVAL_MUTANTS="${1:-20000}" cargo test --release --test it encoder::bundles -- --nocapture --test-threads 1
