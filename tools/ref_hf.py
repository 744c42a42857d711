#!/usr/bin/env python3
"""Compares encoder.onnx and train.onnx with a random Hugging Face T5EncoderModel.

Writes encoder.onnx, graph.json, weights.bin (flat float32, little-endian) and
reference.json (token ids, mask, hidden states, pooled state, metrics) into --out.
"""

import argparse
import json
import pathlib
import shutil
import sys

import numpy as np
import onnxruntime
import torch
from transformers import T5Config, T5EncoderModel

from nngraph import flat, t5

TOLERANCE = 1e-4
RANK_WEIGHT = 0.5


def hf_model(graph):
    """A T5EncoderModel of the graph's shape, in evaluation mode."""
    config = T5Config(
        vocab_size=graph["vocab"],
        d_model=graph["d"],
        d_kv=graph["d"] // graph["heads"],
        d_ff=graph["d_ff"],
        num_layers=graph["layers"],
        num_heads=graph["heads"],
        relative_attention_num_buckets=graph["buckets"],
        relative_attention_max_distance=graph["max_distance"],
        feed_forward_proj="gated-gelu" if graph["gated"] else "relu",
        layer_norm_epsilon=1e-6,
    )
    return T5EncoderModel(config).eval()


def set_weights(model, arrays):
    """Copies our arrays into the model; linear maps are transposed there."""
    state = dict(model.named_parameters())
    for name, array in arrays.items():
        if not name.startswith("head."):
            value = torch.from_numpy((array.T if t5.is_linear(name) else array).copy())
            with torch.no_grad():
                state[t5.hf_names(name)[0]].copy_(value)


def make_batch(graph, rng):
    """Two sequences, one longer than max_distance and one with padding, with labels."""
    seq = graph["max_distance"] + 12
    mask = (np.arange(seq)[None] < np.array([[seq], [23]])).astype(np.int64)
    shape = (2, graph["max_metrics"])
    return {
        "input_ids": rng.integers(0, graph["vocab"], mask.shape),
        "attention_mask": mask,
        "target": rng.standard_normal(shape).astype(np.float32),
        "target_mask": np.ones(shape, np.float32),
    }


def hf_forward(model, head, batch):
    """Hidden states, pooled state and metrics, as tensors that carry gradients."""
    mask = torch.from_numpy(batch["attention_mask"])
    ids = torch.from_numpy(batch["input_ids"])
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.float().unsqueeze(2)
    pooled = (hidden * weights).sum(1) / weights.sum(1)
    return hidden, pooled, pooled @ head["head.weight"] + head["head.bias"]


def torch_loss(metrics, batch):
    """The training loss for a batch of two with every label present."""
    target = torch.from_numpy(batch["target"])
    margin = (metrics[0] - metrics[1]) * torch.sign(target[0] - target[1])
    return ((metrics - target) ** 2).mean() + RANK_WEIGHT * torch.nn.functional.softplus(
        -margin
    ).mean()


def torch_gradients(graph, model, head):
    """Gradients by our parameter names, in our layout."""
    state, out = dict(model.named_parameters()), {}
    for p in graph["params"]:
        name = p["name"]
        grad = head[name].grad if name in head else state[t5.hf_names(name)[0]].grad
        out[name] = (grad.T if t5.is_linear(name) else grad).numpy()
    return flat.pack(graph, out)


def session(path):
    """A CPU session."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def run_encoder(path, arrays, batch):
    """Outputs of encoder.onnx by name."""
    names = ["hidden", "pooled", "metrics"]
    feeds = {k: batch[k] for k in ("input_ids", "attention_mask")}
    return dict(zip(names, session(path).run(names, {**feeds, **arrays})))


def run_gradients(path, graph, vector, batch):
    """The output `grads` of train.onnx, without branch dropout."""
    zeros = np.zeros_like(vector)
    ones = np.ones((len(batch["target"]), 2 * graph["layers"], graph["d"]), np.float32)
    scalars = dict(
        lr=1e-3,
        weight_decay=0,
        beta1=0.9,
        beta2=0.999,
        step=1,
        clip_norm=1,
        rank_weight=RANK_WEIGHT,
    )
    feeds = {k: np.array(v, np.float32) for k, v in scalars.items()}
    feeds.update(batch, params=vector, adam_m=zeros, adam_v=zeros, branch_mask=ones)
    return session(path).run(["grads"], feeds)[0]


def check(name, actual, expected, limit=TOLERANCE):
    """Prints a difference; True when it is below the limit."""
    gap, relative = flat.differences(actual, expected)
    print(f"{name:10s} max abs difference {gap:.2e}, relative {relative:.2e}")
    return gap < limit


def write_fixture(graphs, out, vector, batch, expected):
    """Writes the four files of the fixture."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graphs / "encoder.onnx", out / "encoder.onnx")
    graph = flat.load_graph(graphs)
    del graph["sha256"]["train.onnx"]
    (out / "graph.json").write_text(json.dumps(graph, indent=1) + "\n", encoding="utf-8")
    vector.astype("<f4").tofile(out / "weights.bin")
    made_by = {"torch": torch.__version__, "transformers": __import__("transformers").__version__}
    inputs = {k: batch[k].tolist() for k in ("input_ids", "attention_mask")}
    outputs = {k: flat.rounded(v) for k, v in expected.items()}
    text = json.dumps({"made_by": made_by, **inputs, **outputs})
    (out / "reference.json").write_text(text + "\n", encoding="utf-8")


def main():
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--graphs", type=pathlib.Path, required=True, help="folder that make_graphs.py wrote"
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, help="fixture folder to write")
    args = parser.parse_args()
    graph, rng = flat.load_graph(args.graphs), np.random.default_rng(7)
    vector, batch = flat.random_params(graph, rng), make_batch(graph, rng)
    arrays, model = flat.unpack(graph, vector), hf_model(graph)
    set_weights(model, arrays)
    head = {
        k: torch.from_numpy(v.copy()).requires_grad_()
        for k, v in arrays.items()
        if k.startswith("head.")
    }
    hidden, pooled, metrics = hf_forward(model, head, batch)
    torch_loss(metrics, batch).backward()
    expected = {
        k: v.detach().numpy()
        for k, v in (("hidden", hidden), ("pooled", pooled), ("metrics", metrics))
    }
    actual = run_encoder(args.graphs / "encoder.onnx", arrays, batch)
    results = [check(k, actual[k], expected[k]) for k in expected]
    grads = run_gradients(args.graphs / "train.onnx", graph, vector, batch)
    results.append(check("gradients", grads, torch_gradients(graph, model, head)))
    write_fixture(args.graphs, args.out, vector, batch, expected)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
