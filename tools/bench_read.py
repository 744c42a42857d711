"""Time of nneval's string and costs against onnx.load, onnx.load with shape
inference, and onnx-tool, on a BERT-size model (437 MB) made for the purpose.

    pip install -r tools/requirements-bench.txt
    cargo build --release
    python tools/bench_read.py target/release/nneval

Prints the median of each, wall time and CPU time, and the ratios of both; on a
machine that is busy with other things CPU time tells more. The times of nneval include starting
the program; the peers' do not include starting Python. onnx-tool loads the
model, infers shapes and counts MACs, as `nneval inspect` does.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnx_tool
from onnx import TensorProto, helper, numpy_helper, shape_inference

HIDDEN, LAYERS, HEADS, INNER, VOCAB, POSITIONS = 768, 12, 12, 3072, 30522, 512
BATCH, LENGTH = 1, 128
# Runs of nneval that are timed together: the clock of CPU time ticks 100 times a second.
RUNS = 20


class Builder:
    def __init__(self):
        self.nodes, self.weights, self.rng = [], [], np.random.default_rng(0)

    def weight(self, name, *shape):
        values = self.rng.standard_normal(shape, dtype=np.float32) * 0.02
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def ints(self, name, values):
        self.weights.append(numpy_helper.from_array(np.array(values, dtype=np.int64), name))
        return name

    def op(self, kind, inputs, name, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x, name, n, m):
        y = self.op("MatMul", [x, self.weight(f"{name}.weight", n, m)], f"{name}.matmul")
        return self.op("Add", [y, self.weight(f"{name}.bias", m)], f"{name}.add")

    def norm(self, x, name):
        scale, bias = self.weight(f"{name}.weight", HIDDEN), self.weight(f"{name}.bias", HIDDEN)
        return self.op("LayerNormalization", [x, scale, bias], name, epsilon=1e-12)

    def heads(self, x, name, perm):
        y = self.op("Reshape", [x, "split"], f"{name}.split")
        return self.op("Transpose", [y], f"{name}.heads", perm=perm)

    def layer(self, x, i):
        p = f"layer{i}"
        q = self.heads(self.linear(x, f"{p}.q", HIDDEN, HIDDEN), f"{p}.q", [0, 2, 1, 3])
        k = self.heads(self.linear(x, f"{p}.k", HIDDEN, HIDDEN), f"{p}.k", [0, 2, 3, 1])
        v = self.heads(self.linear(x, f"{p}.v", HIDDEN, HIDDEN), f"{p}.v", [0, 2, 1, 3])
        s = self.op("Div", [self.op("MatMul", [q, k], f"{p}.qk"), "root"], f"{p}.scaled")
        a = self.op("Softmax", [self.op("Add", [s, "mask"], f"{p}.masked")], f"{p}.softmax", axis=-1)
        c = self.op("Transpose", [self.op("MatMul", [a, v], f"{p}.av")], f"{p}.back", perm=[0, 2, 1, 3])
        c = self.linear(self.op("Reshape", [c, "join"], f"{p}.join"), f"{p}.o", HIDDEN, HIDDEN)
        x = self.norm(self.op("Add", [c, x], f"{p}.res1"), f"{p}.norm1")
        h = self.linear(x, f"{p}.up", HIDDEN, INNER)
        e = self.op("Erf", [self.op("Div", [h, "sqrt2"], f"{p}.gelu.div")], f"{p}.gelu.erf")
        e = self.op("Mul", [h, self.op("Add", [e, "one"], f"{p}.gelu.add")], f"{p}.gelu.mul")
        h = self.linear(self.op("Mul", [e, "half"], f"{p}.gelu"), f"{p}.down", INNER, HIDDEN)
        return self.norm(self.op("Add", [h, x], f"{p}.res2"), f"{p}.norm2")


def bert(path):
    b = Builder()
    for name, v in [("root", 8.0), ("sqrt2", 2**0.5), ("one", 1.0), ("half", 0.5), ("low", -10000.0)]:
        b.weights.append(numpy_helper.from_array(np.float32(v), name))
    b.ints("split", [0, 0, HEADS, HIDDEN // HEADS])
    b.ints("join", [0, 0, HIDDEN])
    b.ints("axes", [1, 2])
    words = b.op("Gather", [b.weight("words", VOCAB, HIDDEN), "input_ids"], "words.rows")
    types = b.op("Gather", [b.weight("types", 2, HIDDEN), "token_type_ids"], "types.rows")
    x = b.op("Add", [words, types], "sum1")
    b.ints("end", [LENGTH])
    places = b.op("Slice", [b.weight("positions", POSITIONS, HIDDEN), b.ints("zero", [0]), "end", "zero"], "places")
    x = b.norm(b.op("Add", [x, places], "sum2"), "norm0")
    m = b.op("Unsqueeze", [b.op("Cast", ["attention_mask"], "mask.f", to=TensorProto.FLOAT), "axes"], "mask.4d")
    b.op("Mul", [b.op("Sub", ["one", m], "mask.not"), "low"], "mask")
    for i in range(LAYERS):
        x = b.layer(x, i)
    b.ints("first", 0)
    pooled = b.linear(b.op("Gather", [x, "first"], "cls", axis=1), "pooler", HIDDEN, HIDDEN)
    b.op("Tanh", [pooled], "pooled")
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, [BATCH, LENGTH])
           for n in ("input_ids", "attention_mask", "token_type_ids")]
    outs = [helper.make_tensor_value_info(x, TensorProto.FLOAT, None),
            helper.make_tensor_value_info("pooled", TensorProto.FLOAT, None)]
    graph = helper.make_graph(b.nodes, "bert", ids, outs, b.weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def median(run, times):
    """Medians of wall and CPU time, children's included; the first run left out."""
    now = lambda: np.array([time.perf_counter(), sum(os.times()[:4])])
    seconds = []
    for _ in range(times + 1):
        start = now()
        run()
        seconds.append(now() - start)
    return np.median(seconds[1:], axis=0)


def profile(path):
    m = onnx_tool.Model(str(path), {"verbose": False})
    m.graph.shape_infer()
    m.graph.profile()


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "bert.onnx"
        bert(path)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {len(onnx.load(path).graph.node)} nodes", flush=True)
        command = lambda *a: subprocess.run([program, *a, path], check=True, stdout=subprocess.DEVNULL)
        rows = {
            "onnx.load": median(lambda: onnx.load(path), 3),
            "onnx.load + infer_shapes": median(
                lambda: shape_inference.infer_shapes(onnx.load(path), data_prop=True), 3),
            "nneval string": median(lambda: [command("string") for _ in range(RUNS)], 3) / RUNS,
            "nneval inspect": median(lambda: [command("inspect") for _ in range(RUNS)], 3) / RUNS,
        }
        rows["onnx-tool"] = median(lambda: profile(path), 1)
        for name, (wall, cpu) in rows.items():
            print(f"{name:26} {wall * 1e3:10.2f} ms, CPU {cpu * 1e3:10.2f} ms")
        for ours, theirs in [("string", "onnx.load"), ("inspect", "onnx.load + infer_shapes"),
                             ("inspect", "onnx-tool")]:
            wall, cpu = rows[theirs] / rows[f"nneval {ours}"]
            print(f"nneval {ours}: 1/{wall:.0f} of {theirs}, in CPU time 1/{cpu:.0f}")


if __name__ == "__main__":
    main()
