#!/usr/bin/env python3
"""Checks import_t5.py against Hugging Face: random T5 checkpoints, imported, must predict what
T5EncoderModel, the mean over the tokens and nn.Linear predict, from the ONNX file on; then a few
epochs of `nneval train` must lower the loss of one of them.

Runs with requirements-hf.txt; --python names one with requirements.txt, which imports.
"""

import argparse
import csv
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import tokenizers
import torch
import transformers

TOLERANCE = 1e-4
METRICS = ["cifar10_test_acc_pct", "edge_lat_ms"]
HERE = pathlib.Path(__file__).resolve().parent
NETWORK = HERE.parent / "fixtures/nats_tss_9930.onnx"
SHAPES = {
    "relu": dict(d_model=32, d_kv=8, num_heads=4, num_layers=2, d_ff=64, vocab_size=512),
    "gated": dict(
        d_model=32, d_kv=8, num_heads=3, num_layers=2, d_ff=48, vocab_size=512,
        feed_forward_proj="gated-gelu",
    ),
    "t5-small": dict(vocab_size=32128),
}  # fmt: skip


def call(*words, **kwargs):
    """Standard output of a program that must succeed."""
    done = subprocess.run(
        [str(w) for w in words], check=True, stdout=subprocess.PIPE, text=True, **kwargs
    )
    return done.stdout


def train_tokenizer(string, size, path):
    """A tokenizer of T5's kind over one string: unigrams, spaces marked, `</s>` at the end."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    pieces = [part for part in string.split("|") for _ in range(2)]
    tokenizer.train_from_iterator([*pieces, "|", string[:4000]], trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    tokenizer.save(str(path))
    return tokenizer


def write_checkpoint(folder, shape, string, safe):
    """A checkpoint folder with random weights, norms included; returns model and tokenizer."""
    model = transformers.T5EncoderModel(transformers.T5Config(**shape)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "layer_norm" in name:
                parameter.uniform_(0.5, 1.5)
    model.save_pretrained(folder, safe_serialization=safe)
    size = min(shape["vocab_size"], 512)
    return model, train_tokenizer(string, size, folder / "tokenizer.json")


def write_head(folder, d):
    """A head, saved as PyTorch saves one."""
    head = torch.nn.Linear(d, len(METRICS))
    torch.save(head.state_dict(), folder / "head.pt")
    return head


def expected(model, tokenizer, head, string, window):
    """Predictions of Hugging Face's encoder, pieces of the string weighed by their length."""
    ids = tokenizer.encode(string).ids
    pooled = 0
    with torch.no_grad():
        for start in range(0, len(ids), window):
            piece = torch.tensor([ids[start : start + window]])
            hidden = model(input_ids=piece).last_hidden_state
            pooled = pooled + hidden.mean(1) * (piece.shape[1] / len(ids))
        return head(pooled)[0].tolist(), len(ids)


def run_import(args, folder, out, *more):
    """Imports the checkpoint in `folder`."""
    metrics = [word for name in METRICS for word in ("--metric", name)]
    # PyTorch lies in this environment, which --python may not have.
    path = os.pathsep.join(["/usr/lib/python3/dist-packages"] if args.bin_files else [])
    environment = {**os.environ, "PYTHONPATH": path}
    script = HERE / "import_t5.py"
    call(args.python, script, folder, "--out", out, *metrics, *more, env=environment)


def convert_head(folder):
    """The head as safetensors, which need no PyTorch to be read."""
    from safetensors.torch import save_file

    save_file(torch.load(folder / "head.pt"), folder / "head.safetensors")
    return folder / "head.safetensors"


def check_predictions(args, kind, folder, string):
    """Imports one random checkpoint and compares predictions; True when they agree."""
    safe = not args.bin_files
    model, tokenizer = write_checkpoint(folder, SHAPES[kind], string, safe)
    head = write_head(folder, model.config.d_model)
    file = convert_head(folder) if safe else folder / "head.pt"
    out = folder / "evaluator"
    run_import(args, folder, out, "--head", file, "--bounds", "-1000", "1000")
    window = json.loads((out / "evaluator.json").read_text(encoding="utf-8"))["window"]
    text = call(args.program, "evaluate", NETWORK, "--evaluator", out, "--format", "json")
    got = json.loads(text)[0]["metrics"]
    wanted, tokens = expected(model, tokenizer, head, string, window)
    gap = max(abs(got[name]["value"] - value) for name, value in zip(METRICS, wanted))
    print(f"{kind}: {tokens} tokens, window {window}, largest difference {gap:.1e}")
    return gap < TOLERANCE


def write_labels(path, count=64):
    """Made-up labels of networks of NATS-Bench's topology space: convolutions are good and slow."""
    operations = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    every = itertools.product(operations, repeat=6)
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["arch_str", *METRICS])
        for a, b, c, d, e, g in itertools.islice(every, 7, None, 15625 // count):
            arch = f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{g}~2|"
            small, large = arch.count("conv_1x1"), arch.count("conv_3x3")
            out.writerow([arch, 60 + 5 * (small + large), 1 + small + 1.5 * large])


def check_training(args, folder):
    """Fine-tunes the imported bundle in `folder`; True when the loss falls."""
    graphs, tuned, labels = folder / "graphs", folder / "tuned", folder / "labels.csv"
    run_import(args, folder, folder / "again", "--graphs", graphs)
    write_labels(labels)
    metrics = [word for name in METRICS for word in ("--metric", name)]
    settings = ["epochs=4", "batch=8", "lr=3e-3", "ema-decay=0", "aux-weight=0"]
    settings += [f"encoder={graphs}", f"from={folder / 'again'}"]
    command = [args.program, "train", *(word for s in settings for word in ("--set", s))]
    call(*command, "--labels", labels, *metrics, "--out", tuned)
    with open(tuned / "run/epochs.csv", encoding="utf-8", newline="") as f:
        losses = [float(row["loss"]) for row in csv.DictReader(f)]
    style = json.loads((tuned / "evaluator.json").read_text(encoding="utf-8"))["string_style"]
    print(f"fine-tuning: losses of the epochs {losses}, style {style}")
    return losses[-1] < 0.8 * losses[0] and style == "verbose"


def main():
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=pathlib.Path, required=True)
    parser.add_argument("--program", type=pathlib.Path, default="target/release/nneval")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument(
        "--bin-files", action="store_true", help="pytorch_model.bin instead of safetensors"
    )
    args = parser.parse_args()
    torch.manual_seed(11)
    string = call(args.program, "string", "--style", "verbose", NETWORK).strip()
    with tempfile.TemporaryDirectory() as work:
        folders = {kind: pathlib.Path(work) / kind for kind in args.shapes}
        good = []
        for kind, folder in folders.items():
            folder.mkdir()
            good.append(check_predictions(args, kind, folder, string))
        good.append(check_training(args, folders[args.shapes[0]]))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
