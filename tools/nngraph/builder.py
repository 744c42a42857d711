"""A small helper that appends ONNX nodes and shares equal constants."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
MICROSOFT = "com.microsoft"


class Builder:
    """Collects nodes and constants under names that start with `prefix`."""

    def __init__(self, prefix=""):
        self.nodes = []
        self.initializers = []
        self._prefix = prefix
        self._constants = {}
        self._count = 0

    def _fresh(self, hint):
        self._count += 1
        return f"{self._prefix}{hint}_{self._count}"

    def const(self, value, dtype=np.float32):
        """Name of a constant tensor; equal constants share one initializer."""
        array = np.array(value, dtype=dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.own_const(array)
        return self._constants[key]

    def own_const(self, array):
        """Name of a constant tensor that no other node shares."""
        name = self._fresh("c")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values):
        """Name of a 1-D int64 constant."""
        return self.const(values, np.int64)

    def op(self, op_type, *inputs, out=None, domain="", **attrs):
        """Appends a node with one output and returns that output's name."""
        return self.multi(op_type, inputs, [out], domain=domain, **attrs)[0]

    def multi(self, op_type, inputs, outs, domain="", **attrs):
        """Appends a node; each entry of `outs` is a name, or None for a fresh one."""
        outs = [self._fresh(op_type.lower()) if o is None else o for o in outs]
        self.nodes.append(helper.make_node(op_type, list(inputs), outs, domain=domain, **attrs))
        return outs

    def reduce_sum(self, x, axes, keepdims=0, out=None):
        """ReduceSum over constant axes."""
        return self.op("ReduceSum", x, self.ints(*axes), keepdims=keepdims, out=out)

    def to_float(self, x):
        """Cast to float32."""
        return self.op("Cast", x, to=TensorProto.FLOAT)


def floats(name, *shape):
    """Value info of a float32 tensor."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def int64s(name, *shape):
    """Value info of an int64 tensor."""
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


def make_model(graph, microsoft=False):
    """Wraps a graph into a model of the fixed opset and IR version."""
    opsets = [helper.make_opsetid("", OPSET)]
    if microsoft:
        opsets.append(helper.make_opsetid(MICROSOFT, 1))
    return helper.make_model(
        graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="nneval-tools"
    )


def save(model, path):
    """Writes a model with a byte-for-byte repeatable encoding."""
    with open(path, "wb") as f:
        f.write(model.SerializeToString(deterministic=True))


__all__ = ["Builder", "floats", "int64s", "make_model", "save", "onnx"]
