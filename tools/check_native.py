#!/usr/bin/env python3
"""Compares train.onnx on this interpreter's ONNX Runtime with ref_native.py's record."""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime

from nngraph import flat

F = np.float32
LIMIT = 1e-4


def load_vectors(folder, record, graph):
    """The recorded vectors at full length, by name."""
    kept = record["kept_tokens"] * graph["d"]
    gap = (graph["vocab"] - record["kept_tokens"]) * graph["d"]
    data = np.fromfile(folder / "native.bin", "<f4").reshape(
        len(record["vectors"]), graph["n_params"] - gap
    )
    zeros = np.zeros(gap, F)
    return {n: np.concatenate([v[:kept], zeros, v[kept:]]) for n, v in zip(record["vectors"], data)}


def run(session, feeds):
    """All outputs by name."""
    names = [o.name for o in session.get_outputs()]
    wanted = {i.name for i in session.get_inputs()}
    feeds = {
        k: np.asarray(v, np.int64 if "ids" in k or k == "attention_mask" else F)
        for k, v in feeds.items()
        if k in wanted
    }
    return dict(zip(names, session.run(names, feeds)))


def compare(name, actual, expected):
    """Prints a difference; True when it is small beside the largest expected value."""
    gap, relative = flat.differences(actual, expected)
    print(f"{name:28s} max abs {gap:.2e}  relative {relative:.2e}")
    return relative < LIMIT


def check_cases(session, record, vectors, base):
    """Losses and gradients of each recorded case."""
    for name, case in record["cases"].items():
        out = run(session, {**base, **case, "params": vectors["params"], "step": 1})
        for loss in ("loss", "mse_loss", "rank_loss"):
            yield compare(f"{name} {loss}", out[loss], case[loss])
        yield compare(f"{name} grads", out["grads"], vectors[f"grads_{name}"])


def check_steps(session, record, vectors, base):
    """Two steps of clipped AdamW."""
    state = {"params": vectors["params"]}
    for step, norm in enumerate(record["two_steps"]["grad_norms"], 1):
        out = run(session, {**base, **state, "step": step})
        state = {k: out[f"{k}_out"] for k in ("params", "adam_m", "adam_v")}
        yield compare(f"step {step} grad_norm", out["grad_norm"], norm)
    for name, vector in state.items():
        yield compare(f"{name} after two steps", vector, vectors[f"{name}_2"])


def check_missing(session, vectors, base):
    """A missing label's value, even NaN, must change nothing."""
    feeds = {**base, "params": vectors["params"], "step": 1}
    target = np.where(np.array(base["target_mask"]) > 0, base["target"], np.nan)
    plain, changed = run(session, feeds), run(session, {**feeds, "target": target})
    yield compare("grads, NaN where missing", changed["grads"], plain["grads"])


def main():
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--graphs", type=pathlib.Path, required=True, help="folder with train.onnx and graph.json"
    )
    parser.add_argument(
        "--record", type=pathlib.Path, required=True, help="folder with native.json and native.bin"
    )
    args = parser.parse_args()
    graph = flat.load_graph(args.graphs)
    record = json.loads((args.record / "native.json").read_text(encoding="utf-8"))
    vectors = load_vectors(args.record, record, graph)
    session = onnxruntime.InferenceSession(
        str(args.graphs / "train.onnx"), providers=["CPUExecutionProvider"]
    )
    zeros = np.zeros(graph["n_params"], F)
    base = {**record["batch"], **record["two_steps"], "adam_m": zeros, "adam_v": zeros}
    print("onnxruntime", onnxruntime.__version__)
    results = [
        *check_cases(session, record, vectors, base),
        *check_steps(session, record, vectors, base),
    ]
    results += check_missing(session, vectors, base)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
