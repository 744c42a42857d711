#!/usr/bin/env python3
"""How well labels of NATS-Bench's topology space can be ranked by anything that sees the graph alone.

A cell without the edge from node 1 to node 2 is the same graph when the two nodes change places;
both have a row of their own, trained and measured apart. Kendall's tau between such twins tells
how noisy labels are. Under bivariate normal labels tau = 2/pi asin(r) (Greiner 1909), and the
correlation of a label with its noise-free value is the root of that between twins, so that an
evaluator without error would have tau = 2/pi asin(sqrt(sin(pi/2 tau_twins))).

With --predicted SEED=FILE (what `nneval evaluate` says of files that are named by arch_index, by
an evaluator of that split) both are taken on the split's test rows that have a twin, and the
evaluator's tau on the same rows stands beside them.
"""

import argparse
import csv
import pathlib

import numpy as np
from baselines import OPS, metrics_of, numbers, read, split
from scipy.stats import kendalltau


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
    print("metric,rows,ceiling,nneval")
    for metric in metrics_of(table, args.metric):
        y, counts, bounds, ours = numbers(table[metric]), [], [], []
        for rows, predicted in parts:
            rows = rows[twin[rows] >= 0]
            rows = rows[~np.isnan(y[rows]) & ~np.isnan(y[twin[rows]])]
            counts.append(len(rows))
            bounds.append(ceiling(y[rows], y[twin[rows]]))
            if predicted:
                values = [float(predicted[row][metric]) for row in rows]
                ours.append(kendalltau(values, y[rows])[0])
        mine = f"{np.mean(ours):.4f}" if ours else ""
        print(f"{metric},{round(np.mean(counts))},{np.mean(bounds):.4f},{mine}", flush=True)


if __name__ == "__main__":
    main()
