"""Lists the operators of the released schemas for crates/graph/tests/schemas.txt.

    pip install -r tools/requirements-shapes.txt
    python tools/list_operators.py > crates/graph/tests/schemas.txt

One operator a line: domain, name, the versions that changed it. `ai.onnx` and the
domains of ONNX are those of onnx; ONNX Runtime adds its own, and the operators that
it keeps in `ai.onnx` beside the standard.
"""

import onnx
import onnxruntime
import onnxruntime.capi.onnxruntime_pybind11_state as state

found = {}
for schema in [*onnx.defs.get_all_schemas_with_history(), *state.get_all_operator_schema()]:
    key = (schema.domain or "ai.onnx", schema.name)
    found.setdefault(key, set()).add(schema.since_version)

print(f"# Of onnx {onnx.__version__} and onnxruntime {onnxruntime.__version__}; written by tools/list_operators.py")
for (domain, name), versions in sorted(found.items()):
    print(domain, name, ",".join(str(v) for v in sorted(versions)))
