#!/usr/bin/env python3
"""How well labels of NATS-Bench's topology space can be ranked by what sees the graph alone.

A cell without the edge from node 1 to node 2 is the same graph when the two nodes change places;
both have a row of their own, trained and measured apart. Kendall's tau between such twins tells
how noisy labels are. Under bivariate normal labels tau = 2/pi asin(r) (Greiner 1909), and the
correlation of a label with its noise-free value is the root of that between twins, so that an
evaluator without error would have tau = 2/pi asin(sqrt(sin(pi/2 tau_twins))).

With --predicted SEED=FILE (what `nneval evaluate` says of files that are named by arch_index, by
an evaluator of that split) both are taken on the split's test rows that have a twin, and the
evaluator's tau on the same rows stands beside them.

Then follow, on all test rows, the tau of the evaluator and the tau that predictions would have if
they were what is without noise: with labels drawn around them, namely the prediction, plus the
device's drift where the row was measured (`drift`), plus what is left of a twin's label that is
predicted nearly alike, after its drift. Rough: twins are the smaller networks, and evaluators come
out over it by up to .024 on devices that drift much.
"""

import argparse
import csv
import pathlib

import numpy as np
from baselines import OPS, metrics_of, numbers, read, split
from scipy.stats import kendalltau, norm, rankdata

# Widths, in rows, of the means that tell a device's drift, and the least share of the residuals'
# squares that drift explains, as in src/labels/drift.rs.
WIDTHS, LEAST = (2, 10, 40), 0.02
# Twins on either side, by prediction, that noise is drawn from, and how often it is drawn.
NEAR, DRAWS = 100, 20


def twins(table):
    """For each row the row of its twin, -1 where it has none."""
    cells = []
    for arch in table["arch_str"]:
        edges = [e.split("~")[0] for node in arch.split("+") for e in node.strip("|").split("|")]
        cells.append(tuple(OPS.index(e) for e in edges))
    rows = {cell: row for row, cell in enumerate(cells)}
    none = OPS.index("none")
    found = np.full(len(cells), -1)
    for cell, row in rows.items():
        a, b, between, c, d, e = cell
        other = (b, a, none, c, e, d)
        if between == none and other != cell:
            found[row] = rows.get(other, -1)
    return found


def ceiling(y, other):
    """Tau that an evaluator without error would have on labels `y` with twins `other`."""
    tau = kendalltau(y, other)[0]
    return 2 / np.pi * np.arcsin(np.sqrt(max(0.0, np.sin(np.pi / 2 * tau))))


def drift(residuals):
    """A device's drift at each row from what is left of its neighbours' labels (NaN: unknown):
    a weighted sum of Gaussian-weighted means, weighted as explains the residuals best; 0 where
    that is less than 2 % of their squares."""
    known = ~np.isnan(residuals)
    most = 5 * np.median(np.abs(residuals[known]))
    left, means = np.where(known, np.clip(residuals, -most, most), 0.0), []
    for width in WIDTHS:
        kernel = np.exp(-0.5 * (np.arange(-4 * width, 4 * width + 1) / width) ** 2)
        kernel[4 * width] = 0.0
        count = np.convolve(known.astype(float), kernel, "same") + 0.5
        means.append(np.convolve(left, kernel, "same") / count)
    means = np.stack(means, 1)
    weights, *_ = np.linalg.lstsq(means[known], left[known], rcond=None)
    moved = means @ weights
    rest, all_of_it = ((left - moved)[known] ** 2).sum(), (left**2).sum()
    return moved if rest < (1 - LEAST) * all_of_it else np.zeros(len(moved))


def normal_scores(y, predicted):
    """Labels as quantiles of the normal distribution, by rank, and predictions on that scale: no
    order changes, and noise is more nearly the same everywhere."""
    known = ~np.isnan(y)
    scores = np.full(len(y), np.nan)
    scores[known] = norm.ppf(rankdata(y[known]) / (known.sum() + 1))
    return scores, np.interp(predicted, np.sort(y[known]), np.sort(scores[known]))


def simulated(predicted, y, twin, rows, rng):
    """Tau of `predicted` on `rows` with labels that noise and drift alone keep from them."""
    y, predicted = normal_scores(y, predicted)
    moved = drift(y - predicted)
    pairs = np.flatnonzero((twin > np.arange(len(y))) & ~np.isnan(y) & ~np.isnan(y[twin]))
    noise = ((y - moved)[pairs] - (y - moved)[twin[pairs]]) / np.sqrt(2)
    noise = noise[np.argsort(predicted[pairs])]
    place = np.searchsorted(np.sort(predicted[pairs]), predicted[rows])
    taus = []
    for _ in range(DRAWS):
        shift = rng.integers(-NEAR, NEAR + 1, len(rows))
        near = np.clip(place, NEAR, len(pairs) - NEAR - 1) + shift
        drawn = noise[near] * rng.choice([-1, 1], len(rows))
        taus.append(kendalltau(predicted[rows], predicted[rows] + moved[rows] + drawn)[0])
    return np.mean(taus)


def predictions(path, table):
    """Columns of a CSV of `nneval evaluate`, in the order of the label table."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = {pathlib.Path(r["path"]).stem: r for r in csv.DictReader(file)}
    return [rows[index] for index in table["arch_index"]]


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", help="nats_tss_open.csv.gz")
    parser.add_argument("--metric", action="append", default=[])
    parser.add_argument("--predicted", action="append", default=[], metavar="SEED=FILE")
    parser.add_argument("--valid", type=float, default=0.05)
    parser.add_argument("--test", type=float, default=0.1)
    return parser.parse_args()


def main():
    """Command line entry."""
    args = arguments()
    table = read(args.labels)
    twin = twins(table)
    classes = np.array([int(c) for c in table["unique_rep_index"]])
    parts = [(np.arange(len(twin)), None)]
    if args.predicted:
        given = [p.split("=", 1) for p in args.predicted]
        shares = [args.test, args.valid]
        parts = [(split(classes, shares, int(s))[0], predictions(f, table)) for s, f in given]
    print("metric,rows,ceiling,nneval,all_ceiling,all_nneval")
    rng = np.random.default_rng(0)
    for metric in metrics_of(table, args.metric):
        y, found = numbers(table[metric]), []
        known = ~np.isnan(y)
        for test, predicted in parts:
            rows = test[(twin[test] >= 0) & known[test] & known[twin[test]]]
            found.append([len(rows), ceiling(y[rows], y[twin[rows]])])
            if predicted:
                values = np.array([float(row[metric]) for row in predicted])
                test = test[known[test]]
                found[-1] += [kendalltau(values[rows], y[rows])[0]]
                found[-1] += [simulated(values, y, twin, test, rng)]
                found[-1] += [kendalltau(values[test], y[test])[0]]
        count, *taus = np.mean(found, 0)
        print(",".join([metric, f"{count:.0f}", *(f"{tau:.4f}" for tau in taus)]), flush=True)


if __name__ == "__main__":
    main()
