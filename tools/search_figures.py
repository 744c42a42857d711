"""How good are searches by true labels and by an evaluator of few labels?

The space is the rows of a label table. Regret: the best true accuracy of all
rows less the best true accuracy among those whose label was looked up.
Hypervolume: of the front of true accuracy and true latency of those rows, as a
share of the whole table's, down to --reference.

    python tools/search_figures.py ../shared/data/nats_tss_open.csv.gz \
        --pretrained runs/pretrained/best.ckpt --out runs/search

Every search goes through `nneval search`: those by true labels in ask/tell mode,
without an evaluator. The evaluator is trained on --rows rows, a tenth of them
for choosing the epoch, so that nothing else is known: random rows, or those that
the bayesian search looked up first. Needs Python alone.
"""

import argparse
import csv
import gzip
import io
import json
import random
import statistics
import subprocess
from pathlib import Path

STEPS = (100, 166, 300, 332, 1000)
# Labels that a search looks up, where not all of STEPS.
MOST = {"bayesian": 166}


def hypervolume(points, reference):
    """Area that (accuracy, latency) points dominate down to `reference`."""
    floor, ceiling = reference
    area, lowest = 0.0, floor
    for accuracy, latency in sorted(points, key=lambda p: (p[1], -p[0])):
        if accuracy > lowest and latency < ceiling:
            area += (ceiling - latency) * (accuracy - lowest)
            lowest = accuracy
    return area


