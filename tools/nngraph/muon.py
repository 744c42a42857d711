"""Muon's update (Jordan et al., 2024): matrices made nearly orthogonal by Newton-Schulz iterations
x' = a x + b (x x^T) x + c (x x^T)^2 x, all those of one shape at once."""

import math

from .builder import MICROSOFT

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
# Root mean square of an orthogonal update that matches AdamW's (Liu et al., 2025).
UPDATE_RMS = 0.2


def _product_with_transpose(b, x):
    """x x^T."""
    return b.op("FusedMatMul", x, x, domain=MICROSOFT, transB=1)


def _polynomial(b, gram):
    """b gram + c gram^2: what an iteration multiplies x by, short of a."""
    _, second, third = NEWTON_SCHULZ
    square = b.op("Mul", b.op("MatMul", gram, gram), b.const(third))
    return b.op("Add", b.op("Mul", gram, b.const(second)), square)


def _times(b, mixed, x):
    """a x + mixed x."""
    return b.op("Add", b.op("Mul", x, b.const(NEWTON_SCHULZ[0])), b.op("MatMul", mixed, x))


def _iterate(b, x):
    """The iterations on x [count, rows, cols]."""
    for _ in range(ITERATIONS):
        x = _times(b, _polynomial(b, _product_with_transpose(b, x)), x)
    return x


def _iterate_on_gram(b, x):
    """The same for rows much shorter than columns. Every iteration multiplies x by a polynomial q
    of g = x x^T, so g becomes q g q: only the first g and the last product are as wide as x."""
    gram, factor = _product_with_transpose(b, x), None
    for i in range(ITERATIONS):
        mixed = _polynomial(b, gram)
        if factor is None:
            first = b.op("EyeLike", b.op("ReduceSum", gram, b.ints(0), keepdims=0), dtype=1)
            factor = b.op("Add", b.op("Mul", first, b.const(NEWTON_SCHULZ[0])), mixed)
        else:
            factor = _times(b, mixed, factor)
        if i + 1 < ITERATIONS:
            gram = _times(b, mixed, _times(b, mixed, gram))
    return b.op("MatMul", factor, x)


def _orthogonal(b, x, rows, cols):
    """The orthogonal factors of x [count, rows, cols], nearly, times the learning rate and an
    update's usual root mean square."""
    norm = b.op("Sqrt", b.reduce_sum(b.op("Mul", x, x), [1, 2], keepdims=1))
    x = b.op("Div", x, b.op("Add", norm, b.const(1e-7)))
    x = _iterate_on_gram(b, x) if cols >= 2 * rows else _iterate(b, x)
    return b.op("Mul", x, b.op("Mul", "lr", b.const(UPDATE_RMS * math.sqrt(cols))))


def update(b, momentum, matrices):
    """Updates of the `matrices`, flat, from their momentum, flat."""
    sizes = b.ints(*[p.size for p in matrices])
    pieces = b.multi("Split", [momentum, sizes], [None] * len(matrices), axis=0)
    groups = {}
    for i, p in enumerate(matrices):
        groups.setdefault((min(p.shape), max(p.shape)), []).append(i)
    flat = [None] * len(matrices)
    for (rows, cols), group in groups.items():
        tall = [matrices[i].shape[0] > rows for i in group]
        stack = []
        for i, turned in zip(group, tall):
            x = b.op("Reshape", pieces[i], b.ints(1, *matrices[i].shape))
            stack.append(b.op("Transpose", x, perm=[0, 2, 1]) if turned else x)
        x = _orthogonal(b, b.op("Concat", *stack, axis=0), rows, cols)
        parts = b.multi("Split", [x, b.ints(*[1] * len(group))], [None] * len(group), axis=0)
        for i, turned, part in zip(group, tall, parts):
            x = b.op("Transpose", part, perm=[0, 2, 1]) if turned else part
            flat[i] = b.op("Reshape", x, b.ints(-1))
    return b.op("Concat", *flat, axis=0)
