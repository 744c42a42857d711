#!/usr/bin/env bash
# Checks the GPU providers on a machine that has an NVIDIA GPU: predictions of CUDA and
# TensorRT within 1e-3 of the CPU's, and how fast each is.
#
#   cargo build --release && tools/check_gpu.sh target/release/nneval
#
# The library is that of ORT_DYLIB_PATH, or fetched. Needs CUDA 13 and cuDNN 9, for TensorRT
# also TensorRT 10, where the loader finds them, and python3. TensorRT is left out with
# --no-tensorrt; its first run builds engines (minutes).
set -euo pipefail
program=$(realpath "$1")
providers="cuda tensorrt"
[ "${2:-}" = --no-tensorrt ] && providers=cuda
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
[ -n "${ORT_DYLIB_PATH:-}" ] || "$program" runtime --install --gpu
# One library for all, so that only the provider differs.
ORT_DYLIB_PATH=$("$program" runtime --provider auto --format json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["library"])')
export ORT_DYLIB_PATH
"$program" --quiet space nats-tss --all --out "$work/models" >"$work/written"
"$program" string "$work/models" >"$work/strings.txt"

# The second run of each is timed: engines are built, libraries are in memory.
for provider in cpu $providers; do
  for run in first second; do
    start=$(date +%s.%N)
    "$program" evaluate --list "$work/strings.txt" --format json --provider "$provider" \
      >"$work/$provider.json"
    end=$(date +%s.%N)
  done
  awk -v p="$provider" -v n="$(wc -l <"$work/strings.txt")" -v a="$start" -v b="$end" \
    'BEGIN { printf "%s: %d networks in %.1f s\n", p, n, b - a }'
done

python3 - "$work" $providers <<'PYTHON'
import json, sys
from pathlib import Path

work, providers = Path(sys.argv[1]), sys.argv[2:]
# Metrics whose predictions snap to a few values are counted, not compared.
bundle = json.loads(Path("models/nats-tss/evaluator.json").read_text())
snapped = {m["name"] for m in bundle["metrics"] if m.get("levels")}
cpu = json.loads((work / "cpu.json").read_text())
worst = 0.0
for provider in providers:
    other = json.loads((work / f"{provider}.json").read_text())
    assert len(other) == len(cpu)
    apart = max(
        abs(b["metrics"][name]["value"] - m["value"]) / max(1.0, abs(m["value"]))
        for a, b in zip(cpu, other)
        for name, m in a["metrics"].items()
        if name not in snapped
    )
    moved = sum(
        a["metrics"][n]["value"] != b["metrics"][n]["value"] for a, b in zip(cpu, other) for n in snapped
    )
    print(
        f"{provider}: at most {apart:.1e} from the CPU (relative; absolute below 1); "
        f"{moved} of {len(cpu) * len(snapped)} values of metrics with levels differ"
    )
    worst = max(worst, apart)
sys.exit(0 if worst <= 1e-3 else 1)
PYTHON
