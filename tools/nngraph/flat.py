"""The flat parameter vector that graph.json describes, in numpy."""

import json
import pathlib

import numpy as np


def load_graph(folder):
    """Contents of a folder's graph.json."""
    return json.loads((pathlib.Path(folder) / "graph.json").read_text(encoding="utf-8"))


def unpack(graph, vector):
    """One array per parameter, by name."""
    out = {}
    for p in graph["params"]:
        size = int(np.prod(p["shape"]))
        out[p["name"]] = vector[p["offset"] : p["offset"] + size].reshape(p["shape"])
    return out


def pack(graph, arrays):
    """The flat vector of arrays by name."""
    return np.concatenate([np.ravel(arrays[p["name"]]) for p in graph["params"]]).astype(np.float32)


def random_params(graph, rng, spread=0.1):
    """Initial values, with noise on ones and zeros too so that no term vanishes."""
    arrays = {}
    for p in graph["params"]:
        noise = rng.standard_normal(p["shape"]) * p["init"].get("std", spread)
        arrays[p["name"]] = noise + (p["init"]["kind"] == "ones")
    return pack(graph, arrays)


def rounded(array):
    """Nested lists that keep every float32 exactly, in few digits."""
    return json.loads(json.dumps(np.vectorize(lambda x: float(f"{x:.9g}"))(array).tolist()))


def differences(actual, expected):
    """Largest absolute difference, and that relative to the largest expected value."""
    gap = float(np.max(np.abs(np.asarray(actual, np.float64) - expected)))
    return gap, gap / max(float(np.max(np.abs(expected))), 1e-30)
