"""Differences between counters over 0.5 %, grouped by their reason."""

import collections
import csv
import gzip
import pathlib

from . import models, reasons

LEAST = 0.005
NAMES = {
    "run": "ONNX Runtime, a run",
    "onnx": "onnx.shape_inference",
    "symbolic": "symbolic_shape_infer",
    "onnx_tool": "onnx-tool",
    "pytorch": "PyTorch, published",
}
OTHERS = ("run", "onnx", "symbolic", "onnx_tool")


def differ(a, b):
    return abs(a - b) > LEAST * max(abs(a), abs(b))


def makers(corpus, path):
    """Output -> operator that makes it."""
    graph = models.load(corpus / path).graph
    made = {o: n.op_type for n in graph.node for o in n.output}
    return {o.name: made.get(o.name, "an input") for o in graph.output}


def shapes(row, corpus):
    """Outputs whose known shapes differ: program, operator, ours, theirs."""
    ours, ops = row["nneval"].get("outputs", {}), None
    for other in OTHERS:
        found = row.get(other) or {}
        for name, shape in (found if other == "run" else found.get("outputs", {})).items():
            if shape is None or ours.get(name) == shape:
                continue
            ops = ops or makers(corpus, row["path"])
            what = "shape" if ours.get(name) is not None else "no shape"
            yield other, what, ops.get(name, "?"), ours.get(name), shape


def peaks(row):
    ours = row["nneval"].get("peak")
    for other in ("onnx", "symbolic"):
        theirs = row[other].get("peak")
        if ours is not None and theirs is not None and differ(ours, theirs):
            yield other, "peak", "", ours, theirs


def counts(row):
    """Parameters and MACs that onnx-tool counts otherwise."""
    ours, theirs = row["nneval"], row["onnx_tool"]
    if "macs" not in ours or "macs" not in theirs:
        return
    if differ(ours["parameters"], theirs["parameters"]):
        yield "onnx_tool", "parameters", "", (ours["parameters"], ours["stored"]), theirs["parameters"]
    for op, macs in theirs["macs"].items():
        own = ours["macs"].get(op)
        if own is None and macs and op not in ours["unknown"]:
            own = 0
        if own is not None and differ(own, macs):
            yield "onnx_tool", "MACs", op, own, macs
    for op, macs in ours["macs"].items():
        if macs and op not in theirs["macs"] and op.split(".")[-1] not in theirs["macs"]:
            yield "onnx_tool", "MACs", op, macs, 0


def pytorch(row, labels):
    """Parameters and MACs that PyTorch's counters have otherwise."""
    label = labels.get(pathlib.Path(row["path"]).name)
    ours = row["nneval"]
    if label is None or ours.get("total") is None:
        return
    if differ(ours["parameters"], float(label["torch_params"])):
        yield "pytorch", "parameters", "", ours["parameters"], float(label["torch_params"])
    theirs, flops = float(label["gmacs_published"]) * 1e9, ours["flops"]
    # Published figures have three digits.
    if abs(ours["total"] - theirs) <= LEAST * theirs + 5e6:
        return
    batch = flops.get("BatchNormalization") or 0
    layer = (flops.get("LayerNormalization") or 0) + (flops.get("InstanceNormalization") or 0)
    terms = {
        "BatchNormalization": batch,
        "LayerNormalization": layer * 6 / 7,
        "weights": row["weights"],
        "LSTM": -(flops.get("LSTM") or 0) / 2,
    }
    near = lambda n: abs(n - theirs) <= LEAST * theirs + 5e6
    if near(ours["total"] + sum(terms.values())):
        # The largest term stands for all.
        what = max(terms, key=lambda k: abs(terms[k]))
        yield "pytorch", "MACs", what, ours["total"], theirs
    else:
        yield "pytorch", "MACs", "?", (ours["total"], ours["total"] + sum(terms.values())), theirs


def differences(rows, folder, labels):
    for row in rows:
        if "error" in row or "error" in row["nneval"]:
            yield row, "nneval", "error", row.get("error", ""), row.get("nneval", {}).get("error"), None
            continue
        found = [*shapes(row, folder / "corpus"), *peaks(row), *counts(row), *pytorch(row, labels)]
        yield from ((row, *d) for d in found)


def zoo_labels(path):
    with gzip.open(path, "rt") as f:
        return {r["file"]: r for r in csv.DictReader(f)}


def answers(rows):
    """How many models each program answers for."""
    for other in ("nneval", *OTHERS):
        known = [r for r in rows if r.get(other) and "error" not in r[other]]
        print(f"{other}: {len(known)} of {len(rows)} models")


def show(rows, folder):
    """Prints all differences by reason; 1 where one has none."""
    labels = zoo_labels(folder / "data/zoo_labels.csv.gz")
    answers(rows)
    groups, open_ones = collections.defaultdict(list), []
    for row, *d in differences(rows, folder, labels):
        reason = reasons.of(folder / "corpus", row, *d)
        (groups[reason] if reason else open_ones).append((row["path"], *d))
    print("| program | quantity | operators | what it does otherwise | right | specification | models |")
    print("|---|---|---|---|---|---|---|")
    for reason, found in sorted(groups.items(), key=lambda g: (g[0].other, g[0].what, -len(g[1]))):
        paths = sorted({d[0] for d in found})
        operators = ", ".join(sorted({d[3] for d in found if d[3]})[:6])
        more = len({d[3] for d in found}) - 6
        operators += f" and {more} more" if more > 0 else ""
        cells = [NAMES[reason.other], reason.what, operators, reason.text, reason.right, reason.source, len(paths)]
        print("| " + " | ".join(map(str, cells)) + " |")
    print(f"{len(open_ones)} without a reason")
    for d in open_ones:
        print(*d)
    return int(bool(open_ones))
