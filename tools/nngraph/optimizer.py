"""Clipping, AdamW (Loshchilov and Hutter, 2019) and Muon (Jordan et al., 2024) on the flat
parameter vector."""

import math

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


# Newton-Schulz iteration of Muon: x' = a x + b (x x^T) x + c (x x^T)^2 x.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
# Root mean square of an orthogonal update that matches AdamW's (Liu et al., 2025).
UPDATE_RMS = 0.2


def _orthogonal(b, x, shape):
    """The orthogonal factor of x, nearly, with an update's usual root mean square."""
    rows, cols = shape
    if rows > cols:
        x = b.op("Transpose", x, perm=[1, 0])
    norm = b.op("Sqrt", b.reduce_sum(b.op("Mul", x, x), [0, 1]))
    x = b.op("Div", x, b.op("Add", norm, b.const(1e-7)))
    first, second, third = NEWTON_SCHULZ
    for _ in range(ITERATIONS):
        gram = b.op("MatMul", x, b.op("Transpose", x, perm=[1, 0]))
        square = b.op("Mul", b.op("MatMul", gram, gram), b.const(third))
        mixed = b.op("Add", b.op("Mul", gram, b.const(second)), square)
        x = b.op("Add", b.op("Mul", x, b.const(first)), b.op("MatMul", mixed, x))
    if rows > cols:
        x = b.op("Transpose", x, perm=[1, 0])
    return b.op("Mul", x, b.const(UPDATE_RMS * math.sqrt(max(rows, cols))))


def _muon(b, momentum, matrices):
    """Updates of the `matrices`, flat, from their part of the momentum, flat."""
    sizes = b.ints(*[p.size for p in matrices])
    pieces = b.multi("Split", [momentum, sizes], [None] * len(matrices), axis=0)
    flat = []
    for p, piece in zip(matrices, pieces):
        x = b.op("Reshape", piece, b.ints(*p.shape))
        flat.append(b.op("Reshape", _orthogonal(b, x, p.shape), b.ints(-1)))
    return b.op("Concat", *flat, axis=0)


def _with_muon(b, adam, m, scale, plist):
    """`adam` with the part of the blocks' matrices, which lie side by side, by Muon."""
    matrices = [p for p in plist if p.name.startswith("block.") and len(p.shape) > 1]
    first = plist.index(matrices[0])
    before = sum(p.size for p in plist[:first])
    middle = sum(p.size for p in matrices)
    sizes = b.ints(before, middle, sum(p.size for p in plist) - before - middle)
    head, _, tail = b.multi("Split", [adam, sizes], [None] * 3, axis=0)
    look = _moment(b, m, "beta1", "grads", scale, None)
    _, momentum, _ = b.multi("Split", [look, sizes], [None] * 3, axis=0)
    fresh = b.op("Mul", _muon(b, momentum, matrices), "lr")
    return b.op("Concat", head, fresh, tail, axis=0)


def step(b, plist, muon):
    """One step from `grads`:

    m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) g^2, with g the clipped gradient;
    p' = p (1 - lr * decay) - lr * m'/(1 - beta1^step) / (sqrt(v'/(1 - beta2^step)) + eps).

    With `muon` the blocks' matrices take the orthogonalised Nesterov momentum instead:
    p' = p (1 - lr * decay) - lr * 0.2 sqrt(max(rows, cols)) orthogonal(beta1 m' + (1 - beta1) g).
    """
    n_decayed = sum(p.size for p in plist if p.decay)
    n_params = sum(p.size for p in plist)
    squares = b.op("Mul", "grads", "grads")
    scale = _clip_scale(b, squares)
    m = _moment(b, "adam_m", "beta1", "grads", scale, "adam_m_out")
    v = _moment(b, "adam_v", "beta2", squares, b.op("Mul", scale, scale), "adam_v_out")
    one = b.const(1.0)
    root2 = b.op("Sqrt", b.op("Sub", one, b.op("Pow", "beta2", "step")))
    rate = b.op("Div", b.op("Mul", "lr", root2), b.op("Sub", one, b.op("Pow", "beta1", "step")))
    spread = b.op("Add", b.op("Sqrt", v), b.op("Mul", root2, b.const(ADAM_EPS)))
    update = b.op("Div", b.op("Mul", m, rate), spread)
    if muon:
        update = _with_muon(b, update, m, scale, plist)
    kept = b.op("Mul", "params", _keep_factor(b, n_decayed, n_params))
    b.op("Sub", kept, update, out="params_out")
