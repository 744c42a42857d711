"""Reasons for differences between counters, and how each is told.

A difference is (path, other program, what, operator, ours, theirs). The reason of one is the
first of its program and quantity whose operators and check hold.
"""

import dataclasses
import math
from collections.abc import Callable

from onnx import shape_inference

from . import models

# Of quantities that no specification defines; docs/results/costs.md has nneval's.
DEFINITION = "-"

PRODUCTS = {
    "Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul",
    "Einsum", "LSTM", "GRU", "RNN", "Attention", "MultiHeadAttention", "DeformConv", "STFT", "DFT",
}  # fmt: skip


class Model:
    """A model, its inferred sizes, and where it is."""

    def __init__(self, corpus, row):
        self.row = row
        path = corpus / row["path"]
        self.model = models.load(path)
        if row["path"].startswith(("zoo", "exporters")):
            shapes = {i.name: models.sizes(i, models.SIZES[0]) for i in models.inputs_of(self.model)}
        else:
            shapes, _ = models.bound(self.model, path)
        self.model = models.with_sizes(self.model, shapes or {})
        self.typed = models.typed_values(shape_inference.infer_shapes(self.model, data_prop=True))

    def volume(self, value):
        shape = self.typed.get(value, (None,))[0]
        return math.prod(shape) if shape is not None else 0

    def bias(self, op):
        """Elements to which an operator of this type adds a bias."""
        nodes = (n for n in self.model.graph.node if n.op_type == op and len(n.input) > 2 and n.input[2])
        return sum(self.volume(n.output[0]) for n in nodes)

    def sizes(self, value):
        stored = (list(t.dims) for t in self.model.graph.initializer if t.name == value)
        return next(stored, None) or self.typed.get(value, (None,))[0] or [0]

    def of_constants(self, op):
        """Products by operators of this type that depend on no input; all where the
        sizes of one do not tell them."""
        fixed = models.constants(self.model.graph)
        nodes = [n for n in self.model.graph.node if n.op_type == op and n.output[0] in fixed]
        each = {
            "MatMul": lambda n: self.sizes(n.input[0])[-1],
            "Conv": lambda n: math.prod(self.sizes(n.input[1])[1:]),
        }
        if op not in each:
            return math.inf if nodes else 0
        return sum(self.volume(n.output[0]) * each[op](n) for n in nodes)

    def declares(self, op, ours):
        """Whether the file declares an output of these sizes that the operator makes."""
        made = {o for n in self.model.graph.node if n.op_type == op for o in n.output}
        return any(o.name in made and models.dims(o.type) == ours for o in self.model.graph.output)


def near(a, b):
    return abs(a - b) <= 0.005 * max(abs(a), abs(b))


def with_bias(model, op, ours, theirs):
    # Sizes that no inference knows are those of one network, exported without a fold.
    unknown = any(model.row[other].get("peak", 0) is None for other in ("onnx", "symbolic"))
    return near(ours + model.bias(op), theirs) or (unknown and ours < theirs < 1.02 * ours)


def with_constants(model, op, ours, theirs):
    more = model.of_constants(op)
    return more == math.inf or (more > 0 and near(ours + more + model.bias(op), theirs))


def declared(model, op, ours, _):
    return ours is None or model.declares(op, ours)


def always(*_):
    return True


@dataclasses.dataclass(frozen=True)
class Reason:
    other: str
    what: str
    operators: tuple[str, ...]
    text: str
    source: str
    holds: Callable = always
    # Which program is right: nneval by the specification, or each by its definition.
    right: str = "nneval"

    def __post_init__(self):
        if self.source == DEFINITION:
            object.__setattr__(self, "right", "each by its definition")
        if self.other == "run":
            object.__setattr__(self, "right", "both")

    def covers(self, other, what, op):
        return self.other == other and what in self.what and (not self.operators or op in self.operators)


def tool(what, operators, text, source, holds=always):
    return Reason("onnx_tool", what, tuple(operators.split()), text, source, holds)


def symbolic(what, operators, text, source):
    return Reason("symbolic", what, tuple(operators.split()), text, source)


