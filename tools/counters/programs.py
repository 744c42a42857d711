"""What each program says of a model: shapes of outputs, peak activations, parameters, MACs."""

import json
import pathlib
import subprocess
import warnings

import numpy as np
import onnx
import onnx_tool.tensor
from onnx import TensorProto, shape_inference
from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

from . import models


def shapes_of(inferred, model):
    """Outputs and peak activations of a model that has been inferred."""
    typed = models.typed_values(inferred)
    outputs = {o.name: typed.get(o.name, (None,))[0] for o in model.graph.output}
    return {"outputs": outputs, "peak": models.peak(model, typed)}


def by_onnx(model):
    options = {"check_type": False, "strict_mode": False, "data_prop": True}
    return shapes_of(shape_inference.infer_shapes(model, **options), model)


def by_symbolic(model):
    onnx.numpy_helper.to_array = without_data(TO_ARRAY, onnx.helper.tensor_dtype_to_np_dtype)
    inferred = SymbolicShapeInference.infer_shapes(model, auto_merge=True)
    return shapes_of(inferred, model)


def without_data(read, dtype_of):
    """As `read`, with zeros that take no memory for data that the corpus leaves out."""

    def array(t, *more):
        if t.data_location != TensorProto.EXTERNAL:
            return read(t, *more)
        return np.broadcast_to(np.zeros((), dtype_of(t.data_type)), tuple(t.dims))

    return array


TO_ARRAY = onnx.numpy_helper.to_array
TO_NDARRAY = onnx_tool.tensor.tensorproto2ndarray


def by_onnx_tool(model, shapes):
    tool = onnx_tool.tensor
    tool.tensorproto2ndarray = without_data(TO_NDARRAY, tool.onnxdtype2npdtype)
    # How sparse weights are.
    tool.narray_calc_sparsity = lambda _: 0
    kinds = {i.name: i for i in models.inputs_of(model)}
    graph = onnx_tool.Model(model).graph
    graph.graph_reorder_nodes()
    graph.shape_infer({n: models.feed(kinds[n], s) for n, s in shapes.items()})
    graph.profile()
    macs = {}
    for node in graph.nodemap.values():
        macs[node.op_type] = macs.get(node.op_type, 0) + float(node.macs[0])
    outputs = {}
    for o in model.graph.output:
        t = graph.tensormap.get(o.name)
        outputs[o.name] = None if t is None or t.shape is None else [int(d) for d in t.get_shape()]
    return {"outputs": outputs, "parameters": float(graph.params), "macs": macs}


def by_nneval(program, path, shapes):
    inputs = [f"--input={n}={'x'.join(map(str, s)) or ''}" for n, s in (shapes or {}).items() if s]
    command = [program, "inspect", "--format", "json", *inputs, str(path)]
    out = subprocess.run(command, capture_output=True, text=True)
    line = json.loads(out.stdout or json.dumps({"error": out.stderr}))
    if "error" in line:
        return {"error": line["error"]}
    size = lambda d: int(d) if d.isdigit() else None
    shape = lambda s: None if s is None or None in (s := [size(d) for d in s]) else s
    number = lambda x: x if isinstance(x, int) else None
    return {
        "outputs": {o["name"]: shape(o["shape"]) for o in line["outputs"]},
        "peak": number(line["peak_activation_bytes"]),
        "parameters": line["parameters"],
        "stored": line["parameters"] + line["buffers"] + line["constants"],
        "macs": {o["operator"]: number(o["macs"]) for o in line["operators"]},
        "flops": {o["operator"]: number(o["flops"]) for o in line["operators"]},
        "total": number(line["macs"]),
        "unknown": [u["operator"] for u in line["unknown"]],
    }


def answer(f, *args):
    """What `f` returns, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(*args)
        except (Exception, SystemExit) as e:
            return {"error": f"{type(e).__name__}: {e}"[:160]}


def row(program, corpus, path):
    """All answers for one model."""
    row = {"path": str(pathlib.Path(path).relative_to(corpus))}
    try:
        model = models.load(path)
        shapes, computed = models.bound(model, path)
    except Exception as e:
        return row | {"error": f"{type(e).__name__}: {e}"[:160]}
    row |= {"run": computed, "nneval": by_nneval(program, path, shapes)}
    fixed = models.with_sizes(model, shapes or {})
    row["onnx"] = answer(by_onnx, fixed)
    row["symbolic"] = answer(by_symbolic, fixed)
    row["onnx_tool"] = answer(by_onnx_tool, fixed, shapes or {})
    row["operators"] = sorted({n.op_type for n in model.graph.node})
    row["stored"] = sum(int(np.prod(t.dims)) for t in model.graph.initializer)
    row["weights"] = standardisation(model)
    return row


def standardisation(model):
    """Operations that published counts have for weights that are standardised:
    a BatchNormalization of a weight, 5 an element, 4 where no gain is learned."""
    fixed, stored = models.constants(model.graph), {t.name for t in model.graph.initializer}
    found = [n for n in model.graph.node if n.op_type == "BatchNormalization" and n.input[0] in fixed]
    sizes = models.typed_values(answer_model(model)) if found else {}
    each = lambda n: 4 if n.input[1] in stored else 5
    return sum(each(n) * int(np.prod(sizes[n.output[0]][0])) for n in found)


def answer_model(model):
    return shape_inference.infer_shapes(model, data_prop=True)
