"""Reference shapes for tests/it/models/shapes.rs: what onnx.shape_inference
infers, and what ONNX Runtime computes, one JSON object a model and line.

    pip install -r tools/requirements-shapes.txt
    python tools/ref_shapes.py CORPUS > ref.jsonl

Fields: path (below CORPUS); inferred: value -> sizes (null where unknown);
inputs: the sizes that the run was given; run: value -> sizes. Only values of
the main graph. A model that the runtime does not run has no "run".
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, shape_inference

SIZES = (32, 64, 16, 2, 1, 256)


def dims(t):
    if not t.HasField("tensor_type") or not t.tensor_type.HasField("shape"):
        return None
    return [d.dim_value if d.HasField("dim_value") else None for d in t.tensor_type.shape.dim]


def inferred(model):
    m = shape_inference.infer_shapes(model, check_type=False, strict_mode=False, data_prop=True)
    values = list(m.graph.value_info) + list(m.graph.output)
    found = {v.name: dims(v.type) for v in values}
    return {k: v for k, v in found.items() if v is not None}


def feed(value, size, rng):
    t = value.type.tensor_type
    shape = [d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else size for d in t.shape.dim]
    if t.elem_type == onnx.TensorProto.STRING:
        return np.full(shape, "a b", dtype=object)
    dtype = helper.tensor_dtype_to_np_dtype(t.elem_type)
    if np.issubdtype(dtype, np.floating):
        return rng.random(shape).astype(dtype)
    return np.ones(shape, dtype=dtype)


def run(model):
    known = {i.name for i in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in known]
    if not all(i.type.HasField("tensor_type") for i in inputs):
        return None
    m = onnx.ModelProto()
    m.CopyFrom(model)
    names = [o for n in m.graph.node for o in n.output if o]
    have = {o.name for o in m.graph.output}
    m.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in have)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(m.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    for size in SIZES:
        feeds = {i.name: feed(i, size, np.random.default_rng(0)) for i in inputs}
        try:
            out = session.run(names, feeds)
        except Exception:
            continue
        shapes = {n: list(o.shape) for n, o in zip(names, out) if isinstance(o, np.ndarray)}
        return {k: list(v.shape) for k, v in feeds.items()}, shapes
    return None


def main():
    root = pathlib.Path(sys.argv[1])
    ort.set_default_logger_severity(4)
    for path in sorted(root.rglob("*.onnx")):
        model = onnx.load(path, load_external_data=False)
        line = {"path": str(path.relative_to(root))}
        try:
            line["inferred"] = inferred(model)
        except Exception as e:
            line["inference_error"] = str(e)[:200]
        try:
            ran = run(model)
        except Exception as e:
            ran = None
            line["run_error"] = str(e)[:200]
        if ran:
            line["inputs"], line["run"] = ran
        print(json.dumps(line), flush=True)


main()
