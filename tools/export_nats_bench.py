#!/usr/bin/env python3
"""Exports your own NATS-Bench download to a label table for `nneval train`.

    python tools/export_nats_bench.py NATS-sss-v1_0-50262-simple sss.csv.gz
    nneval train --labels sss.csv.gz --space nats-sss --metric cifar10_test_acc_pct --out my-evaluator

SOURCE is what the official API reads (https://github.com/D-X-Y/NATS-Bench): the folder of the simple
mode (`meta.pickle.pbz2`, `000000.pickle.pbz2`, ...) or the one file (`NATS-tss-v1_0-3ffb9.pickle.pbz2`).
Whether it is the topology or the size space is seen from the architectures. The files are Python
pickles: export only what you trust.

Columns are those of the metrics by their names in the paper: test accuracy after the most epochs
trained for (200 of the topology space, 90 of the size space), mean over seeds; validation accuracy of
the models trained on CIFAR-10's training half; parameters; FLOPs in millions; training seconds per epoch.
`unique_rep_index` is the smallest index of the architectures with the same cell, by NAS-Bench-201's own
test; for the size space the index itself, since no two are alike.
"""

import argparse
import csv
import gzip
import io
import pathlib
import re
import sys

from nats_bench.api_size import NATSsize
from nats_bench.api_topology import NATStopology
from nats_bench.api_utils import pickle_load

DATASETS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16_120": "ImageNet16-120"}
HEADER = ["arch_index", "arch_str", "unique_rep_index"]


def open_api(source):
    """The official API on a folder or a file, and whether it is the size space."""
    if source.is_dir():
        meta = source / "meta.pickle.pbz2"
        if not meta.exists():
            sys.exit(f"error: {meta}: no such file; is this a folder of NATS-Bench's simple mode?")
        first = pickle_load(str(meta))["meta_archs"][0]
        is_size = re.fullmatch(r"\d+(:\d+)+", first) is not None
        kind = NATSsize if is_size else NATStopology
        return kind(str(source), fast_mode=True, verbose=False), is_size
    data = pickle_load(str(source))
    is_size = re.fullmatch(r"\d+(:\d+)+", data["meta_archs"][0]) is not None
    return (NATSsize if is_size else NATStopology)(data, fast_mode=False, verbose=False), is_size


def accuracy(results, dataset, split):
    """Mean over seeds after the last epoch, percent; empty where it was not evaluated."""
    try:
        return f"{results.get_metrics(dataset, split, is_random=False)['accuracy']:.4f}"
    except (KeyError, ValueError):
        return ""


def metrics(api, index, is_size):
    """Names and values of one architecture."""
    api._prepare_info(index)
    by_epochs = api.arch2infos_dict[index]
    results = by_epochs["90" if is_size else "200"]
    row = {}
    for name, dataset in DATASETS.items():
        if dataset in results.get_dataset_names():
            split = "ori-test" if dataset == "cifar10" else "x-test"
            row[f"{name}_test_acc_pct"] = accuracy(results, dataset, split)
            if dataset != "cifar10":
                row[f"{name}_valid_acc_pct"] = accuracy(results, dataset, "x-valid")
    if "cifar10-valid" in results.get_dataset_names():
        row["cifar10_valid_acc_pct"] = accuracy(results, "cifar10-valid", "x-valid")
    for name, dataset in DATASETS.items():
        if dataset not in results.get_dataset_names():
            continue
        costs = results.get_compute_costs(dataset)
        row[f"{name}_params"] = str(round(costs["params"] * 1e6))
        row[f"{name}_flops_M"] = f"{costs['flops']:.5f}"
        if costs.get("T-train@epoch") is not None:
            row[f"{name}_train_s_per_epoch"] = f"{costs['T-train@epoch']:.4f}"
    api.clear_params(index)
    if api.fast_mode:
        del api.arch2infos_dict[index]
    return row


def cell(arch):
    """What tells cells of the topology space apart: `to_unique_str(True)` of NAS-Bench-201 (Dong and Yang,
    ICLR 2020), which passes through skips, marks what is zero, and takes sums in any order: 6,466 cells."""
    nodes = ["0"]
    for node in arch.split("+"):
        parts = []
        for op, source in re.findall(r"([a-z0-9_]+)~(\d+)", node):
            value = nodes[int(source)]
            if op == "none" or value == "#":
                parts.append("#")
            else:
                parts.append(value if op == "skip_connect" else f"({value})@{op}")
        nodes.append("+".join(sorted(parts)))
    return nodes[-1]


def classes(archs, is_size):
    """The class of every architecture: the smallest index with the same cell."""
    if is_size:
        return list(range(len(archs)))
    first = {}
    return [first.setdefault(cell(arch), i) for i, arch in enumerate(archs)]


def export(source, out):
    """Writes the table; the number of rows."""
    api, is_size = open_api(source)
    class_of = classes(list(api.meta_archs), is_size)
    rows, names = [], {}
    for index, arch in enumerate(api.meta_archs):
        if not api.fast_mode and index not in api.evaluated_indexes:
            continue
        row = metrics(api, index, is_size)
        names.update(dict.fromkeys(row))
        rows.append({"arch_index": index, "arch_str": arch, "unique_rep_index": class_of[index], **row})
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER + list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode()
    partial = out.with_name(out.name + ".partial")
    partial.write_bytes(gzip.compress(data, mtime=0) if out.suffix == ".gz" else data)
    partial.replace(out)
    return len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path, help="folder of simple mode, or the one file")
    parser.add_argument("out", type=pathlib.Path, help=".csv or .csv.gz")
    args = parser.parse_args()
    if not args.source.exists():
        sys.exit(f"error: {args.source}: no such file or folder")
    print(f"{export(args.source, args.out)} architectures in {args.out}")


if __name__ == "__main__":
    main()
