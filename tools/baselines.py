#!/usr/bin/env python3
"""Baselines on NATS-Bench's topology space, on the class-wise splits of `nneval train`.

Per metric: Kendall's tau-b of FLOPs alone, of parameters alone, of LightGBM on the cell's one-hot
and path features and of ridge regression on one-hot pairs of edges, each on test classes with a
bootstrap 90 % interval over classes (first seed), and mean and standard deviation over the seeds.
"""

import argparse
import csv
import gzip
import hashlib
import itertools
import struct

import lightgbm
import numpy as np
from scipy.stats import kendalltau

OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
# Edges of each path from node 0 to node 3, in the order of the architecture string.
PATHS = [[3], [0, 4], [1, 5], [0, 2, 5]]
FEW_ROWS = 2000
RIDGE = (1.0, 10.0, 100.0)


def hash64(*parts):
    """First 8 bytes, little-endian, of the SHA-256 of `parts` joined (labels/table.rs)."""
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest()[:8], "little")


def split(classes, shares, seed):
    """Row numbers of one part per share, then of the rest (labels/split.rs: split_classes)."""
    seed = struct.pack("<Q", seed)
    order = sorted(
        (hash64(b"nneval split 1", seed, struct.pack("<Q", c)), c) for c in set(classes.tolist())
    )
    groups = [np.flatnonzero(classes == c) for _, c in order]
    parts = []
    for at, share in enumerate(shares):
        rows = count = 0
        for group in groups[: max(0, len(groups) - len(shares) + at)]:
            if count and rows + len(group) / 2 > share * len(classes):
                break
            rows, count = rows + len(group), count + 1
        parts.append(np.sort(np.concatenate(groups[:count])))
        groups = groups[count:]
    return [*parts, np.sort(np.concatenate(groups))]


def subsample(keys, rows, n, seed):
    """`n` of `rows` by key and seed (labels/split.rs: subsample)."""
    seed = struct.pack("<Q", seed)
    order = sorted((hash64(b"nneval subsample 1", seed, keys[r].encode()), keys[r], r) for r in rows)
    return np.sort([r for _, _, r in order[:n]])


def one_hot(cells):
    """[rows, edges, ops]."""
    return (cells[:, :, None] == np.arange(len(OPS))).astype(float)


def path_counts(cells):
    """Per path the count of each operation and whether `none` cuts it, then totals over the
    paths that are not cut, and over the cell."""
    kinds = range(len(OPS))
    columns, alive, counts = [], [], []
    for path in PATHS:
        count = np.stack([(cells[:, path] == k).sum(1) for k in kinds], 1).astype(float)
        alive.append((count[:, 0] == 0).astype(float))
        counts.append(count)
        columns += [count, alive[-1][:, None]]
    alive = np.stack(alive, 1)
    counts = np.stack(counts, 1) * alive[:, :, None]
    convs = counts[:, :, 2] + counts[:, :, 3]
    totals = [alive.sum(1), convs.max(1), *counts.max(1).T, *counts.sum(1).T]
    totals += [(cells == k).sum(1) for k in kinds]
    return np.concatenate([*columns, np.stack(totals, 1)], 1)


def tree_features(cells, few):
    """One-hot edges, path features, and with many rows one-hot operations of each whole path."""
    columns = [one_hot(cells).reshape(len(cells), -1), path_counts(cells)]
    for path in [] if few else PATHS:
        index = np.zeros(len(cells), int)
        for edge in path:
            index = index * len(OPS) + cells[:, edge]
        columns.append((index[:, None] == np.arange(len(OPS) ** len(path))).astype(float))
    return np.concatenate(columns, 1)


def pair_features(cells):
    """One-hot edges, one-hot pairs of edges, and a constant."""
    hot = one_hot(cells)
    pairs = [
        (hot[:, i, :, None] * hot[:, j, None, :]).reshape(len(cells), -1)
        for i, j in itertools.combinations(range(hot.shape[1]), 2)
    ]
    return np.concatenate([hot.reshape(len(cells), -1), *pairs, np.ones((len(cells), 1))], 1)


def ridge(x, y, alpha):
    """Weights of ridge regression on centred labels."""
    return np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ (y - y.mean()))


