#!/usr/bin/env python3
"""Tests export_nats_bench.py on tiny stand-ins that the official API itself writes and reads.

    pip install --no-deps --require-hashes -r tools/requirements-nats-bench.txt
    python tools/test_export_nats_bench.py
"""

import csv
import gzip
import itertools
import pathlib
import sys
import tempfile
import unittest

try:
    from nats_bench.api_utils import ArchResults, ResultsCount, pickle_save
except ImportError:
    print("skipped: the package nats_bench is absent")
    sys.exit(0)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import export_nats_bench as export

OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
TSS = [
    "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|",
    "|none~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|none~2|",
]
SSS = ["8:8:8:8:8", "8:8:8:8:16"]


def trial(epochs, dataset, seed, offset):
    """One training run as the benchmark stores it."""
    last = {i: 10.0 + i for i in range(epochs)}
    result = ResultsCount(dataset, None, last, last, 0.5 + offset, 12.25, None, seed, epochs, [0.01])
    result.update_train_info(last, None, last, {i: 2.0 for i in range(epochs)})
    for split in ("ori-test", "x-valid", "x-test"):
        keys = [f"{split}@{i}" for i in range(epochs)]
        result.update_eval(
            {k: 50.0 + seed + offset for k in keys}, dict.fromkeys(keys, 1.0), dict.fromkeys(keys, 0.5)
        )
    return result


def results(index, arch, epochs):
    """All runs of one architecture, as a state dictionary: seeds 1 and 3."""
    of = ArchResults(index, arch)
    for dataset in ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120"):
        for seed in (1, 3):
            of.update(dataset, seed, trial(epochs, dataset, seed, index))
    return of.state_dict()


def write_simple(folder, archs, epochs):
    """The layout of the simple mode: meta and one file an architecture."""
    folder.mkdir()
    meta = {"meta_archs": archs, "total_archs": len(archs), "evaluated_indexes": list(range(len(archs)))}
    pickle_save(meta, str(folder / "meta.pickle"))
    for i, arch in enumerate(archs):
        infos = {str(e): results(i, arch, e) for e in (1, epochs)}
        pickle_save(infos, str(folder / f"{i:06d}.pickle"))


def write_file(path, archs, epochs):
    """The layout of the one file."""
    infos = {i: {str(e): results(i, arch, e) for e in (1, epochs)} for i, arch in enumerate(archs)}
    data = {"meta_archs": archs, "arch2infos": infos, "evaluated_indexes": list(range(len(archs)))}
    pickle_save(data, str(path)[: -len(".pbz2")])


def read(path):
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as file:
        return list(csv.DictReader(file))


class Export(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def check(self, rows, archs, classes):
        self.assertEqual([r["arch_str"] for r in rows], archs)
        self.assertEqual([r["unique_rep_index"] for r in rows], classes)
        self.assertEqual([r["arch_index"] for r in rows], [str(i) for i in range(len(archs))])
        for i, row in enumerate(rows):
            for name in ("cifar10", "cifar100", "imagenet16_120"):
                # The mean over seeds 1 and 3.
                self.assertEqual(float(row[f"{name}_test_acc_pct"]), 52.0 + i)
                self.assertEqual(float(row[f"{name}_valid_acc_pct"]), 52.0 + i)
                self.assertEqual(row[f"{name}_params"], str(500_000 + 1_000_000 * i))
                self.assertEqual(float(row[f"{name}_flops_M"]), 12.25)
                self.assertEqual(float(row[f"{name}_train_s_per_epoch"]), 2.0)

    def test_both_layouts_of_both_spaces(self):
        for name, archs, epochs, classes in [("tss", TSS, 200, ["0", "0", "2"]), ("sss", SSS, 90, ["0", "1"])]:
            simple, single = self.folder / f"{name}-simple", self.folder / f"{name}.pickle.pbz2"
            write_simple(simple, archs, epochs)
            write_file(single, archs, epochs)
            for source, out in [(simple, f"{name}1.csv"), (single, f"{name}2.csv.gz")]:
                out = self.folder / out
                self.assertEqual(export.export(source, out), len(archs))
                self.check(read(out), archs, classes)
        self.assertFalse(list(self.folder.glob("*.partial")))

    def test_classes_are_those_of_the_paper(self):
        archs = [
            f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|" for a, b, c, d, e, f in itertools.product(OPS, repeat=6)
        ]
        self.assertEqual(len(set(export.classes(archs, False))), 6466)

    def test_a_folder_of_another_kind_is_refused(self):
        with self.assertRaises(SystemExit) as refused:
            export.export(self.folder, self.folder / "out.csv")
        self.assertIn("meta.pickle.pbz2", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
