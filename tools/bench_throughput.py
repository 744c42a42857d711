"""Throughput of nneval beside the same encoder in Python, and beside a plain session.

    cargo build --release && cargo build --release --example encode_rates
    python tools/bench_throughput.py target/release/nneval

Distinct operation strings of NATS-Bench's topology space, in random order:

- end to end, whole processes that take turns: `nneval evaluate --list` (with intervals and
  in-domain scores; all metrics from the whole networks, so that both encode a string once) and
  a Python loop over the same tokenizer and model (onnxruntime, tokenizers; batches of 64, padded
  to their longest; model outputs alone);
- encoding alone: nneval's encoder and a plain session on all cores, by the program
  `examples/encode_rates.rs`, where they take turns as well.

Medians, and the ratios of the rounds. Needs requirements-throughput.txt; nneval must have
its ONNX Runtime installed (`nneval runtime --install`).
"""

import argparse
import csv
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLE = Path("models/nats-tss")
END = 1  # the token that ends every string


def loop(strings, out):
    """The Python side: strings to model outputs."""
    import numpy as np
    import onnxruntime
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(BUNDLE / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    session = onnxruntime.InferenceSession(
        BUNDLE / "evaluator.onnx", providers=["CPUExecutionProvider"]
    )
    lines = strings.read_text().splitlines()
    with open(out, "w", newline="") as file:
        writer = csv.writer(file)
        for start in range(0, len(lines), 64):
            batch = lines[start : start + 64]
            rows = [e.ids + [END] for e in tokenizer.encode_batch(batch, add_special_tokens=False)]
            width = max(map(len, rows))
            ids = np.zeros((len(rows), width), np.int64)
            mask = np.zeros_like(ids)
            for i, row in enumerate(rows):
                ids[i, : len(row)] = row
                mask[i, : len(row)] = 1
            values = session.run(["metrics"], {"input_ids": ids, "attention_mask": mask})[0]
            writer.writerows([line, *row] for line, row in zip(batch, values.tolist()))


def timed(command, out=None):
    """Wall and processor seconds of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with open(out or os.devnull, "wb") as file:
        subprocess.run(command, check=True, stdout=file)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


def make_strings(program, folder, count):
    """A file of distinct strings in random order."""
    models = folder / "models"
    make = [program, "--quiet", "space", "nats-tss", "--all", "--out", models]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    text = subprocess.run([program, "string", models], check=True, capture_output=True, text=True)
    strings = sorted(set(text.stdout.splitlines()))
    random.Random(1).shuffle(strings)
    path = folder / "strings.txt"
    path.write_text("\n".join(strings[:count]) + "\n")
    return path


def told(name, ours, theirs, unit="s"):
    """One line: medians and ratios."""
    ratios = sorted(b / a for a, b in zip(ours, theirs))
    print(
        f"{name}: nneval {statistics.median(ours):.2f} {unit}, other "
        f"{statistics.median(theirs):.2f} {unit}; ratio {statistics.median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def without_views(folder):
    """A copy of the evaluator that reads whole networks alone."""
    copy = folder / "evaluator"
    shutil.copytree(BUNDLE, copy)
    manifest = json.loads((BUNDLE / "evaluator.json").read_text())
    for metric in manifest["metrics"]:
        for name in ("reduction", "view"):
            metric.pop(name, None)
    (copy / "evaluator.json").write_text(json.dumps(manifest))
    return copy


def end_to_end(program, strings, folder, rounds):
    ours = [program, "--quiet", "evaluate", "--list", strings, "--format", "csv"]
    ours += ["--evaluator", without_views(folder)]
    theirs = [sys.executable, __file__, program, "--loop", strings, "--out", folder / "python.csv"]
    runs = [(timed(ours, folder / "nneval.csv"), timed(theirs)) for _ in range(rounds + 1)][1:]
    for i, what in enumerate(("wall", "processor")):
        told(f"end to end, {what}", [a[i] for a, _ in runs], [b[i] for _, b in runs])


def encoding(example, strings, rounds):
    text = subprocess.run([example, strings, str(rounds + 1)], check=True, capture_output=True)
    head, _, *runs = map(json.loads, text.stdout.splitlines())
    told("encoding, wall", [r["nneval"] for r in runs], [r["plain"] for r in runs])
    seconds = statistics.median(r["nneval"] for r in runs)
    print(
        f"{head['strings'] / seconds:.0f} networks/s, {head['tokens'] / seconds:.0f} tokens/s; "
        f"outputs at most {max(r['apart'] for r in runs):.1e} apart"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--strings", type=Path, help="a string a line, instead of made ones")
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loop", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.loop:
        return loop(args.loop, args.out)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        strings = args.strings or make_strings(args.program, folder, args.count)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {args.rounds} rounds")
        end_to_end(args.program, strings, folder, args.rounds)
        encoding(args.program.parent / "examples" / "encode_rates", strings, args.rounds)
        print(f"load {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
