#!/bin/sh
# 16 threads on the C library under ThreadSanitizer. Needs the nightly toolchain with
# the component rust-src, and ONNX Runtime, which nneval installs.
# Usage: tools/attack/threads.sh
set -eu
cd "$(dirname "$0")/../.."
host="$(rustc -vV | sed -n 's/^host: //p')"
target="${CARGO_TARGET_DIR:-target}"
export RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
cargo +nightly build -Zbuild-std --target "$host" --release -p nneval-capi --example race
RUSTFLAGS= cargo build --release -p nneval
"$target/release/nneval" runtime --install >/dev/null
strings="$(mktemp)"
trap 'rm -f "$strings"' EXIT
"$target/release/nneval" string fixtures/nats_tss_9930.onnx >"$strings"
# ONNX Runtime is not instrumented; what it does among its own threads is its own.
printf 'called_from_lib:libonnxruntime\n' >"$strings.supp"
TSAN_OPTIONS="suppressions=$strings.supp ignore_noninstrumented_modules=1 halt_on_error=0" \
  "$target/$host/release/examples/race" models/nats-tss fixtures/nats_tss_9930.onnx \
  "$(cat "$strings")" '|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32' '|1:Input@ax8+Relu'
rm -f "$strings.supp"
