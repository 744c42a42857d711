#!/usr/bin/env python3
"""Makes an evaluator of a Hugging Face T5 checkpoint and a linear head.

CHECKPOINT is a folder with config.json, model.safetensors (or pytorch_model.bin, which needs
PyTorch) and tokenizer.json; of an encoder-decoder only the encoder is taken. The evaluator is the
encoder, the mean over the tokens, and the head. With --graphs the training graphs of the same
shape are written too (this needs requirements.txt; all else requirements-import.txt), so that

    nneval train --set encoder=GRAPHS --set from=EVALUATOR --labels LABELS --metric NAME --out TUNED

goes on from it.
"""

import argparse
import hashlib
import json
import pathlib
import shlex
import sys

import numpy as np
import onnx

from nngraph import t5
from nngraph.encoder import encoder_model

# Outputs are the labels themselves, until a training run fits a transform.
AS_IT_IS = {"kind": "identity", "mean": 0.0, "std": 1.0}
NO_BOUNDS = [-1e30, 1e30]


def random_head(cfg, metrics, seed):
    """A head as nn.Linear starts with one: uniform within 1/sqrt(d)."""
    rng, bound = np.random.default_rng(seed), cfg.d**-0.5
    shape = (cfg.d, metrics)
    return rng.uniform(-bound, bound, shape), rng.uniform(-bound, bound, metrics)


def read_head(path, cfg, metrics):
    """Weight [d, metrics] and bias [metrics] from a file that holds them as nn.Linear does:
    one tensor [metrics, d], one [metrics], whatever their names."""
    tensors = t5.read_tensors(path)
    by_rank = {tensor.ndim: tensor for tensor in tensors.values()}
    if len(tensors) != 2 or set(by_rank) != {1, 2}:
        raise t5.CheckpointError(f"{path}: is not one weight [metrics, d] and one bias [metrics]")
    weight, bias = by_rank[2].T, by_rank[1]
    if weight.shape != (cfg.d, metrics) or bias.shape != (metrics,):
        raise t5.CheckpointError(
            f"{path}: weight {by_rank[2].shape} and bias {bias.shape} are not "
            f"({metrics}, {cfg.d}) and ({metrics},), as for {metrics} --metric"
        )
    return weight, bias


def evaluator_model(cfg, arrays):
    """The encoder with its parameters inside; outputs `metrics` and `pooled`."""
    model = encoder_model(cfg)
    data = [i for i in model.graph.input if i.name not in arrays]
    outputs = [o for o in model.graph.output if o.name != "hidden"]
    model.graph.ClearField("input")
    model.graph.ClearField("output")
    model.graph.input.extend(data)
    model.graph.output.extend(outputs)
    for name, array in arrays.items():
        tensor = onnx.numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name)
        model.graph.initializer.append(tensor)
    return model.SerializeToString(deterministic=True)


def read_tokenizer(path, cfg):
    """The bytes of a tokenizer.json, when its numbers are those that nneval pads and ends with."""
    given = t5.read_json(path)
    added = {t["content"]: t["id"] for t in given.get("added_tokens", [])}
    for token, number in (("<pad>", 0), ("</s>", 1)):
        if added.get(token) != number:
            raise t5.CheckpointError(f"{path}: {token} is not token {number}")
    vocab = given["model"]["vocab"]
    highest = max([len(vocab) - 1, *added.values()])
    if highest >= cfg.vocab:
        raise t5.CheckpointError(f"{path}: token {highest} has no row in the embedding")
    return path.read_bytes()


def metric(name, args):
    """One entry of `metrics`; unit and direction are read off the name by nneval."""
    bounds = args.bounds or ([0.0, 100.0] if name.endswith("_pct") else NO_BOUNDS)
    untrained = {} if args.head else {"untrained": True}
    return {"name": name, "transform": AS_IT_IS, "range": bounds, **untrained}


def manifest(args, window, files):
    """The contents of evaluator.json."""
    return {
        "format": 1,
        "string_version": 1,
        "string_style": args.style,
        "name": args.name or args.out.name,
        "window": args.window or window,
        "metrics": [metric(name, args) for name in args.metric],
        "training": {
            "labels": "",
            "space": "",
            "dataset": "",
            "rows": 0,
            "seed": args.seed,
            "classes": [],
            "command": shlex.join(["import_t5.py", *sys.argv[1:]]),
        },
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }


def write(path, data):
    """Writes a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    temporary.replace(path)


def write_evaluator(args, cfg, window):
    """Writes the three files of the bundle, the description last."""
    arrays = t5.encoder_arrays(cfg, t5.checkpoint_tensors(args.checkpoint))
    count = len(args.metric)
    if args.head:
        weight, bias = read_head(args.head, cfg, count)
    else:
        weight, bias = random_head(cfg, count, args.seed)
    arrays.update({"head.weight": weight, "head.bias": bias})
    files = {
        "evaluator.onnx": evaluator_model(cfg, arrays),
        "tokenizer.json": read_tokenizer(args.checkpoint / "tokenizer.json", cfg),
    }
    text = json.dumps(manifest(args, window, files), indent=2) + "\n"
    for name, data in {**files, "evaluator.json": text.encode()}.items():
        write(args.out / name, data)


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, path = parser.add_argument, pathlib.Path
    add("checkpoint", type=path, metavar="CHECKPOINT", help="folder of the checkpoint")
    add("--metric", action="append", required=True, help="what a column of the head predicts")
    add("--head", type=path, help=".safetensors, .npz or PyTorch file of the head; else random")
    add("--seed", type=int, default=0, help="seed of a random head")
    add("--bounds", type=float, nargs=2, metavar=("LO", "HI"), help="least and largest label")
    add("--style", choices=["verbose", "v1"], default="verbose", help="spelling of the string")
    add("--window", type=int, help="longest token sequence in one piece [n_positions]")
    add("--name", help="name of the evaluator [the last part of --out]")
    add("--out", type=path, required=True, help="folder that the evaluator is written to")
    add("--graphs", type=path, help="folder that the training graphs are written to")
    add("--max-metrics", type=int, default=128, help="columns of the training graphs' head")
    return parser.parse_args()


def main():
    """Command line entry."""
    args = parse_arguments()
    name = args.graphs.name if args.graphs else args.out.name
    try:
        cfg, window = t5.read_config(args.checkpoint / "config.json", name, args.max_metrics)
        write_evaluator(args, cfg, window)
    except t5.CheckpointError as e:
        sys.exit(f"error: {e}")
    print(args.out)
    if args.graphs:
        import make_graphs

        make_graphs.write_all(cfg, args.graphs)
        print(args.graphs)


if __name__ == "__main__":
    main()
