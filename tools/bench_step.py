#!/usr/bin/env python3
"""Times one training step: train.onnx on this interpreter's ONNX Runtime, or with --native
the un-lowered training model and AdamW on onnxruntime-training.

With --against PYTHON, an interpreter that has onnxruntime-training, both take turns, step by
step, on the same batches; the ratio of each pair is what is summed up, so that whatever else the
machine does falls on both."""

import argparse
import pathlib
import subprocess
import sys
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


def serve(step):
    """Takes a step for each line on standard input; answers wall-clock and processor seconds."""
    for _ in range(3):
        step()
    print("ready", onnxruntime.__version__, flush=True)
    for _ in sys.stdin:
        started, used = time.perf_counter(), time.process_time()
        step()
        print(time.perf_counter() - started, time.process_time() - used, flush=True)


def worker(python, graphs, args, native):
    """A process that serves steps, and the version of its ONNX Runtime."""
    options = [f"--{name}={getattr(args, name)}" for name in ("batch", "seq", "threads")]
    line = [python, __file__, "--graphs", graphs, "--serve", *options]
    process = subprocess.Popen(
        line + ["--native"] * native,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    ready = process.stdout.readline().split()
    if not ready:
        raise SystemExit(f"{python} cannot run {graphs}{' --native' * native}")
    return process, ready[1]


def ask(process):
    """Seconds of one step in a worker: wall-clock, processor."""
    process.stdin.write("\n")
    process.stdin.flush()
    return [float(x) for x in process.stdout.readline().split()]


def versus(args):
    """Prints tokens per second of both and the ratio, for each folder of graphs."""
    for graphs in args.graphs:
        ours, version = worker(sys.executable, graphs, args, False)
        native, native_version = worker(args.against, graphs, args, True)
        pairs = np.array([[ask(ours), ask(native)] for _ in range(args.rounds)])
        for process in (ours, native):
            process.stdin.close()
            process.wait()
        tokens = args.batch * args.seq
        for i, clock in enumerate(("wall-clock", "processor")):
            ratio = pairs[:, 1, i] / pairs[:, 0, i]
            low, middle, high = np.quantile(ratio, [0.25, 0.5, 0.75])
            rates = tokens / np.median(pairs[:, :, i], axis=0)
            print(
                f"{graphs.name:8s} {clock}: {version} lowered {rates[0]:7.0f} tokens/s, "
                f"{native_version} native {rates[1]:7.0f}; ratio {middle:.3f} "
                f"(quartiles {low:.3f} to {high:.3f}, {args.rounds} pairs)",
                flush=True,
            )


def parse():
    """Command line arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--graphs",
        type=pathlib.Path,
        nargs="+",
        required=True,
        help="folders with train.onnx and graph.json; more than one only with --against",
    )
    parser.add_argument(
        "--native", action="store_true", help="time onnxruntime-training's own models"
    )
    parser.add_argument(
        "--against", metavar="PYTHON", help="take turns with native steps of this interpreter"
    )
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seq", type=int, default=48)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--profile", action="store_true", help="let ONNX Runtime write a profile")
    return parser.parse_args()


def main():
    """Command line entry."""
    args = parse()
    if args.against:
        versus(args)
        return
    (folder,) = args.graphs
    graph, rng = flat.load_graph(folder), np.random.default_rng(0)
    vector, batch = (
        flat.random_params(graph, rng, 0.0),
        make_batch(graph, args.batch, args.seq, rng),
    )
    step = (
        native_step(graph, batch, vector, args)
        if args.native
        else lowered_step(folder, graph, batch, vector, args)
    )
    if args.serve:
        serve(step)
        return
    wall, cpu = measure(step, args.rounds)
    label = f"{graph['name']} {'native' if args.native else 'lowered'} {onnxruntime.__version__}"
    print(
        f"{label:26s} median {np.median(wall) * 1e3:7.1f} ms  min {wall.min() * 1e3:7.1f} ms  "
        f"processor {np.median(cpu) * 1e3:7.1f} ms  "
        f"{args.batch * args.seq / np.median(wall):8.0f} tokens/s"
    )


if __name__ == "__main__":
    main()
