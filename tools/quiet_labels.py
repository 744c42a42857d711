#!/usr/bin/env python3
"""Label tables of `nneval measure` without the latencies of disturbed minutes.

A latency is kept where rounds differ by --spread at most, and where the control model took
--slower of its usual time at most. A second measurement takes the place of one that is not
kept, scaled to the control model of the first. Peak memory is kept always.
"""

import argparse
import csv
import statistics


def read(path):
    """Comments, and rows by path."""
    with open(path, newline="") as f:
        lines = f.read().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return comments, list(csv.DictReader(line for line in lines if not line.startswith("#")))


def control(row):
    """How much longer the control model took than usual in its table."""
    return float(row["latency_raw_ms"]) / float(row["latency_ms"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("--again", help="table of a second measurement")
    parser.add_argument("--scale", type=float, default=1.0, help="control model, first by second")
    parser.add_argument("--spread", type=float, default=0.12)
    parser.add_argument("--slower", type=float, default=1.10)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    comments, rows = read(args.table)
    again = {row["path"]: row for row in read(args.again)[1]} if args.again else {}

    def is_quiet(row, scale=1.0):
        if row["error"] or not row["latency_ms"]:
            return False
        slower = args.slower * scale
        return float(row["rounds_spread"]) <= args.spread and control(row) <= slower

    kept, second = [], 0
    for row in rows:
        if row["error"]:
            continue
        other = again.get(row["path"])
        if not is_quiet(row) and other and is_quiet(other, args.scale):
            row, second = dict(other), second + 1
            row["latency_ms"] = repr(float(row["latency_ms"]) * args.scale)
        elif not is_quiet(row):
            row = {**row, "latency_ms": ""}
        kept.append(row)
    with open(args.out, "w", newline="") as f:
        f.write("".join(line + "\n" for line in comments))
        writer = csv.DictWriter(f, fieldnames=rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    latencies = [float(row["latency_ms"]) for row in kept if row["latency_ms"]]
    print(
        f"{len(kept)} rows, {second} of the second measurement, {len(kept) - len(latencies)} "
        f"without latency, median {statistics.median(latencies):.3g} ms"
    )


if __name__ == "__main__":
    main()
