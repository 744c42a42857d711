"""Spearman's rho of `nneval adapt` on devices that the evaluator is not to know.

For each device, number of architectures and seed it draws that many labelled
architectures at random, and takes as many that `nneval adapt --suggest` names;
adapts; and scores the prediction of all other architectures. All devices are left
out at once: no output of the evaluator for any of them is used.

    python3 tools/adapt_devices.py --labels nats_tss_open.csv.gz

Needs Python 3 alone. --middle also scores without the fastest and the slowest
tenth, as HELP's published code does (NeurIPS 2021).
"""

import argparse
import csv
import gzip
import json
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

METRICS = [
    "help_titanx_1_lat_ms",
    "help_titanx_32_lat_ms",
    "help_titanx_256_lat_ms",
    "help_gold_6226_lat_ms",
    "help_pixel2_lat_ms",
    "hwnas_raspi4_lat_ms",
    "hwnas_eyeriss_lat_ms",
    "hwnas_fpga_lat_ms",
]
# One Titan X setting and the five other devices make a mean over six devices.
TITANX, OTHERS = METRICS[:3], METRICS[3:]
LEFT_OUT = ["help_titanx_", "help_gold_6226_", "help_pixel2_", "hwnas_raspi4_", "hwnas_eyeriss_", "hwnas_fpga_"]
FLOPS = "cifar10_flops_M"


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


def known_metrics(evaluator):
    """Names of the metrics of the evaluator in the folder."""
    manifest = json.loads((Path(evaluator) / "evaluator.json").read_text())
    return [m["name"] for m in manifest["metrics"]]


def middle(values):
    """The values without the lowest and the highest tenth."""
    low, *_, high = statistics.quantiles([v for v in values if v is not None], n=10)
    return [v if v is not None and low <= v <= high else None for v in values]


def main():
    """Runs everything and prints a table."""
    args = arguments()
    with gzip.open(args.labels, "rt", newline="") as file:
        table = list(csv.DictReader(file))
    archs = [row["arch_str"] for row in table]
    labels = {m: [float(r[m]) if r[m] else None for r in table] for m in METRICS}
    flops = [float(r[FLOPS]) for r in table]
    without = [m for m in known_metrics(args.evaluator) if m.startswith(tuple(LEFT_OUT))]
    known = ["--evaluator", args.evaluator] + [x for m in without for x in ("--without", m)]
    with tempfile.TemporaryDirectory() as folder:
        samples = draw(args, Path(folder), archs, labels, known)
        rho = measure(args, Path(folder), archs, labels, flops, samples, known)
    report(args, rho, labels, flops, "all other architectures", lambda v: v)
    if args.middle:
        report(args, rho, labels, flops, "without the fastest and slowest tenth", middle)


def draw(args, folder, archs, labels, known):
    """Rows to label, by (how, seed, metric): the most wanted first."""
    full = [i for i in range(len(archs)) if all(v[i] is not None for v in labels.values())]
    write(folder / "candidates.csv", {"arch_str": [archs[i] for i in full]})
    row_of = {arch: i for i, arch in enumerate(archs)}
    most, samples = max(args.labelled), {}
    for seed in range(args.seeds):
        suggested = run(args.nneval, "adapt", "--suggest", most, "--seed", seed,
                        "--labels", folder / "candidates.csv", *known).split("\n")[1:]
        suggested = [row_of[line.strip('"')] for line in suggested if line]
        for metric, values in labels.items():
            there = [i for i, v in enumerate(values) if v is not None]
            samples["random", seed, metric] = random.Random(seed).sample(there, most)
            samples["suggested", seed, metric] = suggested
    return samples


def measure(args, folder, archs, labels, flops, samples, known):
    """rho by (suffix of the table's name, how, labels, metric): a list over seeds."""
    few, rest = {"arch_str": archs}, {"arch_str": archs, FLOPS: flops}
    for (how, seed, metric), rows in samples.items():
        for n in args.labelled:
            chosen, name = set(rows[:n]), f"{how}-{n}-{seed}-{metric}"
            few[name] = [v if i in chosen else None for i, v in enumerate(labels[metric])]
            rest[name] = [None if i in chosen else v for i, v in enumerate(labels[metric])]
    write(folder / "few.csv", few)
    print(run(args.nneval, "adapt", "--labels", folder / "few.csv", "--only-new",
              "--out", folder / "adapted", *known), file=open(folder / "log.txt", "w"))
    parts = {"all other architectures": rest}
    if args.middle:
        parts["without the fastest and slowest tenth"] = {
            k: v if k in ("arch_str", FLOPS) else middle(v) for k, v in rest.items()
        }
    rho = {}
    for part, columns in parts.items():
        write(folder / "rest.csv", columns)
        scored = run(args.nneval, "score", "--labels", folder / "rest.csv", "--rows", "all", "--bootstrap", 0,
                     "--baseline", FLOPS, "--format", "json", "--evaluator", folder / "adapted")
        for row in json.loads(scored)["rows"]:
            how, n, _, metric = row["metric"].split("-")
            rho.setdefault((part, how, int(n), metric), []).append(row["rho"])
    return rho


def report(args, rho, labels, flops, part, kept):
    """Prints mean (least) rho over seeds, and the means over six devices."""
    settings = [(how, n) for how in ("random", "suggested") for n in args.labelled]
    print(f"\nSpearman's rho, {part}: mean (least) of {args.seeds} seeds")
    print("| metric | FLOPs | " + " | ".join(f"{n} {how}" for how, n in settings) + " |")
    print("|---|" + "---|" * (len(settings) + 1))
    alone = {}
    for metric, values in labels.items():
        pairs = [(f, v) for f, v in zip(flops, kept(values)) if v is not None]
        alone[metric] = spearman(*zip(*pairs))
        cells = [rho[part, how, n, metric] for how, n in settings]
        cells = [f"{statistics.mean(c):.3f} ({min(c):.3f})" for c in cells]
        print(f"| {metric} | {alone[metric]:.3f} | " + " | ".join(cells) + " |")
    for titanx in TITANX:
        six = [titanx, *OTHERS]
        means = [[statistics.mean(rho[part, how, n, m][s] for m in six) for s in range(args.seeds)]
                 for how, n in settings]
        cells = [f"{statistics.mean(c):.3f} ({min(c):.3f})" for c in means]
        flat = statistics.mean(alone[m] for m in six)
        print(f"| mean of six, {titanx} | {flat:.3f} | " + " | ".join(cells) + " |")


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--labels", required=True, help="the label table of the topology space, gzip")
    parser.add_argument("--evaluator", default="models/nats-tss", help="folder of the evaluator")
    parser.add_argument("--nneval", default="target/release/nneval", help="the program")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--labelled", type=int, nargs="+", default=[10, 20, 50], help="numbers of labels")
    parser.add_argument("--middle", action="store_true", help="also score without the outer tenths")
    return parser.parse_args()


if __name__ == "__main__":
    main()
