#!/bin/sh
# Mutants of label tables through the reader and the commands that read tables.
# Usage: tools/attack/tables.sh [COUNT]
set -eu
cd "$(dirname "$0")/../.."
NNEVAL_MUTANTS="${1:-20000}" cargo test --release --test it tables::bombs -- --nocapture --test-threads 1
