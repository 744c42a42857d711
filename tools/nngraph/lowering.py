"""Rewrites the gradient builder's training model with operators of the inference build.

Formulas are those of the gradient operators in onnxruntime-training 1.19
(`orttraining/core/graph/gradient_builder.cc`).
"""

import numpy as np
from onnx import helper, numpy_helper

from .builder import MICROSOFT, Builder

LARGEST = float(np.finfo(np.float32).max)


class Lowering:
    """Lowers one training model; afterwards `b` has the nodes and `grads` the gradients."""

    def __init__(self, model):
        self.b = Builder("g_")
        self.grads = {}
        self._constants = {t.name: t for t in model.graph.initializer}
        self._shapes = {
            i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in model.graph.input
        }
        self._producers = {out: node for node in model.graph.node for out in node.output}
        self._norm_outputs = {}
        self._concat_sizes = {}
        for node in model.graph.node:
            self._lower(node)
        self.b.initializers += self._constants.values()

    def _lower(self, node):
        rule = getattr(self, f"_lower_{node.op_type}", None)
        if rule:
            rule(node, {a.name: helper.get_attribute_value(a) for a in node.attribute})
        elif node.domain == MICROSOFT and node.op_type not in ("FusedMatMul", "FastGelu"):
            raise NotImplementedError(f"no lowering for {node.op_type}")
        else:
            self.b.nodes.append(node)

    def _lower_InPlaceAccumulatorV2(self, node, _):
        """Marks a finished gradient; there is nothing to accumulate into."""
        gradient = node.input[1]
        self.grads[gradient.removesuffix("_grad")] = gradient

    def _lower_ReluGrad(self, node, _):
        """dX = dY where Y > 0. The factor, 1 or 0, is a hard sigmoid so steep that it is a step:
        on a CPU this is many times faster than Greater and Where."""
        dy, y = node.input
        step = self.b.op("HardSigmoid", y, alpha=LARGEST, beta=0.0)
        self.b.op("Mul", dy, step, out=node.output[0])

    def _lower_SoftmaxGrad_13(self, node, attrs):
        """dX = Y * (dY - sum(dY * Y))."""
        b, (dy, y) = self.b, node.input
        total = self._attention_dot(dy, y)
        if total is None:
            total = b.reduce_sum(b.op("Mul", dy, y), [attrs.get("axis", -1)], keepdims=1)
        b.op("Mul", y, b.op("Sub", dy, total), out=node.output[0])

    def _attention_dot(self, dy, y):
        """sum(dY * Y) over keys, where dY is the gradient of attention weights Y: equal to
        sum(dO * O) over d_head, O being what was attended to, which is smaller (Dao et al.,
        2022, appendix B.2). None where the graph does not look like that."""
        producer = self._producers[dy]
        if producer.op_type == "Transpose":
            return self._dot_by_columns(self._producers[producer.input[0]], y)
        return self._dot_by_rows(producer, y)

    def _dot_by_rows(self, product, y):
        """dY = dO V^T and O = Y V, with V, O and dO [batch, heads, seq, d_head]."""
        for out, node in self._producers.items():
            if node.op_type == "MatMul" and list(node.input) == [y, product.input[1]]:
                return self.b.reduce_sum(self.b.op("Mul", product.input[0], out), [3], keepdims=1)
        return None

    def _dot_by_columns(self, product, y):
        """dY = (V^T dO)^T and O = V Y^T, with V, O and dO [batch, heads, d_head, seq]."""
        b = self.b
        for out, node in self._producers.items():
            if node.op_type == "MatMul" and node.input[0] == product.input[0]:
                weights = self._producers.get(node.input[1])
                if weights.op_type == "Transpose" and weights.input[0] == y:
                    dot = b.reduce_sum(b.op("Mul", product.input[1], out), [2])
                    return b.op("Unsqueeze", dot, b.ints(3))
        return None

    def _lower_Gemm(self, node, attrs):
        """The gradient A^T B of a weight is quicker as (B^T A)^T when A is the wider one.

        Not spelled Gemm, whose transpose ONNX Runtime would fold back to the slower order.
        """
        if not attrs.get("transA") or self._width(node.input[0]) <= self._width(node.input[1]):
            self.b.nodes.append(node)
            return
        flipped = self.b.op("FusedMatMul", node.input[1], node.input[0], domain=MICROSOFT, transA=1)
        self.b.op("Transpose", flipped, perm=[1, 0], out=node.output[0])

    def _width(self, name):
        """Last dimension of a tensor that was reshaped to two constant dimensions, else 0."""
        node = self._producers.get(name)
        if node is None or node.op_type != "Reshape" or node.input[1] not in self._constants:
            return 0
        return int(numpy_helper.to_array(self._constants[node.input[1]])[-1])

    def _lower_SimplifiedLayerNormalization(self, node, attrs):
        """Y = X * r, r = 1 / sqrt(mean(X^2) + epsilon), for a scale of ones."""
        b, (x, scale) = self.b, node.input
        if scale not in self._constants or np.any(
            numpy_helper.to_array(self._constants[scale]) != 1
        ):
            raise NotImplementedError(f"{node.output[0]}: only a constant scale of ones is lowered")
        mean = b.op("ReduceMean", b.op("Mul", x, x), axes=[-1], keepdims=1)
        root = b.op("Sqrt", b.op("Add", mean, b.const(attrs["epsilon"])))
        y, r = node.output
        b.op("Mul", x, b.op("Reciprocal", root, out=r), out=y)
        self._norm_outputs[r] = y

    def _lower_SimplifiedLayerNormalizationGrad(self, node, _):
        """dX = r * (dY - Y * mean(dY * Y)), for a scale of ones."""
        b, (dy, _, _, r) = self.b, node.input
        y = self._norm_outputs[r]
        mean = b.op("ReduceMean", b.op("Mul", dy, y), axes=[-1], keepdims=1)
        b.op("Mul", b.op("Sub", dy, b.op("Mul", y, mean)), r, out=node.output[0])

    def _lower_GatherGrad(self, node, attrs):
        """dX = zeros with the rows of dY added at their indices."""
        b, (shape, index, dy) = self.b, node.input
        if attrs.get("axis", 0) != 0:
            raise NotImplementedError(f"{node.output[0]}: only axis 0 is lowered")
        tail = b.op("Slice", shape, b.ints(1), b.ints(np.iinfo(np.int64).max))
        rows = b.op("Reshape", dy, b.op("Concat", b.ints(-1), tail, axis=0))
        zeros = b.op("ConstantOfShape", shape)
        flat = b.op("Reshape", index, b.ints(-1, 1))
        b.op("ScatterND", zeros, flat, rows, out=node.output[0], reduction="add")

    def _lower_ConcatTraining(self, node, attrs):
        """Concat; the lengths, its second output, are known from the parameters' shapes."""
        axis = attrs["axis"]
        self._concat_sizes[node.output[1]] = [self._shapes[name][axis] for name in node.input]
        self.b.op("Concat", *node.input, out=node.output[0], axis=axis)

    def _lower_SplitTraining(self, node, attrs):
        """Split by the lengths of the matching ConcatTraining."""
        sizes = self.b.ints(*self._concat_sizes[node.input[1]])
        self.b.multi("Split", [node.input[0], sizes], list(node.output), axis=attrs["axis"])

    def _lower_FastGeluGrad(self, node, _):
        """d/dx of 0.5 x (1 + tanh(u)), u = a x (1 + c x^2):
        0.5 (1 + t) + 0.5 x (1 - t^2) a (1 + 3 c x^2)."""
        b, (dy, x) = self.b, node.input[:2]
        a, c, one, half = (b.const(v) for v in (0.7978845608028654, 0.044715, 1.0, 0.5))
        square = b.op("Mul", x, x)
        inner = b.op("Mul", b.op("Mul", x, a), b.op("Add", b.op("Mul", square, c), one))
        t = b.op("Tanh", inner)
        slope = b.op(
            "Mul", b.op("Add", b.op("Mul", square, b.const(3 * 0.044715)), one), b.op("Mul", x, a)
        )
        bend = b.op("Mul", slope, b.op("Sub", one, b.op("Mul", t, t)))
        total = b.op("Add", b.op("Add", t, one), bend)
        b.op("Mul", dy, b.op("Mul", total, half), out=node.output[0])
