#!/usr/bin/env python3
"""Times one training step: train.onnx on this interpreter's ONNX Runtime, or with --native
the un-lowered training model and AdamW on onnxruntime-training (its OrtTrainingApi).

With --against PYTHON, an interpreter that has onnxruntime-training, three take turns of --steps
steps on the same batches from the same parameters: train.onnx, the same shape lowered with AdamW
for all parameters (where train.onnx has Muon, which the native optimizer has not), and native.
The ratio of each round is what is summed up, so that whatever else the machine does falls on
all. With one step a turn each finds the caches full of the others' data, which a training does
not. Their losses before the first step must agree."""

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
RATE = 1e-3
# Tokens of the shipped vocabulary, models/tokenizer.json. A batch of NATS-Bench's topology space
# has some 30 of them.
TOKENS = 326
# Options that a worker is given too.
SHARED = ("batch", "seq", "tokens", "threads", "steps")


def session(model, threads, profile=False):
    """A CPU session with a fixed number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_profiling = profile
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def make_batch(graph, batch, seq, tokens, rng):
    """Full-length sequences of so many different tokens, with 70 % of the labels present."""
    labels = (batch, graph["max_metrics"])
    return {
        "input_ids": rng.integers(0, tokens, (batch, seq)),
        "attention_mask": np.ones((batch, seq), np.int64),
        "target": rng.standard_normal(labels).astype(F),
        "target_mask": (rng.random(labels) < 0.7).astype(F),
        "branch_mask": np.ones((batch, 2 * graph["layers"], graph["d"]), F),
        "rank_weight": np.array(0.5, F),
    }


def lowered_step(folder, graph, batch, vector, args):
    """A function that runs train.onnx once and returns its outputs, the losses first."""
    run = session(folder / "train.onnx", args.threads, args.profile)
    scalars = dict(lr=RATE, weight_decay=0.01, beta1=0.9, beta2=0.999, step=1, clip_norm=1)
    feeds = {k: np.array(v, F) for k, v in scalars.items()}
    feeds.update(batch, params=vector, adam_m=np.zeros_like(vector), adam_v=np.zeros_like(vector))
    values = {k: onnxruntime.OrtValue.ortvalue_from_numpy(v) for k, v in feeds.items()}
    return lambda: run.run_with_ort_values(None, values)


def native_step(graph, batch, vector, args):
    """A function that takes one step by onnxruntime-training: its training and optimizer model
    behind OrtTrainingApi. Returns the losses."""
    from nngraph import config, native

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = native.generate(config.from_graph(graph), folder)
        from onnxruntime.training import api  # after generate, which does without PyTorch

        state = api.CheckpointState.load_checkpoint(path.with_name("checkpoint"))
        module = api.Module(path, state, session_options=options)
        adamw = api.Optimizer(path.with_name("optimizer_model.onnx"), module)
    adamw.set_learning_rate(RATE)
    for name, array in flat.unpack(graph, vector).items():
        state.parameters[name].data = np.ascontiguousarray(array)
    inputs = [onnxruntime.OrtValue.ortvalue_from_numpy(batch[n]) for n in module.input_names()]

    def step():
        losses = module(*inputs)
        adamw.step()
        module.lazy_reset_grad()
        return losses

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


def serve(step, count):
    """Tells the losses of the first step, then takes `count` steps for each line on standard input
    and answers wall-clock and processor seconds of one."""
    losses = [float(x.numpy()) for x in step()[:3]]
    for _ in range(3):
        step()
    print("ready", onnxruntime.__version__, *losses, flush=True)
    for _ in sys.stdin:
        started, used = time.perf_counter(), time.process_time()
        for _ in range(count):
            step()
        wall, cpu = time.perf_counter() - started, time.process_time() - used
        print(wall / count, cpu / count, flush=True)


def worker(python, graphs, args, native):
    """A process that serves steps, the version of its ONNX Runtime, and its first losses."""
    options = [f"--{name}={getattr(args, name)}" for name in SHARED]
    line = [python, __file__, "--graphs", graphs, "--serve", *options]
    process = subprocess.Popen(
        line + ["--native"] * native,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _, version, *losses = process.stdout.readline().split() or [0, 0]
    if not losses:
        raise SystemExit(f"{python} cannot run {graphs}{' --native' * native}")
    return process, version, [float(x) for x in losses]


def ask(process):
    """Seconds of a step in a worker's next turn: wall-clock, processor."""
    process.stdin.write("\n")
    process.stdin.flush()
    return [float(x) for x in process.stdout.readline().split()]


def lower_with_adamw(graphs, out):
    """Writes the graphs of the same shape with AdamW alone into `out`."""
    import make_graphs
    from nngraph import config

    make_graphs.write_all(config.from_graph(flat.load_graph(graphs)), out)


def versus(args):
    """Prints tokens per second of all and the ratios to native, for each folder of graphs."""
    for graphs in args.graphs:
        with tempfile.TemporaryDirectory() as adamw:
            line = [args.against, __file__, "--graphs", graphs, "--adamw-into", adamw]
            subprocess.run(line, check=True, stderr=subprocess.DEVNULL)
            workers = {
                "as committed": worker(sys.executable, graphs, args, False),
                "with AdamW": worker(sys.executable, adamw, args, False),
                "native": worker(args.against, graphs, args, True),
            }
            take_turns(graphs.name, workers, args)


def take_turns(name, workers, args):
    """Times the workers, the last of which the others are compared with."""
    losses = np.array([losses for _, _, losses in workers.values()])
    if not np.allclose(losses, losses[-1], rtol=1e-5):
        raise SystemExit(f"{name}: losses differ: {losses}")
    processes = [process for process, _, _ in workers.values()]
    times = np.array([[ask(p) for p in processes] for _ in range(args.rounds)])
    for process in processes:
        process.stdin.close()
        process.wait()
    for i, clock in enumerate(("wall-clock", "processor")):
        rates = args.batch * args.seq / np.median(times[:, :, i], axis=0)
        for (kind, (_, version, _)), rate, spent in zip(workers.items(), rates, times[:, :, i].T):
            low, middle, high = np.quantile(times[:, -1, i] / spent, [0.25, 0.5, 0.75])
            print(
                f"{name:8s}{clock:11s}{kind:13s}{version:8s}{rate:7.0f} tokens/s, "
                f"{middle:.3f} x native (quartiles {low:.3f} to {high:.3f}, {args.rounds} rounds)",
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
    parser.add_argument("--adamw-into", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seq", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="different tokens in a batch")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--steps", type=int, default=10, help="steps in a turn of --against")
    parser.add_argument("--profile", action="store_true", help="let ONNX Runtime write a profile")
    return parser.parse_args()


def main():
    """Command line entry."""
    args = parse()
    if args.against:
        versus(args)
        return
    (folder,) = args.graphs
    if args.adamw_into:
        lower_with_adamw(folder, args.adamw_into)
        return
    graph, rng = flat.load_graph(folder), np.random.default_rng(0)
    vector, batch = (
        flat.random_params(graph, rng, 0.0),
        make_batch(graph, args.batch, args.seq, args.tokens, rng),
    )
    step = (
        native_step(graph, batch, vector, args)
        if args.native
        else lowered_step(folder, graph, batch, vector, args)
    )
    if args.serve:
        serve(step, args.steps)
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
