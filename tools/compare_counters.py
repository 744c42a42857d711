"""Compares what nneval says of models with what four other programs say.

    pip install -r tools/requirements-counters.txt
    python tools/compare_counters.py target/release/nneval [FOLDER] [--rows FILE]

FOLDER is ../shared beside this repository, with corpus/ and data/zoo_labels.csv.gz. The
rows of all models are kept in FILE (default: target/counters.jsonl), which a second run reads.

| quantity | compared with |
|---|---|
| shapes of outputs | ONNX Runtime's run, its symbolic shape inference, onnx.shape_inference, onnx-tool |
| peak activations | the same definition on the shapes of both inferences |
| parameters, MACs | onnx-tool by operator; PyTorch's counts of the zoo |

Each difference over 0.5 % has a reason in counters/reasons.py. The script fails where one
has none.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile

from counters import programs, table


def work(job):
    return programs.row(*job)


def rows(program, corpus, kept, jobs):
    """The rows of all models; those of an earlier run are not made again."""
    done = {}
    if kept.exists():
        lines = kept.read_text().splitlines()
        done = {r["path"]: r for r in map(json.loads, lines)}
    paths = [p for p in sorted(corpus.rglob("*.onnx")) if str(p.relative_to(corpus)) not in done]
    todo = [(program, str(corpus), str(p)) for p in paths]
    # Symbolic shape inference leaves files in its folder.
    pools = {"initializer": os.chdir, "maxtasksperchild": 200}
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.Pool(jobs, initargs=(folder,), **pools) as pool,
        kept.open("a") as out,
    ):
        for row in pool.imap_unordered(work, todo):
            done[row["path"]] = row
            out.write(json.dumps(row) + "\n")
            out.flush()
    return [done[p] for p in sorted(done)]


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=here.parent / "shared")
    parser.add_argument("--rows", type=pathlib.Path, default=here / "target/counters.jsonl")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    program = str(pathlib.Path(args.program).resolve())
    all_rows = rows(program, args.folder.resolve() / "corpus", args.rows, args.jobs)
    sys.exit(table.show(all_rows, args.folder.resolve()))


if __name__ == "__main__":
    main()
