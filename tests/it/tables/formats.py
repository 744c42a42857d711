"""Opens tables of nneval with pandas and polars, and writes some for it.

formats.py FOLDER: predictions.{csv,jsonl,parquet} and labels.csv lie there;
labels_pandas.parquet, labels_pandas.jsonl and labels_polars.parquet are written.
"""

import json
import sys
from pathlib import Path

import pandas
import polars
import pyarrow.parquet

folder = Path(sys.argv[1])
METRIC = "cifar10_test_acc_pct"

csv = pandas.read_csv(folder / "predictions.csv")
lines = pandas.read_json(folder / "predictions.jsonl", lines=True)
parquet = pandas.read_parquet(folder / "predictions.parquet")
assert list(csv) == list(lines) == list(parquet), (list(csv), list(lines), list(parquet))
assert len(csv) == len(lines) == len(parquet) > 1
for table in (csv, lines, parquet):
    assert table[METRIC].dtype == "float64", table.dtypes
    assert table[METRIC].isna().sum() == 1, "the broken model has no prediction"
    assert table["error"].notna().sum() == 1
    assert list(table["path"]) == list(csv["path"])
assert (lines[METRIC] - parquet[METRIC]).abs().max() < 1e-9
assert (csv[METRIC] - parquet[METRIC]).abs().max() < 1e-3

schema = pyarrow.parquet.read_schema(folder / "predictions.parquet")
columns = json.loads(schema.metadata[b"nneval.columns"])
assert list(sorted(columns)) == list(sorted(schema.names))
assert columns[METRIC]["unit"] == columns[f"{METRIC}_lo"]["unit"] == "%"
assert columns["path"] == {"type": "string", "unit": "", "description": ""}
assert str(schema.field(METRIC).type) == columns[METRIC]["type"] == "double"
assert str(schema.field("windows").type) == columns["windows"]["type"] == "int64"
assert str(schema.field("path").type) in ("string", "large_string")

for table in (
    polars.read_csv(folder / "predictions.csv"),
    polars.read_ndjson(folder / "predictions.jsonl"),
    polars.read_parquet(folder / "predictions.parquet"),
):
    # polars gives the columns of JSON lines in an order of its own.
    assert sorted(table.columns) == sorted(csv)
    assert table[METRIC].dtype == polars.Float64
    assert table[METRIC].null_count() == 1

labels = pandas.read_csv(folder / "labels.csv")
labels.to_parquet(folder / "labels_pandas.parquet")
labels.to_json(folder / "labels_pandas.jsonl", orient="records", lines=True)
polars.read_csv(folder / "labels.csv").write_parquet(
    folder / "labels_polars.parquet", compression="snappy"
)
print("ok")
