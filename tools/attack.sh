#!/usr/bin/env bash
# Attacks on the graph reader, for some ten minutes: known kinds of hostile files,
# larger than the test suite has them; 200,000 random models; the program itself
# on each known kind; and cargo-fuzz, where it is installed.
#
#   tools/attack.sh [FIRST_SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
seed="${1:-$RANDOM$RANDOM}"
corpus="$(mktemp -d)"
trap 'rm -rf "$corpus"' EXIT

echo "== Known kinds, five times as large"
NNEVAL_ATTACK_SCALE=5 cargo test --release -p nneval-graph --test attack known_kinds -- --nocapture

echo "== The program on known kinds"
NNEVAL_ATTACK_KEEP="$corpus" cargo test --release -p nneval-graph --test attack known_kinds
cargo build --release -p nneval
for file in "$corpus"/*.onnx; do
  for command in "string --format jsonl" "inspect" "inspect --format json" "inspect --format csv"; do
    status=0
    # shellcheck disable=SC2086
    (ulimit -t 4; exec target/release/nneval $command "$file" >/dev/null 2>&1) || status=$?
    [ "$status" -le 1 ] || { echo "$command $file: status $status" >&2; exit 1; }
  done
done

echo "== 200,000 random models from seed $seed on"
NNEVAL_ATTACK_SEED="$seed" NNEVAL_ATTACK_MODELS=200000 \
  cargo test --release -p nneval-graph --test attack random_models -- --nocapture

if cargo fuzz --version >/dev/null 2>&1; then
  echo "== cargo-fuzz"
  mkdir -p fuzz/corpus/graph
  find "$corpus" -size -64k -exec cp {} fuzz/corpus/graph/ \;
  for target in graph opstring; do
    cargo +nightly fuzz run "$target" -- -max_total_time=60 -rss_limit_mb=1024 -timeout=10
  done
fi
