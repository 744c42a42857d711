#!/usr/bin/env python3
"""Measures the same networks twice and says how well both agree: the bound on what can be predicted.

    python tools/measure_twice.py target/release/nneval --space nats-sss --networks 100 -- --threads 1

Networks are drawn by --seed from the whole space. What follows `--` goes to `nneval measure`. Prints
Kendall's tau-b and the median relative difference of both runs for corrected and raw latency, processor
time and peak memory, and the summaries. With --out the tables stay there; a table that is there is not measured again.
"""

import argparse
import csv
import itertools
import math
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

SPACES = {
    "nats-sss": ["8", "16", "24", "32", "40", "48", "56", "64"],
    "nats-tss": ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"],
}
COLUMNS = ["latency_ms", "latency_raw_ms", "cpu_ms", "peak_memory_mb"]


def draw(space, count, seed):
    """Distinct architecture strings of a space."""
    rng, found = random.Random(seed), {}
    while len(found) < count:
        if space == "nats-sss":
            arch = ":".join(rng.choice(SPACES[space]) for _ in range(5))
        else:
            op = lambda node: f"{rng.choice(SPACES[space])}~{node}"
            arch = "+".join("|" + "".join(op(i) + "|" for i in range(n)) for n in (1, 2, 3))
        found[arch] = None
    return list(found)


def read(path):
    """Rows by architecture, without those that failed."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {row["arch_str"]: row for row in rows if not row["error"]}


def tau_b(x, y):
    """Kendall's tau-b."""
    same = ties_x = ties_y = pairs = 0
    for (a, b), (c, d) in itertools.combinations(zip(x, y), 2):
        pairs += 1
        ties_x += a == c
        ties_y += b == d
        same += (a > c) - (a < c) == (b > d) - (b < d) if a != c and b != d else 0
    different = pairs - ties_x - ties_y + sum(
        a == c and b == d for (a, b), (c, d) in itertools.combinations(zip(x, y), 2)
    ) - same
    return (same - different) / math.sqrt((pairs - ties_x) * (pairs - ties_y))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--space", choices=sorted(SPACES), default="nats-sss")
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path)
    own, rest = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, rest = own[:at], own[at + 1 :]
    args = parser.parse_args(own)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.out or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        archs = folder / "list.csv"
        archs.write_text("arch_str\n" + "".join(a + "\n" for a in draw(args.space, args.networks, args.seed)))
        tables = [folder / f"{run}.csv" for run in ("first", "second")]
        for table in tables:
            if not table.exists():
                command = [args.program.resolve(), "measure", archs, "--space", args.space, "--out", table, *rest]
                subprocess.run(command, check=True)
        first, second = map(read, tables)
    both = [arch for arch in first if arch in second]
    print(f"{len(both)} networks, first run against second")
    for column in COLUMNS:
        x, y = ([float(run[arch][column]) for arch in both] for run in (first, second))
        apart = statistics.median(abs(a - b) / a for a, b in zip(x, y))
        print(f"{column:<16} tau {tau_b(x, y):.4f}  median difference {100 * apart:.2f} %")


if __name__ == "__main__":
    main()
