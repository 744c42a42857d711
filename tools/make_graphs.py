#!/usr/bin/env python3
"""Writes encoder.onnx, train.onnx and graph.json for one model size."""

import argparse
import dataclasses
import hashlib
import json
import pathlib
import tempfile

import onnx

from nngraph import config, encoder, native, optimizer, train
from nngraph.builder import save


def sha256(path):
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(cfg, out):
    """The contents of graph.json."""
    plist = config.params(cfg)
    starts, total = config.offsets(plist)
    listed = [
        {"name": p.name, "shape": list(p.shape), "offset": o, "init": p.init, "decay": p.decay}
        for p, o in zip(plist, starts)
    ]
    return {
        "version": 1,
        "name": cfg.name,
        "vocab": cfg.vocab,
        "d": cfg.d,
        "layers": cfg.layers,
        "heads": cfg.heads,
        "d_ff": cfg.d_ff,
        **({"d_kv": cfg.d_kv} if cfg.d_kv else {}),
        "gated": cfg.gated,
        "max_metrics": cfg.max_metrics,
        "buckets": cfg.buckets,
        "max_distance": cfg.max_distance,
        "adam_eps": optimizer.ADAM_EPS,
        "n_params": total,
        "params": listed,
        "head": {"weight": "head.weight", "bias": "head.bias"},
        "sha256": {name: sha256(out / name) for name in ("train.onnx", "encoder.onnx")},
    }


def write_all(cfg, out):
    """Writes the three files into `out`, which is made if needed."""
    out.mkdir(parents=True, exist_ok=True)
    save(encoder.encoder_model(cfg), out / "encoder.onnx")
    with tempfile.TemporaryDirectory() as folder:
        training_model = onnx.load(native.generate(cfg, folder, distinct=True))
    save(train.step_model(cfg, training_model), out / "train.onnx")
    text = json.dumps(describe(cfg, out), indent=1)
    (out / "graph.json").write_text(text + "\n", encoding="utf-8")


def add_config_arguments(parser):
    """Adds --size and one flag per field of the configuration."""
    parser.add_argument(
        "--size", default="medium", help=f"name: {', '.join(config.SIZES)}, or any with flags"
    )
    for field in dataclasses.fields(config.Config):
        if field.name == "gated":
            parser.add_argument("--gated", action="store_true", help="gated GELU instead of ReLU")
        elif field.name == "muon":
            parser.add_argument("--muon", action="store_true", help="Muon for the blocks' matrices")
        elif field.name != "name":
            flag = "--" + field.name.replace("_", "-")
            parser.add_argument(flag, type=field.type, dest=field.name)


def config_from(args):
    """The configuration that the parsed arguments ask for."""
    values = dict(config.SIZES.get(args.size, {}))
    for field in dataclasses.fields(config.Config):
        given = getattr(args, field.name, None)
        if given:
            values[field.name] = given
    return config.Config(name=args.size, **values)


def main():
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write")
    args = parser.parse_args()
    write_all(config_from(args), args.out)


if __name__ == "__main__":
    main()
