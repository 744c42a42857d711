#!/usr/bin/env python3
"""Trains an evaluator on several splits and scores each on its test classes.

What follows `--` goes to `nneval train`. Prints per metric the mean and the standard deviation of
Kendall's tau-b over the splits. A split whose scores are in the folder already is not run again.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess


def train_and_score(args, seed):
    """The path of the scores of one split."""
    folder = args.out / f"seed{seed}"
    scores = folder / "scores.csv"
    if scores.exists():
        return scores
    folder.mkdir(parents=True, exist_ok=True)
    given = [word.replace("{seed}", str(seed)) for word in args.train]
    split = ["--test-fraction", args.test, "--valid-fraction", args.valid, "--split-seed", seed]
    run = folder / "run"
    resume = ["--resume"] if (run / "last.ckpt").exists() else []
    command = [args.binary, "train", "--labels", args.labels, "--out", folder / "evaluator"]
    command += ["--run-dir", run, "--seed", seed, *split, *resume, *given]
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        subprocess.run([str(w) for w in command], check=True, stderr=log, stdout=log)
    command = [args.binary, "score", "--labels", args.labels, "--rows", "test", "--format", "csv"]
    command += ["--evaluator", folder / "evaluator", "--bootstrap", args.bootstrap]
    done = subprocess.run([str(w) for w in command], check=True, capture_output=True, text=True)
    scores.write_text(done.stdout, encoding="utf-8")
    return scores


def collect(paths):
    """Tau of every metric on every split."""
    taus = {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                taus.setdefault(row["metric"], []).append(float(row["tau"]))
    return taus


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="target/release/nneval")
    parser.add_argument("--labels", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--valid", type=float, default=0.05)
    parser.add_argument("--test", type=float, default=0.1)
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("train", nargs="+", help="options of nneval train; {seed} is the split's")
    return parser.parse_args()


def main():
    """Command line entry."""
    args = arguments()
    taus = collect([train_and_score(args, seed) for seed in args.seeds])
    print("metric,tau_mean,tau_sd,taus")
    for metric, values in taus.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{metric},{statistics.mean(values):.4f},{spread:.4f},{json.dumps(values)!r}")


if __name__ == "__main__":
    main()
