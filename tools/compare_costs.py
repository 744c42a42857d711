#!/usr/bin/env python3
"""Predictions of latency or memory against what static costs alone give, by family of networks.

    nneval inspect networks --format json > costs.jsonl
    nneval evaluate networks --evaluator my-device --format csv > predicted.csv
    python tools/compare_costs.py measured.csv costs.jsonl predicted.csv --metric latency_ms \
        --families networks.csv --left-out gru,unet

`measured.csv` is a table of `nneval measure`, `networks.csv` has the columns path and family. The baselines
are fitted to the rows of the families not left out and tested on the others, with --models on all rows
of that second measured table:
  linear    a + b FLOPs, least squares of the relative error, a and b not negative
  roofline  the sum over operator types of max(FLOPs / f, bytes / b) + n c, with f, b and c fitted by grid and
            least squares in the logarithm; f apart for convolutions, matrix products and all else
            (Williams, Waterman & Patterson 2009)
  LightGBM  logarithms of the costs and the histogram of operator types, on the logarithm of the label
Prints by family Kendall's tau-b, the median relative error and the shares within 10 and 20 %.
"""

import argparse
import csv
import json
import pathlib

import lightgbm
import numpy as np
from scipy.optimize import minimize, nnls
from scipy.stats import kendalltau

COSTS = ["macs", "flops", "activation_bytes_read", "activation_bytes_written", "weight_bytes_read", "weight_bytes"]
COSTS += ["peak_activation_bytes", "parameters", "depth"]
CONVOLUTIONS = {"Conv", "ConvTranspose", "ConvInteger", "QLinearConv"}
PRODUCTS = {"MatMul", "Gemm", "MatMulInteger", "LSTM", "GRU", "RNN", "Einsum", "Attention"}


def rows_of(path):
    """Rows of a table, comments left out."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def number(value):
    """A cost that is known, else 0."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def costs_of(path):
    """Costs by file name."""
    with open(path, encoding="utf-8") as file:
        found = (json.loads(line) for line in file)
        return {pathlib.PurePath(c["path"]).name: c for c in found if "operators" in c}


def linear(train, labels, test):
    """a + b FLOPs."""
    design = lambda costs: np.array([[1.0, number(c["flops"])] for c in costs])
    x = design(train)
    scale = x.max(axis=0)
    weights, _ = nnls(x / scale / labels[:, None], np.ones(len(labels)))
    return design(test) / scale @ weights


def rooflines(costs):
    """FLOPs and bytes of each network by kind of operator, and the number of operators."""
    table = np.zeros((len(costs), 3, 2))
    for i, c in enumerate(costs):
        for op in c["operators"]:
            name = op["operator"]
            kind = 0 if name in CONVOLUTIONS else 1 if name in PRODUCTS else 2
            table[i, kind, 0] += number(op["flops"])
            table[i, kind, 1] += number(op["activation_bytes_read"]) + number(op["activation_bytes_written"])
        table[i, 1, 1] += number(c["weight_bytes_read"])
    return table, np.array([sum(op["count"] for op in c["operators"]) for c in costs], float)


def roofline(train, labels, test):
    """Sum over kinds of operators of max(FLOPs / f, bytes / b), and c an operator."""

    def value(p, table, count):
        rate, width, each = np.exp(p[:3]), np.exp(p[3]), np.exp(p[4])
        times = np.maximum(table[:, :, 0] / rate, table[:, :, 1] / width).sum(axis=1)
        return times + each * count + np.exp(p[5])

    table, count = rooflines(train)
    error = lambda p: np.median(np.abs(np.log(value(p, table, count) / labels)))
    starts = [np.log([f, f, f / 10, b, 1e-3, 0.05]) for f in (1e7, 1e8) for b in (1e6, 1e7)]
    options = {"maxiter": 4000, "xatol": 1e-3, "fatol": 1e-5}
    best = min((minimize(error, s, method="Nelder-Mead", options=options) for s in starts), key=lambda r: r.fun)
    return value(best.x, *rooflines(test))


