"""Spearman's rho of `nneval adapt` on devices that the evaluator is not to know.

Leaves one device out at a time (or with --at-once all of them): no output of the
evaluator for any of its metrics is used. For each metric, number of labels and
seed, draws so many labelled architectures at random, and takes as many that
`nneval adapt --suggest` names; adapts; and scores the predictions of all others.

    python3 tools/adapt_devices.py --labels nats_tss_open.csv.gz

Needs Python 3.11 alone. --middle also scores without the fastest and the slowest
tenth, as HELP's published code does (NeurIPS 2021).
"""

import argparse
import csv
import gzip
import json
import random
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

SIX = [
    "help_titanx",
    "help_gold_6226",
    "help_pixel2",
    "hwnas_raspi4",
    "hwnas_eyeriss",
    "hwnas_fpga",
]
METRIC = re.compile(
    r"((?:hwnas|help)_.+?)(?:_(?:1|32|256))?_(?:lat_ms|energy_mJ|arith_intensity)"
)
# One Titan X setting and the five other devices make a mean over six devices.
TITANX = ["help_titanx_1_lat_ms", "help_titanx_32_lat_ms", "help_titanx_256_lat_ms"]
OTHERS = [f"{device}_lat_ms" for device in SIX[1:]]
FLOPS = "cifar10_flops_M"
ALL, MIDDLE = "all other architectures", "without the fastest and the slowest tenth"


def ranks(values):
    """Mid-ranks of the values."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for i in order[start:end]:
            result[i] = (start + end + 1) / 2
        start = end
    return result


def spearman(a, b):
    """Spearman's rho."""
    return statistics.correlation(ranks(a), ranks(b))


def write(path, columns):
    """A CSV file of named columns; None is an empty cell."""
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(["" if v is None else v for v in row] for row in zip(*columns.values()))


