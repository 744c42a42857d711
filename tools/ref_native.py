#!/usr/bin/env python3
"""Records what onnxruntime-training computes with the un-lowered training and optimizer models.

Writes native.json (batch, scalars, losses and the layout of the other file) and
native.bin (float32 vectors, little-endian). To stay small, the batch only uses the first
tokens of the vocabulary and the other rows of embed.weight, which comes first in flat
order, are zero in every vector and left out of the file.
"""

import argparse
import json
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from nngraph import config, flat, native, optimizer

BATCH, SEQ, TOKENS = 6, 17, 40
CASES = {"mse": 0.0, "mse_and_rank": 0.7}
STEPS = {
    "lr": 2e-3,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.999,
    "clip_norm": 0.05,
    "rank_weight": 0.7,
}
F = np.float32


def session(path):
    """A CPU session of onnxruntime-training."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def make_batch(cfg, rng):
    """Padding, missing labels, tied labels, a metric without labels and one with a single label."""
    lengths = np.array([SEQ, SEQ, 3, 11, 1, 8])
    shape = (BATCH, cfg.max_metrics)
    present = (rng.random(shape) < 0.6).astype(F)
    present[:, 1], present[:, 2] = 0, 0
    present[3, 2] = 1
    branch = (rng.random((BATCH, 2 * cfg.layers, cfg.d)) < 0.9).astype(F) / F(0.9)
    return {
        "input_ids": rng.integers(0, TOKENS, (BATCH, SEQ)),
        "attention_mask": (np.arange(SEQ)[None] < lengths[:, None]).astype(np.int64),
        "target": np.round(rng.standard_normal(shape), 1).astype(F) * present,
        "target_mask": present,
        "branch_mask": branch,
    }


def start_vector(graph, rng):
    """Random parameters, zero for tokens that the batch does not use."""
    vector = flat.random_params(graph, rng)
    vector[TOKENS * graph["d"] : graph["vocab"] * graph["d"]] = 0
    return vector


def gradients(training, graph, vector, batch, rank_weight):
    """Losses and the flat gradient of the native training model."""
    feeds = {**batch, "rank_weight": np.array(rank_weight, F), "lazy_reset_grad": np.array([True])}
    for name, array in flat.unpack(graph, vector).items():
        feeds[name] = array
        feeds[f"{name}_grad.accumulation.buffer"] = np.zeros_like(array)
    values = {k: onnxruntime.OrtValue.ortvalue_from_numpy(v) for k, v in feeds.items()}
    outputs = training.run_with_ort_values(None, values)
    losses = {n: float(v.numpy()) for n, v in zip(("loss", "mse_loss", "rank_loss"), outputs)}
    buffers = {
        p["name"]: values[f"{p['name']}_grad.accumulation.buffer"].numpy() for p in graph["params"]
    }
    return losses, flat.pack(graph, buffers)


def adamw_model(path, decay):
    """The native optimizer model in PyTorch's mode, with its updated tensors as outputs."""
    model = onnx.load(path)
    node = model.graph.node[0]
    wanted = {
        "alpha": STEPS["beta1"],
        "beta": STEPS["beta2"],
        "epsilon": optimizer.ADAM_EPS,
        "weight_decay": decay,
        "adam_mode": 0,
        "correct_bias": 1,
    }
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(k, v) for k, v in wanted.items())
    sequence = helper.make_sequence_type_proto(
        helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    )
    del model.graph.output[:]
    for name in ("params_out", "m_out", "v_out"):
        node.output.append(name)
        model.graph.output.append(helper.make_value_info(name, sequence))
    model.ir_version = 8
    return model.SerializeToString()


def native_adamw(path, state, grad, step, decay):
    """One step of the native AdamW on the flat (params, m, v). It works in place, so on copies."""
    names = ["params", "first_order_moments", "second_order_moments", "gradients"]
    feeds = {name: [vector.copy()] for name, vector in zip(names, [*state, grad])}
    feeds.update(learning_rate=np.array([STEPS["lr"]], F), step=np.array([step], np.int64))
    optimizer_session = onnxruntime.InferenceSession(
        adamw_model(path, decay), providers=["CPUExecutionProvider"]
    )
    return [sequence[0] for sequence in optimizer_session.run(None, feeds)]


def clipped(grad):
    """The gradient scaled to the global norm limit, and its norm before."""
    norm = float(np.sqrt(np.sum(grad.astype(np.float64) ** 2)))
    return grad * F(min(1.0, STEPS["clip_norm"] / (norm + optimizer.CLIP_EPS))), norm


def two_steps(folder, training, graph, vector, batch):
    """Two training steps: the norms, and (params, m, v) after the second."""
    decayed = np.concatenate(
        [np.full(int(np.prod(p["shape"])), p["decay"]) for p in graph["params"]]
    )
    state, norms = [vector, np.zeros_like(vector), np.zeros_like(vector)], []
    for step in (1, 2):
        _, grad = gradients(training, graph, state[0], batch, STEPS["rank_weight"])
        grad, norm = clipped(grad)
        norms.append(norm)
        path = folder / "optimizer_model.onnx"
        with_decay = native_adamw(path, state, grad, step, STEPS["weight_decay"])
        without = native_adamw(path, state, grad, step, 0.0)
        state = [np.where(decayed, a, b) for a, b in zip(with_decay, without)]
    return norms, state


def compact(graph, vector):
    """The vector without the rows of unused tokens, which must be zero."""
    start, end = TOKENS * graph["d"], graph["vocab"] * graph["d"]
    if np.any(vector[start:end]):
        raise ValueError("an unused token has a value")
    return np.concatenate([vector[:start], vector[end:]]).astype("<f4")


def record(folder, training, graph, rng, cfg):
    """Everything that the fixture holds: json contents, and the vectors by name."""
    batch, vector = make_batch(cfg, rng), start_vector(graph, rng)
    vectors, cases = {"params": vector}, {}
    for name, rank_weight in CASES.items():
        losses, vectors[f"grads_{name}"] = gradients(training, graph, vector, batch, rank_weight)
        cases[name] = {"rank_weight": rank_weight, **losses}
    norms, state = two_steps(folder, training, graph, vector, batch)
    vectors.update(zip(("params_2", "adam_m_2", "adam_v_2"), state))
    text = {
        "made_by": {"onnxruntime-training": onnxruntime.__version__},
        "graph": graph["name"],
        "kept_tokens": TOKENS,
        "vectors": list(vectors),
        "batch": {k: flat.rounded(v) if v.dtype == F else v.tolist() for k, v in batch.items()},
        "cases": cases,
        "two_steps": {**STEPS, "grad_norms": norms},
    }
    return text, vectors


def main():
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--graphs", type=pathlib.Path, required=True, help="folder that make_graphs.py wrote"
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, help="fixture folder to write")
    args = parser.parse_args()
    graph = flat.load_graph(args.graphs)
    cfg = config.from_graph(graph)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        training = session(native.generate(cfg, folder))
        text, vectors = record(folder, training, graph, np.random.default_rng(11), cfg)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "native.json").write_text(json.dumps(text) + "\n", encoding="utf-8")
    np.concatenate([compact(graph, v) for v in vectors.values()]).tofile(args.out / "native.bin")


if __name__ == "__main__":
    main()
