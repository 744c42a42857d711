#!/usr/bin/env python3
"""MACs and LightGBM on static costs, on the splits by group of `nneval train --seeds 0..5`.

LightGBM learns logarithms of throughputs, accuracies as they are. One set of features is five
totals (MACs, parameters, elements written, bytes moved, peak), the other these, the histogram of
operators and their shares of MACs and written bytes. Each cell: mean Kendall's tau-b and mean
median error over the seeds, relative for throughputs, in points for accuracies; of MACs tau alone.
"""

import argparse
import csv
import gzip
import hashlib
import json
from pathlib import Path

import lightgbm
import numpy as np
from baselines import split
from scipy.stats import kendalltau

METRICS = ["imagenet_top1_in1k_best_pct"] + [
    f"{machine}_throughput_img_per_s" for machine in ["rtx4090", "rtx3090", "pro6000", "i9", "i7"]
]


def class_of(text):
    """Class of a text (labels/read_table.rs)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def features(costs, kinds):
    moved = costs["activation_bytes_read"] + costs["activation_bytes_written"]
    totals = [costs["macs"], costs["parameters"], costs["activation_bytes_written"], moved]
    totals = [np.log1p(x) for x in [*totals, costs["peak_activation_bytes"]]]
    by = {o["operator"]: o for o in costs["operators"]}
    rows = [by.get(kind, {}) for kind in kinds]
    counts = [o.get("count", 0) for o in rows]
    shares = [o.get("macs", 0) / (costs["macs"] + 1) for o in rows]
    written = costs["activation_bytes_written"] + 1
    shares += [o.get("activation_bytes_written", 0) / written for o in rows]
    return totals, totals + counts + shares


def predicted(x, y, train, test):
    trees = lightgbm.LGBMRegressor(
        n_estimators=300,
        learning_rate=0.05,
        num_leaves=15,
        min_child_samples=10,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.6,
        random_state=0,
        n_jobs=1,
        verbose=-1,
    )
    return trees.fit(x[train], y[train]).predict(x[test])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels")
    parser.add_argument("costs", help="nneval inspect --format json of the models")
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    with gzip.open(args.labels, "rt") as file:
        table = list(csv.DictReader(file))
    costs = [json.loads(line) for line in Path(args.costs).read_text().splitlines()]
    costs = {Path(c["path"]).name: c for c in costs}
    kinds = sorted({o["operator"] for c in costs.values() for o in c["operators"]})
    rows = [features(costs[r["file"]], kinds) for r in table]
    five, full = (np.array([r[i] for r in rows], float) for i in (0, 1))
    macs = five[:, 0]
    classes = np.array([class_of(r["group"]) for r in table], dtype=np.uint64)
    for metric in METRICS:
        label = np.array([float(r[metric] or "nan") for r in table])
        accuracy = metric.endswith("_pct")
        target = label if accuracy else np.log(label)
        cells = []
        for seed in range(args.seeds):
            test, train = (p[~np.isnan(label[p])] for p in split(classes, [0.2], seed))
            guesses = [macs[test]] + [predicted(x, target, train, test) for x in (five, full)]
            for at, guess in enumerate(guesses):
                off = guess - target[test] if accuracy else np.expm1(guess - target[test])
                tau = abs(kendalltau(guess, label[test]).statistic)
                cells.append((at, tau, np.median(np.abs(off))))
        cells = np.array(cells)
        means = [cells[cells[:, 0] == at][:, 1:].mean(0) for at in range(3)]
        trees = (f"{tau:.3f} ({error:.3f})" for tau, error in means[1:])
        print(metric, f"{means[0][0]:.3f}", *trees)


if __name__ == "__main__":
    main()
