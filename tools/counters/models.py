"""Models with sizes for open dimensions, and what is computed from shapes alone."""

import math
import pathlib

import numpy as np
import onnx
import onnx.inliner
import onnxruntime
from onnx import AttributeProto, TensorProto, helper

# Tried for dimensions that a file leaves open, a batch being 1 first.
SIZES = (32, 64, 16, 2, 1, 256)
BODIES = (AttributeProto.GRAPH, AttributeProto.GRAPHS)


def load(path):
    """The model, large tensors left where they are, functions inlined."""
    model = onnx.load(path, load_external_data=False)
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def inputs_of(model):
    stored = {t.name for t in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in stored]


def has_shape(value):
    return value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape")


def sizes(value, size):
    """Sizes of an input whose open dimensions are `size`, an open batch 1."""
    dims = value.type.tensor_type.shape.dim
    known = [d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in dims]
    return [(1 if i == 0 and len(known) > 1 else size) if d is None else d for i, d in enumerate(known)]


def feed(value, shape):
    kind = value.type.tensor_type.elem_type
    if kind == TensorProto.STRING:
        return np.full(shape, "a b", dtype=object)
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    if np.issubdtype(dtype, np.floating):
        return np.random.default_rng(0).random(shape).astype(dtype)
    return np.ones(shape, dtype=dtype)


def whole(model, path):
    """Whether all tensors of the model are there."""
    stored = [t for t in model.graph.initializer if t.data_location == TensorProto.EXTERNAL]
    places = [e.value for t in stored for e in t.external_data if e.key == "location"]
    return all((pathlib.Path(path).parent / p).exists() for p in places)


def run(path, feeds):
    """The shapes that ONNX Runtime computes for the outputs."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    results = session.run(names, feeds)
    return {n: list(r.shape) for n, r in zip(names, results) if isinstance(r, np.ndarray)}


def bound(model, path):
    """Sizes of all inputs, and the shapes of the outputs where ONNX Runtime runs."""
    inputs = inputs_of(model)
    if not all(has_shape(i) for i in inputs):
        return None, None
    fixed = all(sizes(i, 1) == sizes(i, 2) for i in inputs)
    first = {i.name: sizes(i, SIZES[0]) for i in inputs}
    if not whole(model, path):
        return first, None
    for size in SIZES[:1] if fixed else SIZES:
        shapes = {i.name: sizes(i, size) for i in inputs}
        if sum(math.prod(s) for s in shapes.values()) > 1 << 26:
            continue
        try:
            return shapes, run(path, {i.name: feed(i, shapes[i.name]) for i in inputs})
        except Exception:
            continue
    return first, None


def with_sizes(model, shapes):
    """The model with fixed inputs, without what it says of other values."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for i in fixed.graph.input:
        for d, n in zip(i.type.tensor_type.shape.dim, shapes.get(i.name, [])):
            d.dim_value = n
    return fixed


def dims(t):
    """Sizes of a type, None where the rank or one of them is unknown."""
    if not t.HasField("tensor_type") or not t.tensor_type.HasField("shape"):
        return None
    known = [d.dim_value if d.HasField("dim_value") else -1 for d in t.tensor_type.shape.dim]
    return known if all(n >= 0 for n in known) else None


def constants(graph):
    """Names of values that depend on no input."""
    found = {t.name for t in graph.initializer}
    for n in graph.node:
        bodies = any(a.type in BODIES for a in n.attribute)
        folds = n.input and not bodies and not n.op_type.startswith(("Random", "Bernoulli"))
        if n.op_type == "Constant" or (folds and all(not i or i in found for i in n.input)):
            found.update(n.output)
    return found


def bits(kind):
    """Bits of an element."""
    few = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}
    return few.get(TensorProto.DataType.Name(kind)) or helper.tensor_dtype_to_np_dtype(kind).itemsize * 8


def peak(model, typed):
    """Most bytes of activations alive at one time in file order, None where unknown.

    `typed` has shape and element type of values. Graph inputs live from the start,
    outputs to the end; nothing is done in place.
    """
    graph, fixed = model.graph, constants(model.graph)
    if any(a.type in BODIES for n in graph.node for a in n.attribute):
        return None
    outputs = [o.name for o in graph.output]
    last = {v: i for i, n in enumerate(graph.node) for v in n.input}
    last.update((v, len(graph.node)) for v in outputs)
    live, size = set(), {}
    for i in inputs_of(model):
        if i.name in last:
            live.add(i.name)
    made = [v for n in graph.node for v in n.output if v and v not in fixed]
    for v in [*live, *made]:
        if v not in typed or None in typed[v]:
            return None
        shape, kind = typed[v]
        if kind == TensorProto.STRING or kind == 0:
            return None
        size[v] = (math.prod(shape) * bits(kind) + 7) // 8
    most = sum(size[v] for v in live)
    for i, n in enumerate(graph.node):
        live.update(v for v in n.output if v in size)
        most = max(most, sum(size[v] for v in live))
        live = {v for v in live if last.get(v, -1) > i}
    return most


def typed_values(model):
    """Shape and element type of all values that the model declares."""
    g = model.graph
    values = [*g.input, *g.value_info, *g.output]
    return {v.name: (dims(v.type), v.type.tensor_type.elem_type) for v in values if v.type.HasField("tensor_type")}
