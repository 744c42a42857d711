"""The forward pass of a T5 encoder (Raffel et al., 2020, section 2.1), as ONNX nodes.

RMSNorm before each branch, relative position bias shared by all layers, no scaling of
q.k, ReLU or gated GELU feed-forward, no biases except the head's.
"""

import math

import numpy as np

from . import config
from .builder import Builder, floats, int64s, make_model, onnx

EPSILON = 1e-6
MASKED = -1e9
# Attention heads of at least this width are laid out by rows in training.
WIDE_HEAD = 16


def bucket_table(cfg):
    """Bucket of each relative position (key - query) in [-max_distance, max_distance].

    Half of the buckets are for keys to the right; in each half, one half is exact and the
    rest grows logarithmically up to `max_distance` (T5 `_relative_position_bucket`,
    bidirectional).
    """
    half = cfg.buckets // 2
    exact = half // 2
    table = []
    for position in range(-cfg.max_distance, cfg.max_distance + 1):
        n = abs(position)
        if n >= exact:
            ratio = np.log(np.float32(n) / np.float32(exact), dtype=np.float32)
            scaled = (
                ratio / np.float32(math.log(cfg.max_distance / exact)) * np.float32(half - exact)
            )
            n = min(exact + int(scaled), half - 1)
        table.append(n + (half if position > 0 else 0))
    return table


