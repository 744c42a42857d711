"""Clipping, AdamW (Loshchilov and Hutter, 2019) and Muon (Jordan et al., 2024) on the flat
parameter vector."""

from . import muon
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


def _adam_update(b, m, v):
    """lr * m/(1 - beta1^step) / (sqrt(v/(1 - beta2^step)) + eps)."""
    one = b.const(1.0)
    root2 = b.op("Sqrt", b.op("Sub", one, b.op("Pow", "beta2", "step")))
    rate = b.op("Div", b.op("Mul", "lr", root2), b.op("Sub", one, b.op("Pow", "beta1", "step")))
    spread = b.op("Add", b.op("Sqrt", v), b.op("Mul", root2, b.const(ADAM_EPS)))
    return b.op("Div", b.op("Mul", m, rate), spread)


def _with_muon(b, plist, m, squares, scale):
    """Second moments and update where the blocks' matrices, which lie side by side, step by Muon:
    their second moments, which nothing reads, stay as they are."""
    matrices = [p for p in plist if p.name.startswith("block.") and len(p.shape) > 1]
    first = plist.index(matrices[0])
    before = sum(p.size for p in plist[:first])
    middle = sum(p.size for p in matrices)
    after = sum(p.size for p in plist) - before - middle

    def apart(x):
        head, inner, tail = b.multi("Split", [x, b.ints(before, middle, after)], [None] * 3, axis=0)
        return b.op("Concat", head, tail, axis=0), inner

    def together(outer, inner, out=None):
        head, tail = b.multi("Split", [outer, b.ints(before, after)], [None] * 2, axis=0)
        return b.op("Concat", head, inner, tail, axis=0, out=out)

    outer_m, inner_m = apart(m)
    outer_v, inner_v = apart("adam_v")
    outer_squares, _ = apart(squares)
    _, gradient = apart("grads")
    v = _moment(b, outer_v, "beta2", outer_squares, b.op("Mul", scale, scale), None)
    together(v, inner_v, out="adam_v_out")
    look = _moment(b, inner_m, "beta1", gradient, scale, None)
    return together(_adam_update(b, outer_m, v), muon.update(b, look, matrices))


def step(b, plist, with_muon):
    """One step from `grads`:

    m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) g^2, with g the clipped gradient;
    p' = p (1 - lr * decay) - lr * m'/(1 - beta1^step) / (sqrt(v'/(1 - beta2^step)) + eps).

    With Muon the blocks' matrices take the orthogonalised Nesterov momentum instead:
    p' = p (1 - lr * decay) - lr * 0.2 sqrt(max(rows, cols)) orthogonal(beta1 m' + (1 - beta1) g).
    """
    n_decayed = sum(p.size for p in plist if p.decay)
    n_params = sum(p.size for p in plist)
    squares = b.op("Mul", "grads", "grads")
    scale = _clip_scale(b, squares)
    m = _moment(b, "adam_m", "beta1", "grads", scale, "adam_m_out")
    if with_muon:
        update = _with_muon(b, plist, m, squares, scale)
    else:
        v = _moment(b, "adam_v", "beta2", squares, b.op("Mul", scale, scale), "adam_v_out")
        update = _adam_update(b, m, v)
    kept = b.op("Mul", "params", _keep_factor(b, n_decayed, n_params))
    b.op("Sub", kept, update, out="params_out")
