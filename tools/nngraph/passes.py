"""Clean-up of a lowered graph: fewer nodes, fewer passes over activations."""

import onnx
from onnx import helper

from .builder import MICROSOFT


class Rewriter:
    """Node list with lookups; each pass edits `nodes` in place."""

    def __init__(self, nodes, initializers, outputs):
        self.nodes = nodes
        self.initializers = initializers
        self.outputs = set(outputs)

    def run(self):
        """Runs every pass; returns the nodes and the initializers still in use."""
        self.share_constants()
        self.drop_identities()
        self.reduce_before_sum()
        self.drop_excess_gradient()
        self.pairwise_sums()
        self.fuse_key_transposes()
        self.share_nodes()
        self.drop_unused()
        return self.nodes, self.initializers

    def _rename_inputs(self, renames):
        for node in self.nodes:
            for i, name in enumerate(node.input):
                while name in renames:
                    name = renames[name]
                node.input[i] = name

    def _producers(self):
        return {out: node for node in self.nodes for out in node.output}

    def _users(self):
        users = {}
        for node in self.nodes:
            for name in node.input:
                users.setdefault(name, []).append(node)
        return users

    def share_constants(self):
        """Keeps one of equal initializers."""
        first, renames = {}, {}
        for tensor in self.initializers:
            key = (
                tensor.data_type,
                tuple(tensor.dims),
                onnx.numpy_helper.to_array(tensor).tobytes(),
            )
            keep = first.setdefault(key, tensor.name)
            if keep != tensor.name:
                renames[tensor.name] = keep
        self._rename_inputs(renames)
        self.initializers = [t for t in self.initializers if t.name not in renames]

    def drop_identities(self):
        """Removes Identity nodes, renaming the tensor that a graph output was copied from."""
        renames, backwards = {}, {}
        for node in self.nodes:
            if node.op_type != "Identity":
                continue
            if node.output[0] in self.outputs:
                backwards[node.input[0]] = node.output[0]
            else:
                renames[node.output[0]] = node.input[0]
        self.nodes = [n for n in self.nodes if n.op_type != "Identity"]
        self._rename_inputs(renames)
        self._rename_inputs(backwards)
        for node in self.nodes:
            for i, name in enumerate(node.output):
                node.output[i] = backwards.get(name, name)

    def reduce_before_sum(self):
        """ReduceSum(Sum(a, b, ..)) becomes Sum(ReduceSum(a), ReduceSum(b), ..)."""
        producers, users, nodes = self._producers(), self._users(), []
        for node in self.nodes:
            inner = producers.get(node.input[0]) if node.op_type == "ReduceSum" else None
            if inner is None or inner.op_type != "Sum" or len(users[inner.output[0]]) != 1:
                nodes.append(node)
                continue
            parts = []
            for i, name in enumerate(inner.input):
                part = onnx.NodeProto()
                part.CopyFrom(node)
                part.input[0], part.output[0] = name, f"{node.output[0]}_{i}"
                nodes.append(part)
                parts.append(part.output[0])
            nodes.append(helper.make_node("Sum", parts, list(node.output)))
        self.nodes = nodes

    def drop_excess_gradient(self):
        """The losses' softplus log(1 + exp(x - r)) + r, r = relu(x - 30), has the derivative
        e / (1 + e), e = exp(x - r), plus r's part, 1 / (1 + e) where r > 0: nothing in float32."""
        producers, renames = self._producers(), {}
        for node in self.nodes:
            if node.op_type != "Sum" or len(node.input) != 2:
                continue
            for rest, kept in (node.input, node.input[::-1]):
                if self._is_excess(producers, rest) and self._is_exp_gradient(producers, kept):
                    renames[node.output[0]] = kept
        self._rename_inputs(renames)

    def _is_excess(self, producers, name):
        """Whether `name` is masked by a step of the Relu that a softplus subtracts."""
        masked = producers.get(name)
        step = producers.get(masked.input[1]) if masked and masked.op_type == "Mul" else None
        if step is None or step.op_type != "HardSigmoid":
            return False
        return any(
            n.op_type == "Exp" and step.input[0] in producers[n.input[0]].input for n in self.nodes
        )

    def _is_exp_gradient(self, producers, name):
        """Whether `name` is something times an exponential."""
        product = producers.get(name)
        factor = producers.get(product.input[1]) if product and product.op_type == "Mul" else None
        return factor is not None and factor.op_type == "Exp"

    def pairwise_sums(self):
        """Sum becomes a chain of Add, which is faster."""
        nodes = []
        for node in self.nodes:
            if node.op_type != "Sum":
                nodes.append(node)
                continue
            total = node.input[0]
            for i, name in enumerate(node.input[1:], 1):
                last = i == len(node.input) - 1
                out = node.output[0] if last else f"{node.output[0]}_sum_{i}"
                nodes.append(helper.make_node("Add", [total, name], [out]))
                total = out
        self.nodes = nodes

    def fuse_key_transposes(self):
        """Moves transposes of the last two axes into the matrix products next to them."""
        producers, users = self._producers(), self._users()
        for node in list(self.nodes):
            if node.op_type != "Transpose" or list(node.attribute[0].ints) != [0, 1, 3, 2]:
                continue
            product = producers[node.input[0]]
            if product.op_type == "FusedMatMul" and len(users[node.input[0]]) == 1:
                self._transpose_product(node, product)
            else:
                self._read_untransposed(node, users[node.output[0]])

    def _transpose_product(self, transpose, product):
        """(op(A) op(B))^T = op(B)^T op(A)^T."""
        flags = _flags(product)
        new = _fused(
            product.input[1],
            product.input[0],
            transpose.output[0],
            1 - flags["transB"],
            1 - flags["transA"],
        )
        self.nodes[self.nodes.index(product)] = new
        self.nodes.remove(transpose)

    def _read_untransposed(self, transpose, users):
        """Lets matrix products read the tensor as it was, flipping their flag."""
        for user in users:
            if user.op_type not in ("MatMul", "FusedMatMul"):
                continue
            flags = _flags(user)
            names = list(user.input)
            for i, flag in enumerate(("transA", "transB")):
                if names[i] == transpose.output[0]:
                    names[i], flags[flag] = transpose.input[0], 1 - flags[flag]
            new = _fused(names[0], names[1], user.output[0], flags["transA"], flags["transB"])
            self.nodes[self.nodes.index(user)] = new

    def share_nodes(self):
        """Keeps one of equal nodes."""
        seen, renames, nodes = {}, {}, []
        for node in self.nodes:
            for i, name in enumerate(node.input):
                node.input[i] = renames.get(name, name)
            key = onnx.NodeProto()
            key.CopyFrom(node)
            key.ClearField("output")
            key.ClearField("name")
            first = seen.setdefault(
                (key.SerializeToString(deterministic=True), len(node.output)), node
            )
            if first is node or self.outputs & set(node.output):
                nodes.append(node)
            else:
                renames.update(zip(node.output, first.output))
        self.nodes = nodes

    def drop_unused(self):
        """Removes nodes and initializers that no output depends on."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed & set(node.output):
                needed |= set(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.initializers = [t for t in self.initializers if t.name in needed]


def _flags(node):
    flags = {"transA": 0, "transB": 0}
    for a in node.attribute:
        if a.name in flags:
            flags[a.name] = a.i
    return flags


def _fused(a, b, out, trans_a, trans_b):
    return helper.make_node(
        "FusedMatMul", [a, b], [out], domain=MICROSOFT, transA=trans_a, transB=trans_b
    )
