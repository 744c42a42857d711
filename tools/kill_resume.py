#!/usr/bin/env python3
"""Kills `nneval train` with SIGKILL at seeded random moments, resumes it each time, and compares
losses and evaluator with those of a run that nothing interrupted. Needs only Python and nneval."""

import argparse
import csv
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
CELL = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
SETTINGS = [
    *("encoder=tiny", "epochs=10", "batch=8", "checkpoint-steps=7"),
    *("dropout=0.1", "rank-weight=0.3", "augment=2"),
]
OPTIONS = [
    *("--metric", "cifar10_test_acc_pct", "--metric", "edge_lat_ms", "--threads", "1"),
    *itertools.chain.from_iterable(("--set", setting) for setting in SETTINGS),
]


def write_labels(path, rows, rng):
    """A table of made-up labels for networks of NATS-Bench's topology space."""
    cells = list(itertools.product(OPERATIONS, repeat=6))
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["arch_index", "arch_str", "unique_rep_index", "cifar10_test_acc_pct", "edge_lat_ms"]
        )
        for i in sorted(rng.sample(range(len(cells)), rows)):
            small, large = (cells[i].count(op) for op in OPERATIONS[2:4])
            accuracy = 60 + 5 * (small + large) + rng.random()
            latency = 1 + small + 1.5 * large + rng.random() / 10
            table.writerow([i, CELL.format(*cells[i]), i, f"{accuracy:.4f}", f"{latency:.4f}"])


def command(args, labels, out):
    """The command line of the run in `out`."""
    provider = ["--provider", args.provider]
    return [args.program, "train", "--labels", labels, "--out", out, *OPTIONS, *provider]


def steps(out):
    """Rows of the log of steps."""
    path = out / "run/steps.csv"
    return max(path.read_bytes().count(b"\n") - 1, 0) if path.exists() else 0


def quiet(line, **options):
    """A started program without output."""
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def kill_at(line, out, step, delay):
    """Starts the program and kills it `delay` seconds after its log has `step` rows; the number
    of rows then, or None where it ended before."""
    program = quiet(line)
    while steps(out) < step and program.poll() is None:
        time.sleep(0.0005)
    time.sleep(delay)
    program.kill()
    return None if program.wait() == 0 else steps(out)


def results(out):
    """What must be equal: by name, the content without times and folder names."""
    manifest = json.loads((out / "evaluator.json").read_text())
    manifest["training"].pop("command", None)
    manifest.pop("name")
    with (out / "run/epochs.csv").open() as file:
        epochs = [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]
    return {
        "steps.csv": (out / "run/steps.csv").read_bytes(),
        "epochs.csv": epochs,
        "best.ckpt": (out / "run/best.ckpt").read_bytes(),
        "evaluator.onnx": (out / "evaluator.onnx").read_bytes(),
        "tokenizer.json": (out / "tokenizer.json").read_bytes(),
        "evaluator.json": manifest,
    }


def run(args, folder):
    """The comparison; True where all is equal."""
    rng = random.Random(args.seed)
    labels, whole, broken = folder / "labels.csv", folder / "whole", folder / "broken"
    write_labels(labels, args.rows, rng)
    subprocess.run(command(args, labels, whole), check=True, stdout=subprocess.DEVNULL)
    total = steps(whole)
    print(f"{total} steps uninterrupted; {args.kills} kills, seed {args.seed}", flush=True)
    at = 0
    for i in range(args.kills):
        reach = 2 * (total - at) // (args.kills - i + 1)
        step = at + rng.randint(1, max(reach, 1))
        line = command(args, labels, broken) + ["--resume"]
        at = kill_at(line, broken, step, rng.random() * 0.004)
        if at is None:
            print(f"kill {i + 1}: the run ended before step {step}")
            return False
        print(f"kill {i + 1}: step {at}", flush=True)
    subprocess.run(command(args, labels, broken) + ["--resume"], check=True)
    a, b = results(whole), results(broken)
    for name in a:
        print(f"{name}: {'equal' if a[name] == b[name] else 'DIFFERENT'}")
    return a == b


def main():
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="target/release/nneval", help="the built program")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1000, help="networks in the label table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--provider", default="cpu", help="execution provider of every run")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(args, pathlib.Path(folder)) else 1)


if __name__ == "__main__":
    main()