class Encoder:
    """Builds the forward pass into `self.b`.

    `folded` moves each norm weight into the linear map that follows it: the same function,
    with far less work per token in the backward pass, but weights that ONNX Runtime's
    fusions for inference do not look for. `distinct` has the first layer's q, k and v
    computed once per token that a batch has, not once per place: positions come in later,
    with the attention's bias.
    """

    def __init__(self, cfg, folded, distinct=False):
        self.cfg = cfg
        self.folded = folded
        self.distinct = distinct
        self.places = self.embedded = None
        self.b = Builder("f_")
        self.branch_masks = None

    def normalize(self, x, weight):
        """RMSNorm, in the spelling that ONNX Runtime fuses (so a scale of ones when folded).

        The gradient builder emits a gradient for each scale, hence one constant per norm.
        """
        b = self.b
        mean = b.op("ReduceMean", b.op("Pow", x, b.const(2.0)), axes=[-1], keepdims=1)
        root = b.op("Sqrt", b.op("Add", mean, b.const(EPSILON)))
        scale = b.own_const(np.ones(self.cfg.d, np.float32)) if self.folded else weight
        return b.op("Mul", b.op("Div", x, root), scale)

    def linear_weight(self, weights, norm):
        """Weights side by side, times the norm weight when it is folded in."""
        b = self.b
        weight = weights[0] if len(weights) == 1 else b.op("Concat", *weights, axis=1)
        if not self.folded:
            return weight
        return b.op("Mul", weight, b.op("Unsqueeze", norm, b.ints(1)))

    def position_bias(self):
        """Attention bias [batch, heads, seq, seq]: relative positions, and padding masked."""
        b, limit = self.b, self.cfg.max_distance
        length = b.op("Gather", b.op("Shape", "input_ids"), b.const(1, np.int64))
        steps = b.op("Range", b.const(0, np.int64), length, b.const(1, np.int64))
        distance = b.op(
            "Sub", b.op("Unsqueeze", steps, b.ints(0)), b.op("Unsqueeze", steps, b.ints(1))
        )
        clipped = b.op("Clip", distance, b.const(-limit, np.int64), b.const(limit, np.int64))
        index = b.op("Add", clipped, b.const(limit, np.int64))
        bucket = b.op("Gather", b.ints(*bucket_table(self.cfg)), index)
        bias = b.op("Transpose", b.op("Gather", "rel_bias.weight", bucket), perm=[2, 0, 1])
        padding = b.op("Mul", b.op("Sub", self.mask, b.const(1.0)), b.const(-MASKED))
        return b.op(
            "Add", b.op("Unsqueeze", bias, b.ints(0)), b.op("Unsqueeze", padding, b.ints(1, 2))
        )

    def attention(self, x, layer, bias):
        """Self-attention branch [batch, seq, d]."""
        b, p = self.b, f"block.{layer}.attn"
        if not self.folded:
            merged = self.attend_by_columns(*self.joint_heads(x, p), bias)
            return b.op("MatMul", merged, f"{p}.o.weight")
        x = self.embedded if self.distinct and layer == 0 else x
        h = self.normalize(x, f"{p}.norm.weight")
        maps = [self.linear_weight([f"{p}.{w}.weight"], f"{p}.norm.weight") for w in "qkv"]
        products = [self.at_places(b.op("MatMul", h, weight), layer) for weight in maps]
        by_rows = self.cfg.d_head >= WIDE_HEAD
        attend = self.attend_by_rows if by_rows else self.attend_by_columns
        heads = [self.row_heads(x) if by_rows else self.column_heads(x) for x in products]
        return b.op("MatMul", attend(*heads, bias), f"{p}.o.weight")

    def embed(self):
        """The embeddings [batch, seq, d]; with `distinct` also `embedded`, one a distinct token,
        and the `places` [batch, seq] where each stands."""
        b = self.b
        if not self.distinct:
            return b.op("Gather", "embed.weight", "input_ids")
        flat = b.op("Reshape", "input_ids", b.ints(-1))
        there = b.op("ScatterElements", *self.one_each(flat), axis=0)
        tokens = b.op("Reshape", b.op("NonZero", there), b.ints(-1))
        count = b.op("CumSum", there, b.const(0, np.int64))
        place = b.op("Cast", b.op("Sub", count, b.const(1.0)), to=onnx.TensorProto.INT64)
        self.places = b.op("Gather", place, "input_ids")
        self.embedded = b.op("Gather", "embed.weight", tokens)
        return b.op("Gather", self.embedded, self.places)

    def one_each(self, tokens):
        """Zeros for the vocabulary, and a one to put at each of `tokens`. Spelled out because
        CUDA has no Unique, with floats because TensorRT counts nothing else."""
        b = self.b
        zeros = b.own_const(np.zeros(self.cfg.vocab, np.float32))
        ones = b.op("Expand", b.const([1.0]), b.op("Shape", tokens))
        return zeros, tokens, ones

    def at_places(self, x, layer):
        """Rows of distinct tokens brought to where the tokens stand, in the first layer."""
        return self.b.op("Gather", x, self.places) if self.distinct and layer == 0 else x

    def row_heads(self, x):
        """[batch, seq, inner] as [batch, heads, seq, d_head]."""
        b, cfg = self.b, self.cfg
        split = b.op("Reshape", x, b.ints(0, 0, cfg.heads, cfg.d_head))
        return b.op("Transpose", split, perm=[0, 2, 1, 3])

    def column_heads(self, x):
        """[batch, seq, inner] as [batch, heads, d_head, seq]."""
        b, cfg = self.b, self.cfg
        swapped = b.op("Transpose", self.fence(x, cfg.inner), perm=[0, 2, 1])
        return b.op("Reshape", swapped, b.ints(0, cfg.heads, cfg.d_head, -1))

    def joint_heads(self, x, p):
        """q, k and v [batch, heads, d_head, seq] by one product."""
        b, cfg = self.b, self.cfg
        weight = self.linear_weight([f"{p}.{w}.weight" for w in "qkv"], f"{p}.norm.weight")
        qkv = b.op("MatMul", self.normalize(x, f"{p}.norm.weight"), weight)
        qkv = b.op("Transpose", qkv, perm=[0, 2, 1])
        heads = b.op("Reshape", qkv, b.ints(0, 3 * cfg.heads, cfg.d_head, -1))
        return b.multi("Split", [heads, b.ints(*[cfg.heads] * 3)], [None] * 3, axis=1)

    def fence(self, x, width):
        """In training, keeps ONNX Runtime from folding a transpose into the product with a
        weight, which would turn one large product into a slower one per sequence."""
        return self.b.op("Reshape", x, self.b.ints(0, -1, width)) if self.folded else x

    def attend_by_rows(self, q, k, v, bias):
        """Attention [batch, seq, inner] of heads [batch, heads, seq, d_head]: the quickest
        products, and transposes that move d_head numbers at a time."""
        b = self.b
        scores = b.op("Add", b.op("MatMul", q, b.op("Transpose", k, perm=[0, 1, 3, 2])), bias)
        attended = b.op("MatMul", b.op("Softmax", scores, axis=-1), v)
        merged = b.op("Transpose", attended, perm=[0, 2, 1, 3])
        return b.op("Reshape", merged, b.ints(0, 0, self.cfg.inner))

    def attend_by_columns(self, q, k, v, bias):
        """Attention [batch, seq, inner] of heads [batch, heads, d_head, seq]: swapping only the
        last two axes of [batch, seq, d] is the transpose that ONNX Runtime does fast whatever
        d_head, and those of q and of the attention weights disappear into the products."""
        b, cfg = self.b, self.cfg
        scores = b.op("Add", b.op("MatMul", b.op("Transpose", q, perm=[0, 1, 3, 2]), k), bias)
        attended = b.op(
            "MatMul", v, b.op("Transpose", b.op("Softmax", scores, axis=-1), perm=[0, 1, 3, 2])
        )
        merged = b.op("Reshape", attended, b.ints(0, cfg.inner, -1))
        return self.fence(b.op("Transpose", merged, perm=[0, 2, 1]), cfg.inner)

    def gelu(self, x):
        """GELU, tanh form (`gelu_new`), in the spelling that ONNX Runtime fuses."""
        b = self.b
        cubic = b.op("Mul", b.op("Pow", x, b.const(3.0)), b.const(0.044715))
        inner = b.op("Mul", b.op("Add", x, cubic), b.const(math.sqrt(2 / math.pi)))
        gate = b.op("Add", b.op("Tanh", inner), b.const(1.0))
        return b.op("Mul", b.op("Mul", x, b.const(0.5)), gate)

    def feed_forward(self, x, layer):
        """Feed-forward branch [batch, seq, d]."""
        b, p = self.b, f"block.{layer}.ffn"
        h = self.normalize(x, f"{p}.norm.weight")
        parts = [
            b.op("MatMul", h, self.linear_weight([f"{p}.{wi}.weight"], f"{p}.norm.weight"))
            for wi in config.ffn_in_names(self.cfg)
        ]
        h = b.op("Mul", self.gelu(parts[0]), parts[1]) if self.cfg.gated else b.op("Relu", parts[0])
        return b.op("MatMul", h, f"{p}.wo.weight")

    def residual(self, x, branch, index):
        """x plus a branch, times that branch's dropout mask when there are masks."""
        if self.branch_masks:
            branch = self.b.op("Mul", branch, self.branch_masks[index])
        return self.b.op("Add", x, branch)

    def split_branch_masks(self):
        """Takes `branch_mask` [batch, 2*layers, d] apart, one [batch, 1, d] per branch."""
        count = 2 * self.cfg.layers
        ones = self.b.ints(*[1] * count)
        self.branch_masks = self.b.multi("Split", ["branch_mask", ones], [None] * count, axis=1)

    def forward(self, pooled=None, hidden=None, metrics=None):
        """Builds everything; the arguments name the outputs. Returns the metrics' name."""
        b = self.b
        self.mask = b.to_float("attention_mask")
        bias = self.position_bias()
        x = self.embed()
        for layer in range(self.cfg.layers):
            x = self.residual(x, self.attention(x, layer, bias), 2 * layer)
            x = self.residual(x, self.feed_forward(x, layer), 2 * layer + 1)
        pooled = self.pool(self.normalize_last(x, hidden), pooled)
        return b.op("Gemm", pooled, "head.weight", "head.bias", out=metrics)

    def normalize_last(self, x, out):
        """The final RMSNorm, its output renamed to `out` when given."""
        x = self.normalize(x, "final_norm.weight")
        if out:
            self.b.nodes[-1].output[0] = out
        return out or x

    def pool(self, x, out):
        """Mean over the unmasked positions [batch, d]; zeros where all are masked."""
        b = self.b
        count = b.op("Max", b.reduce_sum(self.mask, [1], keepdims=1), b.const(1.0))
        weights = b.op("Unsqueeze", b.op("Div", self.mask, count), b.ints(1))
        mean = b.op("MatMul", weights, x)
        if not self.folded:
            return b.op("Squeeze", mean, b.ints(1), out=out)
        return b.op("Mul", b.op("Squeeze", mean, b.ints(1)), "final_norm.weight", out=out)


def _parameter_shape(p):
    """Shape for the graph input; the head's last dimension is symbolic."""
    return [*p.shape[:-1], "metric"] if p.name.startswith("head.") else p.shape


def _encoder_inputs(cfg):
    inputs = [int64s("input_ids", "batch", "seq"), int64s("attention_mask", "batch", "seq")]
    return inputs + [floats(p.name, *_parameter_shape(p)) for p in config.params(cfg)]


def encoder_model(cfg):
    """The inference graph: parameters are inputs, outputs `metrics`, `pooled`, `hidden`."""
    encoder = Encoder(cfg, folded=False)
    encoder.forward(pooled="pooled", hidden="hidden", metrics="metrics")
    outputs = [
        floats("metrics", "batch", "metric"),
        floats("pooled", "batch", cfg.d),
        floats("hidden", "batch", "seq", cfg.d),
    ]
    graph = onnx.helper.make_graph(
        encoder.b.nodes, "encoder", _encoder_inputs(cfg), outputs, encoder.b.initializers
    )
    model = make_model(graph)
    onnx.checker.check_model(model, full_check=True)
    return model
