"""Whether CUDA and TensorRT take every operator of nneval's graphs.

    python tools/check_providers.py [MODEL.onnx ...]

Each operator, with the type of its first input, is looked up in providers/cuda.txt
and providers/tensorrt.txt. Without arguments: the encoder graphs and the shipped
evaluator against both, the training graphs against CUDA (where TensorRT is the
provider of a training run, CUDA takes their FusedMatMul). Exit status 1 where an
operator would fall back to the CPU. Needs requirements-providers.txt.
"""

import sys
from collections import Counter
from pathlib import Path

import onnx

ROOT = Path(__file__).resolve().parent.parent
CODES = {
    onnx.TensorProto.FLOAT: "f",
    onnx.TensorProto.INT32: "i",
    onnx.TensorProto.INT64: "l",
    onnx.TensorProto.BOOL: "b",
}
NAMES = {"f": "float32", "i": "int32", "l": "int64", "b": "bool", "?": "unknown type"}


def supported(provider):
    """Operator -> types of its first input."""
    lines = (ROOT / "tools" / "providers" / f"{provider}.txt").read_text().splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: set(types) for name, *types in rows}


def types_of(model):
    """Value -> element type, inferred."""
    for node in model.graph.node:
        if node.op_type == "FusedMatMul":  # onnx has no rule for it
            for name in node.output:
                model.graph.value_info.add(name=name).type.tensor_type.elem_type = 1
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = [*graph.input, *graph.output, *graph.value_info]
    types = {v.name: v.type.tensor_type.elem_type for v in values}
    return types | {t.name: t.data_type for t in graph.initializer}


def operators(model):
    """Counts of (operator, type code of its first input or None, whether its axes are constant)."""
    types = types_of(model)
    constants = {t.name for t in model.graph.initializer}
    constants |= {o for n in model.graph.node if n.op_type == "Constant" for o in n.output}
    found = Counter()
    for node in model.graph.node:
        name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        code = CODES.get(types.get(node.input[0]), "?") if node.input else None
        takes_axes = node.op_type.startswith("Reduce") or node.op_type in ("Squeeze", "Unsqueeze")
        axes = takes_axes and len(node.input) > 1 and node.input[1] not in constants
        found[name, code, not axes] += 1
    return found


def fault(provider, table, name, code, fixed):
    """Why the provider does not take the operator; None where it does."""
    if name not in table:
        return "no such operator"
    if code is not None and code not in table[name] and table[name] != {"-"}:
        return f"not for {NAMES[code]}"
    return None if fixed or provider != "tensorrt" else "axes are not constant"


def check(path, providers):
    """Prints what each operator of a model meets; the number of faults."""
    model = onnx.load(path)
    faults = 0
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    print(f"{shown}: {len(model.graph.node)} nodes")
    for (name, code, fixed), n in sorted(operators(model).items(), key=str):
        row = {p: fault(p, t, name, code, fixed) for p, t in providers.items()}
        faults += sum(reason is not None for reason in row.values())
        said = ", ".join(f"{p} {reason or 'yes'}" for p, reason in row.items())
        print(f"  {n:4} {name} {NAMES.get(code, '')}: {said}")
    return faults


def main():
    tables = {p: supported(p) for p in ("cuda", "tensorrt")}
    graphs = ROOT / "models" / "graphs"
    jobs = [(Path(a).resolve(), tables) for a in sys.argv[1:]] or [
        *((p, tables) for p in sorted(graphs.glob("*/encoder.onnx"))),
        (ROOT / "models" / "nats-tss" / "evaluator.onnx", tables),
        *((p, {"cuda": tables["cuda"]}) for p in sorted(graphs.glob("*/train.onnx"))),
    ]
    faults = sum(check(path, providers) for path, providers in jobs)
    print("Each operator is taken." if faults == 0 else f"{faults} would fall back.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