def fit_ridge(x, y, train, valid):
    """Predictions for all rows; the penalty is chosen on `valid`."""
    fits = [x @ ridge(x[train], y[train], alpha) for alpha in RIDGE]
    return max(fits, key=lambda p: kendalltau(p[valid], y[valid])[0])


def fit_trees(cells, y, train):
    """Predictions of LightGBM for all rows."""
    few = len(train) < FEW_ROWS
    x = tree_features(cells, few)
    model = lightgbm.LGBMRegressor(
        n_estimators=600,
        learning_rate=0.03 if few else 0.05,
        num_leaves=7 if few else 31,
        min_child_samples=3 if few else 20,
        verbose=-1,
        random_state=0,
    )
    return model.fit(x[train], y[train]).predict(x)


def interval(predicted, reported, classes, resamples):
    """Bootstrap 90 % interval of tau, whole classes drawn."""
    rng = np.random.default_rng(0)
    rows = {c: np.flatnonzero(classes == c) for c in set(classes.tolist())}
    names, taus = list(rows), []
    for _ in range(resamples):
        drawn = np.concatenate([rows[c] for c in rng.choice(names, len(names))])
        taus.append(kendalltau(predicted[drawn], reported[drawn])[0])
    return np.quantile(taus, [0.05, 0.95])


def read(path):
    """The label table as columns of text."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [r[name] for r in rows] for name in rows[0]}


def numbers(texts):
    """Floats, empty cells as NaN."""
    return np.array([float(t) if t else np.nan for t in texts])


def metrics_of(table, wanted):
    """The metrics asked for, or accuracies and all device columns."""
    usual = [
        name
        for name in table
        if name.endswith("_test_acc_pct") or name.startswith(("hwnas_", "help_"))
    ]
    return wanted or usual


def predictors(table, metric, cells, parts):
    """Predictions of every baseline for all rows, by name."""
    y = numbers(table[metric])
    known = np.flatnonzero(~np.isnan(y))
    train, valid = (np.intersect1d(part, known) for part in parts)
    dataset = metric.split("_test_acc")[0] if "_test_acc" in metric else "cifar10"
    return {
        "FLOPs": numbers(table[f"{dataset}_flops_M"]),
        "params": numbers(table[f"{dataset}_params"]),
        "LightGBM": fit_trees(cells, y, train),
        "ridge": fit_ridge(pair_features(cells), y, train, valid),
    }


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", help="nats_tss_open.csv.gz")
    parser.add_argument("--metric", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=5, help="splits 0, 1, ...")
    parser.add_argument("--valid", type=float, default=0.05)
    parser.add_argument("--test", type=float, default=0.1)
    parser.add_argument("--rows", type=int, help="train on this many rows only")
    parser.add_argument("--bootstrap", type=int, default=200)
    return parser.parse_args()


def main():
    """Command line entry."""
    args = arguments()
    table = read(args.labels)
    classes = np.array([int(c) for c in table["unique_rep_index"]])
    edges = [
        [e.split("~")[0] for node in arch.split("+") for e in node.strip("|").split("|")]
        for arch in table["arch_str"]
    ]
    cells = np.array([[OPS.index(op) for op in cell] for cell in edges])
    print("metric,baseline,tau_mean,tau_sd,tau_lo,tau_hi")
    for metric in metrics_of(table, args.metric):
        y, taus, intervals = numbers(table[metric]), {}, {}
        for seed in range(args.seeds):
            test, valid, train = split(classes, [args.test, args.valid], seed)
            if args.rows:
                train = subsample(table["arch_str"], train, args.rows, seed)
            test = np.intersect1d(test, np.flatnonzero(~np.isnan(y)))
            for name, p in predictors(table, metric, cells, (train, valid)).items():
                taus.setdefault(name, []).append(kendalltau(p[test], y[test])[0])
                if seed == 0:
                    intervals[name] = interval(p[test], y[test], classes[test], args.bootstrap)
        for name, values in taus.items():
            lo, hi = intervals[name]
            spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
            print(f"{metric},{name},{np.mean(values):.4f},{spread:.4f},{lo:.4f},{hi:.4f}", flush=True)


if __name__ == "__main__":
    main()
