"""Training losses as ONNX nodes, on predictions [batch, metric]."""

import numpy as np


def _per_metric_weight(b, count):
    """1 / (count * number of metrics with count > 0), and 0 where count is 0."""
    has = b.to_float(b.op("Greater", count, b.const(0.0)))
    metrics = b.op("Max", b.reduce_sum(has, [0], keepdims=1), b.const(1.0))
    return b.op("Div", has, b.op("Mul", b.op("Max", count, b.const(1.0)), metrics))


def masked_mse(b, predicted, present, out):
    """Mean squared error per metric over present labels, then mean over metrics that have any."""
    labelled = b.to_float(present)
    weight = b.op("Mul", labelled, _per_metric_weight(b, b.reduce_sum(labelled, [0])))
    target = b.op("Where", present, "target", b.const(0.0))
    error = b.op("Sub", predicted, target)
    return b.reduce_sum(b.op("Mul", b.op("Mul", error, weight), error), [0, 1], out=out)


def _ordered_pairs(b, present):
    """1.0 at [i, j, metric] where both labels are present and target i > target j."""
    low = b.op("Where", present, "target", b.const(-np.inf))
    high = b.op("Where", present, "target", b.const(np.inf))
    above = b.op("Greater", b.op("Unsqueeze", low, b.ints(1)), b.op("Unsqueeze", high, b.ints(0)))
    return b.to_float(above)


def _softplus(b, x):
    """log(1 + exp(x)) without overflow: above 30 it is x to float32 precision, so the excess
    is added outside the logarithm. Its derivative is smooth everywhere, ties included."""
    excess = b.op("Relu", b.op("Sub", x, b.const(30.0)))
    inside = b.op("Add", b.op("Exp", b.op("Sub", x, excess)), b.const(1.0))
    return b.op("Add", b.op("Log", inside), excess)


def pairwise_logistic(b, predicted, present, out):
    """RankNet loss (Burges et al., 2005): mean over ordered pairs of log(1 + exp(-(p_i - p_j))),
    then mean over metrics with pairs."""
    pairs = _ordered_pairs(b, present)
    weight = _per_metric_weight(b, b.reduce_sum(pairs, [0, 1]))
    behind = b.op(
        "Sub", b.op("Unsqueeze", predicted, b.ints(0)), b.op("Unsqueeze", predicted, b.ints(1))
    )
    penalty = _softplus(b, behind)
    per_metric = b.reduce_sum(b.op("Mul", pairs, penalty), [0, 1])
    return b.reduce_sum(b.op("Mul", per_metric, weight), [0], out=out)


def add_losses(b, predicted):
    """Adds the outputs `loss`, `mse_loss` and `rank_loss`."""
    present = b.op("Greater", "target_mask", b.const(0.0))
    mse = masked_mse(b, predicted, present, "mse_loss")
    rank = pairwise_logistic(b, predicted, present, "rank_loss")
    b.op("Add", mse, b.op("Mul", rank, "rank_weight"), out="loss")