class Figures:
    """Label table and settings."""

    def __init__(self, args):
        self.args = args
        with gzip.open(args.labels, "rt") as f:
            rows = [r for r in csv.DictReader(f) if r[args.accuracy] and r[args.latency]]
        self.rows = rows
        self.truth = {r["arch_str"]: (float(r[args.accuracy]), float(r[args.latency])) for r in rows}
        self.best = max(t[0] for t in self.truth.values())
        self.reference = args.reference
        self.whole = hypervolume(self.truth.values(), self.reference)
        self.list = args.out / "rows.txt"
        args.out.mkdir(parents=True, exist_ok=True)
        self.list.write_text("\n".join(self.truth) + "\n")

    def measure(self, archs):
        """Regret, and share of the hypervolume."""
        known = [self.truth[a] for a in archs]
        return self.best - max(k[0] for k in known), hypervolume(known, self.reference) / self.whole

    def search(self, *options):
        """The command of a search over the table's rows."""
        space = ["--space", "nats-tss", "--among", str(self.list), "--maximize", self.args.accuracy]
        return [self.args.nneval, "search", *space, *options]

    def by_labels(self, algorithm, both, seed):
        """Architectures in the order in which a search looks up true labels."""
        kept = self.args.out / f"{algorithm}-{1 + both}-{seed}.txt"
        if not kept.exists():
            order = self.look_up(algorithm, both, seed, MOST.get(algorithm, max(STEPS)))
            kept.write_text("\n".join(order) + "\n")
        return kept.read_text().splitlines()

    def look_up(self, algorithm, both, seed, most):
        """As by_labels, of so many labels at least."""
        more = ["--minimize", self.args.latency] if both else []
        chosen = ["--algorithm", algorithm, "--seed", str(seed), "--population", "20" if both else "10"]
        command = self.search(*more, *chosen, "--ask-tell", "--evaluator", "none")
        names = (self.args.accuracy, self.args.latency)[: 1 + both]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:

            def call(**request):
                p.stdin.write(json.dumps(request) + "\n")
                p.stdin.flush()
                return json.loads(p.stdout.readline())

            seen = []
            while len(seen) < most:
                asked = [c["arch"] for c in call(ask=20 if both else 1)["candidates"]]
                call(tell=[{"arch": a, "metrics": dict(zip(names, self.truth[a]))} for a in asked])
                seen += asked
            p.stdin.close()
        return seen

    def chosen(self, seed, chooser):
        """The --rows rows that an evaluator is trained on."""
        if chooser == "random":
            return [self.rows[i] for i in sorted(random.Random(seed).sample(range(len(self.rows)), self.args.rows))]
        first = set(self.by_labels(chooser, False, seed)[: self.args.rows])
        return [r for r in self.rows if r["arch_str"] in first]

    def train(self, seed, chooser):
        """An evaluator of --rows rows, and these rows' architectures."""
        out, args = self.args.out / ("" if chooser == "random" else chooser) / f"s{seed}", self.args
        out.mkdir(parents=True, exist_ok=True)
        rows = self.chosen(seed, chooser)
        table = out / "labels.csv"
        if not (out / "ev/evaluator.json").exists():
            columns = ["arch_index", "arch_str", "unique_rep_index", args.accuracy, args.latency]
            text = io.StringIO()
            writer = csv.DictWriter(text, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
            table.write_text(text.getvalue())
            settings = f"""from={args.pretrained} encoder=small epochs=12 batch=16 lr=4e-3 teachers=['gp']
                unlabelled-per-labelled=10 distill-weight=0.7 split.valid=0.1 split.seed={seed}"""
            command = f"""{args.nneval} train --labels {table} --metric {args.accuracy}=30
                --metric {args.latency}=30 --threads 1 --seed {seed} --out {out / "ev"}
                {" ".join("--set " + setting for setting in settings.split())}"""
            subprocess.run(command.split(), check=True, capture_output=True)
        with open(table) as f:
            return out, [r["arch_str"] for r in csv.DictReader(f)]

    def predicted(self, out, name, *options):
        """What a search by the evaluator measured: predicted values by architecture."""
        folder = out / name
        if not (folder / "pareto.json").exists():
            where = ["--evaluator", str(out / "ev"), "--out", str(folder), "--budget", str(self.args.budget)]
            subprocess.run(self.search(*options, *where), check=True, capture_output=True)
        with open(folder / "candidates.csv") as f:
            return {r["arch"]: r for r in csv.DictReader(f)}

    def by_evaluator(self, seed, chooser):
        """Rows labelled at first, those verified for accuracy, those for the front."""
        out, labelled = self.train(seed, chooser)
        known, accuracy, latency = set(labelled), self.args.accuracy, self.args.latency
        best = self.predicted(out, "best", "--seed", str(seed))
        new = sorted((a for a in best if a not in known), key=lambda a: -float(best[a][accuracy]))
        both = self.predicted(out, "front", "--minimize", latency, "--seed", str(seed))
        points = {a: (float(r[accuracy]), float(r[latency])) for a, r in both.items()}
        chosen, have = [], [self.truth[a] for a in labelled]
        for _ in range(self.args.verify):
            left = [a for a in points if a not in known and a not in chosen]
            gain = {a: hypervolume([*have, points[a]], self.reference) for a in left}
            chosen.append(max(gain, key=gain.get))
            have.append(points[chosen[-1]])
        return labelled, new[: self.args.verify], chosen


def spread(values):
    """Mean and standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {deviation:.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--nneval", default="nneval", help="the program")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pretrained", type=Path, help="best.ckpt of nneval pretrain; without it only searches by labels")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(20)))
    parser.add_argument("--rows", type=int, default=156)
    parser.add_argument("--verify", type=int, default=10)
    parser.add_argument("--budget", type=int, default=2000, help="candidates that the evaluator predicts")
    parser.add_argument("--accuracy", default="cifar10_test_acc_pct")
    parser.add_argument("--latency", default="hwnas_raspi4_lat_ms")
    parser.add_argument("--reference", type=float, nargs=2, default=(85.0, 90.0), metavar=("ACCURACY", "LATENCY"))
    figures = Figures(parser.parse_args())
    args = figures.args
    print(f"{len(figures.truth)} rows, best {figures.best:.3f}; {len(args.seeds)} seeds", flush=True)
    for column, both in (("regret", False), ("hypervolume", True)):
        for algorithm in ("random", "nsga2" if both else "evolution", "bayesian"):
            runs = [figures.by_labels(algorithm, both, s) for s in args.seeds]
            for step in STEPS:
                if step > MOST.get(algorithm, step):
                    continue
                values = [figures.measure(r[:step])[both] for r in runs]
                within = "" if both else f", within 0.3 in {sum(v <= 0.3 for v in values)} of {len(values)}"
                print(f"{column}, {algorithm}, {step} labels: {spread(values)}{within}", flush=True)
    for chooser in ("random", "bayesian") if args.pretrained else ():
        found = [figures.by_evaluator(s, chooser) for s in args.seeds]
        name = f"evaluator, {args.rows} {chooser} + {args.verify} labels"
        regrets = [figures.measure([*a, *b])[0] for a, b, _ in found]
        print(f"regret, {name}: {spread(regrets)}, within 0.3 in {sum(r <= 0.3 for r in regrets)} of {len(regrets)}")
        print(f"regret, the {args.verify} of them alone: {spread([figures.measure(b)[0] for _, b, _ in found])}")
        print(f"hypervolume, {name}: {spread([figures.measure([*a, *c])[1] for a, _, c in found])}", flush=True)


if __name__ == "__main__":
    main()