REASONS = [
    Reason("run", "shape", (), "sizes depend on the data; the run had ones, the file declares those of its own data",
           "each operator", declared),
    Reason("run", "no shape", (), "sizes depend on the data", "StringSplit-20", always),
    symbolic("shape", "Split", "parts of different sizes are taken for equal ones", "Split-18: `split`, `num_outputs`"),
    symbolic("shape", "SoftmaxCrossEntropyLoss", "a loss without reduction is taken for a scalar",
             "SoftmaxCrossEntropyLoss-13: `reduction` none has the shape of the labels"),
    symbolic("shape", "GatherND", "batch dimensions are not left out", "GatherND-13: `batch_dims`"),
    symbolic("peak", "", "sizes inside: the three above, reductions by axes that Range makes, `output_dtype`",
             "ReduceMean-18, QuantizeLinear-21"),
    tool("parameters", "", "weights in Constant nodes are not counted", "Constant-13",
         lambda m, _, ours, theirs: theirs < ours[0]),
    tool("parameters", "", "all initializers are counted: statistics, tables, indices, shapes", DEFINITION,
         lambda m, _, ours, theirs: near(m.row["stored"], theirs)),
    tool("MACs", "Conv Gemm", "additions of a bias are counted", "Conv-11, Gemm-13: B, C are added once an output", with_bias),
    tool("MACs", "ConvTranspose", "the kernel is counted for each output, although each input meets it once",
         "ConvTranspose-11: the gradient of Conv"),
    tool("MACs", "LSTM GRU", "biases, gates and activations are counted", "LSTM-14, GRU-14: equations"),
    tool("MACs", "MatMul Conv Einsum", "products of constants are counted, which are done at load", DEFINITION, with_constants),
    tool("shape", "Shape", "`start` and `end` are ignored", "Shape-15"),
    tool("shape", "AveragePool MaxPool", "a last window that starts in the padding is not left out",
         "MaxPool-12, AveragePool-19: `ceil_mode`"),
    tool("shape", "ConvTranspose", "the sizes of `auto_pad` are not those of the strides", "ConvTranspose-11: SAME_UPPER"),
    tool("shape", "ReduceL2 ReduceMean ReduceSum Log", "axes as an input, empty axes, an empty dimension",
         "ReduceSum-13, ReduceL2-18: `axes`, `noop_with_empty_axes`"),
    tool("shape", "GatherND", "`batch_dims` is ignored", "GatherND-13"),
    tool("shape", "ArrayFeatureExtractor", "all but the last dimension are lost", "ai.onnx.ml ArrayFeatureExtractor-1"),
    tool("shape", "Split", "`split` as an input is ignored", "Split-18"),
    tool("shape", "Resize Upsample Slice Pad Tile TopK Unsqueeze Range ConstantOfShape NonZero Reshape Expand",
         "an input of ones is taken for the sizes; the file declares those of its own data", "each operator", declared),
    tool("no shape", "ZipMap", "a sequence of maps has no sizes", "ai.onnx.ml ZipMap-1"),
]  # fmt: skip

NO_PRODUCTS = tool("MACs", "", "operators without products are counted, some by 32 or more an element", DEFINITION,
                   lambda m, op, ours, theirs: ours == 0)  # fmt: skip
PYTORCH = {
    "BatchNormalization": "2 operations an element of BatchNormalization are counted",
    "LayerNormalization": "6 operations an element of LayerNormalization are counted",
    "weights": "standardisation of weights is counted, which is done at load",
    "LSTM": "products of LSTM are left out",
}
NETWORKS = {
    "convmixer": "convolutions of padding `same` are left out",
    "coatnet": "products of position tables, constants alone, are counted",
    "maxvit": "products of position tables, constants alone, are counted",
    "maxxvit": "products of position tables, constants alone, are counted",
    "swinv2": "products of position tables, constants alone, are counted",
    "resnetv2": "standardisation of weights and group normalization are counted",
    "ghostnetv3": "the published network has its parallel branches merged",
}
PARAMETERS = {
    "tv_googlenet": "auxiliary classifiers of training are counted",
    "tv_inception_v3": "auxiliary classifiers of training are counted",
}


def of_pytorch(path, what, op):
    name = path.rsplit("/", 1)[-1]
    if what == "MACs" and op in PYTORCH:
        return Reason("pytorch", what, (), PYTORCH[op], DEFINITION)
    known = NETWORKS if what == "MACs" else PARAMETERS
    text = next((t for prefix, t in known.items() if name.startswith(prefix)), None)
    return text and Reason("pytorch", what, (), text, DEFINITION)


def of(corpus, row, other, what, op, ours, theirs):
    """The reason of a difference, None where there is none."""
    if other == "pytorch":
        return of_pytorch(row["path"], what, op)
    if other == "onnx_tool" and what == "MACs" and op not in PRODUCTS:
        return NO_PRODUCTS if ours == 0 else None
    model = None
    for reason in REASONS:
        if reason.covers(other, what, op):
            model = model or Model(corpus, row)
            if reason.holds(model, op, ours, theirs):
                return reason
    return None
