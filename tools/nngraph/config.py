"""Model sizes and the list of parameters, in the order of the flat vector."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Shape of one encoder. `d` must be a multiple of `heads`, unless `d_kv` is given.

    `d_kv` is the width of one attention head; 0 stands for `d / heads`.

    `rel_bias_std` is wider than T5's d**-0.5, so that heads look at different distances from the
    start. In 300-step fits of small to 786 NATS-Bench strings, two seeds each, Kendall tau on
    other classes was about .645 for d**-0.5, .70 for 0.5 and 1, .713 for 2; `embed_std` from
    0.05 to 1 made no difference beyond that between seeds.

    `muon` steps the blocks' matrices by Muon instead of AdamW. On 11,650 rows (small, 36 metrics)
    four epochs gave a mean validation tau of .888 with it and .865 without, thirty .914 and .905.
    """

    name: str
    d: int
    layers: int
    heads: int
    d_ff: int
    d_kv: int = 0
    gated: bool = False
    muon: bool = False
    vocab: int = 1024
    max_metrics: int = 128
    buckets: int = 32
    max_distance: int = 128
    embed_std: float = 0.3
    rel_bias_std: float = 2.0

    def __post_init__(self):
        if self.d_kv == 0 and self.d % self.heads:
            raise ValueError(f"d {self.d} is not a multiple of heads {self.heads}")
        if self.buckets % 4:
            raise ValueError(f"buckets {self.buckets} is not a multiple of 4")

    @property
    def d_head(self):
        """Width of one attention head."""
        return self.d_kv or self.d // self.heads

    @property
    def inner(self):
        """Width of all attention heads side by side."""
        return self.heads * self.d_head


def from_graph(graph):
    """The configuration that a graph.json describes."""
    return Config(**{k: graph[k] for k in Config.__dataclass_fields__ if k in graph})


SIZES = {
    "tiny": dict(d=32, layers=1, heads=4, d_ff=64),
    "small": dict(d=64, layers=3, heads=4, d_ff=256, muon=True),
    "medium": dict(d=96, layers=4, heads=6, d_ff=384, muon=True),
    "base": dict(d=128, layers=4, heads=8, d_ff=512, muon=True),
}


@dataclass(frozen=True)
class Param:
    """One parameter: linear weights are stored [in, out], so that y = x @ w."""

    name: str
    shape: tuple
    init: dict
    decay: bool

    @property
    def size(self):
        """Number of elements."""
        size = 1
        for n in self.shape:
            size *= n
        return size


def _normal(name, shape, std):
    return Param(name, shape, {"kind": "normal", "std": std}, True)


def _ones(name, size):
    return Param(name, (size,), {"kind": "ones"}, False)


def ffn_in_names(cfg):
    """Suffixes of the FFN input weights: `wi`, or `wi_0` (GELU side) and `wi_1`."""
    return ["wi_0", "wi_1"] if cfg.gated else ["wi"]


def _layer_weights(cfg, layer):
    d, ff, block = cfg.d, cfg.d_ff, f"block.{layer}"
    query_std = (d * cfg.d_head) ** -0.5
    return [
        _normal(f"{block}.attn.q.weight", (d, cfg.inner), query_std),
        _normal(f"{block}.attn.k.weight", (d, cfg.inner), d**-0.5),
        _normal(f"{block}.attn.v.weight", (d, cfg.inner), d**-0.5),
        _normal(f"{block}.attn.o.weight", (cfg.inner, d), cfg.inner**-0.5),
        *[_normal(f"{block}.ffn.{wi}.weight", (d, ff), d**-0.5) for wi in ffn_in_names(cfg)],
        _normal(f"{block}.ffn.wo.weight", (ff, d), ff**-0.5),
    ]


def params(cfg):
    """Every parameter in flat order: those with weight decay first, then those without."""
    decayed = [_normal("embed.weight", (cfg.vocab, cfg.d), cfg.embed_std)]
    for layer in range(cfg.layers):
        decayed += _layer_weights(cfg, layer)
    decayed.append(_normal("head.weight", (cfg.d, cfg.max_metrics), cfg.d**-0.5))
    bias = {"kind": "normal", "std": cfg.rel_bias_std}
    plain = [Param("rel_bias.weight", (cfg.buckets, cfg.heads), bias, False)]
    for layer in range(cfg.layers):
        plain += [_ones(f"block.{layer}.{part}.norm.weight", cfg.d) for part in ("attn", "ffn")]
    plain.append(_ones("final_norm.weight", cfg.d))
    plain.append(Param("head.bias", (cfg.max_metrics,), {"kind": "zeros"}, False))
    return decayed + plain


def offsets(plist):
    """Offset of each parameter in the flat vector, and its total length."""
    out, total = [], 0
    for p in plist:
        out.append(total)
        total += p.size
    return out, total
