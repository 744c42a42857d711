"""One training step as one graph: forward, backward, clipping and AdamW."""

import onnx
from onnx import helper

from . import config, native, optimizer, order
from .builder import Builder, floats, make_model
from .lowering import Lowering
from .passes import Rewriter

LOSSES = ["loss", "mse_loss", "rank_loss"]


def _unpack(b, plist):
    """Takes `params` apart into one tensor per parameter."""
    pieces = [None if len(p.shape) > 1 else p.name for p in plist]
    sizes = b.ints(*[p.size for p in plist])
    pieces = b.multi("Split", ["params", sizes], pieces, axis=0)
    for p, piece in zip(plist, pieces):
        if len(p.shape) > 1:
            b.op("Reshape", piece, b.ints(*p.shape), out=p.name)


def _pack(b, plist, grads):
    """Joins the gradients into `grads`, in flat order."""
    flat = [
        b.op("Reshape", grads[p.name], b.ints(-1)) if len(p.shape) > 1 else grads[p.name]
        for p in plist
    ]
    b.op("Concat", *flat, axis=0, out="grads")


def step_model(cfg, training_model):
    """The step graph of `cfg` from the training model that the artifacts hold."""
    plist = config.params(cfg)
    _, total = config.offsets(plist)
    lowered = Lowering(training_model)
    before, after = Builder("p_"), Builder("o_")
    _unpack(before, plist)
    _pack(after, plist, lowered.grads)
    optimizer.step(after, plist, cfg.muon)
    inputs = native.data_inputs(cfg) + optimizer.inputs(total)
    outputs = [floats(name) for name in LOSSES] + optimizer.outputs(total)
    parts = [before, lowered.b, after]
    nodes, constants = Rewriter(
        [n for part in parts for n in part.nodes],
        [t for part in parts for t in part.initializers],
        [o.name for o in outputs],
    ).run()
    nodes = order.for_depth_first(nodes, "grads")
    _clear_names(nodes)
    model = make_model(helper.make_graph(nodes, "step", inputs, outputs, constants), microsoft=True)
    onnx.checker.check_model(model)
    return model


def _clear_names(nodes):
    """Names each node by its type and position."""
    for i, node in enumerate(nodes):
        node.name = f"{node.op_type}_{i}"
