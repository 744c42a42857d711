#!/usr/bin/env bash
# Attacks on what reads other people's files, for some ten minutes: known kinds of
# hostile files, larger than the test suite has them; 200,000 seeded models and
# 200,000 mutants; the program itself on each known kind; and cargo-fuzz, where it
# is installed. In a minute: seeded models alone, from seed 1 on.
#
#   tools/attack.sh [FIRST_SEED]
#   tools/attack.sh minute [FIRST_SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"

models() {
  echo "== Seeded models from seed $NNEVAL_ATTACK_SEED on"
  cargo test --release -p nneval-graph --test attack random_models -- --nocapture
}

if [ "${1:-}" = minute ]; then
  export NNEVAL_ATTACK_SEED="${2:-1}" NNEVAL_ATTACK_MODELS=1000000000
  export NNEVAL_ATTACK_SECONDS=60
  models
  exit
fi

export NNEVAL_ATTACK_SEED="${1:-$RANDOM$RANDOM}" NNEVAL_ATTACK_MODELS=200000
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
    (ulimit -t 4; exec "$target/release/nneval" $command "$file" >/dev/null 2>&1) || status=$?
    [ "$status" -le 1 ] || { echo "$command $file: status $status" >&2; exit 1; }
  done
done

models

echo "== Mutants of real models"
NNEVAL_MUTANTS=200000 cargo test --release --test it models::mutants -- --nocapture

if cargo fuzz --version >/dev/null 2>&1; then
  echo "== cargo-fuzz"
  mkdir -p fuzz/corpus/graph fuzz/corpus/bundles
  find "$corpus" -size -64k -exec cp {} fuzz/corpus/graph/ \;
  bundle=models/nats-tss
  { cat $bundle/evaluator.json; printf '\n--\n'; cat $bundle/tokenizer.json
    printf '\n--\n'; cat fixtures/nats_tss_9930.onnx; } >fuzz/corpus/bundles/shipped
  for fuzzed in graph opstring tables bundles; do
    cargo +nightly fuzz run "$fuzzed" -- -max_total_time=60 -rss_limit_mb=1024 -timeout=10
  done
fi
