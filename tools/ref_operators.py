"""Reference shapes of single operators for tests/it/models/operators.rs: what
ONNX Runtime computes for each line of a table of operators, one JSON object an
operator and line.

    pip install -r tools/requirements-shapes.txt
    python tools/ref_operators.py crates/graph/tests/operators.txt > ref.jsonl

The format of the tables is that of crates/graph/tests/operators.rs. Fields: line
(its number), operator, types: element types of the outputs, run: their sizes where
the CPU has a kernel that accepts the line; inferred: those that ONNX Runtime's
shape inference finds (null where unknown); error: why it did not run. Each line
runs in a process of its own.
"""

import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
import onnxruntime.capi.onnxruntime_pybind11_state as state
from onnx import helper

TYPES = {
    "f32": onnx.TensorProto.FLOAT,
    "f64": onnx.TensorProto.DOUBLE,
    "f16": onnx.TensorProto.FLOAT16,
    "bf16": onnx.TensorProto.BFLOAT16,
    "u8": onnx.TensorProto.UINT8,
    "i8": onnx.TensorProto.INT8,
    "i16": onnx.TensorProto.INT16,
    "i32": onnx.TensorProto.INT32,
    "u32": onnx.TensorProto.UINT32,
    "i64": onnx.TensorProto.INT64,
    "u64": onnx.TensorProto.UINT64,
    "bool": onnx.TensorProto.BOOL,
    "str": onnx.TensorProto.STRING,
}
NEWEST = {"": 21, "ai.onnx.ml": 4, "com.ms.internal.nhwc": 21}
NAMES = {"float": "f32", "double": "f64", "float16": "f16", "bfloat16": "bf16", "string": "str", "bool": "bool"}
NAMES |= {f"{long}{bits}": f"{short}{bits}" for long, short in [("int", "i"), ("uint", "u")] for bits in (8, 16, 32, 64)}
# Sizes that no line has, so that what is declared of an output never fits.
DECLARED = [991] * 3


def since(domain, name):
    """The first operator set not before ours that has the operator."""
    at = NEWEST.get(domain, 1)
    versions = [s.since_version for s in state.get_all_operator_schema() if (s.domain, s.name) == (domain, name)]
    return at if any(v <= at for v in versions) else min(versions, default=at)


def numbers(text):
    scalar = text.endswith(".")
    values = [float(v) for v in text.rstrip(".").split(",") if v]
    return values, [] if scalar else [len(values)]


def constant(text):
    """Type, values, sizes of a constant; None for an input."""
    if text.startswith("~"):
        values, sizes = numbers(text[1:])
        return TYPES["f32"], values, sizes
    if "=" in text:
        dtype, values = text.split("=", 1)
        values, sizes = numbers(values)
        return TYPES[dtype or "i64"], [int(v) for v in values], sizes
    return None


def sizes(text):
    return [int(d) for d in text.rstrip(".").split("x") if d]


def attribute(text):
    name, value = text.split("=", 1)
    if value.startswith("'"):
        words = value.strip("'").split("','")
        return helper.make_attribute(name, words if len(words) > 1 else words[0])
    if "," in value:
        parts = [v for v in value.split(",") if v]
        return helper.make_attribute(name, [float(v) if "." in v else int(v) for v in parts])
    return helper.make_attribute(name, float(value) if "." in value else int(value))


def feed(dtype, shape):
    if dtype == TYPES["str"]:
        return np.full(shape, "a b", dtype=object)
    kind = helper.tensor_dtype_to_np_dtype(dtype)
    if np.issubdtype(kind, np.floating):
        return np.random.default_rng(0).random(shape).astype(kind)
    return np.ones(shape, dtype=kind)


def model(domain, name, inputs, attributes, count, declared):
    graph, given, feeds = onnx.GraphProto(name="g"), [], {}
    for i, text in enumerate(inputs):
        if text == "-":
            given.append("")
            continue
        given.append(f"x{i}")
        known = constant(text)
        if known:
            dtype, values, shape = known
            graph.initializer.append(helper.make_tensor(f"x{i}", dtype, shape, values))
            continue
        dtype, shape = text.split(":", 1) if ":" in text else ("f32", text)
        dtype, shape = TYPES[dtype], sizes(shape)
        graph.input.append(helper.make_tensor_value_info(f"x{i}", dtype, shape))
        feeds[f"x{i}"] = feed(dtype, shape)
    node = helper.make_node(name, given, [f"y{i}" for i in range(count)], domain=domain)
    node.attribute.extend(attribute(a) for a in attributes)
    graph.node.append(node)
    graph.output.extend(onnx.ValueInfoProto(name=f"y{i}") for i in range(count))
    if declared:
        for o, t in zip(graph.output, declared):
            o.type.tensor_type.elem_type = TYPES[t]
            o.type.tensor_type.shape.dim.extend(onnx.TensorShapeProto.Dimension(dim_value=d) for d in DECLARED)
    opsets = {"": max(21, since("", name) if not domain else 21)}
    if domain:
        opsets[domain] = since(domain, name)
    opsets = [helper.make_opsetid(d, v) for d, v in opsets.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10), feeds


def session(proto):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 2
    options.intra_op_num_threads = 1
    return ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


MERGED = re.compile(r"Error merging shape info for output\. 'y(\d+)' source:\{([^}]*)\}")
TYPED = re.compile(r"output arg \(y(\d+)\) of node \(.*?\) does not match expected type \(tensor\((\w+)\)\)")


def inferred(work, count):
    """Types and sizes, from the messages that say how inference and declaration
    differ; the declared types are mended until they fit."""
    types = ["f32"] * count
    for _ in range(count + 1):
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), 2)
            message = ""
            try:
                session(model(*work, count, types)[0])
            except Exception as e:
                message = str(e)
            log.seek(0)
            text = log.read().decode(errors="replace")
        wrong = TYPED.search(message)
        if not wrong or wrong[2] not in NAMES:
            break
        types[int(wrong[1])] = NAMES[wrong[2]]
    found = [None] * count
    for name, dims in MERGED.findall(text):
        found[int(name)] = [int(d) if d.isdigit() else None for d in dims.split(",") if d]
    return types if not wrong and any(found) else None, found


def examine(count, *work):
    answer = {}
    answer["types"], answer["inferred"] = inferred(work, count)
    try:
        proto, feeds = model(*work, count, None)
        out = session(proto).run(None, feeds)
        answer["run"] = [list(o.shape) if isinstance(o, np.ndarray) else None for o in out]
        kinds = [o.type.removeprefix("tensor(").removesuffix(")") for o in session(proto).get_outputs()]
        answer["types"] = [NAMES.get(k) for k in kinds]
    except Exception as e:
        answer["error"] = str(e)[:300]
    return answer


def apart(*work):
    """What `examine` answers in a process of its own."""
    ends = os.pipe()
    child = os.fork()
    if child == 0:
        answer = json.dumps(examine(*work))
        os.write(ends[1], answer.encode())
        os._exit(0)
    os.close(ends[1])
    with os.fdopen(ends[0]) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"error": "the process died"}


def main():
    for number, line in enumerate(pathlib.Path(sys.argv[1]).read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        names, inputs, attributes, outputs, *_ = [cell.split() for cell in line.split("|")]
        for operator in names:
            domain, _, name = operator.rpartition(":")
            answer = apart(len(outputs), domain, name, inputs, attributes)
            print(json.dumps({"line": number, "operator": operator, **answer}), flush=True)


main()
