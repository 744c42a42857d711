"""Training artifacts made by onnxruntime-training's gradient builder."""

import pathlib
import sys
import types

import numpy as np

from . import config, losses
from .builder import floats, int64s, make_model, onnx
from .encoder import Encoder

USER_INPUTS = ["input_ids", "attention_mask", "target", "target_mask", "branch_mask", "rank_weight"]


def data_inputs(cfg):
    """The inputs of one step that come from the batch, and `rank_weight`."""
    return [
        int64s("input_ids", "batch", "seq"),
        int64s("attention_mask", "batch", "seq"),
        floats("target", "batch", cfg.max_metrics),
        floats("target_mask", "batch", cfg.max_metrics),
        floats("branch_mask", "batch", 2 * cfg.layers, cfg.d),
        floats("rank_weight"),
    ]


def forward_model(cfg, distinct):
    """The training forward graph with its losses; parameters are zero initializers."""
    encoder = Encoder(cfg, folded=True, distinct=distinct)
    encoder.split_branch_masks()
    losses.add_losses(encoder.b, encoder.forward())
    zeros = [
        onnx.numpy_helper.from_array(np.zeros(p.shape, np.float32), p.name)
        for p in config.params(cfg)
    ]
    graph = onnx.helper.make_graph(
        encoder.b.nodes, "train", data_inputs(cfg), [floats("loss")], zeros + encoder.b.initializers
    )
    return make_model(graph)


def _import_artifacts():
    """Imports the artifacts module without PyTorch, which only its unused parts need."""
    for name in ("amp", "optim"):
        module = f"onnxruntime.training.{name}"
        sys.modules.setdefault(module, types.ModuleType(module))
    import onnxruntime
    from onnxruntime.training import artifacts

    onnxruntime.set_default_logger_severity(3)
    return artifacts


def generate(cfg, folder, distinct=False):
    """Writes the artifacts of `cfg` into `folder`; returns the path of the training model."""
    artifacts = _import_artifacts()
    artifacts.generate_artifacts(
        forward_model(cfg, distinct),
        requires_grad=[p.name for p in config.params(cfg)],
        frozen_params=[],
        optimizer=artifacts.OptimType.AdamW,
        additional_output_names=["mse_loss", "rank_loss"],
        artifact_directory=str(folder),
    )
    return pathlib.Path(folder) / "training_model.onnx"
