"""Builds the ONNX graphs that nneval trains and runs: a T5 encoder with one linear head."""
