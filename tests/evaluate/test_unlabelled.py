from __future__ import annotations

import csv

import pytest

from mmbm.card import figures_table
from mmbm.data.manifest import read_manifest
from mmbm.evaluate.run import run_evaluation
from mmbm.text import speaker
from tests.made_cases import write_manifest


def without(column, folder):
    path = write_manifest(folder, 32)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, [n for n in rows[0] if n not in column], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("column", [("no_finding",), ("pneumonia", "no_finding")])
def test_a_finding_without_a_column_is_unknown(tiny_model_dir, tmp_path, column):
    path = without(column, tmp_path)
    assert not set(column) & set(read_manifest(path).findings)
    record = run_evaluation(path, tiny_model_dir, device="cpu", reading=lambda *_: None)
    for finding in column:
        assert record.overall[finding].n == 0 and record.overall[finding].auroc is None
        assert record.status[finding].level == "exploratory"
    if "pneumonia" not in column:
        assert record.overall["pneumonia"].n == 8
    assert "not assessed" in figures_table(record, speaker("en"))
