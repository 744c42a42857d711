"""Reads a Hugging Face T5 checkpoint folder: its configuration and its encoder's weights."""

import json

import numpy as np

from . import config
from .encoder import EPSILON

FEED_FORWARD = {"relu": False, "gated-gelu": True}


class CheckpointError(Exception):
    """A checkpoint that cannot be imported; the message names the file and the reason."""


def read_json(path):
    """Contents of a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path}: is missing") from None
    except ValueError as e:
        raise CheckpointError(f"{path}: {e}") from None


def read_config(path, name, max_metrics):
    """The encoder's shape, from a config.json, and the window that it was trained with."""
    given = read_json(path)

    def get(key, default=None):
        value = given.get(key, default)
        if value is None:
            raise CheckpointError(f"{path}: has no {key}")
        return value

    if get("model_type", "t5") != "t5":
        raise CheckpointError(f"{path}: model_type is {given['model_type']}, not t5")
    kind = get("feed_forward_proj", "relu")
    if kind not in FEED_FORWARD:
        raise CheckpointError(f"{path}: feed_forward_proj {kind} is none of {list(FEED_FORWARD)}")
    if get("layer_norm_epsilon", EPSILON) != EPSILON:
        raise CheckpointError(f"{path}: layer_norm_epsilon is not {EPSILON}")
    d, heads, d_kv = get("d_model"), get("num_heads"), get("d_kv")
    try:
        cfg = config.Config(
            name=name,
            d=d,
            layers=get("num_layers"),
            heads=heads,
            d_ff=get("d_ff"),
            d_kv=0 if heads * d_kv == d else d_kv,
            gated=FEED_FORWARD[kind],
            vocab=get("vocab_size"),
            max_metrics=max_metrics,
            buckets=get("relative_attention_num_buckets", 32),
            max_distance=get("relative_attention_max_distance", 128),
        )
    except ValueError as e:
        raise CheckpointError(f"{path}: {e}") from None
    return cfg, given.get("n_positions", 512)


def read_tensors(path):
    """The tensors of a .safetensors, .npz or PyTorch file, by name. PyTorch is imported for the
    last alone."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return load_file(path)
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                return dict(arrays)
        import torch

        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.float().numpy() for name, tensor in state.items()}
    except Exception as e:
        raise CheckpointError(f"{path}: {e}") from e


def checkpoint_tensors(folder):
    """The weights of a checkpoint folder."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return read_tensors(folder / name)
    raise CheckpointError(f"{folder}: has neither model.safetensors nor pytorch_model.bin")


def hf_names(name):
    """Names that Hugging Face has for one of our parameters, any of them."""
    bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    fixed = {
        "embed.weight": ["shared.weight", "encoder.embed_tokens.weight"],
        "final_norm.weight": ["encoder.final_layer_norm.weight"],
        "rel_bias.weight": [bias],
    }
    if name in fixed:
        return fixed[name]
    _, layer, part, weight, _ = name.split(".")
    sublayer, module = (0, "SelfAttention") if part == "attn" else (1, "DenseReluDense")
    module = "layer_norm" if weight == "norm" else f"{module}.{weight}"
    return [f"encoder.block.{layer}.layer.{sublayer}.{module}.weight"]


def is_linear(name):
    """Whether Hugging Face keeps the parameter transposed."""
    return name.startswith("block.") and ".norm." not in name


def encoder_arrays(cfg, tensors):
    """The encoder's parameters by our names, in our layout, from a checkpoint's tensors."""
    arrays = {}
    for p in config.params(cfg):
        if p.name.startswith("head."):
            continue
        found = [tensors[n] for n in hf_names(p.name) if n in tensors]
        if not found:
            raise CheckpointError(f"the checkpoint has no {hf_names(p.name)[0]}")
        array = found[0].T if is_linear(p.name) else found[0]
        if array.shape != p.shape:
            raise CheckpointError(
                f"{hf_names(p.name)[0]} is {found[0].shape}; config.json makes it {p.shape}"
            )
        arrays[p.name] = np.ascontiguousarray(array, np.float32)
    return arrays