def run(*command):
    """stdout of a command that must succeed."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def device_of(metric):
    """Device of a column of the label table, None where it is of none."""
    found = METRIC.fullmatch(metric)
    return found and found[1]


def middle(values):
    """The values without the lowest and the highest tenth."""
    low, *_, high = statistics.quantiles([v for v in values if v is not None], n=10)
    return [v if v is not None and low <= v <= high else None for v in values]


def main():
    """Runs everything and prints a table."""
    args = arguments()
    with gzip.open(args.labels, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    table = {"arch_str": [r["arch_str"] for r in rows], FLOPS: [float(r[FLOPS]) for r in rows]}
    manifest = json.loads((Path(args.evaluator) / "evaluator.json").read_text())
    own = [m["name"] for m in manifest["metrics"]]
    columns = [name for name in rows[0] if device_of(name)]
    every = list(dict.fromkeys(map(device_of, columns)))
    groups = {"all": every, "six": SIX}
    devices = [d for name in args.devices for d in groups.get(name, [name])]
    if unknown := set(devices) - set(every):
        raise SystemExit(f"{args.labels}: no device {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    rho = {}
    for group in [devices] if args.at_once else [[d] for d in devices]:
        chosen = [m for m in columns if device_of(m) in group]
        labels = {m: [float(r[m]) if r[m] else None for r in rows] for m in chosen}
        known = ["--evaluator", args.evaluator]
        known += [x for m in own if device_of(m) in group for x in ("--without", m)]
        with tempfile.TemporaryDirectory() as folder:
            samples = draw(args, Path(folder), table, labels, known)
            measure(args, Path(folder), table, labels, samples, known, rho)
    report(args, rho, ALL)
    if args.middle:
        report(args, rho, MIDDLE)


def draw(args, folder, table, labels, known):
    """Rows to label, by (how, seed, metric): the most wanted first."""
    archs = table["arch_str"]
    full = [i for i in range(len(archs)) if all(v[i] is not None for v in labels.values())]
    write(folder / "candidates.csv", {"arch_str": [archs[i] for i in full]})
    row_of = {arch: i for i, arch in enumerate(archs)}
    most, samples = max(args.labelled), {}
    for seed in range(args.seeds):
        options = ["--seed", seed, "--labels", folder / "candidates.csv", *known]
        lines = run(args.nneval, "adapt", "--suggest", most, *options).splitlines()
        suggested = [row_of[line] for line in lines[1:]]
        for metric, values in labels.items():
            there = [i for i, v in enumerate(values) if v is not None]
            samples["random", seed, metric] = random.Random(seed).sample(there, most)
            samples["suggested", seed, metric] = suggested
    return samples


def measure(args, folder, table, labels, samples, known, rho):
    """Adds to `rho`: lists over seeds by (part, how, labels, metric); FLOPs' by (part, metric).

    Shares of labels inside intervals are added by ("inside", how, labels).
    """
    few, rest = {"arch_str": table["arch_str"]}, dict(table)
    for (how, seed, metric), rows in samples.items():
        for n in args.labelled:
            chosen, name = set(rows[:n]), f"{how}-{n}-{seed}-{metric}"
            few[name] = [v if i in chosen else None for i, v in enumerate(labels[metric])]
            rest[name] = [None if i in chosen else v for i, v in enumerate(labels[metric])]
    write(folder / "few.csv", few)
    adapted = folder / "adapted"
    options = ["--labels", folder / "few.csv", "--only-new", "--out", adapted, *known]
    run(args.nneval, "adapt", *options)
    options = ["--rows", "all", "--bootstrap", 0, "--baseline", FLOPS, "--format", "json"]
    options += ["--evaluator", adapted, "--labels", folder / "rest.csv"]
    for part, kept in [(ALL, list), (MIDDLE, middle)][: 1 + args.middle]:
        for metric, values in labels.items():
            pairs = [(f, v) for f, v in zip(table[FLOPS], kept(values)) if v is not None]
            rho[part, metric] = spearman(*zip(*pairs))
        shown = {k: v if k in table else kept(v) for k, v in rest.items()}
        write(folder / "rest.csv", shown)
        for row in json.loads(run(args.nneval, "score", *options))["rows"]:
            how, n, _, metric = row["metric"].split("-")
            rho.setdefault((part, how, int(n), metric), []).append(row["rho"])
            if part == ALL and row.get("coverage") is not None:
                rho.setdefault(("inside", how, int(n)), []).append(row["coverage"])


def report(args, rho, part):
    """Prints mean (least) rho over seeds, and the means over six devices."""
    settings = [(how, n) for how in ("random", "suggested") for n in args.labelled]
    metrics = [key[1] for key in rho if key[0] == part and len(key) == 2]
    print(f"\nSpearman's rho, {part}: mean (least) of {args.seeds} seeds\n")
    print("| metric | FLOPs | " + " | ".join(f"{n} {how}" for how, n in settings) + " |")
    print("|---|" + "---|" * (len(settings) + 1))
    for metric in metrics:
        cells = [rho[part, how, n, metric] for how, n in settings]
        line(f"`{metric}`", rho[part, metric], cells)
    for six in [[titanx, *OTHERS] for titanx in TITANX]:
        if all(m in metrics for m in six):
            flops = statistics.mean(rho[part, m] for m in six)
            cells = [zip(*(rho[part, how, n, m] for m in six)) for how, n in settings]
            cells = [[statistics.mean(by_seed) for by_seed in cell] for cell in cells]
            line(f"mean of six, `{six[0]}`", flops, cells)
    for how, n in settings:
        if part == ALL and (inside := rho.get(("inside", how, n))):
            print(f"{n} {how}: {statistics.mean(inside):.1%} of the labels inside 90 % intervals")


def line(name, flops, cells):
    """A line of the table; a cell is a list over seeds."""
    texts = [f"{statistics.mean(c):.3f} ({min(c):.3f})" for c in cells]
    print(f"| {name} | {flops:.3f} | " + " | ".join(texts) + " |")


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--labels", required=True, help="label table of the topology space, gzip")
    parser.add_argument("--evaluator", default="models/nats-tss", help="folder of the evaluator")
    parser.add_argument("--nneval", default="target/release/nneval", help="the program")
    parser.add_argument("--devices", nargs="+", default=["six"], help="left out: six, all, or names")
    parser.add_argument("--at-once", action="store_true", help="leave them out all together")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--labelled", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--middle", action="store_true", help="also score without outer tenths")
    return parser.parse_args()


if __name__ == "__main__":
    main()
