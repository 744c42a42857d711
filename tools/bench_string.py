"""Times `nneval string` against `onnx.load` on one large model, in turn, in one run.

The model is an encoder of BERT's size with random weights, written to a temporary folder;
one uncounted pass puts it into the disk cache. Whole processes are timed for nneval (its
start included), the call alone for `onnx.load` (Python's start and imports left out).
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def layer(index, x, d, nodes, weights, rng):
    """Two matrix products with ReLU and a residual sum; returns the output's name."""
    p = f"layer{index}."
    for name, shape in ((f"{p}w1", (d, 4 * d)), (f"{p}w2", (4 * d, d)), (f"{p}w3", (d, 4 * d))):
        weights.append(numpy_helper.from_array(rng.standard_normal(shape, np.float32), name))
    nodes.append(helper.make_node("MatMul", [x, f"{p}w1"], [f"{p}h"]))
    nodes.append(helper.make_node("Relu", [f"{p}h"], [f"{p}r"]))
    nodes.append(helper.make_node("MatMul", [f"{p}r", f"{p}w2"], [f"{p}o"]))
    nodes.append(helper.make_node("Add", [x, f"{p}o"], [f"{p}y"]))
    nodes.append(helper.make_node("MatMul", [f"{p}y", f"{p}w3"], [f"{p}g"]))
    nodes.append(helper.make_node("MatMul", [f"{p}g", f"{p}w2"], [f"{p}z"]))
    return f"{p}z"


def write_model(path, megabytes, d=768):
    """Writes a model of about that size."""
    rng = np.random.default_rng(0)
    nodes, weights, x = [], [], "x"
    count = max(1, round(megabytes * 1e6 / (12 * d * d * 4)))
    for i in range(count):
        x = layer(i, x, d, nodes, weights, rng)
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "large",
        [info("x", TensorProto.FLOAT, ["batch", "seq", d])],
        [info(x, TensorProto.FLOAT, ["batch", "seq", d])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def seconds(call):
    """Wall time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main():
    """Prints both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nneval", default="target/release/nneval")
    parser.add_argument("--megabytes", type=float, default=400)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.onnx"
        write_model(path, args.megabytes)

        def ours():
            subprocess.run([args.nneval, "string", path], check=True, stdout=subprocess.DEVNULL)

        def theirs():
            onnx.load(path)

        ours(), theirs()
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(args.runs)]
    a, b = (statistics.median(column) for column in zip(*pairs))
    ratio = statistics.median(y / x for x, y in pairs)
    print(f"nneval string {a:.4f} s, onnx.load {b:.4f} s, median ratio 1/{ratio:.0f}")


if __name__ == "__main__":
    main()