def boosted(train, labels, test):
    """LightGBM on costs and operators."""
    names = sorted({op["operator"] for c in train for op in c["operators"]})

    def design(costs):
        rows = []
        for c in costs:
            counts = {op["operator"]: op["count"] for op in c["operators"]}
            work = {op["operator"]: number(op["flops"]) for op in c["operators"]}
            rows.append(
                [np.log1p(number(c[k])) for k in COSTS]
                + [counts.get(n, 0) for n in names]
                + [np.log1p(work.get(n, 0.0)) for n in names]
            )
        return np.array(rows)

    model = lightgbm.LGBMRegressor(
        n_estimators=1500, learning_rate=0.03, num_leaves=31, min_child_samples=5, subsample=0.7,
        subsample_freq=1, colsample_bytree=0.5, random_state=0, n_jobs=1, verbose=-1, deterministic=True,
    )
    return np.exp(model.fit(design(train), np.log(labels)).predict(design(test)))


def line(name, method, labels, predicted):
    """Agreement of one method on one family."""
    error = np.abs(predicted / labels - 1)
    tau = kendalltau(predicted, labels).statistic if len(labels) > 1 else float("nan")
    shares = [100 * np.mean(error <= bound) for bound in (0.1, 0.2)]
    print(f"{name:<24} {method:<9} n {len(labels):4}  tau {tau:6.3f}  median error {100 * np.median(error):6.1f} %"
          f"  within 10 % {shares[0]:5.1f} %  within 20 % {shares[1]:5.1f} %")


def labelled(path, costs, metric):
    """Names and labels of rows that have both."""
    rows = [r for r in rows_of(path) if not r.get("error") and r[metric]]
    named = [(pathlib.PurePath(r["path"]).name, float(r[metric])) for r in rows]
    return [(n, v) for n, v in named if n in costs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=pathlib.Path)
    parser.add_argument("costs", type=pathlib.Path)
    parser.add_argument("predicted", type=pathlib.Path)
    parser.add_argument("--metric", required=True)
    parser.add_argument("--families", type=pathlib.Path, required=True)
    parser.add_argument("--left-out", default="", help="families, with commas")
    parser.add_argument("--models", type=pathlib.Path, help="measured table of other models, tested as one family")
    args = parser.parse_args()
    costs = costs_of(args.costs)
    family = {pathlib.PurePath(r["path"]).name: r["family"] for r in rows_of(args.families)}
    out = set(filter(None, args.left_out.split(",")))
    rows = labelled(args.measured, costs, args.metric)
    train = [(n, v) for n, v in rows if family[n] not in out]
    test = [(n, v, family[n]) for n, v in rows if family[n] in out]
    if args.models:
        test += [(n, v, args.models.stem) for n, v in labelled(args.models, costs, args.metric)]
    given = {}
    for r in rows_of(args.predicted):
        if r.get(args.metric):
            given[pathlib.PurePath(r["path"]).name] = float(r[args.metric])
    test = [t for t in test if t[0] in given]
    labels = np.array([v for _, v in train])
    of = lambda names: [costs[n] for n in names]
    names = [n for n, _, _ in test]
    methods = {"nneval": np.array([given[n] for n in names])}
    for name, fit in (("linear", linear), ("roofline", roofline), ("LightGBM", boosted)):
        methods[name] = fit(of([n for n, _ in train]), labels, of(names))
    reported, groups = np.array([v for _, v, _ in test]), np.array([f for _, _, f in test])
    for group in dict.fromkeys(groups):
        for method, predicted in methods.items():
            line(group, method, reported[groups == group], predicted[groups == group])
    if out:
        inside = np.isin(groups, list(out))
        for method, predicted in methods.items():
            line("all left out", method, reported[inside], predicted[inside])


if __name__ == "__main__":
    main()
