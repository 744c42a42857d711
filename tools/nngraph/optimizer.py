"""Clipping and AdamW (Loshchilov and Hutter, 2019) on the flat parameter vector."""

from .builder import floats

ADAM_EPS = 1e-8
CLIP_EPS = 1e-6
SCALARS = ["lr", "weight_decay", "beta1", "beta2", "step", "clip_norm"]


def inputs(n_params):
    """Value infos of the optimizer's inputs."""
    vectors = [floats(name, n_params) for name in ("params", "adam_m", "adam_v")]
    return vectors + [floats(name) for name in SCALARS]


def outputs(n_params):
    """Value infos of the optimizer's outputs."""
    names = ("params_out", "adam_m_out", "adam_v_out", "grads")
    return [floats("grad_norm")] + [floats(name, n_params) for name in names]


def _clip_scale(b, squares):
    """Factor min(1, clip_norm / (norm + 1e-6)); 1 where clip_norm <= 0."""
    norm = b.op("Sqrt", b.reduce_sum(squares, [0]), out="grad_norm")
    ratio = b.op("Div", "clip_norm", b.op("Add", norm, b.const(CLIP_EPS)))
    clipped = b.op("Min", ratio, b.const(1.0))
    return b.op("Where", b.op("Greater", "clip_norm", b.const(0.0)), clipped, b.const(1.0))


def _keep_factor(b, n_decayed, n_params):
    """1 - lr * weight_decay for the decayed parameters, which come first, and 1 for the rest."""
    keep = b.op("Sub", b.const(1.0), b.op("Mul", "lr", "weight_decay"))
    decayed = b.op("Expand", keep, b.ints(n_decayed))
    plain = b.op("Expand", b.const(1.0), b.ints(n_params - n_decayed))
    return b.op("Concat", decayed, plain, axis=0)


def _moment(b, old, beta, fresh, factor, out):
    """beta * old + (1 - beta) * factor * fresh."""
    weight = b.op("Mul", b.op("Sub", b.const(1.0), beta), factor)
    return b.op("Add", b.op("Mul", old, beta), b.op("Mul", fresh, weight), out=out)


def adamw(b, n_decayed, n_params):
    """One step from `grads`:

    m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) g^2, with g the clipped gradient;
    p' = p (1 - lr * decay) - lr * m'/(1 - beta1^step) / (sqrt(v'/(1 - beta2^step)) + eps).
    """
    squares = b.op("Mul", "grads", "grads")
    scale = _clip_scale(b, squares)
    m = _moment(b, "adam_m", "beta1", "grads", scale, "adam_m_out")
    v = _moment(b, "adam_v", "beta2", squares, b.op("Mul", scale, scale), "adam_v_out")
    one = b.const(1.0)
    root2 = b.op("Sqrt", b.op("Sub", one, b.op("Pow", "beta2", "step")))
    rate = b.op("Div", b.op("Mul", "lr", root2), b.op("Sub", one, b.op("Pow", "beta1", "step")))
    spread = b.op("Add", b.op("Sqrt", v), b.op("Mul", root2, b.const(ADAM_EPS)))
    update = b.op("Div", b.op("Mul", m, rate), spread)
    kept = b.op("Mul", "params", _keep_factor(b, n_decayed, n_params))
    b.op("Sub", kept, update, out="params_out")
