#!/usr/bin/env python3
"""Times one training step: train.onnx on this interpreter's ONNX Runtime, or with --native
the un-lowered training model and AdamW on onnxruntime-training."""

import argparse
import pathlib
import tempfile
import time

import numpy as np
import onnxruntime

from nngraph import flat

F = np.float32


def session(model, threads, profile=False):
    """A CPU session with a fixed number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_profiling = profile
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def make_batch(graph, batch, seq, rng):
    """Full-length sequences, with 70 % of the labels present."""
    labels = (batch, graph["max_metrics"])
    return {
        "input_ids": rng.integers(0, graph["vocab"], (batch, seq)),
        "attention_mask": np.ones((batch, seq), np.int64),
        "target": rng.standard_normal(labels).astype(F),
        "target_mask": (rng.random(labels) < 0.7).astype(F),
        "branch_mask": np.ones((batch, 2 * graph["layers"], graph["d"]), F),
        "rank_weight": np.array(0.5, F),
    }


def lowered_step(folder, graph, batch, vector, args):
    """A function that runs train.onnx once."""
    run = session(folder / "train.onnx", args.threads, args.profile)
    scalars = dict(lr=1e-3, weight_decay=0.01, beta1=0.9, beta2=0.999, step=1, clip_norm=1)
    feeds = {k: np.array(v, F) for k, v in scalars.items()}
    feeds.update(batch, params=vector, adam_m=np.zeros_like(vector), adam_v=np.zeros_like(vector))
    values = {k: onnxruntime.OrtValue.ortvalue_from_numpy(v) for k, v in feeds.items()}
    return lambda: run.run_with_ort_values(None, values)


def native_step(graph, batch, vector, args):
    """A function that runs the native training model and optimizer model once."""
    from nngraph import config, native

    with tempfile.TemporaryDirectory() as folder:
        path = native.generate(config.from_graph(graph), folder)
        training = session(path, args.threads, args.profile)
        adamw = session(path.with_name("optimizer_model.onnx"), args.threads)
    arrays = {k: np.array(v) for k, v in flat.unpack(graph, vector).items()}
    zeros = {k: np.zeros_like(v) for k, v in arrays.items()}
    feeds = {**batch, **arrays, "lazy_reset_grad": np.array([True])}
    feeds.update({f"{k}_grad.accumulation.buffer": np.zeros_like(v) for k, v in arrays.items()})
    values = {k: onnxruntime.OrtValue.ortvalue_from_numpy(v) for k, v in feeds.items()}
    states = [list(arrays.values())] + [list(zeros.values()) for _ in range(3)]
    names = ("params", "gradients", "first_order_moments", "second_order_moments")
    update = dict(
        zip(names, states), learning_rate=np.array([1e-3], F), step=np.array([1], np.int64)
    )

    def step():
        training.run_with_ort_values(None, values)
        adamw.run(None, update)

    return step


def measure(step, rounds):
    """Wall-clock and processor seconds of each round, after three to warm up."""
    for _ in range(3):
        step()
    wall, cpu = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        step()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return np.array(wall), np.array(cpu)


def parse():
    """Command line arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--graphs", type=pathlib.Path, required=True, help="folder with train.onnx and graph.json"
    )
    parser.add_argument(
        "--native", action="store_true", help="time onnxruntime-training's own models"
    )
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seq", type=int, default=48)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--profile", action="store_true", help="let ONNX Runtime write a profile")
    return parser.parse_args()


def main():
    """Command line entry."""
    args = parse()
    graph, rng = flat.load_graph(args.graphs), np.random.default_rng(0)
    vector, batch = (
        flat.random_params(graph, rng, 0.0),
        make_batch(graph, args.batch, args.seq, rng),
    )
    step = (
        native_step(graph, batch, vector, args)
        if args.native
        else lowered_step(args.graphs, graph, batch, vector, args)
    )
    wall, cpu = measure(step, args.rounds)
    label = f"{graph['name']} {'native' if args.native else 'lowered'} {onnxruntime.__version__}"
    print(
        f"{label:26s} median {np.median(wall) * 1e3:7.1f} ms  min {wall.min() * 1e3:7.1f} ms  "
        f"processor {np.median(cpu) * 1e3:7.1f} ms  "
        f"{args.batch * args.seq / np.median(wall):8.0f} tokens/s"
    )


if __name__ == "__main__":
    main()
